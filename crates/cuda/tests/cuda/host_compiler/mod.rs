//! Tests on a computer without `g++`, which the emulator needs: they are skipped, unless a variable forbids it.

use minima_cuda::{CudaError, Missing};
use std::env;
use std::process::Command;

/// If one of these variables is set and not empty, a missing `g++` is a failure.
const REQUIRE: [&str; 2] = ["MINIMA_REQUIRE_GXX", "CI"];

/// Says that a test is skipped because the emulator did not start. Fails if the reason is not a missing compiler, or if the
/// compiler is required.
#[track_caller]
pub fn skip(error: &CudaError) {
    let CudaError::Missing { missing: Missing::HostCompiler, .. } = error else { panic!("{error}") };
    match REQUIRE.iter().find(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
        None => println!("skipped: {error}"),
        Some(variable) => panic!("{variable} is set, so no test may be skipped: {error}"),
    }
}

/// Runs `test` of this program again, without a compiler. It must fail if the compiler is required, and otherwise say
/// that it was skipped.
#[track_caller]
pub fn check_that_it_can_be_required(test: &str) {
    let run = |variable: Option<&str>| {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env("PATH", "/no/such/folder");
        for name in REQUIRE {
            command.env_remove(name);
        }
        if let Some(name) = variable {
            command.env(name, "1");
        }
        let output = command.output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&told).into_owned())
    };
    let (passed, told) = run(None);
    assert!(passed && told.contains("1 passed") && told.contains("skipped: the C++ compiler g++"), "{told}");
    for variable in REQUIRE {
        let (passed, told) = run(Some(variable));
        assert!(!passed && told.contains("1 failed") && told.contains("the C++ compiler g++"), "{told}");
        assert!(told.contains(&format!("{variable} is set")), "{told}");
    }
}
