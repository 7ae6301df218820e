//! What is to be excluded, and bounds of it.

use crate::backward::{Relaxed, Slopes, Split, Workspace};
use crate::crown::start_constraints;
use crate::lane::LANES;
use crate::specification::LinearConstraint;

/// What a search knows: the network with its lines, and the inequality that it excludes for each target.
#[derive(Clone, Copy)]
pub(crate) struct Problem<'a> {
    pub(crate) relaxed: Relaxed<'a>,
    pub(crate) constraints: &'a [&'a LinearConstraint],
}

impl Problem<'_> {
    /// Bounds of rows with the inequalities of targets.
    pub(crate) fn bounds(
        &self,
        workspace: &mut Workspace,
        targets: &[usize],
        slopes: &Slopes,
        splits: &[Split],
    ) -> [f64; LANES] {
        let constraints: Vec<&LinearConstraint> = targets.iter().map(|&target| self.constraints[target]).collect();
        let errors = start_constraints(self.relaxed, workspace, &constraints);
        let bounds = workspace.lower_bounds(self.relaxed, self.relaxed.program.output(), Some(slopes), splits);
        std::array::from_fn(|row| {
            let bound = bounds[row] - errors[row];
            if bound.is_nan() { f64::NEG_INFINITY } else { bound }
        })
    }
}
