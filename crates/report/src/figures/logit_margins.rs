//! Logit margins over the test set: the logit of the true class minus the largest other logit.

use plotters::prelude::DrawingBackend;

use super::canvas::Canvas;
use super::histogram::{self, Layout, Samples};
use super::panel::Axis;
use super::{Figure, FigureError};
use crate::reference::Reference;
use minima_metrics::quantile;
use minima_rows::Quantity;

/// Histograms of logit margins, one per optimizer.
#[derive(Clone, Debug)]
pub struct LogitMargins {
    /// The training labels of the models: `clean` or `poisoned`.
    pub labels: String,
    /// The published result, whose medians are drawn.
    pub reference: Option<&'static dyn Reference>,
    /// Each optimizer's margins, from top to bottom.
    pub samples: Vec<Samples>,
}

impl LogitMargins {
    /// The range of the horizontal axis and the number of bins.
    pub(crate) fn bins(&self) -> ((f64, f64), usize) {
        let (start, end) = range(&self.samples);
        ((start, end), bins(end - start))
    }
}

impl Figure for LogitMargins {
    fn name(&self) -> &str {
        "logit-margins"
    }

    fn size(&self) -> (u32, u32) {
        (histogram::WIDTH, histogram::height(self.samples.len()))
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let ((start, end), bins) = self.bins();
        let layout = Layout {
            title: format!("Logit margins of the test images, {} labels", self.labels),
            subtitle: "Share of the images per bin; pale: misclassified. Solid line: median.",
            x_title: "logit of the true class minus the largest other logit",
            x: Axis::linear(start, end, 8),
            bins,
            logarithmic: false,
            labels: &self.labels,
            reference: self.reference,
            quantity: Quantity::LogitMargin,
            note: |values| {
                let below = values.iter().filter(|value| **value < 0.0).count();
                format!("{} below 0", histogram::percent(below, values.len()))
            },
            lighter_below: 0.0,
        };
        histogram::draw(canvas, &layout, &self.samples)
    }
}

/// A range with integer ends that contains all but a few thousandths of every optimizer's margins.
fn range(samples: &[Samples]) -> (f64, f64) {
    let mut start = -1.0f64;
    let mut end = 1.0f64;
    for one in samples {
        let sorted = histogram::finite_sorted(&one.values);
        if let (Some(low), Some(high)) = (quantile(&sorted, 0.002), quantile(&sorted, 0.998)) {
            start = start.min(low.floor());
            end = end.max(high.ceil());
        }
    }
    (start, end)
}

/// About 120 bins. No bin contains an integer in its interior, so no bin mixes correctly classified and misclassified images.
fn bins(span: f64) -> usize {
    let per_unit = (120.0 / span).round();
    if per_unit < 1.0 { 120 } else { (per_unit * span).round() as usize }
}
