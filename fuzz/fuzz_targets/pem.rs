//! Any certificate file: read, or refused without showing it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    alertcap::fuzzed::callers::pem(bytes);
});
