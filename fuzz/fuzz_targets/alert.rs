//! Any body: read and planned.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    alertcap::fuzzed::alert(bytes);
});
