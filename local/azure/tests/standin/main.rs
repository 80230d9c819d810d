//! Black-box tests: each starts a stand-in of its own on free ports and speaks HTTP to it.

mod arm;
mod asked;
mod assertions;
mod blobs;
mod captures;
mod client;
mod compute;
mod control;
mod entra;
mod faults;
mod imds;
mod keys;
mod network;
mod nights;
mod permissions;
mod program;
mod python;
mod receivers;
mod storage;

/// Says something that a passing test's output shows too: `println!` would be swallowed.
pub(crate) fn note(text: &str) {
    use std::io::Write;
    _ = writeln!(std::io::stderr(), "{text}");
}
