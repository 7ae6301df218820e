//! The automatic differentiation against direct loops, central differences and itself, through its public interface.
#![cfg(test)]

mod activation;
mod activation_values;
mod agreement;
mod channel_affine;
mod checkpoint;
mod checkpoint_errors;
mod conv2d;
mod derivatives;
mod draw;
mod gram;
mod graph_errors;
mod grouped_conv2d;
mod hessian;
mod initial_weights;
mod linearization;
mod naive;
mod nets;
mod normalization;
mod number;
mod padded_pooling;
mod passes;
mod pointwise;
mod pooling;
mod precision;
mod residual;
mod shape_errors;
mod softmax;
mod tensor_file;
mod torch_values;
mod values;
