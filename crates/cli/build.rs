//! Passes the Git revision of the source to the compiler.

use std::process::Command;

fn main() {
    let described = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let revision = described
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok());
    println!("cargo:rustc-env=MINIMA_REVISION={}", revision.as_deref().map_or("unknown", str::trim));
    println!("cargo:rerun-if-changed=src");
    if let Ok(output) = Command::new("git").args(["rev-parse", "--git-path", "logs/HEAD"]).output()
        && let Ok(head) = String::from_utf8(output.stdout)
    {
        println!("cargo:rerun-if-changed={}", head.trim());
    }
}
