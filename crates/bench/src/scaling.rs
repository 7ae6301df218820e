//! Measures how time and memory of a Gauss-Newton step scale with network and batch size.

use minima_autodiff::{AutodiffError, Conv2dSpec, Graph, GraphBuilder, paper_cnn};
use minima_data::Dataset;
use minima_optim::{Batch, GaussNewton, Optimizer};
use minima_rows::ScalingRow;
use minima_rows::Table;
use minima_runs::RunError;
use std::time::{Duration, Instant};

/// A point is repeated for this time, but at least [`LEAST`] times.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The minimum number of repetitions of a point.
const LEAST: usize = 3;

/// A network of the sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The paper's network, 6 794 parameters.
    Paper,
    /// Two 5 × 5 convolutions with these channels, each followed by ReLU and 2 × 2 average pooling, and a dense layer with
    /// `hidden` outputs.
    Wide {
        /// Channels of the two convolutions.
        channels: [usize; 2],
        /// Outputs of the hidden dense layer.
        hidden: usize,
    },
}

/// The networks of the sweep: 6 794, 114 314, 857 738 and 5 087 306 parameters on MNIST.
pub const NETWORKS: [Network; 4] = [
    Network::Paper,
    Network::Wide { channels: [16, 32], hidden: 64 },
    Network::Wide { channels: [32, 64], hidden: 256 },
    Network::Wide { channels: [32, 64], hidden: 1600 },
];

/// The batch sizes of the sweep.
pub const BATCHES: [usize; 5] = [32, 64, 128, 256, 512];

/// The batch size of the sweep over networks.
const NETWORKS_BATCH: usize = 128;

/// The points of the sweep: pairs of an index into [`NETWORKS`] and a batch size. Networks vary at the paper's batch size. Batch
/// sizes vary for the paper's network and for the network with 857 738 parameters.
#[must_use]
pub fn points() -> Vec<(usize, usize)> {
    let growing_network = (0..NETWORKS.len()).map(|network| (network, NETWORKS_BATCH));
    let growing_batch = [0, 2].into_iter().flat_map(|network| BATCHES.map(|batch| (network, batch)));
    let mut points: Vec<_> = growing_network.chain(growing_batch).collect();
    points.sort_unstable();
    points.dedup();
    points
}

impl Network {
    /// The network for images of this shape.
    ///
    /// # Errors
    /// Returns [`AutodiffError`] if the images are too small for the network.
    pub fn graph(self, input: [usize; 3], classes: usize) -> Result<Graph, AutodiffError> {
        let Self::Wide { channels, hidden } = self else { return paper_cnn(input, classes) };
        let mut g = GraphBuilder::new(&input);
        let mut x = g.input();
        for (name, features) in ["Conv_0", "Conv_1"].into_iter().zip(channels) {
            x = g.conv2d(x, name, Conv2dSpec::same(features, 5))?;
            x = g.relu(x);
            x = g.avg_pool2d(x, [2, 2], [2, 2])?;
        }
        x = g.flatten(x);
        x = g.dense(x, "Dense_0", hidden)?;
        x = g.relu(x);
        x = g.dense(x, "Dense_1", classes)?;
        g.finish(x)
    }
}

/// Times a `mean` Gauss-Newton step of `network` on the first `batch` images, in `f32`, and measures its peak memory.
///
/// The peak memory is the increase of the process's peak resident memory over its resident memory before the step. It is only
/// valid if the process has not made a larger step before.
///
/// # Errors
/// Returns [`RunError`] if there are fewer than `batch` images or the step fails.
pub fn measure(network: Network, batch: usize, data: &Dataset) -> Result<ScalingRow, RunError> {
    let graph = network.graph(data.shape(), data.classes())?;
    let indices: Vec<u32> = (0..).take(batch).collect();
    let (images, labels) = data.batch::<f32>(&indices)?;
    let params: Vec<f32> = graph.init(42);
    let batch = Batch::new(images.view(), &labels)?;
    let mut optimizer = GaussNewton::mean();
    let mut step = || {
        let (mut params, start) = (params.clone(), Instant::now());
        optimizer.step(&graph, &mut params, &batch)?;
        Ok::<_, RunError>(1e3 * start.elapsed().as_secs_f64())
    };
    let before = resident_memory::start();
    step()?;
    let memory_bytes = before.and_then(|before| Some(resident_memory::peak()?.saturating_sub(before)));

    let (start, mut taken) = (Instant::now(), Vec::new());
    while taken.len() < LEAST || start.elapsed() < PATIENCE {
        taken.push(step()?);
    }
    taken.sort_by(f64::total_cmp);
    let median_ms = minima_metrics::quantile(&taken, 0.5).unwrap_or(f64::NAN);
    Ok(ScalingRow::new(graph.parameter_count(), labels.len(), graph.classes(), median_ms, memory_bytes))
}

/// The measurements as a text table.
#[must_use]
pub fn table(rows: &[ScalingRow]) -> Table {
    let mut table = Table::new(&["parameters", "batch", "median ms", "MB", "dense Jacobian MB", "dense GGN MB"]);
    let megabytes = |bytes: f64| format!("{:.0}", bytes / 1e6);
    for r in rows {
        let memory = r.memory_bytes.map_or_else(String::new, |bytes| megabytes(bytes as f64));
        let (jacobian, ggn) = (megabytes(r.dense_jacobian_bytes), megabytes(r.dense_ggn_bytes));
        let (parameters, batch) = (r.parameters.to_string(), r.batch.to_string());
        table.rows.push(vec![parameters, batch, format!("{:.1}", r.median_ms), memory, jacobian, ggn]);
    }
    table
}

/// The resident memory of this process, on systems that report it, such as Linux.
mod resident_memory {
    use std::fs;

    /// Resets the peak. Returns the resident memory in bytes.
    pub(super) fn start() -> Option<u64> {
        fs::write("/proc/self/clear_refs", "5").ok()?;
        field("VmRSS:")
    }

    /// Peak resident memory in bytes since [`start`].
    pub(super) fn peak() -> Option<u64> {
        field("VmHWM:")
    }

    fn field(name: &str) -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(1024 * line.split_whitespace().next()?.parse::<u64>().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_the_sizes_they_are_named_for() {
        let counts = NETWORKS.map(|n| n.graph([28, 28, 1], 10).map(|g| g.parameter_count()).unwrap_or(0));
        assert_eq!(counts, [6_794, 114_314, 857_738, 5_087_306]);
    }

    #[test]
    fn the_paper_has_its_place_in_both_sweeps_once() {
        let points = points();
        assert_eq!(points.iter().filter(|p| **p == (0, 128)).count(), 1);
        assert_eq!(points.len(), NETWORKS.len() + 2 * BATCHES.len() - 2);
    }
}
