//! Options that select the data.

use anyhow::{Context, Result, bail};
use clap::Args;
use minima_data::source::Layout;
use minima_data::{DataSource, Splits};

/// Options that select the data.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DataOptions {
    /// The data set: mnist, fashion-mnist, cifar10, cifar100, or the path of a file or folder [default: the one that the
    /// experiment or the checkpoint names]
    #[arg(long, value_name = "NAME|PATH")]
    data: Option<String>,
    /// The order of the axes of images in arrays: nhwc or nchw [default: as the shape shows]
    #[arg(long, value_name = "ORDER", requires = "data")]
    data_layout: Option<Layout>,
    /// The share of the images that become the test set, if the data has none [default: 0.2]
    #[arg(long, value_name = "SHARE", requires = "data")]
    test_share: Option<f64>,
    /// The seed of the choice of these images [default: 0]
    #[arg(long, value_name = "SEED", requires = "data", value_parser = minima_config::seed::parse)]
    split_seed: Option<u64>,
}

impl DataOptions {
    /// The source that the options name, or else `default`.
    pub(crate) fn source(&self, default: Option<&DataSource>) -> Option<DataSource> {
        match &self.data {
            None => default.cloned(),
            Some(path) => Some(DataSource {
                path: path.clone(),
                layout: self.data_layout,
                test_share: self.test_share,
                split_seed: self.split_seed.unwrap_or_default(),
            }),
        }
    }

    /// Reads the data that the options name, or else `default`.
    pub(crate) fn load(&self, default: Option<&DataSource>) -> Result<(DataSource, Splits)> {
        let Some(source) = self.source(default) else {
            bail!("found no data set; expected one from --data, or the key `data` of the experiment");
        };
        let data = source.load().with_context(|| match self.data {
            Some(_) => "--data",
            None => "the data that the experiment or the checkpoint names",
        })?;
        Ok((source, data))
    }
}
