//! Errors name the file, the line, the layer, the found and the expected value.

use minima_network::NetworkSpec;

/// The error of reading this text or of building its network.
fn error(text: &str) -> String {
    match NetworkSpec::parse(text, "net.toml").and_then(|spec| spec.graph().map(|_| ())) {
        Ok(()) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

fn check(text: &str, parts: &[&str]) {
    let found = error(text);
    for part in parts {
        assert!(found.contains(part), "no {part:?} in {found:?} of\n{text}");
    }
}

#[test]
fn keys_and_values_of_the_network() {
    for (text, parts) in [
        ("input = [4", &["net.toml:1:"][..]),
        ("input = [4]\nclasses = 2\nlayers = [\"relu\"", &["net.toml:3:"]),
        ("input = [4]\ninput = [4]", &["net.toml:2:", "duplicate key"]),
        ("", &["net.toml:1: network", "no key input"]),
        ("input = [4]\nclasses = 2", &["no key layers"]),
        ("input = [4]\nclasses = 2\nlayers = []", &["net.toml:3: network", "layers = an array of length 0"]),
        ("input = [4]\nclasses = 2\n\nlayer = []", &["net.toml:4: network", "the key layer", "did you mean layers?"]),
        ("input = [4, 0]", &["net.toml:1:", "input with 0", "from 1 to"]),
        ("input = [4, -1]", &["input with -1"]),
        ("input = 4", &["input = 4", "an array"]),
        ("input = [4]\nclasses = 0\nlayers = [\"relu\"]", &["net.toml:2:", "classes with 0"]),
        ("input = [4]\nclasses = \"two\"\nlayers = [\"relu\"]", &["net.toml:2:", "\"two\""]),
        ("input = [99999999999999999999]", &["from 1 to"]),
        ("input = [4]\n[options]\nclasses = 3", &["net.toml:3: options", "\"classes\"", "but not classes"]),
        ("input = [4]\n[options]\nwidth = \"3\"", &["net.toml:3: options", "width = \"3\"", "a whole number"]),
        ("input = [4]\noptions = 3", &["net.toml:2:", "options = 3", "a table"]),
    ] {
        check(text, parts);
    }
    let normalized =
        |normalize: &str| format!("input = [2, 2, 3]\nclasses = 2\nnormalize = {normalize}\nlayers = [\"relu\"]");
    for (normalize, parts) in [
        ("{ mean = [0.5] }", &["net.toml:3: normalize", "no key deviation"][..]),
        ("{ mean = [0.5], deviation = [0.0] }", &["net.toml:3: normalize", "deviation = 0.0", "from 1e-30"]),
        ("{ mean = [nan], deviation = [1.0] }", &["mean = nan"]),
        (
            "{ mean = [0.5], deviation = [1.0] }",
            &["net.toml:3: normalize", "1 means", "last axis of the input [2, 2, 3]"],
        ),
        ("{ means = [0.5], deviation = [1.0] }", &["the key means", "did you mean mean?"]),
    ] {
        check(&normalized(normalize), parts);
    }
}

/// The error of a network on 8 × 8 images with these layers, which begin on line 5.
fn check_layers(layers: &str, parts: &[&str]) {
    check(&format!("input = [8, 8, 2]\nclasses = 3\noptions = {{ width = 6 }}\nlayers = [\n{layers}\n]"), parts);
}

#[test]
fn layers_that_are_not_valid() {
    for (layers, parts) in [
        ("\"flatten\",\n\"rleu\"", &["net.toml:6: layer", "\"rleu\"", "did you mean relu?"][..]),
        ("\"flatten\",\n3", &["net.toml:6: layer", "found 3", "the name of a layer, or a table"]),
        ("{ layr = \"relu\" }", &["net.toml:5: layer", "the key layr", "layer, repeat, residual, module"]),
        ("{ layer = 3 }", &["net.toml:5:", "layer = 3", "a text in quotes"]),
        ("\"conv\"", &["net.toml:5: conv", "no key features"]),
        ("\"leaky_rely\"", &["did you mean leaky_relu?"]),
        ("{ layer = \"dense\", feature = 3 }", &["no key features, but feature"]),
        ("{ layer = \"relu\", name = \"a\" }", &["net.toml:5: relu a", "the key name", "keys layer"]),
        ("{ layer = \"conv\", features = 4 }", &["net.toml:5: conv", "no key kernel"]),
        (
            "{ layer = \"conv\", name = \"stem\", features = 4,\n kernel = 3,\n strides = 2 }",
            &["net.toml:7: conv stem", "the key strides", "did you mean stride?"],
        ),
        ("{ layer = \"conv\", features = -4, kernel = 3 }", &["features = -4", "a whole number from 0"]),
        ("{ layer = \"conv\", features = 4.0, kernel = 3 }", &["features = 4.0"]),
        (
            "{ layer = \"conv\", features = 4, kernel = [3, 3, 3] }",
            &["kernel = an array of length 3", "vertical and horizontal"],
        ),
        (
            "{ layer = \"conv\", features = 4, kernel = 3, padding = \"sam\" }",
            &["padding with sam", "same, valid, or one of"],
        ),
        (
            "{ layer = \"conv\", features = 4, kernel = 3, padding = [[1, 1]] }",
            &["padding = an array of length 1", "[[above, below]"],
        ),
        ("{ layer = \"conv\", features = 4, kernel = 3, bias = 1 }", &["bias = 1", "true or false"]),
        ("{ layer = \"dense\", features = \"2 * widht\" }", &["net.toml:5: dense", "widht", "did you mean width?"]),
        ("{ layer = \"dense\", features = \"2 *\" }", &["features with \"2 *\"", "after each operator"]),
        ("{ layer = \"dense\", features = 3, name = \"a b\" }", &["\"a b\"", "letters, digits"]),
        ("{ layer = \"dense\", features = 3, name = \"a{i}\" }", &["{i}", "the index of a repetition around it: none"]),
        ("{ layer = \"activation\", function = \"gleu\" }", &["function = \"gleu\"", "did you mean gelu?"]),
        ("{ layer = \"leaky_relu\", slope = \"a\" }", &["slope = \"a\""]),
        ("{ layer = \"layer_norm\", epsilon = 0 }", &["epsilon = 0", "from 1e-30"]),
        ("{ layer = \"reshape\", shape = [1, 1, 1, 1, 1, 1, 1, 1, 1] }", &["at most 8 numbers"]),
        ("{ layer = \"transpose\", axes = [-1] }", &["axes = -1"]),
        ("{ repeat = 2, layers = [] }", &["net.toml:5: repeat", "an array that is not empty"]),
        (
            "{ repeat = 2, index = \"i\", layers = [\n{ repeat = 2, index = \"i\", layers = [\"relu\"] }] }",
            &["net.toml:6: repeat", "index = \"i\"", "no repetition around this one has"],
        ),
        ("{ repeat = 2, index = \"width\", layers = [\"relu\"] }", &["index = \"width\"", "no option"]),
        (
            "{ repeat = 2, index = \"i\", layers = [\"relu\"] }, { layer = \"dense\", features = \"i\" }",
            &["features with i"],
        ),
        ("{ residual = [\"relu\"], shortcuts = [\"relu\"] }", &["net.toml:5: residual", "did you mean shortcut?"]),
        ("{ module = \"\", layers = [\"relu\"] }", &["net.toml:5: module", "letters, digits"]),
    ] {
        check_layers(layers, parts);
    }
}

#[test]
fn layers_that_do_not_fit() {
    for (layers, parts) in [
        (
            "\"flatten\",\n{ layer = \"dense\", features = \"width / 4\" }",
            &["net.toml:6: dense Dense_0", "width / 4, which is 6 / 4", "without remainder"][..],
        ),
        ("{ layer = \"dense\", features = \"classes - width\" }", &["classes - width, which is -3", "from 0"]),
        ("{ layer = \"dense\", features = \"9223372036854775807 * width\" }", &["below 2^63"]),
        (
            "\"flatten\",\n{ layer = \"conv\", name = \"stem\", features = 4, kernel = 3 }",
            &["net.toml:6: conv stem, on shape [128]", "(height, width, channels)"],
        ),
        ("{ layer = \"conv\", features = 4, kernel = 9, padding = \"valid\" }", &["on shape [8, 8, 2]", "fits"]),
        ("{ layer = \"max_pool\", window = 0 }", &["net.toml:5: max_pool, on shape [8, 8, 2]"]),
        (
            "{ layer = \"dense\", name = \"a\", features = 3 },\n{ layer = \"dense\", name = \"a\", features = 3 }",
            &["net.toml:6: dense a", "a second layer named a"],
        ),
        ("{ layer = \"reshape\", shape = [3, -1] }", &["[8, 8, 2]", "[3, -1]", "that divide the number of entries"]),
        ("{ layer = \"reshape\", shape = [-1, -1] }", &["at most one -1"]),
        ("{ layer = \"reshape\", shape = [0, -1] }", &["that divide"]),
        ("{ layer = \"reshape\", shape = [3] }", &["net.toml:5: reshape, on shape [8, 8, 2]", "equally many entries"]),
        ("{ layer = \"transpose\", axes = [0, 0, 1] }", &["transpose, on shape", "every axis once"]),
        ("{ layer = \"take\", axis = 3, index = 0 }", &["take, on shape", "axis"]),
        ("{ layer = \"take\", axis = 2, index = 2 }", &["take, on shape", "within it"]),
        ("\"flatten\", { layer = \"take\", axis = 0, index = 0 }", &["at least two axes"]),
        ("{ layer = \"mean\", axes = [4] }", &["mean, on shape"]),
        ("\"class_token\"", &["class_token cls_token", "[8, 8, 2]", "(tokens, features)"]),
        (
            "{ repeat = 2, index = \"i\", first = 3, layers = [\n{ layer = \"dense\", name = \"fc{i}\", features = \"2 / (i - 3)\" }] }",
            &["net.toml:6: dense fc3 (i = 3)", "2 / 0"],
        ),
        (
            "\"flatten\",\n{ residual = [{ layer = \"dense\", features = 5 }] }",
            &["net.toml:6: residual", "shapes [5] and [128]", "equal shapes"],
        ),
        (
            "\"flatten\", { layer = \"dense\", features = 4 }",
            &["net.toml:5: the output of dense", "shape [4]", "shape [3], one logit for each class"],
        ),
        ("\"flatten\", { layer = \"slice\", axis = 0, start = 0, end = 4 }", &["net.toml:5: the output of slice"]),
    ] {
        check_layers(layers, parts);
    }
}
