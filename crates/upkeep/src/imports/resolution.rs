use super::modules::{ModulePath, Modules};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    /// An item that this file defines.
    Item(PathBuf),
    Module(ModulePath),
}

/// A `use` declaration that is being followed: its module and its place in it.
type Followed = (ModulePath, usize);

/// The files that define what a path in the module `at` names. Empty if it names a module or is another crate's.
pub(super) fn defining_files(modules: &Modules, at: &ModulePath, path: &[String]) -> BTreeSet<PathBuf> {
    let targets = Resolution { modules, followed: Vec::new() }.path(at, path);
    targets.into_iter().filter_map(|target| if let Target::Item(file) = target { Some(file) } else { None }).collect()
}

/// The files that define what `path::*` in the module `at` names.
pub(super) fn files_of_all(modules: &Modules, at: &ModulePath, path: &[String]) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for target in (Resolution { modules, followed: Vec::new() }).path(at, path) {
        match target {
            Target::Item(file) => {
                files.insert(file);
            }
            Target::Module(path) => {
                let Some(module) = modules.get(&path) else { continue };
                files.extend(module.items.values().flatten().cloned());
                for declared in module.uses.iter().filter(|declared| declared.is_public && declared.used.name.is_some())
                {
                    files.extend(defining_files(modules, &path, &declared.used.path));
                }
            }
        }
    }
    files
}

struct Resolution<'a> {
    modules: &'a Modules,
    /// The declarations that are being followed. Following one again would not end.
    followed: Vec<Followed>,
}

impl Resolution<'_> {
    /// What the path names in this module.
    fn path(&mut self, at: &ModulePath, path: &[String]) -> BTreeSet<Target> {
        let Some((first, rest)) = path.split_first() else { return BTreeSet::new() };
        let mut targets = match first.as_str() {
            "crate" => BTreeSet::from([Target::Module(ModulePath::new())]),
            "self" => BTreeSet::from([Target::Module(at.clone())]),
            "super" => BTreeSet::from([Target::Module(parent(at))]),
            name => self.name(at, name),
        };
        for name in rest {
            // If a module and a function have the same name, a longer path names the module.
            let has_module = targets.iter().any(|target| matches!(target, Target::Module(_)));
            let mut next = BTreeSet::new();
            for target in targets {
                match target {
                    Target::Module(module) => next.extend(self.member(&module, name)),
                    // A variant, an associated function, …
                    Target::Item(_) if !has_module => {
                        next.insert(target);
                    }
                    Target::Item(_) => {}
                }
            }
            targets = next;
        }
        targets
    }

    /// What `module::name` names.
    fn member(&mut self, module: &ModulePath, name: &str) -> BTreeSet<Target> {
        if name == "super" {
            return BTreeSet::from([Target::Module(parent(module))]);
        }
        let found = self.name(module, name);
        if !found.is_empty() {
            return found;
        }
        // Defined by a macro of this module, or another crate's item that is re-exported here.
        let files = self.modules.get(module).into_iter().flat_map(|module| &module.files);
        files.cloned().map(Target::Item).collect()
    }

    /// What a name is in a module: an item or module that it declares, or one that it imports.
    fn name(&mut self, at: &ModulePath, name: &str) -> BTreeSet<Target> {
        let mut found = BTreeSet::new();
        let Some(module) = self.modules.get(at) else { return found };
        found.extend(module.items.get(name).into_iter().flatten().cloned().map(Target::Item));
        if module.children.contains(name) {
            let child = at.iter().cloned().chain([name.to_owned()]).collect();
            found.insert(Target::Module(child));
        }
        for (place, declared) in module.uses.iter().enumerate() {
            let is_glob = declared.used.name.is_none();
            let followed = (at.clone(), place);
            let is_wanted = if is_glob { found.is_empty() } else { declared.used.name.as_deref() == Some(name) };
            if !is_wanted || self.followed.contains(&followed) {
                continue;
            }
            self.followed.push(followed);
            for target in self.path(at, &declared.used.path) {
                match target {
                    Target::Module(module) if is_glob => found.extend(self.name(&module, name)),
                    // The variants of an enum are not known here.
                    Target::Item(_) if is_glob => {}
                    target => {
                        found.insert(target);
                    }
                }
            }
            self.followed.pop();
        }
        found
    }
}

fn parent(module: &ModulePath) -> ModulePath {
    module.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default()
}
