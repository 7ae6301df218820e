//! Rows that name optimizers by their labels.

use super::{Results, StudyResults};
use crate::own_optimizer::{OwnOptimizer, name_by_label};

impl Results {
    /// Names the optimizers that bring their appearance by their labels in all rows.
    pub(super) fn name_optimizers(&mut self, own: Vec<OwnOptimizer>) {
        name_by_label(&own, &mut self.training);
        name_by_label(&own, &mut self.clean_fgsm);
        name_by_label(&own, &mut self.poisoned_fgsm);
        name_by_label(&own, &mut self.sharpness);
        name_by_label(&own, &mut self.distributions);
        name_by_label(&own, &mut self.histograms);
        name_by_label(&own, &mut self.adversarial);
        name_by_label(&own, &mut self.robustness);
        name_by_label(&own, &mut self.certified);
        name_by_label(&own, &mut self.robustness_curves);
        name_by_label(&own, &mut self.masking);
        name_by_label(&own, &mut self.curvature);
        name_by_label(&own, &mut self.spectral_densities);
        self.studies.name_optimizers(&own);
        self.optimizers = own;
    }
}

impl StudyResults {
    fn name_optimizers(&mut self, own: &[OwnOptimizer]) {
        name_by_label(own, &mut self.seeds_training);
        name_by_label(own, &mut self.seeds_fgsm);
        name_by_label(own, &mut self.late);
        name_by_label(own, &mut self.claims);
        name_by_label(own, &mut self.path);
        name_by_label(own, &mut self.matches);
        name_by_label(own, &mut self.logit_scale);
        name_by_label(own, &mut self.poison);
        name_by_label(own, &mut self.damping);
        name_by_label(own, &mut self.surface);
        name_by_label(own, &mut self.segments);
    }
}
