//! Findings in workspaces with one fault each, given as output of `cargo metadata`, and in this workspace.

use minima_upkeep::dependencies::{findings, lock_file_finding};
use minima_upkeep::{Exception, Policy, Skip, UpkeepError, Workspace, package_findings};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::{fs, process::Command};

const REGISTRY: &str = "https://github.com/rust-lang/crates.io-index";

fn policy() -> Policy {
    Policy {
        allowed_licences: vec!["MIT".into(), "Apache-2.0".into(), "Apache-2.0 WITH LLVM-exception".into()],
        registries: vec![REGISTRY.into()],
        ..Policy::default()
    }
}

/// A dependency without faults.
fn dependency(name: &str, version: &str) -> Value {
    json!({
        "name": name, "version": version, "id": format!("{name} {version}"), "license": "MIT",
        "license_file": null, "source": format!("registry+{REGISTRY}"), "dependencies": [], "targets": [],
        "features": {}, "manifest_path": format!("/elsewhere/{name}/Cargo.toml"), "rust_version": null,
    })
}

/// The package with one key changed.
fn with(mut package: Value, key: &str, value: Value) -> Value {
    package[key] = value;
    package
}

/// A member of a workspace, with Rust 1.90.
fn member() -> Value {
    with(with(dependency("member", "0.1.0"), "source", Value::Null), "rust_version", json!("1.90"))
}

/// The findings in a workspace of one member with these dependencies.
fn lines(dependencies: &[Value], policy: &Policy) -> Vec<String> {
    lines_of(&member(), dependencies, policy)
}

/// The findings in a workspace of this member with these dependencies.
fn lines_of(member: &Value, dependencies: &[Value], policy: &Policy) -> Vec<String> {
    let packages: Vec<&Value> = std::iter::once(member).chain(dependencies).collect();
    let metadata = json!({
        "packages": packages, "workspace_members": ["member 0.1.0"], "workspace_default_members": ["member 0.1.0"],
        "resolve": null, "target_directory": "/target", "workspace_root": "/workspace", "version": 1, "metadata": null,
    });
    let workspace = Workspace::parse(&metadata.to_string()).unwrap();
    findings(&workspace, policy).iter().map(ToString::to_string).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

#[test]
fn licences_are_spdx_expressions_of_which_enough_must_be_allowed() {
    let licensed = |licence: &str| lines(&[with(dependency("a", "1.0.0"), "license", json!(licence))], &policy());
    for fine in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "Apache-2.0 WITH LLVM-exception", "MIT AND Apache-2.0"]
    {
        assert!(licensed(fine).is_empty(), "{fine}");
    }
    for (wrong, why) in [
        ("GPL-3.0-only", "is not allowed"),
        ("MIT AND ISC", "is not allowed"),
        // A licence with an exception is another licence.
        ("MIT WITH LLVM-exception", "is not allowed"),
        ("my own", "is not a valid SPDX expression"),
    ] {
        assert!(
            licensed(wrong)[0].starts_with(&format!("a 1.0.0: its licence {wrong:?} {why}")),
            "{:?}",
            licensed(wrong)
        );
    }
    let none = with(dependency("a", "1.0.0"), "license", Value::Null);
    assert_eq!(lines(&[none], &policy()), ["a 1.0.0: does not declare a licence"]);
}

#[test]
fn a_licence_exception_is_for_its_dependency_alone() {
    let exception = Exception { name: "a".into(), allow: vec!["ISC".into()] };
    let policy = Policy { licence_exceptions: vec![exception], ..policy() };
    let isc = |name| with(dependency(name, "1.0.0"), "license", json!("ISC"));
    assert_eq!(lines(&[isc("a"), isc("b")], &policy), ["b 1.0.0: its licence \"ISC\" is not allowed"]);
    assert_eq!(lines(&[], &policy), ["a: has a licence exception but is not a dependency"]);
}

#[test]
fn a_second_version_has_to_be_skipped_by_name() {
    let two = [dependency("a", "1.0.0"), dependency("a", "2.0.0")];
    assert_eq!(lines(&two, &policy()), ["a: has several versions: 1.0.0, 2.0.0"]);
    let skipping = |package: &str| Policy {
        skipped_versions: vec![Skip { package: package.into(), reason: "a test".into() }],
        ..policy()
    };
    assert!(lines(&two, &skipping("a@1.0.0")).is_empty());
    assert_eq!(lines(&two[1..], &skipping("a@2.0.0")), ["a@2.0.0: is a skipped version but not a second version"]);
    assert_eq!(lines(&two[..1], &skipping("a")), ["a: is a skipped version but not a second version"]);
}

#[test]
fn sources_and_newer_rusts_are_named() {
    let git = with(dependency("a", "1.0.0"), "source", json!("git+https://example.org/a#0123"));
    let folder = with(dependency("b", "1.0.0"), "source", Value::Null);
    let newer = with(dependency("c", "1.0.0"), "rust_version", json!("1.91.2"));
    let same = with(dependency("d", "1.0.0"), "rust_version", json!("1.90"));
    assert_eq!(
        lines(&[git, folder, newer, same], &policy()),
        [
            "a 1.0.0: comes from git+https://example.org/a#0123",
            "b 1.0.0: is a folder outside the workspace",
            "c 1.0.0: requires Rust 1.91.2, newer than the workspace's 1.90.0",
        ]
    );
}

#[test]
fn any_version_will_do_for_nothing_that_is_published() {
    let asks = |publish: Value, kind: Value, req: &str, source: Value, path: Value| {
        let one = json!({
            "name": "a", "source": source, "req": req, "kind": kind, "rename": null, "optional": false,
            "uses_default_features": true, "features": [], "target": null, "registry": null, "path": path,
        });
        let member = with(with(member(), "publish", publish), "dependencies", json!([one]));
        lines_of(&member, &[dependency("a", "1.0.0")], &policy())
    };
    let registry = || json!(format!("registry+{REGISTRY}"));
    let (public, private) = (|| Value::Null, || json!([]));
    let (folder, git) = (|| json!("/workspace/a"), || json!("git+https://example.org/a"));
    let found = ["member 0.1.0: depends on a in any version"];
    for publish in [public(), private(), json!(["crates-io"])] {
        for kind in [Value::Null, json!("dev"), json!("build")] {
            assert_eq!(asks(publish.clone(), kind.clone(), "*", registry(), Value::Null), found, "{publish} {kind}");
            for req in ["^1.0", ">=0", "1.*"] {
                assert!(asks(publish.clone(), kind.clone(), req, registry(), Value::Null).is_empty(), "{req}");
                assert!(asks(publish.clone(), kind.clone(), req, Value::Null, folder()).is_empty(), "{req}");
            }
        }
    }
    // A folder or a git repository has one version, unless the dependency is published.
    for (source, path) in [(Value::Null, folder()), (git(), Value::Null)] {
        let asks = |publish, kind| asks(publish, kind, "*", source.clone(), path.clone());
        assert!(asks(private(), Value::Null).is_empty() && asks(private(), json!("build")).is_empty());
        assert!(asks(public(), json!("dev")).is_empty());
        assert_eq!(asks(public(), Value::Null), found);
        assert_eq!(asks(public(), json!("build")), found);
    }
}

#[test]
fn a_policy_that_says_less_or_other_than_what_is_enforced_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deny.toml");
    let ours = fs::read_to_string(root().join("deny.toml")).unwrap();
    let refused = |from: &str, to: &str| {
        assert!(ours.contains(from), "{from}");
        fs::write(&path, ours.replace(from, to)).unwrap();
        Policy::read(&path).unwrap_err()
    };
    let weaker = refused("multiple-versions = \"deny\"", "multiple-versions = \"warn\"");
    assert!(matches!(weaker, UpkeepError::PolicyValue { key: "bans.multiple-versions", .. }), "{weaker}");
    assert!(weaker.to_string().ends_with("bans.multiple-versions is \"warn\", expected deny"));
    let weaker = refused("wildcards = \"deny\"", "wildcards = \"allow\"");
    assert!(matches!(weaker, UpkeepError::PolicyValue { key: "bans.wildcards", .. }), "{weaker}");
    assert!(matches!(refused("wildcards = \"deny\"\n", ""), UpkeepError::Policy { .. }));
    let other = refused("allow-wildcard-paths = true", "allow-wildcard-paths = false");
    assert!(matches!(other, UpkeepError::PolicyValue { key: "bans.allow-wildcard-paths", .. }), "{other}");
    assert!(matches!(refused("skip = [", "deny = []\nskip = ["), UpkeepError::Policy { .. }));
    assert!(matches!(refused("[bans]", "[bands]"), UpkeepError::Policy { .. }));
    assert!(matches!(Policy::read(&folder.path().join("none")), Err(UpkeepError::File { .. })));
}

#[test]
fn a_lock_file_is_there_current_and_in_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let fault = || lock_file_finding(root, true).unwrap().map(|finding| finding.fault);
    fs::create_dir(root.join("src")).unwrap();
    fs::write(root.join("src/lib.rs"), "").unwrap();
    let manifest = |version: &str| {
        format!("[package]\nname = \"one\"\nversion = \"{version}\"\nedition = \"2024\"\n[workspace]\n")
    };
    fs::write(root.join("Cargo.toml"), manifest("0.1.0")).unwrap();
    assert_eq!(fault().unwrap(), "does not exist");
    let run = |program: &str, arguments: &[&str]| {
        assert!(Command::new(program).args(arguments).current_dir(root).status().unwrap().success(), "{program}");
    };
    run("cargo", &["generate-lockfile", "--quiet", "--offline"]);
    assert_eq!(fault(), None);
    run("git", &["init", "--quiet"]);
    assert_eq!(fault().unwrap(), "is not in the repository");
    run("git", &["add", "Cargo.lock"]);
    assert_eq!(fault(), None);
    fs::write(root.join("Cargo.toml"), manifest("0.2.0")).unwrap();
    assert!(fault().unwrap().starts_with("is not current"));
}

#[test]
fn this_workspace_has_no_findings() {
    let policy = Policy::read(&root().join("deny.toml")).unwrap();
    assert_eq!(lock_file_finding(&root(), false).unwrap(), None);
    let workspace = Workspace::read(&root(), &policy.targets, false).unwrap();
    assert_eq!(findings(&workspace, &policy), []);
    assert_eq!(package_findings(&workspace).unwrap(), []);
}
