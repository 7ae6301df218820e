//! Minimum-norm attacks on linear networks, for which the distance is known: the margin over the dual norm of the
//! difference of two classes' weights, as long as no pixel reaches 0 or 1.

use minima_attacks::{Attack, AttackError, Ball, CarliniWagner, DeepFool, FabT, Minimal, Norm};
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{Classifier, GraphBuilder, Model};
use minima_rng::Key;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use std::sync::Arc;

const FEATURES: usize = 12;

/// Logits `x W` with this many classes, images away from 0 and 1, and their classes as labels.
struct Linear {
    model: Model<f64>,
    kernel: Array2<f64>,
    images: Array2<f64>,
    labels: Vec<usize>,
}

fn linear(classes: usize) -> Linear {
    let numbers = |seed, rows, columns| {
        let drawn = Key::new(seed).normal(rows * columns).into_iter().map(f64::from).collect();
        Array2::from_shape_vec((rows, columns), drawn).unwrap()
    };
    let kernel = numbers(1, FEATURES, classes);
    let mut g = GraphBuilder::new(&[FEATURES]);
    let y = g.dense(g.input(), "Dense_0", classes).unwrap();
    let graph = g.finish(y).unwrap();
    let mut params = vec![0.0; graph.parameter_count()];
    graph.view_mut(&mut params, "Dense_0.kernel").unwrap().assign(&kernel);
    // The logits of a grey image are subtracted, so that images near it are near boundaries.
    let grey = kernel.sum_axis(Axis(0)) * 0.5;
    graph.view_mut(&mut params, "Dense_0.bias").unwrap().assign(&(-grey).into_dyn());
    let model = Model::new(Arc::new(graph), params).unwrap();
    let images = numbers(2, 40, FEATURES).mapv(|x| 0.5 + 0.05 * x.clamp(-2.0, 2.0));
    let logits = model.logits(images.view()).unwrap();
    let labels = logits.outer_iter().map(|row| predicted(row).unwrap()).collect();
    Linear { model, kernel, images, labels }
}

impl Linear {
    /// The distance of each image to the nearest other class.
    fn distances(&self, norm: Norm) -> Vec<f64> {
        let logits = self.model.logits(self.images.view()).unwrap();
        let of = |(i, &label): (usize, &usize)| {
            let others = (0..logits.ncols()).filter(|&c| c != label).map(|c| {
                let difference = &self.kernel.column(c) - &self.kernel.column(label);
                let dual = match norm {
                    Norm::Linf => difference.iter().map(|w| w.abs()).sum::<f64>(),
                    Norm::L2 => difference.iter().map(|w| w * w).sum::<f64>().sqrt(),
                };
                (logits[[i, label]] - logits[[i, c]]) / dual
            });
            others.fold(f64::INFINITY, f64::min)
        };
        let distances: Vec<f64> = self.labels.iter().enumerate().map(of).collect();
        // No pixel can reach 0 or 1 on the way.
        assert!(distances.iter().all(|&d| d < 0.3));
        distances
    }

    /// Every image is found, at `least` to `most` times the closed-form distance.
    fn holds(&self, found: &Minimal<f64>, least: f64, most: f64) {
        self.holds_beyond(found, 0.0, least, most);
    }

    /// Every image is found, at `least` to `most` times the closed-form distance plus `added`.
    fn holds_beyond(&self, found: &Minimal<f64>, added: f64, least: f64, most: f64) {
        let logits = self.model.logits(found.adversarial.view()).unwrap();
        for (i, exact) in self.distances(found.norm).into_iter().enumerate() {
            let share = found.distances[i] / (exact + added);
            assert!((least..=most).contains(&share), "image {i}: {share} times the exact distance {exact}");
            assert_ne!(predicted(logits.row(i)), Some(self.labels[i]), "image {i}");
            let moved = &found.adversarial.row(i) - &self.images.row(i);
            assert_eq!(found.norm.of(&moved.to_vec()), found.distances[i], "image {i}");
        }
    }
}

#[test]
fn deep_fool_goes_a_fiftieth_beyond_the_boundary() {
    for linear in [2, 5].map(linear) {
        for norm in [Norm::Linf, Norm::L2] {
            let found = DeepFool::default().minimal(&linear.model, linear.images.view(), &linear.labels, norm);
            // As published: a step goes 10⁻⁴ beyond the boundary, and the sum is stretched by a fiftieth.
            linear.holds_beyond(&found.unwrap(), 1e-4, 1.02 - 1e-9, 1.02 + 1e-9);
        }
    }
}

/// With the published constants, a step from 0.9 k distances goes to 0.9 k + 1.05 (1 − 0.9 k), minus at most a tenth of
/// its part along the boundary: k settles between 1.0048 and 1.0091.
#[test]
fn fab_comes_within_a_hundredth() {
    for linear in [2, 5].map(linear) {
        for norm in [Norm::Linf, Norm::L2] {
            let found = FabT::default().minimal(&linear.model, linear.images.view(), &linear.labels, norm);
            linear.holds(&found.unwrap(), 1.0, 1.0092);
        }
    }
}

#[test]
fn carlini_wagner_comes_within_a_hundredth() {
    // The steps are small compared with the distances, the least of which is 0.01.
    let attack = CarliniWagner { steps: 3_000, learning_rate: 1e-3, ..CarliniWagner::default() };
    let two = linear(2);
    two.holds(&attack.minimal(&two.model, two.images.view(), &two.labels).unwrap(), 1.0, 1.01);
    // With several classes, the attack follows the class with the largest logit, which need not be the nearest.
    let five = linear(5);
    let found = attack.minimal(&five.model, five.images.view(), &five.labels).unwrap();
    five.holds(&found, 1.0, 2.0);
    let near = five.distances(Norm::L2).iter().zip(&found.distances).filter(|&(exact, d)| *d <= 1.01 * exact).count();
    assert!(near >= 30, "{near} of 40");
}

#[test]
fn confidence_asks_for_a_lead() {
    let linear = linear(5);
    let attack = CarliniWagner { steps: 1_000, confidence: 0.5, ..CarliniWagner::default() };
    let found = attack.minimal(&linear.model, linear.images.view(), &linear.labels).unwrap();
    let logits = linear.model.logits(found.adversarial.view()).unwrap();
    for (i, &label) in linear.labels.iter().enumerate() {
        let best = (0..5).filter(|&c| c != label).map(|c| logits[[i, c]]).fold(f64::NEG_INFINITY, f64::max);
        assert!(found.distances[i].is_finite() && best - logits[[i, label]] >= 0.5, "image {i}");
    }
}

#[test]
fn an_image_counts_when_it_lies_in_the_ball() {
    let linear = linear(5);
    let (images, labels) = (linear.images.view(), &linear.labels);
    let attacks: [(&dyn Attack<f64>, &[Norm], f64); 3] = [
        (&FabT::default(), &[Norm::Linf, Norm::L2], 1.0092),
        (&DeepFool::default(), &[Norm::Linf, Norm::L2], 1.021),
        (&CarliniWagner { steps: 1_000, ..CarliniWagner::default() }, &[Norm::L2], 2.0),
    ];
    for (attack, norms, most) in attacks {
        for &norm in norms {
            for epsilon in [0.0, 0.02, 0.05, 1.0] {
                let ball = Ball::new(norm, epsilon).unwrap();
                let outcome = attack.run(&linear.model, images, labels, ball).unwrap();
                for (i, exact) in linear.distances(norm).into_iter().enumerate() {
                    let what = format!("{} {ball} image {i} at {exact}", attack.name());
                    assert!(!outcome.success[i] || exact <= epsilon + 1e-7, "{what}");
                    assert!(outcome.success[i] || exact * most > epsilon, "{what}");
                }
            }
        }
    }
}

#[test]
fn fab_turns_exactly_the_images_whose_nearest_lies_in_the_ball() {
    let linear = linear(5);
    let (images, labels) = (linear.images.view(), &linear.labels);
    for norm in [Norm::Linf, Norm::L2] {
        let found = FabT::default().minimal(&linear.model, images, labels, norm).unwrap();
        let mut sorted = found.distances.clone();
        sorted.sort_by(f64::total_cmp);
        for epsilon in [sorted[10], sorted[25]] {
            let ball = Ball::new(norm, epsilon).unwrap();
            let outcome = FabT::default().run(&linear.model, images, labels, ball).unwrap();
            let near: Vec<bool> = found.distances.iter().map(|&d| d <= epsilon).collect();
            assert_eq!(outcome.success, near, "{ball}");
        }
    }
}

#[test]
fn images_that_were_wrong_are_at_distance_zero() {
    let linear = linear(5);
    let labels: Vec<usize> = linear.labels.iter().map(|y| (y + 1) % 5).collect();
    let found = FabT::default().minimal(&linear.model, linear.images.view(), &labels, Norm::L2).unwrap();
    assert_eq!((found.distances, found.adversarial), (vec![0.0; 40], linear.images.clone()));
    assert!(found.clean_correct.iter().all(|&right| !right));
}

#[test]
fn a_network_of_one_opinion_is_not_turned() {
    let mut constant = linear(3);
    constant.model.params_mut().fill(0.0);
    let labels = vec![0; 40];
    let (model, images) = (&constant.model, constant.images.view());
    let found = [
        FabT::default().minimal(model, images, &labels, Norm::Linf).unwrap(),
        DeepFool::default().minimal(model, images, &labels, Norm::L2).unwrap(),
        CarliniWagner { steps: 20, ..CarliniWagner::default() }.minimal(model, images, &labels).unwrap(),
    ];
    for found in found {
        assert!(found.distances.iter().all(|d| d.is_infinite()));
        assert_eq!(found.adversarial, constant.images);
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let linear = linear(5);
    let all = || {
        let (model, images, labels) = (&linear.model, linear.images.view(), &linear.labels);
        let carlini_wagner = CarliniWagner { steps: 100, ..CarliniWagner::default() };
        [
            FabT::default().minimal(model, images, labels, Norm::Linf).unwrap(),
            DeepFool::default().minimal(model, images, labels, Norm::Linf).unwrap(),
            carlini_wagner.minimal(model, images, labels).unwrap(),
        ]
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(all), pool(3).install(all));
}

#[test]
fn results_do_not_depend_on_the_other_images() {
    let linear = linear(5);
    let find = |images: ArrayView2<'_, f64>, labels: &[usize]| {
        let carlini_wagner = CarliniWagner { steps: 100, ..CarliniWagner::default() };
        [
            FabT::default().minimal(&linear.model, images, labels, Norm::L2).unwrap(),
            DeepFool::default().minimal(&linear.model, images, labels, Norm::L2).unwrap(),
            carlini_wagner.minimal(&linear.model, images, labels).unwrap(),
        ]
    };
    let all = find(linear.images.view(), &linear.labels);
    let some = find(linear.images.slice_axis(Axis(0), Slice::from(7..19)), &linear.labels[7..19]);
    for (all, some) in all.into_iter().zip(some) {
        assert_eq!(all.distances[7..19], some.distances);
        assert_eq!(all.adversarial.slice_axis(Axis(0), Slice::from(7..19)), some.adversarial);
    }
}

#[test]
fn many_radii_are_each_alone() {
    let linear = linear(5);
    let (images, labels) = (linear.images.view(), &linear.labels);
    let balls = [Ball::l2(0.05).unwrap(), Ball::linf(0.02).unwrap(), Ball::l2(0.02).unwrap()];
    let deep_fool = DeepFool::default();
    let carlini_wagner = CarliniWagner { steps: 100, ..CarliniWagner::default() };
    for (attack, balls) in [(&deep_fool as &dyn Attack<f64>, &balls[..]), (&carlini_wagner, &balls[..1])] {
        let together = attack.run_many(&linear.model, images, labels, balls).unwrap();
        let alone = balls.iter().map(|&ball| attack.run(&linear.model, images, labels, ball).unwrap());
        assert_eq!(together, alone.collect::<Vec<_>>(), "{}", attack.name());
    }
}

#[test]
fn options_without_sense_are_errors() {
    let linear = linear(3);
    let ball = Ball::l2(0.1).unwrap();
    let fab = FabT::default();
    let deep_fool = DeepFool::default();
    let carlini_wagner = CarliniWagner::default();
    let attacks: [&dyn Attack<f64>; 13] = [
        &FabT { steps: 0, ..fab },
        &FabT { targets: 0, ..fab },
        &FabT { alpha_max: 1.5, ..fab },
        &FabT { pull_back: f64::NAN, ..fab },
        &FabT { overshoot: 0.0, ..fab },
        &DeepFool { steps: 0, ..deep_fool },
        &DeepFool { overshoot: f64::NAN, ..deep_fool },
        &CarliniWagner { steps: 0, ..carlini_wagner },
        &CarliniWagner { search_steps: 0, ..carlini_wagner },
        &CarliniWagner { learning_rate: f64::NAN, ..carlini_wagner },
        &CarliniWagner { initial_constant: 0.0, ..carlini_wagner },
        &CarliniWagner { confidence: -1.0, ..carlini_wagner },
        &CarliniWagner { confidence: f64::INFINITY, ..carlini_wagner },
    ];
    for attack in attacks {
        let found = attack.run(&linear.model, linear.images.view(), &linear.labels, ball);
        assert!(matches!(found, Err(AttackError::Option { .. })), "{}", attack.name());
    }
    let found = carlini_wagner.run(&linear.model, linear.images.view(), &linear.labels, Ball::linf(0.1).unwrap());
    assert!(matches!(found, Err(AttackError::Norm { attack: "carlini-wagner", found: Norm::Linf, .. })));
}
