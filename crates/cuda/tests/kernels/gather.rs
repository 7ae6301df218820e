//! Batches of a data set on the device.

use super::arrays::{download, stale, upload};
use minima_cuda::ops::{DataSet, Pixels, advance, pack_bytes};
use minima_cuda::{Device, Slice};
use minima_rng::Key;

/// Batch after batch in the given order, from floats and from bytes, and NaN after the end.
pub fn batches<D: Device>(device: &D) {
    for (features, available, count) in [(1, 3, 1), (35, 20, 7), (64, 50, 33)] {
        let bytes: Vec<u8> = Key::new(40).bits(features * available).into_iter().map(|word| word as u8).collect();
        let floats: Vec<f32> = bytes.iter().map(|&b| (f64::from(b) / 255.0) as f32).collect();
        let labels: Vec<u32> = (0..available as u32).map(|i| i % 10).collect();
        let order = Key::new(41).permutation(available);
        let (device_floats, device_words) = (upload(device, &floats), upload(device, &pack_bytes(&bytes, features)));
        let (all_labels, device_order) = (upload(device, &labels), upload(device, &order));
        for pixels in [Pixels::Floats(Slice::all(&device_floats)), Pixels::Bytes(Slice::all(&device_words))] {
            let data = DataSet { pixels, labels: Slice::all(&all_labels), features };
            let position = device.zeros::<u32>(1).unwrap();
            let (images, found) = (stale(device, features * count), device.zeros::<u32>(count).unwrap());
            for batch in 0..=available / count {
                let (at, to) = (Slice::all(&position), Slice::all(&images));
                data.gather(device, Slice::all(&device_order), at, to, Slice::all(&found)).unwrap();
                let (pixels, found) = (download(device, &images), download(device, &found));
                for i in 0..count {
                    let Some(&image) = order.get(batch * count + i) else {
                        assert_eq!(found[i], u32::MAX);
                        assert!((0..features).all(|f| pixels[f * count + i].is_nan()));
                        continue;
                    };
                    let image = image as usize;
                    assert_eq!(found[i], labels[image]);
                    for f in 0..features {
                        assert_eq!(pixels[f * count + i], floats[image * features + f]);
                    }
                }
                advance(device, at, count).unwrap();
            }
        }
    }
}
