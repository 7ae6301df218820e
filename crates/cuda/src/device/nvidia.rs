//! NVIDIA's GPUs, through cudarc. The driver and NVRTC are looked for when the program runs.

#![expect(
    unsafe_code,
    reason = "kernels are launched, and NVIDIA's libraries called, here, in `cublas` and in `nvrtc`"
)]

pub mod cublas;
mod driver_error;
mod memory;
pub mod nvrtc;
mod recording;

pub use cublas::Products;
pub use memory::NvidiaBuffer;
pub use recording::NvidiaRecording;

use super::gemm::LARGE_PRODUCT;
use super::interface::check_launch;
use super::{Arg, Device, Element, Gemm, Operand, Syrk};
use crate::sources::{SOURCES, Source};
use crate::{CudaError, Missing};
use cudarc::driver::sys;
use cudarc::driver::{
    CudaContext, CudaFunction, CudaSlice, CudaStream, DevicePtr, DriverError, LaunchConfig, PushKernelArg, result,
};
use driver_error::{driver, report};
use memory::{Capture, Kept};
use nvrtc::{Compiled, Parameter};
use recording::Capturing;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The oldest supported driver, as the CUDA version that it supports: 1000 · major + 10 · minor.
const OLDEST_DRIVER: i32 = 12_000;

/// A GPU with this crate's compiled kernels and one stream for all work.
///
/// It may be shared between threads. While one thread records, the launches of other threads become part of the
/// recording.
pub struct NvidiaDevice {
    /// cuBLAS, if it computes large products. It is dropped before its stream.
    library: Option<Library>,
    stream: Arc<CudaStream>,
    kernels: HashMap<&'static str, Kernel>,
    capture: Arc<Capture>,
    description: String,
}

/// cuBLAS with its workspace.
struct Library {
    handle: Mutex<cublas::Handle>,
    workspace: Arc<CudaSlice<u8>>,
    products_from: usize,
}

struct Kernel {
    function: CudaFunction,
    parameters: Vec<Parameter>,
    most_threads: u32,
}

impl NvidiaDevice {
    /// The number of GPUs; zero without a driver.
    pub fn count() -> usize {
        devices().unwrap_or(0)
    }

    /// Whether a driver, a GPU and NVRTC are present, so that [`open`](Self::open) should work for the first GPU.
    pub fn available() -> bool {
        Self::count() > 0 && nvrtc::version().is_ok()
    }

    /// Opens GPU number `ordinal`, counted from 0 in the driver's order, and compiles this crate's [`SOURCES`] for it. cuBLAS
    /// computes large products, if it is installed.
    ///
    /// # Errors
    ///
    /// Returns [`CudaError::Missing`] if the driver, the GPU or NVRTC is missing, and [`CudaError::Driver`] if the
    /// driver reports an error.
    pub fn open(ordinal: usize) -> Result<Self, CudaError> {
        Self::open_multiplying(ordinal, Products::default())
    }

    /// Opens GPU number `ordinal` with this choice of who computes large products.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open), and for [`Products::Tf32`] [`CudaError::Missing`] without cuBLAS.
    pub fn open_multiplying(ordinal: usize, products: Products) -> Result<Self, CudaError> {
        let mut device = Self::open_with(ordinal, SOURCES)?;
        let described = match products {
            Products::Kernels => "products by kernels".to_owned(),
            Products::Library => match device.open_library(false) {
                Ok(version) => version,
                Err(CudaError::Missing { .. }) => "no cuBLAS".to_owned(),
                Err(unusable) => format!("no cuBLAS ({unusable})"),
            },
            Products::Tf32 => format!("{} in TF32", device.open_library(true)?),
        };
        device.description = format!("{}, {described}", device.description);
        Ok(device)
    }

    /// The same device, on which cuBLAS, if there is one, computes products of at least so many multiply-adds.
    #[must_use]
    pub fn with_products_from(mut self, multiply_adds: usize) -> Self {
        if let Some(library) = &mut self.library {
            library.products_from = multiply_adds;
        }
        self
    }

    /// Opens GPU number `ordinal` with other sources, and without cuBLAS.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open), and [`CudaError::Compile`] if a source does not compile.
    pub fn open_with(ordinal: usize, sources: &[Source]) -> Result<Self, CudaError> {
        let count = devices()?;
        if ordinal >= count {
            let found = format!("the driver sees {count} GPUs, and number {ordinal} (from 0) is asked for");
            return Err(CudaError::Missing { missing: Missing::Device, found });
        }
        let (nvrtc_major, nvrtc_minor) = nvrtc::version()?;
        let context = CudaContext::new(ordinal).map_err(|error| driver("opening the GPU", error))?;
        // SAFETY: cudarc's events order the work of several streams and interfere with recording. All work and all
        // freeing here uses the one stream created below.
        unsafe { context.disable_event_tracking() };
        let about = |error| driver("querying the GPU", error);
        let (major, minor) = context.compute_capability().map_err(about)?;
        let name = context.name().map_err(about)?;
        let version = driver_version().map_err(about)?;
        let versions =
            format!("driver for CUDA {}.{}, NVRTC {nvrtc_major}.{nvrtc_minor}", version / 1000, version % 1000 / 10);
        let architecture = nvrtc::architecture_for(u32::try_from(10 * major + minor).unwrap_or(0))?;
        let mut device = Self {
            stream: context.new_stream().map_err(|error| driver("creating a stream", error))?,
            kernels: HashMap::new(),
            library: None,
            capture: Arc::default(),
            description: format!("{name}, compute capability {major}.{minor}, {versions}"),
        };
        for (source, compiled) in sources.iter().zip(nvrtc::compile_once(sources, &architecture)?) {
            device.load(source, compiled, &architecture)?;
        }
        Ok(device)
    }

    /// Opens cuBLAS for this device's stream. Returns its version.
    fn open_library(&mut self, tf32: bool) -> Result<String, CudaError> {
        let (major, minor) = cublas::version()?;
        let allocated = self.stream.alloc_zeros::<u8>(cublas::WORKSPACE);
        let workspace = allocated.map_err(|error| driver("allocating the workspace of cuBLAS", error))?;
        let address = workspace.device_ptr(&self.stream).0;
        self.stream.context().bind_to_thread().map_err(|error| driver("opening cuBLAS", error))?;
        // SAFETY: the context is current. Stream and workspace belong to this device, whose fields drop the handle first, and
        // nothing else uses the workspace.
        let handle = unsafe { cublas::Handle::new(self.stream.cu_stream().cast(), address, tf32) }?;
        let (handle, workspace) = (Mutex::new(handle), Arc::new(workspace));
        self.library = Some(Library { handle, workspace, products_from: LARGE_PRODUCT });
        Ok(format!("cuBLAS {major}.{minor}"))
    }

    /// Makes a call of cuBLAS with the addresses of its operands.
    fn call<const N: usize>(
        &self,
        operands: &[Operand<'_, Self>; N],
        call: impl FnOnce(&cublas::Handle, cublas::Addresses<N>) -> Result<(), CudaError>,
    ) -> Result<(), CudaError> {
        let Some(library) = &self.library else {
            return Err(CudaError::Missing { missing: Missing::Cublas, found: "a device without it".to_owned() });
        };
        self.stream.context().bind_to_thread().map_err(|error| driver("a call of cuBLAS", error))?;
        self.capture.keep(|| Arc::clone(&library.workspace) as Kept);
        let addresses = operands.each_ref().map(|operand| operand.buffer.at(operand.offset));
        call(&library.handle.lock().unwrap_or_else(PoisonError::into_inner), addresses)
    }

    /// The GPU's name and compute capability, the driver, NVRTC, and cuBLAS if it computes products, in one line.
    pub fn describe(&self) -> &str {
        &self.description
    }

    fn load(&mut self, source: &Source, compiled: Compiled, architecture: &str) -> Result<(), CudaError> {
        let loading = |error| {
            driver(format!("loading {}, compiled for {architecture} ({})", source.name, self.description), error)
        };
        let image = cudarc::nvrtc::Ptx::from_binary(compiled.image);
        let module = self.stream.context().load_module(image).map_err(loading)?;
        for &name in source.kernels {
            let Some(signature) = compiled.kernels.iter().find(|signature| signature.name == name) else {
                return Err(CudaError::UnknownKernel { kernel: name.to_owned() });
            };
            let function = module.load_function(name).map_err(loading)?;
            // This also loads the kernel now, not at its first launch, which may be recorded.
            let most_threads = function.max_threads_per_block().map_err(loading)?;
            let most_threads = u32::try_from(most_threads).unwrap_or(0);
            let kernel = Kernel { function, parameters: signature.parameters.clone(), most_threads };
            self.kernels.insert(name, kernel);
        }
        Ok(())
    }

    fn refuse_while_recording(&self, found: &'static str) -> Result<(), CudaError> {
        match *self.capture.kept() {
            Some(_) => Err(CudaError::Recording { found }),
            None => Ok(()),
        }
    }
}

/// The number of GPUs that the driver finds; an error without a GPU or a driver.
fn devices() -> Result<usize, CudaError> {
    let missing = |missing, found| CudaError::Missing { missing, found };
    // SAFETY: this opens shared libraries by the driver's names, which only run their own initialization.
    if !unsafe { sys::is_culib_present() } {
        let found = "no shared library libcuda (nvcuda.dll on Windows) can be loaded".to_owned();
        return Err(missing(Missing::Driver, found));
    }
    let version = driver_version().unwrap_or(0);
    if version < OLDEST_DRIVER {
        let found = format!("a driver for CUDA {}.{}, expected 12.0 or newer", version / 1000, version % 1000 / 10);
        return Err(missing(Missing::Driver, found));
    }
    match CudaContext::device_count().map(usize::try_from) {
        Ok(Ok(count)) if count > 0 => Ok(count),
        Ok(_) => Err(missing(Missing::Device, "the driver reports no GPU".to_owned())),
        Err(error) => Err(missing(Missing::Device, format!("the driver cannot start: {}", report(error)))),
    }
}

fn driver_version() -> Result<i32, DriverError> {
    let mut version = 0;
    // SAFETY: callers have checked that the driver's library is present, and the pointer is to an integer of ours.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result().map(|()| version)
}

impl Device for NvidiaDevice {
    type Buffer<T: Element> = NvidiaBuffer<T>;
    type Recording = NvidiaRecording;

    fn zeros<T: Element>(&self, len: usize) -> Result<Self::Buffer<T>, CudaError> {
        self.refuse_while_recording("an allocation")?;
        let limit = isize::MAX as usize / size_of::<T>();
        if len > limit {
            return Err(CudaError::TooLarge { what: "a buffer", found: len, limit });
        }
        // The driver does not allocate size zero, so an empty buffer has one number.
        let allocated = self.stream.alloc_zeros::<T>(len.max(1));
        let memory = allocated.map_err(|error| driver(format!("allocating {len} numbers"), error))?;
        let address = memory.device_ptr(&self.stream).0;
        Ok(NvidiaBuffer { memory: Arc::new(memory), address, len, capture: Arc::clone(&self.capture) })
    }

    fn upload<T: Element>(&self, from: &[T], to: &mut Self::Buffer<T>) -> Result<(), CudaError> {
        self.refuse_while_recording("an upload")?;
        if from.len() != to.len {
            return Err(CudaError::Length { what: "an upload", found: from.len(), expected: to.len });
        }
        let failed = |error| driver("an upload", error);
        self.stream.context().bind_to_thread().map_err(failed)?;
        // SAFETY: both sides hold `len` numbers, and `from` is borrowed until the copy is completed.
        unsafe { result::memcpy_htod_async(to.address, from, self.stream.cu_stream()) }.map_err(failed)?;
        self.stream.synchronize().map_err(failed)
    }

    fn download<T: Element>(&self, from: &Self::Buffer<T>, to: &mut [T]) -> Result<(), CudaError> {
        self.refuse_while_recording("a download")?;
        if from.len != to.len() {
            return Err(CudaError::Length { what: "a download", found: to.len(), expected: from.len });
        }
        let failed = |error| driver("a download", error);
        self.stream.context().bind_to_thread().map_err(failed)?;
        // SAFETY: both sides hold `len` numbers of a type without invalid bit patterns, and `to` is borrowed until the
        // copy is completed.
        unsafe { result::memcpy_dtoh_async(to, from.address, self.stream.cu_stream()) }.map_err(failed)?;
        self.stream.synchronize().map_err(failed)
    }

    fn launch(
        &self,
        kernel: &'static str,
        grid: [u32; 3],
        block: [u32; 3],
        args: &[Arg<'_, Self>],
    ) -> Result<(), CudaError> {
        let Some(Kernel { function, parameters, most_threads }) = self.kernels.get(kernel) else {
            return Err(CudaError::UnknownKernel { kernel: kernel.to_owned() });
        };
        check_launch(kernel, grid, block, args)?;
        let fail = |found: String, expected: String| CudaError::Launch { kernel: kernel.to_owned(), found, expected };
        let threads = block.iter().product::<u32>();
        if threads > *most_threads {
            let expected = format!("at most {most_threads}, for which there are registers,");
            return Err(fail(format!("{threads} threads a block"), expected));
        }
        let kinds: Vec<Parameter> = args.iter().map(parameter).collect();
        if kinds != *parameters {
            return Err(fail(format!("arguments {kinds:?}"), format!("{parameters:?}")));
        }
        // Each argument in the lowest bytes of a word. The driver reads as many bytes as the parameter has.
        let words: Vec<u64> = args.iter().map(word).collect();
        let mut launch = self.stream.launch_builder(function);
        for word in &words {
            launch.arg(word);
        }
        let [grid_dim, block_dim] = [grid, block].map(|[x, y, z]| (x, y, z));
        // SAFETY: the arguments match the kernel's parameters in number and type, according to its PTX, and their
        // addresses belong to live buffers, because freeing follows this launch in the stream. A kernel stays within
        // its buffers if its launcher gives it their sizes; the emulator's tests run all launchers under address
        // sanitizer.
        let launched = unsafe { launch.launch(LaunchConfig { grid_dim, block_dim, shared_mem_bytes: 0 }) };
        launched.map(drop).map_err(|error| driver(format!("launch of {kernel}"), error))
    }

    fn products_from(&self) -> Option<usize> {
        self.library.as_ref().map(|library| library.products_from)
    }

    fn gemm(&self, product: &Gemm<'_, Self>) -> Result<(), CudaError> {
        product.check()?;
        // SAFETY: the context is current. The addresses are of the operands, which lie within live buffers, because freeing
        // follows this call in the stream.
        self.call(&product.operands, |handle, at| unsafe { handle.gemm(product, at) })
    }

    fn syrk(&self, product: &Syrk<'_, Self>) -> Result<(), CudaError> {
        product.check()?;
        // SAFETY: as above.
        self.call(&product.operands, |handle, at| unsafe { handle.syrk(product, at) })
    }

    fn record(&self, launches: impl FnOnce() -> Result<(), CudaError>) -> Result<Self::Recording, CudaError> {
        self.refuse_while_recording("a recording")?;
        let capturing = Capturing::begin(&self.stream, &self.capture)?;
        launches()?;
        capturing.end()
    }

    fn replay(&self, recording: &Self::Recording) -> Result<(), CudaError> {
        self.refuse_while_recording("a replay")?;
        recording.replay()
    }

    fn synchronize(&self) -> Result<(), CudaError> {
        self.refuse_while_recording("a wait")?;
        self.stream.synchronize().map_err(|error| driver("waiting for launches", error))
    }
}

fn parameter(arg: &Arg<'_, NvidiaDevice>) -> Parameter {
    match arg {
        Arg::F32(..) | Arg::F64(..) | Arg::U32(..) => Parameter::Pointer,
        Arg::Int(_) => Parameter::Int,
        Arg::Float(_) => Parameter::Float,
        Arg::Double(_) => Parameter::Double,
    }
}

fn word(arg: &Arg<'_, NvidiaDevice>) -> u64 {
    match *arg {
        Arg::F32(buffer, offset, _) => buffer.at(offset),
        Arg::F64(buffer, offset, _) => buffer.at(offset),
        Arg::U32(buffer, offset, _) => buffer.at(offset),
        Arg::Int(number) => u64::from(number as u32),
        Arg::Float(number) => u64::from(number.to_bits()),
        Arg::Double(number) => number.to_bits(),
    }
}
