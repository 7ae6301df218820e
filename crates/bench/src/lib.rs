//! Times the network, the optimizers and the attacks on this device.
//!
//! ```
//! use minima_bench::Timing;
//!
//! let timing = Timing::of("forward".to_owned(), vec![2.0, 1.0, 9.0]);
//! assert_eq!(timing.median_ms, 2.0);
//! ```

mod attack_bench;
mod certify_bench;
mod device_bench;
mod device_networks;
pub mod floors;
mod networks;
mod one_epoch;
pub mod scaling;
mod second_order_bench;
mod stopwatch;
pub mod time_to_accuracy;
mod timings;

pub use device_bench::bench_on;
pub use device_networks::{floors, networks_on};
pub use networks::networks;
pub use stopwatch::{Timing, Timings};
pub use timings::bench;
