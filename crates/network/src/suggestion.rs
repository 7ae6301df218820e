//! The known word that an unknown word resembles, for errors.

/// The number of letters that are inserted, deleted or replaced to get from one word to the other (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (entry, y) in row.iter_mut().skip(1).zip(&b) {
            left = (diagonal + usize::from(x != *y)).min(left + 1).min(*entry + 1);
            diagonal = std::mem::replace(entry, left);
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The word that resembles an unknown word most; `None` if none does. Upper and lower case make no difference.
pub fn resembling<'a>(known: impl IntoIterator<Item = &'a str>, unknown: &str) -> Option<&'a str> {
    if unknown.len() > 60 {
        return None;
    }
    let unknown = unknown.to_lowercase();
    let words = known.into_iter().map(|word| (distance(word, &unknown), word));
    words.filter(|(edits, word)| *edits <= 1 + word.len() / 4).min().map(|(_, word)| word)
}

/// The known words, with a question if one of them resembles the unknown word. Upper and lower case make no difference.
///
/// ```
/// use minima_network::suggestion::one_of;
///
/// assert_eq!(one_of(["adam", "sgd"], "Adm"), "adam, sgd (did you mean adam?)");
/// ```
pub fn one_of<'a>(known: impl IntoIterator<Item = &'a str>, unknown: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if known.is_empty() {
        return "none".into();
    }
    let list = known.join(", ");
    match resembling(known, unknown) {
        Some(word) => format!("{list} (did you mean {word}?)"),
        None => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, edits) in [("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("name", "nmae", 2)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (edits, edits), "{a} {b}");
        }
    }

    #[test]
    fn near_words_are_suggested() {
        assert_eq!(one_of(["features", "kernel"], "feature"), "features, kernel (did you mean features?)");
        assert_eq!(one_of(["features", "kernel"], "zebra"), "features, kernel");
        assert_eq!(one_of([], "zebra"), "none");
    }
}
