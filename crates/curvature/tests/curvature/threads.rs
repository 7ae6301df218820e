//! Results are bit-identical for any number of threads.

use minima_curvature::{
    CgOptions, CurvatureError, DensityOptions, EigenOptions, LinearOperator, SymmetricOperator, conjugate_gradient,
    spectral_density, top_eigenpairs, trace_hutch_pp,
};
use minima_rng::Key;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn the_same_bits_on_any_number_of_threads() -> Outcome {
    let on = |threads: usize| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
        // Long enough for the parallel paths: 100 vectors of 6000.
        let order = 6000;
        let diagonal = Diagonal((0..order).map(|i| (i as f32).sin()).collect());
        rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(|| {
            let options = EigenOptions { products: 120, basis: 120, ..EigenOptions::default() };
            let pairs = top_eigenpairs(&diagonal, 3, &options)?;
            let density = spectral_density(&diagonal, &DensityOptions { probes: 2, steps: 100, key: Key::new(1) })?;
            let trace = trace_hutch_pp(&diagonal, 90, Key::new(2))?;
            let b: Vec<f32> = (0..order).map(|i| (i as f32).cos()).collect();
            let shifted = Diagonal(diagonal.0.iter().map(|d| d + 1.1).collect());
            let solution = conjugate_gradient(&shifted, &b, &CgOptions::default(), None, None)?;
            Ok((pairs, density, trace, solution))
        })
    };
    let one = on(1).map_err(|e| e.to_string())?;
    for threads in [2, 5] {
        assert!(one == on(threads).map_err(|e| e.to_string())?, "{threads} threads");
    }
    Ok(())
}

struct Diagonal(Vec<f32>);

impl LinearOperator<f32> for Diagonal {
    fn shape(&self) -> [usize; 2] {
        [self.0.len(); 2]
    }

    fn apply(&self, v: &[f32]) -> Result<Vec<f32>, CurvatureError> {
        self.check(v)?;
        Ok(v.iter().zip(&self.0).map(|(v, d)| v * d).collect())
    }
}

impl SymmetricOperator<f32> for Diagonal {}
