//! `spin:key-value/key-value` over `wasi:keyvalue/store`, or over a folder where the host lends one.

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
    folder::{self, Folder},
    pages::{Failure, Page, Pages},
};

struct Wasi;

/// What a label stands for.
pub(crate) enum Bucket {
    Wasi(wasi::Bucket),
    Folder(Folder),
}

impl Host for Wasi {
    type Bucket = Bucket;
    type Error = wasi::Error;

    fn open(&self, identifier: &str) -> Result<Bucket, wasi::Error> {
        let Some(root) = folder::lent() else { return wasi::open(identifier).map(Bucket::Wasi) };
        // Whoever lends a folder wants it used: what is not in it is not looked for in the host's own store.
        let folder = Folder::open(root, identifier).map_err(wasi::Error::Other)?;
        folder.map(Bucket::Folder).ok_or(wasi::Error::NoSuchStore)
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

impl Bucket {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, wasi::Error> {
        match self {
            Self::Wasi(bucket) => bucket.get(key),
            Self::Folder(folder) => folder.get(key).map_err(wasi::Error::Other),
        }
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), wasi::Error> {
        match self {
            Self::Wasi(bucket) => bucket.set(key, value),
            Self::Folder(folder) => folder.set(key, value).map_err(wasi::Error::Other),
        }
    }

    fn delete(&self, key: &str) -> Result<(), wasi::Error> {
        match self {
            Self::Wasi(bucket) => bucket.delete(key),
            Self::Folder(folder) => folder.delete(key).map_err(wasi::Error::Other),
        }
    }

    fn exists(&self, key: &str) -> Result<bool, wasi::Error> {
        match self {
            Self::Wasi(bucket) => bucket.exists(key),
            Self::Folder(folder) => folder.exists(key).map_err(wasi::Error::Other),
        }
    }

    fn list_keys(&self, cursor: Option<u64>) -> Result<Page, wasi::Error> {
        match self {
            Self::Wasi(bucket) => bucket.list_keys(cursor).map(|response| (response.keys, response.cursor)),
            Self::Folder(folder) => folder.keys().map(|keys| (keys, None)).map_err(wasi::Error::Other),
        }
    }
}

fn call<T>(label: &Rc<str>, call: impl FnOnce(&Bucket) -> Result<T, wasi::Error>) -> Result<T, Error> {
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
    let page = |cursor| call(label, |bucket| bucket.list_keys(cursor));
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
