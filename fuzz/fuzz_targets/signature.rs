//! Any headers of a signature: let in only if the secret made them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    alertcap::fuzzed::callers::signature(bytes);
});
