//! The attacks by their names in commands and files: the library's attacks, and attacks that the program registered.

pub(crate) mod built_in;

pub use built_in::{CATALOGUE, Entry, Options};

use crate::registry::installed;
use minima_attacks::{Attack, AttackError, Norm};
use minima_network::suggestion::one_of;

/// All attacks: first [`CATALOGUE`], then the attacks of the installed [`Registry`](crate::registry::Registry).
pub fn entries() -> impl Iterator<Item = Entry> {
    CATALOGUE.into_iter().chain(installed().attacks().map(|attack| attack.entry()))
}

/// The attack with this name and norm.
///
/// # Errors
/// Returns [`AttackError`] if no attack has the name, or the attack does not support the norm or the option.
pub fn attack(name: &str, norm: Norm, options: &Options) -> Result<Box<dyn Attack<f32>>, AttackError> {
    let Some(entry) = entries().find(|entry| entry.name.eq_ignore_ascii_case(name)) else {
        let expected = one_of(entries().map(|entry| entry.name), name);
        return Err(AttackError::Unknown { found: name.to_owned(), expected });
    };
    if !entry.norms.contains(&norm) {
        return Err(AttackError::Norm { attack: entry.name, found: norm, expected: supported(entry.norms) });
    }
    let given = [
        ("steps", options.steps.is_some()),
        ("step-size", options.step_size.is_some()),
        ("restarts", options.restarts.is_some()),
        ("seed", options.seed.is_some()),
    ];
    if let Some((option, _)) = given.into_iter().find(|(option, given)| *given && !entry.options.contains(option)) {
        let found = format!("set for {name}, which does not have it");
        return Err(AttackError::Option { option, found, expected: "an option of this attack" });
    }
    let own = installed().attacks().find(|own| own.entry().name == entry.name);
    Ok(own.map_or_else(|| built_in::build(entry.name, options), |own| own.build(options)))
}

/// The norms of an attack that lacks one.
fn supported(norms: &[Norm]) -> &'static str {
    if norms.contains(&Norm::Linf) { "linf" } else { "l2" }
}
