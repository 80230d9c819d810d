//! Black-box tests: each starts a stand-in of its own on free ports and speaks HTTP to it.

mod arm;
mod blobs;
mod captures;
mod client;
mod control;
mod entra;
mod faults;
mod program;
mod python;
