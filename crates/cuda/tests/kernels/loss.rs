//! Softmax cross-entropy against the CPU's.

use super::arrays::{SINGLE, assert_close, by_column, by_feature, download, rows, stale, upload};
use minima_autodiff::{Scalar, softmax_cross_entropy as cpu};
use minima_cuda::ops::SoftmaxCrossEntropy;
use minima_cuda::{Device, Real, Slice};
use ndarray::Array2;

/// Logits that are far apart, and one label for each image.
fn batch(images: usize, classes: usize) -> (Array2<f32>, Vec<usize>) {
    let logits = rows(30, images, classes).mapv(|a| 4.0 * a);
    (logits, (0..images).map(|i| (7 * i + 3) % classes).collect())
}

fn device_labels(labels: &[usize]) -> Vec<u32> {
    labels.iter().map(|&y| y as u32).collect()
}

/// Probabilities, residuals and the Hessian's factors in one precision.
fn in_precision<D: Device, R: Real + Scalar>(device: &D, tolerance: f64) {
    for (images, classes) in [(1, 2), (5, 10), (33, 3), (130, 10)] {
        let op = SoftmaxCrossEntropy { images, classes };
        let (logits, labels) = batch(images, classes);
        let wide = logits.mapv(|a| R::from_f64(f64::from(a)));
        let logits = upload(device, &by_feature(logits.view()));
        let device_labels = upload(device, &device_labels(&labels));
        let widened = |all: Vec<R>| all.into_iter().map(Scalar::as_f64).collect::<Vec<f64>>();

        let p = device.zeros::<R>(images * classes).unwrap();
        op.probabilities(device, Slice::all(&logits), Slice::all(&p)).unwrap();
        let expected = cpu::softmax(wide.view());
        let found = widened(download(device, &p));
        assert_close("softmax", &found, &widened(by_feature(expected.view())), tolerance);

        let residual = device.zeros::<R>(images * classes).unwrap();
        let (to, share) = (Slice::all(&residual), 1.0 / images as f64);
        op.residual(device, Slice::all(&logits), Slice::all(&device_labels), to, share).unwrap();
        let gradient = cpu::mean_gradient(wide.view(), &labels).unwrap();
        let found = widened(download(device, &residual));
        assert_close("residual", &found, &widened(by_feature(gradient.view())), tolerance);

        let columns = op.directions() * images;
        let (factors, narrow) = (device.zeros::<R>(classes * columns).unwrap(), stale(device, classes * columns));
        op.hessian_factors(device, Slice::all(&p), Slice::all(&factors), Slice::all(&narrow), 0.5).unwrap();
        let expected = cpu::hessian_factors(expected.view()).mapv_into(|c| c * R::from_f64(0.5));
        let expected = widened(by_column(expected.view()));
        assert_close("factors", &widened(download(device, &factors)), &expected, tolerance);
        if size_of::<R>() == size_of::<f64>() {
            assert_close("narrow factors", &download(device, &narrow), &expected, SINGLE);
        }

        let coefficients = device.zeros::<R>(columns).unwrap();
        let to = Slice::all(&coefficients);
        op.residual_in_factors(device, Slice::all(&p), Slice::all(&device_labels), to, 2.0).unwrap();
        let expected = cpu::residual_in_factors(cpu::softmax(wide.view()).view(), &labels).unwrap();
        let expected: Vec<R> = expected.iter().map(|&c| c * R::from_f64(2.0)).collect();
        assert_close("coefficients", &widened(download(device, &coefficients)), &widened(expected), tolerance);
    }
}

/// In single precision.
pub fn single<D: Device>(device: &D) {
    in_precision::<D, f32>(device, SINGLE);
}

/// In double precision.
pub fn double<D: Device>(device: &D) {
    in_precision::<D, f64>(device, 1e-12);
}

/// Fitted images and logits far from 0: every loss and every entry of a residual is accurate.
pub fn extremes<D: Device>(device: &D) {
    let rows = [[1e8, 1e8], [1e4, 1e4], [114.0, 100.0], [17.2, 0.0], [0.0, 17.2], [80.0, 0.0], [-300.0, 0.0_f32]];
    let logits = Array2::from_shape_fn((rows.len(), 2), |(i, c)| rows[i][c]);
    let op = SoftmaxCrossEntropy { images: rows.len(), classes: 2 };
    let labels = [0, 0, 0, 0, 1, 0, 0];
    let on_device = upload(device, &by_feature(logits.view()));
    let (on_device, labels_there) = (Slice::all(&on_device), upload(device, &device_labels(&labels)));
    let (losses, residual) = (stale(device, rows.len()), stale(device, 2 * rows.len()));
    let correct = device.zeros::<u32>(rows.len()).unwrap();
    op.losses(device, on_device, Slice::all(&labels_there), Slice::all(&losses), Slice::all(&correct)).unwrap();
    op.residual(device, on_device, Slice::all(&labels_there), Slice::all(&residual), 1.0).unwrap();
    let (losses, residual) = (download(device, &losses), download(device, &residual));
    for (i, row) in rows.iter().enumerate() {
        let mut expected = [0.0_f64; 2];
        let wide = row.map(f64::from);
        cpu::gradient_into(&wide, labels[i], 1.0, &mut expected);
        assert_close("a loss", &losses[i..=i], &[cpu::loss(&wide, labels[i])], SINGLE);
        for c in 0..2 {
            // exp(-300) is 0 in single precision.
            if expected[c].abs() > 1e-38 {
                let found = &residual[c * rows.len() + i..=c * rows.len() + i];
                assert_close("an entry of a residual", found, &[expected[c]], 5.0 * SINGLE);
            }
        }
    }
}

/// A label whose probability is below the normal numbers of single precision: the rounded factors times the
/// coefficients still give the residual.
pub fn factors_in_single_precision<D: Device>(device: &D) {
    for gap in [100.0, 187.0, 202.0, 300.0_f32] {
        let op = SoftmaxCrossEntropy { images: 1, classes: 2 };
        let logits = upload(device, &[gap, 0.0]);
        let labels = upload(device, &[1_u32]);
        let (p, factors) = (device.zeros::<f64>(2).unwrap(), device.zeros::<f64>(2).unwrap());
        let (narrow, coefficients) = (stale(device, 2), device.zeros::<f64>(1).unwrap());
        op.probabilities(device, Slice::all(&logits), Slice::all(&p)).unwrap();
        op.hessian_factors(device, Slice::all(&p), Slice::all(&factors), Slice::all(&narrow), 1.0).unwrap();
        op.residual_in_factors(device, Slice::all(&p), Slice::all(&labels), Slice::all(&coefficients), 1.0).unwrap();
        let (narrow, coefficients) = (download(device, &narrow), download(device, &coefficients));
        for (found, expected) in narrow.iter().zip([1.0, -1.0]) {
            assert_close("the residual", &[f64::from(*found) * coefficients[0]], &[expected], SINGLE);
        }
    }
}

/// A likeliest class among probabilities of zero: factors and coefficients still give the residual.
pub fn underflow<D: Device>(device: &D) {
    let op = SoftmaxCrossEntropy { images: 1, classes: 4 };
    let logits = upload(device, &[9.0_f32, -900.0, 1.0, 3.0]);
    let labels = upload(device, &[1_u32]);
    let (p, factors) = (device.zeros::<f64>(4).unwrap(), device.zeros::<f64>(12).unwrap());
    let (narrow, coefficients) = (stale(device, 12), device.zeros::<f64>(3).unwrap());
    op.probabilities(device, Slice::all(&logits), Slice::all(&p)).unwrap();
    op.hessian_factors(device, Slice::all(&p), Slice::all(&factors), Slice::all(&narrow), 1.0).unwrap();
    op.residual_in_factors(device, Slice::all(&p), Slice::all(&labels), Slice::all(&coefficients), 1.0).unwrap();
    let (p, factors, coefficients) =
        (download(device, &p), download(device, &factors), download(device, &coefficients));
    for c in 0..4 {
        let residual = p[c] - if c == 1 { 1.0 } else { 0.0 };
        let sum: f64 = (0..3).map(|k| coefficients[k] * factors[c * 3 + k]).sum();
        assert!((residual - sum).abs() < 1e-14, "{c}: {residual} {sum}");
    }
}

/// Losses, correctness with ties and NaN, and their sums over several batches.
pub fn losses<D: Device>(device: &D) {
    let (total, in_one) = (device.zeros::<f64>(2).unwrap(), device.zeros::<f64>(2).unwrap());
    let (mut loss, mut count) = (0.0, 0);
    for (images, classes) in [(1, 2), (33, 3), (300, 10)] {
        let op = SoftmaxCrossEntropy { images, classes };
        let (mut logits, labels) = batch(images, classes);
        // The first of equal logits is the prediction.
        logits.row_mut(0).fill(1.0);
        let (losses, correct) = (stale(device, images), device.zeros::<u32>(images).unwrap());
        let device_logits = upload(device, &by_feature(logits.view()));
        let device_labels = upload(device, &device_labels(&labels));
        let (to, hits) = (Slice::all(&losses), Slice::all(&correct));
        op.losses(device, Slice::all(&device_logits), Slice::all(&device_labels), to, hits).unwrap();
        op.accumulate(device, to, hits, Slice::all(&total)).unwrap();
        let residual = stale(device, images * classes);
        let (logits_there, labels_there) = (Slice::all(&device_logits), Slice::all(&device_labels));
        op.training(device, logits_there, labels_there, Slice::all(&residual), 0.5, Slice::all(&in_one)).unwrap();
        assert_close("sums in one launch", &download(device, &in_one), &download(device, &total), SINGLE);
        let gradient = cpu::mean_gradient(logits.view(), &labels).unwrap() * (0.5 * images as f32);
        assert_close("residual", &download(device, &residual), &by_feature(gradient.view()), SINGLE);
        let rows = logits.outer_iter().zip(&labels);
        let expected: Vec<f32> = rows.map(|(row, &y)| cpu::loss(row.to_vec().as_slice(), y)).collect();
        assert_close("losses", &download(device, &losses), &expected, SINGLE);
        let hits = logits.outer_iter().zip(&labels).map(|(row, &y)| u32::from(cpu::predicted(row) == Some(y)));
        assert_eq!(download(device, &correct), hits.collect::<Vec<_>>());
        loss += cpu::mean_loss(logits.view(), &labels).unwrap() * images as f64;
        count += cpu::count_correct(logits.view(), &labels);
        let found = download(device, &total);
        assert_close("sum of losses", &found[..1], &[loss], SINGLE);
        assert_eq!(found[1], count as f64);
    }
}

/// A NaN is no prediction, and a label that names no class has no loss.
pub fn losses_that_are_none<D: Device>(device: &D) {
    let op = SoftmaxCrossEntropy { images: 3, classes: 2 };
    let logits = upload(device, &[f32::NAN, 1.0, 1.0, 0.0, f32::NAN, 0.0]);
    let labels = upload(device, &[0_u32, 0, u32::MAX]);
    let (losses, correct) = (stale(device, 3), device.zeros::<u32>(3).unwrap());
    op.losses(device, Slice::all(&logits), Slice::all(&labels), Slice::all(&losses), Slice::all(&correct)).unwrap();
    assert!(download(device, &losses).iter().all(|loss| loss.is_nan()));
    assert_eq!(download(device, &correct), [0; 3]);
}
