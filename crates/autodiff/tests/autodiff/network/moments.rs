//! Second moments of layers, from the layers' inputs and cotangents.

use super::agreement::assert_close;
use super::draw;
use minima_autodiff::{LayerBasis, LayerPairs, Linearization, Term};
use ndarray::{Array2, ArrayView2, Axis};

/// Sums of some thousand products, each rounded at 1e-16.
const ROUNDING: f64 = 1e-12;

/// One image's columns of a side.
fn of_image(side: &Array2<f64>, places: usize, image: usize) -> Array2<f64> {
    let images = side.ncols() / places;
    side.select(Axis(1), &(0..places).map(|place| place * images + image).collect::<Vec<_>>())
}

/// `Σ x xᵀ` over the columns of a side, or over the images' sums of columns.
fn second_moment(side: &Array2<f64>, places: usize, terms: Term) -> Array2<f64> {
    match terms {
        Term::Place => side.dot(&side.t()),
        Term::Image => {
            let sums = (0..side.ncols() / places).map(|image| of_image(side, places, image).sum_axis(Axis(1)));
            sums.fold(Array2::zeros((side.nrows(), side.nrows())), |sum, x| {
                let x = x.insert_axis(Axis(1));
                sum + x.dot(&x.t())
            })
        }
    }
}

/// Compares all moments at a linearization with products of its layer pairs.
pub(super) fn check(name: &str, at: &Linearization<'_, f64>, w: ArrayView2<'_, f64>) {
    let (pairs, layers) = (at.layer_pairs(w).unwrap(), at.graph().matrix_layers().unwrap());
    assert_eq!(pairs.len(), layers.len(), "{name}");
    for (pairs, layer) in pairs.iter().zip(&layers) {
        let LayerPairs { params, columns, places, inputs, .. } = pairs;
        assert_eq!(
            (&layer.params, &layer.columns, layer.places, layer.rows),
            (params, columns, *places, inputs.nrows())
        );
    }
    for terms in [Term::Place, Term::Image] {
        let (inputs, cotangents) = (at.input_moments(terms).unwrap(), at.cotangent_moments(w, terms).unwrap());
        for ((pairs, inputs), cotangents) in pairs.iter().zip(&inputs).zip(&cotangents) {
            let expected = [&pairs.inputs, &pairs.cotangents].map(|side| second_moment(side, pairs.places, terms));
            assert_close(name, inputs, &expected[0], ROUNDING);
            assert_close(name, cotangents, &expected[1], ROUNDING);
            assert_eq!((inputs.t(), cotangents.t()), (inputs.view(), cotangents.view()), "{name}");
        }
    }
    // Any matrices are bases here.
    let bases: Vec<[Array2<f64>; 2]> = (10..)
        .zip(&layers)
        .map(|(seed, of)| [of.rows, of.columns.len()].map(|order| draw::matrix(seed, (order, order))))
        .collect();
    let views: Vec<LayerBasis<'_, f64>> =
        bases.iter().map(|[input, output]| LayerBasis { input: input.view(), output: output.view() }).collect();
    let moments = at.gradient_moments(w, &views).unwrap();
    for ((pairs, moments), [input, output]) in pairs.iter().zip(&moments).zip(&bases) {
        let mut expected = Array2::zeros(moments.dim());
        for image in 0..at.images() {
            let [a, d] = [&pairs.inputs, &pairs.cotangents].map(|side| of_image(side, pairs.places, image));
            expected += &input.t().dot(&a.dot(&d.t())).dot(output).mapv(|g| g * g);
        }
        assert_close(name, moments, &expected, ROUNDING);
    }
    assert!(at.gradient_moments(w, &views[1..]).is_err());
}
