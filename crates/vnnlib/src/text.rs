//! Properties as VNN-LIB text.

use crate::property::{Case, Inequality, Property};
use std::fmt::{self, Write};

impl Property {
    /// The property as VNN-LIB text, which is read again as an equal property. Numbers have as many digits as it takes.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = write_property(self, &mut text);
        text
    }
}

fn write_property(property: &Property, out: &mut String) -> fmt::Result {
    for (kind, count) in [("X", property.inputs()), ("Y", property.outputs())] {
        for number in 0..count {
            writeln!(out, "(declare-const {kind}_{number} Real)")?;
        }
    }
    // Consecutive cases with one box, which is written once.
    let groups: Vec<&[Case]> = property.cases().chunk_by(Case::has_box_of).collect();
    match groups[..] {
        [only] => {
            for bound in only.iter().take(1).flat_map(bounds) {
                writeln!(out, "(assert {bound})")?;
            }
            write!(out, "(assert ")?;
            write_options(only, out)?;
            writeln!(out, ")")
        }
        _ => {
            write!(out, "(assert (or")?;
            for group in groups {
                write!(out, "\n  (and")?;
                for bound in group.iter().take(1).flat_map(bounds) {
                    write!(out, " {bound}")?;
                }
                write!(out, " ")?;
                write_options(group, out)?;
                write!(out, ")")?;
            }
            writeln!(out, "))")
        }
    }
}

/// The bounds of a case.
fn bounds(case: &Case) -> impl Iterator<Item = String> {
    let both = case.lower().iter().zip(case.upper()).enumerate();
    both.flat_map(|(i, (lower, upper))| [format!("(>= X_{i} {lower:?})"), format!("(<= X_{i} {upper:?})")])
}

/// The inequalities of the cases.
fn write_options(cases: &[Case], out: &mut String) -> fmt::Result {
    write!(out, "(or")?;
    for case in cases {
        write!(out, "\n    (and")?;
        if case.inequalities().is_empty() {
            write!(out, " (<= 0.0 0.0)")?;
        }
        for inequality in case.inequalities() {
            write_inequality(inequality, out)?;
        }
        write!(out, ")")?;
    }
    write!(out, ")")
}

fn write_inequality(inequality: &Inequality, out: &mut String) -> fmt::Result {
    let is_sum = inequality.terms().len() > 1;
    write!(out, " (<= {}", if is_sum { "(+ " } else { "" })?;
    for (position, &(output, coefficient)) in inequality.terms().iter().enumerate() {
        let space = if position > 0 { " " } else { "" };
        // A coefficient of 1 is not written.
        match coefficient.total_cmp(&1.0).is_eq() {
            true => write!(out, "{space}Y_{output}")?,
            false => write!(out, "{space}(* {coefficient:?} Y_{output})")?,
        }
    }
    write!(out, "{} {:?})", if is_sum { ")" } else { "" }, inequality.bound())
}
