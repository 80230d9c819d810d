//! The adapter's wasm in an instance of its own, called as a Spin component calls it.

use std::{
    env,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use wasmtime::{
    Config, Engine, Store, StoreContextMut,
    component::{
        Accessor, Component, FutureConsumer, FutureReader, Linker, ResourceAny, Source, StreamConsumer,
        StreamReader, StreamResult,
    },
};

use crate::host::{
    Host, Script,
    bindings::{
        Adapter, AdapterPre,
        exports::spin::{key_value::key_value, variables::variables},
    },
};

pub(crate) use key_value::Error;
pub(crate) use variables::Error as VariableError;

/// A listing that hangs fails its test after this.
const PATIENCE: Duration = Duration::from_secs(60);
/// And one that never ends after so many instructions: twenty times what the longest one here takes.
const FUEL: u64 = 4_000_000_000;

/// Compiled once for all tests.
static ADAPTER: LazyLock<AdapterPre<Host>> = LazyLock::new(|| {
    let mut config = Config::new();
    config.wasm_component_model_async(true).consume_fuel(true);
    let engine = Engine::new(&config).unwrap();
    let file = wasm();
    assert!(file.exists(), "there is no {}: run these tests by `cargo xtask test`", file.display());
    let component = Component::from_file(&engine, file).unwrap();
    let mut linker = Linker::new(&engine);
    Host::add_to_linker(&mut linker).unwrap();
    AdapterPre::new(linker.instantiate_pre(&component).unwrap()).unwrap()
});

fn wasm() -> PathBuf {
    let built = || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        target.join("wasm32-wasip2/release/wasi_adapter.wasm")
    };
    env::var_os("ALERTCAP_ADAPTER_WASM").map_or_else(built, PathBuf::from)
}

/// An instance, and the script of its host.
pub(crate) struct Guest {
    store: Store<Host>,
    adapter: Adapter,
    script: Arc<Mutex<Script>>,
}

impl Guest {
    pub(crate) async fn new(script: Script) -> Self {
        let script = Arc::new(Mutex::new(script));
        let mut store = Store::new(ADAPTER.engine(), Host::new(Arc::clone(&script)));
        store.set_fuel(FUEL).unwrap();
        let adapter = ADAPTER.instantiate_async(&mut store).await.unwrap();
        Self { store, adapter, script }
    }

    /// What the host is to do from here on, and what it was asked so far.
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.try_lock().expect("nobody else has it between calls")
    }

    /// Makes calls. What they leave running goes on at the next calls.
    pub(crate) async fn calls<R>(&mut self, calls: impl AsyncFnOnce(Spin<'_>) -> R) -> R {
        let adapter = &self.adapter;
        let calls = self.store.run_concurrent(async |accessor| calls(Spin { accessor, adapter }).await);
        tokio::time::timeout(PATIENCE, calls).await.expect("it hangs").unwrap()
    }

    /// Opens the store "default".
    pub(crate) async fn default(&mut self) -> ResourceAny {
        self.calls(async |spin| spin.open("default").await).await.unwrap()
    }

    /// Lets go of an open store.
    pub(crate) async fn drop(&mut self, store: ResourceAny) {
        store.resource_drop_async(&mut self.store).await.unwrap();
    }
}

/// Spin's two interfaces, as the adapter has them.
#[derive(Clone, Copy)]
pub(crate) struct Spin<'a> {
    accessor: &'a Accessor<Host>,
    adapter: &'a Adapter,
}

impl<'a> Spin<'a> {
    fn store(self) -> key_value::GuestStore<'a> {
        self.adapter.spin_key_value_key_value().store()
    }

    pub(crate) async fn open(self, label: &str) -> Result<ResourceAny, Error> {
        self.store().call_open(self.accessor, label.to_owned()).await.unwrap()
    }

    pub(crate) async fn get(self, store: ResourceAny, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.store().call_get(self.accessor, store, key.to_owned()).await.unwrap()
    }

    pub(crate) async fn set(self, store: ResourceAny, key: &str, value: &[u8]) -> Result<(), Error> {
        self.store().call_set(self.accessor, store, key.to_owned(), value.to_owned()).await.unwrap()
    }

    pub(crate) async fn delete(self, store: ResourceAny, key: &str) -> Result<(), Error> {
        self.store().call_delete(self.accessor, store, key.to_owned()).await.unwrap()
    }

    pub(crate) async fn exists(self, store: ResourceAny, key: &str) -> Result<bool, Error> {
        self.store().call_exists(self.accessor, store, key.to_owned()).await.unwrap()
    }

    /// Begins a listing.
    pub(crate) async fn get_keys(self, store: ResourceAny) -> Listing {
        let (keys, outcome) = self.store().call_get_keys(self.accessor, store).await.unwrap();
        Listing { keys, outcome }
    }

    /// A listing from its beginning to its end.
    pub(crate) async fn keys(self, store: ResourceAny) -> (Vec<String>, Result<(), Error>) {
        self.get_keys(store).await.read(self, Reader::default()).await
    }

    /// The cursors the host was asked for so far.
    pub(crate) fn listed(self) -> Vec<Option<u64>> {
        self.accessor.with(|mut access| access.get().script().listed.clone())
    }

    pub(crate) async fn variable(self, name: &str) -> Result<String, VariableError> {
        self.adapter.spin_variables_variables().call_get(self.accessor, name.to_owned()).await.unwrap()
    }
}

/// A listing that was begun and is not read yet.
pub(crate) struct Listing {
    keys: StreamReader<String>,
    outcome: FutureReader<Result<(), Error>>,
}

/// How the keys are read.
pub(crate) struct Reader {
    /// So many at once.
    pub(crate) at_once: usize,
    /// After so many the reader lets go of the stream.
    pub(crate) most: usize,
    /// It begins only then.
    pub(crate) after: Option<oneshot::Receiver<()>>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { at_once: usize::MAX, most: usize::MAX, after: None }
    }
}

impl Listing {
    /// Reads the keys and then the outcome.
    pub(crate) async fn read(self, spin: Spin<'_>, reader: Reader) -> (Vec<String>, Result<(), Error>) {
        (keys(spin, self.keys, reader).await, outcome(spin, self.outcome).await)
    }

    /// Lets go of the keys unread, and reads the outcome.
    pub(crate) async fn outcome_only(mut self, spin: Spin<'_>) -> Result<(), Error> {
        self.keys.close_with(spin.accessor).unwrap();
        outcome(spin, self.outcome).await
    }

    /// Lets go of the outcome, and reads the keys.
    pub(crate) async fn keys_only(mut self, spin: Spin<'_>) -> Vec<String> {
        self.outcome.close_with(spin.accessor).unwrap();
        keys(spin, self.keys, Reader::default()).await
    }

    /// Lets go of both.
    pub(crate) fn neither(mut self, spin: Spin<'_>) {
        self.keys.close_with(spin.accessor).unwrap();
        self.outcome.close_with(spin.accessor).unwrap();
    }
}

async fn keys(spin: Spin<'_>, stream: StreamReader<String>, reader: Reader) -> Vec<String> {
    let (sender, mut keys) = mpsc::unbounded_channel();
    spin.accessor.with(|access| stream.pipe(access, Keys { reader, sender })).unwrap();
    let mut all = Vec::new();
    while let Some(key) = keys.recv().await {
        all.push(key);
    }
    all
}

async fn outcome(spin: Spin<'_>, future: FutureReader<Result<(), Error>>) -> Result<(), Error> {
    let (sender, outcome) = oneshot::channel();
    spin.accessor.with(|access| future.pipe(access, Outcome(Some(sender)))).unwrap();
    outcome.await.expect("the outcome was never said")
}

struct Keys {
    reader: Reader,
    sender: mpsc::UnboundedSender<String>,
}

impl StreamConsumer<Host> for Keys {
    type Item = String;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, Host>,
        mut source: Source<'_, String>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if let Some(after) = &mut self.reader.after {
            if finish {
                return Poll::Ready(Ok(StreamResult::Cancelled));
            }
            ready!(Pin::new(after).poll(cx)).unwrap();
            self.reader.after = None;
        }
        let waiting = source.remaining(&mut store);
        let mut keys = Vec::with_capacity(waiting.min(self.reader.at_once).min(self.reader.most));
        source.read(&mut store, &mut keys)?;
        self.reader.most -= keys.len();
        for key in keys {
            self.sender.send(key).unwrap();
        }
        let more = self.reader.most > 0;
        Poll::Ready(Ok(if more { StreamResult::Completed } else { StreamResult::Dropped }))
    }
}

struct Outcome(Option<oneshot::Sender<Result<(), Error>>>);

impl FutureConsumer<Host> for Outcome {
    type Item = Result<(), Error>;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, Host>,
        mut source: Source<'_, Self::Item>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut outcome = None;
        source.read(store, &mut outcome)?;
        if let (Some(outcome), Some(sender)) = (outcome, self.0.take()) {
            sender.send(outcome).unwrap();
        }
        Poll::Ready(Ok(()))
    }
}
