//! The store in a folder that the host lends: what is kept, and what is said where the folder fails.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    guest::{Error, Guest},
    host::Script,
};

/// A host that lends this folder, and has buckets that must not be asked for.
pub(crate) fn lending(folder: &Path) -> Script {
    Script {
        folder: Some((folder.to_owned(), "/key-value")),
        ..Script::with_buckets(["default", "notes", ""])
    }
}

pub(crate) fn set_of<const N: usize>(keys: [&str; N]) -> BTreeSet<String> {
    keys.map(str::to_owned).into()
}

/// The names in a folder.
fn names(folder: impl AsRef<Path>) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

struct Lent {
    root: TempDir,
}

impl Lent {
    fn new() -> Self {
        Self { root: TempDir::new().unwrap() }
    }

    fn script(&self) -> Script {
        lending(self.root.path())
    }

    async fn guest(&self) -> Guest {
        Guest::new(self.script()).await
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }
}

#[tokio::test]
async fn values_of_every_size_come_back_unchanged() {
    let lent = Lent::new();
    let mut guest = lent.guest().await;
    let store = guest.default().await;
    for size in [8_000_000, 400_000, 1, 0, 65_536] {
        let value: Vec<u8> =
            (0..size).map(|at: u32| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let back = guest
            .calls(async |spin| {
                spin.set(store, "key", &value).await.unwrap();
                spin.get(store, "key").await.unwrap().unwrap()
            })
            .await;
        assert!(back == value, "{size} bytes");
        assert!(fs::read(lent.path("default/key")).unwrap() == value, "{size} bytes in the file");
    }
    assert_eq!(names(lent.path("default")), set_of(["key"]), "nothing is left of the writing");
}

#[tokio::test]
async fn what_is_deleted_or_was_never_there_is_none() {
    let lent = Lent::new();
    let mut guest = lent.guest().await;
    let store = guest.default().await;
    guest
        .calls(async |spin| {
            assert_eq!(spin.get(store, "key").await, Ok(None));
            assert_eq!(spin.exists(store, "key").await, Ok(false));
            assert_eq!(spin.delete(store, "key").await, Ok(()));
            spin.set(store, "key", b"").await.unwrap();
            assert_eq!(spin.get(store, "key").await, Ok(Some(vec![])));
            assert_eq!(spin.exists(store, "key").await, Ok(true));
            assert_eq!(spin.delete(store, "key").await, Ok(()));
            assert_eq!(spin.get(store, "key").await, Ok(None));
            assert_eq!(spin.keys(store).await, (vec![], Ok(())));
        })
        .await;
}

#[tokio::test]
async fn any_text_is_a_key_and_none_leads_out_of_the_folder() {
    let lent = Lent::new();
    let mut guest = lent.guest().await;
    let store = guest.default().await;
    let keys =
        ["../x", "..", ".", ".a", "/etc/x", "a/b", "a%2fb", "%", "ü ", "CON", "a\0b", "default", "a.b_c-1"];
    let (listed, outcome) = guest
        .calls(async |spin| {
            for key in keys {
                spin.set(store, key, key.as_bytes()).await.unwrap();
            }
            for key in keys {
                assert_eq!(spin.get(store, key).await.unwrap().unwrap(), key.as_bytes(), "{key:?}");
            }
            spin.keys(store).await
        })
        .await;
    assert_eq!((listed.into_iter().collect(), outcome), (set_of(keys), Ok(())));
    assert_eq!(names(lent.root.path()), set_of(["default"]));
    assert_eq!(names(lent.path("default")).len(), keys.len());
}

#[tokio::test]
async fn a_key_that_no_file_can_have_is_refused_in_words() {
    let lent = Lent::new();
    let mut guest = lent.guest().await;
    let store = guest.default().await;
    let long = "k".repeat(256);
    guest
        .calls(async |spin| {
            for (key, words) in
                [("", "an empty key can be no file"), (&long, "the key is too long for the name of a file")]
            {
                let refused = Error::Other(words.to_owned());
                assert_eq!(spin.set(store, key, b"").await, Err(refused.clone()));
                assert_eq!(spin.get(store, key).await, Err(refused.clone()));
                assert_eq!(spin.exists(store, key).await, Err(refused.clone()));
                assert_eq!(spin.delete(store, key).await, Err(refused));
            }
            spin.set(store, &long[..255], b"value").await.unwrap();
            assert_eq!(spin.keys(store).await, (vec![long[..255].to_owned()], Ok(())));
        })
        .await;
}

#[tokio::test]
async fn the_default_store_is_made_and_others_have_to_be_there() {
    let lent = Lent::new();
    let mut guest = lent.guest().await;
    guest
        .calls(async |spin| {
            for label in ["notes", "", "../default", ".", "/", &"k".repeat(300)] {
                assert_eq!(spin.open(label).await.unwrap_err(), Error::NoSuchStore, "{label}");
            }
            assert_eq!(names(lent.root.path()), set_of([]));
            fs::create_dir(lent.path("notes")).unwrap();
            let (notes, default) = (spin.open("notes").await.unwrap(), spin.open("default").await.unwrap());
            spin.set(notes, "key", b"a note").await.unwrap();
            assert_eq!(spin.get(default, "key").await, Ok(None));
        })
        .await;
    assert_eq!(names(lent.root.path()), set_of(["default", "notes"]));
    assert_eq!(fs::read(lent.path("notes/key")).unwrap(), b"a note");
}

#[tokio::test]
async fn the_hosts_own_store_is_asked_only_where_no_folder_is_lent() {
    let lent = Lent::new();
    for (path, asked) in [("/key-value", &[][..]), ("/data", &["default"]), ("/", &["default"])] {
        let folder = Some((lent.root.path().to_owned(), path));
        let mut guest = Guest::new(Script { folder, ..lent.script() }).await;
        let store = guest.default().await;
        let call = guest.calls(async |spin| spin.set(store, "key", b"value").await);
        call.await.unwrap();
        assert_eq!(guest.script().opened, asked, "{path}");
    }
}

#[tokio::test]
async fn a_folder_that_is_lent_for_reading_is_read_and_says_so_when_written() {
    let lent = Lent::new();
    let mut guest = Guest::new(Script { read_only: true, ..lent.script() }).await;
    let opened = guest.calls(async |spin| spin.open("default").await).await;
    assert_eq!(opened.unwrap_err(), Error::Other("/key-value/default: not-permitted".to_owned()));

    fs::create_dir(lent.path("default")).unwrap();
    fs::write(lent.path("default/key"), "value").unwrap();
    let store = guest.default().await;
    let refused = Err(Error::Other("/key-value/default: not-permitted".to_owned()));
    guest
        .calls(async |spin| {
            assert_eq!(spin.set(store, "key", b"new").await, refused);
            assert_eq!(spin.delete(store, "key").await, refused);
            assert_eq!(spin.get(store, "key").await.unwrap().unwrap(), b"value");
            assert_eq!(spin.keys(store).await, (vec!["key".to_owned()], Ok(())));
        })
        .await;
}

#[tokio::test]
async fn a_folder_that_goes_fails_one_call_and_default_is_made_anew() {
    let lent = Lent::new();
    let mut guest = lent.guest().await;
    let store = guest.default().await;
    let gone = Error::Other("/key-value/default: no-entry".to_owned());
    guest
        .calls(async |spin| {
            let away = || fs::remove_dir_all(lent.path("default")).unwrap();
            spin.set(store, "key", b"value").await.unwrap();
            away();
            // Not "none": that would be to forget in silence.
            assert_eq!(spin.get(store, "key").await, Err(gone.clone()));
            assert_eq!(spin.get(store, "key").await, Ok(None));
            away();
            assert_eq!(spin.set(store, "key", b"value").await, Err(gone.clone()));
            assert_eq!(spin.set(store, "key", b"value").await, Ok(()));
            away();
            assert_eq!(spin.exists(store, "key").await, Err(gone.clone()));
            assert_eq!(spin.exists(store, "key").await, Ok(false));
            away();
            assert_eq!(spin.delete(store, "key").await, Err(gone.clone()));
            assert_eq!(spin.delete(store, "key").await, Ok(()));
            away();
            assert_eq!(spin.keys(store).await, (vec![], Err(gone)));
            assert_eq!(spin.keys(store).await, (vec![], Ok(())));
        })
        .await;
}

#[tokio::test]
async fn another_folder_that_goes_is_no_store_until_it_is_back() {
    let lent = Lent::new();
    fs::create_dir(lent.path("notes")).unwrap();
    let mut guest = lent.guest().await;
    guest
        .calls(async |spin| {
            let store = spin.open("notes").await.unwrap();
            spin.set(store, "key", b"value").await.unwrap();
            fs::rename(lent.path("notes"), lent.path("away")).unwrap();
            spin.get(store, "key").await.unwrap_err();
            assert_eq!(spin.get(store, "key").await, Err(Error::NoSuchStore));
            fs::rename(lent.path("away"), lent.path("notes")).unwrap();
            assert_eq!(spin.get(store, "key").await.unwrap().unwrap(), b"value");
        })
        .await;
}

#[tokio::test]
async fn what_cannot_be_the_stores_folder_is_said_and_not_replaced() {
    let (lent, outside) = (Lent::new(), TempDir::new().unwrap());
    let mut guest = lent.guest().await;
    fs::write(lent.path("default"), "somebody's file").unwrap();
    let opened = guest.calls(async |spin| spin.open("default").await).await;
    assert_eq!(opened.unwrap_err(), Error::Other("/key-value/default: exist".to_owned()));

    fs::remove_file(lent.path("default")).unwrap();
    std::os::unix::fs::symlink(outside.path(), lent.path("default")).unwrap();
    let opened = guest.calls(async |spin| spin.open("default").await).await;
    assert_eq!(opened.unwrap_err(), Error::Other("/key-value/default: not-permitted".to_owned()));

    // A link that stays within is followed.
    fs::remove_file(lent.path("default")).unwrap();
    fs::create_dir(lent.path("disk2")).unwrap();
    std::os::unix::fs::symlink("disk2", lent.path("default")).unwrap();
    let store = guest.default().await;
    guest.calls(async |spin| spin.set(store, "key", b"value").await).await.unwrap();
    assert_eq!((names(lent.path("disk2")), names(outside.path())), (set_of(["key"]), set_of([])));
}

#[tokio::test]
async fn a_write_that_fails_leaves_the_old_value_and_nothing_else() {
    let lent = Lent::new();
    let mut guest = lent.guest().await;
    let store = guest.default().await;
    // In a file's place something that no file can be renamed to.
    fs::create_dir(lent.path("default/key")).unwrap();
    let words = guest.calls(async |spin| spin.set(store, "key", b"new").await).await.unwrap_err();
    assert_eq!(words, Error::Other("/key-value/default: is-directory".to_owned()));
    assert_eq!(names(lent.path("default")), set_of(["key"]));
    fs::remove_dir(lent.path("default/key")).unwrap();
    guest.calls(async |spin| spin.set(store, "key", b"new").await).await.unwrap();
}
