//! The table of an optimizer in a preset: its options, and how it appears.

use super::appearance::OptimizerAppearance;
use super::spec::OptimizerSpec;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::{Table, Value};

/// An optimizer of a preset, with how it appears in tables and figures.
#[derive(Clone, Debug, PartialEq)]
pub struct PresetOptimizer {
    /// The optimizer with its options.
    pub spec: OptimizerSpec,
    /// How it appears. It decides no number.
    pub appearance: OptimizerAppearance,
}

impl From<OptimizerSpec> for PresetOptimizer {
    fn from(spec: OptimizerSpec) -> Self {
        Self { spec, appearance: OptimizerAppearance::default() }
    }
}

/// The table of an optimizer that has keys of appearance.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    spec: &'a OptimizerSpec,
    #[serde(flatten)]
    appearance: &'a OptimizerAppearance,
}

impl Serialize for PresetOptimizer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { spec, appearance } = self;
        match appearance.is_default() {
            true => spec.serialize(serializer),
            false => Whole { spec, appearance }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for PresetOptimizer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Table::deserialize(deserializer)?;
        let mut taken = |key: &str| match table.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(D::Error::custom(format!("{key} is {other}; expected a text"))),
        };
        let [label, colour, family] = OptimizerAppearance::KEYS.map(&mut taken);
        let appearance = OptimizerAppearance { label: label?, colour: colour?, family: family? };
        let keys: Vec<String> = table.keys().cloned().collect();
        let spec = table.try_into().map_err(|error| D::Error::custom(with_keys(error.message(), &keys)))?;
        Ok(Self { spec, appearance })
    }
}

/// Adds the keys of appearance to the expected ones, if the unknown key is one of the optimizer's table.
fn with_keys(message: &str, keys: &[String]) -> String {
    let is_unknown = |key: &String| message.starts_with(&format!("unknown field `{key}`, expected one of "));
    match keys.iter().any(is_unknown) {
        true => format!("{message}, {}", OptimizerAppearance::KEYS.map(|key| format!("`{key}`")).join(", ")),
        false => message.to_owned(),
    }
}
