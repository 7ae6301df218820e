//! Presets as TOML.

use minima_config::preset::Preset;

/// An accepted preset is not empty. Written and read again, it is equal.
pub fn preset(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(preset) = Preset::from_text(text, "preset", &[]) else { return false };
    assert!(!preset.seeds.is_empty() && !preset.labels.is_empty() && !preset.optimizers.is_empty());
    assert!((1..=preset.train_images).contains(&preset.batch_size) && preset.epochs > 0 && preset.test_images > 0);
    assert!((0.0..=1.0).contains(&preset.poison_rate));
    let radii = [&preset.epsilons, &preset.attack_epsilons, &preset.curve_epsilons];
    assert!(radii.into_iter().flatten().all(|radius| (0.0..=1.0).contains(radius)));
    assert_eq!(preset.optimizer_names().len(), preset.optimizers.len());
    // The product of two numbers at their limits must not overflow.
    let _ = preset.steps(preset.train_images);
    let again = preset.to_toml().and_then(|text| Preset::from_text(&text, "again", &[]));
    assert!(again.is_ok_and(|again| again == preset));
    true
}

/// A key of two bytes is an entry of about 200 bytes in a table. The table is copied once, and may extend a built-in preset
/// (tables of 4 KiB, read and copied). The parser takes 32 bytes for each piece of one or more input bytes, in a vector that
/// takes three times its content during reallocation.
pub(super) fn memory(input: u64) -> u64 {
    512 * input + (128 << 10)
}
