//! The shared pass of [`FirstOrder`] beside each measurement on its own.

use minima_attacks::{Attack, Ball, Fgsm};
use minima_autodiff::Model;
use minima_metrics::{evaluate, input_gradient_norms, logit_margins};
use minima_network::NetworkSpec;
use minima_runs::FirstOrder;
use ndarray::Array2;
use std::sync::Arc;

const EPSILONS: [f64; 2] = [0.1, 0.01];

/// More images than the metrics evaluate at once.
const IMAGES: usize = 2_050;

fn images() -> (Array2<f32>, Vec<usize>) {
    let pixel = |(i, j): (usize, usize)| ((i * (j + 3) + j * j) % 17) as f32 / 16.0;
    (Array2::from_shape_fn((IMAGES, 64), pixel), (0..IMAGES).map(|i| i % 10).collect())
}

#[test]
fn a_shared_pass_changes_no_number() {
    let (images, labels) = images();
    // Convolutions with ReLU, residual blocks with group norm, and attention.
    for (name, options) in [("paper-cnn", &[][..]), ("resnet20", &[("width", 8)]), ("vit", &[("width", 8)])] {
        let graph = NetworkSpec::named(name, options).unwrap().with_input([8, 8, 1]).graph().unwrap();
        let params: Vec<f32> = graph.init(3);
        let model = Model::new(Arc::new(graph), params).unwrap();
        let found = FirstOrder::of(&model, images.view(), &labels, &EPSILONS).unwrap();
        assert_eq!(found.evaluation, evaluate(&model, images.view(), &labels).unwrap(), "{name}");
        assert_eq!(found.logit_margins, logit_margins(&model, images.view(), &labels).unwrap(), "{name}");
        let norms = input_gradient_norms(&model, images.view(), &labels).unwrap();
        assert_eq!(found.input_gradient_norms, norms, "{name}");
        for (outcome, epsilon) in found.fgsm.iter().zip(EPSILONS) {
            let ball = Ball::linf(epsilon).unwrap();
            assert_eq!(*outcome, Fgsm::default().run(&model, images.view(), &labels, ball).unwrap(), "{name}");
        }
    }
}
