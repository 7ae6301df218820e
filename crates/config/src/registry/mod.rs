//! Attacks, networks and optimizers that a program brings along, by the names that commands, presets and files use.
//!
//! A program fills one [`Registry`] and installs it before anything runs. From then on, its names stand beside the built-in
//! ones. Stored runs and checkpoints hold names and options only: a changed constructor needs another name.
//!
//! ```
//! use minima_attacks::{Fgsm, Norm};
//! use minima_config::attack_catalogue::{Options, attack};
//! use minima_config::registry::{OwnAttack, Registry, RegistryError};
//!
//! let gradient = || OwnAttack::new("one-step", "FGSM under another name", &[Norm::Linf], |_| Box::new(Fgsm::default()));
//! let registry = Registry::new().attack(gradient())?;
//! registry.install()?;
//! assert!(attack("one-step", Norm::Linf, &Options::default()).is_ok());
//!
//! let twice = Registry::new().attack(gradient())?.attack(gradient());
//! assert!(matches!(twice, Err(RegistryError::Taken { name: "one-step", .. })));
//! # Ok::<(), RegistryError>(())
//! ```

mod attack;
mod error;
mod name;
mod network;
mod numeric_option;
mod optimizer;

pub use attack::OwnAttack;
pub use error::RegistryError;
pub use network::OwnNetwork;
pub use numeric_option::NumericOption;
pub use optimizer::OwnOptimizer;

use std::sync::OnceLock;

/// Attacks, networks and optimizers to install.
#[derive(Debug, Default)]
pub struct Registry {
    attacks: Vec<OwnAttack>,
    networks: Vec<OwnNetwork>,
    optimizers: Vec<OwnOptimizer>,
}

static INSTALLED: OnceLock<Registry> = OnceLock::new();
static EMPTY: Registry = Registry::new();

/// The installed registry, or an empty one.
pub(crate) fn installed() -> &'static Registry {
    INSTALLED.get().unwrap_or(&EMPTY)
}

/// The networks that the program registered.
pub fn own_networks() -> impl Iterator<Item = &'static OwnNetwork> {
    installed().networks.iter()
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub const fn new() -> Self {
        Self { attacks: Vec::new(), networks: Vec::new(), optimizers: Vec::new() }
    }

    /// Adds an attack.
    ///
    /// # Errors
    /// Returns [`RegistryError::Name`] or [`RegistryError::Taken`] if the name is not valid or not free, and
    /// [`RegistryError::Invalid`] if the attack has no norm or an unknown option.
    pub fn attack(mut self, attack: OwnAttack) -> Result<Self, RegistryError> {
        attack.check(&self.attacks)?;
        self.attacks.push(attack);
        Ok(self)
    }

    /// Adds a network.
    ///
    /// # Errors
    /// Returns [`RegistryError::Name`] or [`RegistryError::Taken`] if the name is not valid or not free, and
    /// [`RegistryError::Invalid`] if the name of an option is not valid.
    pub fn network(mut self, network: OwnNetwork) -> Result<Self, RegistryError> {
        network.check(&self.networks)?;
        self.networks.push(network);
        Ok(self)
    }

    /// Adds an optimizer.
    ///
    /// # Errors
    /// Returns [`RegistryError::Name`] or [`RegistryError::Taken`] if the name is not valid or not free, and
    /// [`RegistryError::Invalid`] if the name of an option is not valid, a default is out of its range, or the time of a step
    /// is not positive.
    pub fn optimizer(mut self, optimizer: OwnOptimizer) -> Result<Self, RegistryError> {
        optimizer.check(&self.optimizers)?;
        self.optimizers.push(optimizer);
        Ok(self)
    }

    /// Makes the names known to this program.
    ///
    /// # Errors
    /// Returns [`RegistryError::Installed`] if the program installed a registry before.
    pub fn install(self) -> Result<(), RegistryError> {
        INSTALLED.set(self).map_err(|_| RegistryError::Installed)
    }

    /// The attacks.
    pub(crate) fn attacks(&self) -> impl Iterator<Item = &OwnAttack> {
        self.attacks.iter()
    }

    /// The network with this name. Upper and lower case make no difference.
    pub(crate) fn network_named(&self, name: &str) -> Option<&OwnNetwork> {
        self.networks.iter().find(|network| network.name().eq_ignore_ascii_case(name))
    }

    /// The optimizer with this name.
    pub(crate) fn optimizer_named(&self, name: &str) -> Option<&OwnOptimizer> {
        self.optimizers.iter().find(|optimizer| optimizer.name() == name)
    }

    /// The optimizers.
    pub(crate) fn optimizers(&self) -> impl Iterator<Item = &OwnOptimizer> {
        self.optimizers.iter()
    }
}
