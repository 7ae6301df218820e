//! Helpers of the tests: a small data set, commands on it, the interposer, and the bytes of folders.

use flate2::Compression;
use flate2::write::GzEncoder;
use minima_data::{Dataset, mnist};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A temporary folder with 160 training and 60 test images of MNIST.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    interposer: Option<PathBuf>,
}

/// What happens to the program's file changes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// All changes succeed.
    Spared,
    /// The program is killed at this change.
    KilledAt(usize),
    /// Only this change fails.
    FailsAt(usize),
    /// The disk is full from this change on.
    FullFrom(usize),
}

/// The outcome of a process.
pub(crate) struct End {
    pub output: Output,
    pub errors: String,
    /// Number of file changes; 0 if the process was killed or the changes were not counted.
    pub changes: usize,
}

impl End {
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Fails unless the process succeeded.
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.code(), Some(0), "{}", self.errors);
        self
    }
}

fn write_idx(path: &Path, magic: &[u8], sizes: &[usize], bytes: &[u8]) {
    let mut file = GzEncoder::new(fs::File::create(path).unwrap(), Compression::fast());
    file.write_all(magic).unwrap();
    for &size in sizes {
        file.write_all(&u32::try_from(size).unwrap().to_be_bytes()).unwrap();
    }
    file.write_all(bytes).unwrap();
    file.finish().unwrap();
}

fn write_set(folder: &Path, name: &str, set: &Dataset) {
    let pixels: Vec<u8> = set.bytes().unwrap().iter().copied().collect();
    let images = folder.join(format!("{name}-images-idx3-ubyte.gz"));
    write_idx(&images, &[0, 0, 8, 3], &[set.len(), 28, 28], &pixels);
    let labels: Vec<u8> = set.labels().iter().map(|&label| label as u8).collect();
    write_idx(&folder.join(format!("{name}-labels-idx1-ubyte.gz")), &[0, 0, 8, 1], &[set.len()], &labels);
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        let mnist = mnist::load_default().unwrap();
        write_set(&data, "train", &mnist.train.take(160));
        write_set(&data, "t10k", &mnist.test.take(60));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xtask/survival/interposer.c");
        let library = folder.path().join("interposer.so");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let interposer = match compiler.output() {
            Ok(output) if cfg!(target_os = "linux") => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                Some(library)
            }
            _ => None,
        };
        Self { folder, interposer }
    }

    /// Returns [`new`](Self::new) with the interposer. If it cannot be compiled, prints that the test is skipped and returns
    /// `None`.
    pub(crate) fn with_interposer() -> Option<Self> {
        let bench = Self::new();
        if bench.interposer.is_none() {
            eprintln!("skipped: found no C compiler on Linux, expected cc");
        }
        bench.interposer.is_some().then_some(bench)
    }

    /// The interposer; an empty path without one.
    pub(crate) fn interposer(&self) -> PathBuf {
        self.interposer.clone().unwrap_or_default()
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, run in the bench's folder on its data.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(arguments).args(["--data", "data", "--device", "cpu"]).current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], fate: Fate) -> End {
        let mut command = self.command(arguments);
        let count = self.join("changes");
        let _ = fs::remove_file(&count);
        if let Some(interposer) = &self.interposer {
            command.env("LD_PRELOAD", interposer).env("MINIMA_COUNT", &count);
        }
        let (name, number) = match fate {
            Fate::Spared => ("MINIMA_SPARED", 0),
            Fate::KilledAt(number) => ("MINIMA_KILL_AT", number),
            Fate::FailsAt(number) => ("MINIMA_FAIL_AT", number),
            Fate::FullFrom(number) => ("MINIMA_FULL_FROM", number),
        };
        let output = command.env(name, number.to_string()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!errors.contains("panicked"), "{arguments:?}, {fate:?}: {errors}");
        let changes = fs::read_to_string(&count).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        End { output, errors, changes }
    }
}

/// The files below a folder with their bytes, except the manifest, which contains times.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "manifest.json") {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Fails with the names of the files that differ.
pub(crate) fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>, when: &str) {
    let names = found.keys().chain(expected.keys());
    let differ: Vec<_> = names.filter(|name| found.get(*name) != expected.get(*name)).collect();
    assert!(differ.is_empty(), "{when}: {differ:?}");
}
