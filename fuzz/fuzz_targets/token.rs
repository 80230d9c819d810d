//! Any token: refused, or a candidate that nobody can have signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    alertcap::fuzzed::callers::token(bytes);
});
