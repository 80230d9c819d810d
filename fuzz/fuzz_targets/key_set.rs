//! Any key set: read, or not.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    alertcap::fuzzed::callers::key_set(bytes);
});
