//! Where the items of a file start and end.

use super::tokens::{Kind, Tree};

/// The keywords that are followed by the name of an item.
const NAMED: [&str; 10] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod", "macro_rules"];

/// The content of the attribute that these trees start with, and the trees after it.
pub(super) fn attribute(trees: &[Tree]) -> Option<(&[Tree], &[Tree])> {
    let (hash, after) = trees.split_first()?;
    let after = match after.split_first() {
        Some((mark, after)) if mark.is_mark('!') => after,
        _ => after,
    };
    let (group, after) = after.split_first()?;
    Some((group.group('[').filter(|_| hash.is_mark('#'))?, after))
}

/// The trees after the attributes that they start with.
pub(super) fn without_attributes(mut trees: &[Tree]) -> &[Tree] {
    while let Some((_, after)) = attribute(trees) {
        trees = after;
    }
    trees
}

/// Whether an attribute with this content removes what it is on from everything but tests.
pub(super) fn is_test_only(attribute: &[Tree]) -> bool {
    let is_test = |condition: &[Tree]| matches!(condition, [only] if only.is_word("test"));
    match attribute {
        [cfg, condition] if cfg.is_word("cfg") => match condition.group('(') {
            Some([all, conditions]) if all.is_word("all") => {
                conditions.group('(').is_some_and(|list| list.split(|tree| tree.is_mark(',')).any(is_test))
            }
            Some(condition) => is_test(condition),
            None => false,
        },
        other => is_test(other),
    }
}

/// The trees after the visibility that they start with.
pub(super) fn visibility(trees: &[Tree]) -> Option<&[Tree]> {
    let (keyword, after) = trees.split_first()?;
    if !keyword.is_word("pub") {
        return None;
    }
    let Some((next, inner)) = after.split_first() else { return Some(after) };
    match next.group('(').and_then(|group| group.first()).and_then(Tree::word) {
        Some("crate" | "super" | "self" | "in") => Some(inner),
        _ => Some(after),
    }
}

/// The keyword and the name of the item that these trees are.
pub(super) fn declaration(item: &[Tree]) -> Option<(&str, &str)> {
    let mut rest = visibility(item).unwrap_or(item).iter().peekable();
    while let Some(tree) = rest.next() {
        match &tree.kind {
            // The `"C"` of `extern "C"`.
            Kind::Other => {}
            Kind::Word(word) => match word.as_str() {
                "unsafe" | "async" | "extern" => {}
                "const" if rest.peek().and_then(|next| next.word()).is_some_and(is_before_fn) => {}
                keyword if NAMED.contains(&keyword) => {
                    let name = rest.find(|tree| !tree.is_word("mut") && !tree.is_mark('!'))?;
                    return Some((keyword, name.word()?));
                }
                _ => return None,
            },
            _ => return None,
        }
    }
    None
}

/// Whether `const` before this word belongs to a function.
fn is_before_fn(word: &str) -> bool {
    ["fn", "unsafe", "async", "extern"].contains(&word)
}

/// Whether these trees start with an item.
pub(super) fn is_item(trees: &[Tree]) -> bool {
    let first = visibility(trees).unwrap_or(trees).first().and_then(Tree::word);
    declaration(trees).is_some() || first.is_some_and(|word| ["use", "impl", "extern", "unsafe"].contains(&word))
}

/// The item that these trees start with, and the trees after it.
pub(super) fn split_first(trees: &[Tree]) -> (&[Tree], &[Tree]) {
    let first = visibility(trees).unwrap_or(trees).first().and_then(Tree::word);
    let ends_with_semicolon =
        first == Some("use") || matches!(declaration(trees), Some(("const" | "static" | "type", _)));
    let is_end = |tree: &Tree| tree.is_mark(';') || !ends_with_semicolon && tree.group('{').is_some();
    let end = trees.iter().position(is_end).map_or(trees.len(), |end| end + 1);
    trees.split_at_checked(end).unwrap_or((trees, &[]))
}

/// The names of the path that these trees start with, and the trees after it.
pub(super) fn path(trees: &[Tree]) -> (Vec<String>, &[Tree]) {
    let mut path = Vec::new();
    let mut rest = trees;
    if let Some((name, after)) = rest.split_first()
        && let Some(name) = name.word()
    {
        path.push(name.to_owned());
        rest = after;
    }
    while let [separator, name, after @ ..] = rest
        && let (Kind::Separator, Some(name), false) = (&separator.kind, name.word(), path.is_empty())
    {
        path.push(name.to_owned());
        rest = after;
    }
    (path, rest)
}
