use super::ItemList;
use cargo_metadata::semver::Version;
use std::collections::{BTreeMap, BTreeSet};

/// The version change that a difference requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// No change.
    None,
    /// Items were added: any higher version.
    Addition,
    /// Items were removed or changed, or added in a way that affects users. Requires an increase of the version down to its first
    /// nonzero number.
    Breaking,
}

/// The difference between two lists of a crate's public items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Removed items.
    pub removed: Vec<String>,
    /// Items of the same path whose declaration changed: before, now.
    pub changed: Vec<(String, String)>,
    /// New items that can break users: a variant of an existing exhaustive enum, or an item of an existing trait (the list does
    /// not say if the item has a default).
    pub demanded: Vec<String>,
    /// Other new items.
    pub added: Vec<String>,
}

impl Difference {
    /// Compares two lists of one crate. Repeated items, such as implementations, are compared with their counts.
    #[must_use]
    pub fn between(before: &ItemList, now: &ItemList) -> Self {
        let removed = without(&before.items, &now.items);
        let added = without(&now.items, &before.items);
        let open = Containers::of(&before.items);

        let mut found = Self::default();
        let mut left: Vec<&str> = added;
        for item in removed {
            let same = left.iter().position(|other| path(item).is_some() && path(other) == path(item));
            match same {
                Some(at) => found.changed.push((item.to_owned(), left.remove(at).to_owned())),
                None => found.removed.push(item.to_owned()),
            }
        }
        for item in left {
            let to = if open.demands(item) { &mut found.demanded } else { &mut found.added };
            to.push(item.to_owned());
        }
        found
    }

    /// The version change that this difference requires.
    #[must_use]
    pub fn weight(&self) -> Weight {
        if !(self.removed.is_empty() && self.changed.is_empty() && self.demanded.is_empty()) {
            Weight::Breaking
        } else if self.added.is_empty() {
            Weight::None
        } else {
            Weight::Addition
        }
    }
}

impl Weight {
    /// Whether the step between these versions is large enough.
    #[must_use]
    pub fn is_met(self, before: &Version, now: &Version) -> bool {
        match self {
            Self::None => now >= before,
            Self::Addition => now > before,
            Self::Breaking => leading(now) > leading(before),
        }
    }
}

/// A version down to its first nonzero number, followed by zeros.
fn leading(version: &Version) -> (u64, u64, u64) {
    match (version.major, version.minor, version.patch) {
        (0, 0, patch) => (0, 0, patch),
        (0, minor, _) => (0, minor, 0),
        (major, ..) => (major, 0, 0),
    }
}

/// The items of `from` that are missing in `other`, in the order of `from`. Repeated items are compared with their counts.
fn without<'a>(from: &'a [String], other: &[String]) -> Vec<&'a str> {
    let mut there: BTreeMap<&str, usize> = BTreeMap::new();
    for item in other {
        *there.entry(item).or_default() += 1;
    }
    let mut missing = Vec::new();
    for item in from {
        match there.get_mut(item.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push(item.as_str()),
        }
    }
    missing
}

/// The path of the item that a line declares. Returns `None` for an implementation, which has no name.
fn path(item: &str) -> Option<&str> {
    let words = declaration(item)?;
    let end = words.find(['(', '<', ' ', '=']).unwrap_or(words.len());
    // A final colon is not part of the path: `a::B::field: u32`.
    let name = words.get(..end)?;
    Some(name.strip_suffix(':').unwrap_or(name))
}

/// A line without attributes, `pub` and the kind of item: it starts with the path. Returns `None` if the item is not `pub`.
fn declaration(item: &str) -> Option<&str> {
    let mut rest = item;
    while let Some(attribute) = rest.strip_prefix("#[") {
        rest = attribute.split_once("] ")?.1;
    }
    rest = rest.strip_prefix("pub ")?;
    for word in [
        "proc macro ",
        "unsafe ",
        "const ",
        "async ",
        "extern \"C\" ",
        "static ",
        "fn ",
        "struct ",
        "enum ",
        "union ",
        "trait ",
        "type ",
        "mod ",
        "macro ",
        "use ",
        "mut ",
    ] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    Some(rest)
}

/// Existing items that a new item can break: exhaustive enums, and traits.
struct Containers<'a> {
    enums: BTreeSet<&'a str>,
    traits: BTreeSet<&'a str>,
}

impl<'a> Containers<'a> {
    fn of(items: &'a [String]) -> Self {
        let named = |keyword: &str| {
            let declares = |item: &&String| item.contains(keyword) && !item.starts_with("#[non_exhaustive]");
            items.iter().filter(declares).filter_map(|item| path(item)).collect()
        };
        Self { enums: named("pub enum "), traits: named("trait ") }
    }

    /// Whether this new item is a variant of one of the enums, a field of such a variant, or an item of one of the traits.
    fn demands(&self, item: &str) -> bool {
        let Some((parent, _)) = path(item).and_then(|path| path.rsplit_once("::")) else { return false };
        let is_function = item.contains("pub fn ") || item.contains(" fn ") || item.contains("pub const ");
        let is_variant = |parent: &str| self.enums.contains(parent) && !is_function;
        is_variant(parent)
            || parent.rsplit_once("::").is_some_and(|(outer, _)| is_variant(outer))
            || self.traits.contains(parent)
    }
}
