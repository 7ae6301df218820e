//! The generalized Gauss-Newton matrix.

use crate::objective::Part;
use crate::vectors::{add_scaled, dot};
use crate::{CurvatureError, Generation, LinearOperator, Objective, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::{hessian_apply, softmax};
use ndarray::{Array2, ArrayView2};

/// The Gauss-Newton matrix of a [`Generation`], without damping: a jvp, the loss's curvature with respect to the logits,
/// and a vjp (Schraudolph 2002, section 3.1).
///
/// In the published one the probabilities of *all* the objective's images are one vector `p`. Since `pᵀ J v = uᵀ v` with
/// `u = Jᵀ p`, which is computed once, its outer product costs no further pass.
#[derive(Debug)]
pub struct Ggn<'o, 'a, T: Scalar> {
    objective: &'o Objective<'a, T>,
    /// What the loss's curvature is multiplied by.
    scale: T,
    /// `Jᵀ p` of the published one.
    coupling: Option<Vec<T>>,
}

impl<'o, 'a, T: Scalar> Ggn<'o, 'a, T> {
    /// Of the mean loss, of the sum, or as published.
    ///
    /// # Errors
    /// None that can happen: all sizes were checked when the objective was made.
    pub fn new(objective: &'o Objective<'a, T>, generation: Generation) -> Result<Self, CurvatureError> {
        let (scale, coupling) = match generation {
            Generation::Mean => (objective.share(), None),
            Generation::Sum => (T::one(), None),
            Generation::Published => {
                let coupling = objective.sum(|part| Ok(part.at.vjp(softmax(part.at.logits()).view())?))?;
                (T::one(), Some(coupling))
            }
        };
        Ok(Self { objective, scale, coupling })
    }

    /// `Jᵀ H J v` of one batch, with `diag(p)` for `H` in the published one.
    fn of_part(&self, part: &Part<'_, '_, T>, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let p = softmax(part.at.logits());
        let tangents = part.at.jvp(Some(v), None)?;
        let curved = match self.coupling {
            None => hessian_apply(p.view(), tangents.view()),
            Some(_) => p * tangents,
        };
        Ok(part.at.vjp(curved.mapv_into(|x| x * self.scale).view())?)
    }

    /// Takes the published one's outer product away.
    fn couple(&self, v: &[T], product: &mut [T]) {
        if let Some(coupling) = &self.coupling {
            add_scaled(-dot(coupling, v), coupling, product);
        }
    }
}

impl<T: Scalar> LinearOperator<T> for Ggn<'_, '_, T> {
    fn shape(&self) -> [usize; 2] {
        [self.objective.parameter_count(); 2]
    }

    fn apply(&self, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        self.check(v)?;
        let mut product = self.objective.sum(|part| self.of_part(part, v))?;
        self.couple(v, &mut product);
        Ok(product)
    }

    fn apply_columns(&self, v: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
        let mut products = self.objective.sum_columns(v, |part, v| self.of_part(part, v))?;
        for (v, mut product) in v.columns().into_iter().zip(products.columns_mut()) {
            let mut coupled = product.to_vec();
            self.couple(&v.to_vec(), &mut coupled);
            product.iter_mut().zip(coupled).for_each(|(to, x)| *to = x);
        }
        Ok(products)
    }
}

impl<T: Scalar> SymmetricOperator<T> for Ggn<'_, '_, T> {}
