//! Norms of the loss's gradient with respect to the image, over the test set.

use plotters::prelude::DrawingBackend;

use super::canvas::Canvas;
use super::histogram::{self, Layout, Samples};
use super::panel::Axis;
use super::{Figure, FigureError};
use crate::reference::Reference;
use minima_rows::Quantity;

/// The largest norm shown.
const CUT: f64 = 2.0;
/// Number of bins.
const BINS: usize = 80;

/// Histograms of input-gradient norms, one per optimizer.
#[derive(Clone, Debug)]
pub struct InputGradientNorms {
    /// The training labels of the models: `clean` or `poisoned`.
    pub labels: String,
    /// The published result, whose medians are drawn.
    pub reference: Option<&'static dyn Reference>,
    /// Each optimizer's norms, from top to bottom.
    pub samples: Vec<Samples>,
}

impl InputGradientNorms {
    /// The range of the horizontal axis and the number of bins.
    pub(crate) fn bins(&self) -> ((f64, f64), usize) {
        ((0.0, CUT), BINS)
    }
}

impl Figure for InputGradientNorms {
    fn name(&self) -> &str {
        "input-gradient-norms"
    }

    fn size(&self) -> (u32, u32) {
        (histogram::WIDTH, histogram::height(self.samples.len()))
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        let layout = Layout {
            title: format!("Input-gradient norms of the test images, {} labels", self.labels),
            subtitle: "Images per bin (log scale). Solid line: median.",
            x_title: "norm of the gradient of the loss with respect to the image",
            x: Axis::linear(0.0, CUT, 8),
            bins: BINS,
            logarithmic: true,
            labels: &self.labels,
            reference: self.reference,
            quantity: Quantity::InputGradientNorm,
            note: |values| {
                let above = values.iter().filter(|value| **value > CUT).count();
                format!("{} above {CUT}", histogram::percent(above, values.len()))
            },
            lighter_below: f64::NEG_INFINITY,
        };
        histogram::draw(canvas, &layout, &self.samples)
    }
}
