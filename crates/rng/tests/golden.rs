//! The generator against values computed with JAX 0.6.2 and Flax 0.11.2 on a CPU.

use std::path::PathBuf;

use minima_rng::{Key, lecun_normal};
use safetensors::SafeTensors;
use serde_json::Value;
use sha2::{Digest, Sha256};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn golden(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../tests/golden", name].iter().collect()
}

fn values() -> Result<Value, Box<dyn std::error::Error>> {
    Ok(serde_json::from_slice(&std::fs::read(golden("prng.json"))?)?)
}

fn integers(value: &Value) -> Vec<u32> {
    let entries = value.as_array().into_iter().flatten();
    entries.filter_map(|v| v.as_u64().map(|v| v as u32)).collect()
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        let tolerance = (1e-6 * e.abs()).max(1e-7);
        assert!((f - e).abs() <= tolerance, "found {f}, expected {e}");
    }
}

#[test]
fn keys_and_words() -> Outcome {
    let golden = values()?;
    let key = Key::new(42);
    assert_eq!(key.0.to_vec(), integers(&golden["prngkey_42"]));
    let (first, second) = key.split();
    assert_eq!(first.0.to_vec(), integers(&golden["split_42"][0]));
    assert_eq!(second.0.to_vec(), integers(&golden["split_42"][1]));
    assert_eq!(key.fold_in(7).0.to_vec(), integers(&golden["fold_in_42_7"]));
    assert_eq!(key.bits(8), integers(&golden["bits_42_8"]));
    assert_eq!(Key::new(0x1234_5678_9abc_def0).0, [0x1234_5678, 0x9abc_def0]);
    assert_eq!(key.split_n(4), [first, second, Key([2_465_931_498, 255_383_827]), Key([3_134_548_294, 894_150_801])]);
    assert_eq!(key.fold_in(0xdead_beef), Key([1_644_914_347, 3_512_592_124]));
    Ok(())
}

#[test]
fn distributions() -> Outcome {
    let golden = values()?;
    let key = Key::new(42);
    for (name, found) in [
        ("uniform_42_8", key.uniform(8)),
        ("normal_42_8", key.normal(8)),
        ("truncated_normal_42_8_-2_2", key.truncated_normal(8, -2.0, 2.0)),
    ] {
        let entries = golden[name].as_array().ok_or(name)?;
        let expected: Vec<f32> = entries.iter().filter_map(|v| v.as_f64().map(|v| v as f32)).collect();
        assert_eq!(expected.len(), 8, "{name}");
        assert_close(&found, &expected);
    }
    Ok(())
}

#[test]
fn fifteen_epochs_of_permutations() -> Outcome {
    let golden = values()?;
    for seed in [42u64, 0] {
        let epochs = golden[format!("epoch_permutations_seed{seed}")].as_array().ok_or("no epochs")?;
        assert_eq!(epochs.len(), 15);
        let mut key = Key::new(seed);
        for epoch in epochs {
            let (next, sub) = key.split();
            key = next;
            assert_eq!(sub.0.to_vec(), integers(&epoch["shuffle_key"]));
            let order = sub.permutation(60_000);
            assert_eq!(order[..8], integers(&epoch["first8"]));
            assert_eq!(order[order.len() - 4..], integers(&epoch["last4"]));
            let mut hasher = Sha256::new();
            for entry in &order {
                hasher.update(entry.to_le_bytes());
            }
            let hash: String = hasher.finalize().iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(Some(hash.as_str()), epoch["sha256_u32_le"].as_str());
        }
    }
    Ok(())
}

#[test]
fn initial_weights() -> Outcome {
    for seed in [42u64, 0] {
        let bytes = std::fs::read(golden(&format!("init_seed{seed}.safetensors")))?;
        let tensors = SafeTensors::deserialize(&bytes)?;
        assert_eq!(tensors.len(), 8);
        for module in ["Conv_0", "Conv_1", "Dense_0", "Dense_1"] {
            let kernel = tensors.tensor(&format!("{module}.kernel"))?;
            let expected: Vec<f32> =
                kernel.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            let outputs = kernel.shape().last().copied().ok_or("a scalar kernel")?;
            let found = lecun_normal(Key::for_module(seed, module), expected.len(), expected.len() / outputs);
            assert_close(&found, &expected);
            let equal = found.iter().zip(&expected).filter(|(f, e)| f == e).count();
            assert!(equal * 10 >= found.len() * 9, "{module}: {equal} bit-equal");
            let bias = tensors.tensor(&format!("{module}.bias"))?;
            assert!(bias.data().iter().all(|&byte| byte == 0));
        }
    }
    Ok(())
}
