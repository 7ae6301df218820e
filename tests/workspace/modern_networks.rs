//! The networks of today against Flax: initial weights, logits, and derivatives up to second order.

use minima_tests::modern_networks::{RESNET, VIT};
use minima_tests::property::Held;

#[test]
fn initial_weights_are_those_of_flax() -> Held {
    for network in [VIT, RESNET] {
        network.has_initial_weights()?;
        let Some(path) = network.full_weights() else {
            println!("skipped all weights of {}: no such file in MINIMA_GOLDEN", network.name);
            continue;
        };
        let graph = network.graph()?;
        let (found, expected): (Vec<f32>, Vec<f32>) = (graph.init(42), graph.load(&path)?);
        let most = found.iter().zip(&expected).map(|(f, e)| (f - e).abs()).fold(0.0, f32::max);
        println!("{}: the largest difference of a weight is {most:.1e}", network.name);
        assert!(most <= 1e-6);
    }
    Ok(())
}

#[test]
fn derivatives_are_those_of_flax() -> Held {
    for network in [VIT, RESNET] {
        match network.full_weights() {
            // The reference's own weights: both sides compute in double precision.
            Some(path) => network.has_derivatives(network.graph()?.load(&path)?, 1e-9)?,
            None => println!("skipped the full precision of {}: no weights in MINIMA_GOLDEN", network.name),
        }
    }
    Ok(())
}
