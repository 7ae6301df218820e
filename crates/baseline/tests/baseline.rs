//! Recording and comparing numbers.
#![cfg(test)]

use minima_baseline::{Baseline, BaselineError, Number};
use std::fs;
use std::path::Path;

fn number(name: &str, value: f64) -> Number {
    Number::new(name, value, 0.1)
}

#[test]
fn what_moves_is_named() {
    let recorded = Baseline::new(vec![number("a", 1.0), number("b", 1.0), number("gone", 1.0)]).unwrap();
    assert!(recorded.compare(&[number("a", 1.05), number("b", 0.95), number("gone", 1.0)]).moved().is_empty());
    let comparison = recorded.compare(&[number("a", 1.25), number("b", f64::NAN), number("new", 1.0)]);
    let moved: Vec<String> = comparison.moved().iter().map(ToString::to_string).collect();
    assert_eq!(moved, ["a (1 → 1.2500)", "b (1 → NaN)", "new (not recorded → 1)", "gone (1 → not measured)"]);
    let table = comparison.to_string();
    assert_eq!(table.matches("MOVED").count(), 4, "{table}");
}

#[test]
fn a_file_keeps_its_tolerances() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baseline.csv");
    Baseline::record(&path, &[Number::new("loss, \"mean\"", 0.1, 0.01), number("b", 2.0)]).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "name,value,tolerance\n\"loss, \"\"mean\"\"\",0.1,0.01\nb,2.0,0.1\n"
    );
    Baseline::record(&path, &[Number::new("b", 3.0, 5.0), number("c", 1.0)]).unwrap();
    let read = Baseline::read(&path).unwrap();
    assert_eq!(read.numbers(), [Number::new("b", 3.0, 0.1), number("c", 1.0)]);
    assert_eq!(read.filtered(|name| name == "c").numbers(), [number("c", 1.0)]);
}

#[test]
fn bad_files_are_refused() {
    let parse = |text: &str| Baseline::parse(text.as_bytes(), Path::new("here.csv"));
    for text in ["name,value\na,1\n", "name,value,tolerance\na,x,1\n", "a,1,1\n1,2\n"] {
        let error = parse(text).unwrap_err();
        assert!(matches!(error, BaselineError::Row { .. }), "{text}: {error}");
        assert!(error.to_string().starts_with("here.csv: "), "{error}");
    }
    assert!(matches!(parse("name,value,tolerance\na,1,1\na,2,1\n"), Err(BaselineError::Twice { .. })));
    for tolerance in ["-1", "NaN"] {
        let found = parse(&format!("name,value,tolerance\na,1,{tolerance}\n"));
        assert!(matches!(found, Err(BaselineError::Tolerance { .. })), "{tolerance}");
    }
    assert!(matches!(Baseline::read(Path::new("/no/such/file.csv")), Err(BaselineError::Read { .. })));
}
