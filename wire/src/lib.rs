//! What was on the wire: a capture file's bytes in, a [`Summary`] out, in constant memory.
//!
//! ```text
//! bytes ──► file ──► packet ──► conversations, timeline, protocols, … ──► assemble ──► Summary
//!           frames   headers    counts, all of them bounded               sorts, names
//! ```
//!
//! [`Reading`] is the way in. It takes a file's bytes in pieces of any size, can be broken off at any of them and resumed
//! from a checkpoint, and never holds more than one record of the file.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::unreachable
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        missing_docs,
        reason = "a test that fails may panic"
    )
)]

mod address;
mod assemble;
mod checkpoint;
mod clean;
mod conversations;
mod counts;
mod distinct;
pub mod dns;
mod file;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
pub mod icmp;
mod json;
mod keep;
mod lookups;
mod packet;
mod protocols;
mod reading;
mod spread;
pub mod standing_out;
pub mod summary;
mod table;
pub mod tcp;
#[cfg(test)]
mod testing;
mod timeline;
pub mod tls;
mod traffic;

pub use checkpoint::NotACheckpoint;
pub use reading::{AtEnd, Reading};
pub use standing_out::About;
pub use summary::Summary;

/// Adds to a count that stops at its end: lengths in a file may be any.
pub(crate) fn add(count: &mut u64, more: u64) {
    *count = count.saturating_add(more);
}
