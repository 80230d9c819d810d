//! `spin:key-value/key-value` over `wasi:keyvalue/store`.

use std::rc::Rc;

use wit_bindgen::{FutureReader, StreamReader, StreamWriter};

use crate::{
    bindings::{
        Adapter,
        exports::spin::key_value::key_value::{self as spin, Error},
        wasi::keyvalue::store as wasi,
        wit_future, wit_stream,
    },
    buckets::{Buckets, Host},
    pages::{Failure, Pages},
};

struct Wasi;

impl Host for Wasi {
    type Bucket = wasi::Bucket;
    type Error = wasi::Error;

    fn open(&self, identifier: &str) -> Result<wasi::Bucket, wasi::Error> {
        wasi::open(identifier)
    }

    fn is_no_such_store(error: &wasi::Error) -> bool {
        matches!(error, wasi::Error::NoSuchStore)
    }
}

thread_local! {
    static BUCKETS: Buckets<Wasi> = const { Buckets::new(Wasi) };
}

impl spin::Guest for Adapter {
    type Store = Store;
}

/// An open store: a label whose bucket could be opened. Which bucket that is, each call finds out anew.
pub(crate) struct Store(Rc<str>);

fn call<T>(label: &Rc<str>, call: impl FnOnce(&wasi::Bucket) -> Result<T, wasi::Error>) -> Result<T, Error> {
    BUCKETS.with(|buckets| buckets.call(label, call)).map_err(error)
}

impl spin::GuestStore for Store {
    async fn open(label: String) -> Result<spin::Store, Error> {
        let label = Rc::from(label);
        BUCKETS.with(|buckets| buckets.open(&label)).map_err(error)?;
        Ok(spin::Store::new(Self(label)))
    }

    async fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        call(&self.0, |bucket| bucket.get(&key))
    }

    async fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        call(&self.0, |bucket| bucket.set(&key, &value))
    }

    async fn delete(&self, key: String) -> Result<(), Error> {
        call(&self.0, |bucket| bucket.delete(&key))
    }

    async fn exists(&self, key: String) -> Result<bool, Error> {
        call(&self.0, |bucket| bucket.exists(&key))
    }

    async fn get_keys(&self) -> (StreamReader<String>, FutureReader<Result<(), Error>>) {
        let (keys, reader) = wit_stream::new();
        let (outcome, outcome_reader) = wit_future::new(|| Err(other("the listing of keys was given up")));
        let label = Rc::clone(&self.0);
        // Begins as soon as the two readers are returned.
        wit_bindgen::spawn(async move {
            let listed = list(&label, keys).await;
            // Nobody may want to know.
            _ = outcome.write(listed).await;
        });
        (reader, outcome_reader)
    }
}

/// Writes the label's keys as their pages come. At its end the stream is closed, so that a reader goes on to the outcome.
async fn list(label: &Rc<str>, mut keys: StreamWriter<String>) -> Result<(), Error> {
    let mut pages = Pages::default();
    let page = |cursor| {
        call(label, |bucket| bucket.list_keys(cursor)).map(|response| (response.keys, response.cursor))
    };
    while let Some(next) = pages.next(page) {
        let next = next.map_err(|failure| match failure {
            Failure::Host(error) => error,
            Failure::Endless => other("the host's list of keys has no end: it gave one cursor twice"),
        })?;
        // To write nothing would be to wait for a reader.
        if !next.is_empty() && !keys.write_all(next).await.is_empty() {
            // The reader has seen enough.
            break;
        }
    }
    Ok(())
}

/// Spin's `store-table-full` has no counterpart.
fn error(error: wasi::Error) -> Error {
    match error {
        wasi::Error::NoSuchStore => Error::NoSuchStore,
        wasi::Error::AccessDenied => Error::AccessDenied,
        wasi::Error::Other(words) => Error::Other(words),
    }
}

fn other(words: &str) -> Error {
    Error::Other(words.to_owned())
}
