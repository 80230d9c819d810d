//! A world for tests: the platform's traits in memory, under a clock that moves only when nothing else can.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    future::{Future, poll_fn},
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use futures_executor::LocalPool;
use futures_util::{FutureExt, task::LocalSpawnExt};
use serde_json::Value;

use crate::{
    app::App,
    platform::{
        Background, Clock, HttpOut, KeyValue, LogSink, Random, SendError, StoreError, Stream, Variables,
        VariablesError,
    },
    settings::{Azure, Settings},
    time::Timestamp,
};

pub(crate) mod azure;
pub(crate) mod tokens;

/// How long every request takes.
pub(crate) const LATENCY: Duration = Duration::from_millis(100);

pub(crate) const WEBHOOK_KEY: &str = "webhook-key-0123456789";
pub(crate) const OPERATOR_KEY: &str = "operator-key-0123456789";
pub(crate) const SWEEP_KEY: &str = "sweep-key-0123456789";
pub(crate) const SIGNING_SECRET: &str = "whsec_Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5";
pub(crate) const SUBSCRIPTION: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b";

/// One request that went out.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) operation: String,
    pub(crate) url: String,
    pub(crate) body: Value,
    pub(crate) headers: http::HeaderMap,
    pub(crate) at: Timestamp,
    pub(crate) answered_at: Timestamp,
}

/// The world behind every [`Sim`].
pub(crate) struct World {
    now: Cell<Timestamp>,
    timers: RefCell<Vec<(Timestamp, Waker)>>,
    spawned: RefCell<Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>>>,
    random: Cell<u64>,
    pub(crate) variables: RefCell<BTreeMap<String, String>>,
    pub(crate) store: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) writes: RefCell<Vec<String>>,
    /// How often the keys were listed.
    pub(crate) lists: Cell<u32>,
    pub(crate) store_fails: Cell<bool>,
    pub(crate) store_takes: Cell<Duration>,
    /// And up to so much more, by chance.
    pub(crate) store_varies: Cell<Duration>,
    /// Keys that begin so are not written.
    pub(crate) store_refuses: Cell<Option<&'static str>>,
    pub(crate) variables_fail: Cell<bool>,
    pub(crate) sent: RefCell<Vec<Sent>>,
    /// Bodies that are streamed break off after so many pieces.
    pub(crate) breaks_off_after: Cell<Option<usize>>,
    pub(crate) log: RefCell<Vec<String>>,
    pub(crate) azure: RefCell<azure::FakeAzure>,
}

/// The platform of one simulated instance; clones and further instances share the world.
#[derive(Clone)]
pub(crate) struct Sim(pub(crate) Rc<World>);

impl Sim {
    pub(crate) fn new() -> Self {
        let variables = [
            ("webhook_key", WEBHOOK_KEY),
            ("operator_key", OPERATOR_KEY),
            ("sweep_key", SWEEP_KEY),
            ("tenant_id", "tenant-1"),
            ("client_id", "client-1"),
            ("client_secret", "the-client-secret"),
            ("login_endpoint", "https://login.example"),
            ("arm_endpoint", "https://arm.example"),
            ("allowed_scopes", SUBSCRIPTION),
            (
                "storage_account_id",
                "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/stshopcaptures",
            ),
            ("time_limit_seconds", "60"),
            // Most tests are about other things than files.
            ("summary", "off"),
            ("notify_url", "https://people.example/hook?secret=canary"),
            ("notify_host", "https://people.example"),
        ];
        Self(Rc::new(World {
            now: Cell::new("2026-11-22T02:00:20Z".parse().unwrap()),
            timers: RefCell::default(),
            spawned: RefCell::default(),
            random: Cell::new(1),
            variables: RefCell::new(variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
            store: RefCell::default(),
            writes: RefCell::default(),
            lists: Cell::default(),
            store_fails: Cell::new(false),
            store_takes: Cell::default(),
            store_varies: Cell::default(),
            store_refuses: Cell::default(),
            variables_fail: Cell::default(),
            sent: RefCell::default(),
            breaks_off_after: Cell::default(),
            log: RefCell::default(),
            azure: RefCell::default(),
        }))
    }

    /// A fresh instance of the component in this world.
    pub(crate) fn app(&self) -> App<Self> {
        App::new(self.clone())
    }

    /// With somebody to tell in Teams and in Slack too.
    pub(crate) fn with_chats() -> Self {
        let sim = Self::new();
        sim.set("teams_url", "https://teams.example/workflows/canary?sig=canary");
        sim.set("teams_host", "https://teams.example");
        sim.set("slack_url", "https://slack.example/services/canary");
        sim.set("slack_host", "https://slack.example");
        sim.set("notify_secret", SIGNING_SECRET);
        sim
    }

    pub(crate) fn set(&self, variable: &str, value: &str) {
        self.0.variables.borrow_mut().insert(variable.to_owned(), value.to_owned());
    }

    /// Runs `work` to its end, and background work beside it; time passes when all wait for it.
    pub(crate) fn run<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> T {
        let done = Rc::new(RefCell::new(None));
        let slot = done.clone();
        self.drive(
            async move {
                let value = work.await;
                *slot.borrow_mut() = Some(value);
            },
            || done.borrow().is_some(),
        );
        done.take().unwrap()
    }

    /// Runs `work`, and then what it left in the background, to the end.
    pub(crate) fn run_all<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> T {
        let done = Rc::new(RefCell::new(None));
        let slot = done.clone();
        self.drive(
            async move {
                let value = work.await;
                *slot.borrow_mut() = Some(value);
            },
            || false,
        );
        done.take().unwrap()
    }

    /// Until `is_enough` or nothing is left to do. What has not ended then is dropped: a crash.
    fn drive(&self, work: impl Future<Output = ()> + 'static, is_enough: impl Fn() -> bool) {
        let mut pool = LocalPool::new();
        let spawner = pool.spawner();
        spawner.spawn_local(work).unwrap();
        loop {
            pool.run_until_stalled();
            for future in std::mem::take(&mut *self.0.spawned.borrow_mut()) {
                spawner.spawn_local(future).unwrap();
            }
            pool.run_until_stalled();
            if !self.0.spawned.borrow().is_empty() {
                continue;
            }
            if is_enough() || !self.tick() {
                self.0.timers.borrow_mut().clear();
                return;
            }
        }
    }

    /// Moves the clock to the next timer; false if there is none.
    fn tick(&self) -> bool {
        let mut timers = self.0.timers.borrow_mut();
        let Some(next) = timers.iter().map(|(at, _)| *at).min() else { return false };
        self.0.now.set(next.max(self.0.now.get()));
        timers.retain(|(at, waker)| {
            if *at <= next {
                waker.wake_by_ref();
            }
            *at > next
        });
        true
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.0.sent.borrow().iter().map(|sent| sent.operation.clone()).collect()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|o| *o == operation).count()
    }

    pub(crate) fn forget_requests(&self) {
        self.0.sent.borrow_mut().clear();
        self.0.writes.borrow_mut().clear();
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.now.set(self.0.now.get().after(seconds));
    }
}

/// The settings that [`Sim::new`]'s variables make.
pub(crate) fn settings() -> Settings {
    let sim = Sim::new();
    // Nothing in it waits; an executor inside an executor would be refused.
    Settings::load(&sim).now_or_never().unwrap().unwrap()
}

/// A metric alert that fired on the machine `web-01`.
pub(crate) fn metric_alert() -> crate::alert::Alert {
    match crate::alert::read(include_bytes!("../tests/fixtures/metric-fired.json")).unwrap() {
        crate::alert::Reading::Alert(alert) => *alert,
        other => panic!("{other:?}"),
    }
}

/// The first capture that `alert` leads to when it arrives at `now`.
pub(crate) fn spec(alert: &crate::alert::Alert, now: Timestamp) -> crate::plan::CaptureSpec {
    let captures = settings().captures;
    let moment = crate::plan::Moment::of(alert.identity.span(), captures.dedupe_window_seconds, now);
    crate::plan::plan(alert, &captures, moment, now).captures.remove(0)
}

pub(crate) fn azure() -> Azure {
    settings().azure.unwrap()
}

/// The same with one variable set otherwise.
pub(crate) fn azure_with(variable: &str, value: &str) -> Azure {
    let sim = Sim::new();
    sim.set(variable, value);
    Settings::load(&sim).now_or_never().unwrap().unwrap().azure.unwrap()
}

impl Clock for Sim {
    fn now(&self) -> Timestamp {
        self.0.now.get()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.0.now.get().plus(duration);
        poll_fn(|cx| {
            if self.0.now.get() >= until {
                return Poll::Ready(());
            }
            // Once for each task: one that is polled for another reason waits for the same moment as before.
            let mut timers = self.0.timers.borrow_mut();
            if !timers.iter().any(|(at, waker)| *at == until && waker.will_wake(cx.waker())) {
                timers.push((until, cx.waker().clone()));
            }
            Poll::Pending
        })
        .await;
    }
}

/// A body as it comes: in small pieces, each a moment after the other.
pub(crate) struct Pieces {
    sim: Sim,
    left: VecDeque<Result<Bytes, SendError>>,
}

/// So long is one.
const PIECE: usize = 1_000;

impl Stream for Pieces {
    async fn next(&mut self) -> Option<Result<Bytes, SendError>> {
        let piece = self.left.pop_front()?;
        self.sim.sleep(LATENCY / 10).await;
        if piece.is_err() {
            self.left.clear();
        }
        Some(piece)
    }
}

impl HttpOut for Sim {
    type Stream = Pieces;

    async fn open(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Pieces>, SendError> {
        let (head, body) = self.send(request, timeout).await?.into_parts();
        let mut left: VecDeque<_> = body.chunks(PIECE).map(|piece| Ok(body.slice_ref(piece))).collect();
        if let Some(whole) = self.0.breaks_off_after.get() {
            left.truncate(whole);
            left.push_back(Err(SendError::Lost("it broke off")));
        }
        Ok(http::Response::from_parts(head, Pieces { sim: self.clone(), left }))
    }

    async fn send(
        &self,
        request: http::Request<Bytes>,
        timeout: Duration,
    ) -> Result<http::Response<Bytes>, SendError> {
        let at = self.now();
        let url = request.uri().to_string();
        let body = serde_json::from_slice(request.body())
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(request.body()).into_owned()));
        let headers = request.headers().clone();
        let (operation, outcome) = self.0.azure.borrow_mut().answer(&request, at);
        let index = {
            let mut sent = self.0.sent.borrow_mut();
            sent.push(Sent { operation, url, body, headers, at, answered_at: at });
            sent.len() - 1
        };
        let late = matches!(outcome, Err(SendError::TimedOut));
        self.sleep(if late { timeout } else { LATENCY }).await;
        let now = self.now();
        if let Some(sent) = self.0.sent.borrow_mut().get_mut(index) {
            sent.answered_at = now;
        }
        outcome
    }
}

impl KeyValue for Sim {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.up().await?;
        Ok(self.0.store.borrow().get(key).cloned())
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.up().await?;
        if self.0.store_refuses.get().is_some_and(|begin| key.starts_with(begin)) {
            return Err(StoreError("value too large".to_owned()));
        }
        assert!(key.len() <= 255 && !key.contains(['/', '\\', '?', '#']), "{key}");
        self.0.writes.borrow_mut().push(key.to_owned());
        self.0.store.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.up().await?;
        self.0.store.borrow_mut().remove(key);
        Ok(())
    }

    async fn keys(&self) -> Result<Vec<String>, StoreError> {
        self.0.lists.set(self.0.lists.get() + 1);
        self.up().await?;
        Ok(self.0.store.borrow().keys().cloned().collect())
    }
}

impl Sim {
    async fn up(&self) -> Result<(), StoreError> {
        let mut takes = self.0.store_takes.get();
        let varies = u64::try_from(self.0.store_varies.get().as_micros()).unwrap();
        if varies > 0 {
            self.0.random.set(self.0.random.get() + 1);
            let chance = self.0.random.get().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            takes += Duration::from_micros(chance % varies);
        }
        if !takes.is_zero() {
            self.sleep(takes).await;
        }
        if self.0.store_fails.get() { Err(StoreError("disk I/O error".to_owned())) } else { Ok(()) }
    }
}

impl Random for Sim {
    fn bytes16(&self) -> [u8; 16] {
        self.0.random.set(self.0.random.get() + 1);
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&self.0.random.get().to_be_bytes());
        bytes
    }

    fn bytes24(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[8..].copy_from_slice(&self.bytes16());
        bytes
    }
}

impl Variables for Sim {
    async fn variable(&self, name: &str) -> Result<Option<String>, VariablesError> {
        if self.0.variables_fail.get() {
            return Err(VariablesError);
        }
        Ok(self.0.variables.borrow().get(name).cloned())
    }
}

impl Background for Sim {
    async fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        self.0.spawned.borrow_mut().push(Box::pin(work));
    }
}

impl LogSink for Sim {
    fn log_line(&self, line: &str) {
        self.0.log.borrow_mut().push(line.to_owned());
    }
}
