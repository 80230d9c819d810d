//! The buckets an instance of the adapter holds open: one for each label, from its first use on.
//!
//! One, because of hosts at both ends: Wasmtime's store in memory is the bucket itself, and a second one would be empty;
//! on others a bucket is a connection, which costs a round trip to open.

use std::{cell::RefCell, rc::Rc};

/// The label of the store that Spin gives every component.
const DEFAULT: &str = "default";
/// The bucket that has no name: the only one Wasmtime has.
const UNNAMED: &str = "";

/// What opens buckets: the host.
pub trait Host {
    /// An open bucket.
    type Bucket;
    /// Why a call failed.
    type Error;

    /// Opens the bucket of this name.
    fn open(&self, identifier: &str) -> Result<Self::Bucket, Self::Error>;
    /// Whether the host knows no bucket of that name.
    fn is_no_such_store(error: &Self::Error) -> bool;
}

/// The open buckets by their labels.
pub struct Buckets<H: Host> {
    host: H,
    // A handful at most: what a Spin component's manifest grants it.
    open: RefCell<Vec<Open<H::Bucket>>>,
}

struct Open<B> {
    label: Rc<str>,
    bucket: Rc<B>,
}

impl<H: Host> Buckets<H> {
    /// None is open yet.
    pub const fn new(host: H) -> Self {
        Self { host, open: RefCell::new(Vec::new()) }
    }

    /// Opens the label's bucket, unless it is open.
    pub fn open(&self, label: &Rc<str>) -> Result<(), H::Error> {
        self.bucket(label).map(drop)
    }

    /// Calls the label's bucket, opened for it if it has to be.
    ///
    /// After a failure the bucket is not used again: its connection may be gone for good, and the next call, also one of
    /// a store that was opened before, gets a new one. The failed call itself is not repeated: it may have had its effect.
    pub fn call<T>(
        &self,
        label: &Rc<str>,
        call: impl FnOnce(&H::Bucket) -> Result<T, H::Error>,
    ) -> Result<T, H::Error> {
        let bucket = self.bucket(label)?;
        call(&bucket).inspect_err(|_| self.forget(&bucket))
    }

    fn bucket(&self, label: &Rc<str>) -> Result<Rc<H::Bucket>, H::Error> {
        if let Some(bucket) = self.known(label) {
            return Ok(bucket);
        }
        // Nothing is borrowed while the host works: another task of this instance may come here meanwhile.
        let bucket = match self.host.open(label) {
            Err(error) if &**label == DEFAULT && H::is_no_such_store(&error) => {
                // That there is no such store is about the label; about the unnamed bucket nobody has asked.
                self.host.open(UNNAMED).map_err(|unnamed| match H::is_no_such_store(&unnamed) {
                    true => error,
                    false => unnamed,
                })?
            }
            opened => opened?,
        };
        if let Some(earlier) = self.known(label) {
            return Ok(earlier);
        }
        let bucket = Rc::new(bucket);
        let open = Open { label: Rc::clone(label), bucket: Rc::clone(&bucket) };
        self.open.borrow_mut().push(open);
        Ok(bucket)
    }

    fn known(&self, label: &str) -> Option<Rc<H::Bucket>> {
        let open = self.open.borrow();
        open.iter().find(|open| &*open.label == label).map(|open| Rc::clone(&open.bucket))
    }

    /// Forgets this very bucket: another task may have opened a new one for its label meanwhile.
    fn forget(&self, bucket: &Rc<H::Bucket>) {
        self.open.borrow_mut().retain(|open| !Rc::ptr_eq(&open.bucket, bucket));
    }
}
