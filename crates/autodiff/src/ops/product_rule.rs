//! The derivative of a vjp along a direction, for an operation that is linear in each input and in its parameters.

use super::{At, Inputs, Operation, Parametrised, Scratch, Tangents, Write};
use crate::Scalar;
use crate::lane::Lane;
use std::ops::Range;

/// Adds the derivative of `(∂f/∂params)ᵀ dy` along the tangents of the inputs, with `dy` fixed.
///
/// The parameters in the ranges `added` are multiplied by no input, so the tangents of the inputs do not reach their
/// gradient.
pub(crate) fn multilinear_parameter_curvature<T: Scalar>(
    op: &dyn Parametrised<T>,
    added: &[Range<usize>],
    at: &At<'_, T>,
    along: &Tangents<'_, T>,
    dy: &[Lane<T>],
    second: &mut [T],
    scratch: &mut Scratch<T>,
) {
    // The gradient is linear in the inputs together: it moves only if all of them do.
    let Some(x) = along.x.iter().copied().collect::<Option<Inputs<'_, T>>>() else { return };
    let kept: Vec<T> = added.iter().flat_map(|range| second[range.clone()].iter().copied()).collect();
    op.vjp_params(&At { x: &x, ..*at }, dy, second, scratch);
    let mut kept = kept.iter();
    for range in added {
        second[range.clone()].iter_mut().zip(kept.by_ref()).for_each(|(to, &from)| *to = from);
    }
}

/// Adds the derivative of `(∂f/∂x[which])ᵀ dy` along the tangents of the parameters and of the other inputs, with `dy`
/// fixed.
pub(crate) fn multilinear_input_curvature<T: Scalar>(
    op: &dyn Operation<T>,
    at: &At<'_, T>,
    along: &Tangents<'_, T>,
    which: usize,
    dy: &[Lane<T>],
    dx_along: &mut [Lane<T>],
    scratch: &mut Scratch<T>,
) {
    if !along.params.is_empty() {
        op.vjp_input(&At { params: along.params, ..*at }, which, dy, dx_along, Write::Add, scratch);
    }
    for (other, &tangent) in along.x.iter().enumerate().filter(|(other, _)| *other != which) {
        if let Some(tangent) = tangent {
            let mut x: Inputs<'_, T> = at.x.iter().copied().collect();
            x[other] = tangent;
            op.vjp_input(&At { x: &x, ..*at }, which, dy, dx_along, Write::Add, scratch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{Factors, KernelForm, ParameterArray, Parameters, SecondOrder};
    use crate::parameter_spec::{Initializer, Role};

    const INPUTS: usize = 3;
    const OUTPUTS: usize = 2;

    /// A dense layer with its arrays in any order.
    struct Affine(Vec<Role>);

    impl Affine {
        /// The ranges of the arrays of one role.
        fn ranges(&self, role: Role) -> Vec<Range<usize>> {
            let mut start = 0;
            let arrays = self.arrays().into_iter().map(|array| {
                let range = start..start + array.len();
                start = range.end;
                (array.role, range)
            });
            arrays.filter(|(of, _)| *of == role).map(|(_, range)| range).collect()
        }
    }

    impl Parameters for Affine {
        fn arrays(&self) -> Vec<ParameterArray> {
            let array = |&role| match role {
                Role::Kernel => ParameterArray::of(role, &[INPUTS, OUTPUTS], Initializer::LecunNormal),
                _ => ParameterArray::of(role, &[OUTPUTS], Initializer::Zeros),
            };
            self.0.iter().map(array).collect()
        }

        fn multiply_adds(&self) -> usize {
            INPUTS * OUTPUTS
        }

        fn kernel_form(&self) -> KernelForm {
            KernelForm::Gradients
        }
    }

    type Lanes = [Lane<f64>];

    impl Operation<f64> for Affine {
        fn second_order(&self) -> SecondOrder<'_, f64> {
            SecondOrder::Multilinear
        }

        fn forward(&self, _: &[f64], _: &[&Lanes], _: &mut Lanes, _: &mut Scratch<f64>) {
            unimplemented!("the product rule needs gradients only")
        }

        fn vjp_input(&self, _: &At<'_, f64>, _: usize, _: &Lanes, _: &mut Lanes, _: Write, _: &mut Scratch<f64>) {
            unimplemented!("the product rule needs gradients only")
        }

        fn jvp(&self, _: &At<'_, f64>, _: &[Option<&Lanes>], _: Option<&[f64]>, _: &mut Lanes, _: &mut Scratch<f64>) {
            unimplemented!("the product rule needs gradients only")
        }
    }

    impl Parametrised<f64> for Affine {
        fn factors(&self) -> Factors<'_, f64> {
            Factors::Diagonal
        }

        fn per_sample_gradients(&self, at: &At<'_, f64>, dy: &Lanes, gradients: &mut Lanes, _: &mut Scratch<f64>) {
            for range in self.ranges(Role::Bias) {
                gradients[range].copy_from_slice(dy);
            }
            for range in self.ranges(Role::Kernel) {
                for (at_weight, g) in gradients[range].iter_mut().enumerate() {
                    *g = at.x[0][at_weight / OUTPUTS].zip(dy[at_weight % OUTPUTS], |x, d| x * d);
                }
            }
        }
    }

    fn lanes(numbers: &[f64]) -> Vec<Lane<f64>> {
        numbers.iter().map(|&x| Lane::splat(x)).collect()
    }

    /// Small whole numbers, so that all sums are exact.
    #[test]
    fn the_product_rule_holds_for_every_order_of_the_arrays() {
        let (x, x_along) = ([1.0, -2.0, 3.0], [5.0, 7.0, -4.0]);
        let (dy, dy_along) = ([2.0, -3.0], [-1.0, 6.0]);
        for roles in [&[Role::Bias, Role::Kernel][..], &[Role::Kernel, Role::Bias], &[Role::Kernel], &[Role::Bias]] {
            let op = Affine(roles.to_vec());
            let len = op.arrays().iter().map(ParameterArray::len).sum();
            let (lanes_x, lanes_along) = (lanes(&x), lanes(&x_along));
            let (inputs, along) = ([&lanes_x[..]], [&lanes_along[..]]);
            let at = At { params: &[], x: &inputs, y: &[], memo: &[], rectified: false };
            let (dy_lanes, dy_along_lanes) = (lanes(&dy), lanes(&dy_along));
            for moving in [false, true] {
                let mut second = vec![10.0; len];
                let scratch = &mut Scratch::default();
                op.vjp_params(&at, &dy_along_lanes, &mut second, scratch);
                let along = Tangents { params: &[], x: &[moving.then_some(along[0])], y: &[] };
                let added = op.ranges(Role::Bias);
                multilinear_parameter_curvature(&op, &added, &at, &along, &dy_lanes, &mut second, scratch);
                let samples = crate::lane::LANES as f64;
                for role in roles {
                    let range = op.ranges(*role).remove(0);
                    for (number, found) in second[range].iter().enumerate() {
                        let (i, o) = (number / OUTPUTS, number % OUTPUTS);
                        let by_input = if moving { x_along[i] * dy[o] } else { 0.0 };
                        let expected = match role {
                            Role::Kernel => x[i] * dy_along[o] + by_input,
                            _ => dy_along[o],
                        };
                        assert_eq!(*found, 10.0 + samples * expected, "{roles:?}, {role:?} {number}, moving: {moving}");
                    }
                }
            }
        }
    }
}
