//! A device that runs nothing: it counts the launches of a computation, the bytes of their arguments, and the memory.

use super::gemm::{GEMM, LARGE_PRODUCT, SYRK};
use super::interface::check_launch;
use super::{Arg, Device, Element, Gemm, Memory, Syrk};
use crate::sources::SOURCES;
use crate::{CudaError, Missing};
use std::collections::{BTreeMap, HashSet};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The launches of one kernel, or the calls of one function of cuBLAS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelCount {
    /// Launches.
    pub launches: u64,
    /// Blocks of threads, in all launches; 0 for cuBLAS, which chooses them.
    pub blocks: u64,
    /// Bytes of the buffers' parts that the launches are given, each part once a launch. A kernel that reads its input or writes
    /// its output once moves no fewer.
    pub bytes: u64,
    /// Operations of cuBLAS, where a multiply-add counts as two; 0 for kernels.
    pub operations: u64,
}

/// What a computation asked of the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The launches, by kernel.
    pub kernels: BTreeMap<&'static str, KernelCount>,
    /// Bytes that are copied to the device and back.
    pub copied: u64,
    /// Bytes that are allocated now.
    pub allocated: u64,
    /// The largest number of bytes that were allocated at once.
    pub peak: u64,
}

impl Plan {
    /// Launches of all kernels.
    #[must_use]
    pub fn launches(&self) -> u64 {
        self.kernels.values().map(|kernel| kernel.launches).sum()
    }

    /// Bytes of all launches; see [`KernelCount::bytes`].
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.kernels.values().map(|kernel| kernel.bytes).sum()
    }
}

/// A device that checks launches as a GPU does and runs none. Its buffers have lengths and no numbers, and downloads give zeros.
///
/// An engine on it performs a step's calls, so that the step's launches, bytes and memory are known without a GPU. Recorded steps
/// read nothing back. Other steps read zeros: conjugate gradients, for example, end at once. Large products are cuBLAS's, unless
/// [`without_library`](Self::without_library) says that it is missing.
#[derive(Default)]
pub struct PlannedDevice {
    plan: Arc<Mutex<Plan>>,
    kernels: HashSet<&'static str>,
    /// The launches that are recorded.
    recording: Mutex<Option<Vec<(&'static str, KernelCount)>>>,
    products_from: Option<usize>,
}

/// The length of a buffer.
pub struct PlannedBuffer<T> {
    len: usize,
    plan: Arc<Mutex<Plan>>,
    element: PhantomData<T>,
}

impl<T> PlannedBuffer<T> {
    fn bytes(&self) -> u64 {
        self.len as u64 * size_of::<T>() as u64
    }
}

impl<T> Drop for PlannedBuffer<T> {
    fn drop(&mut self) {
        let mut plan = locked(&self.plan);
        plan.allocated = plan.allocated.saturating_sub(self.bytes());
    }
}

impl<T: Element> Memory for PlannedBuffer<T> {
    fn len(&self) -> usize {
        self.len
    }
}

/// Launches that count again each time they are replayed.
pub struct PlannedRecording(Vec<(&'static str, KernelCount)>);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PlannedDevice {
    /// A device for this crate's kernels.
    #[must_use]
    pub fn new() -> Self {
        let kernels = SOURCES.iter().flat_map(|source| source.kernels).copied().collect();
        Self { kernels, products_from: Some(LARGE_PRODUCT), ..Self::default() }
    }

    /// The same device without a library of linear algebra.
    #[must_use]
    pub fn without_library(self) -> Self {
        Self { products_from: None, ..self }
    }

    /// What was asked of the device so far.
    #[must_use]
    pub fn plan(&self) -> Plan {
        locked(&self.plan).clone()
    }

    /// Forgets the launches and copies so far. The peak becomes what is allocated now.
    pub fn restart(&self) {
        let mut plan = locked(&self.plan);
        plan.kernels.clear();
        plan.copied = 0;
        plan.peak = plan.allocated;
    }

    fn count(&self, kernel: &'static str, count: KernelCount) {
        let mut plan = locked(&self.plan);
        let all = plan.kernels.entry(kernel).or_default();
        all.launches += count.launches;
        all.blocks += count.blocks;
        all.bytes += count.bytes;
        all.operations += count.operations;
    }

    /// Counts a launch now, or records it.
    fn launched(&self, kernel: &'static str, count: KernelCount) {
        match &mut *locked(&self.recording) {
            Some(recorded) => recorded.push((kernel, count)),
            None => self.count(kernel, count),
        }
    }

    /// Fails unless the device has a library of linear algebra.
    fn has_library(&self) -> Result<(), CudaError> {
        match self.products_from {
            Some(_) => Ok(()),
            None => Err(CudaError::Missing { missing: Missing::Cublas, found: "a device without it".to_owned() }),
        }
    }

    fn refuse_while_recording(&self, found: &'static str) -> Result<(), CudaError> {
        match *locked(&self.recording) {
            Some(_) => Err(CudaError::Recording { found }),
            None => Ok(()),
        }
    }
}

impl Device for PlannedDevice {
    type Buffer<T: Element> = PlannedBuffer<T>;
    type Recording = PlannedRecording;

    fn zeros<T: Element>(&self, len: usize) -> Result<Self::Buffer<T>, CudaError> {
        self.refuse_while_recording("an allocation")?;
        let buffer = PlannedBuffer { len, plan: Arc::clone(&self.plan), element: PhantomData };
        let mut plan = locked(&self.plan);
        plan.allocated += buffer.bytes();
        plan.peak = plan.peak.max(plan.allocated);
        drop(plan);
        Ok(buffer)
    }

    fn upload<T: Element>(&self, from: &[T], to: &mut Self::Buffer<T>) -> Result<(), CudaError> {
        self.refuse_while_recording("an upload")?;
        if from.len() != to.len {
            return Err(CudaError::Length { what: "an upload", found: from.len(), expected: to.len });
        }
        locked(&self.plan).copied += size_of_val(from) as u64;
        Ok(())
    }

    fn download<T: Element>(&self, from: &Self::Buffer<T>, to: &mut [T]) -> Result<(), CudaError> {
        self.refuse_while_recording("a download")?;
        if from.len != to.len() {
            return Err(CudaError::Length { what: "a download", found: to.len(), expected: from.len });
        }
        to.fill(T::default());
        locked(&self.plan).copied += size_of_val(to) as u64;
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
        let blocks = grid.iter().map(|&size| u64::from(size)).product();
        let mut seen = HashSet::new();
        // An argument that stands for an absent one repeats another.
        let parts = args.iter().filter(|arg| arg.identity().is_some_and(|identity| seen.insert(identity)));
        self.launched(kernel, KernelCount { launches: 1, blocks, bytes: parts.map(Arg::bytes).sum(), operations: 0 });
        Ok(())
    }

    fn products_from(&self) -> Option<usize> {
        self.products_from
    }

    fn gemm(&self, product: &Gemm<'_, Self>) -> Result<(), CudaError> {
        self.has_library()?;
        product.check()?;
        let (bytes, operations) = (product.bytes(), product.operations());
        self.launched(GEMM, KernelCount { launches: 1, blocks: 0, bytes, operations });
        Ok(())
    }

    fn syrk(&self, product: &Syrk<'_, Self>) -> Result<(), CudaError> {
        self.has_library()?;
        product.check()?;
        let (bytes, operations) = (product.bytes(), product.operations());
        self.launched(SYRK, KernelCount { launches: 1, blocks: 0, bytes, operations });
        Ok(())
    }

    fn record(&self, launches: impl FnOnce() -> Result<(), CudaError>) -> Result<Self::Recording, CudaError> {
        self.refuse_while_recording("a recording")?;
        *locked(&self.recording) = Some(Vec::new());
        let done = launches();
        let recorded = locked(&self.recording).take().unwrap_or_default();
        done.map(|()| PlannedRecording(recorded))
    }

    fn replay(&self, recording: &Self::Recording) -> Result<(), CudaError> {
        self.refuse_while_recording("a replay")?;
        recording.0.iter().for_each(|&(kernel, count)| self.count(kernel, count));
        Ok(())
    }

    fn synchronize(&self) -> Result<(), CudaError> {
        self.refuse_while_recording("waiting")
    }
}
