//! No text makes the reader or the builder use much memory or time.

use minima_network::{NetworkError, NetworkSpec};
use std::time::{Duration, Instant};

fn limit(layers: &str, what: &str) {
    let start = Instant::now();
    let text = format!("input = [8, 8, 2]\nclasses = 3\nlayers = [\n{layers}\n]");
    let result = NetworkSpec::parse(&text, "net.toml").and_then(|spec| spec.graph().map(|_| ()));
    match result {
        Err(NetworkError::Limit { what: found, .. }) => assert_eq!(found, what),
        other => panic!("{what}: {other:?}"),
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{what}: {:?}", start.elapsed());
}

fn nested(depth: usize) -> String {
    format!("{}\"relu\"{}", "{ residual = [".repeat(depth), "] }".repeat(depth))
}

#[test]
fn large_networks_are_refused() {
    let big = "{ layer = \"reshape\", shape = [128] }, { layer = \"dense\", features = 1000000 }";
    for (layers, what) in [
        ("{ repeat = 10001, layers = [\"relu\"] }".to_owned(), "layers"),
        ("{ repeat = 2000000000, layers = [{ repeat = 0, layers = [\"relu\"] }] }".to_owned(), "layers"),
        ("{ repeat = 200, layers = [{ repeat = 200, layers = [\"flatten\"] }] }".to_owned(), "layers"),
        (vec!["\"relu\""; 10_001].join(","), "layers"),
        (nested(33), "groups within one another"),
        (format!("{big}, {{ layer = \"dense\", features = 1000000 }}"), "parameters"),
        ("{ layer = \"dense\", features = 2000000000 }".to_owned(), "parameters"),
        ("{ layer = \"conv\", features = 1, kernel = 2000000000 }".to_owned(), "parameters"),
        ("{ layer = \"conv\", features = 1, kernel = 30000 }".to_owned(), "numbers in a feature map with its border"),
        (
            "{ layer = \"dense\", features = 1000000 }, { repeat = 100, layers = [\"relu\"] }".to_owned(),
            "numbers in all values of an image",
        ),
    ] {
        limit(&layers, what);
    }
    let attention = "{ layer = \"reshape\", shape = [128, 1] }, { layer = \"slice\", axis = 0, start = 0, end = 1 }, \
                     { repeat = 9000, layers = [{ layer = \"attention\", heads = 1 }] }";
    limit(attention, "arrays of parameters");
    let name = "a".repeat(100);
    let mut modules = "\"relu\"".to_owned();
    for _ in 0..6 {
        modules = format!("{{ module = \"{name}\", layers = [{modules}] }}");
    }
    limit(&modules, "characters in a name");
}

#[test]
fn input_and_options_are_limited() {
    let huge = "input = [2000000000, 2000000000]\nclasses = 1\nlayers = [\"relu\"]";
    assert!(matches!(NetworkSpec::parse(huge, "n").unwrap().graph(), Err(NetworkError::Limit { .. })));
    let mut text = "input = [1]\nclasses = 1\nlayers = [\"relu\"]\n[options]\n".to_owned();
    (0..101).for_each(|i| text += &format!("o{i} = 1\n"));
    assert!(matches!(NetworkSpec::parse(&text, "n"), Err(NetworkError::Limit { what: "options", .. })));
    let paper = NetworkSpec::named("paper-cnn", &[]).unwrap();
    for input in [vec![], vec![0, 28, 1], vec![1; 9], vec![usize::MAX, usize::MAX, 3]] {
        assert!(paper.clone().with_input(input).graph().is_err());
    }
    for classes in [0, usize::MAX] {
        assert!(paper.clone().with_classes(classes).graph().is_err());
    }
}

#[test]
fn deep_and_long_networks_within_the_limits_are_built() {
    let text = |layers: &str| format!("input = [2]\nclasses = 2\nlayers = [{layers}]");
    let dense = "{ layer = \"dense\", features = 2 }";
    let deep = format!("{dense}, {}", nested(32));
    NetworkSpec::parse(&text(&deep), "n").unwrap().graph().unwrap();
    let start = Instant::now();
    let long = NetworkSpec::parse(&text(&format!("{{ repeat = 9999, layers = [{dense}] }}")), "n").unwrap();
    assert_eq!(long.graph().unwrap().parameter_count(), 9999 * 6);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
