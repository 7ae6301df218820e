//! Every kernel against the CPU's operation, on any device.

mod arrays;
mod cholesky;
mod conv2d;
mod dense;
mod gather;
mod gauss_newton;
mod gram;
mod loss;
mod optimizers;
mod patches;
mod pointwise;
mod pooling;
mod products;
mod sizes;
mod vector;

pub use gauss_newton::mean_direction;
use minima_cuda::Device;

/// A test, as a function of the device.
pub type Test<D> = fn(&D);

/// All tests, with their names.
pub fn all<D: Device>() -> Vec<(&'static str, Test<D>)> {
    vec![
        ("conv2d::forward", conv2d::forward),
        ("conv2d::vjp_input", conv2d::vjp_input),
        ("conv2d::large_tiles", conv2d::large_tiles),
        ("conv2d::jvp", conv2d::jvp),
        ("conv2d::per_sample_gradients", conv2d::per_sample_gradients),
        ("conv2d::vjp_params", conv2d::vjp_params),
        ("conv2d::nan_stays", conv2d::nan_stays),
        ("conv2d::lengths_are_checked", conv2d::lengths_are_checked),
        ("pooling::avg_pool2d", pooling::avg_pool2d),
        ("pooling::max_pool2d", pooling::max_pool2d),
        ("pooling::nan_is_the_maximum", pooling::nan_is_the_maximum),
        ("pointwise::relu", pointwise::relu),
        ("pointwise::add", pointwise::add),
        ("pointwise::fgsm_step", pointwise::fgsm_step),
        ("dense::forward", dense::forward),
        ("dense::vjp_input", dense::vjp_input),
        ("dense::jvp", dense::jvp),
        ("dense::gradients", dense::gradients),
        ("loss::single", loss::single),
        ("loss::double", loss::double),
        ("loss::extremes", loss::extremes),
        ("loss::factors_in_single_precision", loss::factors_in_single_precision),
        ("loss::underflow", loss::underflow),
        ("loss::losses", loss::losses),
        ("loss::losses_that_are_none", loss::losses_that_are_none),
        ("gather::batches", gather::batches),
        ("gram::product", gram::product),
        ("gram::dense", gram::dense),
        ("gram::systems", gram::systems),
        ("gram::products_with_vectors", gram::products_with_vectors),
        ("cholesky::single", cholesky::single),
        ("cholesky::double", cholesky::double),
        ("cholesky::bad_pivots", cholesky::bad_pivots),
        ("products::of_values", products::of_values),
        ("products::by_library", products::by_library),
        ("patches::moments", patches::moments),
        ("patches::squares", patches::squares),
        ("sizes::nothing", sizes::nothing),
        ("sizes::too_much", sizes::too_much),
        ("vector::vectors", vector::vectors),
        ("vector::norms_of_columns", vector::norms_of_columns),
        ("optimizers::sgd", optimizers::sgd),
        ("optimizers::adam", optimizers::adam),
        ("gauss_newton::directions", gauss_newton::directions),
        ("gauss_newton::directions_in_single", gauss_newton::directions_in_single),
        ("gauss_newton::kernel", gauss_newton::kernel),
    ]
}
