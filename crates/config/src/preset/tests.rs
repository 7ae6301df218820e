use super::*;

fn change(text: &str) -> Result<Preset, PresetError> {
    Preset::named("extended", &[text.to_owned()])
}

#[test]
fn every_preset_reads() {
    for name in Preset::names() {
        Preset::named(name, &[]).unwrap();
    }
    let hardware = Preset::named("paper-hardware", &[]).unwrap();
    let names = ["sgd", "adam", "gauss-newton-published", "gauss-newton-published-tf32", "gauss-newton"];
    assert_eq!(hardware.optimizer_names(), names);
}

#[test]
fn every_preset_reads_back_as_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    for name in Preset::names() {
        let preset = Preset::named(name, &["epsilons=[0.1, 0.3]".to_owned()]).unwrap();
        std::fs::write(&path, preset.to_toml().unwrap()).unwrap();
        assert_eq!(Preset::from_file(&path, &[]).unwrap(), preset);
    }
}

#[test]
fn overrides_change_one_key() {
    assert_eq!(change("epochs=3").unwrap().epochs, 3);
    assert_eq!(change("seeds=[1, 2]").unwrap().seeds, [1, 2]);
    let changed = change("optimizers.gauss-newton.damping = 0.1").unwrap();
    assert_ne!(changed, Preset::named("extended", &[]).unwrap());
    assert_eq!(changed.optimizers.len(), 8);
}

#[test]
fn optimizers_are_chosen_by_name() {
    let preset = Preset::named("standard", &[]).unwrap();
    assert_eq!(preset.optimizer_names(), ["sgd", "adam"]);
    assert_eq!(preset.clone().with_optimizers(&["adam".to_owned()]).unwrap().optimizer_names(), ["adam"]);
    let message = preset.with_optimizers(&["adm".to_owned()]).unwrap_err().to_string();
    assert_eq!(message, "optimizer is adm; expected one of sgd, adam (did you mean adam?)");
}

#[test]
fn errors_say_which_optimizer_and_which_word_was_meant() {
    let message = |text: &str| Preset::from_text(text, "mine", &[]).unwrap_err().to_string();
    let nameless = message("extends = \"quick\"\n[optimizers.mine]\nlabels = []\n");
    assert!(nameless.contains("missing field `kind`") && nameless.contains("optimizers.mine"), "{nameless}");
    let unknown = message("extends = \"quick\"\nattack_images = 3\n");
    assert!(unknown.ends_with("(did you mean attacked_images?)"), "{unknown}");
    let list = change("attack_epsilons=8/255,2/255").unwrap_err().to_string();
    assert!(list.ends_with("[\"8/255\", \"2/255\"]"), "{list}");
}

#[test]
fn wrong_overrides_are_named_in_one_line() {
    for (text, part) in [
        ("epoch=3", "unknown field `epoch`"),
        ("epochs", "expected key=value"),
        ("epochs=-1", "--set epochs=-1"),
        ("epochs=x", "--set epochs=x"),
        ("optimizer.adam.learning_rate=1", "unknown table optimizer"),
        ("optimizers.adam.rate=1", "unknown field `rate`"),
        ("poison_rate=1.5", "poison_rate is 1.5"),
        ("poison_rate=nan", "poison_rate is NaN"),
        ("poison_flips=7to1", "poison_flips is 7to1"),
        ("epsilons=[-0.1]", "epsilons is -0.1"),
        ("batch_size=60001", "batch_size is 60001"),
        ("seeds=[]", "the number of seeds is 0"),
        ("seeds=[1, 1]", "each seed once"),
        ("optimizers.gauss-newton.damping=0", "optimizers.gauss-newton.damping is 0"),
        ("optimizers.kfac.inverse_every=0", "optimizers.kfac.inverse_every is 0"),
        ("optimizers.kfac.statistics_every=-1", "optimizers.kfac.statistics_every=-1"),
        ("optimizers.gauss-newton-cg.step_limit=-1", "optimizers.gauss-newton-cg.step_limit is -1"),
        ("optimizers.sam.base.learning_rate=0", "optimizers.sam.base.learning_rate is 0"),
        ("optimizers.sam.base.damping=1", "unknown field `damping`"),
        ("optimizers.sam.base.labels=[\"clean\"]", "optimizers.sam.base.labels"),
        ("optimizers.gauss-newton-cg.tolerance=1", "optimizers.gauss-newton-cg.tolerance is 1"),
    ] {
        let message = change(text).unwrap_err().to_string();
        assert!(message.contains(part) && !message.contains('\n'), "{text}: {message}");
    }
    let both = ["variant=sum", "adaptive_damping=true"].map(|set| format!("optimizers.gauss-newton-cg.{set}"));
    let message = Preset::named("extended", &both).unwrap_err().to_string();
    assert!(message.contains("optimizers.gauss-newton-cg.adaptive_damping is 1"), "{message}");
    assert!(Preset::named("papr", &[]).unwrap_err().to_string().contains("expected one of paper"));
}

#[test]
fn numbers_that_are_too_large_for_their_product_and_names_of_nothing() {
    let text = "extends = \"quick\"\nepochs = 4294967295\nbatch_size = 1\ntrain_images = 9223372036854775807\n";
    let preset = Preset::from_text(text, "mine", &[]).unwrap();
    assert_eq!(preset.steps(preset.train_images), u64::MAX);
    let nameless = "extends = \"quick\"\n[optimizers.\"\"]\nkind = \"sgd\"\nlearning_rate = 0.1\n";
    let message = Preset::from_text(nameless, "mine", &[]).unwrap_err().to_string();
    assert!(message.contains("an optimizer's name is ; expected letters"), "{message}");
}

#[test]
fn a_network_and_a_schedule_replace_those_of_the_preset() {
    let text = "extends = \"cifar10\"\nnetwork = { name = \"vit\", depth = 2 }\n[training]\nschedule = { kind = \"step\", every_epochs = 3 }\n[optimizers.sgd]\nlearning_rate = 0.5\n";
    let preset = Preset::from_text(text, "mine", &[]).unwrap();
    assert_eq!(preset.network.name(), "vit");
    assert_eq!(preset.training.augmentation.len(), 2);
    let sgd = preset.to_toml().unwrap();
    assert!(sgd.contains("learning_rate = 0.5") && sgd.contains("momentum = 0.9"), "{sgd}");
}

#[test]
fn a_file_may_extend_a_preset() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "extends = \"quick\"\nseeds = [7]\n").unwrap();
    let preset = Preset::from_file(&path, &[]).unwrap();
    assert_eq!((preset.seeds, preset.epochs, preset.train_images), (vec![7], 2, 6_000));
    std::fs::write(&path, "extends = 3").unwrap();
    assert!(Preset::from_file(&path, &[]).is_err());
    assert!(Preset::from_file(&folder.path().join("none.toml"), &[]).is_err());
}
