//! The component's instances: compiled once, started when needed, shared by requests, ended when idle.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::time::Sleep;
use wasmtime::component::{Component as Compiled, GuestTaskId, Linker};
use wasmtime::{Cache, CacheConfig, Config, Engine, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance as Started, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::instance::{Instance, Shared};

/// Spin's habits, which the component's caches and background work are built on.
const REQUESTS_PER_INSTANCE: usize = 128;
const REQUESTS_AT_A_TIME: usize = 16;
const IDLE: Duration = Duration::from_secs(1);

/// How long a guest may compute before others get a turn.
const TICK: Duration = Duration::from_millis(10);

/// The compiled component, and what its instances share.
pub struct Component {
    engine: Engine,
    pre: ProxyPre<Instance>,
    shared: Arc<Shared>,
    request_timeout: Option<Duration>,
}

impl Component {
    /// Compiles the component in `file`, or takes it from the cache.
    pub fn load(file: &Path, shared: Arc<Shared>, request_timeout: Option<Duration>) -> Result<Self> {
        let engine = engine()?;
        let pre = compile(&engine, file, shared.clock.is_some()).map_err(|error| {
            anyhow!("{} is not a component that this host can run: {error:#}", file.display())
        })?;
        Ok(Self { engine, pre, shared, request_timeout })
    }
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    // The component says itself why it panicked; addresses in a stripped file tell nobody more.
    config.wasm_backtrace_max_frames(None);
    // In the user's cache folder. Without one, each start compiles.
    config.cache(Cache::new(CacheConfig::new()).ok());
    let engine = Engine::new(&config).map_err(|error| anyhow!("{error:#}"))?;
    let ticking = engine.weak();
    // A thread, because a guest that computes may hold all of the executor's.
    std::thread::spawn(move || {
        while let Some(engine) = ticking.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(TICK);
        }
    });
    Ok(engine)
}

fn compile(engine: &Engine, file: &Path, moved: bool) -> wasmtime::Result<ProxyPre<Instance>> {
    let component = Compiled::from_file(engine, file)?;
    let mut linker = Linker::new(engine);
    Instance::add_to_linker(&mut linker, moved)?;
    Ok(ProxyPre::P3(ServicePre::new(linker.instantiate_pre(&component)?)?))
}

impl HandlerState for Component {
    type StoreData = Instance;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Started<Instance, Expiration, Worker>> {
        let mut store = Store::new(&self.engine, Instance::new(self.shared.clone()));
        store.limiter(|instance| &mut instance.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let proxy = self.pre.instantiate_async(&mut store).await?;
        let request_timeout = self.request_timeout;
        Ok(Started {
            store,
            proxy,
            view: Instance::http,
            expiration: Expiration { request_timeout, sleep: Box::pin(tokio::time::sleep(IDLE)) },
            state: Worker { request_timeout },
        })
    }
}

/// When an instance ends.
pub struct Expiration {
    request_timeout: Option<Duration>,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let limit = match status {
            WorkerStatus::Idle => Some(IDLE),
            // The second line of defence: a guest that never yields to its own time-out.
            WorkerStatus::Requests => self.request_timeout,
            // Work that goes on after the answer is the component's business; it may take hours.
            WorkerStatus::PostReturn => None,
        };
        let Some(limit) = limit else { return Poll::Pending };
        let deadline = (start + limit).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}

/// What one instance takes on.
pub struct Worker {
    request_timeout: Option<Duration>,
}

impl WorkerState for Worker {
    type StoreData = Instance;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= REQUESTS_PER_INSTANCE {
            ShouldAccept::Never
        } else if concurrent >= REQUESTS_AT_A_TIME {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Instance>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        match self.request_timeout {
            Some(limit) => Box::pin(tokio::time::sleep(limit)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn drop(&self, _: Store<Instance>, result: Result<(), wasmtime::Error>) {
        if let Err(error) = result {
            eprintln!("alertcap-host: an instance of the component ended: {error:#}");
        }
    }
}
