#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = minima_tests::hostile::certificate(bytes);
});
