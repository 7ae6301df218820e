//! What is refused, with the line and the fault.

use minima_vnnlib::{Fault, VnnlibError, parse};

/// Declarations and bounds in lines 1 to 4.
const START: &str = "(declare-const X_0 Real)\n(declare-const Y_0 Real)(declare-const Y_1 Real)\n(assert (>= X_0 0))\n(assert (<= X_0 1))\n";

/// The line and fault of a text.
fn refusal(text: &str) -> (usize, Fault) {
    match parse(text, "refused.vnnlib") {
        Err(VnnlibError::Content { file, line, fault }) => {
            assert_eq!(file, "refused.vnnlib");
            (line, fault)
        }
        other => panic!("{text}: {other:?}"),
    }
}

/// The fault of line 6, which follows `START` and an empty line.
fn fault(line: &str) -> Fault {
    let (number, fault) = refusal(&format!("{START}\n{line}"));
    assert_eq!(number, 6, "{line}");
    fault
}

#[test]
fn what_is_not_the_grammar() {
    let lines = [
        ("x", "x"),
        (")", ")"),
        ("()", ")"),
        ("(vnnlib-version <2.0>)", "vnnlib-version"),
        ("(push 1)", "push"),
        ("(assert)", ")"),
        ("(assert true)", "true"),
        ("(assert (< Y_0 1))", "<"),
        ("(assert (not (<= Y_0 1)))", "not"),
        ("(assert (and))", ")"),
        ("(assert (or))", ")"),
        ("(assert (or (<= Y_0 1)", "the end of the file"),
        ("(assert (<= Y_0 1) (<= Y_0 1))", "("),
        ("(assert (<=))", ")"),
        ("(assert (<= Y_0))", ")"),
        ("(assert (<= Y_0 (^ 2 3)))", "^"),
        ("(assert (<= Y_0 nan))", "nan"),
        ("(assert (<= Y_0 -inf))", "-inf"),
        ("(assert (<= Y_0 y))", "y"),
        ("(assert (<= Y_0 |X_0|))", "a quoted text"),
        ("(assert (<= Y_0 ()))", ")"),
        ("(assert (<= Y_0 (+)))", ")"),
        ("(assert (<= Y_0 (/ 1)))", "one operand of /"),
        ("(assert (<= Y_00 1))", "Y_00"),
        ("(assert (<= Y_+0 1))", "Y_+0"),
        ("(assert (<= Y_4294967296 1))", "Y_4294967296"),
        ("(declare-const Z_0 Real)", "Z_0"),
        ("(declare-const X_1 Int)", "Int"),
        ("(declare-const X_1)", ")"),
        ("(declare-fun X_1 (Real) Real)", "Real"),
        ("(check-sat", "the end of the file"),
        ("(echo \"", "\" without its end"),
        ("(assert (<= Y_0 aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeee))", "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd…"),
    ];
    for (line, word) in lines {
        match fault(line) {
            Fault::Syntax { found, .. } => assert_eq!(found, word, "{line}"),
            other => panic!("{line}: {other}"),
        }
    }
    assert_eq!(
        parse("(assert\n (<= 1", "a").unwrap_err().to_string(),
        "a, line 2: found the end of the file, expected a number, a variable, or a term with +, -, * or /"
    );
}

#[test]
fn variables_without_declarations() {
    assert_eq!(fault("(assert (<= X_1 1))"), Fault::Undeclared { name: "X_1".into() });
    assert_eq!(fault("(assert (<= Y_0 Y_4294967295))"), Fault::Undeclared { name: "Y_4294967295".into() });
    assert_eq!(fault("(declare-const X_0 Real)"), Fault::Repeated { name: "X_0".into(), first: 1 });
    assert_eq!(fault("(declare-const X_3 Real)"), Fault::Gap { found: "X_3".into(), missing: "X_1".into() });
    assert_eq!(fault("(declare-const Y_3 Real)"), Fault::Gap { found: "Y_3".into(), missing: "Y_2".into() });
    for text in ["", "(declare-const X_0 Real)", "(declare-const Y_0 Real)"] {
        assert!(matches!(refusal(text), (1, Fault::Syntax { found, .. }) if found.starts_with("no declaration of ")));
    }
}

#[test]
fn numbers_out_of_range() {
    for number in ["1e400", "-1e400", "1e", "1.2.3", "0x10", "1/2", "-nan"] {
        let found = fault(&format!("(assert (<= Y_0 {number}))"));
        match number {
            "-nan" => assert!(matches!(found, Fault::Syntax { .. }), "{found}"),
            _ => assert_eq!(found, Fault::Number { found: number.into() }),
        }
    }
    let not_finite = [
        ("(<= Y_0 (* 1e200 1e200))", "product"),
        ("(<= (* 1e200 (* 1e200 Y_0)) 1)", "product"),
        ("(<= Y_0 (+ 1.7e308 1.7e308))", "sum"),
        ("(<= (- Y_0 1.7e308) 1.7e308)", "sum"),
        ("(<= (/ Y_0 0) 1)", "quotient"),
        ("(<= Y_0 (/ 0 0))", "quotient"),
        ("(<= (* 1e-200 X_0) 1e200)", "bound"),
    ];
    for (formula, expected) in not_finite {
        match fault(&format!("(assert {formula})")) {
            Fault::NotFinite { operation, value } => {
                assert!(operation == expected && !value.is_finite(), "{formula}: {operation} {value}");
            }
            other => panic!("{formula}: {other}"),
        }
    }
}

#[test]
fn terms_that_are_not_linear_and_comparisons_of_no_box() {
    for formula in ["(<= (* Y_0 Y_1) 1)", "(<= (* Y_0 2 Y_0) 1)", "(<= (* (+ X_0 1) (+ X_0 1)) 1)"] {
        assert_eq!(fault(&format!("(assert {formula})")), Fault::Nonlinear { operation: "product" });
    }
    assert_eq!(fault("(assert (<= (/ 1 Y_0) 1))"), Fault::Nonlinear { operation: "quotient" });
    for (formula, variables) in [("(<= X_0 Y_0)", "X_0, Y_0"), ("(<= (+ Y_1 X_0) (- Y_0))", "X_0, Y_0, Y_1")] {
        assert_eq!(fault(&format!("(assert {formula})")), Fault::Mixed { variables: variables.into() });
    }
    let two = "(declare-const X_1 Real)(assert (<= X_0 X_1))";
    assert_eq!(fault(two), Fault::Mixed { variables: "X_0, X_1".into() });
}

#[test]
fn inputs_without_bounds() {
    let unbounded = |name: &str, side, case| Fault::Unbounded { name: name.into(), side, case };
    let head = "(declare-const Y_0 Real)\n(declare-const X_0 Real)\n(declare-const X_1 Real)\n";
    let both = "(assert (or (and (<= 0 X_0 1) (<= 0 X_1 1)) (and (<= 0 X_0 1) (<= X_1 1))))";
    assert_eq!(refusal(head), (2, unbounded("X_0", "lower", 0)));
    assert_eq!(refusal(&format!("{head}(assert (>= X_0 0))")), (2, unbounded("X_0", "upper", 0)));
    assert_eq!(refusal(&format!("{head}(assert (<= 0 X_0 1))")), (3, unbounded("X_1", "lower", 0)));
    assert_eq!(refusal(&format!("{head}{both}")), (3, unbounded("X_1", "lower", 1)));
}

#[test]
fn contradictions_of_every_case() {
    let contradiction = |found: &str| Fault::Contradiction { found: found.into() };
    assert_eq!(fault("(assert (>= X_0 2))"), contradiction("X_0 ≥ 2.0 in line 6 and X_0 ≤ 1.0 in line 4"));
    assert_eq!(fault("(assert (<= X_0 -2))"), contradiction("X_0 ≥ 0.0 in line 3 and X_0 ≤ -2.0 in line 6"));
    let none = "a comparison of constants in line 6 does not hold";
    assert_eq!(fault("(assert (<= (- Y_0 Y_0) -1))"), contradiction(none));
    // The first contradiction is told.
    assert_eq!(fault("(assert (or (<= 2 1) (>= X_0 2)))"), contradiction(none));
    let error = parse(&format!("{START}(assert (= X_0 3))"), "f").unwrap_err().to_string();
    assert_eq!(
        error,
        "f, line 5: found assertions that no point satisfies (X_0 ≥ 3.0 in line 5 and X_0 ≤ 1.0 in line 4), expected a case that is not empty"
    );
}
