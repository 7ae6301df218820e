//! The optimizers' names in files, their labels for readers, and which of the paper's optimizers each is compared with.

/// Adam.
pub const ADAM: &str = "adam";
/// Stochastic gradient descent without momentum.
pub const SGD: &str = "sgd";
/// The Gauss-Newton of the paper's tables.
pub const PUBLISHED: &str = "gauss-newton-published";
/// The published Gauss-Newton with its products rounded to TF32.
pub const PUBLISHED_TF32: &str = "gauss-newton-published-tf32";
/// Gauss-Newton with the curvature summed over the batch.
pub const SUM: &str = "gauss-newton-sum";
/// Gauss-Newton of the mean loss.
pub const MEAN: &str = "gauss-newton";
/// Gauss-Newton of the mean loss, its system solved by conjugate gradients.
pub const CG: &str = "gauss-newton-cg";
/// K-FAC.
pub const KFAC: &str = "kfac";
/// EKFAC.
pub const EKFAC: &str = "ekfac";
/// Sharpness-aware minimization.
pub const SAM: &str = "sam";
/// Muon.
pub const MUON: &str = "muon";

/// The optimizers that scale a gradient by the inverse of a Gauss-Newton matrix or of an approximation of it.
pub const GAUSS_NEWTONS: [&str; 7] = [PUBLISHED, PUBLISHED_TF32, SUM, MEAN, CG, KFAC, EKFAC];

const ORDER: [&str; 11] = [SGD, ADAM, SAM, MUON, PUBLISHED, PUBLISHED_TF32, SUM, MEAN, CG, KFAC, EKFAC];

/// The optimizers that have a label of their own, in their order.
#[must_use]
pub const fn known() -> [&'static str; 11] {
    ORDER
}

/// The optimizer's label for readers. Unknown names are returned unchanged.
pub fn label(optimizer: &str) -> &str {
    match optimizer {
        ADAM => "Adam",
        SGD => "SGD",
        PUBLISHED => "Gauss-Newton (published)",
        PUBLISHED_TF32 => "Gauss-Newton (published, TF32)",
        SUM => "Gauss-Newton (sum)",
        MEAN => "Gauss-Newton (mean)",
        CG => "Gauss-Newton (mean, CG)",
        KFAC => "K-FAC",
        EKFAC => "EKFAC",
        SAM => "SAM",
        MUON => "Muon",
        other => other,
    }
}

/// A key to sort optimizers by: the known ones in a fixed order, then the others by name.
pub fn sort_key(optimizer: &str) -> (usize, String) {
    let rank = ORDER.iter().position(|name| *name == optimizer).unwrap_or(ORDER.len());
    (rank, optimizer.to_owned())
}

/// The optimizer of the paper whose numbers this one is compared with, if there is one.
pub fn paper_counterpart(optimizer: &str) -> Option<&'static str> {
    match optimizer {
        ADAM => Some(ADAM),
        SGD => Some(SGD),
        PUBLISHED | PUBLISHED_TF32 => Some(PUBLISHED),
        _ => None,
    }
}

/// The distinct names in `optimizers`, in the order of [`sort_key`].
pub fn distinct<'a>(optimizers: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = optimizers.into_iter().collect();
    names.sort_by_key(|name| sort_key(name));
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_once_in_a_fixed_order() {
        assert_eq!(distinct(["zeta", MEAN, SGD, "k-fac", MEAN, ADAM]), [SGD, ADAM, MEAN, "k-fac", "zeta"]);
    }

    #[test]
    fn only_the_papers_own_have_a_counterpart() {
        assert_eq!(paper_counterpart(PUBLISHED_TF32), Some(PUBLISHED));
        assert_eq!(paper_counterpart(MEAN), None);
    }
}
