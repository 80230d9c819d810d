//! The key-value store: its semantics, Spin's schema, and failing without a panic.

use std::fs;

use alertcap_host::store::{Fail, Store};
use rusqlite::Connection;
use tempfile::TempDir;

fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), None).unwrap();
    (folder, store)
}

#[test]
fn keeps_what_is_set() {
    let (folder, store) = store();
    assert_eq!(store.get("default", "a").unwrap(), None);
    store.set("default", "a", b"1").unwrap();
    store.set("default", "a", b"\0\xff").unwrap();
    store.set("default", "b", b"").unwrap();
    store.set("other", "c", b"3").unwrap();
    assert_eq!(store.get("default", "a").unwrap().as_deref(), Some(&b"\0\xff"[..]));
    assert_eq!(store.get("default", "b").unwrap().as_deref(), Some(&b""[..]));
    assert_eq!(store.get("default", "c").unwrap(), None, "stores are told apart");
    assert!(store.exists("default", "b").unwrap());
    assert!(!store.exists("default", "c").unwrap());
    let mut keys = store.keys("default").unwrap();
    keys.sort();
    assert_eq!(keys, ["a", "b"]);
    store.delete("default", "a").unwrap();
    store.delete("default", "a").unwrap();
    assert_eq!(store.keys("default").unwrap(), ["b"]);

    drop(store);
    let again = Store::new(folder.path(), None).unwrap();
    assert_eq!(again.keys("default").unwrap(), ["b"], "a restart keeps the rest");
}

#[test]
fn the_file_is_spins() {
    let (folder, store) = store();
    store.set("default", "k", b"v").unwrap();
    let db = Connection::open(folder.path().join("sqlite_key_value.db")).unwrap();
    let columns: Vec<(String, String, bool, i32)> = db
        .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info('spin_key_value')")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let column = |name: &str, kind: &str, key| (name.to_owned(), kind.to_owned(), true, key);
    assert_eq!(columns, [column("store", "TEXT", 1), column("key", "TEXT", 2), column("value", "BLOB", 0)]);
    let journal: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(journal, "delete");

    // What Spin wrote is read here.
    db.execute("INSERT INTO spin_key_value (store, key, value) VALUES ('default', 's', x'01')", []).unwrap();
    assert_eq!(store.get("default", "s").unwrap(), Some(vec![1]));
}

#[test]
fn threads_do_not_lose_each_others_writes() {
    let (_folder, store) = store();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for key in 0..10 {
                    store.set("default", &format!("{thread}.{key}"), b"v").unwrap();
                }
            });
        }
    });
    assert_eq!(store.keys("default").unwrap().len(), 40);
}

#[test]
fn fails_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let writes = Store::new(folder.path(), Some(Fail::Writes)).unwrap();
    writes.open().unwrap();
    assert_eq!(writes.get("default", "a").unwrap(), None);
    assert!(writes.set("default", "a", b"").is_err());
    assert!(writes.delete("default", "a").is_err());
    let all = Store::new(folder.path(), Some(Fail::All)).unwrap();
    assert!(all.open().is_err());
    assert!(all.get("default", "a").is_err());
    assert!(all.exists("default", "a").is_err());
    assert!(all.keys("default").is_err());
}

#[test]
fn the_switch_works_while_it_runs() {
    let (folder, store) = store();
    let switch = folder.path().join("fail-store");
    store.set("default", "a", b"1").unwrap();
    fs::write(&switch, "writes\n").unwrap();
    assert!(store.set("default", "a", b"2").is_err());
    assert_eq!(store.get("default", "a").unwrap().as_deref(), Some(&b"1"[..]));
    fs::write(&switch, "all").unwrap();
    assert!(store.get("default", "a").is_err());
    fs::write(&switch, "").unwrap();
    assert!(store.get("default", "a").is_err(), "a switch that cannot be read must not look like success");
    fs::remove_file(&switch).unwrap();
    store.set("default", "a", b"3").unwrap();
}

#[test]
fn a_broken_database_is_an_error_and_a_repaired_one_works_again() {
    let (folder, store) = store();
    let file = folder.path().join("sqlite_key_value.db");
    fs::write(&file, [7; 9000]).unwrap();
    let error = format!("{:#}", store.get("default", "a").unwrap_err());
    assert!(error.contains("sqlite_key_value.db") && error.contains("not a database"), "{error}");
    assert!(store.set("default", "a", b"").is_err());
    fs::remove_file(&file).unwrap();
    store.set("default", "a", b"").unwrap();

    fs::remove_dir_all(folder.path()).unwrap();
    assert!(store.set("default", "a", b"changed").is_err());
    fs::create_dir(folder.path()).unwrap();
    store.set("default", "a", b"changed").unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::new(&file.join("state"), None).err().map(|error| format!("{error:#}")).unwrap();
    assert!(error.contains("file/state"), "{error}");
}
