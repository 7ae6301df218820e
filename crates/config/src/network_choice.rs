//! The network of an experiment: a name of the zoo with options, a file, or a description in the preset itself.

use minima_autodiff::Graph;
use minima_data::Dataset;
use minima_network::{NetworkError, NetworkSpec};
use minima_store::bounded_file::{self, read_text_at_most};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::{Table, Value};

/// Digits after the point of means and deviations that are taken from data.
const DIGITS: f64 = 1e4;

/// The network of an experiment.
///
/// In TOML it is one of
/// - a name of the zoo, `network = "resnet20"`, or with options, `network = { name = "resnet20", width = 32 }`;
/// - the path of a description, `network = { file = "mine.toml" }`, with options as above;
/// - a description, `[network]` with the keys of [`minima_network`].
///
/// In a table with `name` or `file`, `normalize = "data"` normalises each channel by its mean and standard deviation in the
/// training set, and `normalize = { mean = [0.5], deviation = [0.25] }` by these numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct NetworkChoice {
    kind: Kind,
    normalize: Option<Normalize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// A network of the zoo, and the options that differ from its own. It takes its input and classes from the data.
    Named { name: String, options: BTreeMap<String, i64> },
    /// A description.
    Described(Box<NetworkSpec>),
}

/// How the pixels are normalised.
#[derive(Clone, Debug, PartialEq)]
enum Normalize {
    /// By the mean and the standard deviation of the training set.
    Data,
    /// By these means and standard deviations of the channels.
    By { mean: Vec<f64>, deviation: Vec<f64> },
}

/// A network cannot be read, or does not fit the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkChoiceError {
    /// The description is not valid.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A key has another value than expected.
    #[error("network: found {found}, expected {expected}")]
    Key {
        /// The key and its value.
        found: String,
        /// The valid values.
        expected: &'static str,
    },
    /// The network is for other images.
    #[error("{network}: found a network for {found}, expected one for {expected}, as in the data")]
    Data {
        /// The network.
        network: String,
        /// Shape and classes of the network.
        found: String,
        /// Shape and classes of the data.
        expected: String,
    },
}

impl NetworkChoice {
    /// A network of the zoo with its own options.
    pub fn named(name: &str) -> Self {
        Self { kind: Kind::Named { name: name.to_owned(), options: BTreeMap::new() }, normalize: None }
    }

    /// A description.
    #[must_use]
    pub fn described(spec: NetworkSpec) -> Self {
        Self { kind: Kind::Described(Box::new(spec)), normalize: None }
    }

    /// The network that a user names on the command line: a name of the zoo, or the path of a description.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::Read`] if there is neither such a name nor such a file, and
    /// [`NetworkChoiceError::Network`] if the description is not valid.
    pub fn from_argument(argument: &str) -> Result<Self, NetworkChoiceError> {
        let lower = argument.to_ascii_lowercase();
        if NetworkSpec::names().any(|name| name == lower) {
            return Ok(Self::named(&lower));
        }
        let path = Path::new(argument);
        if !path.exists() && !argument.contains(['/', '.']) {
            NetworkSpec::named(&lower, &[])?;
        }
        Ok(Self::described(read(path)?))
    }

    /// The network's name in reports: its name in the zoo, or the name of its file.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Named { name, .. } => name.clone(),
            Kind::Described(spec) => spec.name(),
        }
    }

    /// The description with its own input and classes, before it is adapted to data.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::Network`] if the name or an option is unknown.
    pub fn own_spec(&self) -> Result<NetworkSpec, NetworkChoiceError> {
        match &self.kind {
            Kind::Named { name, options } => {
                let options: Vec<(&str, i64)> = options.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                Ok(NetworkSpec::named(name, &options)?)
            }
            Kind::Described(spec) => Ok(spec.as_ref().clone()),
        }
    }

    /// The same network for the images and classes of this training set. Normalisation by the data becomes one by numbers.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::Network`] if the description is not valid, and [`NetworkChoiceError::Data`] if a described
    /// network is for other images or classes.
    pub fn for_data(self, train: &Dataset) -> Result<Self, NetworkChoiceError> {
        let normalize = match self.normalize {
            Some(Normalize::Data) => {
                let (mean, deviation) = train.channel_statistics();
                let rounded = |values: Vec<f64>| values.into_iter().map(|x| (x * DIGITS).round() / DIGITS).collect();
                // A channel that never changes is only shifted.
                let positive = |values: Vec<f64>| values.into_iter().map(|x| if x > 0.0 { x } else { 1.0 }).collect();
                Some(Normalize::By { mean: rounded(mean), deviation: positive(rounded(deviation)) })
            }
            other => other,
        };
        let resolved = Self { kind: self.kind, normalize }.folded();
        resolved.spec(train.shape(), train.classes())?;
        Ok(resolved)
    }

    /// A description holds its own normalisation, so that it is equal when it is written and read again.
    fn folded(self) -> Self {
        match self {
            Self { kind: Kind::Described(spec), normalize: Some(Normalize::By { mean, deviation }) } => {
                Self::described(spec.with_normalization(&mean, &deviation))
            }
            other => other,
        }
    }

    /// The description of the network for images of this shape and this number of classes.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::Network`] if the name or an option is unknown, [`NetworkChoiceError::Data`] if a described
    /// network is for other images or classes, and [`NetworkChoiceError::Key`] if [`for_data`](Self::for_data) has to be called
    /// first.
    pub fn spec(&self, shape: [usize; 3], classes: usize) -> Result<NetworkSpec, NetworkChoiceError> {
        let spec = match self.kind {
            Kind::Named { .. } => self.own_spec()?.with_input(shape).with_classes(classes),
            Kind::Described(_) => self.own_spec()?,
        };
        if (spec.input(), spec.classes()) != (&shape[..], classes) {
            return Err(NetworkChoiceError::Data {
                network: self.name(),
                found: format!("inputs of shape {:?} in {} classes", spec.input(), spec.classes()),
                expected: format!("images of shape {shape:?} in {classes} classes"),
            });
        }
        match &self.normalize {
            None => Ok(spec),
            Some(Normalize::By { mean, deviation }) => Ok(spec.with_normalization(mean, deviation)),
            Some(Normalize::Data) => Err(NetworkChoiceError::Key {
                found: "normalize = \"data\" without data".to_owned(),
                expected: "the mean and deviation of the training set",
            }),
        }
    }

    /// The graph of the network for the images of this data set.
    ///
    /// # Errors
    /// Returns the errors of [`spec`](Self::spec), and [`NetworkChoiceError::Network`] if a layer does not fit its input.
    pub fn graph(&self, data: &Dataset) -> Result<Arc<Graph>, NetworkChoiceError> {
        Ok(Arc::new(self.spec(data.shape(), data.classes())?.graph()?))
    }
}

/// The value of a preset's key `network`, with the path of a file relative to this folder.
pub(crate) fn relative_to(folder: &Path, value: &mut Value) {
    if let Some(file) = value.as_table_mut().and_then(|table| table.get_mut("file"))
        && let Some(path) = file.as_str()
    {
        *file = Value::String(folder.join(path).display().to_string());
    }
}

/// Reads a description.
fn read(path: &Path) -> Result<NetworkSpec, NetworkChoiceError> {
    let text = read_text_at_most(path, bounded_file::TEXT)
        .map_err(|source| NetworkChoiceError::Read { path: path.to_owned(), source })?;
    let spec = NetworkSpec::parse(&text, path)?;
    // The name of the file is kept where the description is written elsewhere.
    let name = spec.name();
    Ok(spec.with_name(&name))
}

impl TryFrom<Value> for NetworkChoice {
    type Error = NetworkChoiceError;

    fn try_from(value: Value) -> Result<Self, NetworkChoiceError> {
        let expected = "a name of the zoo, or a table with name, file or layers";
        let mut table = match value {
            Value::String(name) => return Self::from_argument(&name),
            Value::Table(table) => table,
            other => return Err(NetworkChoiceError::Key { found: other.to_string(), expected }),
        };
        if table.contains_key("layers") {
            let by_data = table.get("normalize").and_then(Value::as_str) == Some("data");
            let normalize = by_data.then_some(Normalize::Data);
            if by_data {
                table.remove("normalize");
            }
            let text = toml::to_string(&table)
                .map_err(|_| NetworkChoiceError::Key { found: "a table".to_owned(), expected })?;
            return Ok(Self { normalize, ..Self::described(NetworkSpec::parse(&text, "network")?) });
        }
        let normalize = table.remove("normalize").map(normalization).transpose()?;
        let (name, file) = (table.remove("name"), table.remove("file"));
        let options = options(table)?;
        let kind = match (name, file) {
            (Some(Value::String(name)), None) => {
                let given: Vec<(&str, i64)> = options.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                NetworkSpec::named(&name, &given)?;
                Kind::Named { name, options }
            }
            (None, Some(Value::String(file))) => {
                let spec = options
                    .iter()
                    .try_fold(read(Path::new(&file))?, |spec, (name, value)| spec.with_option(name, *value));
                Kind::Described(Box::new(spec?))
            }
            (name, file) => {
                let found = if name.is_some() && file.is_some() { "name and file" } else { "neither name nor file" };
                return Err(NetworkChoiceError::Key { found: found.to_owned(), expected });
            }
        };
        Ok(Self { kind, normalize }.folded())
    }
}

/// The options in a table.
fn options(table: Table) -> Result<BTreeMap<String, i64>, NetworkChoiceError> {
    let option = |(name, value): (String, Value)| match value.as_integer() {
        Some(number) => Ok((name, number)),
        None => Err(NetworkChoiceError::Key { found: format!("{name} = {value}"), expected: "a whole number" }),
    };
    table.into_iter().map(option).collect()
}

fn normalization(value: Value) -> Result<Normalize, NetworkChoiceError> {
    let wrong = |found: &Value| NetworkChoiceError::Key {
        found: format!("normalize = {found}"),
        expected: "\"data\", or mean and deviation, one number for each channel",
    };
    let numbers = |key: &str| -> Option<Vec<f64>> {
        let list = value.get(key)?.as_array()?;
        list.iter().map(|x| x.as_float().or_else(|| x.as_integer().map(|x| x as f64))).collect()
    };
    match (value.as_str(), numbers("mean"), numbers("deviation")) {
        (Some("data"), ..) => Ok(Normalize::Data),
        (None, Some(mean), Some(deviation)) => Ok(Normalize::By { mean, deviation }),
        _ => Err(wrong(&value)),
    }
}

impl From<NetworkChoice> for Value {
    fn from(NetworkChoice { kind, normalize }: NetworkChoice) -> Self {
        let mut table = Table::new();
        match kind {
            Kind::Named { name, options } if options.is_empty() && normalize.is_none() => return Self::String(name),
            Kind::Named { name, options } => {
                table.insert("name".to_owned(), Self::String(name));
                table.extend(options.into_iter().map(|(name, value)| (name, Self::Integer(value))));
            }
            Kind::Described(spec) => {
                // The text of a description is valid TOML.
                table = spec.to_toml().parse().unwrap_or_default();
            }
        }
        match normalize {
            None => {}
            Some(Normalize::Data) => {
                table.insert("normalize".to_owned(), Self::String("data".to_owned()));
            }
            Some(Normalize::By { mean, deviation }) => {
                let list = |values: Vec<f64>| Self::Array(values.into_iter().map(Self::Float).collect());
                let numbers = [("mean".to_owned(), list(mean)), ("deviation".to_owned(), list(deviation))];
                table.insert("normalize".to_owned(), Self::Table(numbers.into_iter().collect()));
            }
        }
        Self::Table(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    const OWN: &str =
        "input = [2, 2, 1]\nclasses = 2\nlayers = ['flatten', { layer = 'dense', features = 'classes' }]\n";

    fn read(text: &str) -> Result<NetworkChoice, NetworkChoiceError> {
        let table: Table = text.parse().unwrap();
        NetworkChoice::try_from(table["network"].clone())
    }

    fn images(shape: [usize; 3], classes: usize) -> Dataset {
        let pixels = Array2::from_shape_fn((2, shape.iter().product()), |(image, _)| 255 * image as u8);
        Dataset::new(pixels, vec![0, 1], shape, classes).unwrap()
    }

    #[test]
    fn every_form_is_equal_when_written_and_read_again() {
        let own = OWN.replace("input", "network.input").replace("classes =", "network.classes =");
        let own = own.replace("layers =", "network.layers =");
        for text in [
            "network = \"ResNet20\"",
            "network = { name = \"vit\", depth = 2 }",
            "network = { name = \"vit\", normalize = \"data\" }",
            "network = { name = \"mlp\", normalize = { mean = [0.5], deviation = [1] } }",
            &own,
            &format!("{own}network.normalize = \"data\"\n"),
            &format!("{own}network.normalize = {{ mean = [0.5], deviation = [0.25] }}\n"),
        ] {
            let choice = read(text).unwrap();
            assert_eq!(NetworkChoice::try_from(Value::from(choice.clone())).unwrap(), choice, "{text}");
            let resolved = choice.for_data(&images([2, 2, 1], 2));
            // A vision transformer has no patches of 4 in an image of 2 pixels, but its description is valid.
            let resolved = resolved.unwrap();
            assert_eq!(NetworkChoice::try_from(Value::from(resolved.clone())).unwrap(), resolved, "{text}");
        }
    }

    #[test]
    fn normalisation_by_the_data_becomes_numbers() {
        let choice = read("network = { name = \"mlp\", normalize = \"data\" }").unwrap();
        assert!(matches!(choice.spec([2, 2, 1], 2), Err(NetworkChoiceError::Key { .. })));
        let spec = choice.for_data(&images([2, 2, 1], 2)).unwrap().spec([2, 2, 1], 2).unwrap();
        assert_eq!(spec.normalization(), Some((&[0.5][..], &[0.5][..])));
        assert_eq!((spec.input(), spec.classes()), (&[2, 2, 1][..], 2));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, OWN).unwrap();
        let choice = NetworkChoice::from_argument(&path.display().to_string()).unwrap();
        assert_eq!(choice.name(), "mine");
        let message = choice.for_data(&images([3, 2, 1], 2)).unwrap_err().to_string();
        assert_eq!(
            message,
            "mine: found a network for inputs of shape [2, 2, 1] in 2 classes, expected one for images of shape [3, 2, 1] in 2 \
             classes, as in the data"
        );
        for (text, part) in [
            ("network = \"resnet2\"", "did you mean resnet20?"),
            ("network = { name = \"vit\", dept = 2 }", "did you mean depth?"),
            ("network = { name = \"vit\", depth = 1.5 }", "found depth = 1.5, expected a whole number"),
            ("network = { name = \"vit\", file = \"a.toml\" }", "found name and file"),
            ("network = { depth = 2 }", "found neither name nor file"),
            ("network = { name = \"mlp\", normalize = 3 }", "found normalize = 3"),
            ("network = 3", "found 3, expected a name of the zoo"),
            ("network = { file = \"/no/such.toml\" }", "cannot read /no/such.toml"),
            ("network = \"/no/such.toml\"", "cannot read /no/such.toml"),
        ] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
