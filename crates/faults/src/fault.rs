//! The faults that can be planted.

use std::fmt;

macro_rules! faults {
    ($($(#[$about:meta])* $fault:ident = $name:literal,)+) => {
        /// A fault that can be planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Fault {
            $($(#[$about])* $fault,)+
        }

        impl Fault {
            /// All faults.
            pub const ALL: &'static [Self] = &[$(Self::$fault,)+];

            /// A short description of the fault.
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
    /// A convolution's input is moved up and to the left by one within an explicit border.
    PaddingShifted = "a convolution's explicit padding off by one",
    /// A dense layer's bias gets no gradient.
    BiasForgotten = "a dense layer's bias without a gradient",
    /// A dense layer on tokens gives its bias no gradient.
    TokenBiasForgotten = "a token-wise bias without a gradient",
    /// The scores of attention are not divided by √d.
    AttentionUnscaled = "attention without its scale",
    /// ReLU passes every cotangent, also for negative inputs.
    GateOpen = "ReLU's gate always open",
    /// Max pooling adds the cotangent to the first entry of a window instead of the largest.
    MaximumMisplaced = "max pooling's gradient to the wrong entry",
    /// The second derivative of layer norm lacks the change of the deviation.
    LayerNormCurvature = "a wrong second-order term of layer norm",
    /// The second derivative of softmax lacks the change of the mean cotangent.
    SoftmaxCurvature = "a wrong second-order term of softmax",
    /// Group norm takes every n-th channel instead of neighbours.
    GroupNormAxis = "group norm over the wrong axis",
    /// Softmax normalizes over the images of a batch instead of over the classes.
    SoftmaxOverImages = "softmax over images instead of classes",
    /// The Gauss-Newton matrix of the mean loss lacks the factor 1/B.
    BatchShareMissing = "no 1/B in the Gauss-Newton matrix of the mean",
    /// A Gauss-Newton system is solved without λ on its diagonal.
    DampingMissing = "damping not added",
    /// Adam's averages are used without bias correction, although they start at zero.
    AdamBiasKept = "Adam without bias correction",
    /// Momentum is zero in every step.
    MomentumLost = "SGD's momentum lost",
    /// SAM's second gradient is computed at the point of the first.
    SamAtOldPoint = "SAM's second gradient at the first point",
    /// Muon divides a matrix by its norm and applies no iteration.
    NotOrthogonal = "Muon without orthogonal matrices",
    /// K-FAC and EKFAC lose their velocity.
    VelocityLost = "K-FAC's velocity lost",
    /// K-FAC's statistics are the plain mean over all batches so far.
    StatisticsNeverFade = "K-FAC's statistics without decay",
    /// A first-order optimizer resumes without its state.
    StateForgotten = "a run resumes without its optimizer's state",
    /// The last, smaller batch of an epoch is dropped.
    LastBatchDropped = "an epoch's last, short batch dropped",
    /// Every epoch has the same order of samples.
    SameOrder = "the same order of samples every epoch",
    /// A run with poisoning trains on clean labels.
    PoisonForgotten = "training labels not poisoned",
    /// A tenth of the test set's labels are wrong.
    TestSetPoisoned = "poisoned labels in the test set",
    /// Every seed gives the same numbers as seed 0.
    SeedIgnored = "a seed ignored",
    /// FGSM uses twice the given epsilon.
    EpsilonDoubled = "epsilon scaled by 2 in FGSM",
    /// FGSM's images are not clipped to [0, 1].
    NotClipped = "no clipping to [0, 1] in FGSM",
    /// PGD does not project onto the ball after a step.
    NotProjected = "no projection into the ball in PGD",
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
