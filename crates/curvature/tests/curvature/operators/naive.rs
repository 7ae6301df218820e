//! A naive computation of the loss and its Hessian: a network evaluated entry by entry, in hyper-dual numbers.

use super::hyper_dual::HyperDual;
use minima_autodiff::{Graph, Layer, LayerOperation};
use ndarray::{Array2, ArrayView1};

/// The Hessian of the mean loss.
pub(crate) fn hessian(graph: &Graph, params: &[f64], images: &Array2<f64>, labels: &[usize]) -> Array2<f64> {
    let count = params.len();
    let mut hessian = Array2::zeros((count, count));
    for i in 0..count {
        for j in 0..=i {
            let mut moving: Vec<_> = params.iter().map(|&p| HyperDual::constant(p)).collect();
            moving[i].first[0] = 1.0;
            moving[j].first[1] = 1.0;
            let total: f64 =
                images.outer_iter().zip(labels).map(|(image, &y)| loss(graph, &moving, image, y).second).sum();
            hessian[[i, j]] = total / labels.len() as f64;
            hessian[[j, i]] = hessian[[i, j]];
        }
    }
    hessian
}

/// One image's softmax cross-entropy. The logits of these tests are too small to overflow.
fn loss(graph: &Graph, params: &[HyperDual], image: ArrayView1<'_, f64>, label: usize) -> HyperDual {
    let mut values: Vec<Vec<HyperDual>> = vec![Vec::new(); graph.value_sizes().len()];
    values[0] = image.iter().map(|&x| HyperDual::constant(x)).collect();
    for layer in graph.layers() {
        let y = layer_output(&layer, &params[layer.params.clone()], &values);
        values[layer.output] = if layer.rectified { y.into_iter().map(HyperDual::relu).collect() } else { y };
    }
    let logits = &values[graph.output_value()];
    let sum = logits.iter().fold(HyperDual::default(), |sum, a| sum + a.exp());
    sum.ln() - logits[label]
}

fn layer_output(layer: &Layer, params: &[HyperDual], values: &[Vec<HyperDual>]) -> Vec<HyperDual> {
    let x = &values[layer.inputs[0]];
    match &layer.operation {
        LayerOperation::Dense { inputs, outputs } => {
            let (bias, kernel) = params.split_at(*outputs);
            let unit = |o: usize| (0..*inputs).fold(bias[o], |sum, i| sum + x[i] * kernel[i * outputs + o]);
            (0..*outputs).map(unit).collect()
        }
        LayerOperation::Conv2d { spec, input: [height, width, channels] } => {
            // Kernels of 3 × 3 at every position, with zeros around the image.
            assert_eq!((spec.kernel, spec.stride), ([3, 3], [1, 1]));
            let (bias, kernel) = params.split_at(spec.features);
            let mut y = Vec::new();
            for (row, column) in (0..*height).flat_map(|r| (0..*width).map(move |c| (r, c))) {
                for o in 0..spec.features {
                    let mut sum = bias[o];
                    for (dr, dc) in (0..3).flat_map(|r| (0..3).map(move |c| (r, c))) {
                        let (r, c) = (row + dr, column + dc);
                        if (1..=*height).contains(&r) && (1..=*width).contains(&c) {
                            for i in 0..*channels {
                                let pixel = x[((r - 1) * width + c - 1) * channels + i];
                                sum = sum + pixel * kernel[((dr * 3 + dc) * channels + i) * spec.features + o];
                            }
                        }
                    }
                    y.push(sum);
                }
            }
            y
        }
        LayerOperation::AvgPool2d(pool) | LayerOperation::MaxPool2d(pool) => {
            // Windows of 2 × 2 side by side.
            assert_eq!((pool.size, pool.stride), ([2, 2], [2, 2]));
            let [height, width, channels] = pool.input;
            let mean = matches!(layer.operation, LayerOperation::AvgPool2d(_));
            let mut y = Vec::new();
            for (row, column) in (0..height / 2).flat_map(|r| (0..width / 2).map(move |c| (r, c))) {
                for i in 0..channels {
                    let at = |dr, dc| x[((2 * row + dr) * width + 2 * column + dc) * channels + i];
                    let [a, b, c, d] = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
                    let quarter = HyperDual::constant(0.25);
                    y.push(if mean { (a + b + c + d) * quarter } else { a.larger(b).larger(c).larger(d) });
                }
            }
            y
        }
        LayerOperation::Relu { .. } => x.iter().map(|a| a.relu()).collect(),
        LayerOperation::Add { .. } => x.iter().zip(&values[layer.inputs[1]]).map(|(&a, &b)| a + b).collect(),
        other => panic!("the networks of these tests have no {other:?}"),
    }
}
