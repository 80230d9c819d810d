//! Any capture file, in any pieces, broken off and resumed: one summary. Any checkpoint: refused, or gone on from.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    wire::fuzzed::capture(bytes);
    wire::fuzzed::checkpoint(bytes);
});
