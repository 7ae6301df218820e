//! `cargo xtask bench`.

use super::{load_data, on_a_worker, use_threads};
use crate::Outcome;
use anyhow::Result;
use clap::Args;
use minima_experiment::bench::bench;
use minima_experiment::tables::Table;

/// Time the network, the optimizers and the attacks on this machine.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask bench --filter gauss_newton --threads 1")]
pub(crate) struct Bench {
    /// Only what has this in its name
    #[arg(long, default_value = "")]
    filter: String,
    /// Threads to compute with [default: all]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Print one JSON object and nothing else
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub(crate) fn run(self) -> Result<Outcome> {
        use_threads(self.threads.map(usize::from))?;
        let data = load_data(None)?;
        let timings = on_a_worker(|| bench(&data, &self.filter))?;
        if self.json {
            println!("{}", serde_json::to_string(&timings)?);
            return Ok(Outcome::Fine);
        }
        let mut table = Table::new(&["", "median ms", "10 %", "90 %", "GFLOP/s"]);
        for t in &timings.results {
            let rate = if t.gflops > 0.0 { format!("{:.0}", t.gflops) } else { String::new() };
            let ms = |ms: f64| format!("{ms:.3}");
            table.rows.push(vec![t.name.clone(), ms(t.median_ms), ms(t.p10_ms), ms(t.p90_ms), rate]);
        }
        print!("{}", table.to_text());
        Ok(Outcome::Fine)
    }
}
