//! How the factors treat a layer that applies its matrix at several places.

use super::row_products::row_products;
use crate::CurvatureError;
use minima_autodiff::{LayerPairs, Scalar, Term};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How the factors of a layer treat the places at which it applies its matrix: the spatial positions of a convolution,
/// the tokens of a token-wise layer. T is the number of places, `ā_t` the input at place t with a 1 for the bias, and
/// `δ_t` the cotangent of the output there (Eschenhagen et al. 2023, "Kronecker-factored approximate curvature for
/// modern neural network architectures", section 3).
///
/// For both, E is the mean over images, so that `A ⊗ G` has the scale of the Gauss-Newton matrix of the mean loss. The
/// paper divides `A` by the number of terms and sums in `G`. The product is the same: it alone matters, because factored
/// damping does not depend on how a scale is split between the factors. With one place, both are the same numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightSharing {
    /// K-FAC-expand: every place is an example of its own. `A = E[Σ_t ā_t ā_tᵀ]`, `G = E[Σ_t δ_t δ_tᵀ] / T` (Grosse &
    /// Martens 2016 for convolutions).
    ///
    /// It is exact for the layers of a linear network if the loss is a sum of squared errors of the outputs at each
    /// place: the cotangents of different places are then uncorrelated, and their second moment is the same for all
    /// images.
    #[default]
    Expand,
    /// K-FAC-reduce: the places are combined before the outer products. `A = E[ā āᵀ]` with the mean
    /// `ā = Σ_t ā_t / T`, `G = E[δ δᵀ]` with the sum `δ = Σ_t δ_t`. It costs T times less.
    ///
    /// It is exact for the layers of a linear network that takes the mean (or a multiple of the sum) of its last value
    /// over the places, with squared errors of this mean: the cotangents of all places are then equal, the gradient of an
    /// image `Σ_t ā_t δ_tᵀ` is `ā δᵀ`, and the second moment of δ is the same for all images.
    Reduce,
}

impl WeightSharing {
    /// The factor `A` of one batch.
    pub(super) fn input_factor<T: Scalar>(self, pairs: &LayerPairs<T>) -> Result<Array2<T>, CurvatureError> {
        let images = pairs.inputs.ncols() / pairs.places.max(1);
        if !self.reduces(pairs) {
            return second_moment(pairs.inputs.view(), images);
        }
        let share = T::one() / T::from_f64(pairs.places as f64);
        let means = over_places(pairs.inputs.view(), pairs.places).mapv_into(|sum| share * sum);
        second_moment(means.view(), images)
    }

    /// The factor `G` of one batch with one cotangent per image.
    pub(super) fn output_factor<T: Scalar>(self, pairs: &LayerPairs<T>) -> Result<Array2<T>, CurvatureError> {
        let columns = pairs.cotangents.ncols();
        if !self.reduces(pairs) {
            return second_moment(pairs.cotangents.view(), columns);
        }
        second_moment(over_places(pairs.cotangents.view(), pairs.places).view(), columns / pairs.places)
    }

    /// The terms of the second moments that the factors are.
    pub(super) fn terms(self) -> Term {
        match self {
            Self::Expand => Term::Place,
            Self::Reduce => Term::Image,
        }
    }

    /// The factor `A` from `Σ ā āᵀ`, a sum over [`terms`](Self::terms).
    pub(super) fn input_of_moments<T: Scalar>(self, moments: Array2<T>, images: usize, places: usize) -> Array2<T> {
        match self {
            Self::Expand => mean(moments, images),
            Self::Reduce => mean(moments, places * places * images),
        }
    }

    /// The factor `G` from `Σ δ δᵀ`, a sum over [`terms`](Self::terms).
    pub(super) fn output_of_moments<T: Scalar>(self, moments: Array2<T>, images: usize, places: usize) -> Array2<T> {
        match self {
            Self::Expand => mean(moments, places * images),
            Self::Reduce => mean(moments, images),
        }
    }

    /// Whether a layer's places are combined.
    fn reduces<T>(self, pairs: &LayerPairs<T>) -> bool {
        self == Self::Reduce && pairs.places > 1
    }
}

/// `x xᵀ / share`.
fn second_moment<T: Scalar>(x: ArrayView2<'_, T>, share: usize) -> Result<Array2<T>, CurvatureError> {
    Ok(mean(row_products(x)?, share))
}

/// `sum / share`.
fn mean<T: Scalar>(sum: Array2<T>, share: usize) -> Array2<T> {
    let scale = T::one() / T::from_f64(share.max(1) as f64);
    sum.mapv_into(|sum| scale * sum)
}

/// Sums the columns of each image, `place · images + image`: `(rows, images)`.
fn over_places<T: Scalar>(x: ArrayView2<'_, T>, places: usize) -> Array2<T> {
    let images = x.ncols() / places.max(1);
    let mut sums = Array2::zeros((x.nrows(), images));
    let rows = sums.axis_iter_mut(Axis(0)).into_par_iter().zip(x.axis_iter(Axis(0)).into_par_iter());
    rows.for_each(|(mut sums, row)| {
        for place in row.exact_chunks(images.max(1)) {
            sums += &place;
        }
    });
    sums
}
