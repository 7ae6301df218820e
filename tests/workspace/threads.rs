//! Results have the same bits for any number of threads.

use minima_autodiff::softmax_cross_entropy::{gradient_into, mean_gradient};
use minima_autodiff::{Scalar, paper_cnn};
use minima_optim::{Adam, Arithmetic, Batch, EmulatedGaussNewton, GaussNewton, GgnVariant, Optimizer, SolvePrecision};
use minima_rng::Key;
use ndarray::Array2;

type Outcome = Result<(), Box<dyn std::error::Error>>;
/// Named results, or an error that can be sent between threads.
type Results<R> = Result<Vec<(&'static str, R)>, Box<dyn std::error::Error + Send + Sync>>;

/// The images of a batch: eight blocks, the last of them incomplete.
const IMAGES: usize = 115;

/// The bits of all results of training, one list per result.
fn bits<T: Scalar>() -> Results<Vec<u64>> {
    let graph = paper_cnn([28, 28, 1], 10)?;
    let params: Vec<T> = graph.init(42);
    let pixels = Key::new(5).uniform(IMAGES * graph.features()).into_iter().map(|x| T::from_f64(f64::from(x)));
    let images = Array2::from_shape_vec((IMAGES, graph.features()), pixels.collect())?;
    let labels: Vec<usize> = (0..IMAGES).map(|i| i * 3 % 10).collect();
    let batch = Batch::new(images.view(), &labels)?;
    let of = |numbers: &mut dyn Iterator<Item = &T>| numbers.map(|x| x.as_f64().to_bits()).collect::<Vec<u64>>();

    let at = graph.linearize(&params, images.view())?;
    let w = mean_gradient(at.logits(), &labels)?;
    let own = |i: usize, logits: &[T], out: &mut [T]| gradient_into(logits, labels[i], T::one(), out);
    let mut all = vec![
        ("logits", of(&mut graph.logits(&params, images.view())?.iter())),
        ("vjp", of(&mut at.vjp(w.view())?.iter())),
        ("vjp to input", of(&mut graph.logits_and_input_vjp(&params, images.view(), &own)?.1.iter())),
        ("vjp in one pass", of(&mut graph.logits_and_vjp(&params, images.view(), &own)?.1.iter())),
        ("jvp", of(&mut at.jvp(Some(&params), Some(images.view()))?.iter())),
        ("kernel", of(&mut at.kernel()?.iter())),
    ];
    for (name, variant, precision) in [
        ("mean", GgnVariant::Mean, SolvePrecision::Network),
        ("sum", GgnVariant::Sum, SolvePrecision::Double),
        ("published", GgnVariant::Coupled, SolvePrecision::Double),
    ] {
        let mut stepped = params.clone();
        GaussNewton::new(variant).with_precision(precision).step(&graph, &mut stepped, &batch)?;
        all.push((name, of(&mut stepped.iter())));
    }
    let mut stepped = params.clone();
    Adam::new(1e-3).step(&graph, &mut stepped, &batch)?;
    all.push(("adam", of(&mut stepped.iter())));
    Ok(all)
}

fn assert_equal_in_pools<R: Send + PartialEq>(compute: impl Fn() -> Results<R> + Sync) -> Outcome {
    let in_pool = |threads| -> Result<_, Box<dyn std::error::Error>> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        Ok(pool.install(&compute).map_err(|e| e.to_string())?)
    };
    let one = in_pool(1)?;
    for threads in [2, 3] {
        for ((what, expected), (_, found)) in one.iter().zip(in_pool(threads)?) {
            assert!(*expected == found, "{what} differs with {threads} threads");
        }
    }
    Ok(())
}

#[test]
fn in_single_precision() -> Outcome {
    assert_equal_in_pools(bits::<f32>)
}

#[test]
fn in_double_precision() -> Outcome {
    assert_equal_in_pools(bits::<f64>)
}

#[test]
fn with_rounded_products() -> Outcome {
    assert_equal_in_pools(|| {
        let graph = paper_cnn([28, 28, 1], 10)?;
        let images = Array2::from_shape_vec((IMAGES, 784), Key::new(5).uniform(IMAGES * 784))?;
        let labels: Vec<usize> = (0..IMAGES).map(|i| i * 3 % 10).collect();
        let published = EmulatedGaussNewton::new(GgnVariant::Coupled, Arithmetic::Tf32);
        let mut all = Vec::new();
        for (name, mut optimizer) in [
            ("published, TF32", published),
            ("published, TF32, natural order", published.in_natural_order()),
            ("sum, bf16", EmulatedGaussNewton::new(GgnVariant::Sum, Arithmetic::Bf16)),
        ] {
            let mut params: Vec<f32> = graph.init(42);
            optimizer.step(&graph, &mut params, &Batch::new(images.view(), &labels)?)?;
            all.push((name, params.iter().map(|p| p.to_bits()).collect::<Vec<u32>>()));
        }
        Ok(all)
    })
}
