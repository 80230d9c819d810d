//! Programs that some tasks need: fetched or built below the target folder, at versions of ours, never system-wide.

mod cargo;

pub(crate) use cargo::Tool;
