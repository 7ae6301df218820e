//! The regression gate can fail: each fault is planted in turn, and each is detected.
//!
//! Run by `cargo test -p minima-gate --release --features planted-faults --test gate -- --nocapture`, which prints a table of
//! the faults and the checks that detect them.

use minima_config::Labels;
use minima_data::{Splits, mnist};
use minima_faults::{Fault, plant};
use minima_gate::{Part, check_only};
use minima_rows::Table;
use minima_runs::observer::Silent;
use minima_tests::property::{self, Property};
use std::path::Path;

/// The check that must detect a fault.
enum Catcher {
    /// This part of `cargo xtask check`.
    Gate { optimizer: &'static str, labels: &'static [Labels] },
    /// A property that is also an ordinary test.
    Property(Property),
}

const CLEAN: &[Labels] = &[Labels::Clean];
const POISONED: &[Labels] = &[Labels::Poisoned];

const fn gate(optimizer: &'static str) -> Catcher {
    Catcher::Gate { optimizer, labels: CLEAN }
}

/// The check for each fault. A fault without a check does not compile.
fn catcher(fault: Fault) -> Catcher {
    match fault {
        Fault::ConvolutionSign
        | Fault::BiasForgotten
        | Fault::GateOpen
        | Fault::SameOrder
        | Fault::TestSetPoisoned
        | Fault::SeedIgnored
        | Fault::EpsilonDoubled
        | Fault::NotClipped => gate("sgd"),
        Fault::PoisonForgotten => Catcher::Gate { optimizer: "sgd", labels: POISONED },
        Fault::AdamBiasKept => gate("adam"),
        Fault::SamAtOldPoint => gate("sam"),
        Fault::NotOrthogonal => gate("muon"),
        Fault::VelocityLost | Fault::SoftmaxOverImages => gate("kfac"),
        Fault::BatchShareMissing => gate("gauss-newton"),
        Fault::DampingMissing => gate("gauss-newton-cg"),
        Fault::MaximumMisplaced => Catcher::Property(property::GRADIENT),
        Fault::MomentumLost => Catcher::Property(property::MOMENTUM),
        Fault::StateForgotten => Catcher::Property(property::RESUMPTION),
        Fault::StatisticsNeverFade => Catcher::Property(property::STATISTICS),
        Fault::LastBatchDropped => Catcher::Property(property::EPOCH),
        Fault::NotProjected => Catcher::Property(property::BALL),
        Fault::AttentionUnscaled | Fault::LayerNormCurvature | Fault::SoftmaxCurvature | Fault::TokenBiasForgotten => {
            Catcher::Property(property::TRANSFORMER)
        }
        Fault::GroupNormAxis | Fault::PaddingShifted => Catcher::Property(property::RESIDUAL),
    }
}

impl Catcher {
    fn name(&self) -> String {
        match self {
            Self::Gate { optimizer, labels } => {
                let labels: Vec<&str> = labels.iter().map(|labels| labels.name()).collect();
                format!("check, {} {optimizer}", labels.join(" and "))
            }
            Self::Property((name, _)) => format!("property, {name}"),
        }
    }

    /// Runs the check. Returns the first failure in one line, or `None` if the check passes.
    fn finds(&self, data: &Splits) -> Option<String> {
        match self {
            Self::Gate { optimizer, labels } => {
                let baseline = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/baselines/accuracy.csv");
                let part = Part { optimizers: &[optimizer], labels };
                match check_only(&baseline, part, data, &mut Silent) {
                    Ok(verdict) => verdict.moved.first().map(ToString::to_string),
                    Err(error) => Some(error.to_string()),
                }
            }
            Self::Property((_, holds)) => holds().err().map(|found| found.to_string()),
        }
    }
}

/// A single test, because the planted fault is the same for all threads.
#[test]
fn every_fault_is_caught() -> Result<(), Box<dyn std::error::Error>> {
    let data = mnist::load_default()?;
    plant(None);
    let mut asked = Vec::new();
    for catcher in Fault::ALL.iter().map(|&fault| catcher(fault)) {
        if !asked.contains(&catcher.name()) {
            assert_eq!(catcher.finds(&data), None, "without a fault: {}", catcher.name());
            asked.push(catcher.name());
        }
    }
    let mut table = Table::new(&["fault", "caught by", "what moved first (recorded → found)"]);
    let mut missed = Vec::new();
    for &fault in Fault::ALL {
        let catcher = catcher(fault);
        plant(Some(fault));
        let found = catcher.finds(&data);
        plant(None);
        if found.is_none() {
            missed.push(fault);
        }
        let found = found.unwrap_or_else(|| "MISSED".to_owned());
        table.rows.push(vec![fault.to_string(), catcher.name(), found]);
    }
    println!("{}", table.to_text());
    assert!(missed.is_empty(), "not caught: {missed:?}");
    Ok(())
}
