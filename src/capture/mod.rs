//! A capture's life: its [`record`], the pure [`state`] machine over it, and the effects that move it on.
//!
//! [`accept`] writes it down, [`drive`] takes it from step to step ([`start`], [`follow`], and [`crate::report`]),
//! [`sweep`] does so for all that are open.

pub mod accept;
pub mod admit;
pub mod attendance;
pub mod drive;
pub mod episode;
mod evict;
pub mod exact;
mod follow;
mod gone;
mod history;
pub mod inquire;
pub mod ledger;
pub mod name;
pub mod note;
pub mod record;
pub mod resolved;
mod room;
mod start;
pub mod state;
pub mod stop;
pub mod sweep;
pub mod write;

pub use record::Record;
pub use state::State;
