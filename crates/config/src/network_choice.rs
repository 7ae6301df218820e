//! The network of an experiment: a name with options, a file, or a description in the preset itself.

mod error;
mod record;
pub(crate) mod toml_form;

pub use error::NetworkChoiceError;

use crate::registry::{OwnNetwork, installed, own_networks};
use minima_autodiff::Graph;
use minima_data::Dataset;
use minima_network::suggestion::one_of;
use minima_network::{NetworkError, NetworkSpec};
use minima_store::bounded_file::{self, read_text_at_most};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use toml::Value;

/// Digits after the point of means and deviations that are taken from data.
const DIGITS: f64 = 1e4;

/// The network of an experiment.
///
/// In TOML it is one of
/// - a name of the zoo, or one that the program [registered](crate::registry), `network = "resnet20"`, or with options,
///   `network = { name = "resnet20", width = 32 }`;
/// - the path of a description, `network = { file = "mine.toml" }`, with options as above;
/// - a description, `[network]` with the keys of [`minima_network`].
///
/// In a table with `name` or `file`, `normalize = "data"` normalises each channel by its mean and standard deviation in the
/// training set, and `normalize = { mean = [0.5], deviation = [0.25] }` by these numbers. A registered network normalises its
/// input itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct NetworkChoice {
    kind: Kind,
    normalize: Option<Normalize>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// A network of the zoo or of the program, and the options that differ from its own. It takes its input and classes from
    /// the data.
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

    /// The network that a user names on the command line: a name of the zoo, a registered name, or the path of a description.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::Read`] if there is neither such a name nor such a file, and
    /// [`NetworkChoiceError::Network`] if the description is not valid.
    pub fn from_argument(argument: &str) -> Result<Self, NetworkChoiceError> {
        let lower = argument.to_ascii_lowercase();
        if NetworkSpec::names().any(|name| name == lower) || installed().network_named(&lower).is_some() {
            return Ok(Self::named(&lower));
        }
        let path = Path::new(argument);
        if !path.exists() && !argument.contains(['/', '.']) {
            of_the_zoo(&lower, &BTreeMap::new())?;
        }
        Ok(Self::described(read(path)?))
    }

    /// This network, normalised by the data if the other one is. A registered network, and a network with a normalisation of its
    /// own, stay as they are.
    #[must_use]
    pub fn normalized_as(self, other: &Self) -> Self {
        let has_own = match &self.kind {
            Kind::Named { .. } => self.normalize.is_some() || self.registered().is_some(),
            Kind::Described(spec) => self.normalize.is_some() || spec.normalization().is_some(),
        };
        let by_data = other.normalize == Some(Normalize::Data);
        if by_data && !has_own { Self { normalize: Some(Normalize::Data), ..self } } else { self }
    }

    /// The network's name in reports: its name in the zoo, or the name of its file.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Named { name, .. } => name.clone(),
            Kind::Described(spec) => spec.name(),
        }
    }

    /// The same network with another value of an option.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::Network`] if the network has no such option, or the value is negative or above 2³¹.
    pub fn with_option(mut self, option: &str, value: i64) -> Result<Self, NetworkChoiceError> {
        match &mut self.kind {
            Kind::Named { options, .. } => {
                options.insert(option.to_owned(), value);
            }
            Kind::Described(spec) => **spec = spec.as_ref().clone().with_option(option, value)?,
        }
        self.check()?;
        Ok(self)
    }

    /// The network of the program's [registry](crate::registry), if the name is there, with its given options.
    pub fn registered(&self) -> Option<&'static OwnNetwork> {
        match &self.kind {
            Kind::Named { name, .. } => installed().network_named(name),
            Kind::Described(_) => None,
        }
    }

    /// Checks the name and the options.
    fn check(&self) -> Result<(), NetworkChoiceError> {
        let Kind::Named { name, options } = &self.kind else { return Ok(()) };
        let Some(own) = self.registered() else { return of_the_zoo(name, options).map(drop) };
        if self.normalize.is_some() {
            return Err(NetworkChoiceError::Key {
                found: format!("normalize for {name}"),
                expected: "no key normalize, because a registered network normalises its input itself",
            });
        }
        Ok(own.check_options(options)?)
    }

    /// The description with its own input and classes, before it is adapted to data.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::Network`] if the name or an option is unknown, and [`NetworkChoiceError::NoDescription`] if
    /// the network is registered.
    pub fn own_spec(&self) -> Result<NetworkSpec, NetworkChoiceError> {
        match &self.kind {
            Kind::Named { name, .. } if self.registered().is_some() => {
                Err(NetworkChoiceError::NoDescription { network: name.clone() })
            }
            Kind::Named { name, options } => of_the_zoo(name, options),
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
        if resolved.registered().is_none() {
            resolved.spec(train.shape(), train.classes())?;
        }
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
    /// network is for other images or classes, [`NetworkChoiceError::NoDescription`] if the network is registered, and
    /// [`NetworkChoiceError::Key`] if [`for_data`](Self::for_data) has to be called first.
    pub fn spec(&self, shape: [usize; 3], classes: usize) -> Result<NetworkSpec, NetworkChoiceError> {
        let spec = match self.kind {
            Kind::Named { .. } => self.own_spec()?.with_input(shape).with_classes(classes),
            Kind::Described(_) => self.own_spec()?,
        };
        self.check_sizes((spec.input(), spec.classes()), (shape, classes))?;
        match &self.normalize {
            None => Ok(spec),
            Some(Normalize::By { mean, deviation }) => Ok(spec.with_normalization(mean, deviation)),
            Some(Normalize::Data) => Err(NetworkChoiceError::Key {
                found: "normalize = \"data\" without data".to_owned(),
                expected: "the mean and deviation of the training set",
            }),
        }
    }

    /// Checks that the network is for these images and classes.
    fn check_sizes(
        &self,
        found: (&[usize], usize),
        (shape, classes): ([usize; 3], usize),
    ) -> Result<(), NetworkChoiceError> {
        if found == (&shape[..], classes) {
            return Ok(());
        }
        Err(NetworkChoiceError::Data {
            network: self.name(),
            found: format!("inputs of shape {:?} in {} classes", found.0, found.1),
            expected: format!("images of shape {shape:?} in {classes} classes"),
        })
    }

    /// The graph of the network for images of this height, width and number of channels, and this number of classes.
    ///
    /// # Errors
    /// Returns the errors of [`spec`](Self::spec) except [`NetworkChoiceError::NoDescription`],
    /// [`NetworkChoiceError::Network`] if a layer does not fit its input, and [`NetworkChoiceError::Data`] if a registered network
    /// is built for other images or classes.
    pub fn graph_for(&self, shape: [usize; 3], classes: usize) -> Result<Graph, NetworkChoiceError> {
        match (self.registered(), &self.kind) {
            (Some(own), Kind::Named { options, .. }) => {
                self.check()?;
                let graph = own.graph(shape, classes, options)?;
                self.check_sizes((graph.input_shape(), graph.classes()), (shape, classes))?;
                Ok(graph)
            }
            _ => Ok(self.spec(shape, classes)?.graph()?),
        }
    }

    /// The graph of the network for the images of this data set.
    ///
    /// # Errors
    /// Returns the errors of [`graph_for`](Self::graph_for).
    pub fn graph(&self, data: &Dataset) -> Result<Arc<Graph>, NetworkChoiceError> {
        Ok(Arc::new(self.graph_for(data.shape(), data.classes())?))
    }
}

/// A network of the zoo with these options. The error of an unknown name lists the registered names too.
fn of_the_zoo(name: &str, options: &BTreeMap<String, i64>) -> Result<NetworkSpec, NetworkChoiceError> {
    let options: Vec<(&str, i64)> = options.iter().map(|(option, value)| (option.as_str(), *value)).collect();
    NetworkSpec::named(name, &options).map_err(|error| {
        let NetworkError::Name { found, .. } = error else { return error.into() };
        let known = NetworkSpec::names().chain(own_networks().map(OwnNetwork::name));
        NetworkError::Name { found, expected: one_of(known, name) }.into()
    })
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
