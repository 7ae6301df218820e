//! The memory of a step on the CPU, computed from the sizes of its buffers.

use crate::evaluate::blocks_a_partial_sum;
use crate::lane::LANES;
use crate::layer_pairs::matrix;
use crate::{Graph, Scalar};

/// The memory of a step's buffers at their peak, in bytes: without the images, and without parameters and momenta.
/// Small buffers are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepMemory {
    /// Logits. Blocks of 16 images are evaluated one after another, one on each thread.
    pub evaluation: u64,
    /// Logits and the gradient of the loss, for the same blocks.
    pub gradient: u64,
    /// A step of exact Gauss-Newton. All values of the batch are kept, beside the dense system and a group of layers'
    /// gradients.
    pub gauss_newton: u64,
    /// A step of K-FAC that observes the batch and computes inverses. First it holds all values of the batch, the older
    /// factors and inverses, and the newer factors; then the older and newer factors and inverses, and a matrix on each
    /// thread that is as large as the largest factor.
    pub kfac: u64,
}

impl Graph {
    /// The memory of steps on `images` images and `threads` threads, with the network in precision `T` and the dense
    /// system of Gauss-Newton in precision `R`. The Gram matrix has `directions` gradients for each image: one less than
    /// classes for softmax cross-entropy.
    ///
    /// Numbers too large for 64 bits are replaced by the largest.
    #[must_use]
    pub fn step_memory<T: Scalar, R: Scalar>(&self, images: usize, directions: usize, threads: usize) -> StepMemory {
        let numbers = |count: usize| (count as u64).saturating_mul(size_of::<T>() as u64);
        let block = |lanes: usize| numbers(lanes.saturating_mul(LANES));
        let sum = |parts: &[u64]| parts.iter().fold(0_u64, |sum, &part| sum.saturating_add(part));
        let blocks = images.div_ceil(LANES);
        let partial_sums = blocks.div_ceil(blocks_a_partial_sum(blocks, self.parameter_count()));
        let partial = numbers(self.parameter_count()).saturating_mul(partial_sums as u64);
        let at_once = blocks.min(threads.max(1)) as u64;
        let kept = block(self.kept.len).saturating_mul(blocks as u64);
        let reverse = block(self.cotangents.len).saturating_mul(at_once);
        let widest = self.parametrised::<T>().map(|(node, _)| node.params.len().max(self.width(node.output))).max();
        let gradients = block(widest.unwrap_or(0)).saturating_mul(at_once);
        let square = |order: usize| numbers(order.saturating_mul(order));
        let (mut factors, mut largest) = (0_u64, 0);
        for of in self.parametrised::<T>() {
            factors = factors.saturating_add(match matrix(of) {
                Some((_, op)) => {
                    let (rows, outputs) = (usize::from(op.has_bias()) + op.fan_in(), op.outputs() / op.groups().max(1));
                    largest = largest.max(square(rows.max(outputs)));
                    sum(&[square(rows), square(outputs)]).saturating_mul(op.groups() as u64)
                }
                None => numbers(of.0.params.len()),
            });
        }
        let observed = sum(&[kept, reverse, partial, factors.saturating_mul(3)]);
        let inverted = factors.saturating_mul(4).saturating_add(largest.saturating_mul(threads.max(1) as u64));
        StepMemory {
            evaluation: block(self.passing.len).saturating_mul(at_once),
            gradient: sum(&[block(self.kept.len).saturating_mul(at_once), reverse, partial]),
            gauss_newton: sum(&[kept, reverse, gradients, self.system_size::<T, R>(images, directions).bytes, partial]),
            kfac: observed.max(inverted),
        }
    }

    /// The memory of the largest group of operations, which have these sizes.
    pub(crate) fn largest_group(&self, bytes: &[usize], limit: usize) -> usize {
        let groups = self.layer_groups(bytes, limit).into_iter();
        let sizes = groups.map(|group| bytes.iter().take(group.operations.end).skip(group.operations.start));
        sizes.map(|of| of.fold(0, |sum: usize, &bytes| sum.saturating_add(bytes))).max().unwrap_or(0)
    }
}
