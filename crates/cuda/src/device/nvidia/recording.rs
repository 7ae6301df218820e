//! Launches that are recorded once and replayed, as CUDA graphs.

use super::driver_error::driver;
use super::memory::{Capture, Kept};
use crate::CudaError;
use cudarc::driver::sys::{CUgraphInstantiate_flags, CUstreamCaptureMode};
use cudarc::driver::{CudaGraph, CudaStream};
use std::sync::Arc;

/// A CUDA graph and the memory that it uses.
pub struct NvidiaRecording {
    /// `None` if nothing was launched.
    graph: Option<CudaGraph>,
    kept: Vec<Kept>,
    capture: Arc<Capture>,
}

impl NvidiaRecording {
    /// Launches what was recorded.
    pub(super) fn replay(&self) -> Result<(), CudaError> {
        match &self.graph {
            Some(graph) => graph.launch().map_err(|error| driver("a replay", error)),
            None => Ok(()),
        }
    }
}

impl Drop for NvidiaRecording {
    fn drop(&mut self) {
        self.graph = None;
        if let Some(kept) = &mut *self.capture.kept() {
            kept.append(&mut self.kept);
        }
    }
}

/// Ends the recording of a stream on drop, even if the caller's launches panic.
pub(super) struct Capturing<'a> {
    stream: &'a Arc<CudaStream>,
    capture: &'a Arc<Capture>,
}

impl<'a> Capturing<'a> {
    pub fn begin(stream: &'a Arc<CudaStream>, capture: &'a Arc<Capture>) -> Result<Self, CudaError> {
        // Relaxed: a recording ignores what other threads do with their streams, and what the driver does on its own.
        let mode = CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
        stream.begin_capture(mode).map_err(|error| driver("beginning a recording", error))?;
        *capture.kept() = Some(Vec::new());
        Ok(Self { stream, capture })
    }

    pub fn end(self) -> Result<NvidiaRecording, CudaError> {
        let Self { stream, capture } = self;
        let ended = stream.end_capture(CUgraphInstantiate_flags(0));
        let kept = capture.kept().take().unwrap_or_default();
        let graph = ended.map_err(|error| driver("ending a recording", error))?;
        if let Some(graph) = &graph {
            graph.upload().map_err(|error| driver("preparing a recording", error))?;
        }
        Ok(NvidiaRecording { graph, kept, capture: Arc::clone(capture) })
    }
}

impl Drop for Capturing<'_> {
    fn drop(&mut self) {
        if self.capture.kept().is_some() {
            // The error is dropped here, because the caller's own failure is being returned.
            let _ = self.stream.end_capture(CUgraphInstantiate_flags(0));
            // Memory is freed only after the stream has stopped recording.
            drop(self.capture.kept().take());
        }
    }
}
