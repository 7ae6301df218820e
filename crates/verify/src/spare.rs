//! Space that a thread keeps between passes: a fresh allocation of some megabytes costs more than a pass.

use crate::ascent::Ascent;
use crate::backward::{Slopes, Workspace};
use std::cell::RefCell;

/// Space of passes over domains.
#[derive(Default)]
pub(crate) struct Spare {
    pub(crate) workspace: Workspace,
    pub(crate) slopes: Slopes,
    pub(crate) ascent: Ascent,
}

/// Runs a task with space that no other task uses. What earlier tasks left in it does not matter.
pub(crate) fn with_spare<R>(task: impl FnOnce(&mut Spare) -> R) -> R {
    thread_local! {
        static SPARES: RefCell<Vec<Spare>> = const { RefCell::new(Vec::new()) };
    }
    let mut spare = SPARES.with_borrow_mut(Vec::pop).unwrap_or_default();
    let result = task(&mut spare);
    SPARES.with_borrow_mut(|spares| spares.push(spare));
    result
}

/// Runs a task with space of passes.
pub(crate) fn with_workspace<R>(task: impl FnOnce(&mut Workspace) -> R) -> R {
    with_spare(|spare| task(&mut spare.workspace))
}
