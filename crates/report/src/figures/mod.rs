//! The figures, each drawn once for SVG and for PNG.
//!
//! A figure takes plain data and draws on a [`Canvas`]. The same data give the same bytes.

mod adversarial_pairs;
mod canvas;
mod certified_accuracy;
mod column;
mod correlations;
mod error;
mod figure;
mod font;
mod heading;
mod histogram;
mod input_gradient_norms;
mod legend;
mod logit_margins;
mod matched_paths;
mod panel;
mod radii;
mod raster;
mod robust_accuracy;
mod scaling;
mod seed_spread;
mod series_style;
mod spectral_density;
mod time_to_accuracy;
mod training_curves;

pub use adversarial_pairs::AdversarialPairs;
pub use canvas::{Anchor, Canvas, Stroke, TextLook};
pub use certified_accuracy::CertifiedAccuracy;
pub use correlations::Correlations;
pub use error::FigureError;
pub use figure::{Figure, WithOptimizers, png, svg, write};
pub use histogram::Samples;
pub(crate) use histogram::count;
pub use input_gradient_norms::InputGradientNorms;
pub use logit_margins::LogitMargins;
pub use matched_paths::MatchedPaths;
pub use radii::Radii;
pub(crate) use raster::encode_pixels;
pub use robust_accuracy::RobustAccuracy;
pub use scaling::Scaling;
pub use seed_spread::SeedSpread;
pub use spectral_density::SpectralDensityFigure;
pub use time_to_accuracy::TimeToAccuracy;
pub use training_curves::TrainingCurves;
