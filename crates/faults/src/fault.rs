//! The faults.

use std::fmt;

macro_rules! faults {
    ($($(#[$about:meta])* $fault:ident = $name:literal,)+) => {
        /// A mistake that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$about])* $fault,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$fault,)+];

            /// What is wrong, in a few words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)+
                }
            }
        }
    };
}

faults! {
    /// The cotangent of a convolution's input has the wrong sign.
    ConvolutionSign = "wrong sign in a convolution's vjp",
    /// A dense layer's bias gets no gradient.
    BiasForgotten = "a dense layer's bias without a gradient",
    /// A cotangent passes the rectifier everywhere.
    GateOpen = "ReLU's gate always open",
    /// Max pooling sends a cotangent to the window's first entry, whichever is the largest.
    MaximumMisplaced = "max pooling's gradient to the wrong entry",
    /// Probabilities of a batch are normalized over its images instead of over the classes.
    SoftmaxOverImages = "softmax over images instead of classes",
    /// The Gauss-Newton matrix of the mean loss lacks its 1/B.
    BatchShareMissing = "no 1/B in the Gauss-Newton matrix of the mean",
    /// A Gauss-Newton system is solved without λ on its diagonal.
    DampingMissing = "damping not added",
    /// Adam's averages are used as they are, though they start at zero.
    AdamBiasKept = "Adam without bias correction",
    /// Momentum is zero in every step.
    MomentumLost = "SGD's momentum lost",
    /// SAM's second gradient is taken where the first was.
    SamAtOldPoint = "SAM's second gradient at the old point",
    /// K-FAC and EKFAC forget their velocity.
    VelocityLost = "K-FAC's velocity lost",
    /// K-FAC's statistics are a plain mean over all batches so far.
    StatisticsNeverFade = "K-FAC's statistics never fade",
    /// A first-order optimizer that goes on starts without its memory.
    StateForgotten = "a run goes on without its optimizer's memory",
    /// The last, short batch of an epoch is left out.
    LastBatchDropped = "an epoch's last, short batch dropped",
    /// Every epoch has the first one's order of samples.
    SameOrder = "the same order of samples every epoch",
    /// A run asks for poisoned labels and gets clean ones.
    PoisonForgotten = "training labels left clean",
    /// A tenth of the test set's labels are wrong.
    TestSetPoisoned = "poisoned labels in the test set",
    /// Every seed gives the numbers of seed 0.
    SeedIgnored = "a seed ignored",
    /// FGSM takes twice the radius it is asked for.
    EpsilonDoubled = "epsilon scaled by 2 in FGSM",
    /// FGSM leaves [0, 1], and nobody minds.
    NotClipped = "no clipping to [0, 1] in FGSM",
    /// PGD is not brought back into the ball after a step.
    NotProjected = "no projection into the ball in PGD",
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
