//! An experiment's network as the text of a checkpoint.

use super::toml_form::options;
use super::{Kind, NetworkChoice, NetworkChoiceError};
use crate::registry::{OwnNetwork, installed, own_networks};
use minima_network::NetworkSpec;
use minima_network::suggestion::one_of;
use toml::{Table, Value};

/// The key of a registered network's name. No description has it.
const REGISTERED: &str = "registered";

impl NetworkChoice {
    /// The network for these images and classes as text: its description, or a registered network's name and the values of all
    /// its options.
    ///
    /// # Errors
    /// Returns the errors of [`spec`](Self::spec) except [`NetworkChoiceError::NoDescription`].
    pub fn record(&self, shape: [usize; 3], classes: usize) -> Result<String, NetworkChoiceError> {
        match (self.registered(), &self.kind) {
            (Some(own), Kind::Named { options, .. }) => {
                let values = own.values(options).into_iter().map(|(option, value)| (option, Value::Integer(value)));
                let name = (REGISTERED.to_owned(), Value::String(own.name().to_owned()));
                Ok(std::iter::once(name).chain(values).collect::<Table>().to_string())
            }
            _ => Ok(self.spec(shape, classes)?.with_name(&self.name()).to_toml()),
        }
    }

    /// The network that [`record`](Self::record) wrote. Errors name `place`.
    ///
    /// # Errors
    /// Returns [`NetworkChoiceError::NotRegistered`] if the network is registered by another program and not by this one,
    /// [`NetworkChoiceError::Key`] or [`NetworkChoiceError::Network`] if its options are not valid, and
    /// [`NetworkChoiceError::Network`] if the description is not valid.
    pub fn from_record(text: &str, place: &str) -> Result<Self, NetworkChoiceError> {
        // A text that is no TOML has a better error as a description.
        let mut table = text.parse::<Table>().unwrap_or_default();
        let Some(name) = table.remove(REGISTERED) else {
            return Ok(Self::described(NetworkSpec::parse(text, place)?));
        };
        let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
        if installed().network_named(&name).is_none() {
            let expected = one_of(own_networks().map(OwnNetwork::name), &name);
            return Err(NetworkChoiceError::NotRegistered { place: place.to_owned(), name, expected });
        }
        let choice = Self { kind: Kind::Named { name, options: options(table)? }, normalize: None };
        choice.check()?;
        Ok(choice)
    }
}
