//! The distance between two lists of numbers.

/// `‖found − expected‖ / ‖expected‖`, or `‖found‖` if all expected numbers are zero.
pub(crate) fn error<'a>(
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64, IntoIter: ExactSizeIterator>,
) -> f64 {
    let expected = expected.into_iter();
    let mut found = found.into_iter();
    let (mut apart, mut size) = (0.0, 0.0);
    for e in expected {
        let f = found.next().expect("fewer numbers than expected");
        apart += (f - e).powi(2);
        size += e.powi(2);
    }
    assert!(found.next().is_none(), "more numbers than expected");
    if size == 0.0 { apart.sqrt() } else { (apart / size).sqrt() }
}

/// Fails unless the [`error`] is below `tolerance`.
#[track_caller]
pub(crate) fn assert_close<'a>(
    what: &str,
    found: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64, IntoIter: ExactSizeIterator>,
    tolerance: f64,
) {
    let error = error(found, expected);
    assert!(error < tolerance, "{what}: relative error {error:e}, tolerance {tolerance:e}");
}
