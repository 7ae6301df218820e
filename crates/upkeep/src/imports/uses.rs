use super::tokens::{Kind, Tree};

/// One path of a `use` declaration, which may name several: `use a::{B, c::*}` has `a::B` and `a::c::*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) path: Vec<String>,
    /// The name that it is given here; `None` if the path ends with `*`.
    pub(super) name: Option<String>,
    pub(super) line: usize,
}

/// The paths of a `use` declaration, given the trees between `use` and `;`. Paths that start with `::` name other crates and are
/// left out.
pub(super) fn parse(declaration: &[Tree]) -> Vec<Used> {
    let mut found = Vec::new();
    parse_from(&[], declaration, &mut found);
    found
}

fn parse_from(prefix: &[String], trees: &[Tree], found: &mut Vec<Used>) {
    for one in trees.split(|tree| tree.is_mark(',')) {
        if let (true, Some(Kind::Separator)) = (prefix.is_empty(), one.first().map(|tree| &tree.kind)) {
            continue;
        }
        parse_one(prefix, one, found);
    }
}

/// Parses one path, or a path that ends with a group.
fn parse_one(prefix: &[String], trees: &[Tree], found: &mut Vec<Used>) {
    let mut path = prefix.to_vec();
    let mut alias = None;
    let mut rest = trees.iter();
    let mut line = None;
    while let Some(tree) = rest.next() {
        line.get_or_insert(tree.line);
        match &tree.kind {
            Kind::Word(word) if word == "as" => alias = rest.next().and_then(Tree::word).map(str::to_owned),
            // In a group, `self` is the module before it.
            Kind::Word(word) if word == "self" && !path.is_empty() => {}
            Kind::Word(word) => path.push(word.clone()),
            Kind::Group('{', inner) => return parse_from(&path, inner, found),
            Kind::Mark('*') => return found.push(Used { path, name: None, line: tree.line }),
            _ => {}
        }
    }
    if let (Some(line), Some(last)) = (line, path.last()) {
        let name = Some(alias.unwrap_or_else(|| last.clone()));
        found.push(Used { path, name, line });
    }
}
