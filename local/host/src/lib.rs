//! A WASI host for one Spin component, for laptops and tests.
//!
//! It runs the same wasm file that Spin runs, with the same spin.toml, where Spin itself is not at hand. It is no
//! server to expose: no TLS, no limits on memory or load, no telemetry.
//!
//! | module | job |
//! | --- | --- |
//! | [`manifest`] | spin.toml → a checked [`manifest::Manifest`] |
//! | [`variables`] | declared variables and the outside → values |
//! | [`allow`] | `allowed_outbound_hosts` → who may be talked to |
//! | [`store`], [`key_value`] | Spin's SQLite file; `spin:key-value` on it |
//! | [`connect`], [`outbound`] | TCP and TLS; `wasi:http/client` on them |
//! | [`output`] | what the component prints |
//! | [`instance`], [`worker`] | what an instance has; when instances start and end |
//! | [`memory`] | how much of it instances have had |
//! | [`serve`] | requests in, answers out |

pub mod allow;
pub mod clock;
pub mod connect;
pub mod instance;
pub mod key_value;
pub mod manifest;
pub mod memory;
pub mod outbound;
pub mod output;
pub mod serve;
pub mod store;
pub mod variables;
pub mod worker;
