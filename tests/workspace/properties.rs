//! Properties that hold for any values.

use minima_tests::property;

#[test]
fn every_property_holds() {
    let broken: Vec<String> = property::ALL
        .iter()
        .filter_map(|(name, holds)| holds().err().map(|found| format!("{name}: {found}")))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
