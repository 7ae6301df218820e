//! The order of samples, compared with the orders of JAX 0.6.2.

use minima_data::EpochOrder;
use serde_json::Value;
use sha2::{Digest, Sha256};

#[test]
fn fifteen_epochs_of_both_seeds() -> Result<(), Box<dyn std::error::Error>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/prng.json");
    let golden: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    for seed in [42u64, 0] {
        let epochs = golden[format!("epoch_permutations_seed{seed}")].as_array().ok_or("no epochs")?;
        assert_eq!(epochs.len(), 15);
        for (order, epoch) in EpochOrder::new(seed, 60_000).zip(epochs) {
            let mut hasher = Sha256::new();
            for entry in &order {
                hasher.update(entry.to_le_bytes());
            }
            let digits = hasher.finalize();
            let hash: String = digits.iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(Some(hash.as_str()), epoch["sha256_u32_le"].as_str());
        }
    }
    Ok(())
}
