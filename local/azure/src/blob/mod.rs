//! Blob storage: the files of captures, in memory and below the state for whoever wants to open one.

pub(crate) mod delegation;
pub(crate) mod http;
pub(crate) mod list;
mod sas;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

use crate::clock;

/// One blob.
pub(crate) struct Blob {
    pub(crate) bytes: Bytes,
    /// With its quotes.
    pub(crate) etag: String,
    pub(crate) modified: Timestamp,
}

/// All blobs, by account, container and name.
pub(crate) struct Blobs {
    folder: PathBuf,
    by_name: Mutex<HashMap<(String, String, String), Arc<Blob>>>,
}

impl Blobs {
    /// No blobs yet; those to come are also written below this folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, by_name: Mutex::default() }
    }

    /// Writes one, over another of its name.
    pub(crate) fn put(&self, account: &str, container: &str, name: &str, bytes: Bytes, now: Timestamp) {
        if let Err(error) = self.write(account, container, name, &bytes) {
            eprintln!("azure-standin: {account}/{container}/{name} is in memory only: {error}");
        }
        let tag = clock::guid().replace('-', "").to_uppercase();
        let blob = Blob { bytes, etag: format!("\"0x{}\"", &tag[..15]), modified: now };
        let key = (account.to_owned(), container.to_owned(), name.to_owned());
        self.lock().insert(key, Arc::new(blob));
    }

    /// The blob of this name.
    pub(crate) fn get(&self, account: &str, container: &str, name: &str) -> Option<Arc<Blob>> {
        self.lock().get(&(account.to_owned(), container.to_owned(), name.to_owned())).cloned()
    }

    /// All in a container, by name in its order.
    pub(crate) fn list(&self, account: &str, container: &str) -> Vec<(String, Arc<Blob>)> {
        let mut all: Vec<_> = self
            .lock()
            .iter()
            .filter(|((in_account, in_container, _), _)| in_account == account && in_container == container)
            .map(|((_, _, name), blob)| (name.clone(), Arc::clone(blob)))
            .collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all
    }

    /// Whether there is a container of this name: one with a blob in it, or the one captures go to by default.
    pub(crate) fn has_container(&self, account: &str, container: &str) -> bool {
        container == "network-watcher-logs"
            || self.lock().keys().any(|(in_account, name, _)| in_account == account && name == container)
    }

    /// Forgets them all; what was written below the state stays.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn write(&self, account: &str, container: &str, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let mut path = self.folder.join(account);
        for part in std::iter::once(container).chain(name.split('/')) {
            // A blob's name comes from outside: it must not lead out of the folder.
            if part.is_empty() || part == "." || part == ".." || part.contains(['\\', '\0', ':']) {
                return Err(std::io::Error::other("its name is not a file's"));
            }
            path.push(part);
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String, String), Arc<Blob>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
