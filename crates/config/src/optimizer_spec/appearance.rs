//! How an optimizer of a preset appears in tables and figures.

use serde::Serialize;

/// The largest number of characters of a label or a family.
const LONGEST: usize = 40;
/// The characters of a label or a family beside letters and digits. None of them has a meaning in Markdown, HTML or CSV.
const PUNCTUATION: &str = " ()+-.:/=%_";
const WORDS: &str = "1 to 40 letters, digits, spaces and ()+-.:/=%_, with no space at its ends";

/// How an optimizer with a name of its own appears in tables and figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OptimizerAppearance {
    /// The name for readers; the optimizer's name by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The colour on a light background, `#rrggbb`; grey by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The family, a word of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}

impl OptimizerAppearance {
    /// The keys in an optimizer's table.
    pub(crate) const KEYS: [&'static str; 3] = ["label", "colour", "family"];

    /// Whether no key is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Red, green and blue of the colour; `None` without a colour.
    #[must_use]
    pub fn rgb(&self) -> Option<[u8; 3]> {
        self.colour.as_deref().and_then(rgb)
    }

    /// The keys that are set, with their values.
    pub(crate) fn set(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = [&self.label, &self.colour, &self.family];
        Self::KEYS.into_iter().zip(values).filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    /// The first key with an invalid value: the key, its value, and the valid values.
    pub(crate) fn nonsense(&self) -> Option<(&'static str, String, &'static str)> {
        self.set().find_map(|(key, value)| {
            let (fine, expected) = match key {
                "colour" => (rgb(value).is_some(), "a colour such as #1f77b4"),
                _ => (is_words(value), WORDS),
            };
            (!fine).then(|| (key, format!("{value:?}"), expected))
        })
    }
}

fn rgb(colour: &str) -> Option<[u8; 3]> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

fn is_words(text: &str) -> bool {
    let is_valid = |letter: char| letter.is_alphanumeric() || PUNCTUATION.contains(letter);
    (1..=LONGEST).contains(&text.chars().count()) && text.trim() == text && text.chars().all(is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coloured(colour: &str) -> OptimizerAppearance {
        OptimizerAppearance { colour: Some(colour.to_owned()), ..OptimizerAppearance::default() }
    }

    #[test]
    fn colours_have_six_digits() {
        assert_eq!(coloured("#0aF09c").rgb(), Some([0x0a, 0xf0, 0x9c]));
        for wrong in ["", "#", "red", "#12345", "#1234567", "0aF09c", "#12345g", "#+12345", "#ää€"] {
            assert_eq!(coloured(wrong).rgb(), None, "{wrong}");
            assert_eq!(coloured(wrong).nonsense().map(|(key, ..)| key), Some("colour"), "{wrong}");
        }
    }

    #[test]
    fn labels_are_words() {
        let labelled = |label: &str| OptimizerAppearance { label: Some(label.to_owned()), ..Default::default() };
        for fine in ["SGD (η = 0.1)", "K-FAC", "größer"] {
            assert_eq!(labelled(fine).nonsense(), None, "{fine}");
        }
        for wrong in ["", " ", " a", "a|b", "a\nb", "<b>", "`a`", &"a".repeat(41)] {
            assert_eq!(labelled(wrong).nonsense().map(|(key, ..)| key), Some("label"), "{wrong}");
        }
    }
}
