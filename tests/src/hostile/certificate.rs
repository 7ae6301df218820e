//! Certificates of proofs.

use minima_autodiff::{Graph, GraphBuilder};
use minima_certificate::{Certificate, Checked, Checker, Norm, Property, sha256};
use std::path::Path;
use std::sync::LazyLock;

const PARAMS: [f32; 12] = [0.1, -0.2, 1.0, 0.5, -1.0, 0.5, 0.3, 0.0, 1.0, -0.5, 0.2, 1.0];
const IMAGE: [f32; 2] = [0.75, 0.25];

/// Two pixels, two ReLUs and two classes.
fn graph() -> Option<Graph> {
    let mut g = GraphBuilder::new(&[2]);
    let x = g.dense(g.input(), "Dense_0", 2).ok()?;
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 2).ok()?;
    g.finish(x).ok()
}

static CHECKER: LazyLock<Option<(Graph, Checker)>> = LazyLock::new(|| {
    let graph = graph()?;
    let checker = Checker::new(&graph, &PARAMS).ok()?;
    Some((graph, checker))
});

/// An accepted certificate is equal when written and read again. The same holds for any content with a valid hash, which an
/// attacker can compute. A certificate that the checker accepts for the network here is true at the corners of its ball.
pub fn certificate(bytes: &[u8]) -> bool {
    let file = Path::new("certificate.json");
    let read = Certificate::from_bytes(bytes, file).ok();
    let content = serde_json::from_slice::<Certificate>(bytes).ok();
    for certificate in read.iter().chain(&content) {
        let again = certificate.to_bytes(file).ok().and_then(|bytes| Certificate::from_bytes(&bytes, file).ok());
        assert_eq!(again.as_ref(), Some(certificate));
        let own = Certificate { weights: sha256(&PARAMS), image: sha256(&IMAGE), ..certificate.clone() };
        if let Some((graph, checker)) = &*CHECKER
            && let Ok(checked) = checker.check(&own, &IMAGE)
        {
            check(graph, &own, checked);
        }
    }
    read.or(content).is_some()
}

/// No corner of the ball lies below the bound.
fn check(graph: &Graph, certificate: &Certificate, checked: Checked) {
    let &Property::Label(label) = &certificate.property else { return };
    let radius = match certificate.norm {
        Norm::Linf => certificate.radius as f32,
        // A corner of the largest box within the ball, for two pixels.
        Norm::L2 => (certificate.radius * 0.707) as f32,
    };
    for signs in [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0], [0.0, 0.0]] {
        let corner = [0, 1].map(|i| (IMAGE[i] + radius * signs[i]).clamp(0.0, 1.0));
        let point = ndarray::ArrayView2::from_shape((1, 2), &corner).ok();
        let logits = point.and_then(|point| graph.logits(&PARAMS, point).ok());
        let margin =
            logits.map(|logits| f64::from(logits[[0, label as usize]]) - f64::from(logits[[0, 1 - label as usize]]));
        assert!(margin.is_some_and(|margin| checked.bound <= margin), "{checked:?} {margin:?}");
    }
}

/// An empty list of open ReLUs has three bytes in a file and 24 in memory. A growing vector takes three times as much during
/// reallocation, and at most three certificates and two texts are held. A leaf takes 80 bytes, written in 35, and its path
/// another 32 for each multiplier of two bytes or more.
pub(super) fn memory(input: u64) -> u64 {
    160 * input + (1 << 20)
}
