//! Fisher information: exact, sampled, and with the true labels.

use super::problem::{IMAGES, ROUNDING, apart, assert_is, problems};
use minima_curvature::{CurvatureError, Fisher, Ggn, GgnVariant, LinearOperator};
use minima_rng::Key;
use ndarray::Array2;

#[test]
fn the_exact_one_is_the_expectation_and_the_gauss_newton_matrix() {
    for problem in problems() {
        let p = problem.probabilities();
        // Σᵢ Σ_y p(y | xᵢ) g gᵀ, label by label: √p of each image's gradient for that label.
        let at = problem.graph.linearize(&problem.params, problem.images.view()).unwrap();
        let mut expected = Array2::zeros((problem.params.len(), problem.params.len()));
        for label in 0..p.ncols() {
            let mut residuals = p.clone();
            for (mut row, p) in residuals.outer_iter_mut().zip(p.outer_iter()) {
                row[label] -= 1.0;
                row *= p[label].sqrt();
            }
            let gradients = at.per_sample_gradients(residuals.view()).unwrap();
            expected += &(gradients.t().dot(&gradients) / IMAGES as f64);
        }
        for objective in [problem.objective(), problem.in_batches(8)] {
            let fisher = Fisher::exact(&objective).unwrap();
            assert_is("exact Fisher", &fisher, &expected, ROUNDING);
            let diagonal = Array2::from_diag(&expected.diag());
            assert_is("its diagonal", &fisher.diagonal().unwrap(), &diagonal, ROUNDING);
            let ggn = Ggn::new(&objective, GgnVariant::Mean).unwrap();
            assert_is("Gauss-Newton", &ggn, &expected, ROUNDING);
        }
    }
}

#[test]
fn the_empirical_one_takes_the_true_labels() {
    for problem in problems() {
        let expected = problem.outer_products(&problem.labels);
        for objective in [problem.objective(), problem.in_batches(8)] {
            let fisher = Fisher::empirical(&objective).unwrap();
            assert_is("empirical Fisher", &fisher, &expected, ROUNDING);
            let diagonal = Array2::from_diag(&expected.diag());
            assert_is("its diagonal", &fisher.diagonal().unwrap(), &diagonal, ROUNDING);
        }
    }
}

#[test]
fn the_sampled_one_draws_from_the_probabilities() {
    let key = Key::new(7);
    for problem in problems() {
        let p = problem.probabilities();
        // Sample s of image i: the class selected by draw i of the key of sample s.
        let samples = (0..3).map(|sample| {
            let draws = key.fold_in(sample).uniform(IMAGES);
            let labels: Vec<usize> = p
                .outer_iter()
                .zip(draws)
                .map(|(p, draw)| {
                    let below = |class: usize| p.iter().take(class + 1).sum::<f64>() <= f64::from(draw);
                    (0..p.len()).find(|&class| !below(class)).unwrap()
                })
                .collect();
            problem.outer_products(&labels)
        });
        let expected = samples.fold(Array2::zeros([problem.params.len(); 2]), |sum, a| sum + a) / 3.0;
        for objective in [problem.objective(), problem.in_batches(8), problem.in_batches(1)] {
            let fisher = Fisher::sampled(&objective, key, 3).unwrap();
            assert_is("sampled Fisher", &fisher, &expected, ROUNDING);
            let diagonal = Array2::from_diag(&expected.diag());
            assert_is("its diagonal", &fisher.diagonal().unwrap(), &diagonal, ROUNDING);
        }
    }
}

#[test]
fn many_samples_come_to_the_expectation() {
    let [problem, _] = problems();
    let objective = problem.objective();
    let exact = Fisher::exact(&objective).unwrap().to_dense().unwrap();
    let far = |samples| {
        let sampled = Fisher::sampled(&objective, Key::new(3), samples).unwrap().to_dense().unwrap();
        apart(sampled.view(), exact.view())
    };
    // Independent draws: the error decreases with the square root of their number, here to a twentieth, and is below
    // one for one draw per image. The tolerance is a factor of two.
    let (few, many) = (far(5), far(2000));
    assert!(few < 1.0 && many < 2.0 * few / 20.0, "{few} {many}");
}

#[test]
fn no_samples_are_an_error() {
    let [problem, _] = problems();
    let found = Fisher::sampled(&problem.objective(), Key::new(1), 0).map(|_| ());
    assert!(matches!(found, Err(CurvatureError::Option { option: "samples", .. })));
}
