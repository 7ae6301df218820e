//! Presets as TOML.

use minima_config::preset::Preset;

/// A preset that is accepted has something to do and reads back as itself.
pub fn preset(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(preset) = Preset::from_text(text, "preset", &[]) else { return false };
    assert!(!preset.seeds.is_empty() && !preset.labels.is_empty() && !preset.optimizers.is_empty());
    assert!((1..=preset.train_images).contains(&preset.batch_size) && preset.epochs > 0 && preset.test_images > 0);
    assert!((0.0..=1.0).contains(&preset.poison_rate));
    let radii = [&preset.epsilons, &preset.attack_epsilons, &preset.curve_epsilons];
    assert!(radii.into_iter().flatten().all(|radius| (0.0..=1.0).contains(radius)));
    assert_eq!(preset.optimizer_names().len(), preset.optimizers.len());
    // Two numbers as large as they may be do not overflow.
    let _ = preset.steps(preset.train_images);
    let again = preset.to_toml().and_then(|text| Preset::from_text(&text, "again", &[]));
    assert!(again.is_ok_and(|again| again == preset));
    true
}

/// A key of two bytes is an entry of some 200 in a table, which is copied once and may lie over one of the presets compiled in
/// (tables of 4 KiB, read and copied); the parser notes each piece of its input, of a byte or more, in 32 bytes, three times over
/// while its vector moves.
pub(super) fn memory(input: u64) -> u64 {
    512 * input + (128 << 10)
}
