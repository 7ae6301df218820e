//! Descriptions of networks.

use crate::build;
use crate::description::{At, Description, Normalization};
use crate::error::NetworkError;
use crate::expression::shortened;
use crate::limits;
use crate::read::read;
use crate::suggestion::one_of;
use crate::write::write;
use crate::zoo::NETWORKS;
use minima_autodiff::Graph;
use std::path::Path;

/// The description of a network: its input, its classes, its options and its layers.
///
/// Two descriptions are equal if they say the same. Their texts may differ in comments, lines, default values and the
/// order of keys.
#[derive(Clone, Debug)]
pub struct NetworkSpec {
    file: String,
    description: Description,
}

impl PartialEq for NetworkSpec {
    fn eq(&self, other: &Self) -> bool {
        self.description == other.description
    }
}

impl NetworkSpec {
    /// Reads a description. `path` is its name in errors; no file is opened.
    ///
    /// # Errors
    /// - Returns [`NetworkError::Syntax`] if the text is not TOML.
    /// - Returns [`NetworkError::Content`] if a key is unknown or missing, or a value is not valid.
    /// - Returns [`NetworkError::Limit`] if there are too many layers, groups within one another, or options.
    pub fn parse(text: &str, path: impl AsRef<Path>) -> Result<Self, NetworkError> {
        let file = path.as_ref().display().to_string();
        Ok(Self { description: read(text, &file)?, file })
    }

    /// A network of the zoo, with other values of its options.
    ///
    /// # Errors
    /// - Returns [`NetworkError::Name`] if there is no network with this name.
    /// - Returns the errors of [`with_option`](Self::with_option).
    pub fn named(name: &str, options: &[(&str, i64)]) -> Result<Self, NetworkError> {
        let Some((_, text)) = NETWORKS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
            let expected = one_of(Self::names(), name);
            return Err(NetworkError::Name { found: shortened(name), expected });
        };
        let spec = Self::parse(text, format!("{name}.toml"))?;
        options.iter().try_fold(spec, |spec, (option, value)| spec.with_option(option, *value))
    }

    /// The names of the networks of the zoo.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NETWORKS.iter().map(|(name, _)| *name)
    }

    /// The name of the network: its key `name`, or else the name of its file without the ending.
    #[must_use]
    pub fn name(&self) -> String {
        let stem = || Path::new(&self.file).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        self.description.name.clone().or_else(stem).unwrap_or_default()
    }

    /// The same network under this name.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.description.name = Some(name.to_owned());
        self
    }

    /// The same layers after another normalisation of the input's channels: `(x - mean) / deviation`.
    #[must_use]
    pub fn with_normalization(mut self, mean: &[f64], deviation: &[f64]) -> Self {
        let line = self.description.input.line;
        let value = Normalization { mean: mean.to_vec(), deviation: deviation.to_vec() };
        self.description.normalize = Some(At { line, value });
        self
    }

    /// The same layers on inputs of another shape, such as `[32, 32, 3]`.
    #[must_use]
    pub fn with_input(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.description.input.value = shape.into();
        self
    }

    /// The same layers with another number of classes.
    #[must_use]
    pub fn with_classes(mut self, classes: usize) -> Self {
        self.description.classes.value = classes;
        self
    }

    /// The same layers with another value of an option.
    ///
    /// # Errors
    /// Returns [`NetworkError::Option`] if the network has no such option, or the value is negative or above 2³¹.
    pub fn with_option(mut self, name: &str, value: i64) -> Result<Self, NetworkError> {
        let refused = |found: String, expected| Err(NetworkError::Option { file: self.file.clone(), found, expected });
        if u64::try_from(value).map_or(true, |value| value > limits::SIZE) {
            return refused(
                format!("{} = {value}", shortened(name)),
                format!("whole numbers from 0 to {}", limits::SIZE),
            );
        }
        match self.description.options.get_mut(name) {
            None => refused(shortened(name), one_of(self.options().map(|(option, _)| option), name)),
            Some(option) => {
                *option = value;
                Ok(self)
            }
        }
    }

    /// Shape of one input.
    #[must_use]
    pub fn input(&self) -> &[usize] {
        &self.description.input.value
    }

    /// The number of logits.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.description.classes.value
    }

    /// The means and standard deviations of the channels, by which the network normalises its input.
    #[must_use]
    pub fn normalization(&self) -> Option<(&[f64], &[f64])> {
        self.description.normalize.as_ref().map(|At { value, .. }| (&value.mean[..], &value.deviation[..]))
    }

    /// The options with their values, in the order of the alphabet.
    pub fn options(&self) -> impl Iterator<Item = (&str, i64)> {
        self.description.options.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The graph of the network.
    ///
    /// # Errors
    /// - Returns [`NetworkError::Content`] if an expression has no value, or the output is not one logit for each class.
    /// - Returns [`NetworkError::Layer`] if a layer does not fit its input, or its name is taken.
    /// - Returns [`NetworkError::Limit`] if the network is too large.
    pub fn graph(&self) -> Result<Graph, NetworkError> {
        build::graph(&self.description, &self.file)
    }

    /// The description as text, with the values of its options and of all keys. It has no comments. Equal descriptions
    /// have equal texts, and [`parse`](Self::parse) reads an equal description from it if the sizes of the input and the
    /// number of classes are positive.
    #[must_use]
    pub fn to_toml(&self) -> String {
        write(&self.description)
    }
}
