//! Which bucket a store's calls go to.

use crate::{
    guest::{Error, Guest},
    host::{self, Script},
};

#[tokio::test]
async fn a_label_is_opened_as_the_bucket_of_its_name() {
    let mut guest = Guest::new(Script::with_buckets(["default", "notes"])).await;
    guest
        .calls(async |spin| {
            let (default, notes) = (spin.open("default").await.unwrap(), spin.open("notes").await.unwrap());
            spin.set(notes, "key", b"a note").await.unwrap();
            assert_eq!(spin.get(notes, "key").await.unwrap().unwrap(), b"a note");
            assert_eq!(spin.get(default, "key").await.unwrap(), None);
        })
        .await;
    assert_eq!(guest.script().opened, ["default", "notes"]);
    assert_eq!(guest.script().buckets["notes"]["key"], b"a note");
}

#[tokio::test]
async fn where_the_host_knows_no_default_store_its_unnamed_bucket_is_taken() {
    let mut guest = Guest::new(Script { copies: true, ..Script::with_buckets([""]) }).await;
    let store = guest.default().await;
    guest.calls(async |spin| spin.set(store, "key", b"value").await).await.unwrap();
    assert_eq!(guest.script().opened, ["default", ""]);
}

#[tokio::test]
async fn no_other_label_gets_the_unnamed_bucket() {
    let mut guest = Guest::new(Script::with_buckets([""])).await;
    let opened = guest.calls(async |spin| spin.open("notes").await).await;
    assert_eq!(opened.unwrap_err(), Error::NoSuchStore);
    assert_eq!(guest.script().opened, ["notes"]);
}

#[tokio::test]
async fn a_host_without_any_bucket_has_no_default_store() {
    let mut guest = Guest::new(Script::default()).await;
    let opened = guest.calls(async |spin| spin.open("default").await).await;
    assert_eq!(opened.unwrap_err(), Error::NoSuchStore);
}

#[tokio::test]
async fn all_stores_of_an_instance_share_the_one_bucket_of_their_label() {
    // On Wasmtime a second bucket would be empty.
    let mut guest = Guest::new(Script { copies: true, ..Script::with_buckets([""]) }).await;
    let first = guest.default().await;
    guest.calls(async |spin| spin.set(first, "key", b"value").await).await.unwrap();
    guest.drop(first).await;
    let second = guest.default().await;
    let value = guest.calls(async |spin| spin.get(second, "key").await).await;
    assert_eq!(value.unwrap().unwrap(), b"value");
    assert_eq!(guest.script().opened, ["default", ""]);
    assert_eq!(guest.script().dropped, 0);
}

#[tokio::test]
async fn a_store_gets_a_new_bucket_after_a_failed_call() {
    let mut guest = Guest::new(Script::with_buckets(["default"])).await;
    let (held, other) = (guest.default().await, guest.default().await);
    let broken = Err(Error::Other("broken pipe".to_owned()));
    // The connection breaks; the call that notices is told, and not repeated.
    guest.script().broken_before = 2;
    assert_eq!(guest.calls(async |spin| spin.set(held, "key", b"value").await).await, broken);
    assert_eq!(guest.script().opened, ["default"]);
    assert_eq!(guest.script().dropped, 1);
    // Both stores go on with the same new one.
    assert_eq!(guest.calls(async |spin| spin.set(held, "key", b"value").await).await, Ok(()));
    assert_eq!(guest.calls(async |spin| spin.exists(other, "key").await).await, Ok(true));
    assert_eq!(guest.script().opened, ["default", "default"]);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_opened_again_fails_the_call_and_is_tried_at_the_next() {
    let mut guest = Guest::new(Script::with_buckets(["default"])).await;
    let store = guest.default().await;
    guest.script().broken_before = usize::MAX;
    guest.calls(async |spin| spin.get(store, "key").await).await.unwrap_err();
    guest.script().open_fails = Some(host::Error::Other("connection refused".to_owned()));
    let refused = Error::Other("connection refused".to_owned());
    assert_eq!(guest.calls(async |spin| spin.get(store, "key").await).await, Err(refused.clone()));
    let listed = guest.calls(async |spin| spin.keys(store).await).await;
    assert_eq!(listed, (vec![], Err(refused)));
    guest.script().broken_before = 0;
    guest.script().open_fails = None;
    assert_eq!(guest.calls(async |spin| spin.get(store, "key").await).await, Ok(None));
}

#[tokio::test]
async fn every_error_of_the_host_reaches_the_component_as_it_is() {
    let errors = [
        (host::Error::NoSuchStore, Error::NoSuchStore),
        (host::Error::AccessDenied, Error::AccessDenied),
        (host::Error::Other("Größe: 3 > 2".to_owned()), Error::Other("Größe: 3 > 2".to_owned())),
    ];
    for (given, expected) in errors {
        let mut guest = Guest::new(Script::with_buckets(["default"])).await;
        let store = guest.default().await;
        guest.script().calls_fail = Some(given.clone());
        let (get, set, delete, exists, keys) = guest
            .calls(async |spin| {
                (
                    spin.get(store, "key").await.unwrap_err(),
                    spin.set(store, "key", b"value").await.unwrap_err(),
                    spin.delete(store, "key").await.unwrap_err(),
                    spin.exists(store, "key").await.unwrap_err(),
                    spin.keys(store).await.1.unwrap_err(),
                )
            })
            .await;
        guest.script().open_fails = Some(given);
        let open = guest.calls(async |spin| spin.open("default").await).await.unwrap_err();
        for error in [get, set, delete, exists, keys, open] {
            assert_eq!(error, expected);
        }
    }
}
