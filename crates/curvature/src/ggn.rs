//! The generalized Gauss-Newton matrix.

use crate::objective::Part;
use crate::vectors::{add_scaled, dot};
use crate::{CurvatureError, Diagonal, GgnVariant, LinearOperator, Objective, SymmetricOperator};
use minima_autodiff::Scalar;
use minima_autodiff::softmax_cross_entropy::diagonal_factors;
use ndarray::{Array2, ArrayView2};

/// The Gauss-Newton matrix of a [`GgnVariant`], without damping: a jvp, the loss's curvature with respect to the logits,
/// and a vjp (Schraudolph 2002, section 3.1). The mean divides by the total weight of the labels.
///
/// In the published matrix, the probabilities of *all* the objective's images form one vector `p`. Since
/// `pᵀ J v = uᵀ v` with `u = Jᵀ p`, which is computed once, its outer product costs no further pass.
#[derive(Debug)]
pub struct Ggn<'o, 'a, T: Scalar> {
    objective: &'o Objective<'a, T>,
    /// The factor of the loss's curvature.
    scale: T,
    /// The vector `Jᵀ p` of the published matrix.
    coupling: Option<Vec<T>>,
}

impl<'o, 'a, T: Scalar> Ggn<'o, 'a, T> {
    /// The Gauss-Newton matrix of the mean loss, of the sum, or as published.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Autodiff`] for the published matrix of a loss other than softmax cross-entropy without
    /// smoothing and weights. All sizes were checked when the objective was created.
    pub fn new(objective: &'o Objective<'a, T>, variant: GgnVariant) -> Result<Self, CurvatureError> {
        let (scale, coupling) = match variant {
            GgnVariant::Mean => (objective.share(), None),
            GgnVariant::Sum => (T::one(), None),
            GgnVariant::Coupled => {
                objective.loss_function().must_be_plain_cross_entropy("the published Gauss-Newton matrix")?;
                let coupling = objective.sum(|part| Ok(part.at.vjp(part.p.view())?))?;
                (T::one(), Some(coupling))
            }
        };
        Ok(Self { objective, scale, coupling })
    }

    /// Computes the exact diagonal, with one pass of per-image gradients for each column of the loss's factor. No gradient
    /// is stored.
    ///
    /// # Errors
    /// Does not fail in practice: all sizes were checked when the objective was created.
    pub fn diagonal(&self) -> Result<Diagonal<T>, CurvatureError> {
        let mut diagonal = vec![T::zero(); self.objective.parameter_count()];
        self.objective.for_each_part(|part| {
            // H is the sum of c cᵀ over its factors c.
            let mut factors = match self.coupling {
                None => part.loss().factors(part.p.view(), part.labels),
                Some(_) => diagonal_factors(part.p.mapv(|p| p.sqrt()).view()),
            };
            factors.mapv_inplace(|c| c * self.scale.sqrt());
            for factor in factors.outer_iter() {
                let squares = part.at.squared_gradients(factor)?;
                diagonal.iter_mut().zip(squares).for_each(|(d, s)| *d += s);
            }
            Ok(())
        })?;
        if let Some(coupling) = &self.coupling {
            diagonal.iter_mut().zip(coupling).for_each(|(d, &u)| *d -= u * u);
        }
        Ok(Diagonal::new(diagonal))
    }

    /// Computes `Jᵀ H J v` for one batch. In the published matrix `diag(p)` takes the role of `H`.
    fn of_part(&self, part: &Part<'_, '_, T>, v: &[T]) -> Result<Vec<T>, CurvatureError> {
        let loss = part.loss();
        let curve = |image: usize, tangent: &[T], out: &mut [T]| {
            let (p, label) = part.image(image);
            match self.coupling {
                None => loss.hessian_into(p, label, tangent, self.scale, out),
                Some(_) => out.iter_mut().zip(p).zip(tangent).for_each(|((out, &p), &t)| *out = self.scale * p * t),
            }
        };
        Ok(part.at.gauss_newton_product(v, &curve)?)
    }

    /// Subtracts the outer product of the published matrix.
    fn couple(&self, v: &[T], product: &mut [T]) {
        if let Some(coupling) = &self.coupling {
            subtract_coupling(coupling, v, product);
        }
    }
}

/// `product ← product − u uᵀ v`: the outer product of the published matrix, with its coupling `u = Jᵀ p`.
pub fn subtract_coupling<T: Scalar>(coupling: &[T], v: &[T], product: &mut [T]) {
    add_scaled(-dot(coupling, v), coupling, product);
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
