//! Softmax and normalisations.

use super::norm_spec::NormSpec;
use super::{GraphBuilder, Value, ValueInfo};
use crate::AutodiffError;
use crate::ops::{BatchNorm, ChannelAffine, Normalization, Op, Softmax};
use minima_faults::{Fault, planted};

impl GraphBuilder {
    /// Softmax over the last axis: of every row of scores, for example.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` has no axis or a size is zero.
    pub fn softmax(&mut self, x: Value) -> Result<Value, AutodiffError> {
        let axes = self.info("softmax", x)?.shape.len();
        self.softmax_over(x, axes.saturating_sub(1))
    }

    /// Softmax over one axis, counted from 0.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` does not have the axis or a size is zero.
    pub fn softmax_over(&mut self, x: Value, axis: usize) -> Result<Value, AutodiffError> {
        let ValueInfo { slot, shape } = self.info("softmax", x)?.clone();
        if axis >= shape.len() || shape.contains(&0) {
            let expected = "positive sizes, and an axis of the input".into();
            let found = format!("axis {axis} of shape {shape:?}");
            return Err(AutodiffError::Graph { node: "softmax".into(), found, expected });
        }
        let (outer, inner) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
        let op = Softmax { shape: [outer, shape[axis], inner] };
        Ok(self.push(Op::Softmax(op), vec![slot], shape))
    }

    /// Layer normalisation over the last axis (Ba, Kiros & Hinton 2016), with parameters `{name}.bias` and
    /// `{name}.scale` for each channel, as Flax's `LayerNorm`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if a size is zero, epsilon is not positive and finite, or the name is taken.
    pub fn layer_norm(&mut self, x: Value, name: &str, spec: NormSpec) -> Result<Value, AutodiffError> {
        self.layer_norm_over(x, name, 1, spec)
    }

    /// Layer normalisation over the last `axes` axes together. The parameters belong to the channels, the last axis, as
    /// in Flax's `LayerNorm` with `reduction_axes`.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if `x` has fewer axes, `axes` or a size is zero, epsilon is not positive and
    /// finite, or the name is taken.
    pub fn layer_norm_over(
        &mut self,
        x: Value,
        name: &str,
        axes: usize,
        spec: NormSpec,
    ) -> Result<Value, AutodiffError> {
        let node = format!("layer_norm {name}");
        let shape = self.info(&node, x)?.shape.clone();
        let Some(outer) = shape.len().checked_sub(axes).filter(|_| axes > 0) else {
            let (found, expected) = (format!("{axes} axes of shape {shape:?}"), "some of the input's axes".into());
            return Err(AutodiffError::Graph { node, found, expected });
        };
        let (outer, over) = shape.split_at(outer);
        let (places, size) = over.split_at(axes - 1);
        let layout = [outer.iter().product(), places.iter().product(), 1, size.iter().product()];
        self.normalization(&node, x, name, layout, true, spec)
    }

    /// Normalisation of groups of channels over all positions (Wu & He 2018), with parameters `{name}.bias` and
    /// `{name}.scale` for each channel, as Flax's `GroupNorm`. The channels are the last axis, and a group consists of
    /// neighbours. With as many groups as channels it is instance normalisation.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the groups do not divide the channels, a size is zero, epsilon is not
    /// positive and finite, or the name is taken.
    pub fn group_norm(&mut self, x: Value, name: &str, groups: usize, spec: NormSpec) -> Result<Value, AutodiffError> {
        let node = format!("group_norm {name}");
        let shape = self.info(&node, x)?.shape.clone();
        match shape.split_last() {
            Some((&channels, places)) if groups > 0 && channels.is_multiple_of(groups) => {
                let mut layout = [1, places.iter().product(), groups, channels / groups];
                if planted(Fault::GroupNormAxis) {
                    layout.swap(0, 1);
                }
                self.normalization(&node, x, name, layout, true, spec)
            }
            _ => {
                let found = format!("{groups} groups of an input of shape {shape:?}");
                Err(AutodiffError::Graph { node, found, expected: "groups that divide the channels".into() })
            }
        }
    }

    /// Root-mean-square normalisation over the last axis (Zhang & Sennrich 2019): the mean is not subtracted. Its
    /// parameters are `{name}.scale`, and `{name}.bias` if the spec has a shift, which Flax's `RMSNorm` has not.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if a size is zero, epsilon is not positive and finite, or the name is taken.
    pub fn rms_norm(&mut self, x: Value, name: &str, spec: NormSpec) -> Result<Value, AutodiffError> {
        let node = format!("rms_norm {name}");
        let shape = &self.info(&node, x)?.shape;
        let size = shape.last().copied().unwrap_or(0);
        let layout = [shape.iter().rev().skip(1).product(), 1, 1, size];
        self.normalization(&node, x, name, layout, false, spec)
    }

    /// Normalisation over sets of a value `(outer, places, groups, size)`.
    fn normalization(
        &mut self,
        node: &str,
        x: Value,
        name: &str,
        layout: [usize; 4],
        centred: bool,
        spec: NormSpec,
    ) -> Result<Value, AutodiffError> {
        let ValueInfo { slot, shape } = self.info(node, x)?.clone();
        let NormSpec { epsilon, scale, shift } = spec;
        // In single precision too, so that a constant input does not give a NaN there.
        let positive = epsilon as f32 > 0.0 && (epsilon as f32).is_finite();
        if !positive || layout.contains(&0) {
            let expected = "positive sizes, and a positive and finite epsilon".into();
            let found = format!("an input of shape {shape:?} with {spec:?}");
            return Err(AutodiffError::Graph { node: node.to_owned(), found, expected });
        }
        let op = Normalization { layout, centred, epsilon, scale, shift };
        self.push_layer(node, name, Op::Normalization(op), vec![slot], shape)
    }

    /// `(x − mean) / deviation` for each channel, the last axis: the normalisation of inputs, with constants.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the arrays do not have one number for each channel, or a quotient is not
    /// finite.
    pub fn normalize(&mut self, x: Value, mean: &[f64], deviation: &[f64]) -> Result<Value, AutodiffError> {
        let a: Vec<f64> = deviation.iter().map(|d| 1.0 / d).collect();
        let b = a.iter().zip(mean).map(|(a, mean)| -mean * a).collect();
        let found = format!("{} means and {} deviations", mean.len(), deviation.len());
        self.channel_affine("normalize", x, (mean.len() == deviation.len()).then_some([a, b]), found)
    }

    /// `scale · x + shift` with constants for each channel, the last axis.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the arrays do not have one number for each channel, or a number is not finite.
    pub fn affine(&mut self, x: Value, scale: &[f64], shift: &[f64]) -> Result<Value, AutodiffError> {
        let found = format!("{} factors and {} shifts", scale.len(), shift.len());
        let affine = (scale.len() == shift.len()).then(|| [scale.to_vec(), shift.to_vec()]);
        self.channel_affine("affine", x, affine, found)
    }

    /// Batch normalisation in evaluation mode: its statistics and parameters are constants.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Graph`] if the arrays do not have one number for each channel, the last axis, or
    /// `variance + epsilon` is not positive.
    pub fn batch_norm(&mut self, x: Value, norm: &BatchNorm) -> Result<Value, AutodiffError> {
        let affine = norm.affine().ok_or_else(|| norm.error("batch_norm"))?;
        let found = format!("statistics of {} channels", norm.scale.len());
        self.channel_affine("batch_norm", x, Some(affine), found)
    }

    fn channel_affine(
        &mut self,
        node: &str,
        x: Value,
        affine: Option<[Vec<f64>; 2]>,
        found: String,
    ) -> Result<Value, AutodiffError> {
        let ValueInfo { slot, shape } = self.info(node, x)?.clone();
        let channels = shape.last().copied().unwrap_or(0);
        let fits = |[a, b]: &[Vec<f64>; 2]| {
            channels > 0 && a.len() == channels && a.iter().chain(b).all(|number| number.is_finite())
        };
        let Some([scale, shift]) = affine.filter(fits) else {
            let (node, found) = (node.to_owned(), format!("an input of shape {shape:?} with {found}"));
            let expected = "one number for each channel, and finite quotients".into();
            return Err(AutodiffError::Graph { node, found, expected });
        };
        let op = ChannelAffine { scale: scale.into(), shift: shift.into() };
        Ok(self.push(Op::ChannelAffine(op), vec![slot], shape))
    }
}
