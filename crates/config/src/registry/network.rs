//! A network of the program's own.

use super::error::RegistryError;
use super::name;
use minima_autodiff::Graph;
use minima_network::suggestion::one_of;
use minima_network::{NetworkError, NetworkSpec};
use std::collections::BTreeMap;
use std::fmt;

const WHAT: &str = "network";

/// The keys of a network's table that are no options.
const RESERVED: [&str; 6] = ["name", "file", "layers", "normalize", "registered", "options"];

/// The largest value of an option, 2³¹, as for networks of the zoo.
const MOST: i64 = 1 << 31;

/// Values of options by name. Options without a value have their default.
pub(crate) type Given = BTreeMap<String, i64>;

type Build = dyn Fn([usize; 3], usize, &Given) -> Result<Graph, NetworkError> + Send + Sync;

/// A network to register: its name, its options, and how its graph is built.
///
/// ```
/// use minima_autodiff::GraphBuilder;
/// use minima_config::registry::OwnNetwork;
///
/// let network = OwnNetwork::new("two-layers", [("width", 16)], |input, classes, [width]| {
///     let mut g = GraphBuilder::new(&input);
///     let x = g.flatten(g.input());
///     let x = g.dense(x, "Dense_0", width)?;
///     let x = g.relu(x);
///     let x = g.dense(x, "Dense_1", classes)?;
///     Ok(g.finish(x)?)
/// });
/// ```
pub struct OwnNetwork {
    name: &'static str,
    options: Vec<(&'static str, usize)>,
    build: Box<Build>,
}

impl OwnNetwork {
    /// A network with these options and their default values. `build` gets the images' height, width and channels, the number
    /// of classes, and the values of the options in the same order.
    #[must_use]
    pub fn new<const N: usize>(
        name: &'static str,
        options: [(&'static str, usize); N],
        build: impl Fn([usize; 3], usize, [usize; N]) -> Result<Graph, NetworkError> + Send + Sync + 'static,
    ) -> Self {
        let of_given = move |input: [usize; 3], classes: usize, given: &Given| {
            let value = |option: &str| given.get(option).and_then(|value| usize::try_from(*value).ok());
            build(input, classes, options.map(|(option, default)| value(option).unwrap_or(default)))
        };
        Self { name, options: options.to_vec(), build: Box::new(of_given) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The options with their default values.
    #[must_use]
    pub fn options(&self) -> &[(&'static str, usize)] {
        &self.options
    }

    /// The graph for images of this height, width and number of channels.
    ///
    /// # Errors
    /// Returns the error of the network's constructor.
    pub(crate) fn graph(&self, input: [usize; 3], classes: usize, given: &Given) -> Result<Graph, NetworkError> {
        (self.build)(input, classes, given)
    }

    /// Checks the names and values of options.
    ///
    /// # Errors
    /// Returns [`NetworkError::Option`] if the network has no such option, or a value is negative or above 2³¹.
    pub(crate) fn check_options(&self, given: &Given) -> Result<(), NetworkError> {
        let refused = |found, expected| Err(NetworkError::Option { file: self.name.to_owned(), found, expected });
        for (option, value) in given {
            if !self.options.iter().any(|(known, _)| known == option) {
                return refused(option.clone(), one_of(self.options.iter().map(|(known, _)| *known), option));
            }
            if !(0..=MOST).contains(value) {
                return refused(format!("{option} = {value}"), format!("whole numbers from 0 to {MOST}"));
            }
        }
        Ok(())
    }

    /// All options with their values.
    pub(crate) fn values(&self, given: &Given) -> Given {
        let value = |option, default| given.get(option).copied().unwrap_or(i64::try_from(default).unwrap_or(MOST));
        self.options.iter().map(|&(option, default)| (option.to_owned(), value(option, default))).collect()
    }

    /// Checks that the network can be registered beside these.
    pub(super) fn check(&self, others: &[Self]) -> Result<(), RegistryError> {
        name::check(WHAT, self.name, NetworkSpec::names().chain(others.iter().map(Self::name)))?;
        let names: Vec<&'static str> = self.options.iter().map(|(option, _)| *option).collect();
        name::check_options(WHAT, self.name, &names, &RESERVED)?;
        match self.options.iter().find(|(_, default)| i64::try_from(*default).map_or(true, |value| value > MOST)) {
            Some((option, default)) => Err(RegistryError::Invalid {
                what: WHAT,
                name: self.name,
                found: format!("{option} = {default}"),
                expected: "whole numbers from 0 to 2147483648",
            }),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for OwnNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnNetwork").field("name", &self.name).field("options", &self.options).finish_non_exhaustive()
    }
}
