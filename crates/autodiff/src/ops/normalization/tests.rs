//! What passes share has the same bits as what each computes by itself.

use super::Normalization;
use crate::lane::{LANES, Lane};
use crate::ops::{At, Finish, Operation, Output, Parametrised, Scratch, Write, gate};

/// Numbers of both signs, with different sums in every lane.
fn numbers(len: usize, seed: usize) -> Vec<Lane<f32>> {
    let number = |i: usize, s: usize| (((i * 31 + s * 17 + seed * 7) % 101) as f32 - 50.0) / (7.0 + s as f32);
    (0..len).map(|i| Lane(std::array::from_fn(|s| number(i, s)))).collect()
}

/// Group norms whose groups are in one piece of registers and in several, with long sums, and layer norms.
fn normalizations() -> impl Iterator<Item = Normalization> {
    let layouts =
        [[1, 37, 2, 8], [1, 32, 1, 4], [1, 18, 3, 5], [1, 33, 2, 16], [7, 1, 1, 37], [3, 1, 1, 16], [2, 5, 1, 3]];
    let parameters = [(true, true), (true, false), (false, true)];
    layouts.into_iter().flat_map(move |layout| {
        parameters.into_iter().map(move |(scale, shift)| {
            let centred = layout[0] != 3;
            Normalization { layout, centred, epsilon: 1e-5, scale, shift }
        })
    })
}

#[test]
fn handed_sums_are_the_sums_of_the_inputs_cotangent() {
    for op in normalizations() {
        let len = op.layout.iter().product();
        let count = op.channels() * (usize::from(op.scale) + usize::from(op.shift));
        let params: Vec<f32> = numbers(count, 1).iter().map(|lane| lane.0[3]).collect();
        let (x, dy) = (numbers(len, 2), numbers(len, 3));
        let (mut y, mut memo) = (numbers(len, 4), vec![Lane::zero(); op.memo()]);
        let scratch = &mut Scratch::default();
        let finish = Finish { residual: None, rectified: true };
        op.forward_finished(&params, &[&x], Output { y: &mut y, memo: &mut memo, finish }, scratch);
        let mut gated = dy.clone();
        gate(&y, &mut gated);
        let inputs = [&x[..]];
        let at = |rectified| At { params: &params, x: &inputs, y: &y, memo: &memo, rectified };
        // One after another: the gate, the parameter gradient, and the input's cotangent with sums of its own.
        let (mut gradients, mut dx) = (vec![Lane::zero(); count], numbers(len, 5));
        op.per_sample_gradients(&at(false), &gated, &mut gradients, scratch);
        assert!(scratch.handed.sums().is_none(), "nobody has asked for the sums");
        op.vjp_input(&at(false), 0, &gated, &mut dx, Write::Add, scratch);
        // All in the same passes.
        let (mut shared_gradients, mut shared) = (vec![Lane::zero(); count], numbers(len, 5));
        scratch.handed.open();
        op.per_sample_gradients(&at(true), &dy, &mut shared_gradients, scratch);
        assert!(scratch.handed.sums().is_some(), "{op:?}");
        op.vjp_input(&at(true), 0, &dy, &mut shared, Write::Add, scratch);
        scratch.handed.close();
        assert_eq!(bits(&gradients), bits(&shared_gradients), "{op:?}");
        assert_eq!(bits(&dx), bits(&shared), "{op:?}");
    }
}

#[test]
fn a_finished_output_is_the_output_and_then_the_sum_and_the_rectifier() {
    for op in normalizations() {
        let len = op.layout.iter().product();
        let count = op.channels() * (usize::from(op.scale) + usize::from(op.shift));
        let params: Vec<f32> = numbers(count, 1).iter().map(|lane| lane.0[3]).collect();
        let (x, residual) = (numbers(len, 2), numbers(len, 3));
        let scratch = &mut Scratch::default();
        for (residual, rectified) in [(None, true), (Some(&residual[..]), false), (Some(&residual[..]), true)] {
            let finish = Finish { residual, rectified };
            let (mut y, mut apart, mut memo) = (numbers(len, 4), numbers(len, 5), vec![Lane::zero(); op.memo()]);
            op.forward_finished(&params, &[&x], Output { y: &mut y, memo: &mut memo, finish }, scratch);
            op.forward(&params, &[&x], &mut apart, scratch);
            finish.apply(&mut apart);
            assert_eq!(bits(&y), bits(&apart), "{op:?}");
        }
    }
}

fn bits(lanes: &[Lane<f32>]) -> Vec<[u32; LANES]> {
    lanes.iter().map(|lane| lane.0.map(f32::to_bits)).collect()
}
