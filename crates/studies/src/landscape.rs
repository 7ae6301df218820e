//! `landscape`: the loss around the optimizers' minima, and between them.

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_autodiff::Model;
use minima_config::{Run, TrainingImages};
use minima_metrics::{evenly_around_zero, filter_normalised_direction, loss_along_segment, loss_surface};
use minima_rng::Key;
use minima_rows::{SegmentRow, SurfaceRow, write_csv};
use minima_runs::TestSet;
use minima_runs::run_all;

/// The number of training images of the mean loss, the first ones.
const IMAGES: usize = 2_000;
/// The number of seeds, the first ones, whose surfaces are computed. One seed already gives a figure per optimizer.
const SURFACE_SEEDS: usize = 1;

/// The points at which the loss is computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// The coordinates along both directions of a plane; 1 changes each filter by its own norm.
    pub around: Vec<f64>,
    /// The positions along a segment, whose ends are 0 and 1.
    pub between: Vec<f64>,
}

impl Default for Places {
    /// 25 coordinates from −1 to 1, and 41 positions from 0 to 1.
    fn default() -> Self {
        Self { around: evenly_around_zero(25, 1.0), between: (0..=40).map(|i| f64::from(i) / 40.0).collect() }
    }
}

/// The minimum that a run found: its final model.
#[derive(Clone, Debug)]
pub struct Minimum {
    /// The run.
    pub run: Run,
    /// The run's final model.
    pub model: Model<f32>,
}

/// Writes `surface.csv`, around the minima of the first seed, and `segments.csv`, between every two minima of each seed.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let train = TestSet::new(&TrainingImages::of(&options.preset, context.data).train.take(IMAGES));
    let (drawn, places) = (options.preset.seeds.iter().take(SURFACE_SEEDS), Places::default());
    let found = context.measure(&options.clean_runs()?, |job, stored| {
        let minimum = Minimum { run: job.run.clone(), model: stored.last()? };
        let is_drawn = drawn.clone().any(|seed| *seed == job.run.seed);
        let rows = if is_drawn { surface(&minimum, &train, &places.around)? } else { Vec::new() };
        Ok((minimum, rows))
    })?;
    let (minima, surfaces): (Vec<_>, Vec<_>) = found.into_iter().map(|(_, found)| found).unzip();
    write_csv(&context.folder.join("surface.csv"), &surfaces.concat())?;
    let pairs = pairs(&minima);
    let segments = run_all(&pairs, context.threads, |pair| segment(*pair, &train, &context.test, &places.between));
    let name = |[from, to]: &[&Minimum; 2]| format!("{} to {}", from.run.name(), to.run.name());
    let segments = context.measured(pairs.iter().map(name).zip(segments));
    Ok(write_csv(&context.folder.join("segments.csv"), &segments.concat())?)
}

/// Every two minima with the same seed and labels, in the given order.
#[must_use]
pub fn pairs(minima: &[Minimum]) -> Vec<[&Minimum; 2]> {
    let after = |place: usize| minima.iter().skip(place + 1);
    let of = |(place, from)| after(place).map(move |to| [from, to]);
    let pairs = minima.iter().enumerate().flat_map(of);
    pairs.filter(|[from, to]| (from.run.seed, from.run.labels) == (to.run.seed, to.run.labels)).collect()
}

/// The loss on these images in the plane of two filter-normalised random directions around a minimum. The seed decides the random
/// numbers, so all optimizers of a seed have the same two directions, in units of their own filters.
///
/// # Errors
/// Returns [`StudyError::Run`] if the images do not fit the network, or a loss is NaN or infinite.
pub fn surface(minimum: &Minimum, train: &TestSet, places: &[f64]) -> Result<Vec<SurfaceRow>, StudyError> {
    let Minimum { run, model } = minimum;
    // A key of its own, so that these random numbers are independent of all others with this seed.
    let (first, second) = Key::for_module(run.seed, "landscape").split();
    let direction = |key| filter_normalised_direction(model.graph(), model.params(), key);
    let (first, second) = (direction(first)?, direction(second)?);
    let points = loss_surface(model, [&first, &second], places, places, train.images.view(), &train.labels)?;
    let row = |point: minima_metrics::SurfacePoint| SurfaceRow {
        labels: run.labels.name().to_owned(),
        optimizer: run.optimizer.clone(),
        seed: run.seed,
        x: point.x,
        y: point.y,
        train_loss: point.evaluation.mean_loss,
        train_accuracy: point.evaluation.accuracy(),
    };
    Ok(points.into_iter().map(row).collect())
}

/// The loss on training images and the accuracy on test images, along the straight line from one minimum to another.
///
/// # Errors
/// Returns [`StudyError::Run`] if the images do not fit the network, or a loss is NaN or infinite.
pub fn segment(
    [from, to]: [&Minimum; 2],
    train: &TestSet,
    test: &TestSet,
    places: &[f64],
) -> Result<Vec<SegmentRow>, StudyError> {
    let along =
        |set: &TestSet| loss_along_segment(&from.model, to.model.params(), places, set.images.view(), &set.labels);
    let rows = along(train)?.into_iter().zip(along(test)?).map(|(trained, tested)| SegmentRow {
        labels: from.run.labels.name().to_owned(),
        from: from.run.optimizer.clone(),
        to: to.run.optimizer.clone(),
        seed: from.run.seed,
        t: trained.t,
        train_loss: trained.evaluation.mean_loss,
        test_accuracy: tested.evaluation.accuracy(),
    });
    Ok(rows.collect())
}
