//! The guide: the commands of minima, and the library.
//!
//! Start with [`reproduce`], which repeats a paper from the data to the report. The pages, by what you want to do:
//!
//! - **Run experiments:** [`reproduce`] an experiment, and the keys of [`experiments`]; [`studies`] of luck, early stopping, logit scale and rounding;
//!   [`sweeps`] on a cluster;
//!   [`train_and_tune`] one optimizer; schedules, augmentation and adversarial [`training`]; what happens with [`interruptions`].
//! - **Read the results:** the [`columns`] of all files.
//! - **Examine a model:** [`evaluate`] a checkpoint; [`attack`] it; [`certify`] which images cannot be broken.
//! - **Use your own images and network:** [`own_data`], the forms of [`data`]; a model from PyTorch, [`onnx`].
//! - **Protect your results:** a regression [`gate`] for your changes; [`determinism`], the same bytes on the same machine.
//! - **Use the library:** [`own_network`]; your own attack, network and optimizer in all commands, [`own_code`].
//! - **Know the machine:** [`gpu`] and [`speed`].
//!
//! The same pages are Markdown files in the folder `guide` of this crate.

#[doc = include_str!("../guide/attack.md")]
pub mod attack {}

#[doc = include_str!("../guide/certify.md")]
pub mod certify {}

#[doc = include_str!("../guide/columns.md")]
pub mod columns {}

#[doc = include_str!("../guide/data.md")]
pub mod data {}

#[doc = include_str!("../guide/determinism.md")]
pub mod determinism {}

#[doc = include_str!("../guide/evaluate.md")]
pub mod evaluate {}

#[doc = include_str!("../guide/experiments.md")]
pub mod experiments {}

#[doc = include_str!("../guide/gate.md")]
pub mod gate {}

#[doc = include_str!("../guide/gpu.md")]
pub mod gpu {}

#[doc = include_str!("../guide/interruptions.md")]
pub mod interruptions {}

#[doc = include_str!("../guide/onnx.md")]
pub mod onnx {}

#[doc = include_str!("../guide/own-code.md")]
pub mod own_code {}

#[doc = include_str!("../guide/own-data.md")]
pub mod own_data {}

#[doc = include_str!("../guide/own-network.md")]
pub mod own_network {}

#[doc = include_str!("../guide/reproduce.md")]
pub mod reproduce {}

#[doc = include_str!("../guide/speed.md")]
pub mod speed {}

#[doc = include_str!("../guide/studies.md")]
pub mod studies {}

#[doc = include_str!("../guide/sweeps.md")]
pub mod sweeps {}

#[doc = include_str!("../guide/train-and-tune.md")]
pub mod train_and_tune {}

#[doc = include_str!("../guide/training.md")]
pub mod training {}
