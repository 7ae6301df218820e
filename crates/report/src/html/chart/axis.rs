//! Axes: the mapping from values to positions, and tick labels.

/// An axis, linear or logarithmic.
#[derive(Clone, Debug)]
pub(in crate::html) struct Axis {
    title: String,
    logarithmic: bool,
    from: f64,
    to: f64,
    percent: bool,
    /// Whether only integers are labelled.
    whole: bool,
}

impl Axis {
    /// A linear axis that contains all values. It starts at zero if no value is negative and the values span a wide range.
    pub(crate) fn linear(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (least, most) = range(values).unwrap_or((0.0, 1.0));
        let from = if least >= 0.0 && least < 0.6 * most { 0.0 } else { least };
        let span = if most > from { most - from } else { most.abs().max(1.0) };
        let step = step(span, 6.0);
        let to = (most / step).ceil() * step;
        let from = (from / step).floor() * step;
        let to = if to > from { to } else { from + step };
        Self { title: title.to_owned(), logarithmic: false, from, to, percent: false, whole: false }
    }

    /// An axis from zero that contains all values, labelled with integers, for epochs and counts.
    pub(crate) fn whole(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let most = range(values).map_or(1.0, |(_, most)| most.max(1.0));
        let to = most.ceil();
        Self { title: title.to_owned(), logarithmic: false, from: 0.0, to, percent: false, whole: true }
    }

    /// An axis from 0 to 100 %, for shares from 0 to 1.
    pub(crate) fn share(title: &str) -> Self {
        Self { title: title.to_owned(), logarithmic: false, from: 0.0, to: 1.0, percent: true, whole: false }
    }

    /// An axis in percent that contains all shares.
    pub(crate) fn shares(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let axis = Self::linear(title, values);
        Self { percent: true, from: axis.from.max(0.0), to: axis.to.min(1.0), ..axis }
    }

    /// A logarithmic axis that contains all positive values.
    pub(crate) fn logarithmic(title: &str, values: impl IntoIterator<Item = f64>) -> Self {
        let (least, most) = range(values.into_iter().filter(|value| *value > 0.0)).unwrap_or((0.1, 1.0));
        let (from, to) = (least * 0.9, most * 1.1);
        Self { title: title.to_owned(), logarithmic: true, from, to, percent: false, whole: false }
    }

    /// The axis with these ends.
    pub(crate) fn between(self, from: f64, to: f64) -> Self {
        Self { from, to, ..self }
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Whether the axis can show a value.
    pub(crate) fn holds(&self, value: f64) -> bool {
        value.is_finite() && !(self.logarithmic && value <= 0.0)
    }

    /// The position of a value between `start`, the axis's lower end, and `end`. Values beyond an end are placed at it.
    pub(crate) fn place(&self, value: f64, start: f64, end: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(f64::MIN_POSITIVE).ln() - self.from.ln()) / (self.to.ln() - self.from.ln())
        } else {
            (value - self.from) / (self.to - self.from)
        };
        start + share.clamp(0.0, 1.0) * (end - start)
    }

    /// The labelled values and their labels.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let values = if self.logarithmic { self.powers() } else { self.steps() };
        let words = |value: f64| if self.percent { format!("{} %", short(100.0 * value)) } else { short(value) };
        values.into_iter().map(|value| (value, words(value))).collect()
    }

    /// A value formatted like the axis's labels.
    pub(crate) fn say(&self, value: f64) -> String {
        if self.percent { format!("{:.1} %", 100.0 * value) } else { short(value) }
    }

    fn steps(&self) -> Vec<f64> {
        let step = step(self.to - self.from, 6.0);
        let step = if self.whole { step.max(1.0) } else { step };
        let first = (self.from / step - 1e-9).ceil() as i64;
        let last = (self.to / step + 1e-9).floor() as i64;
        (first..=last.min(first.saturating_add(20))).map(|count| count as f64 * step).collect()
    }

    fn powers(&self) -> Vec<f64> {
        let decades = self.to.log10() - self.from.log10();
        let between: &[f64] = match decades {
            few if few < 1.2 => &[1.0, 2.0, 3.0, 5.0, 7.0],
            few if few < 2.5 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let every = (decades / 8.0).ceil().max(1.0) as i32;
        let (first, last) = (self.from.log10().floor() as i32, self.to.log10().ceil() as i32);
        (first..=last)
            .filter(|power| power.rem_euclid(every) == 0)
            .flat_map(|power| between.iter().map(move |factor| factor * 10f64.powi(power)))
            .filter(|value| (self.from..=self.to).contains(value))
            .collect()
    }
}

fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((least, most)) => Some((least.min(value), most.max(value))),
    })
}

/// A round step that divides a span into about `parts` parts.
fn step(span: f64, parts: f64) -> f64 {
    let rough = (span / parts).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// A number in at most four digits.
pub(in crate::html) fn short(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return value.to_string();
    }
    let text = if size == 0.0 {
        return "0".to_owned();
    } else if !(1e-4..1e6).contains(&size) {
        format!("{value:.2e}").replace(".00e", "e")
    } else {
        let decimals = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let said = [0.0, 0.1 + 0.2, 1234.5678, -0.05, 1e-7, 2.5e8, 60000.0].map(short);
        assert_eq!(said, ["0", "0.3", "1235", "\u{2212}0.05", "1e\u{2212}7", "2.50e8", "60000"]);
    }

    #[test]
    fn linear_axes_hold_their_values_between_round_numbers() {
        let axis = Axis::linear("", [0.93, 0.978]);
        assert!(axis.from <= 0.93 && axis.to >= 0.978 && axis.from > 0.9);
        let axis = Axis::linear("", [3.0, 17.0]);
        assert_eq!(axis.ticks().first().map(|tick| tick.0), Some(0.0));
        assert_eq!(axis.place(axis.to, 10.0, 0.0), 0.0);
        for values in [vec![], vec![0.0], vec![5.0], vec![-2.0]] {
            let axis = Axis::linear("", values);
            assert!(axis.to > axis.from && !axis.ticks().is_empty());
        }
    }

    /// Every axis of epochs labels integers, including the first and some more, and contains the last epoch.
    #[test]
    fn axes_of_epochs_name_whole_epochs() {
        for last in 1..=400 {
            let axis = Axis::whole("epoch", (1..=last).map(f64::from));
            let ticks: Vec<f64> = axis.ticks().into_iter().map(|tick| tick.0).collect();
            assert!(ticks.iter().all(|tick| tick.fract() == 0.0), "{last}: {ticks:?}");
            assert!(ticks.len() >= 2 && ticks.len() <= 8 && ticks[0] == 0.0, "{last}: {ticks:?}");
            assert!(axis.to >= f64::from(last) && axis.to <= f64::from(last), "{last}: {}", axis.to);
        }
        let said: Vec<String> = Axis::whole("epoch", [1.0, 2.0]).ticks().into_iter().map(|tick| tick.1).collect();
        assert_eq!(said, ["0", "1", "2"]);
    }

    #[test]
    fn logarithmic_axes_name_powers() {
        let axis = Axis::logarithmic("", [1e-3, 1.0, 0.0]);
        let ticks: Vec<f64> = axis.ticks().into_iter().map(|tick| tick.0).collect();
        assert_eq!(ticks.len(), 4, "{ticks:?}");
        assert!((axis.place(0.0316, 0.0, 1.0) - 0.5).abs() < 0.01);
        assert!(!axis.holds(0.0) && axis.holds(0.5));
    }
}
