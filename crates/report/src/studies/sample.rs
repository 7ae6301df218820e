//! Statistics of values over seeds or epochs.

use minima_rows::significant::decimal;

/// Count, mean and standard deviation of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub count: usize,
    pub mean: f64,
    /// The sample standard deviation, with `count − 1` degrees of freedom; `None` for a single value.
    pub deviation: Option<f64>,
}

impl Sample {
    /// The statistics of these values; `None` without values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self { count, mean, deviation: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()) })
    }

    /// Formats shares like "75.6 % ± 2.1".
    pub(crate) fn percent(&self) -> String {
        match self.deviation {
            Some(deviation) => format!("{:.1} % ± {:.1}", 100.0 * self.mean, 100.0 * deviation),
            None => format!("{:.1} %", 100.0 * self.mean),
        }
    }

    /// Formats values like "0.65 ± 0.02".
    pub(crate) fn digits(&self, decimals: usize) -> String {
        match self.deviation {
            Some(deviation) => format!("{} ± {}", decimal(self.mean, decimals), decimal(deviation, decimals)),
            None => decimal(self.mean, decimals),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_value_has_no_spread() {
        assert_eq!(Sample::of([]), None);
        assert_eq!(Sample::of([0.5]).map(|one| one.percent()), Some("50.0 %".to_owned()));
        assert_eq!(Sample::of([1.0, 3.0]).map(|two| two.digits(3)), Some("2.000 ± 1.414".to_owned()));
    }
}
