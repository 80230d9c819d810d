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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A host that has these buckets; a bucket is its name and how many were opened before it.
    struct Has {
        names: &'static [&'static str],
        opened: Cell<usize>,
        denied: bool,
    }

    #[derive(Debug, PartialEq)]
    enum Error {
        NoSuchStore,
        Denied,
        Broken,
    }

    impl Host for Has {
        type Bucket = (String, usize);
        type Error = Error;

        fn open(&self, identifier: &str) -> Result<(String, usize), Error> {
            let before = self.opened.replace(self.opened.get() + 1);
            match self.names.contains(&identifier) {
                true => Ok((identifier.to_owned(), before)),
                false if self.denied && identifier == UNNAMED => Err(Error::Denied),
                false => Err(Error::NoSuchStore),
            }
        }

        fn is_no_such_store(error: &Error) -> bool {
            *error == Error::NoSuchStore
        }
    }

    fn host(names: &'static [&'static str]) -> Buckets<Has> {
        Buckets::new(Has { names, opened: Cell::new(0), denied: false })
    }

    fn called(buckets: &Buckets<Has>, label: &str) -> Result<(String, usize), Error> {
        buckets.call(&label.into(), |bucket| Ok(bucket.clone()))
    }

    #[test]
    fn a_bucket_is_opened_once_however_often_it_is_called() {
        let buckets = host(&["default", "notes"]);
        buckets.open(&"default".into()).unwrap();
        for _ in 0..3 {
            assert_eq!(called(&buckets, "default"), Ok(("default".to_owned(), 0)));
            assert_eq!(called(&buckets, "notes"), Ok(("notes".to_owned(), 1)));
        }
    }

    #[test]
    fn the_default_store_may_have_no_name_and_no_other_may() {
        let buckets = host(&[UNNAMED]);
        assert_eq!(called(&buckets, "default"), Ok((UNNAMED.to_owned(), 1)));
        assert_eq!(called(&buckets, "notes"), Err(Error::NoSuchStore));
        assert_eq!(called(&buckets, "Default"), Err(Error::NoSuchStore));
    }

    #[test]
    fn what_is_wrong_with_the_unnamed_bucket_is_said() {
        assert_eq!(called(&host(&[]), "default"), Err(Error::NoSuchStore));
        let buckets = Buckets::new(Has { names: &[], opened: Cell::new(0), denied: true });
        assert_eq!(called(&buckets, "default"), Err(Error::Denied));
    }

    #[test]
    fn a_bucket_that_failed_is_not_called_again() {
        let buckets = host(&["default"]);
        let label = "default".into();
        let mut calls = 0;
        let failed: Result<(), _> = buckets.call(&label, |_| {
            calls += 1;
            Err(Error::Broken)
        });
        assert_eq!((failed, calls), (Err(Error::Broken), 1));
        assert_eq!(called(&buckets, "default"), Ok(("default".to_owned(), 1)));
    }

    #[test]
    fn a_call_that_fails_late_does_not_take_the_new_bucket_along() {
        let buckets = host(&["default"]);
        let label: Rc<str> = "default".into();
        let late: Result<(), _> = buckets.call(&label, |_| {
            // Meanwhile another call fails, and a third one opens a new bucket.
            buckets.call(&label, |_| Err::<(), _>(Error::Broken)).unwrap_err();
            assert_eq!(called(&buckets, "default").unwrap().1, 1);
            Err(Error::Broken)
        });
        assert_eq!(late, Err(Error::Broken));
        assert_eq!(called(&buckets, "default").unwrap().1, 1);
    }

    #[test]
    fn of_two_that_were_opened_at_once_the_first_is_used() {
        struct Slow {
            inner: Rc<RefCell<Option<Rc<Buckets<Slow>>>>>,
            opened: Cell<usize>,
        }
        impl Host for Slow {
            type Bucket = usize;
            type Error = ();

            fn open(&self, identifier: &str) -> Result<usize, ()> {
                let number = self.opened.replace(self.opened.get() + 1);
                // While the first is being opened, another task opens one.
                if let Some(buckets) = self.inner.take() {
                    buckets.open(&identifier.into())?;
                }
                Ok(number)
            }

            fn is_no_such_store((): &()) -> bool {
                false
            }
        }
        let inner = Rc::new(RefCell::new(None));
        let buckets = Rc::new(Buckets::new(Slow { inner: Rc::clone(&inner), opened: Cell::new(0) }));
        inner.replace(Some(Rc::clone(&buckets)));
        assert_eq!(buckets.call(&"default".into(), |bucket| Ok(*bucket)), Ok(1));
        assert_eq!(buckets.call(&"default".into(), |bucket| Ok(*bucket)), Ok(1));
    }
}
