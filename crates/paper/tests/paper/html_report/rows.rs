//! A folder with synthetic results in every file.

use minima_config::preset::Preset;
use minima_report::results::Results;
use minima_rows::*;
use std::fs;
use std::path::PathBuf;

const OPTIMIZERS: [&str; 3] = ["sgd", "adam", "gauss-newton"];

/// A temporary folder.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn read(&self) -> Results {
        Results::read(self.0.path()).unwrap()
    }

    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn add<R: Record>(&self, file: &str, rows: &[R]) {
        write_csv(&self.path(file), rows).unwrap();
    }

    pub(crate) fn full() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::write(folder.path("config.toml"), Preset::named("quick", &[]).unwrap().to_toml().unwrap()).unwrap();
        let hashes = minima_data::mnist::FILES.map(|(file, hash)| format!("\"{file}.gz\": \"{hash}\"")).join(", ");
        folder.made_with(&format!("\"data\": {{{hashes}}}"));
        folder.tables();
        folder.seeds();
        folder.matched();
        folder.others();
        folder
    }

    /// Writes a manifest with this text about the data.
    pub(crate) fn made_with(&self, data: &str) {
        let manifest =
            format!("{{\"version\": \"0.1.0\", \"preset\": \"made-up\", {data}, \"host\": {{\"os\": \"x\"}}}}");
        fs::write(self.path("manifest.json"), manifest).unwrap();
    }

    fn tables(&self) {
        let mut training = Vec::new();
        let (mut tables, mut table3, mut distributions) = ([vec![], vec![]], vec![], vec![]);
        for (place, optimizer) in OPTIMIZERS.into_iter().enumerate() {
            for (index, labels) in ["clean", "poisoned"].into_iter().enumerate() {
                training.extend((1..=3).map(|epoch| training_row(labels, optimizer, 42, epoch, place)));
                for epsilon in [0.1, 0.05] {
                    tables[index].push(FgsmRow::new(labels, optimizer, 42, epsilon, 9_700, 5_000 + 500 * place as u32));
                }
            }
            table3.push(SharpnessRow::new(optimizer, 42, 0.01, Scope::Batch, 0.02, 0.01));
            for quantity in [Quantity::InputGradientNorm, Quantity::LogitMargin] {
                let summary = minima_metrics::Summary::of(&[0.1, 0.2, 0.3]).unwrap();
                distributions.push(DistributionRow::new("clean", optimizer, 42, quantity, &summary));
            }
        }
        self.add("training.csv", &training);
        self.add("tables/fgsm.csv", &tables.concat());
        self.add("tables/sharpness.csv", &table3);
        self.add("tables/distributions.csv", &distributions);
        let attack = |attack: &str, optimizer: &str, epsilon, robust| RobustnessRow {
            labels: "clean".into(),
            optimizer: optimizer.into(),
            seed: 42,
            attack: attack.into(),
            norm: "linf".into(),
            epsilon,
            images: 1_000,
            correct: 970,
            successes: 970 - robust,
            robust,
        };
        let of = |name: &str| {
            [("pgd", 200), ("square", 220), ("autoattack", 50)].map(|(kind, robust)| attack(kind, name, 0.1, robust))
        };
        self.add("tables/robustness.csv", &OPTIMIZERS.map(of).concat());
        let curve =
            |name: &str| [(0.0, 970), (0.1, 300)].map(|(epsilon, robust)| attack("fgsm", name, epsilon, robust));
        self.add("tables/robustness_curves.csv", &OPTIMIZERS.map(curve).concat());
        let histogram = |from, to, images| HistogramRow {
            labels: "clean".into(),
            optimizer: "adam".into(),
            seed: 42,
            quantity: Quantity::LogitMargin,
            from,
            to,
            images,
        };
        let rows = [
            histogram(f64::NEG_INFINITY, -1.0, 3),
            histogram(-1.0, 0.0, 20),
            histogram(0.0, 1.0, 70),
            histogram(1.0, f64::INFINITY, 7),
        ];
        self.add("tables/histograms.csv", &rows);
        let adversarial = AdversarialRow {
            labels: "clean".into(),
            optimizer: "adam".into(),
            seed: 42,
            image: 3,
            label: 7,
            predicted: 2,
            epsilon: 0.1,
            confidence_before: 0.99,
            confidence_after: 0.75,
            height: 2,
            width: 2,
            channels: 1,
            original: "00ff8040".into(),
            adversarial: "1ae69959".into(),
        };
        self.add("tables/adversarial.csv", &[adversarial]);
    }

    fn seeds(&self) {
        let (mut training, mut late) = (Vec::new(), Vec::new());
        for (place, optimizer) in OPTIMIZERS.into_iter().enumerate() {
            for seed in [1, 2, 3] {
                for epoch in 1..=3 {
                    training.push(training_row("clean", optimizer, seed, epoch, place));
                    for (attack, robust) in [("fgsm", 400), ("autoattack", 60)] {
                        late.push(LateAttackRow {
                            labels: "clean".into(),
                            optimizer: optimizer.into(),
                            seed,
                            epoch,
                            attack: attack.into(),
                            epsilon: 0.1,
                            images: 1_000,
                            correct: 1_000,
                            // The first optimizer varies between seeds, the last between epochs.
                            robust: robust + if place == 0 { 20 * seed as u32 } else { 20 * epoch },
                        });
                    }
                }
            }
        }
        self.add("studies/seeds/training.csv", &training);
        self.add("studies/seeds/late.csv", &late);
        let claim = |claim: &str, against: &str, verdict| ClaimRow {
            claim: claim.into(),
            optimizer: "gauss-newton".into(),
            against: against.into(),
            labels: "clean".into(),
            at: Some(0.1),
            quantity: "success rate".into(),
            seeds: 3,
            effect: -0.05,
            low: -0.06,
            high: -0.04,
            p: 0.001,
            p_holm: 0.00001,
            negligible: Some(0.05),
            p_negligible: Some(0.5),
            border: 0.0,
            least_effect: Some(0.03),
            seeds_to_decide: Some(4),
            verdict,
        };
        use ClaimVerdict::{Fails, Holds, Undecided};
        let rows = [
            claim("a", "sgd", Holds),
            claim("a", "adam", Fails),
            claim("d", "sgd", Holds),
            claim("d", "adam", Undecided),
            claim("e", "sgd", Holds),
        ];
        self.add("studies/seeds/claims.csv", &rows);
    }

    fn matched(&self) {
        let mut path = Vec::new();
        for (place, optimizer) in OPTIMIZERS.into_iter().enumerate() {
            for step in [0, 25, 50, 100] {
                path.push(PathRow {
                    labels: "clean".into(),
                    optimizer: optimizer.into(),
                    seed: 1,
                    step,
                    train_loss: 2.3 / (1.0 + step as f64 / (10.0 + place as f64)),
                    train_accuracy: 0.9,
                    test_loss: 0.3,
                    test_accuracy: 0.9,
                    mean_margin: 2.0 + step as f64 / 50.0,
                    median_input_gradient_norm: 0.01,
                    epsilon: 0.1,
                    correct: 9_000,
                    successes: 4_500,
                });
            }
        }
        self.add("studies/matched/path.csv", &path);
        let matched = |optimizer: &str, seed, rate: Option<f64>| MatchRow {
            reference: "gauss-newton".into(),
            optimizer: optimizer.into(),
            seed,
            basis: Basis::TrainLoss,
            value: 0.25,
            step: rate.map(|_| 60.5),
            epsilon: 0.1,
            reference_rate: 0.6,
            rate,
            reference_test_loss: 0.3,
            test_loss: rate,
            reference_test_accuracy: 0.95,
            test_accuracy: rate,
        };
        let rows = [matched("adam", 1, Some(0.61)), matched("adam", 2, Some(0.61)), matched("sgd", 1, None)];
        self.add("studies/matched/matches.csv", &rows);
    }

    fn others(&self) {
        let (mut scale, mut poison, mut damping) = (Vec::new(), Vec::new(), Vec::new());
        let (mut precision, mut drift, mut surface, mut segments) = (vec![], vec![], vec![], vec![]);
        for (place, optimizer) in OPTIMIZERS.into_iter().enumerate() {
            let factor = 1.0 + place as f64;
            scale.push(LogitScaleRow {
                labels: "clean".into(),
                optimizer: optimizer.into(),
                seed: 1,
                factor,
                quantity: ScaledQuantity::LogitMargin,
                rho: None,
                mean_before: 6.0 / factor,
                median_before: 6.0 / factor,
                mean_after: 6.0,
                median_after: 6.0,
            });
            for rate in [0.0, 0.4] {
                let wrong = (100.0 * rate) as u32;
                poison.push(PoisonRow {
                    flips: "uniform".into(),
                    rate,
                    optimizer: optimizer.into(),
                    seed: 1,
                    train_loss: 0.1 + rate,
                    test_accuracy: 0.97 - 0.1 * rate,
                    sevens_as_ones: 0.0,
                    wrong_labels: wrong,
                    memorised: wrong / 4,
                    recovered: wrong / 2,
                    epsilon: 0.1,
                    correct: 9_000,
                    successes: 4_500,
                });
            }
            for x in [-1.0, -0.5, 0.0, 0.5, 1.0] {
                for y in [-1.0, -0.5, 0.0, 0.5, 1.0] {
                    let train_loss = 0.1 + factor * (x * x + y * y);
                    let (labels, optimizer) = ("clean".to_owned(), optimizer.to_owned());
                    surface.push(SurfaceRow { labels, optimizer, seed: 1, x, y, train_loss, train_accuracy: 0.9 });
                }
            }
        }
        for t in [0.0, 0.5, 1.0] {
            segments.push(SegmentRow {
                labels: "clean".into(),
                from: "sgd".into(),
                to: "adam".into(),
                seed: 1,
                t,
                train_loss: 0.2 - 0.1 * t + 4.0 * t * (1.0 - t),
                test_accuracy: 0.9,
            });
        }
        for (learning_rate, lambda, loss) in [(0.01, 0.1, Some(0.3)), (0.1, 0.1, Some(0.2)), (0.1, 0.01, None)] {
            damping.push(DampingRow {
                optimizer: "gauss-newton".into(),
                learning_rate,
                damping: lambda,
                seed: 1,
                epochs: 2,
                train_loss: loss,
                test_accuracy: loss.map(|loss| 1.0 - 0.1 * loss),
                epsilon: 0.1,
                correct: loss.map(|_| 9_000),
                successes: loss.map(|loss| (9_000.0 * (1.0 - loss)) as u32),
                failure: if loss.is_none() { "the training diverged".to_owned() } else { String::new() },
            });
        }
        for (arithmetic, successes) in [("f64", 6_000), ("tf32", 4_500)] {
            precision.push(PrecisionRow {
                variant: "coupled".into(),
                arithmetic: arithmetic.into(),
                seed: 1,
                epoch: 1,
                train_loss: 1.0,
                test_accuracy: 0.9,
                median_input_gradient_norm: 0.1,
                epsilon: 0.1,
                correct: 9_000,
                successes,
            });
        }
        for (curvature_from, share) in [(0.0, 0.75), (0.01, 0.25)] {
            drift.push(DriftRow {
                variant: "coupled".into(),
                arithmetic: "tf32".into(),
                seed: 1,
                epoch: 1,
                distance: 0.5,
                travelled: 2.0,
                curvature_from,
                curvature_to: curvature_from + 0.01,
                share,
            });
        }
        let predictor = |measure: &str, at, scope, correlation: f64| PredictorRow {
            measure: measure.into(),
            at,
            robustness: "robust to AutoAttack".into(),
            epsilon: Some(0.1),
            scope,
            count: 12,
            correlation,
            low: correlation - 0.2,
            high: correlation + 0.2,
        };
        use PredictorScope::{All, Between, Within};
        let predictors = [
            predictor("λ₁ of the Hessian", None, All, -0.5),
            predictor("λ₁ of the Hessian", None, Within, 0.1),
            predictor("median loss increase (nats)", Some(0.01), Within, -0.7),
            predictor("median loss increase (nats)", Some(0.01), Between, 0.3),
        ];
        self.add("studies/predictors/correlations.csv", &predictors);
        let radius = |optimizer: &str, seed, mean_proved: f64| RadiusRow {
            labels: CLEAN.into(),
            optimizer: optimizer.into(),
            seed,
            images: 200,
            correct: 190,
            unbroken: 1,
            mean_proved,
            mean_broken: mean_proved + 0.02,
            median_proved: mean_proved - 0.001,
            median_broken: mean_proved + 0.021,
        };
        let radii = [radius("sgd", 1, 0.04), radius("sgd", 2, 0.05), radius("adam", 1, 0.03), radius("adam", 2, 0.02)];
        let difference = |quantity, effect: f64| RadiusDifferenceRow {
            optimizer: "sgd".into(),
            against: "adam".into(),
            quantity,
            seeds: 2,
            effect,
            low: effect - 0.01,
            high: effect + 0.01,
            p_holm: 0.03,
        };
        let differences = [difference(RadiusQuantity::Proved, 0.02), difference(RadiusQuantity::Least, -0.001)];
        self.add("studies/radii/radii.csv", &radii);
        self.add("studies/radii/differences.csv", &differences);
        let of_radii =
            |row: &PredictorRow| PredictorRow { robustness: "mean proved radius".into(), epsilon: None, ..row.clone() };
        self.add("studies/radii/correlations.csv", &predictors.each_ref().map(of_radii));
        self.add("studies/logit-scale/logit_scale.csv", &scale);
        self.add("studies/poison/poison.csv", &poison);
        self.add("studies/damping/damping.csv", &damping);
        self.add("studies/precision/precision.csv", &precision);
        self.add("studies/precision/drift.csv", &drift);
        self.add("studies/landscape/surface.csv", &surface);
        self.add("studies/landscape/segments.csv", &segments);
    }
}

fn training_row(labels: &str, optimizer: &str, seed: u64, epoch: u32, place: usize) -> TrainingRow {
    let train_loss = 0.5 / f64::from(epoch) + 0.1 * place as f64;
    TrainingRow {
        labels: labels.into(),
        optimizer: optimizer.into(),
        seed,
        epoch,
        train_loss,
        train_accuracy: 0.95,
        test_loss: train_loss,
        test_accuracy: 0.97 - 0.01 * place as f64,
        ..TrainingRow::default()
    }
}
