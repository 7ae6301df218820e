//! The rectifier, sums, and the step of the attack.

use super::arrays::{SINGLE, assert_close, by_column, by_feature, directions, download, normal, rows, stale, upload};
use super::conv2d::gated;
use minima_cuda::ops::{Add, Relu, fgsm};
use minima_cuda::{Columns, Device, Slice, Write};

/// Forward, and gates: stored, added, and in place.
pub fn relu<D: Device>(device: &D) {
    for (features, images, count) in [(1, 1, 1), (7, 5, 3), (13, 130, 3)] {
        let op = Relu { features };
        let columns = Columns { images, directions: count };
        let x = rows(10, images, features);
        let (device_x, y) = (upload(device, &by_feature(x.view())), stale(device, x.len()));
        op.forward(device, images, Slice::all(&device_x), Slice::all(&y)).unwrap();
        assert_close("relu", &download(device, &y), &by_feature(x.mapv(|x| x.max(0.0)).view()), SINGLE);

        let mut d = directions(11, (count, images, features));
        let (from, to) = (upload(device, &by_column(d.view())), stale(device, d.len()));
        let (y, from, in_place) = (Slice::all(&y), Slice::all(&from), Slice::all(&from));
        op.gate(device, columns, y, from, Slice::all(&to), Write::Store).unwrap();
        gated(&mut d, &x);
        assert_close("gate", &download(device, &to), &by_column(d.view()), SINGLE);
        op.gate(device, columns, y, from, Slice::all(&to), Write::Add).unwrap();
        assert_close("gate, added", &download(device, &to), &by_column((2.0 * &d).view()), SINGLE);
        op.gate(device, columns, y, from, in_place, Write::Store).unwrap();
        op.gate(device, columns, y, in_place, Slice::all(&to), Write::Store).unwrap();
        assert_close("gate in place", &download(device, &to), &by_column(d.view()), SINGLE);
    }
}

/// Forward, vjp and jvp.
pub fn add<D: Device>(device: &D) {
    for (features, images, count) in [(1, 1, 1), (7, 5, 3), (13, 130, 3)] {
        let op = Add { features };
        let columns = Columns { images, directions: count };
        let (a, b) = (rows(12, images, features), rows(13, images, features));
        let (device_a, device_b) = (upload(device, &by_feature(a.view())), upload(device, &by_feature(b.view())));
        let y = stale(device, a.len());
        op.forward(device, images, Slice::all(&device_a), Slice::all(&device_b), Slice::all(&y), true).unwrap();
        let sum = (&a + &b).mapv(|y| y.max(0.0));
        assert_close("add", &download(device, &y), &by_feature(sum.view()), SINGLE);

        let (mut da, db) = (directions(14, (count, images, features)), directions(15, (count, images, features)));
        let (device_da, device_db) = (upload(device, &by_column(da.view())), upload(device, &by_column(db.view())));
        let (to, gate) = (stale(device, da.len()), Some(Slice::all(&y)));
        op.jvp(device, columns, Slice::all(&device_da), Slice::all(&device_db), Slice::all(&to), gate).unwrap();
        let mut expected = &da + &db;
        gated(&mut expected, &sum);
        assert_close("jvp", &download(device, &to), &by_column(expected.view()), SINGLE);

        op.vjp(device, columns, Slice::all(&device_da), Slice::all(&to), Write::Store, None).unwrap();
        let gate = Some(Slice::all(&device_a));
        op.vjp(device, columns, Slice::all(&device_da), Slice::all(&to), Write::Add, gate).unwrap();
        let all = da.clone();
        gated(&mut da, &a);
        assert_close("vjp", &download(device, &to), &by_column((all + da).view()), SINGLE);
    }
}

/// `clip(x + ε sign(g), 0, 1)`.
pub fn fgsm_step<D: Device>(device: &D) {
    let (x, mut g) = (normal(16, 300), normal(17, 300));
    g[5] = 0.0;
    let (device_x, device_g, y) = (upload(device, &x), upload(device, &g), stale(device, 300));
    for clip in [false, true] {
        fgsm(device, Slice::all(&device_x), Slice::all(&device_g), Slice::all(&y), 0.1, clip).unwrap();
        let moved = x.iter().zip(&g).map(|(x, &g)| x + 0.1 * if g == 0.0 { 0.0 } else { g.signum() });
        let expected: Vec<f32> = moved.map(|y| if clip { y.clamp(0.0, 1.0) } else { y }).collect();
        assert_close("fgsm", &download(device, &y), &expected, SINGLE);
    }
}
