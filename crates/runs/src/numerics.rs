//! Versions of the crates that compute the numbers of a run. Together with the settings, they decide these numbers.

/// The crates that decide the weights of a trained model, with their versions, and the backend of linear algebra.
#[must_use]
pub fn training() -> String {
    format!(
        "rng {}, data {}, network {}, linalg {} ({}), autodiff {}, curvature {}, optim {}",
        minima_rng::NUMERICS_VERSION,
        minima_data::NUMERICS_VERSION,
        minima_network::NUMERICS_VERSION,
        minima_linalg::NUMERICS_VERSION,
        minima_linalg::BACKEND,
        minima_autodiff::NUMERICS_VERSION,
        minima_curvature::NUMERICS_VERSION,
        minima_optim::NUMERICS_VERSION,
    )
}

/// The crates that decide the measurements of a trained model, with their versions.
#[must_use]
pub fn measurements() -> String {
    format!(
        "{}, metrics {}, attacks {}",
        training(),
        minima_metrics::NUMERICS_VERSION,
        minima_attacks::NUMERICS_VERSION
    )
}
