//! Import cycles in small workspaces with one crate; this crate has none.

use minima_upkeep::UpkeepError;
use minima_upkeep::imports::{self, Report};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A workspace with these files in `crates/example/src`.
fn workspace(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join("crates/example/src").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn report(files: &[(&str, &str)]) -> Report {
    imports::check(workspace(files).path()).unwrap()
}

/// Each cycle's imports, as `file:line path file`, without the folder of the crate.
fn cycles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let name = |path: &PathBuf| path.strip_prefix("crates/example/src").unwrap().display().to_string();
    let report = report(files);
    report
        .cycles
        .iter()
        .map(|cycle| {
            let imports = cycle.imports.iter();
            imports.map(|i| format!("{}:{} {} {}", name(&i.from), i.line, i.path, name(&i.to))).collect()
        })
        .collect()
}

#[test]
fn files_that_import_in_one_direction_are_no_cycle() {
    let report = report(&[
        ("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;\n"),
        ("a.rs", "use crate::b::B;\npub struct A(B, crate::c::C);\n"),
        ("b.rs", "pub struct B(super::c::C);\n"),
        ("c.rs", "pub struct C;\n"),
    ]);
    assert_eq!((report.files, report.cycles), (4, Vec::new()));
}

#[test]
fn a_cycle_names_the_crate_its_files_and_their_imports() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\n"),
        ("a.rs", "use crate::b::f;\npub struct A;\npub fn g() { f() }\n"),
        ("b.rs", "// Not an import: crate::a::A\n\npub fn f() {\n    let _ = super::a::A;\n}\n"),
    ];
    assert_eq!(cycles(&files), [["a.rs:1 crate::b::f b.rs", "b.rs:4 super::a::A a.rs"]]);
    assert_eq!(
        report(&files).cycles.first().unwrap().to_string(),
        "crates/example: 2 source files import each other in a cycle\n  \
         crates/example/src/a.rs:1 imports crate::b::f from crates/example/src/b.rs\n  \
         crates/example/src/b.rs:4 imports super::a::A from crates/example/src/a.rs"
    );
}

#[test]
fn re_exports_are_followed_to_the_file_that_defines_the_item() {
    // Through `mod.rs` and `lib.rs`, under another name and with `*`.
    assert_eq!(
        cycles(&[
            ("lib.rs", "mod a;\nmod b;\npub use a::Renamed;\n"),
            ("a/mod.rs", "mod inner;\npub use inner::Item as Renamed;\npub use self::inner::*;\n"),
            ("a/inner.rs", "pub struct Item;\npub fn other() { crate::b::f() }\n"),
            ("b.rs", "use crate::Renamed;\npub fn f() { let _ = Renamed; }\n"),
        ]),
        [["a/inner.rs:2 crate::b::f b.rs", "b.rs:1 crate::Renamed a/inner.rs"]]
    );
    // The file that re-exports is not in a cycle with a file that imports another item through it.
    assert!(
        cycles(&[
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;\n"),
            ("a.rs", "pub struct A;\n"),
            ("b.rs", "use crate::A;\npub struct B(A);\n"),
        ])
        .is_empty()
    );
}

#[test]
fn tests_may_import_anything() {
    assert!(
        cycles(&[
            ("lib.rs", "mod a;\nmod b;\n#[cfg(test)]\nmod only_tests;\n"),
            ("a.rs", "pub struct A;\n#[cfg(test)]\nmod tests {\n    use super::*;\n    use crate::b::B;\n}\n"),
            ("b.rs", "use crate::a::A;\npub struct B(A);\nimpl B {\n    #[cfg(test)]\n    fn f() { crate::only_tests::f(); }\n}\n"),
            ("only_tests.rs", "use crate::b::B;\npub(crate) fn f() {}\n"),
        ])
        .is_empty()
    );
}

#[test]
fn nested_groups_and_modules_are_resolved() {
    let a_module = "use crate::{a::X, b::{self, Y}};\npub fn f(_: X, _: Y) { b::g() }\n";
    let lib = "mod a;\nmod b;\nmod c;\n";
    let (a, x) = ("a.rs", "pub struct X;\n");
    let no_cycle = [("lib.rs", lib), (a, x), ("b.rs", "pub struct Y;\npub fn g() {}\n"), ("c.rs", a_module)];
    assert!(cycles(&no_cycle).is_empty());
    // Only through the name of the module.
    let through_self = "use crate::{a::X, b::{self}};\npub fn f(_: X) { b::g() }\npub fn h() {}\n";
    assert_eq!(
        cycles(&[("lib.rs", lib), (a, x), ("b.rs", "pub fn g() { crate::c::h() }\n"), ("c.rs", through_self)]),
        [["b.rs:1 crate::c::h c.rs", "c.rs:2 b::g b.rs"]]
    );
    assert_eq!(
        cycles(&[
            ("lib.rs", lib),
            (a, "use super::c::f as g;\npub struct X;\n"),
            ("b.rs", "pub struct Y;\n"),
            ("c.rs", "pub use crate::{\n    b::{self, Y},\n    a::X,\n};\npub fn f() {}\n"),
        ]),
        [["a.rs:1 super::c::f c.rs", "c.rs:3 crate::a::X a.rs"]]
    );
}

#[test]
fn a_module_may_use_its_children_if_they_use_no_item_of_its_own() {
    let parent =
        "mod child;\nmod sibling;\npub use child::Child;\npub use sibling::Sibling;\npub struct Parent(Child);\n";
    let with = |child| {
        cycles(&[
            ("lib.rs", "mod parent;\n"),
            ("parent/mod.rs", parent),
            ("parent/child.rs", child),
            ("parent/sibling.rs", "pub struct Sibling;\n"),
        ])
    };
    assert!(with("use super::Sibling;\npub struct Child(Sibling);\n").is_empty());
    assert_eq!(
        with("use super::Parent;\npub struct Child(Box<Parent>);\n"),
        [["parent/child.rs:1 super::Parent parent/mod.rs", "parent/mod.rs:3 child::Child parent/child.rs"]]
    );
}

#[test]
fn comments_strings_and_characters_are_not_imports() {
    let text = r##"
        /* crate::b::B /* nested */ crate::b::B */
        /// crate::b::B
        pub fn f<'a>(_: &'a str) -> (char, char, &'a str) {
            ('"', '\'', r#"" crate::b::B "#)
        }
        pub const TEXT: &str = "\" crate::b::B";
    "##;
    assert!(
        cycles(&[("lib.rs", "mod a;\nmod b;\n"), ("a.rs", text), ("b.rs", "use crate::a::f;\npub struct B;\n")])
            .is_empty()
    );
    let code = format!("{text}pub fn g() {{ crate::b::B; }}\n");
    assert_eq!(
        cycles(&[("lib.rs", "mod a;\nmod b;\n"), ("a.rs", &code), ("b.rs", "use crate::a::f;\npub struct B;\n")]),
        [["a.rs:8 crate::b::B b.rs", "b.rs:1 crate::a::f a.rs"]]
    );
}

#[test]
fn a_module_and_a_function_may_have_the_same_name() {
    assert_eq!(
        cycles(&[
            ("lib.rs", "mod report;\nmod b;\npub use report::report;\n"),
            ("report.rs", "pub struct R;\npub fn report() { crate::b::f() }\n"),
            ("b.rs", "pub fn f() { crate::report::report() }\n"),
        ]),
        [["b.rs:1 crate::report::report report.rs", "report.rs:2 crate::b::f b.rs"]]
    );
}

#[test]
fn a_missing_file_is_an_error() {
    let root = workspace(&[("lib.rs", "mod missing;\n")]);
    let error = imports::check(root.path()).unwrap_err();
    assert!(matches!(&error, UpkeepError::File { path, .. } if path.ends_with("missing/mod.rs")), "{error}");
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(imports::check(empty.path()), Err(UpkeepError::File { .. })));
}

#[test]
fn this_crate_has_no_cycle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let report = imports::check(root).unwrap();
    let ours: Vec<String> =
        report.cycles.iter().filter(|cycle| cycle.package == "crates/upkeep").map(ToString::to_string).collect();
    assert!(ours.is_empty(), "{}", ours.join("\n"));
    assert!(report.files > 100);
}

#[test]
fn files_that_no_module_declares_are_found() {
    let report = report(&[
        ("lib.rs", "pub mod a;\n    mod inline;\n"),
        ("a.rs", "mod b;\n"),
        ("inline.rs", ""),
        ("a/b.rs", ""),
        ("a/forgotten.rs", ""),
        ("c/mod.rs", ""),
        ("lost.rs", "// mod lost\n"),
        ("../tests/one.rs", ""),
        ("../tests/many/main.rs", "mod first;\n"),
        ("../tests/many/first.rs", ""),
        ("../tests/many/second.rs", ""),
    ]);
    let names: Vec<String> = report.undeclared.iter().map(|file| file.display().to_string()).collect();
    let expected = ["tests/many/second.rs", "src/a/forgotten.rs", "src/c", "src/lost.rs"];
    let found: Vec<&str> = names.iter().map(|name| name.trim_start_matches("crates/example/")).collect();
    assert_eq!(found.iter().collect::<std::collections::BTreeSet<_>>(), expected.iter().collect());
}
