//! Published properties, which are not in this repository because most have no licence.

use minima_vnnlib::read;
use std::path::{Path, PathBuf};

/// The folder with unpacked benchmarks of VNN-COMP.
const FOLDER: &str = "MINIMA_VNNLIB_FOLDER";

/// All VNN-LIB files in a folder and in its folders.
fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "vnnlib") {
            into.push(path);
        }
    }
}

#[test]
fn published_properties_are_read() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        println!("skipped: {FOLDER} does not name a folder with unpacked benchmarks");
        return;
    };
    let mut paths = Vec::new();
    files(folder.as_ref(), &mut paths);
    paths.sort();
    assert!(!paths.is_empty());
    for path in &paths {
        let property = read(path).unwrap_or_else(|error| panic!("{error}"));
        let text = property.to_text();
        assert_eq!(minima_vnnlib::parse(&text, "again").unwrap(), property);
        let (shown, cases) = (path.display(), property.cases().len());
        println!("{shown}: {} inputs, {} outputs, {cases} cases", property.inputs(), property.outputs());
        // Properties of classifiers: a case for each other class, all with one box, in which a class is not above the label.
        if property.outputs() == 10 {
            assert_eq!(cases, 9, "{shown}");
            let mut labels = vec![0; 10];
            for case in property.cases() {
                assert!(case.has_box_of(&property.cases()[0]));
                let [inequality] = case.inequalities() else { panic!("{shown}") };
                let &[(first, a), (second, b)] = inequality.terms() else { panic!("{shown}") };
                assert!(a == -b && a.abs() == 1.0 && inequality.bound() == 0.0, "{shown}");
                labels[if a > 0.0 { first } else { second }] += 1;
            }
            assert_eq!(labels.iter().filter(|&&count| count == 9).count(), 1, "{shown}: {labels:?}");
        }
    }
    println!("{} properties", paths.len());
}
