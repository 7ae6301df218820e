//! Compiles CUDA sources with NVRTC, which is looked for when the program runs.
//!
//! Source: NVIDIA, "NVRTC", sections 3 (interface) and 4 (options).

use crate::sources::Source;
use crate::{CudaError, Missing};
use cudarc::nvrtc::result::{self, NvrtcError};
use cudarc::nvrtc::sys;
use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_int};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The major version of the oldest supported NVRTC.
const OLDEST: i32 = 12;

/// A source compiled by NVRTC.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Machine code for `sm_…`, or zero-terminated PTX for `compute_…`, as the driver loads it.
    pub image: Vec<u8>,
    /// The kernels, ordered by name.
    pub kernels: Vec<Signature>,
    /// Warnings; empty if there are none.
    pub log: String,
}

/// A kernel's name and parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// The name.
    pub name: String,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
}

/// The type of one argument of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parameter {
    /// An address of numbers.
    Pointer,
    /// An `int` or an `unsigned`.
    Int,
    /// A `float`.
    Float,
    /// A `double`.
    Double,
}

/// NVRTC's version, (major, minor).
///
/// # Errors
///
/// Returns [`CudaError::Missing`] if it is not installed, or too old.
pub fn version() -> Result<(i32, i32), CudaError> {
    let missing = |found: String| CudaError::Missing { missing: Missing::Nvrtc, found };
    // SAFETY: this opens shared libraries by NVRTC's names, which only run their own initialization.
    if !unsafe { sys::is_culib_present() } {
        return Err(missing("no shared library libnvrtc (nvrtc64_… on Windows) can be loaded".to_owned()));
    }
    let (mut major, mut minor) = (0, 0);
    // SAFETY: the library is present, and both pointers are to integers of ours.
    unsafe { sys::nvrtcVersion(&mut major, &mut minor) }
        .result()
        .map_err(|error| missing(format!("a libnvrtc that does not tell its version ({error})")))?;
    if major < OLDEST {
        return Err(missing(format!("libnvrtc {major}.{minor}, and {OLDEST}.0 or newer is needed")));
    }
    Ok((major, minor))
}

/// The architecture to compile for, given a device's compute capability (12.0 is 120): the device's own machine code
/// or, if NVRTC is older than the device, PTX for the newest architecture that NVRTC knows.
///
/// # Errors
///
/// Returns [`CudaError::Missing`] if NVRTC is missing, or knows no architecture that the device can run.
pub fn architecture_for(capability: u32) -> Result<String, CudaError> {
    let (major, minor) = version()?;
    let known = supported().map_err(|error| internal("listing architectures", error))?;
    match known.iter().copied().filter(|&known| known <= capability).max() {
        Some(best) if best == capability => Ok(format!("sm_{best}")),
        Some(best) => Ok(format!("compute_{best}")),
        None => Err(CudaError::Missing {
            missing: Missing::Nvrtc,
            found: format!("libnvrtc {major}.{minor} compiles for {known:?}, but the GPU is sm_{capability}"),
        }),
    }
}

fn supported() -> Result<Vec<u32>, NvrtcError> {
    let mut count: c_int = 0;
    // SAFETY: the pointer is to an integer of ours.
    unsafe { sys::nvrtcGetNumSupportedArchs(&mut count) }.result()?;
    let mut known = vec![0 as c_int; usize::try_from(count).unwrap_or(0)];
    // SAFETY: the buffer has room for as many numbers as NVRTC has just reported.
    unsafe { sys::nvrtcGetSupportedArchs(known.as_mut_ptr()) }.result()?;
    Ok(known.into_iter().filter_map(|known| u32::try_from(known).ok()).collect())
}

/// Compiles `source` for `architecture` (`sm_90`, or `compute_120` for PTX), without fast math.
///
/// # Errors
///
/// Returns [`CudaError::Missing`] if NVRTC is missing, and [`CudaError::Compile`] if the source does not compile.
pub fn compile(source: &Source, architecture: &str) -> Result<Compiled, CudaError> {
    version()?;
    let no_zero = |_| CudaError::Compile {
        source_name: source.name.to_owned(),
        target: Some(architecture.to_owned()),
        log: "the source, its name or its target contains a zero byte".to_owned(),
    };
    let text = CString::new(source.text).map_err(no_zero)?;
    let name = CString::new(source.name).map_err(no_zero)?;
    let program = Program(result::create_program(&text, Some(&name)).map_err(|e| internal("creating a program", e))?);
    CString::new(architecture).map_err(no_zero)?;
    let options = [format!("--gpu-architecture={architecture}"), "--fmad=true".to_owned(), "--std=c++17".to_owned()];
    // SAFETY: the program was created above and is not destroyed yet; no option contains a zero byte.
    let compiled = unsafe { result::compile_program(program.0, &options) };
    let log = text_of(program.read(sys::nvrtcGetProgramLogSize, sys::nvrtcGetProgramLog, "reading the log")?);
    if let Err(error) = compiled {
        return Err(CudaError::Compile {
            source_name: source.name.to_owned(),
            target: Some(architecture.to_owned()),
            log: if log.is_empty() { error.to_string() } else { log },
        });
    }
    let ptx = program.read(sys::nvrtcGetPTXSize, sys::nvrtcGetPTX, "reading the PTX")?;
    let kernels = signatures(&String::from_utf8_lossy(&ptx));
    let image = match architecture.starts_with("sm_") {
        true => program.read(sys::nvrtcGetCUBINSize, sys::nvrtcGetCUBIN, "reading the machine code")?,
        false => ptx,
    };
    Ok(Compiled { image, kernels, log })
}

/// What this process compiled, by architecture and text.
static COMPILED: Mutex<BTreeMap<(String, &'static str), Compiled>> = Mutex::new(BTreeMap::new());

/// [`compile_all`], which compiles each source once in this process, for programs that open a device several times.
pub(super) fn compile_once(sources: &[Source], architecture: &str) -> Result<Vec<Compiled>, CudaError> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = |source: &Source| (architecture.to_owned(), source.text);
    let new: Vec<Source> = sources.iter().filter(|source| !compiled.contains_key(&key(source))).copied().collect();
    for (source, of_source) in new.iter().zip(compile_all(&new, architecture)?) {
        compiled.insert(key(source), of_source);
    }
    Ok(sources.iter().filter_map(|source| compiled.get(&key(source)).cloned()).collect())
}

/// Compiles all of `sources`, several at a time. The results are in the order of the sources.
///
/// # Errors
///
/// Returns the error of the first source that fails.
pub fn compile_all(sources: &[Source], architecture: &str) -> Result<Vec<Compiled>, CudaError> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(source) = sources.get(at) else { break done };
            done.push((at, compile(source, architecture)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(sources.len());
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for helper in helpers {
            match helper.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, compiled)| compiled).collect()
}

/// A program owned by NVRTC.
struct Program(sys::nvrtcProgram);

impl Program {
    /// The bytes that `get` writes, as many as `size` reports.
    fn read(
        &self,
        size: unsafe fn(sys::nvrtcProgram, *mut usize) -> sys::nvrtcResult,
        get: unsafe fn(sys::nvrtcProgram, *mut c_char) -> sys::nvrtcResult,
        doing: &'static str,
    ) -> Result<Vec<u8>, CudaError> {
        let mut bytes = 0;
        // SAFETY: the program lives as long as this, and the pointer is to an integer of ours.
        unsafe { size(self.0, &mut bytes) }.result().map_err(|error| internal(doing, error))?;
        let mut whole = vec![0_u8; bytes];
        // SAFETY: the buffer has room for as many bytes as NVRTC has just reported.
        unsafe { get(self.0, whole.as_mut_ptr().cast()) }.result().map_err(|error| internal(doing, error))?;
        Ok(whole)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: the program was created by NVRTC and is destroyed once. A failure at worst leaks it.
        let _ = unsafe { result::destroy_program(self.0) };
    }
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim_end_matches('\0').trim().to_owned()
}

fn internal(doing: &str, error: NvrtcError) -> CudaError {
    CudaError::Driver { doing: format!("{doing} with NVRTC"), report: error.to_string() }
}

/// The kernels of a PTX text: `.entry name(.param .u64 name_param_0, …)`.
fn signatures(ptx: &str) -> Vec<Signature> {
    let kernel = |entry: &str| {
        let (name, rest) = entry.split_once('(')?;
        let (parameters, _) = rest.split_once(')')?;
        let parameters = parameters.split(',').filter_map(|parameter| {
            parameter.split_whitespace().find_map(|word| match word {
                ".u64" | ".b64" => Some(Parameter::Pointer),
                ".u32" | ".s32" | ".b32" => Some(Parameter::Int),
                ".f32" => Some(Parameter::Float),
                ".f64" => Some(Parameter::Double),
                _ => None,
            })
        });
        Some(Signature { name: name.trim().to_owned(), parameters: parameters.collect() })
    };
    let mut kernels: Vec<Signature> = ptx.split(".entry").skip(1).filter_map(kernel).collect();
    kernels.sort();
    kernels
}
