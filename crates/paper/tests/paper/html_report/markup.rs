//! A strict HTML parser: every element must be closed, in order.

/// Elements without a closing tag.
const VOID: [&str; 4] = ["meta", "img", "br", "link"];

/// Calls `see` with each tag's name and text, and checks that elements nest.
fn walk(text: &str, mut see: impl FnMut(&str, &str)) {
    let mut open: Vec<String> = Vec::new();
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some(start) = rest.find('<') {
        let end = start + end_of(&rest[start..]);
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name),
                "closed by </{name}> before: {}",
                &rest[..rest.len().min(80)]
            );
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()) && !name.is_empty(), "<{tag}>");
        see(name, tag);
        if tag.ends_with('/') || VOID.contains(&name) {
            continue;
        }
        if ["script", "style"].contains(&name) {
            rest = &rest[rest.find(&format!("</{name}>")).unwrap()..];
        }
        open.push(name.to_owned());
    }
    assert!(open.is_empty(), "{open:?}");
}

/// The position where a tag ends. Quoted values may contain `>`.
fn end_of(tag: &str) -> usize {
    let mut quoted = false;
    tag.char_indices()
        .find_map(|(place, letter)| {
            quoted ^= letter == '"';
            (letter == '>' && !quoted).then_some(place)
        })
        .unwrap()
}

/// Panics if elements do not nest, an id is used twice, or a table or figure lacks its caption or description.
pub(crate) fn check(text: &str) {
    walk(text, |name, tag| match name {
        "th" => assert!(tag.contains("scope="), "{tag}"),
        "img" => assert!(tag.contains("alt=\""), "{tag}"),
        "svg" => assert!(tag.contains("role=\"img\"") || tag.contains("aria-hidden=\"true\""), "{tag}"),
        _ => {}
    });
    let mut ids = ids(text);
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is used twice");
    assert_eq!(text.matches("<table>").count(), text.matches("<caption>").count());
    assert!(!text.contains("NaN") && !text.contains("\"inf"), "a number is NaN or infinite");
}

/// The ids of elements.
pub(crate) fn ids(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    walk(text, |_, tag| {
        if let Some(place) = tag.find(" id=\"") {
            ids.push(tag[place + 5..].split('"').next().unwrap().to_owned());
        }
    });
    ids
}

/// The levels of the headings, in order.
pub(crate) fn headings(text: &str) -> Vec<u32> {
    let mut levels = Vec::new();
    walk(text, |name, _| {
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse().ok()) {
            levels.push(level);
        }
    });
    levels
}
