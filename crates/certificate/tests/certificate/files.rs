//! Files: written and read again, and with a byte changed.

use crate::random::Random;
use crate::search::proved;
use minima_certificate::{Certificate, CertificateError, Slopes};
use std::path::Path;

#[test]
fn a_file_is_read_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("7-0.01.json");
    for seed in 0..60 {
        let Some(of) = proved(&mut Random(seed)) else { continue };
        of.certificate.write(&path).unwrap();
        assert_eq!(Certificate::read(&path).unwrap(), of.certificate);
    }
    let missing = Certificate::read(&folder.path().join("8-0.01.json")).unwrap_err();
    assert!(missing.to_string().contains("8-0.01.json"), "{missing}");
}

#[test]
fn a_changed_byte_is_noticed() {
    let file = Path::new("certificate.json");
    let of = (0..400).find_map(|seed| proved(&mut Random(seed))).unwrap();
    let bytes = of.certificate.to_bytes(file).unwrap();
    for at in 0..bytes.len() - 1 {
        for bit in [0, 3, 6] {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            if let Ok(found) = Certificate::from_bytes(&changed, file) {
                assert_eq!(found, of.certificate, "byte {at}");
            }
        }
    }
}

#[test]
fn missing_fields_and_wrong_numbers_are_errors() {
    let text = r#"{"weights":"","image":"","number":0,"norm":"linf","radius":0.1,"property":{"label":1},"parts":[]}"#;
    let read = |text: &str| serde_json::from_str::<Certificate>(text).map_err(|error| error.to_string());
    read(text).unwrap();
    for field in ["weights", "image", "number", "norm", "radius", "property", "parts"] {
        let found = read(&text.replace(&format!("\"{field}\""), "\"other\"")).unwrap_err();
        assert!(found.contains("other") || found.contains(field), "{found}");
    }
    for (from, to) in
        [("0.1", "NaN"), ("0.1", "1e999"), ("0.1", "null"), ("linf", "l1"), ("[]", "[{}]"), (":0,", ":-1,")]
    {
        assert!(read(&text.replace(from, to)).is_err(), "{from} {to}");
    }
    let deep = text.replace("[]", &"[".repeat(100_000));
    assert!(read(&deep).is_err());
}

#[test]
fn slopes_are_hexadecimal() {
    let slopes = Slopes::new(&[0.0, 0.0, 1.0, 0.5, 0.0, 2.0, -1.0, f32::NAN]);
    assert_eq!(slopes, Slopes { first: 2, steps: vec![255, 128, 0, 255] });
    let text = serde_json::to_string(&slopes).unwrap();
    assert_eq!(text, r#"{"first":2,"steps":"ff8000ff"}"#);
    assert_eq!(serde_json::from_str::<Slopes>(&text).unwrap(), slopes);
    for steps in ["f", "fg", "FF", "é"] {
        let text = format!(r#"{{"first":0,"steps":"{steps}"}}"#);
        assert!(serde_json::from_str::<Slopes>(&text).is_err(), "{steps}");
    }
    assert_eq!(Slopes::new(&[]), Slopes::default());
    let file = CertificateError::Radius { found: -1.0 };
    assert_eq!(file.to_string(), "radius -1, expected a finite number of at least 0");
}
