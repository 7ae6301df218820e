//! The CUDA sources of this crate, and the kernels in each.

/// One `.cu` file.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The file's name, as compilers report it.
    pub name: &'static str,
    /// Its text: CUDA C++ without header files.
    pub text: &'static str,
    /// Its kernels, each `extern "C" __global__ void name(…)`. Names are unique among all sources.
    pub kernels: &'static [&'static str],
}

/// All sources. Each is compiled separately.
pub const SOURCES: &[Source] = &[
    Source {
        name: "cholesky.cu",
        text: include_str!("linalg/cholesky.cu"),
        kernels: &[
            "cholesky_panel_f32",
            "cholesky_panel_f64",
            "cholesky_update_f32",
            "cholesky_update_f64",
            "cholesky_inverses_f32",
            "cholesky_inverses_f64",
            "cholesky_forward_f32",
            "cholesky_forward_f64",
            "cholesky_backward_f32",
            "cholesky_backward_f64",
        ],
    },
    Source {
        name: "gram.cu",
        text: include_str!("linalg/gram.cu"),
        kernels: &[
            "gram_lower",
            "gram_lower_fine",
            "gram_lower_dense",
            "gram_lower_dense_fine",
            "gram_mirror",
            "gram_weighted",
            "damped_f32",
            "damped_f64",
            "scaled_damped_f32",
            "scaled_damped_f64",
        ],
    },
    Source {
        name: "kernel_system.cu",
        text: include_str!("linalg/kernel_system.cu"),
        kernels: &[
            "kernel_times_f32",
            "kernel_times_f64",
            "square_root_f32",
            "square_root_f64",
            "published_share_f32",
            "published_share_f64",
            "published_cotangent_f32",
            "published_cotangent_f64",
            "factors_times_f32",
            "factors_times_f64",
            "unit_directions",
        ],
    },
    Source {
        name: "vector.cu",
        text: include_str!("linalg/vector.cu"),
        kernels: &[
            "vector_scale",
            "vector_axpy",
            "vector_copy_f32",
            "vector_copy_f64",
            "vector_clear",
            "vector_dot_f32",
            "vector_dot_f64",
            "vector_total",
            "column_norms",
        ],
    },
    Source { name: "add.cu", text: include_str!("ops/add.cu"), kernels: &["add_forward", "add_vjp"] },
    Source { name: "affine_product.cu", text: include_str!("ops/affine_product.cu"), kernels: &["affine_finish"] },
    Source {
        name: "avg_pool2d.cu",
        text: include_str!("ops/avg_pool2d.cu"),
        kernels: &["avg_pool2d_forward", "avg_pool2d_vjp"],
    },
    Source {
        name: "conv2d.cu",
        text: include_str!("ops/conv2d.cu"),
        kernels: &["conv2d_forward", "conv2d_forward_wide", "conv2d_jvp", "conv2d_vjp_input", "conv2d_vjp_input_wide"],
    },
    Source {
        name: "conv2d_gradients.cu",
        text: include_str!("ops/conv2d_gradients.cu"),
        kernels: &[
            "conv2d_per_sample_gradients_3",
            "conv2d_per_sample_gradients_9",
            "conv2d_vjp_params_3",
            "conv2d_vjp_params_9",
            "conv2d_sum_of_parts",
        ],
    },
    Source {
        name: "conv2d_implicit.cu",
        text: include_str!("ops/conv2d_implicit.cu"),
        kernels: &[
            "conv2d_implicit_forward_64_64",
            "conv2d_implicit_forward_64_128",
            "conv2d_implicit_forward_128_128",
            "conv2d_implicit_vjp_input_64_64",
            "conv2d_implicit_vjp_input_64_128",
            "conv2d_implicit_vjp_input_128_128",
            "conv2d_implicit_gradient_64_64",
            "conv2d_implicit_gradient_128_128",
            "conv2d_bias_gradient",
        ],
    },
    Source {
        name: "dense.cu",
        text: include_str!("ops/dense.cu"),
        kernels: &["dense_forward", "dense_jvp", "dense_vjp_input", "dense_vjp_params", "dense_per_sample_gradients"],
    },
    Source { name: "fgsm.cu", text: include_str!("ops/fgsm.cu"), kernels: &["fgsm"] },
    Source {
        name: "gather.cu",
        text: include_str!("ops/gather.cu"),
        kernels: &["gather_pixels", "gather_bytes", "advance"],
    },
    Source {
        name: "max_pool2d.cu",
        text: include_str!("ops/max_pool2d.cu"),
        kernels: &["max_pool2d_forward", "max_pool2d_vjp", "max_pool2d_jvp"],
    },
    Source { name: "matmul.cu", text: include_str!("ops/matmul.cu"), kernels: &["matmul_product"] },
    Source { name: "multiply.cu", text: include_str!("ops/multiply.cu"), kernels: &["multiply", "channel_affine"] },
    Source {
        name: "normalization.cu",
        text: concat!(include_str!("ops/normalization_sets.cuh"), include_str!("ops/normalization.cu")),
        kernels: &[
            "norm_moments",
            "norm_statistics",
            "norm_forward",
            "norm_projection_parts",
            "norm_projection",
            "norm_vjp_input",
            "norm_jvp",
        ],
    },
    Source {
        name: "normalization_curvature.cu",
        text: concat!(include_str!("ops/normalization_sets.cuh"), include_str!("ops/normalization_curvature.cu")),
        kernels: &["norm_crossed_parts", "norm_curvature"],
    },
    Source {
        name: "normalization_gradients.cu",
        text: concat!(include_str!("ops/normalization_sets.cuh"), include_str!("ops/normalization_gradients.cu")),
        kernels: &["norm_vjp_params", "norm_per_sample_gradients"],
    },
    Source { name: "patches.cu", text: include_str!("ops/patches.cu"), kernels: &["patch_moments", "patch_sums"] },
    Source {
        name: "pointwise.cu",
        text: include_str!("ops/pointwise.cu"),
        kernels: &["pointwise_forward", "pointwise_slope", "pointwise_curvature"],
    },
    Source {
        name: "relu.cu",
        text: include_str!("ops/relu.cu"),
        kernels: &["relu_forward", "relu_in_place", "relu_gate"],
    },
    Source {
        name: "softmax.cu",
        text: include_str!("ops/softmax.cu"),
        kernels: &["softmax_axis_forward", "softmax_axis_derivative", "softmax_axis_curvature"],
    },
    Source {
        name: "softmax_cross_entropy.cu",
        text: include_str!("ops/softmax_cross_entropy.cu"),
        kernels: &[
            "softmax_f32",
            "softmax_f64",
            "softmax_residual_f32",
            "softmax_residual_f64",
            "softmax_hessian",
            "softmax_loss",
            "loss_accumulate",
            "softmax_training",
            "hessian_factors_f32",
            "hessian_factors_f64",
            "residual_in_factors_f32",
            "residual_in_factors_f64",
        ],
    },
    Source {
        name: "spread.cu",
        text: include_str!("ops/spread.cu"),
        kernels: &["spread", "sum_of_columns", "squares_of_columns", "fill"],
    },
    Source {
        name: "take.cu",
        text: include_str!("ops/take.cu"),
        kernels: &["take_sums", "take_shares", "concat_put", "concat_get"],
    },
    Source { name: "transpose.cu", text: include_str!("ops/transpose.cu"), kernels: &["transpose"] },
    Source { name: "adam.cu", text: include_str!("optim/adam.cu"), kernels: &["adam_update"] },
    Source { name: "sgd.cu", text: include_str!("optim/sgd.cu"), kernels: &["sgd_plain", "sgd_momentum"] },
];
