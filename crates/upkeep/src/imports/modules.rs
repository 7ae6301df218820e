use super::items;
use super::tokens::{Kind, Tree, trees};
use super::uses::{self, Used};
use crate::UpkeepError;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The names from the root of a crate to a module. Empty for the root.
pub(super) type ModulePath = Vec<String>;

/// The modules of a crate.
pub(super) type Modules = BTreeMap<ModulePath, Module>;

/// What a module declares, imports and names. Variants of a module for different features are merged.
#[derive(Clone, Debug, Default)]
pub(super) struct Module {
    /// The files that it is written in.
    pub(super) files: BTreeSet<PathBuf>,
    /// The files that define each of its items.
    pub(super) items: BTreeMap<String, BTreeSet<PathBuf>>,
    /// The modules that it declares.
    pub(super) children: BTreeSet<String>,
    pub(super) uses: Vec<Use>,
    /// The paths of several segments in its code.
    pub(super) references: Vec<Reference>,
}

/// A path of a `use` declaration.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) file: PathBuf,
    pub(super) used: Used,
    pub(super) is_public: bool,
}

/// A path in the code of a file.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) file: PathBuf,
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// Reads the crate whose root is this file, without its tests.
pub(super) fn read(root: &Path) -> Result<Modules, UpkeepError> {
    let mut modules = Modules::new();
    let mut waiting = vec![(ModulePath::new(), root.to_owned(), root.parent().unwrap_or(root).to_owned())];
    while let Some((module, file, folder)) = waiting.pop() {
        let text = fs::read_to_string(&file).map_err(|source| UpkeepError::File { path: file.clone(), source })?;
        let mut reader = Reader { file: &file, modules: &mut modules, declared: Vec::new() };
        reader.module(&trees(&text), &module, &folder);
        for (module, folder) in std::mem::take(&mut reader.declared) {
            let file = folder.with_extension("rs");
            let file = if file.is_file() { file } else { folder.join("mod.rs") };
            waiting.push((module, file, folder));
        }
    }
    Ok(modules)
}

/// Reads one file.
struct Reader<'a> {
    file: &'a Path,
    modules: &'a mut Modules,
    /// The modules that are in files of their own, with the folder of their own modules.
    declared: Vec<(ModulePath, PathBuf)>,
}

impl Reader<'_> {
    fn entry(&mut self, at: &ModulePath) -> &mut Module {
        self.modules.entry(at.clone()).or_default()
    }

    /// Reads the items of a module.
    fn module(&mut self, trees: &[Tree], at: &ModulePath, folder: &Path) {
        let file = self.file.to_owned();
        self.entry(at).files.insert(file);
        let mut rest = trees;
        let mut is_exported = false;
        while !rest.is_empty() {
            if let Some((attribute, after)) = items::attribute(rest) {
                if items::is_test_only(attribute) {
                    let is_inner = rest.get(1).is_some_and(|tree| tree.is_mark('!'));
                    rest = if is_inner { &[] } else { items::split_first(items::without_attributes(after)).1 };
                    continue;
                }
                is_exported |= attribute.first().is_some_and(|tree| tree.is_word("macro_export"));
                self.code(attribute, at);
                rest = after;
                continue;
            }
            let (item, after) = items::split_first(rest);
            self.item(item, at, folder, is_exported);
            is_exported = false;
            rest = after;
        }
    }

    /// Reads one item of a module.
    fn item(&mut self, item: &[Tree], at: &ModulePath, folder: &Path, is_exported: bool) {
        if let Some((keyword, name)) = items::declaration(item) {
            if keyword == "mod" {
                self.entry(at).children.insert(name.to_owned());
                let child: ModulePath = at.iter().cloned().chain([name.to_owned()]).collect();
                let folder = folder.join(name);
                match item.last().and_then(|tree| tree.group('{')) {
                    Some(inner) => self.module(inner, &child, &folder),
                    None => self.declared.push((child, folder)),
                }
                return;
            }
            let file = self.file.to_owned();
            // `#[macro_export]` puts a macro into the root.
            let owner = if is_exported { ModulePath::new() } else { at.clone() };
            self.entry(&owner).items.entry(name.to_owned()).or_default().insert(file);
        }
        self.code(item, at);
    }

    /// Reads the imports and paths of code.
    fn code(&mut self, trees: &[Tree], at: &ModulePath) {
        let mut rest = trees;
        let mut is_public = false;
        while let Some((tree, mut after)) = rest.split_first() {
            if let Some((attribute, after)) = items::attribute(rest) {
                let item = items::without_attributes(after);
                if items::is_test_only(attribute) && items::is_item(item) {
                    rest = items::split_first(item).1;
                } else {
                    self.code(attribute, at);
                    rest = after;
                }
                continue;
            }
            if let Some(after) = items::visibility(rest) {
                is_public = true;
                rest = after;
                continue;
            }
            match &tree.kind {
                // `use<'a>` in a type is a bound.
                Kind::Word(word) if word == "use" && !after.first().is_some_and(|next| next.is_mark('<')) => {
                    let end = after.iter().position(|tree| tree.is_mark(';')).unwrap_or(after.len());
                    let (declaration, remaining) = after.split_at_checked(end).unwrap_or((after, &[]));
                    let file = self.file.to_owned();
                    let uses =
                        uses::parse(declaration).into_iter().map(|used| Use { file: file.clone(), used, is_public });
                    self.entry(at).uses.extend(uses);
                    after = remaining;
                }
                Kind::Word(_) => {
                    let (path, remaining) = items::path(rest);
                    if path.len() > 1 {
                        let reference = Reference { file: self.file.to_owned(), path, line: tree.line };
                        self.entry(at).references.push(reference);
                    }
                    after = remaining;
                }
                // The rest of a path that does not start with a name, such as `<T as Trait>::name` or `$type::name`.
                Kind::Separator => after = items::path(after).1,
                Kind::Mark('$') if !after.first().is_some_and(|next| next.is_word("crate")) => {
                    after = items::path(after).1;
                }
                Kind::Group(_, inner) => self.code(inner, at),
                Kind::Mark(_) | Kind::Other => {}
            }
            is_public = false;
            rest = after;
        }
    }
}
