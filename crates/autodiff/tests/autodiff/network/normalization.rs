//! Layer, group, instance and root-mean-square normalisation.

use super::agreement::assert_close;
use super::{derivatives, draw};
use minima_autodiff::{AutodiffError, Conv2dSpec, Graph, GraphBuilder, NormSpec, Structure, Value};
use ndarray::{Array1, Array2};

type Added = Result<Value, AutodiffError>;

/// A normalisation of a value, added to a builder.
type Norm = fn(&mut GraphBuilder, Value, NormSpec) -> Added;

fn layer(g: &mut GraphBuilder, x: Value, spec: NormSpec) -> Added {
    g.layer_norm(x, "Norm", spec)
}

fn layer_over_two(g: &mut GraphBuilder, x: Value, spec: NormSpec) -> Added {
    g.layer_norm_over(x, "Norm", 2, spec)
}

fn groups<const G: usize>(g: &mut GraphBuilder, x: Value, spec: NormSpec) -> Added {
    g.group_norm(x, "Norm", G, spec)
}

fn rms(g: &mut GraphBuilder, x: Value, spec: NormSpec) -> Added {
    g.rms_norm(x, "Norm", spec)
}

/// Only a normalisation of the input.
fn alone(shape: &[usize], norm: Norm, spec: NormSpec) -> Graph {
    let mut g = GraphBuilder::new(shape);
    let x = g.input();
    let y = norm(&mut g, x, spec).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

/// A normalisation between two layers with parameters.
fn between(shape: &[usize], norm: Norm, spec: NormSpec) -> Graph {
    let mut g = GraphBuilder::new(shape);
    let dense = minima_autodiff::DenseSpec::new(shape[shape.len() - 1]);
    let y = g.dense_on_last_axis(g.input(), "Dense_0", &dense).unwrap();
    let y = norm(&mut g, y, spec).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_1", 3).unwrap();
    g.finish(y).unwrap()
}

const DEFAULT: NormSpec = NormSpec { epsilon: 1e-6, scale: true, shift: true };
/// A normalisation of two numbers is nearly constant. A large epsilon keeps its derivatives away from rounding.
const LARGE: NormSpec = NormSpec { epsilon: 0.1, ..DEFAULT };
const SCALE_ONLY: NormSpec = NormSpec { shift: false, ..DEFAULT };

/// What is normalised, the shape, the operation, its options and Flax's values.
type OfFlax = (&'static str, &'static [usize], Norm, NormSpec, [f64; 24]);

/// By Flax 0.12 in double precision, with `x = sin(1.7 * arange(24)) * 2 + 0.3`, `scale = 1 + 0.1 * arange(6)`,
/// `bias = 0.2 - 0.1 * arange(6)`, and `nn.LayerNorm(dtype=float64, use_fast_variance=False)` on `(4, 6)`, with
/// `reduction_axes=(-2, -1)` on `(2, 2, 6)`, `nn.GroupNorm(num_groups=3)` and `num_groups=6` on `(2, 2, 6)`, and
/// `nn.RMSNorm()` on `(4, 6)`.
#[rustfmt::skip]
const OF_FLAX: [OfFlax; 5] = [
    (
        "layer norm",
        &[4, 6],
        layer,
        DEFAULT,
        [
            -0.08005820506416478,
            1.4538833400112645,
            -0.8032686123261009,
            -2.297770638111675,
            0.4618546660751392,
            1.1047277168980014,
            -0.5838819504607873,
            -0.6225558260872232,
            1.9664687174090323,
            1.0962104832391242,
            -1.8663716067150622,
            -0.19180428708431985,
            1.4490033301121499,
            -0.2098531065371472,
            -1.7684037117911056,
            0.37343354752445895,
            1.3155996987042944,
            -1.7105996899227491,
            -0.8663159092013073,
            1.1635278846250747,
            0.7633874189018015,
            -1.8053254006640334,
            -0.8707924385810357,
            1.581363631765011,
        ],
    ),
    (
        "layer norm of two axes",
        &[2, 2, 6],
        layer_over_two,
        DEFAULT,
        [
            0.20856585100152378,
            1.7205218005125964,
            -0.44262559596333406,
            -1.8664566714885955,
            0.8336827104032012,
            1.4818327930935125,
            -0.8251115591881792,
            -0.8948284944012366,
            1.5330021751453808,
            0.6728895431806086,
            -2.175913418072502,
            -0.6172465888280066,
            1.46090550898851,
            -0.17952574816756126,
            -1.720677906045465,
            0.40068057044234834,
            1.3346477917165527,
            -1.6591302727818598,
            -0.9011635977710473,
            1.1465063125497832,
            0.7410371741763001,
            -1.8536681702440647,
            -0.9117460692960866,
            1.5622602389672466,
        ],
    ),
    (
        "group norm",
        &[2, 2, 6],
        groups::<3>,
        DEFAULT,
        [
            0.09150880094257341,
            1.5333020934148727,
            -0.2420177947777921,
            -1.6112542364562226,
            0.5044520305375928,
            1.114413330497846,
            -0.9046627718545219,
            -0.9871531192239741,
            1.6754634012259715,
            0.8533540708257648,
            -2.4396588653572846,
            -0.938992580412011,
            1.5145710768923313,
            -0.18943184970409974,
            -1.4741039114240309,
            0.7831324979514362,
            1.2835275735456126,
            -1.8852815643378966,
            -0.9452086350734619,
            1.1914535575155887,
            1.1076703929192242,
            -1.5811620942596327,
            -1.0910499093631238,
            1.5199277827919209,
        ],
    ),
    (
        "instance norm",
        &[2, 2, 6],
        groups::<6>,
        DEFAULT,
        [
            0.3524704642957587,
            1.3331836689635137,
            -0.4992810252543946,
            -1.4158726334023128,
            0.7145396134278252,
            0.933992149306462,
            -0.6437911558496372,
            -1.378405125375789,
            1.3824345643635392,
            1.2374738925481468,
            -2.149419263708559,
            -1.2468273821223275,
            1.7756613757014108,
            -0.5201902899804334,
            -1.7083857915889566,
            1.1618747939480305,
            1.4724051953489408,
            -2.251833497843044,
            -0.6843406841475326,
            0.9654117463927085,
            0.825232252479812,
            -1.3834760530938648,
            -0.8375255450682071,
            1.36466873065891,
        ],
    ),
    (
        "root-mean-square norm",
        &[4, 6],
        rms,
        SCALE_ONLY,
        [
            0.20370217699789164,
            1.7054371201343899,
            -0.17199161796497692,
            -1.369637877721419,
            1.224601390696524,
            1.932088896958494,
            -0.8523369603465991,
            -0.7982029896981513,
            1.8771096757414978,
            1.101722576668595,
            -1.7607970005736207,
            0.0023273501603928597,
            1.5038407394691378,
            0.059510169360386465,
            -1.2898190436090098,
            0.8655519606059874,
            1.884694075549602,
            -0.854670235925999,
            -0.7534084711476549,
            1.3230623541074868,
            1.061538078215228,
            -1.286465367178824,
            -0.2638414336415374,
            2.2189546712021926,
        ],
    ),
];

#[test]
fn agrees_with_flax() {
    for (what, shape, norm, spec, expected) in OF_FLAX {
        let graph = alone(shape, norm, spec);
        let mut params: Vec<f64> = (0..6).filter(|_| spec.shift).map(|c| 0.2 - 0.1 * f64::from(c)).collect();
        params.extend((0..6).map(|c| 1.0 + 0.1 * f64::from(c)));
        let images = Array2::from_shape_fn((17, 24), |(_, i)| (1.7 * i as f64).sin() * 2.0 + 0.3);
        for row in graph.logits(&params, images.view()).unwrap().outer_iter() {
            assert_close(what, row, &expected, 1e-14);
        }
    }
}

/// Shapes with one row, one channel, one pixel, and with numbers that are no multiples of anything.
const CASES: [(&str, &[usize], Norm, NormSpec); 15] = [
    ("layer norm of a vector", &[7], layer, DEFAULT),
    ("layer norm of rows", &[3, 5], layer, DEFAULT),
    ("layer norm of one row", &[1, 4], layer, DEFAULT),
    ("layer norm of one channel", &[3, 1], layer, DEFAULT),
    ("layer norm of an image", &[2, 3, 5], layer, DEFAULT),
    ("layer norm of two axes", &[2, 3, 2], layer_over_two, DEFAULT),
    ("group norm of an image", &[2, 3, 4], groups::<2>, DEFAULT),
    ("group norm of tokens", &[5, 6], groups::<3>, DEFAULT),
    ("group norm of one pixel", &[1, 1, 6], groups::<2>, LARGE),
    ("group norm of one group", &[2, 2, 3], groups::<1>, DEFAULT),
    ("instance norm", &[3, 2, 3], groups::<3>, DEFAULT),
    ("instance norm of one pixel", &[1, 1, 3], groups::<3>, LARGE),
    ("root-mean-square norm", &[3, 5], rms, DEFAULT),
    ("root-mean-square norm of one channel", &[2, 1], rms, LARGE),
    ("root-mean-square norm without a shift", &[2, 3], rms, SCALE_ONLY),
];

#[test]
fn derivatives_of_every_kind() {
    for (what, shape, norm, spec) in CASES {
        for (place, graph) in [("alone", alone(shape, norm, spec)), ("between", between(shape, norm, spec))] {
            let images = draw::matrix(6, (33, graph.features()));
            derivatives::check_within(1e-7, &format!("{what}, {place}"), &graph, &draw::params(&graph, 5), &images);
        }
    }
}

#[test]
fn derivatives_with_and_without_parameters() {
    for (scale, shift) in [(false, false), (false, true), (true, false), (true, true)] {
        let spec = NormSpec { scale, shift, ..DEFAULT };
        for (kind, norm) in [("layer", layer as Norm), ("group", groups::<2>)] {
            let what = format!("{kind}, scale {scale}, shift {shift}");
            for graph in [alone(&[2, 4], norm, spec), between(&[2, 4], norm, spec)] {
                let images = draw::matrix(8, (33, graph.features()));
                derivatives::check_within(1e-7, &what, &graph, &draw::params(&graph, 7), &images);
            }
        }
    }
}

/// ReLU in place after a normalisation, inputs with several readers, and convolutions on both sides.
#[test]
fn derivatives_within_a_residual_block() {
    let mut g = GraphBuilder::new(&[3, 4, 2]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(4, 3)).unwrap();
    let y = g.group_norm(x, "GroupNorm_0", 2, DEFAULT).unwrap();
    let y = g.relu(y);
    let y = g.conv2d(y, "Conv_1", Conv2dSpec::same(4, 3)).unwrap();
    let z = g.layer_norm(x, "LayerNorm_0", DEFAULT).unwrap();
    let y = g.add(x, y).unwrap();
    let y = g.add(z, y).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 3).unwrap();
    let graph = g.finish(y).unwrap();
    assert_eq!(graph.layers().iter().filter(|layer| layer.rectified).count(), 1);
    assert_eq!(graph.structure(), Structure::Smooth);
    let images = draw::matrix(9, (33, graph.features()));
    derivatives::check_within(1e-7, "a residual block", &graph, &draw::params(&graph, 9), &images);
}

#[test]
fn per_sample_gradients_are_the_gradients_of_single_images() {
    let graph = between(&[3, 4], groups::<2>, DEFAULT);
    let (params, images) = (draw::params(&graph, 3), draw::matrix(4, (17, 12)));
    let w = draw::matrix(5, (17, 3));
    let at = graph.linearize(&params, images.view()).unwrap();
    let rows = at.per_sample_gradients(w.view()).unwrap();
    for (i, row) in rows.outer_iter().enumerate() {
        let image = images.row(i).insert_axis(ndarray::Axis(0));
        let alone = graph.linearize(&params, image).unwrap();
        let expected = alone.vjp(w.row(i).insert_axis(ndarray::Axis(0))).unwrap();
        assert_close(&format!("image {i}"), row, &expected, 1e-13);
    }
    assert_close("sum", &at.vjp(w.view()).unwrap(), &rows.sum_axis(ndarray::Axis(0)), 1e-13);
    let transposed = at.transposed_jacobian().unwrap().into_inner();
    assert_close("kernel", &at.kernel().unwrap(), &transposed.t().dot(&transposed), 1e-12);
}

#[test]
fn parameters_are_named_and_start_as_in_flax() {
    let graph = between(&[2, 3], layer, DEFAULT);
    let named: Vec<_> = graph.parameters().iter().map(|p| (p.name.as_str(), &p.shape[..])).collect();
    assert_eq!(named[2..4], [("Norm.bias", &[3][..]), ("Norm.scale", &[3])]);
    let params = graph.init::<f64>(1);
    assert!(graph.view(&params, "Norm.bias").unwrap().iter().all(|&x| x == 0.0));
    assert!(graph.view(&params, "Norm.scale").unwrap().iter().all(|&x| x == 1.0));
    let (shift, scale) = (graph.parameters()[2].range.clone(), graph.parameters()[3].range.clone());
    assert_eq!(graph.elementwise_parameters(), std::slice::from_ref(&(shift.start..scale.end)));
    let without = between(&[2, 3], layer, NormSpec { scale: false, shift: false, ..DEFAULT });
    assert!(without.elementwise_parameters().is_empty());
}

/// The difference of the mean square and the squared mean would have no correct digit here.
#[test]
fn a_large_mean_does_not_spoil_the_variance_in_single_precision() {
    let graph = alone(&[64], layer, DEFAULT);
    let images = draw::matrix(3, (5, 64)).mapv(|x| (3000.0 + x) as f32);
    let found = graph.logits(&graph.init::<f32>(1), images.view()).unwrap().mapv(f64::from);
    let expected = graph.logits(&graph.init::<f64>(1), images.mapv(f64::from).view()).unwrap();
    // The inputs' deviations have 12 bits less than a single-precision number.
    assert_close("x + 3000", &found, &expected, 1e-3);
}

#[test]
fn a_constant_input_is_normalised_to_the_shift() {
    let graph = alone(&[2, 4], layer, DEFAULT);
    let params = [1.0_f32, 2.0, 3.0, 4.0, 9.0, 9.0, 9.0, 9.0];
    let found = graph.logits(&params, Array2::from_elem((2, 8), 5.0).view()).unwrap();
    assert_eq!(found.row(1), Array1::from(vec![1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]));
}

#[test]
fn what_does_not_fit_is_refused() {
    let add = |shape: &[usize], norm: Norm, spec| {
        let mut g = GraphBuilder::new(shape);
        let x = g.input();
        norm(&mut g, x, spec).unwrap_err().to_string()
    };
    let epsilon = |epsilon| NormSpec { epsilon, ..DEFAULT };
    for spec in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-60].map(epsilon) {
        let message = add(&[4], layer, spec);
        assert!(message.contains("layer_norm Norm") && message.contains("positive"), "{message}");
    }
    for (shape, norm) in [(&[3, 0][..], layer as Norm), (&[0, 3], groups::<3>), (&[], rms), (&[0], rms)] {
        let message = add(shape, norm, DEFAULT);
        assert!(message.contains("Norm") && message.contains("positive"), "{message}");
    }
    assert!(add(&[5, 4], groups::<3>, DEFAULT).contains("groups that divide"));
    assert!(add(&[5, 4], groups::<0>, DEFAULT).contains("groups that divide"));
    assert!(add(&[], groups::<1>, DEFAULT).contains("groups that divide"));
    assert!(add(&[5], layer_over_two, DEFAULT).contains("axes"));
    assert!(add(&[], layer, DEFAULT).contains("axes"));
    let mut g = GraphBuilder::new(&[4]);
    assert!(g.layer_norm_over(g.input(), "Norm", 0, DEFAULT).is_err());
    let y = g.layer_norm(g.input(), "Norm", DEFAULT).unwrap();
    assert!(g.rms_norm(y, "Norm", DEFAULT).unwrap_err().to_string().contains("second layer"));
    let mut other = GraphBuilder::new(&[4]);
    assert!(other.layer_norm(y, "Norm", DEFAULT).unwrap_err().to_string().contains("another graph"));
}
