//! Any text as rules.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| alertcap::fuzzed::rules(text));
