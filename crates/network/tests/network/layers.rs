//! Layers of descriptions are the operations of the builder.

use minima_autodiff::{
    Activation, Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer, NormSpec, Padding, PoolSpec,
};
use minima_network::NetworkSpec;

fn read(input: &str, classes: usize, layers: &str) -> Graph {
    let text = format!("input = {input}\nclasses = {classes}\nlayers = [\n{layers}\n]\n[options]\nwidth = 4");
    NetworkSpec::parse(&text, "net.toml").and_then(|spec| spec.graph()).unwrap_or_else(|error| panic!("{error}"))
}

fn assert_same(found: &Graph, expected: &Graph) {
    assert_eq!(found.parameters(), expected.parameters());
    assert_eq!(format!("{:?}", found.layers()), format!("{:?}", expected.layers()));
}

#[test]
fn convolutions_pools_and_norms() {
    let found = read(
        "[9, 8, 2]",
        3,
        r#"{ layer = "conv", features = "width", kernel = [3, 2], stride = [2, 1], padding = [1, [0, 2]], dilation = [1, 2], groups = 2, bias = false },
           { layer = "group_norm", groups = "width / 2" }, { layer = "leaky_relu", slope = 0.1 },
           { layer = "avg_pool", window = 3, stride = 1, padding = "same", count_padding = false },
           { layer = "max_pool", window = 2 }, { layer = "conv", features = 3, kernel = 1, padding = 0 },
           "rms_norm", "global_avg_pool""#,
    );
    let mut g = GraphBuilder::new(&[9, 8, 2]);
    let padding = Padding::Explicit { low: [1, 0], high: [1, 2] };
    let spec =
        Conv2dSpec { features: 4, kernel: [3, 2], stride: [2, 1], padding, dilation: [1, 2], groups: 2, bias: false };
    let x = g.conv2d(g.input(), "Conv_0", spec).unwrap();
    let x = g.group_norm(x, "GroupNorm_0", 2, NormSpec { epsilon: 1e-5, ..NormSpec::default() }).unwrap();
    let x = g.activation(x, Activation::LeakyRelu { slope: 0.1 });
    let spec = PoolSpec::new([3, 3], [1, 1]).with_padding(Padding::Same).excluding_padding();
    let x = g.avg_pool2d_padded(x, spec).unwrap();
    let x = g.max_pool2d(x, [2, 2], [2, 2]).unwrap();
    let none = Padding::Explicit { low: [0, 0], high: [0, 0] };
    let x = g.conv2d(x, "Conv_1", Conv2dSpec { padding: none, ..Conv2dSpec::same(3, 1) }).unwrap();
    let x = g.rms_norm(x, "RMSNorm_0", NormSpec { shift: false, ..NormSpec::default() }).unwrap();
    let x = g.global_avg_pool(x).unwrap();
    assert_same(&found, &g.finish(x).unwrap());
}

#[test]
fn tokens_and_groups() {
    let found = read(
        "[6, 4]",
        4,
        r#""class_token", "position_embedding",
           { repeat = 2, index = "i", first = 5, layers = [
               { module = "block{i}", layers = [
                   { residual = ["layer_norm", { layer = "attention", heads = 2 }] },
                   { residual = [{ layer = "dense", features = 4 }, "gelu", { layer = "dense", name = "n{i}", features = 4, bias = false }],
                     shortcut = [{ layer = "dense", features = 4 }] },
               ] },
           ] },
           { layer = "transpose", axes = [1, 0] }, { layer = "slice", axis = 1, start = 1, end = 4 }, "softmax",
           { layer = "sum", axes = [1] }, { layer = "reshape", shape = [2, -1] }, { layer = "take", axis = 0, index = 1 },
           { layer = "dense", features = "classes" }"#,
    );
    let mut g = GraphBuilder::new(&[6, 4]);
    let token = g.embedding("cls_token", &[1, 1, 4], Initializer::Zeros).unwrap();
    let token = g.reshape(token, &[1, 4]).unwrap();
    let x = g.concat(&[token, g.input()], 0).unwrap();
    let deviation = 0.02;
    let positions = g.embedding("pos_embedding", &[1, 7, 4], Initializer::Normal { deviation }).unwrap();
    let mut x = g.add(x, positions).unwrap();
    for i in [5, 6] {
        let name = |rest: &str| format!("block{i}.{rest}");
        let y = g.layer_norm(x, &name("LayerNorm_0"), NormSpec::default()).unwrap();
        let y = g.attention(y, &name("MultiHeadDotProductAttention_0"), 2).unwrap();
        x = g.add(y, x).unwrap();
        let y = g.dense_on_last_axis(x, &name("Dense_0"), &DenseSpec::new(4)).unwrap();
        let y = g.activation(y, Activation::Gelu);
        let spec = DenseSpec { bias: false, ..DenseSpec::new(4) };
        let y = g.dense_on_last_axis(y, &name(&format!("n{i}")), &spec).unwrap();
        let other = g.dense_on_last_axis(x, &name("Dense_1"), &DenseSpec::new(4)).unwrap();
        x = g.add(y, other).unwrap();
    }
    let x = g.transpose(x, &[1, 0]).unwrap();
    let x = g.slice(x, 1, 1..4).unwrap();
    let x = g.softmax(x).unwrap();
    let x = g.sum(x, &[1]).unwrap();
    let x = g.reshape(x, &[2, 2]).unwrap();
    let x = g.slice(x, 0, 1..2).unwrap();
    let x = g.reshape(x, &[2]).unwrap();
    let x = g.dense(x, "Dense_0", 4).unwrap();
    assert_same(&found, &g.finish(x).unwrap());
}

#[test]
fn pixels_are_normalised_first() {
    let text = "input = [2, 2, 3]\nclasses = 2\nnormalize = { mean = [0.5, 0.4, 0], deviation = [0.2, 0.1, 1] }\n\
                layers = [\"flatten\", { layer = \"dense\", features = 2 }]";
    let spec = NetworkSpec::parse(text, "net.toml").unwrap();
    assert_eq!(spec.normalization(), Some((&[0.5, 0.4, 0.0][..], &[0.2, 0.1, 1.0][..])));
    let mut g = GraphBuilder::new(&[2, 2, 3]);
    let x = g.normalize(g.input(), &[0.5, 0.4, 0.0], &[0.2, 0.1, 1.0]).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 2).unwrap();
    assert_same(&spec.graph().unwrap(), &g.finish(x).unwrap());
}

#[test]
fn equal_descriptions_have_equal_texts() {
    let network = |layers: &str| {
        let text = format!("# A comment.\nclasses = 2\ninput = [4]\n{layers}\n[options]\nwidth = 3\n");
        NetworkSpec::parse(&text, "net.toml").unwrap()
    };
    let short = network("layers = [{ layer = \"dense\", features = \"(2*width)\" }, \"relu\"]");
    let long = network(
        "[[layers]]\nfeatures = '2 * width'\nlayer = \"dense\"\nbias = true\n[[layers]]\nlayer = \"activation\"\nfunction = \"relu\"",
    );
    assert_eq!(short, long);
    assert_eq!(short.to_toml(), long.to_toml());
    let other = network("layers = [{ layer = \"dense\", features = \"width * 2\" }, \"relu\"]");
    assert_ne!(short, other);
    assert_ne!(short, short.clone().with_option("width", 4).unwrap());
}

#[test]
fn layers_read_values_by_their_names() {
    let found = read(
        "[4, 6]",
        3,
        r#"{ layer = "dense", features = "width", as = "x" }, "relu",
           { layer = "add", with = "x" }, { layer = "affine", scale = 0.5, as = "y" },
           { layer = "transpose", axes = [1, 0] }, { layer = "matmul", with = "y", scale = 2.0, as = "z" },
           { layer = "softmax", axis = 0 }, { layer = "multiply", with = "z" },
           { layer = "pad", axis = 1, before = 1, after = 2, value = 0.5 },
           { layer = "slice", axis = 1, start = 0, end = 4, as = "s" },
           { layer = "embedding", name = "e", shape = [1, 4] }, { layer = "broadcast", shape = [4, 4] },
           { layer = "concat", with = ["s", "z"], axis = 0 },
           { layer = "affine", scale = [1, 2, 3, 4], shift = [0, 0, 0, 1] },
           { layer = "layer_norm", scale = false }, { layer = "clip", low = 0.1, high = 6 }, "sqrt", "reciprocal",
           { layer = "sum", axes = [0] }, { layer = "group_norm", groups = 2, shift = false },
           { layer = "dense", features = 3 }"#,
    );
    let mut g = GraphBuilder::new(&[4, 6]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &DenseSpec::new(4)).unwrap();
    let y = g.relu(x);
    let y = g.add(y, x).unwrap();
    let y = g.affine(y, &[0.5; 4], &[0.0; 4]).unwrap();
    let z = g.transpose(y, &[1, 0]).unwrap();
    let z = g.matmul(z, y, 2.0).unwrap();
    let s = g.softmax_over(z, 0).unwrap();
    let s = g.multiply(s, z).unwrap();
    let [before, after] =
        [1, 2].map(|size| [4, size]).map(|shape| g.constant(&shape, &vec![0.5; shape[0] * shape[1]]).unwrap());
    let s = g.concat(&[before, s, after], 1).unwrap();
    let s = g.slice(s, 1, 0..4).unwrap();
    let e = g.embedding("e", &[1, 4], Initializer::Normal { deviation: 0.02 }).unwrap();
    let e = g.reshape(e, &[1, 1, 4]).unwrap();
    let ones = g.constant(&[1, 4, 1], &[1.0; 4]).unwrap();
    let e = g.matmul(ones, e, 1.0).unwrap();
    let e = g.reshape(e, &[4, 4]).unwrap();
    let x = g.concat(&[e, s, z], 0).unwrap();
    let x = g.affine(x, &[1.0, 2.0, 3.0, 4.0], &[0.0, 0.0, 0.0, 1.0]).unwrap();
    let x = g.layer_norm(x, "LayerNorm_0", NormSpec { scale: false, ..NormSpec::default() }).unwrap();
    let x = g.activation(x, Activation::Clip { low: 0.1, high: 6.0 });
    let x = g.activation(x, Activation::Sqrt);
    let x = g.activation(x, Activation::Reciprocal);
    let x = g.sum(x, &[0]).unwrap();
    let norm = NormSpec { epsilon: 1e-5, shift: false, ..NormSpec::default() };
    let x = g.group_norm(x, "GroupNorm_0", 2, norm).unwrap();
    let x = g.dense(x, "Dense_1", 3).unwrap();
    assert_same(&found, &g.finish(x).unwrap());
}

#[test]
fn names_of_values_are_known_and_unique() {
    let refused = |layers: &str| {
        let text = format!("input = [4]\nclasses = 4\nlayers = [\n{layers}\n]");
        NetworkSpec::parse(&text, "net.toml").and_then(|spec| spec.graph()).unwrap_err().to_string()
    };
    for (layers, expected) in [
        (
            r#"{ layer = "add", with = "x" }"#,
            "found a value named x, expected one that an earlier layer names with as: input",
        ),
        (r#"{ layer = "relu", from = "x" }"#, "found a value named x"),
        (
            r#"{ layer = "relu", as = "x" }, { layer = "tanh", as = "x" }"#,
            "found a second value named x, expected unique names",
        ),
        (r#"{ layer = "relu", as = "input" }"#, "found a second value named input"),
        (r#"{ repeat = 2, layers = [{ layer = "relu", as = "x" }] }"#, "found a second value named x"),
        (r#""add""#, "found no key with"),
        (r#"{ layer = "concat", with = ["input"], axis = 1 }"#, "axis 1"),
        (r#"{ layer = "pad", axis = 1 }"#, "axis 1 of shape [4]"),
        (r#"{ layer = "pad", axis = 0, after = 9999999 }"#, "numbers in constants"),
        (r#"{ layer = "broadcast", shape = [8] }"#, "only sizes of 1 differ"),
        (r#"{ layer = "clip", low = 1, high = 0 }"#, "a number from 1.0"),
        (r#"{ layer = "affine", scale = [1, 2] }"#, "one number for each channel"),
        (r#"{ layer = "multiply", with = "y" }, { layer = "relu", as = "y" }"#, "found a value named y"),
    ] {
        let found = refused(layers);
        assert!(found.contains(expected), "{found}");
    }
}
