//! The listing of keys: pages in, a stream and its outcome out.

use tokio::sync::oneshot;

use crate::{
    guest::{Error, Guest, Reader},
    host::{self, Script},
};

/// Three pages, the second of which repeats keys.
fn three_pages() -> Script {
    Script::with_pages([
        (None, &["a", "b"], Some(7)),
        (Some(7), &["b", "c", "c", "a"], Some(3)),
        (Some(3), &["d"], None),
    ])
}

fn words(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[tokio::test]
async fn every_key_of_every_page_comes_once() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let listed = guest.calls(async |spin| spin.keys(store).await).await;
    assert_eq!(listed, (words(&["a", "b", "c", "d"]), Ok(())));
    assert_eq!(guest.script().listed, [None, Some(7), Some(3)]);
}

#[tokio::test]
async fn an_empty_bucket_lists_nothing_and_all_is_well() {
    let mut guest = Guest::new(Script::with_buckets(["default"])).await;
    let store = guest.default().await;
    assert_eq!(guest.calls(async |spin| spin.keys(store).await).await, (vec![], Ok(())));
}

#[tokio::test]
async fn empty_pages_and_pages_of_known_keys_are_passed_over() {
    let pages = [
        (None, &[][..], Some(1)),
        (Some(1), &["a"], Some(2)),
        (Some(2), &["a"], Some(3)),
        (Some(3), &[], Some(4)),
        (Some(4), &["b"], None),
    ];
    let mut guest = Guest::new(Script::with_pages(pages)).await;
    let store = guest.default().await;
    assert_eq!(guest.calls(async |spin| spin.keys(store).await).await, (words(&["a", "b"]), Ok(())));
}

#[tokio::test]
async fn an_empty_page_is_passed_over_without_waiting_for_a_reader() {
    let mut guest = Guest::new(Script::with_pages([(None, &[], Some(1)), (Some(1), &["a"], None)])).await;
    let store = guest.default().await;
    let listing = guest.calls(async |spin| spin.get_keys(store).await).await;
    assert_eq!(guest.script().listed, [None, Some(1)]);
    let listed = guest.calls(async |spin| listing.read(spin, Reader::default()).await).await;
    assert_eq!(listed, (words(&["a"]), Ok(())));
}

#[tokio::test]
async fn a_reader_may_take_the_keys_one_at_a_time() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let slow = Reader { at_once: 1, ..Reader::default() };
    let listed = guest.calls(async |spin| spin.get_keys(store).await.read(spin, slow).await).await;
    assert_eq!(listed, (words(&["a", "b", "c", "d"]), Ok(())));
}

#[tokio::test]
async fn no_page_is_asked_for_before_the_one_before_it_is_read() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let (go, after) = oneshot::channel();
    let late = Reader { after: Some(after), ..Reader::default() };
    guest
        .calls(async |spin| {
            let read = spin.get_keys(store).await.read(spin, late);
            let others = async {
                // The reader waits; calls go on meanwhile.
                assert_eq!(spin.exists(store, "a").await, Ok(false));
                assert_eq!(spin.set(store, "e", b"").await, Ok(()));
                assert_eq!(spin.listed(), [None]);
                go.send(()).unwrap();
            };
            let (listed, ()) = tokio::join!(read, others);
            assert_eq!(listed, (words(&["a", "b", "c", "d"]), Ok(())));
        })
        .await;
}

#[tokio::test]
async fn listings_of_one_store_do_not_mix() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let slow = Reader { at_once: 1, ..Reader::default() };
    let both = async |spin: crate::guest::Spin<'_>| {
        let (first, second) = (spin.get_keys(store).await, spin.get_keys(store).await);
        tokio::join!(first.read(spin, slow), second.read(spin, Reader::default()))
    };
    let (first, second) = guest.calls(both).await;
    assert_eq!(first, (words(&["a", "b", "c", "d"]), Ok(())));
    assert_eq!(first, second);
}

#[tokio::test]
async fn a_cursor_that_comes_back_ends_the_listing_with_an_error() {
    let unchanged = Script::with_pages([(None, &["a"], Some(1)), (Some(1), &["b"], Some(1))]);
    let circle = Script::with_pages([
        (None, &["a"], Some(1)),
        (Some(1), &["b"], Some(2)),
        (Some(2), &["c"], Some(3)),
        (Some(3), &["d"], Some(1)),
    ]);
    for (script, expected) in [(unchanged, 1), (circle, 4)] {
        let mut guest = Guest::new(script).await;
        let store = guest.default().await;
        let (keys, outcome) = guest.calls(async |spin| spin.keys(store).await).await;
        assert!(keys.len() >= expected, "{keys:?}");
        let Err(Error::Other(words)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(words, "the host's list of keys has no end: it gave one cursor twice");
        // The store is as good as before.
        assert_eq!(guest.calls(async |spin| spin.exists(store, "a").await).await, Ok(false));
    }
}

#[tokio::test]
async fn a_failed_page_ends_the_keys_and_is_the_outcome() {
    let mut script = three_pages();
    script.pages.insert(Some(7), Err(host::Error::Other("broken pipe".to_owned())));
    let mut guest = Guest::new(script).await;
    let store = guest.default().await;
    let listed = guest.calls(async |spin| spin.keys(store).await).await;
    assert_eq!(listed, (words(&["a", "b"]), Err(Error::Other("broken pipe".to_owned()))));
    assert_eq!(guest.script().listed, [None, Some(7)]);
    // Its bucket is not used again.
    guest.calls(async |spin| spin.get(store, "a").await).await.unwrap();
    assert_eq!(guest.script().opened.len(), 2);
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_ends_the_listing() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let one = Reader { most: 1, ..Reader::default() };
    let listed = guest.calls(async |spin| spin.get_keys(store).await.read(spin, one).await).await;
    assert_eq!(listed, (words(&["a"]), Ok(())));
    assert_eq!(guest.script().listed, [None]);
}

#[tokio::test]
async fn a_reader_that_wants_no_keys_is_told_the_outcome_after_a_page() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let outcome = guest.calls(async |spin| spin.get_keys(store).await.outcome_only(spin).await).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(guest.script().listed, [None]);
}

#[tokio::test]
async fn keys_come_to_a_reader_that_does_not_ask_for_the_outcome() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let keys = guest.calls(async |spin| spin.get_keys(store).await.keys_only(spin).await).await;
    assert_eq!(keys, words(&["a", "b", "c", "d"]));
    guest.calls(async |spin| spin.get_keys(store).await.neither(spin)).await;
    // The instance has come to no harm.
    let listed = guest.calls(async |spin| spin.keys(store).await).await;
    assert_eq!(listed, (words(&["a", "b", "c", "d"]), Ok(())));
}

#[tokio::test]
async fn a_store_may_be_let_go_before_its_keys_are_read() {
    let mut guest = Guest::new(three_pages()).await;
    let store = guest.default().await;
    let listing = guest.calls(async |spin| spin.get_keys(store).await).await;
    guest.drop(store).await;
    let listed = guest.calls(async |spin| listing.read(spin, Reader::default()).await).await;
    assert_eq!(listed, (words(&["a", "b", "c", "d"]), Ok(())));
}

#[tokio::test]
async fn tens_of_thousands_of_keys_are_listed() {
    let mut script = Script::with_buckets(["default"]);
    let keys: Vec<String> = (0..50_000).map(|number| format!("done.alertcap-web-{number:05}")).collect();
    script.buckets.insert("default", keys.iter().map(|key| (key.clone(), Vec::new())).collect());
    let mut guest = Guest::new(script).await;
    let store = guest.default().await;
    let (listed, outcome) = guest.calls(async |spin| spin.keys(store).await).await;
    assert!(listed == keys, "{} keys", listed.len());
    assert_eq!(outcome, Ok(()));
}
