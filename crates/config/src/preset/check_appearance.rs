//! Checks of the labels, colours and families of a preset's optimizers.

use super::{Preset, PresetError};
use minima_rows::optimizers::{known, label};
use std::collections::BTreeSet;

impl Preset {
    /// Checks the keys with which optimizers appear in tables and figures.
    ///
    /// # Errors
    /// Returns [`PresetError::Value`] with the first key that is invalid, that belongs to an optimizer with a built-in appearance,
    /// or whose label already stands for another optimizer.
    pub(super) fn check_appearance(&self) -> Result<(), PresetError> {
        let built_in = known().into_iter().flat_map(|name| [name, label(name)]);
        let mut taken: BTreeSet<&str> = self.optimizers.keys().map(String::as_str).chain(built_in).collect();
        for (name, own) in &self.optimizers {
            let wrong = |key: &str, found: String, expected| {
                Err(PresetError::Value { key: format!("optimizers.{name}.{key}"), found, expected })
            };
            if let Some((key, value)) = own.appearance.set().next().filter(|_| known().contains(&name.as_str())) {
                return wrong(key, format!("{value:?}"), "no such key, because this name has a built-in appearance");
            }
            if let Some((key, found, expected)) = own.appearance.nonsense() {
                return wrong(key, found, expected);
            }
            let label = own.appearance.label.as_deref().filter(|label| *label != name);
            if let Some(label) = label.filter(|label| !taken.insert(label)) {
                return wrong("label", format!("{label:?}"), "a label that stands for no other optimizer");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "extends = \"quick\"\n[optimizers.mine]\nkind = \"sgd\"\nlearning_rate = 0.1\n[optimizers.other]\n\
                       kind = \"adam\"\nlearning_rate = 0.1\n";

    fn with(set: &[&str]) -> Result<Preset, PresetError> {
        let set: Vec<String> = set.iter().map(|&set| set.to_owned()).collect();
        Preset::from_text(TWO, "mine.toml", &set)
    }

    #[test]
    fn an_appearance_reads_back_and_changes_nothing_else() {
        let plain = with(&[]).unwrap();
        assert!(!plain.to_toml().unwrap().contains("colour"));
        let set = [
            "optimizers.mine.label=My SGD",
            "optimizers.mine.colour=\"#0a7f3c\"",
            "optimizers.mine.family=first order",
        ];
        let preset = with(&set).unwrap();
        let text = preset.to_toml().unwrap();
        assert!(text.contains("label = \"My SGD\"") && text.contains("family = \"first order\""), "{text}");
        assert_eq!(Preset::from_text(&text, "config.toml", &[]).unwrap(), preset);
        assert_eq!(preset.optimizer("mine").unwrap(), plain.optimizer("mine").unwrap());
        assert_eq!(preset.optimizers["mine"].appearance.rgb(), Some([0x0a, 0x7f, 0x3c]));
    }

    #[test]
    fn wrong_keys_are_named_with_what_was_found_and_expected() {
        for (set, expected) in [
            ("mine.colour=red", "optimizers.mine.colour is \"red\"; expected a colour such as #1f77b4"),
            ("mine.label=\"\"", "optimizers.mine.label is \"\"; expected 1 to 40 letters"),
            ("mine.family=\"\"", "optimizers.mine.family is \"\"; expected 1 to 40 letters"),
            ("mine.label=3", "label is 3; expected a text"),
            (
                "mine.label=Adam",
                "optimizers.mine.label is \"Adam\"; expected a label that stands for no other optimizer",
            ),
            ("mine.label=other", "optimizers.mine.label is \"other\"; expected a label that"),
            ("adam.label=Mine", "optimizers.adam.label is \"Mine\"; expected no such key"),
            ("mine.color=red", "unknown field `color`, expected one of `learning_rate`"),
            ("mine.color=red", ", `label`, `colour`, `family`"),
        ] {
            let message = with(&[&format!("optimizers.{set}")]).unwrap_err().to_string();
            assert!(message.contains(expected), "{set}: {message}");
        }
        let twice = ["optimizers.mine.label=Same", "optimizers.other.label=Same"];
        assert!(with(&twice).unwrap_err().to_string().starts_with("optimizers.other.label is \"Same\""));
        assert!(with(&["optimizers.mine.label=mine"]).is_ok());
        let in_base = "optimizers.mine={ kind = \"sam\", rho = 0.1, base = { kind = \"sgd\", learning_rate = 0.1, label = \"x\" } }";
        let message = with(&[in_base]).unwrap_err().to_string();
        assert!(message.contains("unknown field `label`") && !message.contains("colour"), "{message}");
    }
}
