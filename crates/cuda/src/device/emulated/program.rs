//! Compiles the kernels and the program that runs them with the host's C++ compiler.

use crate::sources::Source;
use crate::{CudaError, Missing};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

const SHIM: &str = include_str!("../../../emulator/shim.hpp");
const SERVER: &str = include_str!("../../../emulator/server.cpp");
/// The stand-in for cuBLAS, of which the server is a part of the same translation unit.
const CUBLAS: &str = include_str!("../../../emulator/cublas.cpp");

const COMPILER: &str = "g++";
/// Warnings are errors here, as they are for NVRTC. A sanitizer's finding ends the program.
const FLAGS: &[&str] = &[
    "-std=c++17",
    "-O1",
    "-g",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-unknown-pragmas",
    "-fno-omit-frame-pointer",
    // Products are fused only if a kernel says so, on every CPU.
    "-ffp-contract=off",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// One compilation at a time in this process. Other processes do not interfere, because finished files are renamed.
static COMPILING: Mutex<()> = Mutex::new(());

/// Compiles the program that runs `sources` into `folder`, unless it is there already. Files are named by a hash of
/// their contents, and lie in a folder named by a hash of the shim and the compiler.
pub(super) fn compile(sources: &[Source], folder: &Path) -> Result<PathBuf, CudaError> {
    let _one_at_a_time = COMPILING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = &folder.join(format!("{:016x}", hash(&[SHIM, &compiler_version()?])));
    let in_folder = |error: io::Error| failed(format!("writing into {}", folder.display()), error.to_string());
    fs::create_dir_all(folder).map_err(in_folder)?;
    let shim = folder.join("shim.hpp");
    fs::write(unfinished(&shim), SHIM).and_then(|()| fs::rename(unfinished(&shim), &shim)).map_err(in_folder)?;

    let mut objects = Vec::new();
    let mut tail = String::from("\nnamespace minima {\n");
    for (index, source) in sources.iter().enumerate() {
        let unit = unit(index, source);
        let stem = source.name.replace(['/', '\\'], "-");
        let object = folder.join(format!("{stem}-{:016x}.o", hash(&[&unit])));
        objects.push(object.clone());
        tail += &format!("void add_source_{index}();\n");
        if !object.exists() {
            build(&object, &source_file(&object, &unit).map_err(in_folder)?, source.name, Some(index))?;
        }
    }
    tail += "void add_all() {\n";
    for index in 0..sources.len() {
        tail += &format!("    add_source_{index}();\n");
    }
    tail += "}\n}\n";

    let server = format!("{CUBLAS}{SERVER}{tail}");
    let object = folder.join(format!("server-{:016x}.o", hash(&[&server])));
    if !object.exists() {
        build(&object, &source_file(&object, &server).map_err(in_folder)?, "server.cpp", None)?;
    }
    objects.push(object);

    let names: Vec<String> = objects.iter().map(|path| path.display().to_string()).collect();
    let program = folder.join(format!("emulator-{:016x}", hash(&names)));
    if !program.exists() {
        let unfinished = unfinished(&program);
        run(Command::new(COMPILER).args(FLAGS).args(&objects).arg("-o").arg(&unfinished), "the emulator")?;
        fs::rename(&unfinished, &program).map_err(in_folder)?;
    }
    Ok(program)
}

/// The source as one translation unit, which registers its kernels in `add_source_<index>`.
fn unit(index: usize, source: &Source) -> String {
    let Source { name, text, kernels } = source;
    let mut unit =
        format!("#include \"shim.hpp\"\nnamespace {{\n#line 1 \"{name}\"\n{text}\n}}\n#line 1 \"kernels\"\n");
    for end in ["start", "stop"] {
        unit += &format!("extern char __{end}_shared_{index}[] __attribute__((weak));\n");
    }
    unit += &format!("namespace minima {{\nvoid add_source_{index}();\nvoid add_source_{index}() {{\n");
    for kernel in *kernels {
        unit += &format!("    add(\"{kernel}\", {kernel}, __start_shared_{index}, __stop_shared_{index});\n");
    }
    unit + "}\n}\n"
}

fn hash<T: Hash>(of: &[T]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (FLAGS, of).hash(&mut hasher);
    hasher.finish()
}

/// The temporary name of `path` until it is complete.
fn unfinished(path: &Path) -> PathBuf {
    path.with_extension(format!("{}.new", std::process::id()))
}

fn source_file(object: &Path, text: &str) -> io::Result<PathBuf> {
    let path = object.with_extension(format!("{}.cpp", std::process::id()));
    fs::write(&path, text)?;
    Ok(path)
}

/// Compiles `file`. The .bss of source `index`, which is its shared memory, becomes a section of its own, so that the
/// linker gives names to its ends.
fn build(object: &Path, file: &Path, name: &str, index: Option<usize>) -> Result<(), CudaError> {
    let unfinished = unfinished(object);
    let compiled = run(Command::new(COMPILER).args(FLAGS).arg("-c").arg(file).arg("-o").arg(&unfinished), name);
    let removed = fs::remove_file(file);
    compiled?;
    if let Some(index) = index {
        let rename = format!(".bss=shared_{index}");
        run(Command::new("objcopy").arg("--rename-section").arg(rename).arg(&unfinished), name)?;
    }
    let done = removed.and_then(|()| fs::rename(&unfinished, object));
    done.map_err(|error| failed(format!("writing {}", object.display()), error.to_string()))
}

fn run(command: &mut Command, name: &str) -> Result<(), CudaError> {
    let output = command.output().map_err(|error| missing(&error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(CudaError::Compile {
        source_name: name.to_owned(),
        target: None,
        log: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

fn compiler_version() -> Result<String, CudaError> {
    let output = Command::new(COMPILER).arg("--version").output().map_err(|error| missing(&error))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn missing(error: &io::Error) -> CudaError {
    CudaError::Missing { missing: Missing::HostCompiler, found: error.to_string() }
}

fn failed(doing: String, report: String) -> CudaError {
    CudaError::Emulator { doing, report }
}
