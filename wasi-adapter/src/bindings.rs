//! What `wit-bindgen` makes of `wit/`, and the component that exports it.

#![expect(unsafe_code, reason = "generated: values cross the component's border as pointers")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "generated; what it may panic on is a host that breaks the component model's rules"
)]

wit_bindgen::generate!({ path: "wit", world: "adapter", generate_all });

/// The component: its exports are implemented in `key_value.rs` and `variables.rs`.
pub(crate) struct Adapter;

export!(Adapter);
