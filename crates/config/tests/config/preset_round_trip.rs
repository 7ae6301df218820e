//! Every accepted preset, with any numbers, writes a TOML file that reads back as the same preset.

use minima_config::preset::{Preset, PresetError};
use minima_config::seed;

/// A small random number generator (splitmix64), so that the cases are the same on all platforms.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[(self.next() % choices.len() as u64) as usize]
    }
}

/// Numbers at the limits of TOML, f64 and f32.
const NUMBERS: [&str; 24] = [
    "0",
    "-0.0",
    "1",
    "1.0",
    "-1",
    "0.1",
    "0.30000000000000004",
    "5e-324",
    "2.2250738585072014e-308",
    "1e-300",
    "1e-50",
    "1.1754943508222875e-38",
    "1e300",
    "1.7976931348623157e308",
    "1e400",
    "inf",
    "-inf",
    "nan",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
];

const KEYS: [&str; 26] = [
    "seeds",
    "epochs",
    "batch_size",
    "train_images",
    "test_images",
    "validation_images",
    "poison_rate",
    "epsilons",
    "rhos",
    "sharpness_batch",
    "attacked_images",
    "attack_epsilons",
    "curve_epsilons",
    "certified_images",
    "certified_epsilons",
    "certified_domains",
    "spectrum_images",
    "optimizers.sgd.learning_rate",
    "optimizers.adam.learning_rate",
    "optimizers.adam.epsilon",
    "optimizers.gauss-newton.damping",
    "optimizers.gauss-newton-cg.tolerance",
    "optimizers.gauss-newton-cg.step_limit",
    "optimizers.kfac.damping",
    "optimizers.ekfac.statistics_every",
    "optimizers.sam.rho",
];

#[test]
fn a_preset_that_is_accepted_reads_back_as_itself() {
    let mut draws = Draws(7);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let changes: Vec<String> = (0..1 + draws.next() % 3)
            .map(|_| {
                let key = draws.of(&KEYS);
                let listed = key == "seeds" || key == "rhos" || key == "epsilons" || key.ends_with("_epsilons");
                let numbers = (draws.of(&NUMBERS), draws.of(&NUMBERS));
                if listed { format!("{key}=[{}, {}]", numbers.0, numbers.1) } else { format!("{key}={}", numbers.0) }
            })
            .collect();
        match Preset::named("extended", &changes) {
            Ok(preset) => {
                accepted += 1;
                let text = preset.to_toml().unwrap_or_else(|error| panic!("{changes:?}: {error}"));
                assert_eq!(Preset::from_text(&text, "config.toml", &[]).unwrap(), preset, "{changes:?}");
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().contains('\n'), "{changes:?}: {error}");
            }
        }
    }
    // Both outcomes must be frequent for the test to be meaningful.
    assert!(accepted > 300 && refused > 300, "{accepted} accepted, {refused} refused");
}

#[test]
fn seeds_that_toml_cannot_hold_are_refused() {
    let preset = Preset::named("quick", &[]).unwrap();
    let largest = preset.clone().with_seeds(vec![1, seed::LARGEST]).unwrap();
    assert_eq!(Preset::from_text(&largest.to_toml().unwrap(), "config.toml", &[]).unwrap(), largest);
    for seed in [seed::LARGEST + 1, u64::MAX] {
        let error = preset.clone().with_seeds(vec![1, seed]).unwrap_err();
        assert!(matches!(&error, PresetError::Seed(wrong) if wrong.found == seed.to_string()), "{error}");
        for text in [format!("seeds=[{seed}]"), format!("seeds=[1, {seed}]")] {
            let error = Preset::named("quick", &[text]).unwrap_err().to_string();
            assert!(error.starts_with("--set seeds=["), "{error}");
        }
    }
}

#[test]
fn a_preset_that_no_file_can_have_is_not_written() {
    let preset = Preset::named("quick", &[]).unwrap();
    for wrong in [
        Preset { seeds: vec![u64::MAX], ..preset.clone() },
        Preset { train_images: usize::MAX, ..preset.clone() },
        Preset { validation_images: usize::MAX, ..preset.clone() },
        Preset { attacked_images: usize::MAX, ..preset.clone() },
        Preset { poison_rate: f64::NAN, ..preset.clone() },
        Preset { batch_size: 0, ..preset.clone() },
    ] {
        assert!(wrong.to_toml().is_err(), "{wrong:?}");
    }
    preset.to_toml().unwrap();
}
