//! Spin's key-value stores and variables on what WASI has for them, as a component that is plugged under a Spin
//! component.
//!
//! | export | module | import |
//! | --- | --- | --- |
//! | `spin:key-value/key-value@3.0.0` | `key_value` over [`buckets`] and [`pages`]; `folder` over [`file_name`] | `wasi:keyvalue/store@0.2.0-draft`; `wasi:filesystem` where a folder is lent |
//! | `spin:variables/variables@3.0.0` | `variables` over [`name`] | `wasi:config/store@0.2.0-rc.1`, and the environment |
//!
//! The public modules are the thoughts of it: free of the host, generic over what they need of it, tested natively. The
//! others are compiled for wasm only: `bindings` is what `wit-bindgen` makes of `wit/`, `folder` is a store in the host's
//! files, and the two exports tie both ends together.

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

#[cfg(target_family = "wasm")]
mod bindings;
pub mod buckets;
pub mod file_name;
#[cfg(target_family = "wasm")]
mod folder;
#[cfg(target_family = "wasm")]
mod key_value;
pub mod name;
pub mod pages;
#[cfg(target_family = "wasm")]
mod variables;
