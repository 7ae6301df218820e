//! A property in VNN-LIB of an ONNX model, for the command `certify`.

use anyhow::{Context, Result, bail};
use minima_autodiff::Model;
use minima_onnx::AxisOrder;
use minima_runs::certificates::CertificateFolder;
use minima_verify::{
    InputSet, LinearConstraint, Program, Reason, Specification, Verdict, VerifyOptions, prove, verify,
};
use minima_vnnlib::{Answer, Case, Counterexample, Property};
use ndarray::Array2;
use std::time::Instant;

/// Searches for a counterexample to a property, or proves that there is none. Writes a certificate of each box that is proved to a folder,
/// if there is one.
///
/// # Errors
/// Fails if the property has other inputs or outputs than the network, or the network has an operation without a sound bound.
pub(crate) fn answer(
    model: &Model<f32>,
    order: AxisOrder,
    property: &Property,
    options: &VerifyOptions,
    certificates: Option<&CertificateFolder>,
) -> Result<Answer> {
    let program = Program::new(model.graph(), model.params())?;
    let places = Places::new(model.graph().input_shape(), order);
    let started = Instant::now();
    let mut open = None;
    for (number, (input, specification)) in claims(model, order, property)?.iter().enumerate() {
        let time_limit = options.time_limit.map(|limit| limit.saturating_sub(started.elapsed()));
        let options = VerifyOptions { time_limit, ..*options };
        let report = match certificates {
            None => verify(&program, input, specification, &options)?,
            Some(folder) => {
                let (report, proof) = prove(&program, input, specification, &options)?;
                let written = match &proof {
                    Some(proof) => folder.write_box(proof, number, input, specification)?.is_some(),
                    None => false,
                };
                if matches!(report.verdict, Verdict::Proved { .. }) && !written {
                    tell!(
                        "box {number} is proved, but the checker does not accept its certificate, so none was written"
                    );
                }
                report
            }
        };
        match report.verdict {
            Verdict::Proved { .. } => {}
            Verdict::Falsified { witness } => match places.counterexample(model, property, &witness.input)? {
                Some(found) => return Ok(Answer::Sat(found)),
                // It lies outside of the box by a rounding.
                None => open = Some(Answer::Unknown),
            },
            Verdict::Unknown { why: Reason::Time, .. } => open = Some(Answer::Timeout),
            Verdict::Unknown { .. } => open = open.or(Some(Answer::Unknown)),
        }
    }
    Ok(open.unwrap_or(Answer::Unsat))
}

/// For each box of a property, the box and the outputs that must not occur.
///
/// # Errors
/// Fails if the property has other inputs or outputs than the network, or a box is empty or infinite.
pub(crate) fn claims(
    model: &Model<f32>,
    order: AxisOrder,
    property: &Property,
) -> Result<Vec<(InputSet, Specification)>> {
    let (inputs, outputs) = (model.graph().features(), model.graph().classes());
    for (what, found, expected) in [("inputs", property.inputs(), inputs), ("outputs", property.outputs(), outputs)] {
        if found != expected {
            bail!("the property has {found} {what}; expected {expected}, as the network has");
        }
    }
    let places = Places::new(model.graph().input_shape(), order);
    let mut claims = Vec::new();
    for cases in by_box(property.outward().cases()) {
        let Some(first) = cases.first() else { continue };
        let targets = cases.iter().map(|case| constraints(case, outputs)).collect();
        let specification = Specification::unsafe_outputs(outputs, targets)?;
        let lower: Vec<f32> = places.to_network(first.lower()).into_iter().map(below).collect();
        let upper: Vec<f32> = places.to_network(first.upper()).into_iter().map(|x| -below(-x)).collect();
        claims.push((InputSet::between(&lower, &upper).context("the property's box")?, specification));
    }
    Ok(claims)
}

/// The cases with equal boxes together.
fn by_box(cases: &[Case]) -> Vec<Vec<&Case>> {
    let mut groups: Vec<Vec<&Case>> = Vec::new();
    for case in cases {
        let same = |group: &&mut Vec<&Case>| group.first().is_some_and(|first| first.has_box_of(case));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    groups
}

fn constraints(case: &Case, outputs: usize) -> Vec<LinearConstraint> {
    let of = |inequality: &minima_vnnlib::Inequality| {
        let mut coefficients = vec![0.0; outputs];
        for &(output, coefficient) in inequality.terms() {
            if let Some(to) = coefficients.get_mut(output) {
                *to += coefficient;
            }
        }
        LinearConstraint { coefficients, bound: inequality.bound() }
    };
    case.inequalities().iter().map(of).collect()
}

/// The largest `f32` that is not above a number.
fn below(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) > x { nearest.next_down() } else { nearest }
}

/// For each input of the network, the place of the same number in the ONNX file's input.
struct Places(Vec<usize>);

impl Places {
    /// Images of a network have their channels last. In the order `nchw` the file's images have them first.
    fn new(shape: &[usize], order: AxisOrder) -> Self {
        match *shape {
            [height, width, channels] if order == AxisOrder::Nchw => {
                let area = height * width;
                Self((0..area * channels).map(|i| i % channels * area + i / channels).collect())
            }
            _ => Self((0..shape.iter().product()).collect()),
        }
    }

    /// Numbers of the file in the network's order.
    fn to_network(&self, of_file: &[f64]) -> Vec<f64> {
        self.0.iter().map(|&place| of_file.get(place).copied().unwrap_or(f64::NAN)).collect()
    }

    /// A point as a counterexample, if it lies in the box of a case and its outputs satisfy the case's inequalities.
    fn counterexample(&self, model: &Model<f32>, property: &Property, point: &[f32]) -> Result<Option<Counterexample>> {
        let mut point = point.to_vec();
        // A case's box ends between two numbers. The end inside belongs to the box.
        let mut of_file = vec![0.0; point.len()];
        for case in property.cases() {
            for ((x, low), high) in
                point.iter_mut().zip(self.to_network(case.lower())).zip(self.to_network(case.upper()))
            {
                *x = x.clamp(-below(-low), below(high).max(-below(-low)));
            }
            let row = Array2::from_shape_vec((1, point.len()), point.clone())?;
            let logits = model.graph().logits(model.params(), row.view())?;
            let outputs: Vec<f64> = logits.iter().map(|&y| f64::from(y)).collect();
            for (&place, &x) in self.0.iter().zip(&point) {
                if let Some(to) = of_file.get_mut(place) {
                    *to = f64::from(x);
                }
            }
            if property.violated_case(&of_file, &outputs).is_some() {
                return Ok(Some(Counterexample::new(of_file, outputs)?));
            }
        }
        Ok(None)
    }
}
