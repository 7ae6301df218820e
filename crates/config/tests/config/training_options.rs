//! The table `training` of a preset: schedules, round trips and refused values.

use minima_config::TrainingOptions;
use minima_config::preset::Preset;
use minima_config::training_options::{AdversarialTraining, CrownIbpTraining, IntervalStep, IntervalTraining};

/// SGD alone trains.
fn preset(training: &str) -> Result<Preset, String> {
    let none = ["adam", "gauss-newton", "gauss-newton-published"].map(|name| format!("{name}.labels = []\n")).concat();
    let text = format!("extends = \"quick\"\n[training]\n{training}\n[optimizers]\n{none}");
    Preset::from_text(&text, "mine", &[]).map_err(|error| error.to_string())
}

/// The factors of `steps` steps in epochs of `steps_per_epoch` steps.
fn factors(training: &str, steps: u64, steps_per_epoch: u64) -> Vec<f64> {
    let options = preset(training).unwrap().training;
    (0..steps).map(|step| options.learning_rate_factor(step, steps, steps_per_epoch)).collect()
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12)
}

/// Expected values: PyTorch 2.15.0, `SGD([p], lr=1.0)`, the learning rate before each `scheduler.step()`.
#[test]
fn schedules_agree_with_pytorch() {
    // OneCycleLR(o, max_lr=1.0, total_steps=10)
    let expected = [
        0.04,
        0.52,
        1.0,
        0.9504846320134737,
        0.8117456539497631,
        0.6112620219362893,
        0.38874197806371075,
        0.18825834605023697,
        0.049519367986526286,
        4e-06,
    ];
    assert!(close(&factors("schedule = \"one-cycle\"", 10, 5), &expected));
    // OneCycleLR(o, max_lr=1.0, total_steps=7, pct_start=0.5, div_factor=10, final_div_factor=100)
    let expected = [
        0.1,
        0.41094235253127365,
        0.9140576474687263,
        0.9505339495172583,
        0.611649206511179,
        0.18906684397156262,
        0.001,
    ];
    let options = "{ kind = \"one-cycle\", peak_share = 0.5, start_factor = 0.1, end_factor = 0.01 }";
    assert!(close(&factors(&format!("schedule = {options}"), 7, 7), &expected));
    // CosineAnnealingLR(o, T_max=8, eta_min=0.1)
    let expected = [
        1.0,
        0.9657457896300791,
        0.8681980515339464,
        0.7222075445642905,
        0.55,
        0.3777924554357097,
        0.2318019484660537,
        0.134254210369921,
    ];
    assert!(close(&factors("schedule = { kind = \"cosine\", floor = 0.1 }", 8, 4), &expected));
    // StepLR(o, step_size=2, gamma=0.1), a step of the scheduler for each epoch of 3 steps.
    let of_epochs = factors("schedule = { kind = \"step\", every_epochs = 2 }", 21, 3);
    let expected: Vec<f64> = [1.0, 1.0, 0.1, 0.1, 0.01, 0.01, 0.001].into_iter().flat_map(|x| [x; 3]).collect();
    assert!(close(&of_epochs, &expected));
    // LinearLR(o, start_factor=1/4, total_iters=3)
    assert!(close(&factors("warm_up_epochs = 2.0", 6, 2), &[0.25, 0.5, 0.75, 1.0, 1.0, 1.0]));
}

#[test]
fn a_cosine_follows_the_warm_up() {
    let found = factors("warm_up_epochs = 0.5\nschedule = \"cosine\"", 10, 4);
    let rest = factors("schedule = \"cosine\"", 8, 4);
    assert_eq!(found, [&[0.5, 1.0][..], &rest].concat());
}

#[test]
fn factors_are_shares_for_any_number_of_steps() {
    for schedule in [
        "schedule = \"constant\"",
        "schedule = { kind = \"step\", every_epochs = 1, factor = 0.5 }\nwarm_up_epochs = 7.3",
        "schedule = \"cosine\"\nwarm_up_epochs = 1e9",
        "schedule = \"one-cycle\"",
        "schedule = { kind = \"one-cycle\", peak_share = 1.0 }",
        "schedule = { kind = \"one-cycle\", peak_share = 0.0 }",
    ] {
        for steps in [0, 1, 2, 3, 4, 100] {
            let options = preset(schedule).unwrap().training;
            for (step, of_epoch) in [(0, 0), (0, 1), (1, 1), (steps, 3), (2 * steps, 7), (u64::MAX, 1)] {
                let factor = options.learning_rate_factor(step, steps, of_epoch);
                assert!((0.0..=1.0).contains(&factor), "{schedule}: {factor} in step {step} of {steps}");
            }
        }
    }
    assert!(factors("", 20, 3).iter().all(|&factor| factor == 1.0));
}

#[test]
fn options_read_back_and_defaults_are_not_written() {
    for training in [
        "",
        "schedule = \"constant\"\ngradient_clip = 0.0\naugmentation = []\nwarm_up_epochs = 0",
        "schedule = { kind = \"constant\" }",
    ] {
        let preset = preset(training).unwrap();
        assert!(preset.training.is_default());
        assert!(!preset.to_toml().unwrap().contains("[training"));
    }
    for training in [
        "schedule = { kind = \"step\", every_epochs = 10, factor = 0.1 }\nwarm_up_epochs = 1.5",
        "schedule = { kind = \"cosine\", floor = 0.01 }",
        "schedule = \"one-cycle\"\nlabel_smoothing = 0.1\naverage = 0.999",
        "augmentation = [{ kind = \"pad-crop\", pixels = 4 }, { kind = \"flip\" }]",
        "schedule = \"cosine\"\naugmentation = [{ kind = \"flip\" }]\naverage = 0.0\nlabel_smoothing = 0.5",
    ] {
        let preset = preset(training).unwrap();
        assert!(!preset.training.is_default());
        let text = preset.to_toml().unwrap();
        assert_eq!(Preset::from_text(&text, "config.toml", &[]).unwrap(), preset, "{text}");
    }
}

#[test]
fn options_that_an_optimizer_cannot_follow_are_refused() {
    for (training, part) in [
        ("gradient_clip = 1.0", "training.gradient_clip is set for the optimizer gauss-newton; expected an option for"),
        (
            "adversarial = { kind = \"fgsm\", epsilon = 0.03 }",
            "training.adversarial is set for the optimizer gauss-newton",
        ),
        ("adversarial = { kind = \"pgd\", epsilon = 0.03, steps = 7 }", "of first order alone"),
        ("adversarial = { kind = \"trades\", epsilon = 0.03, beta = 1.0 }", "of first order alone"),
        (
            "adversarial = { kind = \"ibp\", epsilon = 0.1, kappa = 0.25, warmup = 0.2, ramp = 0.3 }",
            "of first order alone",
        ),
        ("label_smoothing = 0.1", "training.label_smoothing is 0.1 for the optimizer gauss-newton-published"),
    ] {
        let preset = preset(training).unwrap();
        assert_ne!(preset.training, TrainingOptions::default());
        assert_eq!(Preset::from_text(&preset.to_toml().unwrap(), "config.toml", &[]).unwrap(), preset);
        let text = format!("extends = \"quick\"\n[training]\n{training}\n");
        let error = Preset::from_text(&text, "mine", &[]).unwrap_err().to_string();
        assert!(error.contains(part), "{training}: {error}");
    }
}

#[test]
fn wrong_values_are_named() {
    for (training, part) in [
        ("warm_up_epochs = -1.0", "training.warm_up_epochs is -1"),
        (
            "warm_up_epochs = 1.0\nschedule = \"one-cycle\"",
            "training.warm_up_epochs is 1; expected 0 with the schedule",
        ),
        ("gradient_clip = nan", "training.gradient_clip is NaN"),
        ("label_smoothing = 1.0", "training.label_smoothing is 1"),
        ("average = 1.0", "training.average is 1"),
        ("schedule = \"two-cycle\"", "two-cycle"),
        ("schedule = \"step\"", "a table with the kind step"),
        ("schedule = 3", "expected a schedule"),
        ("schedule = { kind = \"step\", every_epochs = 0 }", "training.schedule.every_epochs is 0"),
        ("schedule = { kind = \"step\", every_epochs = 1, factor = 2.0 }", "training.schedule.factor is 2"),
        ("schedule = { kind = \"cosine\", flor = 0.0 }", "unknown field `flor`"),
        ("schedule = { kind = \"constant\", floor = 0.0 }", "unknown field `floor`"),
        ("schedule = { kind = \"one-cycle\", peak_share = -0.1 }", "training.schedule.peak_share is -0.1"),
        ("augmentation = [{ kind = \"pad-crop\", pixels = 0 }]", "training.augmentation.pixels is 0"),
        ("augmentation = [{ kind = \"flip\", pixels = 4 }]", "unknown field `pixels`"),
        ("augmentation = [{ kind = \"rotate\" }]", "rotate"),
        ("adversarial = { kind = \"fgsm\", epsilon = 0.0 }", "training.adversarial.epsilon is 0"),
        ("adversarial = { kind = \"fgsm\", epsilon = 0.1, steps = 3 }", "unknown field `steps`"),
        ("adversarial = { kind = \"pgd\", epsilon = 0.1, steps = 0 }", "training.adversarial.steps is 0"),
        ("adversarial = { kind = \"trades\", epsilon = 0.1, beta = -1.0 }", "training.adversarial.beta is -1"),
        ("adversarial = { kind = \"ibp\" }", "missing field `epsilon`"),
        ("adversarial = { kind = \"ibp\", epsilon = 2.0 }", "training.adversarial.epsilon is 2"),
        ("adversarial = { kind = \"ibp\", epsilon = 0.1, kappa = 1.5 }", "training.adversarial.kappa is 1.5"),
        ("adversarial = { kind = \"ibp\", epsilon = 0.1, warmup = nan }", "training.adversarial.warmup is NaN"),
        ("adversarial = { kind = \"ibp\", epsilon = 0.1, ramp = -0.1 }", "training.adversarial.ramp is -0.1"),
        (
            "adversarial = { kind = \"ibp\", epsilon = 0.1, warmup = 0.7 }",
            "ramp is 0.4; expected at most 1 together with",
        ),
        ("adversarial = { kind = \"ibp\", epsilon = 0.1, steps = 3 }", "unknown field `steps`"),
        ("adversarial = { kind = \"crown-ibp\", epsilon = 0.1, beta = 1.5 }", "training.adversarial.beta is 1.5"),
        ("adversarial = { kind = \"crown-ibp\", epsilon = 0.1, kappa = -0.5 }", "training.adversarial.kappa is -0.5"),
        ("adversarial = { kind = \"ibp\", epsilon = 0.1, beta = 0.5 }", "unknown field `beta`"),
        ("clip = 1.0", "unknown field `clip`"),
    ] {
        let error = preset(training).unwrap_err();
        assert!(error.contains(part), "{training}: {error}");
    }
}

#[test]
fn the_radius_of_interval_training_follows_the_step_alone() {
    let options = |text: &str| match preset(&format!("adversarial = {{ kind = \"ibp\", {text} }}")).unwrap().training {
        TrainingOptions { adversarial: Some(AdversarialTraining::Ibp(options)), .. } => options,
        other => panic!("{other:?}"),
    };
    let defaults = IntervalTraining { epsilon: 0.1, kappa: 0.5, warmup: 0.1, ramp: 0.4 };
    assert_eq!(options("epsilon = 0.1"), defaults);
    let found: Vec<f64> =
        (0..10).flat_map(|step| [defaults.at(step, 10).epsilon, defaults.at(step, 10).kappa]).collect();
    let expected =
        [0.0, 1.0, 0.025, 0.875, 0.05, 0.75, 0.075, 0.625, 0.1, 0.5, 0.1, 0.5, 0.1, 0.5, 0.1, 0.5, 0.1, 0.5, 0.1, 0.5];
    assert!(close(&found, &expected), "{found:?}");
    // The end is exact, and extreme shares are no division by zero.
    for text in ["kappa = 0.3", "warmup = 0.0, ramp = 0.0", "warmup = 1.0, ramp = 0.0", "warmup = 0.0, ramp = 1.0"] {
        let options = options(&format!("epsilon = 0.1, {text}"));
        for steps in [0, 1, 3, 1000] {
            for step in [0, 1, steps / 2, steps, u64::MAX] {
                let IntervalStep { epsilon, kappa } = options.at(step, steps);
                assert!((0.0..=0.1).contains(&epsilon) && (options.kappa..=1.0).contains(&kappa), "{text}, {step}");
            }
            assert_eq!(options.at(u64::MAX, steps), IntervalStep { epsilon: 0.1, kappa: options.kappa });
        }
    }
    // A longer run takes other first steps.
    assert!(preset("adversarial = { kind = \"ibp\", epsilon = 0.1 }").unwrap().training.depends_on_epochs());
    assert!(!preset("adversarial = { kind = \"pgd\", epsilon = 0.1 }").unwrap().training.depends_on_epochs());
}

#[test]
fn the_share_of_lines_falls_with_the_growing_radius() {
    let training = preset("adversarial = { kind = \"crown-ibp\", epsilon = 0.1 }").unwrap().training;
    assert!(training.depends_on_epochs());
    let Some(AdversarialTraining::CrownIbp(options)) = training.adversarial else { panic!("{training:?}") };
    assert_eq!(options, CrownIbpTraining { epsilon: 0.1, kappa: 0.5, beta: 0.0, warmup: 0.1, ramp: 0.4 });
    let beta = |options: CrownIbpTraining| -> Vec<f64> { (0..7).map(|step| options.at(step, 10).beta).collect() };
    assert!(close(&beta(options), &[1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0]), "{:?}", beta(options));
    let half = CrownIbpTraining { beta: 0.5, ..options };
    assert!(close(&beta(half), &[1.0, 0.875, 0.75, 0.625, 0.5, 0.5, 0.5]), "{:?}", beta(half));
    for step in 0..12 {
        assert_eq!(options.at(step, 10).interval, options.intervals().at(step, 10));
    }
}
