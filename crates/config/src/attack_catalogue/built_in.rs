//! The attacks of the library by name, and the options that a user may set.

use minima_attacks::{
    Apgd, Attack, Bim, CarliniWagner, DeepFool, FabT, Fgsm, MiFgsm, Noise, NoiseKind, Norm, Pgd, Square, standard,
    with_restarts,
};

/// What is known of an attack.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The attack's name.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// The supported norms.
    pub norms: &'static [Norm],
    /// The supported options.
    pub(crate) options: &'static [&'static str],
}

/// The names of [`Options`].
pub(crate) const OPTIONS: [&str; 4] = ["steps", "step-size", "restarts", "seed"];

const BOTH: &[Norm] = &[Norm::Linf, Norm::L2];

const fn entry(
    name: &'static str,
    about: &'static str,
    norms: &'static [Norm],
    options: &'static [&'static str],
) -> Entry {
    Entry { name, about, norms, options }
}

/// The attacks of the library.
pub const CATALOGUE: [Entry; 14] = [
    entry("fgsm", "one step along the gradient (in L2: FGM)", BOTH, &[]),
    entry("bim", "steps along the gradient's sign", BOTH, &["steps"]),
    entry(
        "pgd",
        "projected gradient ascent; 40 steps of a tenth of the radius",
        BOTH,
        &["steps", "step-size", "restarts", "seed"],
    ),
    entry("mi-fgsm", "steps along the accumulated gradient", BOTH, &["steps"]),
    entry("apgd-ce", "Auto-PGD on cross-entropy", BOTH, &["steps", "restarts", "seed"]),
    entry("apgd-dlr", "Auto-PGD on the difference of logits ratio", BOTH, &["steps", "restarts", "seed"]),
    entry(
        "apgd-t",
        "Auto-PGD on the targeted difference of logits ratio, 9 targets",
        BOTH,
        &["steps", "restarts", "seed"],
    ),
    entry("fab-t", "fast adaptive boundary, 9 targets", BOTH, &["steps"]),
    entry("deepfool", "steps to the nearest linearized boundary", BOTH, &["steps"]),
    entry("carlini-wagner", "smallest perturbation by penalty, slow", &[Norm::L2], &["steps"]),
    entry(
        "square",
        "random search with squares, no gradients; its steps are queries",
        BOTH,
        &["steps", "restarts", "seed"],
    ),
    entry("autoattack", "apgd-ce, apgd-t, fab-t and square, each on the images that are still robust", BOTH, &["seed"]),
    entry("noise", "control: uniform noise, ten draws", BOTH, &["steps", "seed"]),
    entry("noise-sign", "control: random signs for all pixels, scaled to the ball's surface", BOTH, &["steps", "seed"]),
];

/// The options of an attack that a user may set; `None` is the published default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Steps, queries or draws.
    pub steps: Option<usize>,
    /// The length of a step as a share of the radius.
    pub step_size: Option<f64>,
    /// Restarts, each on the images that are still robust. PGD starts at the image itself, then at random points.
    pub restarts: Option<usize>,
    /// The seed of random numbers.
    pub seed: Option<u64>,
}

/// The attack of the library with this name; FGSM for any other name.
pub(super) fn build(name: &str, options: &Options) -> Box<dyn Attack<f32>> {
    let (seed, restarts) = (options.seed.unwrap_or(0), options.restarts.unwrap_or(1));
    let steps = |published: usize| options.steps.unwrap_or(published);
    let apgd = |apgd: Apgd| Apgd { steps: steps(apgd.steps), restarts, seed, ..apgd };
    let noise = |kind| {
        let noise = Noise::new(kind);
        Noise { draws: steps(noise.draws), seed, ..noise }
    };
    match name {
        "bim" => Box::new(Bim { steps: steps(Bim::default().steps), ..Bim::default() }),
        "pgd" => {
            let pgd = Pgd::default();
            let step_size = options.step_size.unwrap_or(pgd.step_size);
            Box::new(Pgd { steps: steps(pgd.steps), step_size, restarts, random_start: false, seed })
        }
        "mi-fgsm" => Box::new(MiFgsm { steps: steps(MiFgsm::default().steps), ..MiFgsm::default() }),
        "apgd-ce" => Box::new(apgd(Apgd::cross_entropy())),
        "apgd-dlr" => Box::new(apgd(Apgd::dlr())),
        "apgd-t" => Box::new(apgd(Apgd::targeted())),
        "fab-t" => Box::new(FabT { steps: steps(FabT::default().steps), ..FabT::default() }),
        "deepfool" => Box::new(DeepFool { steps: steps(DeepFool::default().steps), ..DeepFool::default() }),
        "carlini-wagner" => {
            Box::new(CarliniWagner { steps: steps(CarliniWagner::default().steps), ..CarliniWagner::default() })
        }
        "square" => {
            let square = Square { queries: steps(Square::default().queries), seed, ..Square::default() };
            if restarts == 1 { Box::new(square) } else { Box::new(with_restarts(square, restarts)) }
        }
        "autoattack" => Box::new(standard(seed)),
        "noise" => Box::new(noise(NoiseKind::Uniform)),
        "noise-sign" => Box::new(noise(NoiseKind::Signs)),
        _ => Box::new(Fgsm::default()),
    }
}
