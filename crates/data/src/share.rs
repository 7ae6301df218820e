//! The choice of a test set from images that have none.

use crate::{dataset::Dataset, error::DataError};
use minima_rng::Key;
use std::path::Path;

/// The share of the images that become the test set if no other is given.
pub const TEST_SHARE: f64 = 0.2;

/// A share of the images, and the seed of their choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// The share, if one was given.
    pub(crate) given: Option<f64>,
    /// The seed.
    pub(crate) seed: u64,
}

impl Share {
    /// Chooses ⌊share · n⌋ of n images as the test set: the first entries of a permutation. Both sets keep the order of the images.
    ///
    /// Returns the training and the test set.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Share`] if the share is not in (0, 1), or one of the sets would be empty.
    pub(crate) fn split(self, all: &Dataset) -> Result<(Dataset, Dataset), DataError> {
        let found = self.given.unwrap_or(TEST_SHARE);
        if !(found > 0.0 && found < 1.0) {
            return Err(DataError::Share { found, expected: "a number above 0 and below 1".to_owned() });
        }
        let count = (found * all.len() as f64).floor() as usize;
        if count == 0 || count >= all.len() {
            let expected = format!("a share of {} images that leaves no set empty", all.len());
            return Err(DataError::Share { found, expected });
        }
        Ok(all.choose(count, Key::for_module(self.seed, "split")))
    }

    /// Returns [`DataError::Share`] if a share was given for files that have a test set.
    pub(crate) fn refuse(self, place: &Path) -> Result<(), DataError> {
        match self.given {
            None => Ok(()),
            Some(found) => {
                let expected = format!("no share, because {} has a test set", place.display());
                Err(DataError::Share { found, expected })
            }
        }
    }
}
