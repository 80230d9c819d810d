//! Azure, one file per thing talked to. What is known of its answers is said beside the code that reads them.

pub mod arm;
pub mod authorization;
pub mod behind;
pub mod blob;
pub mod cloud;
pub mod compute;
pub mod credential;
pub mod network_watcher;
pub mod resource_id;
pub mod sealed;
pub mod storage;
pub mod token;
pub mod types;
