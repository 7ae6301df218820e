//! Any text is refused with an error or accepted, and an accepted description is equal when written and read again.

use minima_network::NetworkSpec;

/// Numbers of a linear congruential generator (Knuth's constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// Every key and every kind of layer, with the forms that values have.
const ALL: &str = r#"
input = [8, 6, 2]
classes = 5
normalize = { mean = [0.5, -1], deviation = [1e-3, 0x2] }
layers = [
    { layer = "conv", name = "stem", features = "width", kernel = [3, 1], stride = "width / 4", padding = [1, [0, 2]], dilation = 1, groups = 2, bias = false },
    { layer = "conv", features = 4, kernel = 3, padding = "p" }, { layer = "conv", features = 4, kernel = 3, padding = "same" },
    { layer = "group_norm", groups = 2, epsilon = 1e-5 }, "relu", "gelu", { layer = "activation", function = "elu", alpha = 0.5 },
    { layer = "leaky_relu", slope = 0.1 }, { layer = "avg_pool", window = 2, count_padding = false, padding = 1 }, { layer = "max_pool", window = [1, 2], stride = 1 },
    { repeat = "p + 1", index = "i", first = 1, layers = [
        { residual = [{ layer = "conv", name = "c{i}", features = "4 * (i - i + 1)", kernel = 1 }], shortcut = ["silu"] },
        { module = "block_{i}", layers = ["layer_norm", "rms_norm", { residual = ["tanh", "softplus"] }] },
    ] },
    { layer = "reshape", shape = [-1, 4] }, "class_token", { layer = "position_embedding", deviation = 0.02 },
    { layer = "attention", name = "attn", heads = 2 }, { layer = "transpose", axes = [1, 0] }, { layer = "slice", axis = 0, start = 0, end = 1 },
    { layer = "sum", axes = [0], as = "sums" }, { layer = "softmax", axis = 0 }, { layer = "add", from = "input", with = "sums" }, { layer = "multiply", with = "sums", as = "p" },
    { layer = "matmul", with = "sums", scale = 0.5 }, { layer = "concat", with = ["sums", "input"], axis = 0 }, { layer = "affine", scale = [1, 0.5], shift = 2 }, "affine",
    { layer = "pad", axis = 0, before = "p", after = 2, value = -1.5 }, { layer = "broadcast", shape = [2, "width"] }, { layer = "embedding", name = "e", shape = [3], deviation = 0.0 },
    { layer = "clip", low = -1, high = 6.0 }, "sqrt", "reciprocal", { layer = "layer_norm", scale = false }, { layer = "group_norm", groups = 1, shift = false }, { layer = "dense", features = "classes", bias = true },
]
[options]
width = 4
p = 1
"#;

fn round_trip(text: &str) -> bool {
    let Ok(spec) = NetworkSpec::parse(text, "any.toml") else { return false };
    let written = spec.to_toml();
    let again = NetworkSpec::parse(&written, "again.toml").unwrap_or_else(|error| panic!("{error}\n{written}\n{text}"));
    assert_eq!(again, spec, "{written}\n{text}");
    assert_eq!(again.to_toml(), written);
    // The graph is refused or built.
    drop(spec.graph());
    true
}

/// The texts that are changed: short ones, and the zoo.
fn seeds() -> Vec<String> {
    let zoo = NetworkSpec::names().map(|name| NetworkSpec::named(name, &[]).unwrap().to_toml());
    [ALL.to_owned()].into_iter().chain(zoo).collect()
}

#[test]
fn all_forms_are_equal_when_written_and_read_again() {
    assert!(seeds().iter().all(|text| round_trip(text)));
}

#[test]
fn changed_texts_are_refused_or_equal_when_read_again() {
    let seeds = seeds();
    let mut numbers = Numbers(42);
    let pieces = [
        "[",
        "]",
        "{",
        "}",
        "\"",
        ",",
        "=",
        "\n",
        "0",
        "9999999999",
        "-1",
        "{i}",
        "width",
        " * ",
        "(",
        "é",
        "\0",
        "#",
        ".",
        "1e400",
        "\"relu\"",
    ];
    let mut accepted = 0;
    for _ in 0..8000 {
        let mut text = seeds[numbers.below(seeds.len())].clone();
        for _ in 0..=numbers.below(3) {
            let boundary = |at: usize, text: &str| (at..).find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            let at = boundary(numbers.below(text.len() + 1), &text);
            let end = boundary((at + numbers.below(8)).min(text.len()), &text);
            match numbers.below(4) {
                0 => text.replace_range(at..end, ""),
                1 => text.insert_str(at, pieces[numbers.below(pieces.len())]),
                2 => text.replace_range(at..end, pieces[numbers.below(pieces.len())]),
                _ => {
                    let piece = text[at..end].to_owned();
                    let to = boundary(numbers.below(text.len() + 1), &text);
                    text.insert_str(to, &piece);
                }
            }
        }
        accepted += usize::from(round_trip(&text));
    }
    assert!(accepted > 200, "only {accepted} texts were accepted, so little was tested");
}

#[test]
fn random_bytes_are_refused() {
    let mut numbers = Numbers(7);
    for length in 0..500 {
        let bytes: Vec<u8> = (0..length).map(|_| numbers.below(256) as u8).collect();
        round_trip(&String::from_utf8_lossy(&bytes));
    }
    let brackets = "layers = ".to_owned() + &"[".repeat(100_000);
    assert!(!round_trip(&brackets));
    assert!(!round_trip(&("layers = ".to_owned() + &"{ residual = [".repeat(10_000))));
}
