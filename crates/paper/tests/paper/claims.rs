//! Claims on synthetic models. A claim holds if it is true by construction, fails if the opposite is, and is otherwise undecided.

use minima_paper::claims::CLAIMS;
use minima_report::verdict;
use minima_rng::Key;
use minima_rows::optimizers::{ADAM, MEAN, PUBLISHED, SAM, SGD};
use minima_rows::{CLEAN, ClaimRow, ClaimVerdict, POISONED, read_csv, write_csv};
use minima_studies::claims::{ClaimOptions, ModelOutcome, evaluate};

const IMAGES: usize = 2_000;
const BATCH: usize = 100;

/// Properties of a synthetic model; they vary slightly between seeds.
#[derive(Clone, Copy)]
struct Traits {
    accuracy: f64,
    flipped: f64,
    norm: f64,
    margin: f64,
    increase: f64,
}

const FIRST_ORDER: Traits = Traits { accuracy: 0.97, flipped: 0.75, norm: 0.01, margin: 8.0, increase: 0.01 };
/// The rows, formatted for failing tests.
fn shown(rows: &[ClaimRow]) -> String {
    rows.iter().map(|row| format!("{row:?}\n")).collect()
}

/// The traits that the paper claims for Gauss-Newton.
const AS_CLAIMED: Traits = Traits { accuracy: 0.96, flipped: 0.5, norm: 0.5, margin: 1.4, increase: 0.03 };
/// The opposite of [`AS_CLAIMED`].
const OPPOSITE: Traits = Traits { accuracy: 0.8, flipped: 0.9, norm: 0.001, margin: 16.0, increase: 0.001 };

fn outcome(labels: &str, optimizer: &str, seed: u64, traits: Traits) -> ModelOutcome {
    let name = labels.bytes().chain(optimizer.bytes()).fold(17u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    let key = Key::new(seed).fold_in(name);
    let luck = |number: u32, size: f64| size * f64::from(key.fold_in(number).normal(1)[0]);
    let share = |number: u32, share: f64| -> Vec<bool> {
        // Accuracies vary less between seeds than success rates.
        let share = share + luck(number, if number == 1 { 0.001 } else { 0.005 });
        key.fold_in(100 + number).uniform(IMAGES).into_iter().map(|u| f64::from(u) < share).collect()
    };
    let values = |number: u32, centre: f64| -> Vec<f64> {
        let factor = centre * (1.0 + luck(number, 0.03));
        key.fold_in(100 + number).uniform(IMAGES).into_iter().map(|u| factor * (0.5 + f64::from(u))).collect()
    };
    let of_batches = |values: Vec<f64>| (0..IMAGES).map(|image| values[image / BATCH]).collect();
    ModelOutcome {
        labels: labels.to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        correct: share(1, traits.accuracy),
        flipped: vec![(0.1, share(2, traits.flipped)), (0.05, share(3, traits.flipped))],
        input_gradient_norms: values(4, traits.norm),
        logit_margins: values(5, traits.margin),
        loss_increases: vec![(0.01, of_batches(values(6, traits.increase)))],
        robust: vec![("autoattack".to_owned(), 0.1, share(7, 1.0 - traits.flipped)[..500].to_vec())],
        proved: vec![(0.01, share(8, 0.9 * (1.0 - traits.flipped))[..100].to_vec())],
    }
}

/// SGD, Adam and one Gauss-Newton, clean and poisoned, and SAM on clean labels with the traits of that Gauss-Newton; poisoning lowers
/// the first two's success rate by `lowered`.
fn models(seeds: u64, gauss_newton: Traits, lowered: f64) -> Vec<ModelOutcome> {
    let poisoned = |traits: Traits| Traits { flipped: traits.flipped - lowered, ..traits };
    let of_seed = |seed| {
        [
            outcome(CLEAN, SGD, seed, FIRST_ORDER),
            outcome(CLEAN, ADAM, seed, FIRST_ORDER),
            outcome(CLEAN, PUBLISHED, seed, gauss_newton),
            outcome(CLEAN, SAM, seed, gauss_newton),
            outcome(POISONED, SGD, seed, poisoned(FIRST_ORDER)),
            outcome(POISONED, ADAM, seed, poisoned(FIRST_ORDER)),
            outcome(POISONED, PUBLISHED, seed, Traits { flipped: gauss_newton.flipped + 0.1, ..gauss_newton }),
        ]
    };
    (0..seeds).flat_map(of_seed).collect()
}

fn options() -> ClaimOptions {
    ClaimOptions { draws: 300, sharpness_batch: BATCH, ..ClaimOptions::default() }
}

fn verdicts(rows: &[ClaimRow], optimizer: &str, letters: &str) -> Vec<ClaimVerdict> {
    letters.chars().map(|letter| verdict(rows, &letter.to_string(), optimizer)).collect()
}

#[test]
fn what_is_so_holds() {
    let rows = evaluate(&CLAIMS, &models(5, AS_CLAIMED, 0.2), &options()).unwrap();
    assert_eq!(verdicts(&rows, PUBLISHED, "acdefgh"), [ClaimVerdict::Holds; 7], "{}", shown(&rows));
    assert_eq!(verdicts(&rows, SGD, "cg"), [ClaimVerdict::Holds; 2]);
    assert_eq!(verdicts(&rows, ADAM, "cg"), [ClaimVerdict::Holds; 2]);
    assert_eq!(verdicts(&rows, SAM, "gjk"), [ClaimVerdict::Holds; 3]);
    // The effect equals the constructed one within three standard errors of 2 000 images and five seeds.
    let first = rows.iter().find(|row| row.claim == "a" && row.against == ADAM).unwrap();
    assert!((first.effect + 0.25).abs() < 3.0 * 0.0075, "{}", first.effect);
    assert!(first.low < first.effect && first.effect < first.high && first.high < 0.0);
}

#[test]
fn what_is_the_other_way_round_fails() {
    let rows = evaluate(&CLAIMS, &models(5, OPPOSITE, -0.2), &options()).unwrap();
    assert_eq!(verdicts(&rows, PUBLISHED, "adefgh"), [ClaimVerdict::Fails; 6], "{}", shown(&rows));
    assert_eq!(verdicts(&rows, SGD, "c"), [ClaimVerdict::Fails]);
}

#[test]
fn what_is_neither_is_undecided() {
    let rows = evaluate(&CLAIMS, &models(5, FIRST_ORDER, 0.0), &options()).unwrap();
    assert_eq!(verdicts(&rows, PUBLISHED, "def"), [ClaimVerdict::Undecided; 3], "{}", shown(&rows));
    assert_eq!(verdicts(&rows, MEAN, "a"), [ClaimVerdict::Undecided]);
}

/// Rates of equal models differ by chance alone: with 20 seeds by half a point and, on 500 images, by a point. That is less than the 5
/// points that matter.
#[test]
fn what_is_too_small_to_matter_is_negligible() {
    let rows = evaluate(&CLAIMS, &models(20, FIRST_ORDER, 0.0), &options()).unwrap();
    assert_eq!(verdicts(&rows, PUBLISHED, "ah"), [ClaimVerdict::Negligible; 2], "{}", shown(&rows));
    let of = |claim: &'static str| rows.iter().filter(move |row| row.claim == claim);
    assert!(of("a").all(|row| row.p_negligible.unwrap() < 0.05 && row.negligible == Some(0.05)));
    // Too few seeds, and fewer than would decide.
    let few = evaluate(&CLAIMS, &models(2, FIRST_ORDER, 0.0), &options()).unwrap();
    assert_eq!(verdicts(&few, PUBLISHED, "ah"), [ClaimVerdict::Undecided; 2], "{}", shown(&few));
    assert!(few.iter().filter(|row| row.claim == "a").all(|row| row.seeds_to_decide.unwrap() > 2));
    // A quantity without such a difference has no such test.
    assert!(of("d").all(|row| row.p_negligible.is_none() && row.verdict == ClaimVerdict::Undecided));
}

/// Rates that differ only by chance (standard error over 20 seeds and 2 000 images: half a point) are equal within 2 points.
/// Rates that differ by 25 points are not.
#[test]
fn equal_is_what_is_within_the_margin() {
    let same = evaluate(&CLAIMS, &models(20, AS_CLAIMED, 0.2), &options()).unwrap();
    assert_eq!(verdict(&same, "b", ADAM), ClaimVerdict::Holds, "{}", shown(&same));
    let mut apart = models(5, AS_CLAIMED, 0.2);
    for model in apart.iter_mut().filter(|model| model.optimizer == ADAM) {
        *model = outcome(&model.labels, ADAM, model.seed, AS_CLAIMED);
    }
    let rows = evaluate(&CLAIMS, &apart, &options()).unwrap();
    assert_eq!(verdict(&rows, "b", ADAM), ClaimVerdict::Fails);
}

#[test]
fn one_seed_decides_nothing() {
    let rows = evaluate(&CLAIMS, &models(1, AS_CLAIMED, 0.2), &options()).unwrap();
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!((row.verdict, row.p, row.seeds), (ClaimVerdict::Undecided, 1.0, 1));
        assert!(row.low == f64::NEG_INFINITY && row.high == f64::INFINITY);
    }
}

#[test]
fn rows_survive_a_file_and_are_the_same_on_any_number_of_threads() {
    let one = evaluate(&CLAIMS, &models(1, AS_CLAIMED, 0.2), &options()).unwrap();
    let models = models(3, AS_CLAIMED, 0.2);
    let rows = evaluate(&CLAIMS, &models, &options()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for rows in [&one, &rows] {
        let path = folder.path().join("claims.csv");
        write_csv(&path, rows).unwrap();
        assert_eq!(&read_csv::<ClaimRow>(&path).unwrap(), rows);
    }
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(alone.install(|| evaluate(&CLAIMS, &models, &options())).unwrap(), rows);
}

#[test]
fn every_claim_is_judged() {
    let rows = evaluate(&CLAIMS, &models(3, AS_CLAIMED, 0.2), &options()).unwrap();
    for claim in &CLAIMS {
        // Not every optimizer has a model in this test.
        let judged = |optimizer: &&str| rows.iter().any(|row| row.claim == claim.letter && row.optimizer == *optimizer);
        assert!(claim.about.iter().any(judged), "{}", claim.letter);
    }
    // Two epsilons, two optimizers to compare with.
    assert_eq!(rows.iter().filter(|row| row.claim == "a").count(), 4);
}

#[test]
fn what_is_missing_is_left_out_and_what_is_wrong_is_an_error() {
    assert!(evaluate(&CLAIMS, &[], &options()).unwrap().is_empty());
    let mut models = models(2, AS_CLAIMED, 0.2);
    for model in &mut models {
        model.robust.clear();
        model.proved.clear();
        model.loss_increases.clear();
    }
    let rows = evaluate(&CLAIMS, &models, &options()).unwrap();
    assert!(rows.iter().all(|row| !["f", "h", "i"].contains(&row.claim.as_str())));
    // All images are misclassified: there is an accuracy, but no success rate.
    models[2].correct = vec![false; IMAGES];
    let rows = evaluate(&CLAIMS, &models, &options()).unwrap();
    assert!(rows.iter().any(|row| row.claim == "a" && row.seeds == 1));
    models[0].logit_margins[3] = f64::NAN;
    assert!(evaluate(&CLAIMS, &models, &options()).is_err());
    models[0].logit_margins.clear();
    models[0].correct.pop();
    assert!(evaluate(&CLAIMS, &models, &options()).is_err());
}
