//! `cargo xtask data`.

use crate::outcome::Outcome;
use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use minima_data::{Dataset, Splits, cifar10, cifar100, known, mnist};
use minima_fetch::catalogue::{self, DataSet};
use minima_fetch::{Download, Event, Fetcher, Options, sha256};
use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Numbers of training and test images of CIFAR-10, and of CIFAR-100.
const CIFAR_IMAGES: (usize, usize) = (50_000, 10_000);

/// List or download data sets.
#[derive(Debug, Args)]
pub struct Data {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the data sets and verify those that are present; exits with 1 if a file is wrong
    List,
    /// Download a data set, verify its SHA-256 and unpack it
    Fetch(Fetch),
}

/// Download a data set, verify its SHA-256 and unpack it. No other command uses the network.
#[derive(Debug, Args)]
#[command(
    after_help = "Mirrors are tried in order, over TLS, until one returns files with the known SHA-256. Files already present are verified and \
not downloaded again. An interrupted download resumes with the same command. HTTPS_PROXY names a proxy. SSL_CERT_FILE names \
certificates to trust instead of the default ones. Exits with 2 if no mirror has the files.\n\
Example: cargo xtask data fetch cifar10"
)]
struct Fetch {
    /// mnist: four files, 12 MB. fashion-mnist: four files, 31 MB. cifar10: an archive, 170 MB, and its unpacked files, 184 MB.
    /// cifar100: an archive, 169 MB, and its unpacked files, 184 MB
    name: Name,
    /// Destination folder [default: data/NAME; for MNIST the folder where it already is]
    #[arg(long)]
    folder: Option<PathBuf>,
    /// URL of a folder to download from instead of the known mirrors; may be repeated
    #[arg(long, value_name = "URL")]
    mirror: Vec<String>,
}

/// A data set that can be downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    Mnist,
    FashionMnist,
    Cifar10,
    Cifar100,
}

impl Name {
    fn data_set(self) -> DataSet {
        match self {
            Self::Mnist => catalogue::MNIST,
            Self::FashionMnist => catalogue::FASHION_MNIST,
            Self::Cifar10 => catalogue::CIFAR10,
            Self::Cifar100 => catalogue::CIFAR100,
        }
    }

    /// The data set's folder, whether or not it exists.
    fn folder(self) -> PathBuf {
        let here = Path::new("data").join(self.data_set().name);
        match self {
            Self::Mnist => mnist::default_dir().unwrap_or(here),
            _ => here,
        }
    }

    /// Whether this folder contains no file of the data set.
    fn is_absent(self, folder: &Path) -> bool {
        self.data_set().files.iter().all(|file| !folder.join(file.name).exists())
    }

    /// Verifies the data set and returns its training and test set. [`Self::checked`] says what is verified.
    fn verified(self, folder: &Path) -> Result<(Dataset, Dataset)> {
        match self {
            Self::Mnist => {
                let data = mnist::load_verified(folder)?;
                Ok((data.train, data.test))
            }
            Self::FashionMnist => {
                let data = mnist::load(folder)?;
                let (found, expected) = (data.name(), known::FASHION_MNIST);
                anyhow::ensure!(found == expected, "{}: found {found}, expected {expected}", folder.display());
                Ok((data.train, data.test))
            }
            Self::Cifar10 => self.verified_archive(folder, cifar10::load),
            Self::Cifar100 => self.verified_archive(folder, cifar100::load),
        }
    }

    /// Verifies the archive, and loads the files that were unpacked from it.
    fn verified_archive(
        self,
        folder: &Path,
        load: fn(&Path) -> Result<Splits, minima_data::DataError>,
    ) -> Result<(Dataset, Dataset)> {
        for file in self.data_set().files {
            let path = folder.join(file.name);
            let found = digest(&path)?;
            anyhow::ensure!(
                found == file.sha256,
                "{}: found SHA-256 {found}, expected {}",
                path.display(),
                file.sha256
            );
        }
        let data = load(folder)?;
        ensure_counts(folder, data.train.len(), data.test.len())?;
        Ok((data.train, data.test))
    }

    /// Describes what [`Self::verified`] has checked. The files in the archives have no known hashes.
    fn checked(self, train: usize, test: usize) -> String {
        let images = format!("{train} training images, {test} test images");
        match self {
            Self::Mnist | Self::FashionMnist => format!("verified, {images}"),
            Self::Cifar10 => format!("archive verified; its six files are readable but have no known hashes: {images}"),
            Self::Cifar100 => {
                format!("archive verified; its two files are readable but have no known hashes: {images}")
            }
        }
    }

    /// Whether this is the committed MNIST file, which is compressed differently from the published file and needs no download.
    fn is_committed(self, download: &Download, folder: &Path) -> bool {
        let known = mnist::FILES.into_iter().find(|(name, _)| download.name == format!("{name}.gz"));
        self == Self::Mnist
            && known.is_some_and(|(_, known)| digest(&folder.join(&download.name)).is_ok_and(|found| found == known))
    }
}

impl Data {
    pub(crate) fn run(self) -> Result<Outcome> {
        match self.command {
            Command::List => Ok(list()),
            Command::Fetch(fetch) => fetch.run(),
        }
    }
}

fn list() -> Outcome {
    let mut outcome = Outcome::Fine;
    for name in Name::value_variants() {
        let set = name.data_set();
        let folder = name.folder();
        let state = if name.is_absent(&folder) {
            format!("missing; cargo xtask data fetch {} downloads {:.0} MB", set.name, megabytes(set.size()))
        } else {
            name.verified(&folder).map_or_else(
                |error| {
                    outcome = Outcome::Found;
                    format!("wrong: {error:#}")
                },
                |(train, test)| name.checked(train.len(), test.len()),
            )
        };
        say!("{:<13} {}\n              {}: {state}", set.name, set.about, folder.display());
    }
    outcome
}

impl Fetch {
    fn run(self) -> Result<Outcome> {
        let folder = self.folder.unwrap_or_else(|| self.name.folder());
        let fetcher = Fetcher::new(Options::from_environment())?;
        for download in self.name.data_set().downloads(&self.mirror) {
            if !self.name.is_committed(&download, &folder) {
                fetch(&fetcher, &download, &folder)?;
            }
        }
        match self.name {
            Name::Mnist | Name::FashionMnist => {}
            Name::Cifar10 => {
                tell!("unpacking");
                cifar10::unpack(&folder.join(cifar10::ARCHIVE), &folder)?;
            }
            Name::Cifar100 => {
                tell!("unpacking");
                cifar100::unpack(&folder.join(cifar100::ARCHIVE), &folder)?;
            }
        }
        let (train, test) = self.name.verified(&folder)?;
        say!("{}: {}", folder.display(), self.name.checked(train.len(), test.len()));
        Ok(Outcome::Fine)
    }
}

/// Checks the numbers of images of CIFAR-10 or CIFAR-100.
fn ensure_counts(folder: &Path, train: usize, test: usize) -> Result<()> {
    anyhow::ensure!(
        (train, test) == CIFAR_IMAGES,
        "{}: found {train} training images and {test} test images, expected {} and {}",
        folder.display(),
        CIFAR_IMAGES.0,
        CIFAR_IMAGES.1
    );
    Ok(())
}

/// Downloads one file, with a progress bar on a terminal. Failures of mirrors tried before are printed on standard error.
fn fetch(fetcher: &Fetcher, download: &Download, folder: &Path) -> Result<()> {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::with_draw_target(Some(download.size), ProgressDrawTarget::stderr_with_hz(5))
    } else {
        ProgressBar::hidden()
    };
    let style = "{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(download.name.clone());
    let mut failures = Vec::new();
    let fetched = fetcher.fetch(download, folder, &mut |event| match event {
        Event::Asked { have, .. } => {
            bar.set_position(have);
            bar.reset_eta();
        }
        Event::Received { have } => bar.set_position(have),
        Event::Failed(failure) => failures.push(failure.to_string()),
        _ => {}
    });
    bar.finish_and_clear();
    fetched?;
    failures.iter().for_each(|failure| tell!("{failure}"));
    Ok(())
}

fn digest(path: &Path) -> Result<String> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    sha256(file).with_context(|| path.display().to_string())
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_crates_know_the_same_files() {
        for ((file, (name, _)), published) in catalogue::MNIST.files.iter().zip(mnist::FILES).zip(mnist::PUBLISHED) {
            assert_eq!((file.name, file.sha256), (&*format!("{name}.gz"), published));
        }
        let fashion = catalogue::FASHION_MNIST.files.iter().zip(known::FASHION_MNIST_PUBLISHED);
        for ((file, published), (name, _)) in fashion.zip(mnist::FILES) {
            assert_eq!((file.name, file.sha256), (&*format!("{name}.gz"), published));
        }
        for (set, archive) in [(catalogue::CIFAR10, cifar10::ARCHIVE), (catalogue::CIFAR100, cifar100::ARCHIVE)] {
            assert_eq!(set.files.iter().map(|file| file.name).collect::<Vec<_>>(), [archive]);
        }
        assert_eq!(catalogue::DATA_SETS.len(), Name::value_variants().len());
    }

    #[test]
    fn only_what_has_a_known_hash_is_called_verified() {
        assert_eq!(Name::Mnist.checked(2, 1), "verified, 2 training images, 1 test images");
        assert_eq!(
            Name::Cifar10.checked(2, 1),
            "archive verified; its six files are readable but have no known hashes: 2 training images, 1 test images"
        );
    }

    #[test]
    fn every_name_is_that_of_the_catalogue() {
        for name in Name::value_variants() {
            let shown = name.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(shown.as_deref(), Some(name.data_set().name));
            assert!(minima_data::source::NAMES.iter().any(|(known, _)| *known == name.data_set().name));
        }
    }

    #[test]
    fn a_set_of_another_size_is_not_cifar10() {
        let folder = Path::new("here");
        assert!(ensure_counts(folder, 50_000, 10_000).is_ok());
        for (train, test) in [(49_999, 10_000), (50_000, 10_001)] {
            let message = ensure_counts(folder, train, test).map_err(|error| error.to_string());
            let expected = "expected 50000 and 10000";
            assert!(message.is_err_and(|message| message.starts_with("here: found ") && message.ends_with(expected)));
        }
    }
}
