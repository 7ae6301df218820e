//! Where a data set comes from: a known name or a path, with what the files do not say.

pub use crate::layout::Layout;
use crate::{
    arrays, cifar10, cifar100, dataset::Dataset, error::DataError, image_folder, mnist, place, share::Share,
    splits::Splits,
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The names of known data sets, with their folders relative to the root of the workspace.
pub const NAMES: [(&str, &str); 4] = [
    ("mnist", "data/mnist"),
    ("fashion-mnist", "data/fashion-mnist"),
    ("cifar10", "data/cifar10"),
    ("cifar100", "data/cifar100"),
];

/// Where a data set comes from.
///
/// In TOML it is a text, `"cifar10"` or `"photos/flowers"`, or a table with the key `path` and other keys of this type:
/// `{ path = "photos/flowers", test_share = 0.2, split_seed = 1 }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct DataSource {
    /// One of [`NAMES`], or the path of a file or folder.
    pub path: String,
    /// The order of the axes of arrays. It is needed if the shape does not show it. Other data has no layout.
    pub layout: Option<Layout>,
    /// The share of the images that become the test set, if the files have no test set.
    pub test_share: Option<f64>,
    /// The seed of the choice of these images.
    pub split_seed: u64,
}

/// The form of a source in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Path(String),
    Table(Keys),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layout: Option<Layout>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_share: Option<f64>,
    #[serde(default)]
    split_seed: u64,
}

impl From<Form> for DataSource {
    fn from(form: Form) -> Self {
        match form {
            Form::Path(path) => Self::new(path),
            Form::Table(Keys { path, layout, test_share, split_seed }) => Self { path, layout, test_share, split_seed },
        }
    }
}

impl From<DataSource> for Form {
    fn from(source: DataSource) -> Self {
        let DataSource { path, layout, test_share, split_seed } = source;
        match (layout, test_share, split_seed) {
            (None, None, 0) => Self::Path(path),
            _ => Self::Table(Keys { path, layout, test_share, split_seed }),
        }
    }
}

impl DataSource {
    /// A known name or a path, with default values of everything else.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), layout: None, test_share: None, split_seed: 0 }
    }

    /// The folder or file. A known name becomes the folder with its data: `NAME` in the folder of the environment variable
    /// `MINIMA_DATA`, or else the nearest `data/NAME` in or above the current directory, `NAME` in the user's cache, or `data/NAME` in
    /// the workspace in which this crate was compiled.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Missing`] if the path, or the folder of a known name, does not exist.
    pub fn place(&self) -> Result<PathBuf, DataError> {
        let missing = |file: PathBuf, expected: String| Err(DataError::Missing { file, expected });
        let Some((name, _)) = NAMES.iter().find(|(name, _)| self.path.eq_ignore_ascii_case(name)) else {
            let path = PathBuf::from(&self.path);
            let names = NAMES.map(|(name, _)| name).join(", ");
            return if path.exists() {
                Ok(path)
            } else {
                missing(path, format!("a file, a folder, or one of {names}"))
            };
        };
        place::place(name, &format!("the data of {name}, which `minima data fetch {name}` downloads"))
    }

    /// Reads the data.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Layout`] if there is a layout and the data is not in arrays, and the errors of [`place`](Self::place)
    /// and of the reader of the files.
    pub fn load(&self) -> Result<Splits, DataError> {
        let place = self.place()?;
        self.refuse_layout(&place)?;
        let share = Share { given: self.test_share, seed: self.split_seed };
        if NAMES.iter().any(|(name, _)| self.path.eq_ignore_ascii_case(name)) {
            share.refuse(&place)?;
        }
        match self.path.to_ascii_lowercase().as_str() {
            "mnist" => mnist::load_verified(&place),
            "cifar10" => Ok(cifar10::load(&place)?.named("CIFAR-10")),
            "cifar100" => Ok(cifar100::load(&place)?.named("CIFAR-100")),
            "fashion-mnist" => mnist::load(&place),
            _ => self.read(&place, share),
        }
    }

    /// Whether the data is in arrays: `.npy`, `.npz` or safetensors files.
    fn is_of_arrays(&self, place: &Path) -> bool {
        let is_known = NAMES.iter().any(|(name, _)| self.path.eq_ignore_ascii_case(name));
        !is_known && (!place.is_dir() || arrays::is_folder_of_arrays(place))
    }

    /// Refuses a layout of data that is not in arrays.
    fn refuse_layout(&self, place: &Path) -> Result<(), DataError> {
        match self.layout {
            Some(layout) if !self.is_of_arrays(place) => {
                Err(DataError::Layout { file: place.to_owned(), found: layout })
            }
            _ => Ok(()),
        }
    }

    /// Reads the files of a place whose kind follows from the files.
    fn read(&self, place: &Path, share: Share) -> Result<Splits, DataError> {
        if self.is_of_arrays(place) {
            return arrays::load(place, arrays::Options { layout: self.layout, share });
        }
        if mnist::is_folder_of_idx(place) {
            return mnist::load_or_split(place, share);
        }
        if cifar10::is_folder_of_cifar10(place) {
            share.refuse(place)?;
            return cifar10::load(place);
        }
        if cifar100::is_folder_of_cifar100(place) {
            share.refuse(place)?;
            return cifar100::load(place);
        }
        if image_folder::has_folders(place)? {
            return image_folder::load(place, share);
        }
        let expected = "one folder for each class, or IDX, .npy or CIFAR files".to_owned();
        Err(DataError::Folder { file: place.to_path_buf(), found: "no files of a known data set".to_owned(), expected })
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl Dataset {
    /// The mean and the standard deviation of each channel, of pixels in [0, 1]. Both are empty if there are no images.
    #[must_use]
    pub fn channel_statistics(&self) -> (Vec<f64>, Vec<f64>) {
        let channels = self.shape()[2].max(1);
        let mut sums = vec![(0.0, 0.0); channels];
        let count = (self.len() * self.features() / channels) as f64;
        match self.bytes() {
            // Whole numbers below 2^53 have no rounding.
            Some(pixels) => pixels.iter().zip((0..channels).cycle()).for_each(|(&pixel, channel)| {
                add(&mut sums, channel, f64::from(pixel));
            }),
            None => self.all::<f64>().0.iter().zip((0..channels).cycle()).for_each(|(&pixel, channel)| {
                add(&mut sums, channel, 255.0 * pixel);
            }),
        }
        if count == 0.0 {
            return (Vec::new(), Vec::new());
        }
        let of = |(sum, squares): &(f64, f64)| {
            let mean = sum / count;
            (mean / 255.0, (squares / count - mean * mean).max(0.0).sqrt() / 255.0)
        };
        sums.iter().map(of).unzip()
    }
}

fn add(sums: &mut [(f64, f64)], channel: usize, pixel: f64) {
    if let Some((sum, squares)) = sums.get_mut(channel) {
        *sum += pixel;
        *squares += pixel * pixel;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Preset {
        data: DataSource,
    }

    #[test]
    fn a_source_is_a_text_or_a_table() {
        for (text, expected) in [
            ("data = \"cifar10\"\n", DataSource::new("cifar10")),
            (
                "[data]\npath = \"photos\"\nlayout = \"nchw\"\ntest_share = 0.25\nsplit_seed = 3\n",
                DataSource {
                    layout: Some(Layout::Nchw),
                    test_share: Some(0.25),
                    split_seed: 3,
                    ..DataSource::new("photos")
                },
            ),
        ] {
            let read: Preset = toml::from_str(text).unwrap();
            assert_eq!(read.data, expected);
            assert_eq!(toml::from_str::<Preset>(&toml::to_string(&read).unwrap()).unwrap(), read);
        }
        assert!(toml::from_str::<Preset>("data = { path = \"a\", share = 1 }").is_err());
    }

    #[test]
    fn statistics_of_channels() {
        // Two images of one pixel in two channels.
        let images = Array2::from_shape_vec((2, 2), vec![0u8, 51, 255, 51]).unwrap();
        let bytes = Dataset::new(images.clone(), vec![0, 1], [1, 1, 2], 2).unwrap();
        let (mean, deviation) = bytes.channel_statistics();
        assert_eq!((mean, deviation), (vec![0.5, 0.2], vec![0.5, 0.0]));
        let floats = images.mapv(|pixel| f32::from(pixel) / 255.0);
        let (mean, _) = Dataset::from_unit_floats(floats, vec![0, 1], [1, 1, 2], 2).unwrap().channel_statistics();
        assert!((mean[0] - 0.5).abs() < 1e-7 && (mean[1] - 0.2).abs() < 1e-7);
    }
}
