//! The statistics of a batch's gradients on the CPU.

use super::layer_gradients::Matrices;
use super::layer_statistics::{LayerStatistics, PlacedBasis, SecondMoments, check_bases};
use super::second_moments::second_moments;
use super::{KroneckerFactors, LayerGradients, WeightSharing};
use crate::CurvatureError;
use minima_autodiff::{LayerBasis, Scalar};
use rayon::prelude::*;

impl<T: Scalar> LayerStatistics<T> for LayerGradients<'_, T> {
    fn factors(&self, sharing: WeightSharing) -> Result<KroneckerFactors<T>, CurvatureError> {
        KroneckerFactors::of_gradients(self, sharing)
    }

    fn second_moments(&self, bases: &[PlacedBasis<'_, T>]) -> Result<SecondMoments<T>, CurvatureError> {
        let layers = match &self.matrices {
            Matrices::Pairs(pairs) => {
                check_bases(pairs.iter().map(|layer| [layer.params.end, layer.columns.end]), bases)?;
                let layers = bases.par_iter().zip(pairs);
                layers.map(|(layer, pairs)| second_moments(layer.basis, pairs)).collect::<Result<_, _>>()?
            }
            Matrices::At { at, w } => {
                let found = at.graph().matrix_layers()?;
                check_bases(found.iter().map(|layer| [layer.params.end, layer.columns.end]), bases)?;
                let bases = bases
                    .iter()
                    .map(|layer| LayerBasis { input: layer.basis.input.view(), output: layer.basis.output.view() });
                let share = T::one() / T::from_f64(at.images().max(1) as f64);
                let moments = at.gradient_moments(*w, &bases.collect::<Vec<_>>())?.into_iter();
                moments.map(|sum| sum.mapv_into(|sum| share * sum)).collect()
            }
        };
        Ok(SecondMoments { layers, diagonals: self.diagonals().to_vec() })
    }
}
