//! A capture's life: its [`record`], the pure [`state`] machine over it, and the effects that move it on.
//!
//! [`accept`] writes it down, [`drive`] takes it from step to step ([`start`], [`follow`], and [`crate::report`]),
//! [`sweep`] does so for all that are open.

pub mod accept;
pub mod drive;
mod follow;
pub mod name;
pub mod record;
mod start;
pub mod state;
pub mod sweep;

pub use record::Record;
pub use state::State;
