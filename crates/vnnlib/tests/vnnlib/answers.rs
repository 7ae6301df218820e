//! Answers and counterexamples.

use minima_vnnlib::{Answer, Counterexample, VnnlibError, parse};

#[test]
fn results_are_one_word() {
    let words = [Answer::Unsat, Answer::Unknown, Answer::Timeout].map(|answer| answer.to_string());
    assert_eq!(words, ["unsat", "unknown", "timeout"]);
}

#[test]
fn a_counterexample_lists_inputs_then_outputs_with_all_digits() {
    let values = [0.1, f64::from(0.1_f32), -1e-30, 1e22, 0.0, f64::MAX, f64::from_bits(1), 1.0 / 3.0];
    let example = Counterexample::new(values.to_vec(), vec![-2.0]).unwrap();
    let text = Answer::Sat(example.clone()).to_string();
    let (word, pairs) = text.split_once('\n').unwrap();
    assert_eq!(word, "sat");
    let pairs = pairs.strip_prefix("((").unwrap().strip_suffix("))").unwrap();
    let mut found = Vec::new();
    for (number, pair) in pairs.split(")\n(").enumerate() {
        let (name, value) = pair.split_once(' ').unwrap();
        assert_eq!(name, if number < 8 { format!("X_{number}") } else { "Y_0".into() });
        found.push(value.parse::<f64>().unwrap());
    }
    assert_eq!(found, [example.inputs(), example.outputs()].concat());
    assert_eq!(found.len(), 9);
}

#[test]
fn what_is_not_finite_is_no_counterexample() {
    let error = Counterexample::new(vec![0.0, f64::NAN], vec![0.0]).unwrap_err();
    assert_eq!(error.to_string(), "counterexample: found X_1 = NaN, expected a finite number");
    let error = Counterexample::new(vec![0.0], vec![f64::NEG_INFINITY]).unwrap_err();
    assert!(matches!(error, VnnlibError::Value { name, .. } if name == "Y_0"));
}

#[test]
fn a_point_is_a_violation_or_not() {
    let text = "(declare-const X_0 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)
                (assert (<= 0 X_0 1))(assert (or (<= Y_0 Y_1) (and (>= X_0 0.5) (<= Y_0 -1))))";
    let property = parse(text, "points").unwrap();
    assert_eq!(property.violated_case(&[0.0], &[1.0, 1.0]), Some(0));
    assert_eq!(property.violated_case(&[0.5], &[-1.0, -2.0]), Some(1));
    let none: [(&[f64], &[f64]); 8] = [
        (&[0.5_f64.next_down()], &[-1.0, -2.0]),
        (&[1.0_f64.next_up()], &[1.0, 1.0]),
        (&[1.0], &[1.0_f64.next_up(), 1.0]),
        (&[f64::NAN], &[1.0, 1.0]),
        (&[0.0], &[f64::NAN, 1.0]),
        (&[0.0], &[0.0]),
        (&[0.0], &[0.0, 1.0, 1.0]),
        (&[], &[0.0, 1.0]),
    ];
    for (inputs, outputs) in none {
        assert_eq!(property.violated_case(inputs, outputs), None, "{inputs:?} {outputs:?}");
    }
}
