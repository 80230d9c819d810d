//! [`Platform`](super::Platform) over Spin's and WASI's interfaces; thin enough to be right by reading.

mod http;

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    io::Write,
    task::Poll,
    time::Duration,
};

use spin_sdk::{
    key_value::{Error, Store},
    wasip3::{self, random::random::get_random_bytes},
};

use super::{Background, Clock, KeyValue, LogSink, Random, StoreError, Variables, VariablesError};

pub use self::http::into_wasi;
use crate::{text::quoted, time::Timestamp};

/// The host this component runs on.
#[derive(Debug, Clone, Copy)]
pub struct Spin;

impl KeyValue for Spin {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        open().await?.get(key).await.map_err(store_error)
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        open().await?.set(key, value).await.map_err(store_error)
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        open().await?.delete(key).await.map_err(store_error)
    }

    async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let store = open().await?;
        let _listing = Listing::begin();
        store.get_keys().await.collect().await.map_err(store_error)
    }
}

/// Opens the store once no listing of keys is under way in this instance.
///
/// Spin's key-value store on `SQLite` (4.1.0-pre0, and before) holds its lock while it streams keys. Another call of the same instance
/// then waits for that lock in a way that keeps the instance from taking the keys: both wait for ever, and with them
/// every other instance.
async fn open() -> Result<Store, StoreError> {
    let store = Store::open_default().await.map_err(store_error)?;
    while LISTINGS.get() > 0 {
        spin_sdk::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(store)
}

thread_local! {
    static LISTINGS: Cell<u32> = const { Cell::new(0) };
}

/// A listing of keys under way, until dropped.
struct Listing;

impl Listing {
    fn begin() -> Self {
        LISTINGS.set(LISTINGS.get().saturating_add(1));
        Self
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        LISTINGS.set(LISTINGS.get().saturating_sub(1));
    }
}

/// In the SDK's words; its own way to them is `{:?}`.
fn store_error(error: Error) -> StoreError {
    StoreError(match error {
        Error::StoreTableFull => "Error::StoreTableFull".to_owned(),
        Error::NoSuchStore => "Error::NoSuchStore".to_owned(),
        Error::AccessDenied => "Error::AccessDenied".to_owned(),
        Error::Other(why) => ["Error::Other(", &quoted(&why), ")"].concat(),
    })
}

impl Clock for Spin {
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::SystemTime::now())
    }

    async fn sleep(&self, duration: Duration) {
        spin_sdk::time::sleep(duration).await;
    }
}

impl Random for Spin {
    fn bytes16(&self) -> [u8; 16] {
        random()
    }

    fn bytes24(&self) -> [u8; 24] {
        random()
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut filled = 0;
    // A host may give fewer than asked for.
    while filled < N {
        let more = get_random_bytes(N.saturating_sub(filled) as u64);
        for (slot, byte) in bytes.iter_mut().skip(filled).zip(&more) {
            *slot = *byte;
        }
        filled = filled.saturating_add(more.len());
    }
    bytes
}

impl Variables for Spin {
    async fn variable(&self, name: &str) -> Result<Option<String>, VariablesError> {
        match spin_sdk::variables::get(name).await {
            Ok(value) => Ok(Some(value)),
            Err(spin_sdk::variables::Error::Undefined(_)) => Ok(None),
            Err(_) => Err(VariablesError),
        }
    }
}

impl Background for Spin {
    async fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        wasip3::spawn(work);
        a_turn().await;
    }
}

/// Gives up a turn, so that what was just spawned gets one.
///
/// wit-bindgen's executor takes up what was spawned only after it has polled what was awake, and does not wake itself
/// for it: with another future asleep beside, the spawned one would begin when some other event comes.
async fn a_turn() {
    let mut given = false;
    poll_fn(|cx| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl LogSink for Spin {
    fn log_line(&self, line: &str) {
        // One write per line, so that lines of concurrent requests do not mix. Nobody can be told of a failure.
        _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
    }
}
