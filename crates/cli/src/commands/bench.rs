//! `cargo xtask bench`.

use super::{Device, on_a_worker, on_its_data};
use crate::data_options::DataOptions;
use crate::experiment_options::Experiment;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::threads::{self, ALLOWED};
use anyhow::{Context, Result, bail};
use clap::Args;
use minima_bench::bench;
use minima_bench::scaling::{NETWORKS, measure, points};
use minima_bench::{Timings, bench_on, floors, networks, networks_on};
use minima_bench::{scaling, time_to_accuracy};
use minima_config::preset::Preset;
use minima_cuda::NvidiaDevice;
use minima_report::figures;
use minima_rows::Table;
use minima_rows::{ScalingRow, write_csv};
use minima_runs::Host;
use minima_runs::machine::Machine;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Time the network, the optimizers and the attacks on this device.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask bench --filter gauss_newton --threads 1")]
pub struct Bench {
    /// Run only benchmarks whose name contains this text
    #[arg(long, default_value = "")]
    filter: String,
    /// Number of compute threads [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(ALLOWED))]
    threads: Option<u16>,
    /// The device to time. On a GPU only steps, epochs and the attack are timed
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    device: Device,
    /// Print a single JSON object
    #[arg(long)]
    json: bool,
    /// Measure instead passes, steps and curvature products on networks from 6 794 to 4.3 million parameters. On a GPU only
    /// steps are timed, each beside its lower bound
    #[arg(long, conflicts_with_all = ["scaling", "time_to_accuracy"])]
    networks: bool,
    /// Print instead what the steps of these networks cost at least on a GPU: launches, bytes, operations, memory, and the time
    /// that they take on an H100 and an H200. It needs no GPU
    #[arg(long, conflicts_with_all = ["networks", "device", "scaling", "time_to_accuracy", "json"])]
    floors: bool,
    /// Measure instead how the Gauss-Newton step scales with network and batch size; writes scaling.csv, scaling.svg and
    /// scaling.png
    #[arg(long, conflicts_with_all = ["filter", "json"])]
    scaling: bool,
    /// Measure instead how long each optimizer takes on the CPU to reach this test accuracy, such as 0.97; writes pace.csv,
    /// time_to_accuracy.csv and a figure
    #[arg(long, value_name = "ACCURACY", conflicts_with_all = ["filter", "json", "scaling", "device"])]
    time_to_accuracy: Option<f64>,
    #[command(flatten)]
    experiment: Experiment,
    /// Folder for the files of --scaling and --time-to-accuracy [default: results/scaling or results/time-to-accuracy]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Measure one point NETWORK,BATCH of --scaling and print it as JSON. Each point has its own process, to measure its memory
    #[arg(long, hide = true, value_delimiter = ',', conflicts_with_all = ["scaling", "filter", "json"])]
    scaling_point: Vec<usize>,
}

impl Bench {
    pub(crate) fn run(self) -> Result<Outcome> {
        if self.experiment.is_given() && self.time_to_accuracy.is_none() {
            bail!("--preset, --config and --set require --time-to-accuracy");
        }
        let out = |name: &str| self.out.clone().unwrap_or_else(|| Path::new("results").join(name));
        if self.scaling {
            return scale(&out("scaling"), self.threads);
        }
        threads::start(self.threads)?;
        if let Some(target) = self.time_to_accuracy {
            return race(target, self.experiment.preset("extended")?.1, &out("time-to-accuracy"));
        }
        if self.out.is_some() {
            bail!("--out requires --scaling or --time-to-accuracy");
        }
        if self.floors {
            say!("{}", floors(&self.filter)?.to_text().trim_end());
            return Ok(Outcome::Fine);
        }
        if let Some(products) = self.device.products().filter(|_| self.networks) {
            if self.json {
                bail!("--networks on a GPU prints a table, not JSON");
            }
            let open = || NvidiaDevice::open_multiplying(0, products);
            say!("{}", open().context("--device")?.describe());
            say!("{}", networks_on(&open, &self.filter)?.to_text().trim_end());
            return Ok(Outcome::Fine);
        }
        if self.networks {
            return self.print(&on_a_worker(|| networks(&self.filter))?);
        }
        let (preset, data) = on_its_data(Preset::named("paper", &[])?, &DataOptions::default())?;
        if let [network, batch] = self.scaling_point[..] {
            let network = *NETWORKS.get(network).with_context(|| format!("--scaling-point: no network {network}"))?;
            let row = on_a_worker(|| measure(network, batch, &data.train))?;
            say!("{}", serde_json::to_string(&row)?);
            return Ok(Outcome::Fine);
        }
        let machine = self.device.machine(&preset.network.graph(&data.train)?)?;
        let timings = on_a_worker(|| match &machine {
            Machine::Processor => bench(&data, &self.filter),
            Machine::Gpu(gpu) => bench_on(gpu.engine(), &data, &self.filter),
        })?;
        self.print(&timings)
    }

    /// Prints timings as a table or as JSON.
    fn print(&self, timings: &Timings) -> Result<Outcome> {
        if self.json {
            say!("{}", serde_json::to_string(timings)?);
            return Ok(Outcome::Fine);
        }
        let mut table = Table::new(&["", "median ms", "10 %", "90 %", "GFLOP/s"]);
        for t in &timings.results {
            let rate = if t.gflops > 0.0 { format!("{:.0}", t.gflops) } else { String::new() };
            let ms = |ms: f64| format!("{ms:.3}");
            table.rows.push(vec![t.name.clone(), ms(t.median_ms), ms(t.p10_ms), ms(t.p90_ms), rate]);
        }
        say!("{}", table.to_text().trim_end());
        Ok(Outcome::Fine)
    }
}

/// Trains every optimizer of the experiment up to the accuracy, and writes and prints the times.
fn race(target: f64, preset: Preset, out: &Path) -> Result<Outcome> {
    if !(0.0..1.0).contains(&target) {
        bail!("--time-to-accuracy is {target}; expected a number from 0 to below 1");
    }
    fs::create_dir_all(out).with_context(|| format!("--out {}", out.display()))?;
    let (preset, data) = on_its_data(preset, &DataOptions::default())?;
    let mut progress = Progress::new();
    let rows = on_a_worker(|| time_to_accuracy::measure(&preset, &data, target, &mut progress))?;
    progress.finish();
    let reached = time_to_accuracy::first_reached(&rows, target);
    write_csv(&out.join("pace.csv"), &rows)?;
    write_csv(&out.join("time_to_accuracy.csv"), &reached)?;
    let host = Host::here();
    let machine = format!(
        "{} threads of {}",
        rayon::current_num_threads(),
        host.processor.as_deref().unwrap_or("an unknown CPU")
    );
    figures::write(out, &figures::TimeToAccuracy { target, machine, rows })?;
    say!("{}", time_to_accuracy::table(&reached).to_text().trim_end());
    say!("Written to {}", out.display());
    Ok(Outcome::Fine)
}

/// Measures all points, each in its own process, and writes and prints them.
fn scale(out: &Path, threads: Option<u16>) -> Result<Outcome> {
    let program = std::env::current_exe().context("cannot find the path of this program, which runs once per point")?;
    let mut rows = Vec::new();
    for (network, batch) in points() {
        let mut command = Command::new(&program);
        command.args(["bench", "--scaling-point", &format!("{network},{batch}")]).stderr(Stdio::inherit());
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let output = command.output().with_context(|| format!("cannot start {}", program.display()))?;
        if !output.status.success() {
            bail!("network {network} with a batch of {batch}: {}", output.status);
        }
        rows.push(
            serde_json::from_slice::<ScalingRow>(&output.stdout)
                .context("the process of a scaling point printed no valid row")?,
        );
    }
    fs::create_dir_all(out).with_context(|| format!("--out {}", out.display()))?;
    write_csv(&out.join("scaling.csv"), &rows)?;
    let figure = figures::Scaling { rows };
    figures::write(out, &figure)?;
    say!("{}", scaling::table(&figure.rows).to_text().trim_end());
    Ok(Outcome::Fine)
}
