//! The updates of first-order optimizers, on the device; see the `.cu` files for their formulas.
//!
//! A recorded step needs nothing from the host: Adam, too, counts its steps on the device.

mod adam;
mod decay_launches;
mod sgd;

pub use adam::{Adam, AdamState};
pub use sgd::Sgd;
