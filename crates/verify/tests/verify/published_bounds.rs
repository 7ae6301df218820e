//! Plain CROWN beside published numbers for the networks of the verification competition of 2021.
//!
//! The folder `MINIMA_VNN_FOLDER` holds networks (ONNX) and properties (VNN-LIB), and `../shared/vnn/crown_bounds_2021.csv` the
//! bounds of an implementation in NumPy and double precision.

use minima_onnx::{ImportOptions, import};
use minima_verify::{Bounds, InputSet, LinearConstraint, Method, Program, Rounding, Specification};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// All files below a folder, by name.
fn files(folder: &Path, found: &mut HashMap<String, PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files(&path, found);
        } else if let Some(name) = path.file_name() {
            found.insert(name.to_string_lossy().into_owned(), path.clone());
        }
    }
}

#[test]
fn plain_crown_agrees_with_published_bounds() {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vnn/crown_bounds_2021.csv");
    let (Some(folder), Ok(reference)) = (std::env::var_os("MINIMA_VNN_FOLDER"), fs::read_to_string(reference)) else {
        println!("Skipped: MINIMA_VNN_FOLDER or ../shared/vnn/crown_bounds_2021.csv is absent.");
        return;
    };
    let mut named = HashMap::new();
    files(Path::new(&folder), &mut named);
    let mut compared = 0;
    for line in reference.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (Some(network), Some(property)) = (named.get(fields[0]), named.get(fields[1])) else { continue };
        let imported = import(network, &ImportOptions::default()).unwrap();
        let program = Program::new(imported.graph(), &imported.params).unwrap();
        let property = minima_vnnlib::read(property).unwrap();
        let place = |index: usize| match *imported.graph().input_shape() {
            [height, width, channels] => index % (height * width) * channels + index / (height * width),
            _ => index,
        };
        let case = &property.cases()[0];
        let (mut lower, mut upper) = (vec![0.0; property.inputs()], vec![0.0; property.inputs()]);
        for (index, (&low, &high)) in case.lower().iter().zip(case.upper()).enumerate() {
            (lower[place(index)], upper[place(index)]) = (low as f32, high as f32);
        }
        let targets = property.cases().iter().map(|case| {
            let constraint = |inequality: &minima_vnnlib::Inequality| {
                let mut coefficients = vec![0.0; property.outputs()];
                inequality.terms().iter().for_each(|&(output, a)| coefficients[output] = a);
                LinearConstraint { coefficients, bound: inequality.bound() }
            };
            case.inequalities().iter().map(constraint).collect()
        });
        let specification = Specification::unsafe_outputs(property.outputs(), targets.collect()).unwrap();
        let set = InputSet::between(&lower, &upper).unwrap();
        let bounds = Bounds::with_rounding(&program, &set, Method::Crown, Rounding::Ignored).unwrap();
        let margins = bounds.margins(&specification).unwrap();
        let found = margins.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let expected: f64 = fields[2].parse().unwrap();
        // The published numbers are in double precision, and these in single precision.
        assert!(found >= expected - 1e-4 * expected.abs(), "{line}: {found}");
        compared += 1;
    }
    println!("{compared} bounds compared");
    assert!(compared > 0, "no network of the list is in the folder");
}
