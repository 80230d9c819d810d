//! A folder that several have: instances, hosts that were killed, and whoever else puts files there.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use tokio::runtime;

use crate::{
    folder::{lending, set_of},
    guest::Guest,
    host::Script,
};

/// Runs an instance in a thread of its own.
fn alone<R>(work: impl Future<Output = R>) -> R {
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[tokio::test]
async fn what_one_instance_has_written_another_reads() {
    let root = TempDir::new().unwrap();
    let (mut one, mut other) =
        (Guest::new(lending(root.path())).await, Guest::new(lending(root.path())).await);
    let (store, its) = (one.default().await, other.default().await);
    for value in ["old", "new"] {
        one.calls(async |spin| spin.set(store, "key", value.as_bytes()).await).await.unwrap();
        let read = other.calls(async |spin| spin.get(its, "key").await).await;
        assert_eq!(read.unwrap().unwrap(), value.as_bytes());
    }
    other.calls(async |spin| spin.delete(its, "key").await).await.unwrap();
    assert_eq!(one.calls(async |spin| spin.exists(store, "key").await).await, Ok(false));
}

#[test]
fn a_reader_beside_writers_sees_one_of_their_values_whole() {
    let root = TempDir::new().unwrap();
    let value = |writer: u8| vec![writer; 100_000];
    let write = async |writer: u8, times: usize| {
        // Hosts may give each instance the same seed: they do not get into each other's way then.
        let mut guest = Guest::new(Script { seed: Some(7), ..lending(root.path()) }).await;
        let store = guest.default().await;
        for _ in 0..times {
            guest.calls(async |spin| spin.set(store, "key", &value(writer)).await).await.unwrap();
        }
    };
    alone(write(0, 1));
    let write = &write;
    thread::scope(|scope| {
        let writers: Vec<_> = (1..4).map(|writer| scope.spawn(move || alone(write(writer, 40)))).collect();
        alone(async {
            let mut guest = Guest::new(lending(root.path())).await;
            let store = guest.default().await;
            while !writers.iter().all(thread::ScopedJoinHandle::is_finished) {
                let seen = guest.calls(async |spin| spin.get(store, "key").await).await.unwrap().unwrap();
                assert_eq!(seen, value(seen[0]));
            }
            assert_eq!(
                guest.calls(async |spin| spin.keys(store).await).await,
                (vec!["key".to_owned()], Ok(()))
            );
        });
    });
    let left: Vec<_> = fs::read_dir(root.path().join("default")).unwrap().collect();
    assert_eq!(left.len(), 1, "no writer left anything: {left:?}");
}

#[test]
fn a_listing_has_what_stays_while_other_files_come_and_go() {
    let root = TempDir::new().unwrap();
    let stay: BTreeSet<_> = (0..200).map(|number| format!("stays-{number}")).collect();
    let (listed, folder) = (AtomicBool::new(false), root.path().join("default"));
    fs::create_dir(&folder).unwrap();
    for key in &stay {
        fs::write(folder.join(key), "").unwrap();
    }
    thread::scope(|scope| {
        let (folder, listed) = (&folder, &listed);
        for who in 0..2 {
            scope.spawn(move || {
                let key = |number| folder.join(format!("goes-{who}-{number}"));
                while !listed.load(Ordering::Relaxed) {
                    (0..50).for_each(|number| fs::write(key(number), "").unwrap());
                    (0..50).for_each(|number| fs::remove_file(key(number)).unwrap());
                }
            });
        }
        let lists = alone(async {
            let mut guest = Guest::new(lending(root.path())).await;
            let store = guest.default().await;
            let mut lists = Vec::new();
            for _ in 0..100 {
                lists.push(guest.calls(async |spin| spin.keys(store).await).await);
            }
            lists
        });
        listed.store(true, Ordering::Relaxed);
        for (keys, outcome) in lists {
            assert_eq!(outcome, Ok(()));
            let keys: BTreeSet<_> = keys.into_iter().filter(|key| key.starts_with("stays")).collect();
            assert!(keys == stay, "{} of {}", keys.len(), stay.len());
        }
    });
}

#[tokio::test]
async fn ten_thousand_keys_are_listed() {
    let root = TempDir::new().unwrap();
    let keys: BTreeSet<_> = (0..10_000).map(|number| format!("done.alertcap-web-{number:05}")).collect();
    fs::create_dir(root.path().join("default")).unwrap();
    for key in &keys {
        fs::write(root.path().join("default").join(key), "{}").unwrap();
    }
    let mut guest = Guest::new(lending(root.path())).await;
    let store = guest.default().await;
    let (listed, outcome) = guest.calls(async |spin| spin.keys(store).await).await;
    assert_eq!((listed.len(), outcome), (keys.len(), Ok(())));
    assert!(listed.into_iter().collect::<BTreeSet<_>>() == keys);
}

#[tokio::test]
async fn what_a_dead_writer_left_is_no_key_and_goes_after_a_while() {
    let root = TempDir::new().unwrap();
    let mut guest = Guest::new(lending(root.path())).await;
    let store = guest.default().await;
    let folder = root.path().join("default");
    let (new, old) = (folder.join(".0123456789abcdef"), folder.join(".fedcba9876543210"));
    fs::write(&new, "half").unwrap();
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::create(&old).unwrap().set_modified(hour_ago).unwrap();
    assert_eq!(guest.calls(async |spin| spin.keys(store).await).await, (vec![], Ok(())));
    assert_eq!((new.exists(), old.exists()), (true, false));
}

#[tokio::test]
async fn somebody_elses_files_are_no_keys_and_stay() {
    let root = TempDir::new().unwrap();
    let mut guest = Guest::new(lending(root.path())).await;
    let store = guest.default().await;
    let folder = root.path().join("default");
    let theirs = ["lost+found", ".nfs0000000000000001", "a b", "100%", "%61"];
    for name in theirs {
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        File::create(folder.join(name)).unwrap().set_modified(hour_ago).unwrap();
    }
    fs::create_dir(folder.join("backup")).unwrap();
    #[cfg(target_os = "linux")]
    {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        fs::write(folder.join(OsStr::from_bytes(b"no text: \xff")), "").unwrap();
    }
    let (listed, outcome) = guest
        .calls(async |spin| {
            spin.set(store, "key", b"value").await.unwrap();
            spin.keys(store).await
        })
        .await;
    assert_eq!((listed.into_iter().collect(), outcome), (set_of(["key"]), Ok(())));
    assert!(theirs.iter().all(|name| folder.join(name).exists()));
}
