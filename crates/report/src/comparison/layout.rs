//! The files that are compared: what identifies a row, which columns are numbers of interest, and what their noise is.

/// How far a number may be off without anything having changed, when each side has it from one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Noise {
    /// A count among as many as another column says.
    CountAmong(&'static str),
    /// A count among the test images.
    CountAmongTest,
    /// A share of the test images.
    ShareOfTest,
    /// A share of so many images.
    ShareOf(f64),
    /// Off by this share of the larger one; what is no count has no noise of its own to be measured from one seed.
    Relative(f64),
    /// None: numbers or words must be equal, seeds or not.
    Exact,
}

/// Mean losses: runs that differ in rounding alone part by 1 to 3 % of a late training loss.
const LOSS: Noise = Noise::Relative(0.05);
/// Medians, means and quantiles over the test images, norms of weights.
const QUANTILE: Noise = Noise::Relative(0.1);
/// Eigenvalues and traces: the sharpest directions move most.
const CURVATURE: Noise = Noise::Relative(0.2);
/// Training accuracies near 1, whose images are not counted in the files.
const ACCURACY: Noise = Noise::Relative(0.01);
/// Rates that are interpolated between checkpoints.
const RATE: Noise = Noise::Relative(0.1);

/// The sevens of MNIST's test images.
const SEVENS: f64 = 1028.0;

/// One kind of file.
pub(super) struct FileLayout {
    /// Where such files are, in a results folder.
    pub(super) paths: &'static [&'static str],
    /// The columns that say what a row is about, without the seed.
    pub(super) keys: &'static [&'static str],
    /// Of rows with the same keys and seed, only the one with the largest number here; all keys differ else.
    pub(super) last: Option<&'static str>,
    /// The columns compared.
    pub(super) metrics: &'static [(&'static str, Noise)],
}

/// Everything compared, in the order in which it is shown.
pub(super) const LAYOUT: &[FileLayout] = &[
    FileLayout {
        paths: &["training.csv", "studies/seeds/training.csv"],
        keys: &["labels", "optimizer"],
        last: Some("epoch"),
        metrics: &[
            ("epoch", Noise::Exact),
            ("train_loss", LOSS),
            ("train_accuracy", ACCURACY),
            ("test_loss", LOSS),
            ("test_accuracy", Noise::ShareOfTest),
        ],
    },
    FileLayout {
        paths: &["tables/fgsm.csv", "studies/seeds/tables/fgsm.csv"],
        keys: &["labels", "optimizer", "epsilon"],
        last: None,
        metrics: &[("correct", Noise::CountAmongTest), ("successes", Noise::CountAmong("correct"))],
    },
    FileLayout {
        paths: &["tables/sharpness.csv", "studies/seeds/tables/sharpness.csv"],
        keys: &["optimizer", "rho", "scope"],
        last: None,
        metrics: &[("mean_loss_increase", QUANTILE), ("median_loss_increase", QUANTILE)],
    },
    FileLayout {
        paths: &["tables/distributions.csv", "studies/seeds/tables/distributions.csv"],
        keys: &["labels", "optimizer", "quantity"],
        last: None,
        metrics: &[
            ("mean", QUANTILE),
            ("median", QUANTILE),
            ("q05", QUANTILE),
            ("q25", QUANTILE),
            ("q75", QUANTILE),
            ("q95", QUANTILE),
        ],
    },
    FileLayout {
        paths: &["tables/robustness.csv", "tables/robustness_curves.csv"],
        keys: &["labels", "optimizer", "attack", "norm", "epsilon", "images"],
        last: None,
        metrics: &[("correct", Noise::CountAmong("images")), ("robust", Noise::CountAmong("images"))],
    },
    FileLayout {
        paths: &["tables/transfer.csv"],
        keys: &["source", "target", "attack", "epsilon"],
        last: None,
        metrics: &[
            ("correct", Noise::CountAmongTest),
            ("both_correct", Noise::CountAmong("correct")),
            ("successes", Noise::CountAmong("both_correct")),
        ],
    },
    FileLayout {
        paths: &["tables/curvature.csv"],
        keys: &["labels", "optimizer", "images", "matrix", "normalised", "quantity", "rank"],
        last: None,
        metrics: &[("value", CURVATURE)],
    },
    FileLayout {
        paths: &["studies/seeds/late.csv"],
        keys: &["labels", "optimizer", "epoch", "attack", "epsilon", "images"],
        last: None,
        metrics: &[("correct", Noise::CountAmong("images")), ("robust", Noise::CountAmong("images"))],
    },
    FileLayout {
        paths: &["studies/seeds/claims.csv"],
        keys: &["claim", "optimizer", "against", "labels", "at", "quantity"],
        last: None,
        metrics: &[("verdict", Noise::Exact)],
    },
    FileLayout {
        paths: &["studies/matched/path.csv"],
        keys: &["labels", "optimizer", "step", "epsilon"],
        last: None,
        metrics: &[
            ("train_loss", LOSS),
            ("test_loss", LOSS),
            ("test_accuracy", Noise::ShareOfTest),
            ("mean_margin", QUANTILE),
            ("median_input_gradient_norm", QUANTILE),
            ("successes", Noise::CountAmong("correct")),
        ],
    },
    FileLayout {
        paths: &["studies/matched/matches.csv"],
        keys: &["reference", "optimizer", "basis", "epsilon"],
        last: None,
        metrics: &[("step", RATE), ("reference_rate", RATE), ("rate", RATE)],
    },
    FileLayout {
        paths: &["studies/logit-scale/logit_scale.csv"],
        keys: &["labels", "optimizer", "quantity", "rho"],
        last: None,
        metrics: &[
            ("factor", QUANTILE),
            ("mean_before", QUANTILE),
            ("median_before", QUANTILE),
            ("mean_after", QUANTILE),
            ("median_after", QUANTILE),
        ],
    },
    FileLayout {
        paths: &["studies/poison/poison.csv"],
        keys: &["flips", "rate", "optimizer", "epsilon"],
        last: None,
        metrics: &[
            ("train_loss", LOSS),
            ("test_accuracy", Noise::ShareOfTest),
            ("sevens_as_ones", Noise::ShareOf(SEVENS)),
            ("memorised", Noise::CountAmong("wrong_labels")),
            ("recovered", Noise::CountAmong("wrong_labels")),
            ("successes", Noise::CountAmong("correct")),
        ],
    },
    FileLayout {
        paths: &["studies/damping/damping.csv"],
        keys: &["optimizer", "learning_rate", "damping", "epochs", "epsilon"],
        last: None,
        metrics: &[
            ("train_loss", LOSS),
            ("test_accuracy", Noise::ShareOfTest),
            ("successes", Noise::CountAmong("correct")),
            ("failure", Noise::Exact),
        ],
    },
    FileLayout {
        paths: &["studies/precision/precision.csv"],
        keys: &["generation", "arithmetic", "epoch", "epsilon"],
        last: None,
        metrics: &[
            ("train_loss", LOSS),
            ("test_accuracy", Noise::ShareOfTest),
            ("median_input_gradient_norm", QUANTILE),
            ("successes", Noise::CountAmong("correct")),
        ],
    },
    FileLayout {
        paths: &["studies/precision/drift.csv"],
        keys: &["generation", "arithmetic", "epoch", "curvature_from", "curvature_to"],
        last: None,
        metrics: &[("distance", QUANTILE), ("travelled", QUANTILE), ("share", QUANTILE)],
    },
    FileLayout {
        paths: &["studies/landscape/surface.csv"],
        keys: &["labels", "optimizer", "x", "y"],
        last: None,
        metrics: &[("train_loss", LOSS), ("train_accuracy", ACCURACY)],
    },
    FileLayout {
        paths: &["studies/landscape/segments.csv"],
        keys: &["labels", "from", "to", "t"],
        last: None,
        metrics: &[("train_loss", LOSS), ("test_accuracy", Noise::ShareOfTest)],
    },
];
