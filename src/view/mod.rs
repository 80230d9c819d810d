//! What people see of a capture: its files, and what they show.

pub mod files;
pub mod find;
pub mod read;
