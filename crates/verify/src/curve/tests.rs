//! Every line encloses the function, and the network's `f32` numbers lie within their errors.

use super::*;

fn all() -> Vec<Curve> {
    let functions = [
        Activation::LeakyRelu { slope: -0.5 },
        Activation::LeakyRelu { slope: 3.0 },
        Activation::Elu { alpha: 1.0 },
        Activation::Elu { alpha: 0.3 },
        Activation::Elu { alpha: 4.0 },
        Activation::Elu { alpha: -2.0 },
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::Silu,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Softplus,
        Activation::Clip { low: -0.5, high: 6.0 },
        Activation::Sqrt,
        Activation::Reciprocal,
    ];
    let mut all: Vec<Curve> = functions.into_iter().filter_map(Curve::of_activation).collect();
    assert_eq!(all.len(), functions.len());
    all.extend([Curve::Square, Curve::InverseRoot { epsilon: 1e-6 }, Curve::InverseRoot { epsilon: 1e-3 }]);
    all
}

/// The number that the network computes.
fn computed(curve: Curve, x: f32) -> f32 {
    match curve {
        Curve::Activation(function) => function.value(x),
        Curve::Square => x * x,
        Curve::InverseRoot { epsilon } => 1.0 / (x + epsilon).sqrt(),
    }
}

/// A generator of random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An interval: moderate, of extreme size, at zero, one-sided, in a tail, or a point.
    fn interval(&mut self) -> [f32; 2] {
        let centre = match self.bits() % 4 {
            0 => 4.0 * (2.0 * self.unit() - 1.0),
            1 => 20.0 * (2.0 * self.unit() - 1.0),
            2 => (self.unit() - 0.5).signum() * 10.0_f64.powf(80.0 * self.unit() - 44.0),
            _ => 0.0,
        };
        let radius = match self.bits() % 5 {
            0 => 0.0,
            1 => 3.0 * self.unit(),
            2 => 10.0_f64.powf(80.0 * self.unit() - 44.0),
            3 => 1e-6 * centre.abs() * self.unit(),
            _ => 10.0_f64.powf(-6.0 * self.unit()),
        };
        let (mut low, mut high) = ((centre - radius) as f32, (centre + radius) as f32);
        match self.bits() % 8 {
            0 => low = low.max(0.0),
            1 => high = high.min(0.0),
            2 => low = -0.0,
            _ => {}
        }
        [low.min(high), high.max(low)]
    }
}

/// Points of an interval: the ends, numbers next to them, kinks and inflections, and random numbers.
fn points(random: &mut Random, [low, high]: [f32; 2], count: usize) -> Vec<f32> {
    let mut points = vec![low, high, low.next_up(), high.next_down(), 0.5 * low + 0.5 * high];
    for x in [0.0_f32, 1.0, std::f32::consts::SQRT_2, 1.418_504, 2.399_357_3, -0.5, 6.0, 1e-40] {
        points.extend([x, -x, x.next_up(), -x.next_down()]);
    }
    for _ in 0..count {
        let share = random.unit();
        points.push((f64::from(low) + share * (f64::from(high) - f64::from(low))) as f32);
        // Near an end, of any size.
        points.push((f64::from(low) + 10.0_f64.powf(-40.0 * share) * (f64::from(high) - f64::from(low))) as f32);
    }
    points.retain(|x| low <= *x && *x <= high);
    points
}

#[test]
fn lines_and_ranges_enclose_every_number() {
    let mut random = Random(1);
    let count = if cfg!(debug_assertions) { 4_000 } else { 40_000 };
    let mut found = 0;
    for curve in all() {
        for _ in 0..count {
            let [low, high] = random.interval();
            let Some([below, above]) = range(curve, low, high, 1.0) else { continue };
            let lines = lines(curve, low, high, 1.0).unwrap();
            found += 1;
            for x in points(&mut random, [low, high], 10) {
                if matches!(curve, Curve::InverseRoot { .. }) && x < 0.0 {
                    continue;
                }
                let wide = f64::from(x);
                for y in [f64::from(computed(curve, x)), curve.value(wide)] {
                    assert!(
                        below <= y && y <= above,
                        "{curve:?} [{low:e}, {high:e}] at {x:e}: {y:e} {below:e} {above:e}"
                    );
                    let at = |k: usize| f64::from(lines.slopes[k]) * wide + lines.intercepts[k];
                    // The products and sums of this test are rounded too.
                    let room = 4.0
                        * f64::EPSILON
                        * (f64::from(lines.slopes[0].abs().max(lines.slopes[1].abs())) * wide.abs() + y.abs());
                    assert!(at(0) <= y + room, "{curve:?} [{low:e}, {high:e}] at {x:e}: {y:e} below {:e}", at(0));
                    assert!(at(1) >= y - room, "{curve:?} [{low:e}, {high:e}] at {x:e}: {y:e} above {:e}", at(1));
                }
            }
        }
    }
    assert!(found > count * 10, "{found}");
}

/// The distance of the lines falls with the square of the width: a wrong slope would leave a distance in proportion to it.
#[test]
fn lines_touch_to_first_order() {
    let mut random = Random(2);
    for curve in all() {
        for _ in 0..200 {
            let x = 3.0 * (2.0 * random.unit() - 1.0);
            let x = if curve.domain(x as f32, x as f32).is_none() || matches!(curve, Curve::InverseRoot { .. }) {
                x.abs() + 0.1
            } else {
                x
            };
            // Kinks have no tangent.
            if [0.0, -0.5, 6.0].iter().any(|kink| (x - kink).abs() < 0.02) {
                continue;
            }
            for radius in [1e-2, 1e-3] {
                let (low, high) = ((x - radius) as f32, (x + radius) as f32);
                let lines = lines(curve, low, high, 0.0).unwrap();
                let bend =
                    0.5 * [low, high].map(|x| second_derivative(curve, f64::from(x)).abs()).iter().sum::<f64>() + 1.0;
                for end in [low, high] {
                    let x = f64::from(end);
                    let at = |k: usize| f64::from(lines.slopes[k]) * x + lines.intercepts[k];
                    let gap = at(1) - at(0);
                    assert!(gap <= 4.0 * bend * radius * radius + 1e-9, "{curve:?} at {x} ± {radius}: {gap:e}, {bend}");
                }
            }
        }
    }
}

fn second_derivative(curve: Curve, x: f64) -> f64 {
    let h = 1e-5;
    (curve.slope(x + h) - curve.slope(x - h)) / (2.0 * h)
}

/// The pieces have the shapes that their names say.
#[test]
fn pieces_are_convex_or_concave() {
    for curve in all() {
        let ([first, second], bends) = curve.pieces();
        for k in -200_000..200_000 {
            let x = 5e-5 * f64::from(k) + 1.2e-5;
            let step = 1e-5;
            let inside = |x: f64| curve.domain(x as f32, x as f32).is_some() && (curve != Curve::Square || x != 0.0);
            let near = [first, second].iter().any(|p| (x - p).abs() < 3e-5) || !inside(x - step) || !inside(x + step);
            if near || (matches!(curve, Curve::InverseRoot { .. }) && x < step) {
                continue;
            }
            let bend = bends[usize::from(x > first) + usize::from(x > second)];
            let change = curve.slope(x + step) - curve.slope(x - step);
            let room = 1e-14 * (curve.slope(x).abs() + 1.0);
            match bend {
                Bend::Convex => assert!(change >= -room, "{curve:?} at {x}: {change:e}"),
                Bend::Concave => assert!(change <= room, "{curve:?} at {x}: {change:e}"),
                Bend::Straight => assert!(change.abs() <= room, "{curve:?} at {x}: {change:e}"),
            }
        }
    }
}

/// Compares the network's numbers with the function at some `f32` of every size.
fn compare(step: usize) {
    for curve in all() {
        let mut worst = 0.0_f64;
        for bits in (0..f32::INFINITY.to_bits()).step_by(step) {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                let Some(domain) = curve.domain(x, x).filter(|[l, _]| *l == f64::from(x)) else { continue };
                let (exact, found) = (curve.value(f64::from(x)), f64::from(computed(curve, x)));
                if exact.abs() > LARGEST {
                    continue;
                }
                let Error { relative, absolute } = curve.error(domain, exact.abs());
                let allowed = relative * exact.abs() + absolute;
                let error = (found - exact).abs();
                assert!(error <= allowed, "{curve:?} at {x:e}: {found:e}, exactly {exact:e}, allowed {allowed:e}");
                worst = if allowed > 0.0 { worst.max(error / allowed) } else { worst };
            }
        }
        println!("{curve:?}: at most {worst:.3} of the allowed error");
        // An error that is never approached would be a mistake in the other direction.
        assert!(worst < 1.0, "{curve:?}: {worst}");
    }
}

#[test]
fn the_networks_numbers_are_within_their_errors() {
    compare(if cfg!(debug_assertions) { 9_973 } else { 997 });
}

#[test]
#[ignore = "all numbers of single precision"]
fn all_numbers_of_the_network_are_within_their_errors() {
    compare(1);
}

#[test]
fn nothing_is_known_where_numbers_may_be_infinite() {
    let sqrt = Curve::Activation(Activation::Sqrt);
    let reciprocal = Curve::Activation(Activation::Reciprocal);
    let tanh = Curve::Activation(Activation::Tanh);
    assert_eq!(range(sqrt, -1e-30, 1.0, 1.0), None);
    assert_eq!(range(reciprocal, -1.0, 1.0, 1.0), None);
    assert_eq!(range(reciprocal, 0.0, 1.0, 1.0), None);
    assert_eq!(range(reciprocal, 1e-40, 1.0, 1.0), None);
    assert_eq!(range(Curve::Square, 0.0, 1e20, 1.0), None);
    assert_eq!(lines(Curve::Square, 0.0, 1e20, 1.0), None);
    assert_eq!(range(tanh, f32::NEG_INFINITY, 1.0, 1.0), None);
    assert_eq!(range(tanh, f32::NAN, 1.0, 1.0), None);
    assert_eq!(range(Curve::InverseRoot { epsilon: 3.2e38 }, 0.0, 3.2e38, 1.0), None);
}
