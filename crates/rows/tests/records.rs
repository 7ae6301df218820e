//! The result files: exact headers, round trips, and errors that name what is wrong.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use minima_metrics::Summary;
use minima_rows::{
    CurvatureMatrix, CurvatureRow, DistributionRow, FgsmRow, Quantity, Record, RecordError, Scope, SharpnessRow,
    SpectralDensityRow, SpectralQuantity, TrainingRow, from_csv, read_csv, to_csv, write_csv,
};

fn round_trip<R: Record + PartialEq + Debug>(rows: &[R], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tables/rows.csv");
    write_csv(&path, rows).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    assert_eq!(read_csv::<R>(&path).unwrap(), rows);

    write_csv::<R>(&path, &[]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().lines().collect::<Vec<_>>(), [expected.lines().next().unwrap()]);
    assert!(read_csv::<R>(&path).unwrap().is_empty());
}

fn epoch(train_loss: f64) -> TrainingRow {
    TrainingRow {
        labels: "clean".to_owned(),
        optimizer: "sgd".to_owned(),
        seed: 42,
        epoch: 1,
        train_loss,
        train_accuracy: 0.5,
        test_loss: 0.1 + 0.2,
        test_accuracy: 0.8451,
        ..TrainingRow::default()
    }
}

#[test]
fn training_rows() {
    round_trip(
        &[epoch(1.4576)],
        "labels,optimizer,seed,epoch,train_loss,train_accuracy,test_loss,test_accuracy\n\
         clean,sgd,42,1,1.4576,0.5,0.30000000000000004,0.8451\n",
    );
}

#[test]
fn training_rows_with_held_out_images() {
    let validated = TrainingRow { validation_loss: Some(0.25), validation_accuracy: Some(0.875), ..epoch(1.4576) };
    let header = "labels,optimizer,seed,epoch,train_loss,train_accuracy,test_loss,test_accuracy";
    let header = format!("{header},validation_loss,validation_accuracy");
    let line = "clean,sgd,42,1,1.4576,0.5,0.30000000000000004,0.8451";
    let path = Path::new("training.csv");
    let rows = [validated];
    let written = to_csv(&rows).unwrap();
    assert_eq!(String::from_utf8(written.clone()).unwrap(), format!("{header}\n{line},0.25,0.875\n"));
    assert_eq!(from_csv::<TrainingRow>(&written, path).unwrap(), rows);

    // A file has a value in each row, or no such columns.
    for cells in ["0.25,", ",0.875", ","] {
        let text = format!("{header}\n{line},0.25,0.875\n{line},{cells}\n");
        let message = from_csv::<TrainingRow>(text.as_bytes(), path).unwrap_err().to_string();
        let expected = "training.csv: found an empty cell in row 2, expected numbers in the columns validation_loss and \
                        validation_accuracy";
        assert_eq!(message, expected);
    }
    assert!(matches!(to_csv(&[rows[0].clone(), epoch(1.0)]), Err(RecordError::Encode { .. })));
}

#[test]
fn fgsm_rows() {
    round_trip(
        &[
            FgsmRow::new("clean", "sgd", 42, 0.1, 9611, 7268),
            FgsmRow::new("clean", "gauss-newton", 42, 0.05, 8, 2),
            FgsmRow::new("clean", "gauss-newton", 42, 0.05, 0, 0),
        ],
        "labels,optimizer,seed,correct,epsilon,successes,success_rate\n\
         clean,sgd,42,9611,0.1,7268,0.7562168348767038\n\
         clean,gauss-newton,42,8,0.05,2,0.25\n\
         clean,gauss-newton,42,0,0.05,0,0.0\n",
    );
}

#[test]
fn sharpness_rows() {
    round_trip(
        &[
            SharpnessRow::new("adam", 42, 0.001, Scope::Batch, 0.00092, 0.00095),
            SharpnessRow::new("adam", 42, 0.001, Scope::Example, 0.00281, 0.000041),
        ],
        "optimizer,seed,rho,scope,mean_loss_increase,median_loss_increase\n\
         adam,42,0.001,batch,0.00092,0.00095\n\
         adam,42,0.001,example,0.00281,0.000041\n",
    );
}

#[test]
fn distribution_rows() {
    let values = [1.0, 2.0, 3.0, 4.0, 5.0];
    round_trip(
        &[
            DistributionRow::new("clean", "adam", 42, Quantity::InputGradientNorm, &Summary::of(&values).unwrap()),
            DistributionRow::new("poisoned", "adam", 42, Quantity::LogitMargin, &Summary::of(&values).unwrap()),
        ],
        "labels,optimizer,seed,quantity,mean,median,q05,q25,q75,q95\n\
         clean,adam,42,input_gradient_norm,3.0,3.0,1.2,2.0,4.0,4.8\n\
         poisoned,adam,42,logit_margin,3.0,3.0,1.2,2.0,4.0,4.8\n",
    );
}

#[test]
fn curvature_rows() {
    let row = |matrix, normalised, quantity, rank, value, residual| CurvatureRow {
        labels: "poisoned".to_owned(),
        optimizer: "adam".to_owned(),
        seed: 42,
        images: 1_000,
        matrix,
        normalised,
        quantity,
        rank,
        value,
        residual,
        converged: residual < 5e-4,
    };
    round_trip(
        &[
            row(CurvatureMatrix::GaussNewton, false, SpectralQuantity::Largest, 2, 13.5, 1e-7),
            row(CurvatureMatrix::Hessian, false, SpectralQuantity::Smallest, 1, -0.5, 0.001),
            row(CurvatureMatrix::Hessian, true, SpectralQuantity::Trace, 1, 527.9, 0.0),
        ],
        "labels,optimizer,seed,images,matrix,normalised,quantity,rank,value,residual,converged\n\
         poisoned,adam,42,1000,gauss_newton,false,largest,2,13.5,1e-7,true\n\
         poisoned,adam,42,1000,hessian,false,smallest,1,-0.5,0.001,false\n\
         poisoned,adam,42,1000,hessian,true,trace,1,527.9,0.0,true\n",
    );
}

#[test]
fn spectral_density_rows() {
    let node = |eigenvalue, count| SpectralDensityRow {
        labels: "clean".to_owned(),
        optimizer: "sgd".to_owned(),
        seed: 42,
        matrix: CurvatureMatrix::Hessian,
        normalised: false,
        probe: 1,
        eigenvalue,
        count,
    };
    round_trip(
        &[node(-0.25, 0.5), node(59.4, 1.0)],
        "labels,optimizer,seed,matrix,normalised,probe,eigenvalue,count\n\
         clean,sgd,42,hessian,false,1,-0.25,0.5\n\
         clean,sgd,42,hessian,false,1,59.4,1.0\n",
    );
}

#[test]
fn a_diverged_run_can_be_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("training.csv");
    write_csv(&path, &[epoch(f64::NAN), epoch(f64::INFINITY)]).unwrap();
    let read: Vec<TrainingRow> = read_csv(&path).unwrap();
    assert!(read[0].train_loss.is_nan());
    assert_eq!(read[1].train_loss, f64::INFINITY);
}

#[test]
fn errors_name_the_file_what_was_found_and_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sharpness.csv");
    let cases = [
        ("optimizer,seed\nadam,42\n", "found the header \"optimizer,seed\""),
        ("optimizer,seed,rho,scope,mean_loss_increase,median_loss_increase\nadam,x,1,batch,1,1\n", "line: 2"),
        ("optimizer,seed,rho,scope,mean_loss_increase,median_loss_increase\nadam,1\n", "line: 2"),
        ("", "found the header \"\""),
    ];
    for (content, found) in cases {
        fs::write(&path, content).unwrap();
        let message = read_csv::<SharpnessRow>(&path).unwrap_err().to_string();
        assert!(message.contains("sharpness.csv"), "{message}");
        assert!(message.contains(found), "{message}");
        assert!(message.contains("optimizer,seed,rho,scope"), "{message}");
    }
    let missing = read_csv::<SharpnessRow>(&folder.path().join("none.csv"));
    assert!(matches!(missing, Err(RecordError::Read { .. })));
}

#[test]
fn equal_rows_give_equal_bytes() {
    assert_eq!(to_csv(&[epoch(0.1)]).unwrap(), to_csv(&[epoch(0.1)]).unwrap());
}

/// The columns that the guide lists for the file of this heading.
fn listed(page: &str, file: &str) -> Vec<String> {
    let section = page.split("\n## ").find(|section| section.lines().next().is_some_and(|line| line.contains(file)));
    let rows = section.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).map(str::to_owned).collect()
}

#[test]
fn the_guide_lists_every_column() {
    use minima_rows::*;
    let page = include_str!("../../minima/guide/columns.md");
    let files: [(&str, &[&str]); 41] = [
        ("`training.csv`", TrainingRow::columns()),
        ("fgsm.csv", FgsmRow::columns()),
        ("sharpness.csv", SharpnessRow::columns()),
        ("distributions.csv", DistributionRow::columns()),
        ("histograms.csv", HistogramRow::columns()),
        ("robustness_curves.csv", RobustnessRow::columns()),
        ("transfer.csv", TransferRow::columns()),
        ("masking.csv", MaskingRow::columns()),
        ("curvature.csv", CurvatureRow::columns()),
        ("spectral_density.csv", SpectralDensityRow::columns()),
        ("adversarial.csv", AdversarialRow::columns()),
        ("`parts.csv`", PartRow::columns()),
        ("`attack.csv`", AttackRow::columns()),
        ("`certified.csv`", CertifiedRow::columns()),
        ("`brackets.csv`", BracketRow::columns()),
        ("`seconds.csv`", CertificationTimeRow::columns()),
        ("`tables/certified.csv`", CertifiedAccuracyRow::columns()),
        ("tuning.csv", TuningRow::columns()),
        ("pace.csv", PaceRow::columns()),
        ("time_to_accuracy.csv", TimeToAccuracyRow::columns()),
        ("scaling.csv", ScalingRow::columns()),
        ("claims.csv", ClaimRow::columns()),
        ("late.csv", LateAttackRow::columns()),
        ("`sweep.csv`", SweepRow::columns()),
        ("`sweep_attacks.csv`", SweepAttackRow::columns()),
        ("path.csv", PathRow::columns()),
        ("matches.csv", MatchRow::columns()),
        ("`studies/matched/differences.csv`", MatchedDifferenceRow::columns()),
        ("poison.csv", PoisonRow::columns()),
        ("damping.csv", DampingRow::columns()),
        ("precision.csv", PrecisionRow::columns()),
        ("drift.csv", DriftRow::columns()),
        ("surface.csv", SurfaceRow::columns()),
        ("segments.csv", SegmentRow::columns()),
        ("logit_scale.csv", LogitScaleRow::columns()),
        ("decisions.csv", LogitDecisionRow::columns()),
        ("measures.csv", ModelMeasureRow::columns()),
        ("correlations.csv", PredictorRow::columns()),
        ("radii.csv", RadiusRow::columns()),
        ("`studies/radii/differences.csv`", RadiusDifferenceRow::columns()),
        ("failures.csv", FailureRow::columns()),
    ];
    for (file, columns) in files {
        assert_eq!(listed(page, file), columns, "{file}");
    }
}
