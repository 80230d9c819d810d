//! The host's store from behind.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};

use crate::stack::Stack;

impl Stack {
    /// Every key of the store with its value; the host makes it when something is first kept.
    ///
    /// # Panics
    /// When the store cannot be read.
    #[must_use]
    pub fn kept(&self) -> BTreeMap<String, Vec<u8>> {
        if !self.store_file().exists() {
            return BTreeMap::new();
        }
        let store = Connection::open_with_flags(self.store_file(), OpenFlags::SQLITE_OPEN_READ_ONLY);
        let store = store.expect("the store");
        let mut rows = store.prepare("SELECT key, value FROM spin_key_value").expect("its table");
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("its rows");
        rows.collect::<Result<_, _>>().expect("keys and values")
    }

    /// Puts a value under a key; the host should be killed, for it may remember another.
    ///
    /// # Panics
    /// When the store cannot be written.
    pub fn put(&self, key: &str, value: &[u8]) {
        let store = Connection::open(self.store_file()).expect("the store");
        let changed = store
            .execute("UPDATE spin_key_value SET value = ?2 WHERE key = ?1", (key, value))
            .expect("it can be written");
        assert_eq!(changed, 1, "{key} is not there");
    }

    fn store_file(&self) -> std::path::PathBuf {
        self.host_state().join("sqlite_key_value.db")
    }
}
