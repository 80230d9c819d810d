//! A store in a folder: a file for each key, for hosts whose own store lasts no longer than an instance (Wasmtime's) but
//! that can lend a folder.
//!
//! Several instances, hosts and machines may use one folder. What `set` has returned from is in the file whole, and
//! stays when the host is killed; a reader sees the old value or the new one, never half of it.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs::{self, File},
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Where the host puts the folder: `--dir /var/lib/…::/key-value`.
pub const ROOT: &str = "/key-value";
/// The label of the store that Spin gives every component: its folder is made when it is missing. Others have to be
/// there, as with Spin others have to be granted.
const DEFAULT: &str = "default";
/// File systems take no longer names.
const LONGEST_NAME: usize = 255;
/// What was left of a write that long ago was left by one that died.
const LEFT_BEHIND: Duration = Duration::from_secs(600);

/// An open store.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The store of `label` below `root`; none where that label has no folder.
    ///
    /// # Errors
    /// When the folder cannot be made or looked at.
    pub fn open(root: &Path, label: &str) -> io::Result<Option<Self>> {
        let path = root.join(file_name(label)?);
        if label == DEFAULT {
            fs::create_dir_all(&path)?;
        }
        Ok(path.is_dir().then_some(Self { path }))
    }

    /// The value of `key`, if it has one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        absent(fs::read(self.file(key)?))
    }

    /// Gives `key` a value, on the disk when this returns.
    ///
    /// # Errors
    /// When it may not have been written. The key has its old value then.
    pub fn set(&self, key: &str, value: &[u8]) -> io::Result<()> {
        let file = self.file(key)?;
        // Beside it, and then in its place in one step; under a name that no other writer has and no key.
        let beside = self.path.join(format!(".{:016x}", RandomState::new().build_hasher().finish()));
        let written = write(&beside, value).and_then(|()| fs::rename(&beside, &file));
        if written.is_err() {
            _ = fs::remove_file(&beside);
        }
        written
    }

    /// Removes `key`; it need not be there.
    ///
    /// # Errors
    /// When it may still be there.
    pub fn delete(&self, key: &str) -> io::Result<()> {
        absent(fs::remove_file(self.file(key)?)).map(drop)
    }

    /// Whether `key` has a value.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn exists(&self, key: &str) -> io::Result<bool> {
        absent(fs::metadata(self.file(key)?)).map(|file| file.is_some())
    }

    /// Every key, in no order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn keys(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            match key(&name) {
                Some(key) => keys.push(key),
                None if is_of_a_write(&name) => remove_if_left_behind(&entry.path()),
                // Somebody else's file.
                None => {}
            }
        }
        Ok(keys)
    }

    fn file(&self, key: &str) -> io::Result<PathBuf> {
        Ok(self.path.join(file_name(key)?))
    }
}

fn write(path: &Path, value: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(value)?;
    file.sync_all()
}

/// That a file is not there is no error.
fn absent<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A key as a file's name: letters, digits, `_`, `-` and a dot that is not the first stand for themselves, every other
/// byte is `%` and two digits.
fn file_name(key: &str) -> io::Result<String> {
    let mut name = String::new();
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            b'.' if !name.is_empty() => name.push('.'),
            _ => _ = write!(name, "%{byte:02X}"),
        }
    }
    if name.is_empty() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "an empty name can be no file"));
    }
    if name.len() > LONGEST_NAME {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the name is too long for a file"));
    }
    Ok(name)
}

/// The key that a file's name stands for; none if it is not one of ours.
fn key(name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let key = String::from_utf8(bytes).ok()?;
    // Each key has one name: what is written otherwise is not ours.
    (file_name(&key).ok()? == name).then_some(key)
}

fn is_of_a_write(name: &OsStr) -> bool {
    let digits = name.to_str().and_then(|name| name.strip_prefix('.'));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn remove_if_left_behind(path: &Path) {
    let written = fs::metadata(path).and_then(|file| file.modified());
    let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
    if age.is_some_and(|age| age > LEFT_BEHIND) {
        _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, thread};

    use tempfile::TempDir;

    use super::*;

    fn store() -> (TempDir, Folder) {
        let root = TempDir::new().unwrap();
        let folder = Folder::open(root.path(), DEFAULT).unwrap().unwrap();
        (root, folder)
    }

    #[test]
    fn what_was_set_is_had_listed_and_gone_when_deleted() {
        let (_root, store) = store();
        let large = vec![7; 8 << 20];
        for (key, value) in [("a", &b"one"[..]), ("b", b""), ("a", b"two"), ("c", &large)] {
            store.set(key, value).unwrap();
        }
        assert_eq!(store.get("a").unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!(store.get("b").unwrap().as_deref(), Some(&b""[..]));
        assert!(store.get("c").unwrap().is_some_and(|value| value == large));
        assert_eq!((store.exists("a").unwrap(), store.exists("d").unwrap()), (true, false));
        assert_eq!(store.get("d").unwrap(), None);
        store.delete("a").unwrap();
        store.delete("a").unwrap();
        let keys: BTreeSet<_> = store.keys().unwrap().into_iter().collect();
        assert_eq!(keys, BTreeSet::from(["b".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn any_text_can_be_a_key_and_none_leads_out_of_the_folder() {
        let (root, store) = store();
        let keys =
            ["..", ".", ".hidden", "../out", "/etc/x", "a/b", "a%2Fb", "%", "ü ", "CON", "a\0b", "a.b_c-1"];
        for key in keys {
            store.set(key, key.as_bytes()).unwrap();
        }
        for key in keys {
            assert_eq!(store.get(key).unwrap().as_deref(), Some(key.as_bytes()), "{key:?}");
        }
        let listed: BTreeSet<_> = store.keys().unwrap().into_iter().collect();
        assert_eq!(listed, keys.map(str::to_owned).into());
        let beside = fs::read_dir(root.path()).unwrap().count();
        assert_eq!(beside, 1, "nothing but the store's own folder");
    }

    #[test]
    fn a_name_that_no_file_can_have_is_refused() {
        let (_root, store) = store();
        assert_eq!(store.set("", b"").unwrap_err().kind(), ErrorKind::InvalidInput);
        store.set(&"k".repeat(255), b"").unwrap();
        for key in ["k".repeat(256), "ü".repeat(43)] {
            assert_eq!(store.get(&key).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn only_the_default_store_is_made() {
        let root = TempDir::new().unwrap();
        assert!(Folder::open(root.path(), "notes").unwrap().is_none());
        fs::create_dir(root.path().join("notes")).unwrap();
        assert!(Folder::open(root.path(), "notes").unwrap().is_some());
    }

    #[test]
    fn a_reader_beside_writers_sees_one_of_their_values_whole() {
        let (root, store) = store();
        let value = |writer: u8| vec![writer; 100_000];
        store.set("k", &value(0)).unwrap();
        thread::scope(|scope| {
            for writer in 1..4 {
                let store = Folder::open(root.path(), DEFAULT).unwrap().unwrap();
                scope.spawn(move || (0..50).for_each(|_| store.set("k", &value(writer)).unwrap()));
            }
            for _ in 0..200 {
                let seen = store.get("k").unwrap().unwrap();
                assert_eq!(seen, value(seen[0]));
            }
        });
        assert_eq!(store.keys().unwrap(), ["k"], "no writer left anything");
    }

    #[test]
    fn what_a_dead_writer_left_is_no_key_and_goes_after_a_while() {
        let (root, store) = store();
        let folder = root.path().join(DEFAULT);
        let (new, old) = (folder.join(".0123456789abcdef"), folder.join(".fedcba9876543210"));
        fs::write(&new, "half").unwrap();
        let file = File::create(&old).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
        fs::write(folder.join("lost+found%"), "somebody else's").unwrap();
        assert_eq!(store.keys().unwrap(), Vec::<String>::new());
        assert_eq!((new.exists(), old.exists()), (true, false));
    }
}
