//! A store in a folder: a file for each key, for hosts whose own store lasts no longer than an instance (Wasmtime's) but
//! that can lend a folder.
//!
//! Several instances, hosts and machines may use one folder. What `set` has returned from is on the disk, and stays when
//! the host is killed or the power fails; a reader sees the old value or the new one, never half of it.
//!
//! The host's interface instead of `std::fs`: whose listing ends with an error at a file that goes meanwhile, and which
//! is 30 kB more.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::{
    bindings::wasi::{
        clocks::wall_clock,
        filesystem::{
            preopens,
            types::{Descriptor, DescriptorFlags, DescriptorType, ErrorCode, OpenFlags, PathFlags},
        },
    },
    file_name,
};

/// Where the host puts the folder: `--dir /var/lib/…::/key-value`.
const ROOT: &str = "/key-value";
/// The label of the store that Spin gives every component: its folder is made when it is missing. Others have to be
/// there, as with Spin others have to be granted.
const DEFAULT: &str = "default";
/// What is left of a write that began so many seconds ago was left by one that died.
const LEFT_BEHIND: u64 = 600;
/// So much of a file is asked for at once.
const PIECE: u64 = 1 << 16;

/// The folder that the host lends, if it does.
pub(crate) fn lent() -> Option<Descriptor> {
    preopens::get_directories().into_iter().find_map(|(root, path)| (path == ROOT).then_some(root))
}

/// An open store. Its folder is looked for at each call, for it may have been put anew.
pub(crate) struct Folder {
    root: Descriptor,
    label: String,
}

/// What came of a call, or why it failed, in words.
type Outcome<T> = Result<T, String>;

impl Folder {
    /// The store of `label` below `root`; none where that label has no folder.
    pub(crate) fn open(root: Descriptor, label: &str) -> Outcome<Option<Self>> {
        // What can be no file has no folder either.
        let Ok(label) = file_name::of(label) else { return Ok(None) };
        let folder = Self { root, label };
        if folder.label == DEFAULT {
            folder.make().map_err(|error| folder.words(error))?;
        }
        let is_there = folder.is_there().map_err(|error| folder.words(error))?;
        Ok(is_there.then_some(folder))
    }

    /// The value of `key`, if it has one.
    pub(crate) fn get(&self, key: &str) -> Outcome<Option<Vec<u8>>> {
        let path = self.path(key)?;
        self.unless_absent(self.read(&path))
    }

    /// Gives `key` a value, on the disk when this returns. After an error it has the old one or the new one.
    pub(crate) fn set(&self, key: &str, value: &[u8]) -> Outcome<()> {
        let path = self.path(key)?;
        // Beside it, and then in its place in one step.
        let written = self.write_beside(value).and_then(|beside| {
            let renamed = self.root.rename_at(&beside, &self.root, &path);
            renamed.inspect_err(|_| _ = self.root.unlink_file_at(&beside))
        });
        written.and_then(|()| self.sync()).map_err(|error| self.words(error))
    }

    /// Removes `key`; it need not be there.
    pub(crate) fn delete(&self, key: &str) -> Outcome<()> {
        let path = self.path(key)?;
        let removed = self.root.unlink_file_at(&path).and_then(|()| self.sync());
        self.unless_absent(removed).map(|_| ())
    }

    /// Whether `key` has a value.
    pub(crate) fn exists(&self, key: &str) -> Outcome<bool> {
        let path = self.path(key)?;
        self.unless_absent(self.root.stat_at(PathFlags::empty(), &path)).map(|file| file.is_some())
    }

    /// Every key, in no order. What comes or goes meanwhile may be among them.
    pub(crate) fn keys(&self) -> Outcome<Vec<String>> {
        self.list().map_err(|error| self.words(error))
    }

    fn list(&self) -> Result<Vec<String>, ErrorCode> {
        let folder = self.folder()?;
        let entries = folder.read_directory()?;
        let mut keys = Vec::new();
        loop {
            let name = match entries.read_directory_entry() {
                Ok(Some(entry)) if entry.type_ == DescriptorType::Directory => continue,
                Ok(Some(entry)) => entry.name,
                Ok(None) => return Ok(keys),
                // A file that went meanwhile.
                Err(ErrorCode::NoEntry) if self.is_there()? => continue,
                // A name that is no text, and so none of ours.
                Err(ErrorCode::IllegalByteSequence) => continue,
                Err(error) => return Err(error),
            };
            if let Some(key) = file_name::key(&name) {
                keys.push(key);
            } else if file_name::is_of_a_write(&name) {
                self.remove_if_left_behind(&self.within(&name));
            }
        }
    }

    fn remove_if_left_behind(&self, path: &str) {
        let file = self.root.stat_at(PathFlags::empty(), path);
        let written = file.ok().and_then(|file| file.data_modification_timestamp);
        if written.is_some_and(|at| wall_clock::now().seconds.saturating_sub(at.seconds) > LEFT_BEHIND) {
            _ = self.root.unlink_file_at(path);
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, ErrorCode> {
        let file = self.root.open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ)?;
        let mut value = Vec::new();
        loop {
            let (piece, ended) = file.read(PIECE, u64::try_from(value.len()).unwrap_or(u64::MAX))?;
            value.extend(piece);
            if ended {
                return Ok(value);
            }
        }
    }

    /// Writes a new file, and returns its path.
    fn write_beside(&self, value: &[u8]) -> Result<String, ErrorCode> {
        loop {
            // Under a name that no other writer has: a host may give each instance the same seed.
            let path = self.within(&file_name::of_a_write(RandomState::new().build_hasher().finish()));
            let is_new = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
            match self.root.open_at(PathFlags::empty(), &path, is_new, DescriptorFlags::WRITE) {
                Err(ErrorCode::Exist) => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    let written = write_all(&file, value).and_then(|()| file.sync());
                    return written.inspect_err(|_| _ = self.root.unlink_file_at(&path)).map(|()| path);
                }
            }
        }
    }

    /// Has the folder itself on the disk: which file is in which place.
    fn sync(&self) -> Result<(), ErrorCode> {
        match self.folder()?.sync() {
            // There are file systems that know no such thing.
            Err(ErrorCode::Unsupported | ErrorCode::Invalid | ErrorCode::BadDescriptor) => Ok(()),
            synced => synced,
        }
    }

    fn make(&self) -> Result<(), ErrorCode> {
        match self.root.create_directory_at(&self.label) {
            Ok(()) => self.root.sync(),
            Err(_) if self.is_there()? => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn is_there(&self) -> Result<bool, ErrorCode> {
        match self.root.stat_at(PathFlags::SYMLINK_FOLLOW, &self.label) {
            Ok(found) => Ok(found.type_ == DescriptorType::Directory),
            Err(ErrorCode::NoEntry) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn folder(&self) -> Result<Descriptor, ErrorCode> {
        self.root.open_at(PathFlags::SYMLINK_FOLLOW, &self.label, OpenFlags::DIRECTORY, DescriptorFlags::READ)
    }

    /// That a file is not there is no error, where its folder is.
    fn unless_absent<T>(&self, outcome: Result<T, ErrorCode>) -> Outcome<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(ErrorCode::NoEntry) if self.is_there() == Ok(true) => Ok(None),
            Err(error) => Err(self.words(error)),
        }
    }

    /// The path of a key's file.
    fn path(&self, key: &str) -> Outcome<String> {
        file_name::of(key).map(|name| self.within(&name)).map_err(str::to_owned)
    }

    fn within(&self, name: &str) -> String {
        [&self.label, "/", name].into_iter().collect()
    }

    fn words(&self, error: ErrorCode) -> String {
        [ROOT, "/", &self.label, ": ", error.name()].into_iter().collect()
    }
}

fn write_all(file: &Descriptor, mut rest: &[u8]) -> Result<(), ErrorCode> {
    let mut at = 0_u64;
    while !rest.is_empty() {
        let written = file.write(rest, at)?;
        let left = usize::try_from(written).ok().and_then(|written| rest.get(written..));
        rest = left.filter(|left| left.len() < rest.len()).ok_or(ErrorCode::Io)?;
        at = at.saturating_add(written);
    }
    Ok(())
}
