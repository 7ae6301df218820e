//! A device for tests: the kernels run on the CPU, in a separate process, under address sanitizer.

mod child;
mod program;

use super::gemm::{GEMM, SYRK, checked_int};
use super::interface::check_launch;
use super::{Arg, Device, Element, Gemm, Memory, Operand, Syrk};
use crate::sources::{SOURCES, Source};
use crate::{CudaError, Missing};
use child::Emulator;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The order in which threads between two barriers, and the blocks of a grid, run one after another. A result that
/// depends on it is a race.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the first to the last.
    #[default]
    Ascending,
    /// From the last to the first.
    Descending,
}

/// A device **for tests only**. It runs the same sources, compiled by `g++` for the CPU, one GPU thread after another.
///
/// - Every buffer is an allocation of its exact length. Address sanitizer ends the process at the first read or write
///   beyond a buffer, and that call and all later ones return its report as the error.
/// - Shared memory is NaN at the start of a block. A barrier that only some threads of a block reach is an error.
/// - Arguments are compared with the kernel's parameters, type by type.
/// - [`Order`] finds races, because results must not depend on it.
///
/// With [`with_products_from`](Self::with_products_from) a stand-in for cuBLAS computes products, with the same entry points and the
/// same column-major semantics, in the same process.
///
/// It cannot measure speed and does not emulate warps. It rounds as the CPU does, without fused products.
pub struct EmulatedDevice {
    emulator: Arc<Emulator>,
    kernels: HashSet<&'static str>,
    recording: Mutex<Option<EmulatedRecording>>,
    products_from: Option<usize>,
}

impl EmulatedDevice {
    /// Compiles this crate's [`SOURCES`], unless they are compiled already, and starts the emulator.
    ///
    /// # Errors
    ///
    /// Returns [`CudaError::Missing`] without `g++` and binutils, [`CudaError::Compile`] if a source does not compile
    /// without warnings, and [`CudaError::Emulator`] if the process cannot start.
    pub fn start() -> Result<Self, CudaError> {
        Self::start_with(SOURCES, Order::Ascending)
    }

    /// Starts the emulator with other sources and with this order.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`start`](Self::start).
    pub fn start_with(sources: &[Source], order: Order) -> Result<Self, CudaError> {
        // Beside the running program, a test in cargo's target folder.
        let program = std::env::current_exe().ok();
        let beside = program.as_ref().and_then(|path| path.parent());
        let folder = beside.map_or_else(std::env::temp_dir, PathBuf::from).join("minima-cuda-emulator");
        let order = match order {
            Order::Ascending => "ascending",
            Order::Descending => "descending",
        };
        Ok(Self {
            emulator: Arc::new(Emulator::start(&program::compile(sources, &folder)?, order)?),
            kernels: sources.iter().flat_map(|source| source.kernels).copied().collect(),
            recording: Mutex::new(None),
            products_from: None,
        })
    }

    /// The same device with a library that computes products of at least so many multiply-adds.
    #[must_use]
    pub fn with_products_from(self, multiply_adds: usize) -> Self {
        Self { products_from: Some(multiply_adds), ..self }
    }

    fn recording(&self) -> MutexGuard<'_, Option<EmulatedRecording>> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_while_recording(&self, found: &'static str) -> Result<(), CudaError> {
        match *self.recording() {
            Some(_) => Err(CudaError::Recording { found }),
            None => Ok(()),
        }
    }

    /// Sends a launch or a call of the library.
    fn send(&self, kernel: &'static str, request: &[u8]) -> Result<(), CudaError> {
        let complaint = self.emulator.launch(request, kernel)?;
        match complaint.split_once('/') {
            None if complaint.is_empty() => Ok(()),
            None => Err(CudaError::Emulator { doing: format!("launch of {kernel}"), report: complaint }),
            Some((given, taken)) => Err(CudaError::Launch {
                kernel: kernel.to_owned(),
                found: format!("arguments ({})", kinds_in_words(given)),
                expected: format!("arguments ({})", kinds_in_words(taken)),
            }),
        }
    }
}

impl EmulatedDevice {
    /// Sends a call of the library, or records it.
    fn call(&self, name: &'static str, request: Vec<u8>, operands: &[Operand<'_, Self>]) -> Result<(), CudaError> {
        if self.products_from.is_none() {
            return Err(CudaError::Missing { missing: Missing::Cublas, found: "an emulator without it".to_owned() });
        }
        match &mut *self.recording() {
            Some(recording) => {
                recording.memory.extend(operands.iter().map(|operand| Arc::clone(&operand.buffer.memory)));
                recording.requests.push((name, request));
                Ok(())
            }
            None => self.send(name, &request),
        }
    }
}

/// Appends matrices to a call of the library.
fn put_operand(
    name: &'static str,
    operand: &Operand<'_, EmulatedDevice>,
    request: &mut Vec<u8>,
) -> Result<(), CudaError> {
    request.extend_from_slice(&operand.buffer.memory.id.to_ne_bytes());
    request.extend_from_slice(&((operand.offset * size_of::<f32>()) as u64).to_ne_bytes());
    request.extend_from_slice(&checked_int(name, operand.leading)?.to_ne_bytes());
    request.extend_from_slice(&(operand.stride as u64).to_ne_bytes());
    Ok(())
}

fn kinds_in_words(kinds: &str) -> String {
    let word = |kind| match kind {
        'f' => "float*",
        'd' => "double*",
        'u' => "unsigned*",
        'I' => "int",
        'F' => "float",
        _ => "double",
    };
    kinds.chars().map(word).collect::<Vec<_>>().join(", ")
}

/// Numbers in the emulator's process.
pub struct EmulatedBuffer<T> {
    memory: Arc<Allocation>,
    len: usize,
    element: PhantomData<T>,
}

impl<T: Element> Memory for EmulatedBuffer<T> {
    fn len(&self) -> usize {
        self.len
    }
}

struct Allocation {
    emulator: Arc<Emulator>,
    id: u64,
}

impl Drop for Allocation {
    fn drop(&mut self) {
        self.emulator.free(self.id);
    }
}

/// Launches in the emulator's format, and the memory that they use.
#[derive(Default)]
pub struct EmulatedRecording {
    requests: Vec<(&'static str, Vec<u8>)>,
    memory: Vec<Arc<Allocation>>,
}

impl Device for EmulatedDevice {
    type Buffer<T: Element> = EmulatedBuffer<T>;
    type Recording = EmulatedRecording;

    fn zeros<T: Element>(&self, len: usize) -> Result<Self::Buffer<T>, CudaError> {
        self.refuse_while_recording("an allocation")?;
        let bytes = len.saturating_mul(size_of::<T>());
        let id = self.emulator.allocate(bytes)?;
        let memory = Arc::new(Allocation { emulator: Arc::clone(&self.emulator), id });
        Ok(EmulatedBuffer { memory, len, element: PhantomData })
    }

    fn upload<T: Element>(&self, from: &[T], to: &mut Self::Buffer<T>) -> Result<(), CudaError> {
        self.refuse_while_recording("an upload")?;
        if from.len() != to.len {
            return Err(CudaError::Length { what: "an upload", found: from.len(), expected: to.len });
        }
        let mut bytes = Vec::with_capacity(size_of_val(from));
        for number in from {
            number.put(&mut bytes);
        }
        self.emulator.upload(to.memory.id, &bytes)
    }

    fn download<T: Element>(&self, from: &Self::Buffer<T>, to: &mut [T]) -> Result<(), CudaError> {
        self.refuse_while_recording("a download")?;
        if from.len != to.len() {
            return Err(CudaError::Length { what: "a download", found: to.len(), expected: from.len });
        }
        let mut bytes = vec![0; size_of_val(to)];
        self.emulator.download(from.memory.id, &mut bytes)?;
        for (number, bytes) in to.iter_mut().zip(bytes.chunks_exact(size_of::<T>())) {
            *number = T::get(bytes);
        }
        Ok(())
    }

    fn launch(
        &self,
        kernel: &'static str,
        grid: [u32; 3],
        block: [u32; 3],
        args: &[Arg<'_, Self>],
    ) -> Result<(), CudaError> {
        if !self.kernels.contains(kernel) {
            return Err(CudaError::UnknownKernel { kernel: kernel.to_owned() });
        }
        check_launch(kernel, grid, block, args)?;
        // Whether it is run or only checked.
        let recorded = self.recording().is_some();
        let mut body = vec![if recorded { b'C' } else { b'L' }];
        body.extend_from_slice(&(kernel.len() as u32).to_ne_bytes());
        body.extend_from_slice(kernel.as_bytes());
        for size in grid.iter().chain(&block) {
            body.extend_from_slice(&size.to_ne_bytes());
        }
        body.extend_from_slice(&(args.len() as u32).to_ne_bytes());
        let mut memory = Vec::new();
        for arg in args {
            let (kind, value, offset) = match *arg {
                Arg::F32(buffer, offset, _) => (b'f', keep(&buffer.memory, &mut memory), offset * size_of::<f32>()),
                Arg::F64(buffer, offset, _) => (b'd', keep(&buffer.memory, &mut memory), offset * size_of::<f64>()),
                Arg::U32(buffer, offset, _) => (b'u', keep(&buffer.memory, &mut memory), offset * size_of::<u32>()),
                Arg::Int(number) => (b'I', u64::from(number as u32), 0),
                Arg::Float(number) => (b'F', u64::from(number.to_bits()), 0),
                Arg::Double(number) => (b'D', number.to_bits(), 0),
            };
            body.push(kind);
            body.extend_from_slice(&value.to_ne_bytes());
            body.extend_from_slice(&(offset as u64).to_ne_bytes());
        }
        self.send(kernel, &body)?;
        if let Some(recording) = &mut *self.recording() {
            if let Some(request) = body.first_mut() {
                *request = b'L';
            }
            recording.requests.push((kernel, body));
            recording.memory.append(&mut memory);
        }
        Ok(())
    }

    fn products_from(&self) -> Option<usize> {
        self.products_from
    }

    fn gemm(&self, product: &Gemm<'_, Self>) -> Result<(), CudaError> {
        product.check()?;
        let mut request = vec![b'G'];
        for transposed in product.transposed {
            request.extend_from_slice(&i32::from(transposed).to_ne_bytes());
        }
        for size in product.size.into_iter().chain([product.batch]) {
            request.extend_from_slice(&checked_int(GEMM, size)?.to_ne_bytes());
        }
        request.extend_from_slice(&product.alpha.to_ne_bytes());
        request.extend_from_slice(&product.beta.to_ne_bytes());
        product.operands.iter().try_for_each(|operand| put_operand(GEMM, operand, &mut request))?;
        self.call(GEMM, request, &product.operands)
    }

    fn syrk(&self, product: &Syrk<'_, Self>) -> Result<(), CudaError> {
        product.check()?;
        let mut request = vec![b'S'];
        for size in product.size {
            request.extend_from_slice(&checked_int(SYRK, size)?.to_ne_bytes());
        }
        request.extend_from_slice(&product.beta.to_ne_bytes());
        product.operands.iter().try_for_each(|operand| put_operand(SYRK, operand, &mut request))?;
        self.call(SYRK, request, &product.operands)
    }

    fn record(&self, launches: impl FnOnce() -> Result<(), CudaError>) -> Result<Self::Recording, CudaError> {
        self.refuse_while_recording("a recording")?;
        *self.recording() = Some(EmulatedRecording::default());
        let done = launches();
        let recording = self.recording().take().unwrap_or_default();
        done.map(|()| recording)
    }

    fn replay(&self, recording: &Self::Recording) -> Result<(), CudaError> {
        self.refuse_while_recording("a replay")?;
        recording.requests.iter().try_for_each(|(name, request)| self.send(name, request))
    }

    fn synchronize(&self) -> Result<(), CudaError> {
        // Every launch has been waited for.
        self.refuse_while_recording("waiting")
    }
}

/// Records that `allocation` is used, and returns its number.
fn keep(allocation: &Arc<Allocation>, memory: &mut Vec<Arc<Allocation>>) -> u64 {
    memory.push(Arc::clone(allocation));
    allocation.id
}
