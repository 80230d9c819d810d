//! What was on the wire: a capture file's bytes in, a [`Summary`] out, in constant memory.

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

mod clean;
pub mod dns;
pub mod icmp;
pub mod summary;
pub mod tcp;
pub mod tls;

pub use summary::Summary;
