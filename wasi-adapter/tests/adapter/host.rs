//! `wasi:keyvalue` and `wasi:config` in memory, doing what a test says; and the folder and the environment that it lends.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard},
};

use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

#[allow(unsafe_code, missing_docs, unreachable_pub, reason = "generated")]
pub(crate) mod bindings {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "adapter",
        imports: { default: trappable },
        require_store_data_send: true,
        additional_derives: [PartialEq],
        with: {
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:filesystem": wasmtime_wasi::p2::bindings::filesystem,
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:keyvalue/store.bucket": super::Bucket,
        },
    });
}

use bindings::wasi::{
    config,
    keyvalue::store::{self as keyvalue, KeyResponse},
};
pub(crate) use bindings::wasi::{config::store::Error as ConfigError, keyvalue::store::Error};

/// What the host has, what goes wrong, and what it was asked.
#[derive(Default)]
pub(crate) struct Script {
    /// The buckets there are, and what is in them. Others are no such store.
    pub(crate) buckets: BTreeMap<&'static str, Contents>,
    /// Each bucket that is opened is a copy of its own, as Wasmtime's are.
    pub(crate) copies: bool,
    /// Opening fails so.
    pub(crate) open_fails: Option<Error>,
    /// Every call to a bucket fails so.
    pub(crate) calls_fail: Option<Error>,
    /// Buckets of a lower number than this fail, their connection is gone; the one that is opened first has number 1.
    pub(crate) broken_before: usize,
    /// What a listing gets for a cursor, instead of the bucket's keys.
    pub(crate) pages: BTreeMap<Option<u64>, Result<Page, Error>>,
    /// The answers of `wasi:config`; none for other names.
    pub(crate) config: BTreeMap<&'static str, Result<&'static str, ConfigError>>,
    /// What is lent, and as what.
    pub(crate) folder: Option<(PathBuf, &'static str)>,
    /// It is lent for reading only.
    pub(crate) read_only: bool,
    /// What seeds the guest's random numbers, if not chance.
    pub(crate) seed: Option<u128>,
    /// The environment.
    pub(crate) environment: Vec<(&'static str, &'static str)>,
    /// The identifiers that were opened, successfully or not, in order.
    pub(crate) opened: Vec<String>,
    /// How many buckets the guest has let go.
    pub(crate) dropped: usize,
    /// The cursors that were listed, in order.
    pub(crate) listed: Vec<Option<u64>>,
    /// The names that were asked of `wasi:config`.
    pub(crate) configured: Vec<String>,
}

/// Keys, and the cursor of the next page.
pub(crate) type Page = (Vec<&'static str>, Option<u64>);

/// Values by their keys.
pub(crate) type Contents = BTreeMap<String, Vec<u8>>;

impl Script {
    /// A host with these buckets, all empty.
    pub(crate) fn with_buckets<const N: usize>(names: [&'static str; N]) -> Self {
        Self { buckets: names.map(|name| (name, Contents::new())).into(), ..Self::default() }
    }

    /// A host whose bucket "default" lists these pages.
    pub(crate) fn with_pages<const N: usize>(
        pages: [(Option<u64>, &[&'static str], Option<u64>); N],
    ) -> Self {
        let page = |(cursor, keys, next): (_, &[&'static str], _)| (cursor, Ok((keys.to_vec(), next)));
        Self { pages: pages.map(page).into(), ..Self::with_buckets(["default"]) }
    }
}

/// An open bucket.
#[allow(unreachable_pub, reason = "the bindings export it again")]
pub struct Bucket {
    name: String,
    number: usize,
    copy: Option<Contents>,
}

/// The state of an instance.
pub(crate) struct Host {
    script: Arc<Mutex<Script>>,
    table: ResourceTable,
    wasi: WasiCtx,
}

impl Host {
    pub(crate) fn new(script: Arc<Mutex<Script>>) -> Self {
        let wasi = wasi(&script.lock().unwrap());
        Self { script, table: ResourceTable::new(), wasi }
    }

    pub(crate) fn add_to_linker(linker: &mut Linker<Self>) -> wasmtime::Result<()> {
        wasmtime_wasi::p2::add_to_linker_async(linker)?;
        keyvalue::add_to_linker::<_, HasSelf<Self>>(linker, |host| host)?;
        config::store::add_to_linker::<_, HasSelf<Self>>(linker, |host| host)
    }

    /// The script, which no call is at right now.
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// The contents behind a bucket, unless calls fail.
    fn called<T>(
        &mut self,
        bucket: &Resource<Bucket>,
        work: impl FnOnce(&mut Contents) -> T,
    ) -> wasmtime::Result<Result<T, Error>> {
        let bucket = self.table.get_mut(bucket)?;
        let mut script = self.script.lock().unwrap();
        if let Some(error) = &script.calls_fail {
            return Ok(Err(error.clone()));
        }
        if bucket.number < script.broken_before {
            return Ok(Err(Error::Other("broken pipe".to_owned())));
        }
        let shared = script.buckets.get_mut(&*bucket.name);
        Ok(bucket.copy.as_mut().or(shared).map(work).ok_or(Error::NoSuchStore))
    }
}

fn wasi(script: &Script) -> WasiCtx {
    let mut wasi = WasiCtx::builder();
    wasi.inherit_stderr().envs(&script.environment);
    if let Some(seed) = script.seed {
        wasi.insecure_random_seed(seed);
    }
    if let Some((folder, path)) = &script.folder {
        let perms = if script.read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
        wasi.preopened_dir(folder, path, perms).unwrap();
    }
    wasi.build()
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

type Reply<T> = wasmtime::Result<Result<T, Error>>;

impl keyvalue::Host for Host {
    fn open(&mut self, identifier: String) -> Reply<Resource<Bucket>> {
        let mut script = self.script.lock().unwrap();
        script.opened.push(identifier.clone());
        if let Some(error) = &script.open_fails {
            return Ok(Err(error.clone()));
        }
        let Some(contents) = script.buckets.get(&*identifier) else { return Ok(Err(Error::NoSuchStore)) };
        let copy = script.copies.then(|| contents.clone());
        let bucket = Bucket { name: identifier, number: script.opened.len(), copy };
        Ok(Ok(self.table.push(bucket)?))
    }
}

impl keyvalue::HostBucket for Host {
    fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Reply<Option<Vec<u8>>> {
        self.called(&bucket, |contents| contents.get(&key).cloned())
    }

    fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Reply<()> {
        self.called(&bucket, |contents| {
            contents.insert(key, value);
        })
    }

    fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Reply<()> {
        self.called(&bucket, |contents| {
            contents.remove(&key);
        })
    }

    fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Reply<bool> {
        self.called(&bucket, |contents| contents.contains_key(&key))
    }

    fn list_keys(&mut self, bucket: Resource<Bucket>, cursor: Option<u64>) -> Reply<KeyResponse> {
        self.script().listed.push(cursor);
        let all = self.called(&bucket, |contents| contents.keys().cloned().collect::<Vec<_>>())?;
        let page = match self.script().pages.get(&cursor) {
            Some(Ok((keys, next))) => Ok((keys.iter().map(|key| (*key).to_owned()).collect(), *next)),
            Some(Err(error)) => Err(error.clone()),
            None => Ok((Vec::new(), None)),
        };
        let scripted = !self.script().pages.is_empty();
        Ok(all
            .and_then(|all| if scripted { page } else { Ok((all, None)) })
            .map(|(keys, cursor)| KeyResponse { keys, cursor }))
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        self.script().dropped += 1;
        Ok(())
    }
}

impl config::store::Host for Host {
    fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<String>, ConfigError>> {
        let mut script = self.script();
        let answer = script.config.get(&*key).cloned().transpose();
        script.configured.push(key);
        Ok(answer.map(|value| value.map(str::to_owned)))
    }

    fn get_all(&mut self) -> wasmtime::Result<Result<Vec<(String, String)>, ConfigError>> {
        Err(wasmtime::Error::msg("nobody asks for all"))
    }
}
