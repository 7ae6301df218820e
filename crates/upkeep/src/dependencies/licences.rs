use super::finding::{Finding, named};
use crate::Policy;
use cargo_metadata::Package;
use spdx::{Expression, ParseMode};

/// Dependencies with disallowed licences, and licence exceptions for crates that are not dependencies.
pub(super) fn findings(dependencies: &[&Package], policy: &Policy) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        dependencies.iter().filter_map(|package| Some(Finding::new(named(package), fault(package, policy)?))).collect();
    for exception in &policy.licence_exceptions {
        if !dependencies.iter().any(|package| package.name.as_str() == exception.name) {
            found.push(Finding::new(&exception.name, "has a licence exception but is not a dependency"));
        }
    }
    found
}

fn fault(package: &Package, policy: &Policy) -> Option<String> {
    let Some(text) = &package.license else {
        return Some("does not declare a licence".to_owned());
    };
    // Lax mode, because older packages write "MIT/Apache-2.0".
    let expression = match Expression::parse_mode(text, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("its licence {text:?} is not a valid SPDX expression: {}", error.reason)),
    };
    let suffices = expression.evaluate(|licence| policy.allows(&package.name, &licence.to_string()));
    (!suffices).then(|| format!("its licence {text:?} is not allowed"))
}
