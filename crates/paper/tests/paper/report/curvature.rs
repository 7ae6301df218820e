//! Sentences on curvature.

use super::run::{PUBLISHED, Run};
use minima_rows::{CurvatureMatrix, CurvatureRow, SpectralQuantity};

/// A model's largest eigenvalue and trace, plain and in units of the filters, and the Hessian's smallest eigenvalue.
fn curvature(optimizer: &str, seed: u64, plain: [f64; 2], normalised: [f64; 2]) -> Vec<CurvatureRow> {
    let row = |matrix, normalised, quantity, value| CurvatureRow {
        labels: "clean".to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        images: 1_000,
        matrix,
        normalised,
        quantity,
        rank: 1,
        value,
        residual: 0.0,
        converged: true,
    };
    let mut rows = Vec::new();
    for matrix in [CurvatureMatrix::GaussNewton, CurvatureMatrix::Hessian] {
        for (units, [largest, trace]) in [(false, plain), (true, normalised)] {
            rows.push(row(matrix, units, SpectralQuantity::Largest, largest));
            rows.push(CurvatureRow { rank: 2, ..row(matrix, units, SpectralQuantity::Largest, 0.5 * largest) });
            rows.push(row(matrix, units, SpectralQuantity::Smallest, -0.25));
            rows.push(row(matrix, units, SpectralQuantity::Trace, trace));
        }
    }
    rows
}

#[test]
fn eigenvalues_that_have_not_converged_are_marked() {
    let mut run = Run::the_papers();
    run.curvature = curvature("sgd", 42, [2.4e-4, 1.6e-3], [118.0, 680.0]);
    let text = run.report();
    assert!(text.contains("0.000240") && text.contains("0.00160"), "{text}");
    assert!(!text.contains("not converged (±"));
    for row in run.curvature.iter_mut().filter(|row| row.quantity == SpectralQuantity::Smallest) {
        (row.residual, row.converged) = (0.031, false);
    }
    let text = run.report();
    assert!(text.contains("-0.250, not converged (± 0.031)"), "{text}");
}

#[test]
fn an_estimated_trace_has_its_standard_error() {
    let mut run = Run::the_papers();
    run.curvature = curvature("sgd", 42, [60.0, 350.0], [118.0, 680.0]);
    assert!(run.report().contains("Both matrices have the same trace"));
    let hessian = |row: &&mut CurvatureRow| row.matrix == CurvatureMatrix::Hessian;
    for row in run.curvature.iter_mut().filter(hessian).filter(|row| row.quantity == SpectralQuantity::Trace) {
        row.value *= 1.5;
    }
    let text = run.report();
    assert!(text.contains("Traces are the Hessian's. In filters") && !text.contains("standard error"), "{text}");
    for row in run.curvature.iter_mut().filter(|row| row.quantity == SpectralQuantity::Trace) {
        row.residual = 4.2;
    }
    let text = run.report();
    assert!(text.contains("525, estimated (standard error 4.2)"), "{text}");
    assert!(text.contains("An estimated trace has its standard error beside it"), "{text}");
}

#[test]
fn curvature_is_compared_with_sgd_and_adam() {
    let mut run = Run::the_papers();
    assert!(!run.report().contains("Curvature at the end"));
    run.curvature = curvature("sgd", 42, [60.0, 350.0], [118.0, 680.0]);
    run.curvature.extend(curvature("adam", 42, [15.0, 100.0], [71.0, 530.0]));
    assert!(!run.report().contains("Is Gauss-Newton's minimum sharper"), "nothing to compare");
    run.curvature.extend(curvature("gauss-newton", 42, [31.0, 224.0], [122.0, 834.0]));
    let text = run.report();
    assert!(text.contains("## Curvature at the end") && text.contains("on the first 1000 training images"));
    assert!(text.contains(
        "| Gauss-Newton (mean) |  clean |    31.0 |    31.0 |        -0.250 |   224 |                 122 |               834 |"
    ));
    assert!(text.contains(
        "depends on the measure. In comparisons of plain numbers, it is sharper in 0 of 2 against SGD and 2 of 2 against \
         Adam; in units of the filters, in 1 of 2 against SGD and 2 of 2 against Adam. In 1 of these comparisons, the two are \
         within 5 %"
    ));
    assert!(text.contains("Train losses at the end: SGD") && text.contains("- One seed: "));
}

#[test]
fn curvature_that_is_larger_or_smaller_throughout_is_called_so() {
    let mut run = Run::the_papers();
    run.curvature = curvature("adam", 42, [15.0, 100.0], [71.0, 530.0]);
    run.curvature.extend(curvature(PUBLISHED, 42, [42.0, 339.0], [172.0, 952.0]));
    let text = run.report();
    assert!(text.contains(
        "Gauss-Newton ends at the sharper point by every measure here. In comparisons of plain numbers, it is sharper in 2"
    ));
    assert!(!text.contains("within 5 %"));
    run.curvature = curvature("adam", 42, [15.0, 100.0], [71.0, 530.0]);
    run.curvature.extend(curvature(PUBLISHED, 42, [4.0, 33.0], [17.0, 95.0]));
    assert!(
        run.report().contains("Gauss-Newton does not end at the sharper point by any measure here. In comparisons")
    );
    // Rows of another seed widen the table's ranges; the sentences still quote the paper's seed.
    run.curvature.extend(curvature(PUBLISHED, 43, [8.0, 33.0], [17.0, 95.0]));
    let text = run.report();
    assert!(text.contains("6.00 (4.00 to 8.00)") && text.contains("largest eigenvalue 4.00, smaller than Adam's 15.0"));
}
