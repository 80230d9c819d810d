//! alertcap.
