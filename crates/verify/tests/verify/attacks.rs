//! A proved image is never broken by an attack.

use super::random_networks::{Random, network};
use minima_attacks::{Attack, Ball, Pgd, Square};
use minima_autodiff::Model;
use minima_verify::{InputSet, Program, Specification, Verdict, VerifyOptions, verify};
use ndarray::Array2;
use std::sync::Arc;

#[test]
fn attacks_never_break_what_is_proved() {
    let (mut proved, mut broken) = (0, 0);
    for seed in 0..60 {
        let random = &mut Random(seed);
        let (graph, params) = network(random);
        let program = Program::new(&graph, &params).unwrap();
        let image: Vec<f32> = (0..graph.features()).map(|_| random.unit()).collect();
        let images = Array2::from_shape_vec((1, image.len()), image.clone()).unwrap();
        let logits = graph.logits(&params, images.view()).unwrap();
        let label = (0..3).max_by(|&a, &b| logits[[0, a]].total_cmp(&logits[[0, b]])).unwrap();
        let specification = Specification::classification(3, label).unwrap();
        let model = Model::new(Arc::new(graph), params).unwrap();
        for epsilon in [0.01, 0.05, 0.2] {
            for l2 in [false, true] {
                let (input, ball) = if l2 {
                    (InputSet::l2(&image, 4.0 * epsilon).unwrap(), Ball::l2(4.0 * epsilon).unwrap())
                } else {
                    (InputSet::linf(&image, epsilon).unwrap(), Ball::linf(epsilon).unwrap())
                };
                let options = VerifyOptions { domains: 100, ..VerifyOptions::default() };
                let report = verify(&program, &input, &specification, &options).unwrap();
                let attacks: [&dyn Attack<f32>; 2] = [&Pgd::default(), &Square::default()];
                for attack in &attacks[..if l2 { 1 } else { 2 }] {
                    let outcome = attack.run(&model, images.view(), &[label], ball).unwrap();
                    let success = outcome.success[0];
                    broken += usize::from(success);
                    if let Verdict::Proved { .. } = report.verdict {
                        proved += 1;
                        assert!(!success, "seed {seed}, {ball}: {} broke a proved image", attack.name());
                    }
                }
            }
        }
    }
    assert!(proved > 100 && broken > 20, "{proved} {broken}");
}
