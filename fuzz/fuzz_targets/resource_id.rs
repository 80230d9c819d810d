//! Any text as an ARM id, and the URL it becomes.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| alertcap::fuzzed::resource_id(text));
