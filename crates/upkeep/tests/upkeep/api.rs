//! Differences of small lists, derived by hand, and the list of a small crate.

use minima_upkeep::Workspace;
use minima_upkeep::api::{Difference, Documented, ItemList, Weight, document};
use std::fs;
use std::path::Path;

fn list(items: &[&str]) -> ItemList {
    let items = items.iter().map(|&item| item.to_owned()).collect();
    ItemList { name: "a".into(), version: "0.1.0".parse().unwrap(), format: 57, items }
}

fn between(before: &[&str], now: &[&str]) -> Difference {
    Difference::between(&list(before), &list(now))
}

#[test]
fn removed_changed_and_added_are_told_apart() {
    let before = ["pub mod a", "pub fn a::f(u32)", "pub fn a::g()", "pub a::S::x: u32", "impl a::S", "impl a::S"];
    let now = ["pub mod a", "pub const fn a::f(u64) -> u32", "pub fn a::h()", "pub a::S::x: u64", "impl a::S"];
    let found = between(&before, &now);
    let changed: Vec<&str> = found.changed.iter().map(|(_, now)| now.as_str()).collect();
    assert_eq!(changed, ["pub const fn a::f(u64) -> u32", "pub a::S::x: u64"]);
    assert_eq!(found.removed, ["pub fn a::g()", "impl a::S"]);
    assert_eq!(found.added, ["pub fn a::h()"]);
    assert_eq!(found.weight(), Weight::Breaking);
}

#[test]
fn order_alone_is_no_difference_and_additions_are_light() {
    assert_eq!(
        between(&["pub fn a::f()", "pub fn a::g()"], &["pub fn a::g()", "pub fn a::f()"]),
        Difference::default()
    );
    assert_eq!(between(&["pub mod a"], &["pub mod a", "pub fn a::f()"]).weight(), Weight::Addition);
    assert_eq!(between(&["pub mod a"], &["pub mod a"]).weight(), Weight::None);
}

#[test]
fn what_users_match_or_implement_may_not_grow() {
    let weight = |container: &str, item: &str| between(&[container], &[container, item]).weight();
    assert_eq!(weight("pub enum a::E", "pub a::E::New"), Weight::Breaking);
    assert_eq!(weight("pub enum a::E<T>", "pub a::E::Old::field: u32"), Weight::Breaking);
    assert_eq!(weight("pub trait a::T: core::fmt::Debug", "pub fn a::T::f(&self)"), Weight::Breaking);
    assert_eq!(weight("#[non_exhaustive] pub enum a::E", "pub a::E::New"), Weight::Addition);
    assert_eq!(weight("pub enum a::E", "pub fn a::E::f(&self)"), Weight::Addition);
    assert_eq!(weight("pub enum a::E", "pub const fn a::E::f(&self)"), Weight::Addition);
    assert_eq!(weight("pub struct a::S", "pub fn a::S::f(&self)"), Weight::Addition);
    // All of it is new, so nobody can match it yet.
    assert_eq!(between(&[], &["pub enum a::E", "pub a::E::New"]).weight(), Weight::Addition);
}

#[test]
fn a_version_meets_a_difference_as_cargo_reads_versions() {
    let met = |weight: Weight, before: &str, now: &str| weight.is_met(&before.parse().unwrap(), &now.parse().unwrap());
    for (before, now) in [("0.1.3", "0.2.0"), ("0.9.0", "1.0.0"), ("1.4.2", "2.0.0"), ("0.0.3", "0.0.4")] {
        assert!(met(Weight::Breaking, before, now), "{before} {now}");
    }
    for (before, now) in [("0.1.3", "0.1.4"), ("1.4.2", "1.5.0"), ("0.1.0", "0.1.0"), ("0.2.0", "0.1.0")] {
        assert!(!met(Weight::Breaking, before, now), "{before} {now}");
    }
    assert!(met(Weight::Addition, "0.1.0", "0.1.1") && !met(Weight::Addition, "0.1.0", "0.1.0"));
    assert!(met(Weight::None, "0.1.0", "0.1.0") && !met(Weight::None, "0.1.1", "0.1.0"));
}

#[test]
fn a_list_is_read_as_it_was_written_and_another_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("API.txt");
    let written = list(&["pub mod a", "pub fn a::f()"]);
    written.write(&path).unwrap();
    assert_eq!(ItemList::read(&path).unwrap(), written);
    for other in [
        "",
        "pub mod a",
        "# Public items of a, from rustdoc's format 57;",
        "# Public items of a 0.1, from rustdoc's format 57;",
    ] {
        let error = ItemList::parse(Path::new("API.txt"), other).unwrap_err().to_string();
        assert!(error.starts_with(&format!("API.txt: found {other:?}, expected # Public items of CRATE")), "{error}");
    }
}

#[test]
fn the_items_of_a_crate_are_those_that_are_public() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"an-example\"\nversion = \"0.3.0\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    let lock = "version = 4\n\n[[package]]\nname = \"an-example\"\nversion = \"0.3.0\"\n";
    fs::write(folder.path().join("Cargo.lock"), lock).unwrap();
    let source = "mod inner { pub fn hidden() {} pub fn shown(of: u8) -> bool { of > 0 } }\npub use inner::shown;\n";
    fs::write(folder.path().join("src/lib.rs"), source).unwrap();
    let workspace = Workspace::read(folder.path(), &[], true).unwrap();
    match document(&workspace, workspace.published()[0], true).unwrap() {
        Documented::Items(list) => {
            assert_eq!((list.name.as_str(), list.version.to_string().as_str()), ("an-example", "0.3.0"));
            assert_eq!(list.items, ["pub mod an_example", "pub fn an_example::shown(u8) -> bool"]);
        }
        Documented::OtherFormat(format) => println!("skipped: rustdoc's format is {format}"),
    }
}
