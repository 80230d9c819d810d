//! What was on the wire: a capture file's bytes in, a [`Summary`] out, in constant memory.

pub mod summary;

pub use summary::Summary;
