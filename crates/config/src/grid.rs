//! Grids over keys of a preset.

use crate::preset::PresetError;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// The largest number of points of a grid.
const MOST_POINTS: usize = 1_000_000;

/// A key of a preset, with the values that it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// The key, such as `optimizers.adam.learning_rate`.
    pub key: String,
    /// The values, as TOML.
    pub values: Vec<String>,
}

/// A grid over keys of a preset: every combination of the values of its axes.
///
/// ```
/// use minima_config::Grid;
///
/// let mut grid = Grid::default();
/// grid.add("epochs=[2, 4]")?;
/// grid.add("network=[\"paper-cnn\", \"lenet5\"]")?;
/// let points = grid.points()?;
/// assert_eq!((points.len(), points[1].join(" ").as_str()), (4, "epochs=2 network=\"lenet5\""));
/// # Ok::<(), minima_config::preset::PresetError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// The axes. The last one varies fastest.
    pub axes: Vec<Axis>,
}

impl Grid {
    /// The grid of a table, whose values are lists. Nested tables name nested keys. Errors name `origin`.
    pub(crate) fn from_table(table: Table, origin: &str) -> Result<Self, PresetError> {
        let mut grid = Self::default();
        grid.add_table(table, "", origin)?;
        Ok(grid)
    }

    fn add_table(&mut self, table: Table, above: &str, origin: &str) -> Result<(), PresetError> {
        for (key, value) in table {
            let key = if above.is_empty() { key } else { format!("{above}.{key}") };
            match value {
                Value::Table(below) => self.add_table(below, &key, origin)?,
                value => self.add_axis(key, value, origin)?,
            }
        }
        Ok(())
    }

    /// Adds the axis of a text such as `epochs=[2, 4]`.
    ///
    /// # Errors
    /// Returns [`PresetError::Content`] if the text is not a key with a list of values, or the grid has the key already.
    pub fn add(&mut self, text: &str) -> Result<(), PresetError> {
        let origin = format!("--grid {text}");
        let wrong = || PresetError::Content {
            origin: origin.clone(),
            message: "expected a key with a list of values, such as epochs=[2, 4]".to_owned(),
        };
        let (key, values) = text.split_once('=').ok_or_else(wrong)?;
        let table = format!("v = {values}").parse::<Table>();
        let values = table.ok().and_then(|mut table| table.remove("v")).ok_or_else(wrong)?;
        self.add_axis(key.trim().to_owned(), values, &origin)
    }

    fn add_axis(&mut self, key: String, values: Value, origin: &str) -> Result<(), PresetError> {
        let wrong = |message: String| PresetError::Content { origin: origin.to_owned(), message };
        let Value::Array(values) = values else {
            return Err(wrong(format!("{key} is {values}; expected a list of values")));
        };
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        if values.is_empty() {
            return Err(wrong(format!("{key} has no values; expected at least one")));
        }
        if let Some((_, twice)) = values.iter().enumerate().find(|(place, value)| values[..*place].contains(value)) {
            return Err(wrong(format!("{key} has {twice} twice; expected each value once")));
        }
        if self.axes.iter().any(|axis| axis.key == key) {
            return Err(wrong(format!("{key} is given twice; expected each key once")));
        }
        self.axes.push(Axis { key, values });
        Ok(())
    }

    /// The changes of a preset at each point, as `key=value`. A grid without axes has one point.
    ///
    /// # Errors
    /// Returns [`PresetError::Content`] if there are more than a million points.
    pub fn points(&self) -> Result<Vec<Vec<String>>, PresetError> {
        let count = self.axes.iter().try_fold(1_usize, |count, axis| count.checked_mul(axis.values.len()));
        if count.is_none_or(|count| count > MOST_POINTS) {
            let message = format!("it has more than {MOST_POINTS} points");
            return Err(PresetError::Content { origin: "grid".to_owned(), message });
        }
        let mut points = vec![Vec::new()];
        for Axis { key, values } in &self.axes {
            let with = |point: &Vec<String>, value| [&point[..], &[format!("{key}={value}")]].concat();
            points = points.iter().flat_map(|point| values.iter().map(move |value| with(point, value))).collect();
        }
        Ok(points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn every_combination_is_a_point_of_the_preset() {
        let text = "extends = \"quick\"\nseeds = [1, 2]\n[grid]\nepochs = [1, 2]\n[grid.optimizers.adam]\nlearning_rate = [0.001, 0.01, 0.1]\n";
        let (preset, grid) = Preset::with_grid_from_text(text, "own.toml", &[]).unwrap();
        assert_eq!((preset.seeds.len(), grid.axes.len()), (2, 2));
        let points = grid.points().unwrap();
        assert_eq!(points.len(), 6);
        assert_eq!(points[1], ["epochs=1", "optimizers.adam.learning_rate=0.01"]);
        let base = preset.to_toml().unwrap();
        for point in points {
            Preset::from_text(&base, "base", &point).unwrap();
        }
        let (_, empty) = Preset::with_grid_from_text("extends = \"quick\"", "own.toml", &[]).unwrap();
        assert_eq!(empty.points().unwrap(), [Vec::<String>::new()]);
    }

    #[test]
    fn values_may_be_names_lists_and_tables() {
        let mut grid = Grid::default();
        grid.add("training.schedule=[\"constant\", { kind = \"step\", every_epochs = 1 }]").unwrap();
        grid.add("epsilons = [[0.1], [0.2, 0.3]]").unwrap();
        let base = Preset::named("quick", &[]).unwrap().to_toml().unwrap();
        let presets: Vec<Preset> =
            grid.points().unwrap().iter().map(|point| Preset::from_text(&base, "base", point).unwrap()).collect();
        assert_eq!(presets.iter().map(|preset| preset.epsilons.len()).collect::<Vec<_>>(), [1, 2, 1, 2]);
        assert!(presets[0].training.schedule != presets[2].training.schedule);
    }

    #[test]
    fn wrong_grids_are_named_in_one_line() {
        for (text, part) in [
            ("epochs", "expected a key with a list"),
            ("epochs=3", "epochs is 3; expected a list"),
            ("epochs=[]", "epochs has no values"),
            ("epochs=[1, 1]", "epochs has 1 twice"),
            ("epochs=[1", "expected a key with a list"),
        ] {
            let message = Grid::default().add(text).unwrap_err().to_string();
            assert!(message.contains(part) && !message.contains('\n'), "{text}: {message}");
        }
        let mut grid = Grid::default();
        for key in ["a", "b", "c"] {
            let values: Vec<String> = (0..200).map(|value| value.to_string()).collect();
            grid.add(&format!("{key}=[{}]", values.join(","))).unwrap();
        }
        assert!(grid.points().unwrap_err().to_string().contains("more than 1000000 points"));
        assert!(grid.add("a=[1]").unwrap_err().to_string().contains("a is given twice"));
        let error =
            Preset::with_grid_from_text("extends = \"quick\"\ngrid = 3", "own.toml", &[]).unwrap_err().to_string();
        assert!(error.contains("own.toml: grid is 3; expected a table"), "{error}");
    }
}
