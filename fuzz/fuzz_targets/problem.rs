//! Any detail of a problem: JSON that holds it.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    alertcap::fuzzed::callers::problem(text);
});
