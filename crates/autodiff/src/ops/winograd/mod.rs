//! 3 × 3 convolutions of stride 1 with fewer multiplications: Winograd's minimal filtering algorithm F(2 × 2, 3 × 3).
//!
//! A tile of 2 × 2 outputs reads 4 × 4 inputs d. With the matrices
//!
//! ```text
//!      1  0 -1  0          1    0   0           1  0
//! Bᵀ = 0  1  1  0     G =  1/2  1/2 1/2     A = 1  1
//!      0 -1  1  0          1/2 -1/2 1/2         1 -1
//!      0 -1  0  1          0    0   1           0  1
//! ```
//!
//! - a correlation with a kernel g is `y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A`;
//! - the gradient of the kernel is the transposed map, `ġ = Gᵀ ((A ẏ Aᵀ) ⊙ (Bᵀ d B)) G`.
//!
//! The sum over channels, or over tiles and samples, is taken of the 4 × 4 elementwise products. Each of these 16 places is
//! a matrix product of its own, with 16 multiplications where the direct sum takes 36. The places of one row of
//! the 4 × 4 are computed together, so that a group's transforms stay in the first-level cache if there are few channels.
//!
//! The rounding is larger than the rounding of the direct sum: each factor is a sum of up to four or nine numbers.
//!
//! Sources: Winograd, "Arithmetic complexity of computations", 1980; Lavin & Gray, "Fast algorithms for convolutional
//! neural networks", 2016, equations 8 and 13.

mod convolution;
mod correlate;
mod gradients;
mod kernels;
mod tiles;
mod transforms;
