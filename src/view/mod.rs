//! What people see of a capture: its files, and what they show.

pub mod download;
pub mod files;
pub mod find;
pub mod read;
