//! Statistics of an effect over a few seeds and one test set: differences of paired models, intervals, p-values,
//! corrections.
//!
//! ```
//! use minima_metrics::statistics::{Estimate, ImageResamples, Resampled, Share, holm};
//! use minima_rng::Key;
//!
//! // Which of 400 images two optimizers' models get right, for three seeds; image i is hard for both alike.
//! let right = |seed: usize, step: usize| (0..400).map(|i| (i * 7 + seed) % step != 0).collect::<Vec<bool>>();
//! let resamples = ImageResamples::new(Key::new(1), 400, 500);
//! let mut differences = Vec::new();
//! for seed in 0..3 {
//!     let (first, second) = (right(seed, 4), right(seed, 10));
//!     let share = |hits| Resampled::of(&Share::of_all(hits), &resamples);
//!     differences.push(share(&first)?.less(&share(&second)?)?);
//! }
//! let difference = Estimate::over_seeds_and_images(&differences)?;
//! let (low, high) = difference.interval(0.95);
//! assert!(low < -0.15 && -0.15 < high && high < 0.0);
//!
//! let p = holm(&[difference.p_apart(0.0), difference.p_equivalent(0.02)]);
//! assert!(p[0] < 0.05 && p[1] == 1.0);
//! # Ok::<(), minima_metrics::MetricsError>(())
//! ```

mod estimate;
mod image_resamples;
mod image_statistic;
mod multiple_tests;
mod power;
mod proportions;
mod rank_correlation;
mod student_t;

pub use estimate::Estimate;
pub use image_resamples::ImageResamples;
pub use image_statistic::{ImageStatistic, Mean, Median, Resampled, Share};
pub use multiple_tests::{holm, shaffer};
pub use proportions::p_same_share;
pub use rank_correlation::RankCorrelation;
pub use student_t::{two_sided_quantile, upper_tail};
