//! Which published results a report is compared with.

use minima_config::preset::Preset;
use minima_paper::PAPER;
use minima_report::Commentary;
use minima_report::results::Results;

/// The network of the paper.
const NETWORK: &str = "paper-cnn";

/// The paper, for results on the paper's network and for a folder whose configuration is not known. Other reports do not mention
/// the paper.
pub(crate) fn of(results: &Results) -> Option<&'static dyn Commentary> {
    let is_about = results.configuration.as_ref().is_none_or(|preset: &Preset| preset.network.name() == NETWORK);
    is_about.then_some(&PAPER as &dyn Commentary)
}
