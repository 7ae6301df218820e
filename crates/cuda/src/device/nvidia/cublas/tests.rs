//! The calls of cuBLAS, made to a library with the same entry points that computes on the host.
//!
//! The library is found where cuBLAS is, by the dynamic loader, whose path is read when a program starts. So each test starts this
//! program again.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Handle, WORKSPACE, version};
use crate::device::interface::{Device, Gemm, Operand, Syrk};
use crate::{CudaError, Missing, PlannedDevice};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Set in a program that a test has started.
const INNER: &str = "MINIMA_TEST_OF_CUBLAS";

/// Runs `test` of this program again, with the shared libraries of `folder`. Fails if it fails.
fn run_with(folder: &Path, test: &str) {
    let mut command = Command::new(env::current_exe().unwrap());
    let name = format!("device::nvidia::cublas::tests::{test}");
    command.args(["--exact", &name, "--nocapture"]).env(INNER, "1").env("LD_LIBRARY_PATH", folder);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// A folder with the stand-in as `libcublas.so`; `None` without a compiler.
fn library() -> Option<PathBuf> {
    let folder = env::temp_dir().join(format!("minima-cublas-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("emulator/cublas.cpp");
    let (mut command, library) = (Command::new("g++"), folder.join("libcublas.so"));
    command.args(["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]).arg(source).arg("-o");
    match command.arg(&library).output() {
        Ok(output) if output.status.success() => Some(folder),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) if env::var_os("MINIMA_REQUIRE_GXX").is_none() => {
            println!("skipped: this computer has no g++");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn is_inner() -> bool {
    env::var_os(INNER).is_some()
}

#[test]
fn a_missing_library_is_an_error_and_no_panic() {
    if !is_inner() {
        return run_with(Path::new("/no/such/folder"), "a_missing_library_is_an_error_and_no_panic");
    }
    match version() {
        Err(error @ CudaError::Missing { missing: Missing::Cublas, .. }) => println!("{error}"),
        Err(error) => panic!("{error}"),
        // The system has its own.
        Ok((major, minor)) => println!("cuBLAS {major}.{minor}"),
    }
}

/// A workspace as a device allocates it.
struct Workspace(Vec<u8>);

impl Workspace {
    fn address(&self) -> u64 {
        self.0.as_ptr().expose_provenance().next_multiple_of(256) as u64
    }
}

fn handle(workspace: &Workspace) -> Handle {
    let stream = std::ptr::without_provenance_mut(1);
    // SAFETY: the stand-in does not use the stream, and the workspace outlives the handle.
    unsafe { Handle::new(stream, workspace.address(), false) }.unwrap()
}

#[test]
fn calls_reach_the_library_with_their_arguments_in_order() {
    if !is_inner() {
        let Some(folder) = library() else { return };
        run_with(&folder, "calls_reach_the_library_with_their_arguments_in_order");
        return fs::remove_dir_all(folder).unwrap();
    }
    assert_eq!(version().unwrap(), (13, 5));
    let workspace = Workspace(vec![0; WORKSPACE + 256]);
    let handle = handle(&workspace);
    // Two products of (2, 3) and (3, 4), A transposed, each matrix with columns and strides of its own.
    let (size, leading, stride) = ([2, 4, 3], [5, 3, 7], [11, 12, 30]);
    let numbers = |count: usize, step: usize| (0..count).map(|at| (at * step % 13) as f32 - 6.0).collect::<Vec<_>>();
    let (a, b, old) = (numbers(21, 5), numbers(24, 7), numbers(58, 3));
    let device = PlannedDevice::new();
    let buffers = [a.len(), b.len(), old.len()].map(|len| device.zeros::<f32>(len).unwrap());
    let operand = |which: usize, count: usize| Operand::<'_, PlannedDevice> {
        buffer: &buffers[which],
        offset: 0,
        count,
        leading: leading[which],
        stride: stride[which],
    };
    let operands = [operand(0, a.len()), operand(1, b.len()), operand(2, old.len())];
    let product = Gemm { size, transposed: [true, false], batch: 2, alpha: 0.5, beta: 2.0, operands };
    product.check().unwrap();
    let mut c = old.clone();
    let at = [a.as_ptr().expose_provenance(), b.as_ptr().expose_provenance(), c.as_mut_ptr().expose_provenance()];
    // SAFETY: the addresses are of the operands, which were checked.
    unsafe { handle.gemm(&product, at.map(|at| at as u64)) }.unwrap();
    let mut expected = old.clone();
    for matrix in 0..2 {
        for row in 0..2 {
            for column in 0..4 {
                let term = |l: usize| a[matrix * 11 + row * 5 + l] * b[matrix * 12 + column * 3 + l];
                let to = &mut expected[matrix * 30 + column * 7 + row];
                *to = 0.5 * (0..3).map(term).sum::<f32>() + 2.0 * *to;
            }
        }
    }
    assert_eq!(c, expected);

    // The upper triangle of A Aᵀ for A (4, 3), with columns 7 numbers apart.
    let operands = [Operand { leading: 7, ..operand(2, 21) }, Operand { leading: 5, ..operand(2, 20) }];
    let product = Syrk { size: [4, 3], beta: 0.0, operands };
    product.check().unwrap();
    let mut c = vec![f32::NAN; 20];
    let at = [old.as_ptr().expose_provenance(), c.as_mut_ptr().expose_provenance()].map(|at| at as u64);
    // SAFETY: as above.
    unsafe { handle.syrk(&product, at) }.unwrap();
    for column in 0..4 {
        for row in 0..5 {
            let expected = (0..3).map(|l| old[l * 7 + row] * old[l * 7 + column]).sum::<f32>();
            let found = c[column * 5 + row];
            assert!(if row <= column { found == expected } else { found.is_nan() }, "{row} {column}: {found}");
        }
    }
    // What the library refuses is an error.
    let operands = [0, 1, 2].map(|which| Operand { leading: 1, ..operand(which, 1) });
    let wrong = Gemm { size: [2, 1, 1], transposed: [false; 2], batch: 1, alpha: 1.0, beta: 0.0, operands };
    assert!(wrong.check().is_err());
    // SAFETY: the library refuses the call before it reads anything.
    let refused = unsafe { handle.gemm(&wrong, [0; 3]) };
    assert!(matches!(refused, Err(CudaError::Driver { .. })), "{refused:?}");
}
