//! What is kept is what was given.

use crate::{guest::Guest, host::Script};

#[tokio::test]
async fn values_of_every_size_come_back_unchanged() {
    let mut guest = Guest::new(Script::with_buckets(["default"])).await;
    let store = guest.default().await;
    for size in [0, 1, 400_000, 8_000_000] {
        let value: Vec<u8> =
            (0..size).map(|at: u32| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let back = guest
            .calls(async |spin| {
                spin.set(store, "key", &value).await.unwrap();
                spin.get(store, "key").await.unwrap().unwrap()
            })
            .await;
        assert!(back == value, "{size} bytes");
        assert!(guest.script().buckets["default"]["key"] == value, "{size} bytes at the host");
    }
}

#[tokio::test]
async fn keys_are_passed_on_as_they_are() {
    let mut guest = Guest::new(Script::with_buckets(["default"])).await;
    let store = guest.default().await;
    let long = "k".repeat(1000);
    let keys = ["", "a b", "default:key", "ü/\\?#*", "\0", &long];
    for key in keys {
        guest.calls(async |spin| spin.set(store, key, key.as_bytes()).await).await.unwrap();
        assert_eq!(guest.script().buckets["default"][key], key.as_bytes());
    }
    let (mut listed, outcome) = guest.calls(async |spin| spin.keys(store).await).await;
    let mut expected = keys.map(str::to_owned);
    listed.sort();
    expected.sort();
    assert_eq!((&*listed, outcome), (&expected[..], Ok(())));
}

#[tokio::test]
async fn what_is_deleted_or_was_never_there_is_none() {
    let mut guest = Guest::new(Script::with_buckets(["default"])).await;
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
        })
        .await;
}
