//! The adapter's wasm on a host whose stores and configuration are scripted: what goes in at Spin's side, and what
//! comes out at WASI's.

mod buckets;
mod folder;
mod guest;
mod host;
mod keys;
mod shared_folder;
mod values;
mod variables;
