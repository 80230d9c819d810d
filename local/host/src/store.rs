//! The key-value store: Spin's database file in Spin's schema, so that either host can open the other's.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use rusqlite::{Connection, OptionalExtension as _, params};

const SCHEMA: &str = "
    PRAGMA journal_mode = DELETE;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS spin_key_value (
        store TEXT NOT NULL,
        key   TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (store, key)
    )";

/// All stores of the application, told apart by their labels. Its methods block.
pub struct Store {
    /// Opened by the first operation, as Spin does: a broken file is the operation's error, not the host's.
    connection: Mutex<Option<Connection>>,
    database: PathBuf,
    fail: Option<Fail>,
    /// Holds a [`Fail`] while a test wants the store to fail.
    switch: PathBuf,
}

/// Which operations fail on purpose.
#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
pub enum Fail {
    /// Those that write.
    Writes,
    /// All of them, opening a store included.
    All,
}

impl Store {
    /// The stores in `folder`, which is created if it is missing.
    pub fn new(folder: &Path, fail: Option<Fail>) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        Ok(Self {
            connection: Mutex::new(None),
            database: folder.join("sqlite_key_value.db"),
            fail,
            switch: folder.join("fail-store"),
        })
    }

    /// Makes sure that there is a database to work with.
    pub fn open(&self) -> Result<()> {
        self.read(|_| Ok(()))
    }

    /// The value of `key`, if there is one.
    pub fn get(&self, label: &str, key: &str) -> Result<Option<Vec<u8>>> {
        self.read(|db| {
            db.prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                .query_row([label, key], |row| row.get(0))
                .optional()
        })
    }

    /// Gives `key` a value, whether or not it has one.
    pub fn set(&self, label: &str, key: &str, value: &[u8]) -> Result<()> {
        self.write(|db| {
            db.prepare_cached(
                "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT (store, key) DO UPDATE SET value = ?3",
            )?
            .execute(params![label, key, value])
            .map(drop)
        })
    }

    /// Removes `key`; it need not be there.
    pub fn delete(&self, label: &str, key: &str) -> Result<()> {
        self.write(|db| {
            db.prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                .execute([label, key])
                .map(drop)
        })
    }

    /// Whether `key` has a value.
    pub fn exists(&self, label: &str, key: &str) -> Result<bool> {
        self.read(|db| {
            db.prepare_cached("SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                .exists([label, key])
        })
    }

    /// Every key, in no particular order.
    pub fn keys(&self, label: &str) -> Result<Vec<String>> {
        self.read(|db| {
            db.prepare_cached("SELECT key FROM spin_key_value WHERE store = ?1")?
                .query_map([label], |row| row.get(0))?
                .collect()
        })
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        if self.failing()? == Some(Fail::All) {
            bail!("the store fails on purpose");
        }
        self.with(work)
    }

    fn write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        if self.failing()?.is_some() {
            bail!("the store fails on purpose");
        }
        self.with(work)
    }

    fn failing(&self) -> Result<Option<Fail>> {
        match std::fs::read_to_string(&self.switch) {
            Ok(text) => match text.trim() {
                "writes" => Ok(Some(Fail::Writes)),
                "all" => Ok(Some(Fail::All)),
                _ => bail!("{} must hold 'writes' or 'all'", self.switch.display()),
            },
            Err(_) => Ok(self.fail),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = || {
            let db = match slot.take() {
                Some(db) => db,
                None => {
                    let db = Connection::open(&self.database)?;
                    db.execute_batch(SCHEMA)?;
                    db
                }
            };
            let result = work(&db)?;
            // Kept only after success: the next operation opens a database that was replaced or repaired.
            *slot = Some(db);
            Ok(result)
        };
        attempt().map_err(|error: rusqlite::Error| anyhow::anyhow!("{}: {error}", self.database.display()))
    }
}
