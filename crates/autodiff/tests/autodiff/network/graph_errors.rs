//! Graphs that cannot be built: the error names the layer, what was found and what was expected.

use minima_autodiff::{AutodiffError, Conv2dSpec, GraphBuilder, Padding, PoolSpec, Value, paper_cnn};

type Built = Result<(), AutodiffError>;
/// A fault, how to build it, and what the message must say.
type Case = (&'static str, fn() -> Built, &'static [&'static str]);

fn picture() -> (GraphBuilder, Value) {
    let g = GraphBuilder::new(&[4, 5, 2]);
    let x = g.input();
    (g, x)
}

fn conv(spec: Conv2dSpec) -> Built {
    let (mut g, x) = picture();
    g.conv2d(x, "Conv_0", spec).map(drop)
}

const SPEC: Conv2dSpec = Conv2dSpec {
    features: 3,
    kernel: [3, 3],
    stride: [1, 1],
    padding: Padding::Valid,
    dilation: [1, 1],
    groups: 1,
    bias: true,
};

const HUGE: usize = usize::MAX;

fn bordered(low: [usize; 2], high: [usize; 2], kernel: [usize; 2]) -> Conv2dSpec {
    Conv2dSpec { kernel, padding: Padding::Explicit { low, high }, ..SPEC }
}

fn pool(spec: PoolSpec) -> Built {
    picture().0.pipe(|g, x| g.max_pool2d_padded(x, spec))
}

#[test]
fn say_what_is_wrong() {
    let cases: [Case; 32] = [
        ("kernel too high", || conv(Conv2dSpec { kernel: [5, 3], ..SPEC }), &["conv2d Conv_0", "[4, 5, 2]", "fits"]),
        ("kernel too wide", || conv(Conv2dSpec { kernel: [3, 6], ..SPEC }), &["conv2d Conv_0", "fits"]),
        ("kernel of zero", || conv(Conv2dSpec { kernel: [0, 3], ..SPEC }), &["conv2d Conv_0", "positive"]),
        ("stride of zero", || conv(Conv2dSpec { stride: [1, 0], ..SPEC }), &["conv2d Conv_0", "positive"]),
        ("no features", || conv(Conv2dSpec { features: 0, ..SPEC }), &["conv2d Conv_0", "positive"]),
        (
            "no channels",
            || GraphBuilder::new(&[4, 4, 0]).pipe(|g, x| g.conv2d(x, "C", SPEC)),
            &["conv2d C", "positive"],
        ),
        ("dilation of zero", || conv(Conv2dSpec { dilation: [1, 0], ..SPEC }), &["conv2d Conv_0", "positive"]),
        ("a dilated kernel too high", || conv(Conv2dSpec { dilation: [2, 1], ..SPEC }), &["conv2d Conv_0", "fits"]),
        ("no groups", || conv(Conv2dSpec { groups: 0, ..SPEC }), &["conv2d Conv_0", "groups"]),
        ("groups that do not divide the inputs", || conv(Conv2dSpec { groups: 3, ..SPEC }), &["groups"]),
        ("groups that do not divide the outputs", || conv(Conv2dSpec { groups: 2, ..SPEC }), &["groups"]),
        ("a border too small for the kernel", || conv(bordered([1, 0], [0, 0], [6, 3])), &["fits the padded input"]),
        ("an endless border", || conv(bordered([HUGE, 0], [HUGE, 0], [3, 3])), &["conv2d Conv_0", "memory"]),
        ("an endless border to the right", || conv(bordered([0, 0], [0, HUGE], [3, 3])), &["conv2d Conv_0", "memory"]),
        ("a border beyond memory", || conv(bordered([1 << 40, 0], [0, 0], [3, 3])), &["conv2d Conv_0", "memory"]),
        ("an endless dilation", || conv(Conv2dSpec { dilation: [HUGE, 1], ..SPEC }), &["conv2d Conv_0", "memory"]),
        (
            "an endless kernel",
            || conv(Conv2dSpec { kernel: [HUGE, HUGE], padding: Padding::Same, ..SPEC }),
            &["conv2d Conv_0", "memory"],
        ),
        ("endless features", || conv(Conv2dSpec { features: HUGE, ..SPEC }), &["conv2d Conv_0", "memory"]),
        (
            "a window in the border",
            || pool(PoolSpec::new([2, 2], [1, 1]).with_padding(Padding::Explicit { low: [2, 0], high: [0, 0] })),
            &["max_pool2d", "entry of the input"],
        ),
        (
            "a window in the border to the right",
            || pool(PoolSpec::new([2, 2], [1, 1]).with_padding(Padding::Explicit { low: [0, 0], high: [0, 2] })),
            &["max_pool2d", "entry of the input"],
        ),
        (
            "a pool's endless border",
            || pool(PoolSpec::new([HUGE, 2], [1, 1]).with_padding(Padding::Explicit { low: [9, 0], high: [HUGE, 0] })),
            &["max_pool2d", "memory"],
        ),
        ("conv of a vector", || GraphBuilder::new(&[9]).pipe(|g, x| g.conv2d(x, "C", SPEC)), &["conv2d C", "[9]"]),
        ("dense of a picture", || picture().0.pipe(|g, x| g.dense(x, "D", 3)), &["dense D", "[4, 5, 2]", "vector"]),
        ("dense to nothing", || GraphBuilder::new(&[9]).pipe(|g, x| g.dense(x, "D", 0)), &["dense D", "positive"]),
        ("dense of nothing", || GraphBuilder::new(&[0]).pipe(|g, x| g.dense(x, "D", 3)), &["dense D", "positive"]),
        ("pool of a vector", || GraphBuilder::new(&[9]).pipe(|g, x| g.avg_pool2d(x, [2, 2], [2, 2])), &["avg_pool2d"]),
        ("window too large", || picture().0.pipe(|g, x| g.max_pool2d(x, [5, 1], [1, 1])), &["max_pool2d", "fits"]),
        ("window of zero", || picture().0.pipe(|g, x| g.avg_pool2d(x, [2, 0], [1, 1])), &["avg_pool2d", "positive"]),
        (
            "pool stride of zero",
            || picture().0.pipe(|g, x| g.avg_pool2d(x, [2, 2], [0, 1])),
            &["avg_pool2d", "positive"],
        ),
        (
            "pool of no channels",
            || GraphBuilder::new(&[4, 4, 0]).pipe(|g, x| g.max_pool2d(x, [2, 2], [1, 1])),
            &["max_pool2d", "positive"],
        ),
        (
            "shapes that differ",
            || {
                picture().0.pipe(|g, x| {
                    let flat = g.flatten(x);
                    g.add(x, flat)
                })
            },
            &["add", "[4, 5, 2]", "[40]"],
        ),
        ("pictures too small for the paper's network", || paper_cnn([3, 28, 1], 10).map(drop), &["avg_pool2d"]),
    ];
    for (what, build, fragments) in cases {
        let error = build().expect_err(what);
        assert!(matches!(error, AutodiffError::Graph { .. }), "{what}: {error:?}");
        let message = error.to_string();
        for fragment in fragments {
            assert!(message.contains(fragment), "{what}: {message:?} lacks {fragment:?}");
        }
    }
}

/// One operation on a graph's input.
trait Pipe {
    fn pipe(self, operation: impl Fn(&mut GraphBuilder, Value) -> Result<Value, AutodiffError>) -> Built;
}

impl Pipe for GraphBuilder {
    fn pipe(mut self, operation: impl Fn(&mut GraphBuilder, Value) -> Result<Value, AutodiffError>) -> Built {
        let x = self.input();
        operation(&mut self, x).map(drop)
    }
}

#[test]
fn a_name_is_used_once() {
    let mut g = GraphBuilder::new(&[4]);
    let y = g.dense(g.input(), "Dense_0", 4).unwrap();
    let message = g.dense(y, "Dense_0", 4).unwrap_err().to_string();
    assert!(message.contains("second layer named Dense_0"), "{message}");
    // The builder is unchanged: the next layer fits.
    let y = g.dense(y, "Dense_1", 3).unwrap();
    assert_eq!(g.finish(y).unwrap().parameter_count(), 20 + 15);
}

#[test]
fn the_output_is_a_vector_that_all_layers_lead_to() {
    let finish = |build: fn(&mut GraphBuilder) -> Value| {
        let mut g = GraphBuilder::new(&[4, 4, 1]);
        let output = build(&mut g);
        g.finish(output).map(drop).unwrap_err().to_string()
    };
    let picture = finish(|g| g.relu(g.input()));
    assert!(picture.contains("output") && picture.contains("[4, 4, 1]"), "{picture}");
    let input = finish(|g| g.flatten(g.input()));
    assert!(input.contains("output"), "{input}");
    let nowhere = finish(|g| {
        let x = g.flatten(g.input());
        g.dense(x, "Dense_lost", 3).unwrap();
        g.dense(x, "Dense_0", 3).unwrap()
    });
    assert!(nowhere.contains("Dense_lost"), "{nowhere}");

    let mut g = GraphBuilder::new(&[0]);
    let nothing = g.relu(g.input());
    assert!(g.finish(nothing).is_err());
}

#[test]
fn operations_without_parameters_may_lead_nowhere() {
    let mut g = GraphBuilder::new(&[4]);
    let x = g.input();
    let y = g.dense(x, "Dense_0", 3).unwrap();
    let lost = g.relu(y);
    g.add(lost, y).unwrap();
    let graph = g.finish(y).unwrap();
    let images = super::draw::matrix(1, (17, 4));
    super::derivatives::check("a lost relu", &graph, &graph.init(1), &super::draw::apart(1, (33, 4)));
    assert_eq!(graph.logits(&graph.init(1), images.view()).unwrap().dim(), (17, 3));
}

#[test]
fn values_of_another_builder_are_refused() {
    let mut other = GraphBuilder::new(&[4, 4, 2]);
    let x = other.relu(other.input());
    let x = other.relu(x);
    let picture = other.relu(x);
    let fresh = || GraphBuilder::new(&[4, 4, 2]);
    let refused = |result: Result<Value, AutodiffError>| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains("another graph"), "{message}");
    };
    refused(fresh().conv2d(picture, "Conv_0", Conv2dSpec::same(2, 3)));
    refused(fresh().dense(picture, "Dense_0", 2));
    refused(fresh().avg_pool2d(picture, [2, 2], [2, 2]));
    refused(fresh().max_pool2d(picture, [2, 2], [2, 2]));
    let mut g = fresh();
    refused(g.add(picture, picture));
    refused(g.add(g.input(), picture));
    assert_eq!(g.shape(picture), &[0_usize; 0]);
    // These methods return no error. Their result is rejected later, whatever values the builder has by then.
    let (activated, flat) = (g.relu(picture), g.flatten(picture));
    for _ in 0..9 {
        g.relu(g.input());
    }
    refused(g.dense(flat, "Dense_0", 2));
    refused(g.add(activated, activated));
    assert!(g.finish(flat).is_err());
    assert!(fresh().finish(picture).is_err());
}
