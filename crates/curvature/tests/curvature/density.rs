//! Spectral densities compared with known spectra.

use crate::matrices;

use matrices::{Dense, indefinite, normal, with_spectrum};
use minima_curvature::{
    CurvatureError, DensityOptions, Quadrature, SpectralDensity, spectral_density, trace_hutchinson,
};
use minima_rng::Key;
use ndarray::Array2;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn the_density_has_the_spectrums_moments() -> Outcome {
    let order = 400;
    let spectrum = indefinite(order);
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 35));
    let options = DensityOptions { probes: 30, steps: 20, key: Key::new(3) };
    let found = spectral_density(&a, &options)?;
    assert_eq!((found.order, found.probes.len(), a.count()), (order, 30, 600));
    for probe in &found.probes {
        assert!((probe.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(probe.weights.iter().all(|w| *w >= 0.0) && probe.nodes.is_sorted());
    }
    // The first moment is Hutchinson's estimate from the same probes.
    let trace = trace_hutchinson(&a, 30, options.key)?;
    assert!((found.moment(1) * order as f64 - trace.value).abs() < 1e-10 * trace.value.abs());
    assert!((found.moment(0) - 1.0).abs() < 1e-12);
    // For each probe, the estimate of a power has a variance of at most twice its mean square over n.
    for power in 1..6 {
        let exact = spectrum.iter().map(|x| x.powi(power)).sum::<f64>() / order as f64;
        let square = spectrum.iter().map(|x| x.powi(2 * power)).sum::<f64>() / order as f64;
        let deviation = (2.0 * square / (order as f64 * 30.0)).sqrt();
        assert!((found.moment(power as u32) - exact).abs() < 4.0 * deviation, "moment {power}");
    }
    Ok(())
}

#[test]
fn the_density_has_the_spectrums_distribution() -> Outcome {
    let order = 500;
    // A bulk around zero and a few outliers, as in the curvature of networks.
    let mut spectrum: Vec<f64> = normal(order - 5, 4).into_iter().map(|x| 0.1 * x).collect();
    spectrum.extend([2.0, 3.0, 4.0, 6.0, 9.0]);
    spectrum.sort_by(f64::total_cmp);
    let a = Dense::<f64>::new(&with_spectrum(&spectrum, 36));
    let found = spectral_density(&a, &DensityOptions { probes: 20, steps: 200, key: Key::new(5) })?;
    let [low, high] = found.range();
    assert!((high - 9.0).abs() < 1e-9 && low >= spectrum[0] - 1e-9 && low < 0.9 * spectrum[0]);
    // The distribution of a probe and its quadrature differ by less than a node's weight (Chebyshev, Markov &
    // Stieltjes). A share s, the normalized trace of a projection, has a variance of at most 2 s (1 − s)/n for one
    // probe.
    let weights = found.probes.iter().flat_map(|p| p.weights.iter().copied());
    let heaviest = weights.fold(0.0, f64::max);
    assert!(heaviest < 0.03, "{heaviest}");
    let share = |x: f64| spectrum.iter().filter(|s| **s <= x).count() as f64 / order as f64;
    for x in [-0.25, -0.1, -0.03, 0.0, 0.05, 0.15, 1.0, 2.5, 5.0, 9.1] {
        let exact = share(x);
        let deviation = (2.0 * exact * (1.0 - exact) / (order as f64 * 20.0)).sqrt();
        let apart = (found.cumulative(x) - exact).abs();
        assert!(apart < heaviest + 4.0 * deviation, "{x}: {apart} from {exact}");
        assert!(x < 1.0 || apart < 4.0 * deviation + 1e-12, "{x}: {apart} from {exact}, between nodes");
    }
    for quantile in [0.1, 0.5, 0.9] {
        let exact = spectrum[(quantile * order as f64) as usize];
        assert!((found.quantile(quantile) - exact).abs() < 0.02, "{quantile}");
    }
    assert_eq!((found.quantile(0.0), found.quantile(1.0)), (low, high));

    // The smoothed density has mass 1 and is the average of Gaussians at the eigenvalues.
    let (sigma, step) = (0.05, 0.01);
    let grid: Vec<f64> = (-100..1000).map(|i| f64::from(i) * step).collect();
    let density = found.density(&grid, sigma)?;
    // Away from its ends, a sum with step σ/5 equals a Gaussian's integral up to rounding.
    assert!((density.iter().sum::<f64>() * step - 1.0).abs() < 1e-9);
    let exact = SpectralDensity {
        order,
        probes: vec![Quadrature { nodes: spectrum.clone(), weights: vec![1.0 / order as f64; order] }],
    }
    .density(&grid, sigma)?;
    let apart: f64 = density.iter().zip(&exact).map(|(a, b)| (a - b).abs()).sum::<f64>() * step;
    assert!(apart < 0.05, "{apart}");
    Ok(())
}

#[test]
fn an_identity_is_one_node() -> Outcome {
    let found = spectral_density(&Dense::<f64>::new(&(3.0 * Array2::<f64>::eye(7))), &DensityOptions::default())?;
    for probe in &found.probes {
        assert_eq!((probe.nodes.len(), probe.weights[0]), (1, 1.0));
        assert!((probe.nodes[0] - 3.0).abs() < 1e-14);
    }
    assert!(found.cumulative(2.9) == 0.0 && (found.cumulative(3.1) - 1.0).abs() < 1e-14);
    Ok(())
}

#[test]
fn bad_input_is_named() {
    let a = Dense::<f64>::new(&Array2::eye(3));
    assert!(matches!(
        spectral_density(&a, &DensityOptions { probes: 0, ..DensityOptions::default() }),
        Err(CurvatureError::Option { option: "probes", .. })
    ));
    let found = spectral_density(&a, &DensityOptions::default());
    assert!(matches!(found.and_then(|f| f.density(&[0.0], 0.0)), Err(CurvatureError::Option { option: "sigma", .. })));
}
