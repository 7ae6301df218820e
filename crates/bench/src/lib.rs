//! How long the network, the optimizers and the attacks take on this machine.

mod attack_bench;
mod device_bench;
pub mod scaling;
mod second_order_bench;
mod stopwatch;
pub mod time_to_accuracy;
mod timings;

pub use device_bench::bench_on;
pub use stopwatch::{Timing, Timings};
pub use timings::bench;
