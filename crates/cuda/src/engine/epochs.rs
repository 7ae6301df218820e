//! Epochs of training on a device. Data, order and position are on the device. After its first two steps, an epoch
//! replays one recorded step, if its steps can be recorded.

use super::pool::Pool;
use super::{CudaEngine, DeviceBatch};
use crate::CudaError;
use crate::device::Device;
use crate::ops::{DataSet, Pixels, advance, pack_bytes};
use crate::slice::Slice;
use std::sync::{Arc, PoisonError};

/// A data set on a device. Its pixels are bytes; the network gets `byte / 255`.
pub struct DeviceData<D: Device> {
    words: D::Buffer<u32>,
    labels: D::Buffer<u32>,
    images: usize,
}

/// Means over an epoch's batches, each measured before its step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// Training loss.
    pub loss: f64,
    /// Share of correctly classified images, 0 to 1.
    pub accuracy: f64,
}

/// The steps of an epoch, and a function that is called after each of them.
pub trait EpochSteps<D: Device> {
    /// The error of a step.
    type Error: From<CudaError>;

    /// Whether one step is recorded and repeated. Then [`step`](Self::step) must make the same calls each time, on the same vectors
    /// and states, and read nothing back. It is called for the first steps of the first epoch only, and all other whole batches replay
    /// the work that it recorded.
    fn are_recorded(&self) -> bool;

    /// One step.
    ///
    /// # Errors
    /// Returns the error of a step that fails.
    fn step(&mut self, batch: &DeviceBatch<'_, D>) -> Result<(), Self::Error>;

    /// Called after each step of the epoch, with their number so far. It may read vectors and must not change them.
    ///
    /// # Errors
    /// Returns any error, which ends the epoch.
    fn after(&mut self, steps: usize) -> Result<(), Self::Error>;
}

/// Steps with nothing between them.
struct StepsAlone<F> {
    recorded: bool,
    step: F,
}

impl<D: Device, E: From<CudaError>, F: FnMut(&DeviceBatch<'_, D>) -> Result<(), E>> EpochSteps<D> for StepsAlone<F> {
    type Error = E;

    fn are_recorded(&self) -> bool {
        self.recorded
    }

    fn step(&mut self, batch: &DeviceBatch<'_, D>) -> Result<(), E> {
        (self.step)(batch)
    }

    fn after(&mut self, _steps: usize) -> Result<(), E> {
        Ok(())
    }
}

/// Epochs of one training run.
pub struct Epochs<'e, D: Device> {
    engine: &'e CudaEngine<D>,
    data: &'e DeviceData<D>,
    order: D::Buffer<u32>,
    position: D::Buffer<u32>,
    whole: Room<D>,
    rest: Room<D>,
    /// The pool of the steps' buffers, which must live as long as a recording that uses them.
    pool: Arc<Pool<D>>,
    recording: Option<D::Recording>,
}

/// Buffers for a batch.
struct Room<D: Device> {
    size: usize,
    images: D::Buffer<f32>,
    labels: D::Buffer<u32>,
}

impl<D: Device> Room<D> {
    fn new(engine: &CudaEngine<D>, size: usize) -> Result<Self, CudaError> {
        let images = engine.device.zeros(size * engine.network.inputs)?;
        Ok(Self { size, images, labels: engine.device.zeros(size)? })
    }

    fn batch(&self) -> DeviceBatch<'_, D> {
        DeviceBatch { images: Slice::all(&self.images), labels: Slice::all(&self.labels) }
    }
}

impl<D: Device> CudaEngine<D> {
    /// Copies a data set to the device: the pixels, one image after another, and one label per image.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the number of pixels does not match the labels and the network, and a
    /// [`CudaError`] if the device fails.
    pub fn load(&self, pixels: &[u8], labels: &[usize]) -> Result<DeviceData<D>, CudaError> {
        let (features, expected) = (self.network.inputs, self.network.inputs * labels.len());
        if pixels.len() != expected {
            return Err(CudaError::Length { what: "pixels", found: pixels.len(), expected });
        }
        let packed = pack_bytes(pixels, features);
        // A label too large for a u32 names no class, and neither does its replacement.
        let named: Vec<u32> = labels.iter().map(|&label| u32::try_from(label).unwrap_or(u32::MAX)).collect();
        let (mut words, mut on_device) = (self.device.zeros(packed.len())?, self.device.zeros(named.len())?);
        self.device.upload(&packed, &mut words)?;
        self.device.upload(&named, &mut on_device)?;
        Ok(DeviceData { words, labels: on_device, images: labels.len() })
    }

    /// Epochs in batches of `batch` images. The last batch of an epoch may be smaller.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if `batch` is zero, and a [`CudaError`] if the device fails.
    pub fn epochs<'e>(&'e self, data: &'e DeviceData<D>, batch: usize) -> Result<Epochs<'e, D>, CudaError> {
        if batch == 0 {
            return Err(CudaError::Length { what: "a batch", found: 0, expected: 1 });
        }
        let batch = batch.min(data.images.max(1));
        Ok(Epochs {
            engine: self,
            data,
            order: self.device.zeros(data.images)?,
            position: self.device.zeros(1)?,
            whole: Room::new(self, batch)?,
            rest: Room::new(self, data.images % batch)?,
            pool: Arc::default(),
            recording: None,
        })
    }
}

impl<D: Device> Epochs<'_, D> {
    /// Runs one epoch in this order of all images, with nothing between its steps. `recorded` is
    /// [`EpochSteps::are_recorded`], and `step` is [`EpochSteps::step`].
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the order does not have one number for each image, the error of a step that
    /// fails, and a [`CudaError`] if the device fails.
    pub fn run<E: From<CudaError>>(
        &mut self,
        order: &[u32],
        recorded: bool,
        step: impl FnMut(&DeviceBatch<'_, D>) -> Result<(), E>,
    ) -> Result<EpochReport, E> {
        self.run_steps(order, &mut StepsAlone { recorded, step })
    }

    /// Runs one epoch in this order of all images.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the order does not have one number for each image, the error of a step that
    /// fails or of what is between steps, and a [`CudaError`] if the device fails.
    pub fn run_steps<S: EpochSteps<D>>(&mut self, order: &[u32], steps: &mut S) -> Result<EpochReport, S::Error> {
        let engine = self.engine;
        if order.len() != self.data.images {
            return Err(CudaError::Length { what: "order", found: order.len(), expected: self.data.images }.into());
        }
        engine.device.upload(order, &mut self.order)?;
        engine.device.upload(&[0], &mut self.position)?;
        let before = engine.swap_pool(Arc::clone(&self.pool));
        let report = self.run_in_own_pool(steps);
        engine.swap_pool(before);
        report
    }

    fn run_in_own_pool<S: EpochSteps<D>>(&mut self, steps: &mut S) -> Result<EpochReport, S::Error> {
        let wholes = self.data.images / self.whole.size;
        let mut sum = EpochReport { loss: 0.0, accuracy: 0.0 };
        self.engine.reset_tally()?;
        for number in 0..wholes {
            let recorded = steps.are_recorded();
            if recorded && self.recording.is_none() && number == 1 {
                self.record(steps)?;
            }
            match &self.recording {
                Some(recording) if recorded => self.engine.device.replay(recording)?,
                _ => self.step(&self.whole, steps)?,
            }
            steps.after(number + 1)?;
        }
        self.engine.add_tally(&mut sum, self.whole.size)?;
        if self.rest.size > 0 {
            self.engine.reset_tally()?;
            self.step(&self.rest, steps)?;
            self.engine.add_tally(&mut sum, self.rest.size)?;
            steps.after(wholes + 1)?;
        }
        let count = (wholes + usize::from(self.rest.size > 0)).max(1) as f64;
        Ok(EpochReport { loss: sum.loss / count, accuracy: sum.accuracy / count })
    }

    /// Gathers the batch at the current position, runs a step, and advances the position.
    fn step<S: EpochSteps<D>>(&self, room: &Room<D>, steps: &mut S) -> Result<(), S::Error> {
        let (device, batch) = (&self.engine.device, room.batch());
        let pixels = Pixels::Bytes(Slice::all(&self.data.words));
        let set = DataSet { pixels, labels: Slice::all(&self.data.labels), features: self.engine.network.inputs };
        let position = Slice::all(&self.position);
        set.gather(device, Slice::all(&self.order), position, batch.images, batch.labels)?;
        steps.step(&batch)?;
        Ok(advance(device, position, room.size)?)
    }

    fn record<S: EpochSteps<D>>(&mut self, steps: &mut S) -> Result<(), S::Error> {
        let mut failed = None;
        let recording = self.engine.device.record(|| {
            self.step(&self.whole, steps).map_err(|error| {
                failed = Some(error);
                CudaError::Recording { found: "a step that failed" }
            })
        });
        match (recording, failed) {
            (_, Some(error)) => Err(error),
            (recording, None) => {
                self.recording = Some(recording?);
                Ok(())
            }
        }
    }
}

impl<D: Device> CudaEngine<D> {
    fn swap_pool(&self, pool: Arc<Pool<D>>) -> Arc<Pool<D>> {
        std::mem::replace(&mut *self.pool.lock().unwrap_or_else(PoisonError::into_inner), pool)
    }

    fn reset_tally(&self) -> Result<(), CudaError> {
        crate::linalg::clear(&self.device, Slice::all(&self.tally))
    }

    /// Adds the tally's means over batches of this size, times the number of batches.
    fn add_tally(&self, sum: &mut EpochReport, batch: usize) -> Result<(), CudaError> {
        let mut tally = [0.0; 2];
        self.device.download(&self.tally, &mut tally)?;
        sum.loss += tally[0] / batch as f64;
        sum.accuracy += tally[1] / batch as f64;
        Ok(())
    }
}
