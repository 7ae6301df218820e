//! A preset and its data set: which data it is about, and how it fits the data.

use super::{ALL_IMAGES, Preset, PresetError};
use crate::data_identity::DataIdentity;
use crate::held_out::TrainingImages;
use minima_data::Splits;

impl Preset {
    /// The data set of the preset, if the preset names it.
    #[must_use]
    pub fn data_identity(&self) -> Option<DataIdentity> {
        let name = || self.data_name.clone().unwrap_or_else(|| "images of an unknown folder".to_owned());
        (!self.data_files.is_empty()).then(|| DataIdentity { name: name(), files: self.data_files.clone() })
    }

    /// The same experiment on this data: with its name and the SHA-256 of its files, its numbers of images where the preset takes
    /// all, and the network for its images.
    ///
    /// # Errors
    /// Returns [`PresetError::Network`] if the network does not fit the data, and the errors of
    /// [`check_against`](Self::check_against).
    pub fn on_data(self, data: &Splits) -> Result<Self, PresetError> {
        let there = |asked: usize, there: usize| if asked == ALL_IMAGES { there } else { asked };
        let train_images = there(self.train_images, data.train.len().saturating_sub(self.validation_images));
        let test_images = there(self.test_images, data.test.len());
        let sized = Self { train_images, test_images, ..self };
        sized.check_against(data)?;
        let network =
            sized.network.clone().for_data(&TrainingImages::holding_out(sized.validation_images, data).train)?;
        let DataIdentity { name, files } = DataIdentity::of(data);
        Ok(Self { network, data_name: Some(name), data_files: files, ..sized })
    }

    /// Checks that this is the preset's data set, and that it has enough images.
    ///
    /// # Errors
    /// Returns [`PresetError::Data`] if the preset names another data set, [`PresetError::ValidationImages`] if no training image
    /// remains beside the held-out images, and [`PresetError::TooFewImages`] or [`PresetError::TooFewImagesLeft`] if the preset
    /// requests more images than there are.
    pub fn check_against(&self, data: &Splits) -> Result<(), PresetError> {
        if let Some(difference) = self.data_identity().and_then(|own| own.difference(&DataIdentity::of(data))) {
            return Err(PresetError::Data(Box::new(difference)));
        }
        let (validation, there) = (self.validation_images, data.train.len());
        if validation > 0 && validation >= there {
            return Err(PresetError::ValidationImages { asked: validation, there });
        }
        for (key, asked, there) in
            [("train_images", self.train_images, data.train.len()), ("test_images", self.test_images, data.test.len())]
        {
            if asked > there {
                return Err(PresetError::TooFewImages { key, asked, there });
            }
        }
        let left = there - validation;
        if self.train_images > left {
            return Err(PresetError::TooFewImagesLeft { asked: self.train_images, left, validation, there });
        }
        Ok(())
    }
}
