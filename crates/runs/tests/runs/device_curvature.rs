//! Conjugate gradients and eigenvalues with the curvature of a model on an emulated device, compared with the CPU's.

use super::device_training::device;
use minima_autodiff::{Batch, Model};
use minima_cuda::CudaEngine;
use minima_cuda::engine::{DeviceGaussNewton, DeviceHessian};
use minima_curvature::{
    CgOptions, EigenOptions, Ggn, GgnVariant, Hessian, Objective, OperatorExt, conjugate_gradient, top_eigenpairs,
};
use minima_network::NetworkSpec;
use minima_rng::Key;
use ndarray::Array2;
use std::sync::Arc;

/// Roundings of single precision, amplified by the condition of the damped matrix.
const TOLERANCE: f64 = 1e-3;

#[test]
fn solutions_and_eigenvalues_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    let options = [("width", 8), ("hidden", 8), ("depth", 1), ("heads", 2)];
    let spec = NetworkSpec::named("vit", &options).unwrap().with_input([8, 8, 1]).with_classes(3);
    let graph = Arc::new(spec.graph().unwrap());
    let params: Vec<f32> = graph.init(1);
    let images = Array2::from_shape_vec((6, 64), Key::new(2).uniform(6 * 64)).unwrap();
    let labels = [0, 1, 2, 0, 1, 2];

    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels).unwrap()).unwrap();
    let (ggn, hessian) = (Ggn::new(&objective, GgnVariant::Mean).unwrap(), Hessian::new(&objective));
    let engine = CudaEngine::new(device, Arc::clone(&graph)).unwrap();
    let model = engine.model(Model::new(Arc::clone(&graph), params.clone()).unwrap()).unwrap();
    let point = model.curvature_point(images.view(), &labels).unwrap();

    let gradient = objective.gradient().unwrap();
    let solve = |a: &dyn minima_curvature::SymmetricOperator<f32>| {
        conjugate_gradient(&a.damped(0.1), &gradient, &CgOptions::default(), None, None).unwrap().x
    };
    let (expected, found) = (solve(&ggn), solve(&DeviceGaussNewton::new(&point, GgnVariant::Mean).unwrap()));
    let apart: f64 = expected.iter().zip(&found).map(|(e, f)| f64::from(e - f).powi(2)).sum();
    let size: f64 = expected.iter().map(|&e| f64::from(e).powi(2)).sum();
    assert!((apart / size).sqrt() < TOLERANCE, "{}", (apart / size).sqrt());

    let top = |a: &dyn minima_curvature::SymmetricOperator<f32>| {
        top_eigenpairs(&a, 1, &EigenOptions::default()).unwrap().remove(0).value
    };
    let (expected, found) = (top(&hessian), top(&DeviceHessian(&point)));
    assert!((expected - found).abs() < TOLERANCE * expected.abs(), "{expected} {found}");
}
