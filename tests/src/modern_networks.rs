//! A vision transformer and a residual network with group norm, compared with Flax in double precision.
//!
//! The parameters are `θ = init + 0.02 sin(1 + 0.37 k + len(name))` with Flax's initial weights of seed 42 and the index k in a
//! tensor; the direction is `v = cos(0.11 k + len(name))`. The golden files hold, for each tensor t, the projections
//! `Σ_k t[k] cos(0.7 (j + 1) k + j)` for j = 0, 1, 2, and its norm. They hold one channel of the images.

use crate::golden::{Golden, relative_error};
use crate::property::Held;
use minima_autodiff::softmax_cross_entropy::gradient_into;
use minima_autodiff::{Batch, Graph};
use minima_curvature::{Ggn, GgnVariant, Hessian, Jacobian, LinearOperator, Objective};
use minima_network::NetworkSpec;
use ndarray::Array2;
use std::error::Error;
use std::path::PathBuf;

/// The largest tensor that the reference stores in double precision.
const STORED_IN_DOUBLE: usize = 4096;
/// The largest relative error of a tensor that the reference stores in single precision.
const SINGLE: f64 = 2e-6;

/// A network with golden values.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Its name, and the name of its golden files.
    pub name: &'static str,
    /// The name of the file with all initial weights.
    weights: &'static str,
    /// The channels of a pixel, as multiples of the grey value in the golden file.
    channels: &'static [f64],
}

/// The vision transformer.
pub const VIT: Reference = Reference { name: "vit", weights: "vit_init_seed42", channels: &[1.0] };
/// The residual network.
pub const RESNET: Reference =
    Reference { name: "resnet20", weights: "resnet20_gn_init_seed42", channels: &[1.0, 0.7, 0.4] };

impl Reference {
    /// The network.
    ///
    /// # Errors
    /// Returns an error if its description is wrong.
    pub fn graph(&self) -> Result<Graph, Box<dyn Error>> {
        Ok(NetworkSpec::named(self.name, &[])?.graph()?)
    }

    /// All of Flax's initial weights, from the folder of the variable MINIMA_GOLDEN, or else from `shared/golden/modern` beside
    /// the workspace. `None` if the file is missing.
    #[must_use]
    pub fn full_weights(&self) -> Option<PathBuf> {
        let beside = [env!("CARGO_MANIFEST_DIR"), "../../shared/golden/modern"].iter().collect();
        let folder: PathBuf = std::env::var_os("MINIMA_GOLDEN").map_or(beside, PathBuf::from);
        let path = folder.join(format!("{}.safetensors", self.weights));
        path.is_file().then_some(path)
    }

    /// Compares the initial weights with Flax's.
    ///
    /// # Errors
    /// Returns an error that describes the first difference.
    pub fn has_initial_weights(&self) -> Held {
        let graph = self.graph()?;
        let golden = Golden::load(&format!("{}_init_seed42.safetensors", self.name))?;
        let params: Vec<f64> = graph.init(42);
        for spec in graph.parameters() {
            let found = projections(params.get(spec.range.clone()).unwrap_or_default());
            for (found, expected) in found.iter().zip(golden.numbers(&spec.name)?) {
                // A projection sums numbers of which nearly all agree to the last bit, and all to 1e-6.
                if (found - expected).abs() > 1e-6 {
                    return Err(format!("{} {}: {found} against {expected}", self.name, spec.name).into());
                }
            }
        }
        Ok(())
    }

    /// Compares logits and derivatives up to second order at given initial weights. Where the reference is in double precision,
    /// the largest relative error is `tolerance`.
    ///
    /// # Errors
    /// Returns an error that describes the first difference.
    pub fn has_derivatives(&self, initial: Vec<f64>, tolerance: f64) -> Held {
        let graph = self.graph()?;
        let golden = Golden::load(&format!("{}_f64.safetensors", self.name))?;
        let mut theta = initial;
        move_each(&graph, &mut theta, |k, len| 0.02 * (1.0 + 0.37 * k + len).sin());
        let mut v = vec![0.0; theta.len()];
        move_each(&graph, &mut v, |k, len| (0.11 * k + len).cos());
        let labels: Vec<usize> =
            golden.integers("labels")?.into_iter().map(usize::try_from).collect::<Result<_, _>>()?;
        let pixels = golden.numbers("images")?.into_iter();
        let images = pixels.flat_map(|pixel| self.channels.iter().map(move |channel| channel * pixel)).collect();
        let images = Array2::from_shape_vec((labels.len(), graph.features()), images)?;
        let objective = Objective::of_batch(&graph, &theta, Batch::new(images.view(), &labels)?)?;

        let close = |what: &str, error: f64, tolerance: f64| -> Held {
            // Written so that NaN is an error.
            if error <= tolerance {
                return Ok(());
            }
            Err(format!("{} {what}: relative error {error:.1e}, tolerance {tolerance:.1e}", self.name).into())
        };
        let whole = |what: &str, found: Vec<f64>| -> Held {
            let error = relative_error(&found, &golden.numbers(what)?);
            println!("{} {what}: {error:.1e}", self.name);
            close(what, error, tolerance)
        };
        whole("logits", graph.logits(&theta, images.view())?.into_iter().collect())?;
        whole("jv", Jacobian::new(&objective).apply(&v)?)?;

        let of_parameters = [
            ("gradient", objective.gradient()?),
            ("gv", Ggn::new(&objective, GgnVariant::Mean)?.apply(&v)?),
            ("hv", Hessian::new(&objective).apply(&v)?),
        ];
        for (product, found) in of_parameters {
            // Some gradients are zero but for rounding: a bias of all keys moves no attention.
            let least = 1e-6 * found.iter().map(|x| x * x).sum::<f64>().sqrt();
            let (mut double, mut single) = (0.0_f64, 0.0_f64);
            for spec in graph.parameters() {
                let what = format!("{product}.{}", spec.name);
                let of_tensor = found.get(spec.range.clone()).unwrap_or_default();
                let error = projected_error(of_tensor, &golden.numbers(&what)?, least);
                if spec.range.len() <= STORED_IN_DOUBLE {
                    double = double.max(error);
                    close(&what, error, tolerance)?;
                } else {
                    single = single.max(error);
                    close(&what, error, SINGLE)?;
                }
            }
            println!("{} {product}: {double:.1e}, and {single:.1e} where the reference is in f32", self.name);
        }

        let cotangent = |i: usize, logits: &[f64], out: &mut [f64]| {
            gradient_into(logits, labels.get(i).copied().unwrap_or(0), 1.0, out);
        };
        let (_, gradients) = graph.logits_and_input_vjp(&theta, images.view(), &cotangent)?;
        for (gradient, expected) in gradients.outer_iter().zip(golden.numbers("input_gradient")?.chunks_exact(4)) {
            close("input gradient", projected_error(&gradient.to_vec(), expected, 0.0), SINGLE)?;
        }
        Ok(())
    }
}

/// The three projections of a tensor, and its norm.
fn projections(tensor: &[f64]) -> [f64; 4] {
    let project = |j: f64| {
        let terms = tensor.iter().enumerate().map(|(k, t)| t * (0.7 * (j + 1.0) * k as f64 + j).cos());
        terms.sum::<f64>()
    };
    [project(0.0), project(1.0), project(2.0), tensor.iter().map(|t| t * t).sum::<f64>().sqrt()]
}

/// The largest difference of the projections and of the norm, relative to the norm or to `least`, whichever is larger.
fn projected_error(found: &[f64], expected: &[f64], least: f64) -> f64 {
    let norm = expected.last().map_or(f64::NAN, |norm| norm.max(least));
    let errors = projections(found).into_iter().zip(expected).map(|(f, e)| (f - e).abs() / norm);
    errors.fold(0.0, |most, error| if error > most || error.is_nan() { error } else { most })
}

/// Adds `f(k, len(name))` to entry k of each tensor.
fn move_each(graph: &Graph, numbers: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    for spec in graph.parameters() {
        for (k, number) in numbers.iter_mut().skip(spec.range.start).take(spec.range.len()).enumerate() {
            *number += f(k as f64, spec.name.len() as f64);
        }
    }
}
