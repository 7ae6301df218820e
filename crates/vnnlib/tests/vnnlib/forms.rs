//! Every form of a property, with the cases that it means.

use minima_vnnlib::{Property, parse, read};

/// A case: lower and upper bounds, and the terms and bound of each inequality.
type Plain = (Vec<f64>, Vec<f64>, Vec<(Vec<(usize, f64)>, f64)>);

fn plain(property: &Property) -> Vec<Plain> {
    let cases = property.cases().iter();
    let inequalities = |case: &minima_vnnlib::Case| {
        case.inequalities().iter().map(|inequality| (inequality.terms().to_vec(), inequality.bound())).collect()
    };
    cases.map(|case| (case.lower().to_vec(), case.upper().to_vec(), inequalities(case))).collect()
}

/// The outputs of an inequality and their coefficients.
type Terms<'a> = &'a [(usize, f64)];

/// The cases of assertions about two inputs and three outputs. The text of the property is read again as the same property.
fn cases(assertions: &str) -> Vec<Plain> {
    let names = ["X_0", "X_1", "Y_0", "Y_1", "Y_2"];
    let declarations: String = names.iter().map(|name| format!("(declare-const {name} Real)\n")).collect();
    let property = parse(&(declarations + assertions), "forms").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((property.inputs(), property.outputs()), (2, 3));
    assert_eq!(parse(&property.to_text(), "again").unwrap(), property, "{}", property.to_text());
    plain(&property)
}

const BOX: &str = "(assert (>= X_0 -1)) (assert (<= X_0 2.5)) (assert (and (>= X_1 0) (<= X_1 1e-1)))\n";

/// A case of the box with these inequalities.
fn boxed(inequalities: &[(Terms<'_>, f64)]) -> Plain {
    let inequalities = inequalities.iter().map(|&(terms, bound)| (terms.to_vec(), bound)).collect();
    (vec![-1.0, 0.0], vec![2.5, 0.1], inequalities)
}

#[test]
fn the_published_form_has_a_case_for_each_other_class() {
    let found = cases(&format!("{BOX}(assert (or\n    (and (>= Y_0 Y_2))\n    (and (>= Y_1 Y_2))\n))\n"));
    assert_eq!(found, [boxed(&[(&[(0, -1.0), (2, 1.0)], 0.0)]), boxed(&[(&[(1, -1.0), (2, 1.0)], 0.0)])]);
    // The other direction, and one assertion for each inequality.
    let found = cases(&format!("{BOX}(assert (<= Y_2 Y_0))(assert (<= Y_1 -3.5))"));
    assert_eq!(found, [boxed(&[(&[(0, -1.0), (2, 1.0)], 0.0), (&[(1, 1.0)], -3.5)])]);
    // Without a condition on the outputs, every input is a violation.
    assert_eq!(cases(BOX), [boxed(&[])]);
}

#[test]
fn bounds_are_of_one_case_within_or() {
    let found = cases(
        "(assert (<= X_1 4)) (assert (>= X_1 3))
         (assert (or
           (and (>= X_0 0) (<= X_0 1) (<= Y_0 5))
           (and (>= X_0 2) (<= X_0 3) (<= 3.5 X_1) (>= Y_0 7))))",
    );
    assert_eq!(
        found,
        [
            (vec![0.0, 3.0], vec![1.0, 4.0], vec![(vec![(0, 1.0)], 5.0)]),
            (vec![2.0, 3.5], vec![3.0, 4.0], vec![(vec![(0, -1.0)], -7.0)]),
        ]
    );
}

#[test]
fn the_tightest_bound_counts() {
    let found = cases("(assert (<= 0 X_0 1)) (assert (<= -1 X_0 0.5)) (assert (= X_1 2)) (assert (<= X_1 2))");
    assert_eq!(found, [(vec![0.0, 2.0], vec![0.5, 2.0], vec![])]);
}

#[test]
fn and_and_or_are_nested_in_any_way() {
    let y = |j: usize| (vec![(j, 1.0)], 0.0);
    let found = cases(&format!(
        "{BOX}(assert (and (or (<= Y_0 0) (or (<= Y_1 0)) (and (<= Y_2 0) (or (<= Y_0 0) (<= Y_1 0)))) (or (and (<= Y_2 0)))))"
    ));
    let expected = [vec![y(2), y(0)], vec![y(2), y(1)], vec![y(2), y(2), y(0)], vec![y(2), y(2), y(1)]];
    assert_eq!(found.into_iter().map(|case| case.2).collect::<Vec<_>>(), expected);
    // Two disjunctions are a case for each pair, in the order of the file.
    let found = cases(&format!("{BOX}(assert (or (<= Y_0 0) (<= Y_1 0))) (assert (or (<= Y_2 0) (<= Y_1 0)))"));
    let expected = [vec![y(0), y(2)], vec![y(0), y(1)], vec![y(1), y(2)], vec![y(1), y(1)]];
    assert_eq!(found.into_iter().map(|case| case.2).collect::<Vec<_>>(), expected);
}

#[test]
fn empty_cases_are_left_out() {
    let found = cases(
        "(assert (<= 0 X_1 1))
         (assert (or (<= 0 X_0 1) (<= 2 X_0 3)))
         (assert (or (and (>= X_0 1.5) (<= Y_0 0)) (and (<= X_0 0.5) (<= Y_1 0)) (<= 2 1)))",
    );
    assert_eq!(
        found,
        [
            (vec![0.0, 0.0], vec![0.5, 1.0], vec![(vec![(1, 1.0)], 0.0)]),
            (vec![2.0, 0.0], vec![3.0, 1.0], vec![(vec![(0, 1.0)], 0.0)]),
        ]
    );
    // A point is a box, and a comparison that always holds is no condition.
    let found = cases("(assert (<= 1 X_0 1)) (assert (<= 0 X_1 0)) (assert (or (<= 1 1) (>= Y_0 1)))");
    assert_eq!(
        found,
        [(vec![1.0, 0.0], vec![1.0, 0.0], vec![]), (vec![1.0, 0.0], vec![1.0, 0.0], vec![(vec![(0, -1.0)], -1.0)])]
    );
}

#[test]
fn linear_terms_are_collected() {
    let forms: [(&str, Terms<'_>, f64); 15] = [
        ("(<= (+ Y_0 Y_1 Y_2) 1)", &[(0, 1.0), (1, 1.0), (2, 1.0)], 1.0),
        ("(<= (- Y_0 Y_1 Y_2) 1)", &[(0, 1.0), (1, -1.0), (2, -1.0)], 1.0),
        ("(<= (- Y_0) (- 3.0))", &[(0, -1.0)], -3.0),
        ("(>= (* 2 Y_1) (* Y_0 -0.5))", &[(0, -0.5), (1, -2.0)], 0.0),
        ("(<= (* 2 Y_1 3) 4)", &[(1, 6.0)], 4.0),
        ("(<= (* 2 (+ Y_1 (* 3 (- Y_2 1)))) 4)", &[(1, 2.0), (2, 6.0)], 10.0),
        ("(<= (/ (- Y_1 1) 4) (/ 1 2))", &[(1, 0.25)], 0.75),
        ("(<= 1 Y_2)", &[(2, -1.0)], -1.0),
        ("(<= (+ Y_2 Y_0 Y_2) Y_0)", &[(2, 2.0)], 0.0),
        ("(<= (+ Y_2 1) (+ Y_0 3))", &[(0, -1.0), (2, 1.0)], 2.0),
        ("(<= Y_2 (- (+ 1 2)))", &[(2, 1.0)], -3.0),
        ("(<= (+ Y_2) (+ +1.5E0))", &[(2, 1.0)], 1.5),
        ("(<= (- (- Y_2 4)) .5)", &[(2, -1.0)], -3.5),
        ("(<= (* -1 0 Y_0) Y_1)", &[(1, -1.0)], 0.0),
        ("(<= (+ X_0 Y_1 (* -1 X_0)) 0)", &[(1, 1.0)], 0.0),
    ];
    for (form, terms, bound) in forms {
        assert_eq!(cases(&format!("{BOX}(assert {form})")), [boxed(&[(terms, bound)])], "{form}");
    }
    // A chain compares neighbours, and an equality is two inequalities.
    let found = cases(&format!("{BOX}(assert (>= 3 Y_0 Y_1)) (assert (= Y_2 1))"));
    let expected: [(Terms<'_>, f64); 4] =
        [(&[(0, 1.0)], 3.0), (&[(0, -1.0), (1, 1.0)], 0.0), (&[(2, 1.0)], 1.0), (&[(2, -1.0)], -1.0)];
    assert_eq!(found, [boxed(&expected)]);
    // Bounds on an input through a factor: −2x + 1 ≤ 3 and x/4 ≤ 1.
    let found = cases("(assert (<= (+ (* -2 X_0) 1) 3)) (assert (<= (/ X_0 4) 1)) (assert (<= 0 X_1 1))");
    assert_eq!(found, [(vec![-1.0, 0.0], vec![4.0, 1.0], vec![])]);
}

#[test]
fn comments_and_commands_without_effect_are_skipped() {
    let found = cases(&format!(
        "; a comment (assert (or
         (set-logic QF_LRA) (set-info :source |two (\n lines|) (set-option :produce-models true) (echo \"(\")
         {BOX} ; (assert (<= Y_0 1))\r\n\t(assert(<= Y_0;between\n 2))
         (check-sat) (get-model) (get-value (X_0 Y_0)) (exit) (assert (<= Y_0 1)) )))"
    ));
    assert_eq!(found, [boxed(&[(&[(0, 1.0)], 2.0)])]);
}

#[test]
fn declarations_are_in_any_order() {
    let text = "(declare-fun Y_0 () Real) (declare-const X_1 Real) (assert (<= 1 X_1 2))
                (declare-const X_0 Real) (assert (<= 3 X_0 4)) (assert (<= Y_0 0))";
    let property = parse(text, "order").unwrap();
    assert_eq!(plain(&property), [(vec![3.0, 1.0], vec![4.0, 2.0], vec![(vec![(0, 1.0)], 0.0)])]);
}

#[test]
fn outward_is_one_number_wider() {
    let half = |bound: &str| format!("(assert (or (<= Y_0 {bound}) (<= Y_1 -0.1)))");
    let text = |low: &str, high: &str, bound: &str| {
        let names: String = ["X_0", "Y_0", "Y_1"].map(|name| format!("(declare-const {name} Real)")).concat();
        format!("{names}(assert (<= {low} X_0 {high})){}", half(bound))
    };
    let property = parse(&text("-0.1", "0.3", "0"), "narrow").unwrap();
    let wider = property.outward();
    let [first, second] = wider.cases() else { panic!("{wider:?}") };
    assert!(first.has_box_of(second) && !first.has_box_of(&property.cases()[0]));
    assert_eq!((first.lower(), first.upper()), (&[(-0.1_f64).next_down()][..], &[0.3_f64.next_up()][..]));
    assert_eq!(first.inequalities()[0].bound(), f64::from_bits(1));
    assert_eq!(second.inequalities()[0].bound(), (-0.1_f64).next_up());
    assert_eq!(second.inequalities()[0].terms(), property.cases()[1].inequalities()[0].terms());
    // Stays finite at the ends of the range.
    let widest = parse(&text("-1.7976931348623157e308", "1.7976931348623157e308", "1.7976931348623157e308"), "wide");
    let widest = widest.unwrap();
    assert_eq!(widest.outward().cases()[0], widest.cases()[0]);
}

#[test]
fn a_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nano.vnnlib");
    let text = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= -1 X_0 1))(assert (<= Y_0 -1))";
    std::fs::write(&path, text).unwrap();
    assert_eq!(read(&path).unwrap(), parse(text, "nano").unwrap());
    std::fs::write(&path, "(assert").unwrap();
    let error = read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}, line 1: found the end of the file", path.display())), "{error}");
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(read(&path).unwrap_err().to_string().starts_with("cannot read "));
    assert!(read(&folder.path().join("none")).unwrap_err().to_string().starts_with("cannot read "));
}
