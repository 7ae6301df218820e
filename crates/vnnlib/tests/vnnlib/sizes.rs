//! Deep, long and combinatorial texts.

use minima_vnnlib::{Fault, Property, VnnlibError, parse};

const START: &str = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= 0 X_0 1))";

fn read(assertion: &str) -> Result<Property, Fault> {
    parse(&format!("{START}{assertion}"), "sizes").map_err(|error| match error {
        VnnlibError::Content { fault, .. } => fault,
        other => panic!("{other}"),
    })
}

#[test]
fn nesting_has_a_limit() {
    let depth = Err(Fault::Depth { most: 256 });
    for operator in ["and", "or"] {
        let nested = |levels: usize| {
            format!("(assert {}(<= Y_0 1){})", format!("({operator} ").repeat(levels), ")".repeat(levels))
        };
        assert_eq!(read(&nested(255)).map(|property| property.cases().len()), Ok(1));
        assert_eq!(read(&nested(256)), depth);
        assert_eq!(read(&nested(100_000)), depth);
    }
    for (operator, end) in [("(- ", ")"), ("(+ 1 ", ")"), ("(* 1 ", ")")] {
        let nested = |levels: usize| format!("(assert (<= {}Y_0{} 1))", operator.repeat(levels), end.repeat(levels));
        assert!(read(&nested(255)).is_ok());
        assert_eq!(read(&nested(256)), depth);
        assert_eq!(read(&nested(100_000)), depth);
    }
    // Commands without effect are skipped at any depth.
    assert!(read(&format!("(get-value {}{})", "(".repeat(100_000), ")".repeat(100_000))).is_ok());
}

#[test]
fn a_product_of_disjunctions_has_a_limit() {
    let two = "(assert (or (<= Y_0 1) (>= Y_0 2)))";
    assert_eq!(read(&two.repeat(10)).map(|property| property.cases().len()), Ok(1_024));
    for disjunctions in [20, 64, 1_000] {
        let text = two.repeat(disjunctions);
        let most = (1 << 18) + 4 * (START.len() + text.len());
        assert_eq!(read(&text), Err(Fault::TooManyCases { most }));
    }
    // Also if almost all cases are empty.
    let exclusive = "(assert (or (<= X_0 0.5) (<= 0.75 X_0)))";
    let text = format!("{}(assert (or (= Y_0 1) (<= 2 X_0)))", exclusive.repeat(8));
    assert_eq!(read(&text).map(|property| property.cases().len()), Ok(2));
    let dead = format!("{}(assert (<= 2 1))", two.repeat(64));
    assert!(matches!(read(&dead), Err(Fault::Contradiction { .. })));
    let dead = format!("{}(assert (or (<= 2 1) (<= 3 1)))", two.repeat(64));
    assert!(matches!(read(&dead), Err(Fault::TooManyCases { .. })));
}

#[test]
fn a_long_list_of_cases_is_read() {
    let cases: String = (0..50_000).map(|i| format!("(and (<= {i} X_0 {i}.5)(<= Y_0 {i}))")).collect();
    let text = format!("(declare-const X_0 Real)(declare-const Y_0 Real)(assert (or {cases}))");
    let property = parse(&text, "long").unwrap();
    assert_eq!(property.cases().len(), 50_000);
    let last = &property.cases()[49_999];
    assert_eq!(
        (last.lower(), last.upper(), last.inequalities()[0].bound()),
        (&[49_999.0][..], &[49_999.5][..], 49_999.0)
    );
    // The shortest cases.
    let text = format!("{START}(assert (or {}))", "(<= Y_0 1)".repeat(50_000));
    assert_eq!(parse(&text, "short").unwrap().cases().len(), 50_000);
    let inputs: String = (0..1_000).map(|i| format!("(declare-const X_{i} Real)(assert (<= 0 X_{i} 1))")).collect();
    let text = format!("(declare-const Y_0 Real){inputs}(assert (or {}))", "(<= X_0 1)(<= X_0 0.5)".repeat(1_000));
    // A box of a thousand inputs for each case is out of proportion.
    assert!(matches!(parse(&text, "boxes"), Err(VnnlibError::Content { fault: Fault::TooManyCases { .. }, .. })));
}
