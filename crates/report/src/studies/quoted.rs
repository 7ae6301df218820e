//! The radius and the shares that sentences quote.

/// The preferred radius for sentences.
const QUOTED_EPSILON: f64 = 0.1;

/// The radius that sentences quote: [`QUOTED_EPSILON`] if it is among these, otherwise the largest.
pub(crate) fn quoted_epsilon(epsilons: impl IntoIterator<Item = f64>) -> Option<f64> {
    let found: Vec<f64> = epsilons.into_iter().collect();
    let usual = found.iter().copied().find(|epsilon| minima_rows::same(*epsilon, QUOTED_EPSILON));
    usual.or_else(|| found.into_iter().max_by(f64::total_cmp))
}

/// Formats a share like "75.6 %".
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
