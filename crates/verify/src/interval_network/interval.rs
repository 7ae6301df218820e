//! A value of a network as an interval: two values of the interval network.

use minima_autodiff::{AutodiffError, GraphBuilder, Value};

/// What the two values of an interval are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The centre and the radius.
    Centred,
    /// The lower and the upper end.
    Ends,
}

/// An interval of each feature: `scale` times the numbers of two values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) form: Form,
    pub(super) pair: [Value; 2],
    pub(super) scale: f64,
}

/// `factor · x`.
fn multiple(g: &mut GraphBuilder, x: Value, factor: f64) -> Result<Value, AutodiffError> {
    let channels = g.shape(x).last().copied().unwrap_or(0);
    g.affine(x, &vec![factor; channels], &vec![0.0; channels])
}

impl Interval {
    /// The interval in this form. Its scale may change, so that no factor ½ costs an operation.
    pub(super) fn to(self, form: Form, g: &mut GraphBuilder) -> Result<Self, AutodiffError> {
        let Self { pair: [first, second], scale, .. } = self;
        match (self.form, form) {
            (Form::Centred, Form::Ends) => {
                let minus = multiple(g, second, -1.0)?;
                Ok(Self { form, pair: [g.add(first, minus)?, g.add(first, second)?], scale })
            }
            (Form::Ends, Form::Centred) => {
                let minus = multiple(g, first, -1.0)?;
                Ok(Self { form, pair: [g.add(second, first)?, g.add(second, minus)?], scale: 0.5 * scale })
            }
            _ => Ok(self),
        }
    }

    /// The interval in the same form with another scale.
    pub(super) fn with_scale(self, scale: f64, g: &mut GraphBuilder) -> Result<Self, AutodiffError> {
        if self.scale == scale {
            return Ok(self);
        }
        let [first, second] = self.pair;
        let factor = self.scale / scale;
        Ok(Self { pair: [multiple(g, first, factor)?, multiple(g, second, factor)?], scale, ..self })
    }

    /// The interval whose values are a function of both values, in the same form and with the same scale.
    pub(super) fn map(
        self,
        mut function: impl FnMut(Value) -> Result<Value, AutodiffError>,
    ) -> Result<Self, AutodiffError> {
        let [first, second] = self.pair;
        Ok(Self { pair: [function(first)?, function(second)?], ..self })
    }
}
