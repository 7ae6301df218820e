//! Presets as TOML tables: the built-in presets, overlays and overrides of single keys.

use super::PresetError;
use minima_network::suggestion::{one_of, resembling};
use toml::{Table, Value};

/// The built-in presets: name and text.
pub(super) const COMPILED_IN: [(&str, &str); 9] = [
    ("paper", include_str!("../../presets/paper.toml")),
    ("standard", include_str!("../../presets/standard.toml")),
    ("fashion", include_str!("../../presets/fashion.toml")),
    ("cifar10", include_str!("../../presets/cifar10.toml")),
    ("paper-hardware", include_str!("../../presets/paper-hardware.toml")),
    ("extended", include_str!("../../presets/extended.toml")),
    ("studies", include_str!("../../presets/studies.toml")),
    ("quick", include_str!("../../presets/quick.toml")),
    ("check", include_str!("../../presets/check.toml")),
];

pub(super) fn compiled_in(name: &str) -> Result<Table, PresetError> {
    let Some((_, text)) = COMPILED_IN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
        let expected = one_of(COMPILED_IN.map(|(name, _)| name), name);
        return Err(PresetError::Name { found: name.to_owned(), expected });
    };
    let origin = format!("preset {name}");
    extended(parse(text, &origin)?, &origin)
}

/// If the table extends a preset, returns that preset overlaid with the table.
pub(super) fn extended(mut table: Table, origin: &str) -> Result<Table, PresetError> {
    match table.remove("extends") {
        None => Ok(table),
        Some(Value::String(base)) => {
            let mut whole = compiled_in(&base)?;
            for (key, value) in table {
                match (whole.get_mut(&key), value) {
                    (Some(Value::Table(base)), Value::Table(over)) if key == OPTIMIZERS => overlay(base, over),
                    (Some(Value::Table(base)), Value::Table(over)) if key == TRAINING => base.extend(over),
                    (_, value) => {
                        whole.insert(key, value);
                    }
                }
            }
            Ok(whole)
        }
        Some(other) => Err(PresetError::Content {
            origin: origin.to_owned(),
            message: format!("extends is {other}; expected the name of a preset"),
        }),
    }
}

fn overlay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => overlay(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

pub(super) fn parse(text: &str, origin: &str) -> Result<Table, PresetError> {
    text.parse::<Table>()
        .map_err(|e| PresetError::Content { origin: origin.to_owned(), message: one_line(e.message()) })
}

/// The tables of optimizers, whose keys may be set one by one. Any other value is replaced as a whole.
const OPTIMIZERS: &str = "optimizers";
/// The table that every preset has, although its text may leave it out.
const TRAINING: &str = "training";

/// Sets one `dotted.key=value`. Unknown keys are detected when the table is parsed as a preset.
pub(super) fn set(table: &mut Table, change: &str) -> Result<(), String> {
    let (path, value) = change.split_once('=').ok_or("expected key=value")?;
    let text = value.trim();
    let value = match format!("v = {text}").parse::<Table>() {
        Ok(mut table) => table.remove("v").ok_or("expected a value")?,
        Err(error) if text.starts_with(['[', '{', '"', '\'']) => return Err(one_line(error.message())),
        // Text that is not a TOML value becomes a string, so that names need no quotes.
        Err(_) => Value::String(text.to_owned()),
    };
    let mut keys: Vec<&str> = path.trim().split('.').collect();
    let last = keys.pop().unwrap_or_default();
    let mut at = table;
    for key in keys {
        if key == TRAINING {
            at.entry(key).or_insert_with(|| Value::Table(Table::new()));
        }
        at = match at.get_mut(key) {
            Some(Value::Table(inner)) => inner,
            _ => return Err(format!("unknown table {key}")),
        };
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

/// The message of a value that does not fit, in one line, with the known key that an unknown key resembles, and with the form of a
/// list.
pub(super) fn explained(message: &str) -> String {
    let message = one_line(message);
    let mut quoted = message.split('`').skip(1).step_by(2);
    if let Some(unknown) = quoted.next().filter(|_| message.starts_with("unknown field")) {
        if let Some(word) = resembling(quoted, unknown) {
            return format!("{message} (did you mean {word}?)");
        }
    }
    match message.contains("string \"") && message.contains("expected a sequence") {
        true => format!("{message}; a list is in brackets, and texts in it in quotes: [\"8/255\", \"2/255\"]"),
        false => message,
    }
}

pub(super) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
