//! Attacks, networks and optimizers that a program registers.

use minima_attacks::{Attack, AttackError, Fgsm};
use minima_autodiff::{Graph, GraphBuilder};
use minima_config::attack_catalogue::{CATALOGUE, Options, attack, entries};
use minima_config::preset::{Preset, PresetError};
use minima_config::registry::{NumericOption, OwnAttack, OwnNetwork, OwnOptimizer, Registry, RegistryError};
use minima_config::{NetworkChoice, NetworkChoiceError, Norm, OptimizerSpec};
use minima_network::NetworkError;
use minima_optim::{Adam, OptimError, Sgd};
use std::sync::Once;

/// The registry of this test program.
fn installed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        Registry::new()
            .attack(one_step("one-step").with_options(&["seed"]))
            .and_then(|registry| registry.network(OwnNetwork::new("two-layers", [("width", 4)], two_layers)))
            .and_then(|registry| {
                registry.network(OwnNetwork::new("of-ten", [], |input, _, []| two_layers(input, 10, [1])))
            })
            .and_then(|registry| registry.optimizer(heavy_ball("heavy-ball")))
            .and_then(|registry| {
                registry.optimizer(OwnOptimizer::new("batches", [], |rate, []| Box::new(Adam::new(rate))))
            })
            .and_then(Registry::install)
            .unwrap();
    });
}

fn one_step(name: &'static str) -> OwnAttack {
    OwnAttack::new(name, "one step", &[Norm::Linf], |_| Box::new(Fgsm::default()))
}

fn heavy_ball(name: &'static str) -> OwnOptimizer {
    OwnOptimizer::first_order(name, [NumericOption::share("momentum", 0.9)], |rate, [momentum]| {
        Box::new(Sgd::new(rate).with_momentum(momentum))
    })
    .with_step_milliseconds(2.5)
}

fn two_layers(input: [usize; 3], classes: usize, [width]: [usize; 1]) -> Result<Graph, NetworkError> {
    let mut g = GraphBuilder::new(&input);
    let x = g.flatten(g.input());
    let x = g.dense(x, "Dense_0", width)?;
    let x = g.dense(x, "Dense_1", classes)?;
    Ok(g.finish(x)?)
}

#[test]
fn a_name_is_registered_once_and_not_built_in() {
    let taken = |found: Result<Registry, RegistryError>, expected| {
        assert!(matches!(found.unwrap_err(), RegistryError::Taken { name, .. } if name == expected), "{expected}");
    };
    taken(Registry::new().attack(one_step("fgsm")), "fgsm");
    taken(Registry::new().attack(one_step("mine")).unwrap().attack(one_step("mine")), "mine");
    taken(
        Registry::new().network(OwnNetwork::new("vit", [], |input, classes, []| two_layers(input, classes, [1]))),
        "vit",
    );
    taken(Registry::new().optimizer(heavy_ball("adam")), "adam");
    taken(Registry::new().optimizer(heavy_ball("mine")).unwrap().optimizer(heavy_ball("mine")), "mine");
    // An attack and an optimizer may share a name.
    Registry::new().attack(one_step("mine")).unwrap().optimizer(heavy_ball("mine")).unwrap();
    for name in ["", "Mine", "my attack", "-mine", "mine.toml", "1st"] {
        assert!(matches!(Registry::new().attack(one_step(name)), Err(RegistryError::Name { .. })), "{name}");
    }
    installed();
    assert_eq!(Registry::new().install(), Err(RegistryError::Installed));
}

#[test]
fn what_is_registered_is_checked() {
    let options = |options: &'static [&'static str]| Registry::new().attack(one_step("mine").with_options(options));
    assert!(options(&["steps", "step-size", "restarts", "seed"]).is_ok());
    let normless = OwnAttack::new("mine", "no norm", &[], |_| Box::new(Fgsm::default()));
    let network = |option| Registry::new().network(OwnNetwork::new("mine", [(option, 1)], two_layers));
    let optimizer = |option| {
        Registry::new().optimizer(OwnOptimizer::first_order("mine", [option], |rate, [_]| Box::new(Sgd::new(rate))))
    };
    assert!(network("width").is_ok() && optimizer(NumericOption::positive("epsilon", 1e-8)).is_ok());
    for found in [
        options(&["step"]),
        Registry::new().attack(normless),
        network("normalize"),
        network("Width"),
        optimizer(NumericOption::positive("epsilon", 0.0)),
        optimizer(NumericOption::positive("epsilon", 1e-60)),
        optimizer(NumericOption::zero_or_positive("weight decay", 0.0)),
        Registry::new().optimizer(heavy_ball("mine").with_step_milliseconds(f64::NAN)),
    ] {
        let error = found.unwrap_err();
        assert!(matches!(error, RegistryError::Invalid { name: "mine", .. }), "{error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn an_attack_has_its_norms_and_options() {
    installed();
    assert_eq!(entries().count(), CATALOGUE.len() + 1);
    let find = |norm, options: &Options| attack("One-Step", norm, options);
    assert_eq!(
        Attack::name(find(Norm::Linf, &Options { seed: Some(1), ..Options::default() }).unwrap().as_ref()),
        "fgsm"
    );
    let error = find(Norm::L2, &Options::default()).err().unwrap();
    assert!(matches!(error, AttackError::Norm { attack: "one-step", expected: "linf", .. }), "{error}");
    let error = find(Norm::Linf, &Options { steps: Some(1), ..Options::default() }).err().unwrap();
    assert!(matches!(error, AttackError::Option { option: "steps", .. }), "{error}");
    let error = attack("one-stp", Norm::Linf, &Options::default()).err().unwrap().to_string();
    assert!(error.contains("did you mean one-step?"), "{error}");
}

/// An experiment with this network and this optimizer.
fn preset(network: &str, optimizer: &str, more: &str) -> Result<Preset, PresetError> {
    installed();
    let text = format!("extends = \"quick\"\nnetwork = {network}\n{more}\n");
    Preset::from_text(&text, "mine", &[format!("optimizers={{ mine = {{ kind = \"own\", {optimizer} }} }}")])
}

#[test]
fn a_preset_reads_back_as_itself() {
    for (network, optimizer) in [
        ("\"two-layers\"", "name = \"heavy-ball\", learning_rate = 1"),
        (
            "{ name = \"two-layers\", width = 3 }",
            "name = \"heavy-ball\", learning_rate = 0.1, options = { momentum = 0 }",
        ),
        ("\"mlp\"", "name = \"batches\", learning_rate = 0.1, labels = [\"clean\"]"),
    ] {
        let preset = preset(network, optimizer, "attacks = [\"one-step\", \"square\"]").unwrap();
        let text = preset.to_toml().unwrap();
        assert_eq!(Preset::from_text(&text, "again", &[]).unwrap(), preset, "{text}");
    }
    let quick = Preset::named("quick", &[]).unwrap();
    assert!(!quick.to_toml().unwrap().contains("attacks ="));
}

#[test]
fn an_optimizer_has_its_options_and_costs() {
    let mut preset = preset("\"mlp\"", "name = \"heavy-ball\", learning_rate = 0.5", "").unwrap();
    let spec = preset.optimizers.remove("mine").unwrap().spec;
    assert!(spec.is_first_order() && spec.build_first_order::<f32>().is_some());
    assert_eq!((spec.step_milliseconds(), spec.point().learning_rate), (2.5, 0.5));
    spec.build::<f32>(1).check().unwrap();
    for refused in [spec.build::<f64>(1).check(), spec.build_first_order::<f64>().unwrap().check()] {
        let error = refused.unwrap_err();
        assert!(matches!(&error, OptimError::SinglePrecision { optimizer } if optimizer == "heavy-ball"), "{error}");
    }
    let OptimizerSpec::Own(own) = spec else { panic!("{spec:?}") };
    assert_eq!(own.registered().name(), "heavy-ball");
}

#[test]
fn wrong_values_are_named_in_one_line() {
    let own = "name = \"heavy-ball\", learning_rate = 0.5";
    for (network, optimizer, more, part) in [
        ("\"two-layer\"", own, "", "did you mean two-layers?"),
        ("{ name = \"two-layers\", wide = 3 }", own, "", "two-layers: option is wide; expected one of width"),
        ("{ name = \"two-layers\", width = -3 }", own, "", "width = -3; expected one of whole numbers from 0"),
        (
            "{ name = \"two-layers\", normalize = \"data\" }",
            own,
            "",
            "a registered network normalises its input itself",
        ),
        ("\"mlp\"", "name = \"heavy\", learning_rate = 0.5", "", "registered in this program: heavy-ball, batches"),
        ("\"mlp\"", "learning_rate = 0.5", "", "missing field `name`"),
        ("\"mlp\"", &format!("{own}, momentum = 0.5"), "", "unknown field `momentum`"),
        ("\"mlp\"", &format!("{own}, options = {{ momentum = 1 }}"), "", "optimizers.mine.options.momentum is 1"),
        ("\"mlp\"", &format!("{own}, options = {{ beta = 0.5 }}"), "", "optimizers.mine.options.beta is 0.5"),
        ("\"mlp\"", own, "precision = \"double\"", "precision is double for the optimizer mine; expected single"),
        ("\"mlp\"", own, "attacks = [\"one-stp\"]", "did you mean one-step?"),
        ("\"mlp\"", own, "attacks = [\"carlini-wagner\"]", "carlini-wagner: the norm is linf"),
        ("\"mlp\"", own, "attacks = [\"pgd\", \"PGD\"]", "expected each attack once"),
        (
            "\"mlp\"",
            "name = \"batches\", learning_rate = 1",
            "training = { gradient_clip = 1 }",
            "set for the optimizer mine",
        ),
    ] {
        let message = preset(network, optimizer, more).unwrap_err().to_string();
        assert!(message.contains(part) && !message.contains('\n'), "{part}: {message}");
    }
}

#[test]
fn a_network_is_recorded_by_name_and_options() {
    installed();
    let choice = NetworkChoice::from_argument("two-layers").unwrap();
    assert_eq!(choice.graph_for([2, 2, 1], 3).unwrap().parameter_count(), 5 * 4 + 5 * 3);
    let record = choice.record([2, 2, 1], 3).unwrap();
    assert_eq!(record.trim(), "registered = \"two-layers\"\nwidth = 4");
    let read = NetworkChoice::from_record(&record, "weights").unwrap();
    assert_eq!(read, choice.clone().with_option("width", 4).unwrap());
    assert_eq!(read.record([2, 2, 1], 3).unwrap(), record);
    assert!(matches!(choice.own_spec(), Err(NetworkChoiceError::NoDescription { .. })));

    let zoo = NetworkChoice::from_argument("mlp").unwrap();
    let read = NetworkChoice::from_record(&zoo.record([2, 2, 1], 3).unwrap(), "weights").unwrap();
    assert_eq!((read.name().as_str(), read.own_spec().unwrap().classes()), ("mlp", 3));

    for (record, part) in [
        ("registered = \"three-layers\"", "weights: found the network three-layers, which another program registered"),
        ("registered = 3", "weights: found the network 3"),
        ("registered = \"two-layers\"\ndepth = 3", "option is depth"),
        ("registered = \"two-layers\"\nwidth = 0.5", "found width = 0.5, expected a whole number"),
        ("nothing", "weights:1"),
    ] {
        let message = NetworkChoice::from_record(record, "weights").unwrap_err().to_string();
        assert!(message.contains(part) && !message.contains('\n'), "{record}: {message}");
    }
    let other = NetworkChoice::named("of-ten").graph_for([2, 2, 1], 3).unwrap_err();
    assert!(matches!(other, NetworkChoiceError::Data { .. }), "{other}");
}
