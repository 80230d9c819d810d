//! The component's platform in this world: every request and every look into the store can go wrong here.

use std::{collections::VecDeque, rc::Rc, time::Duration};

use alertcap::{
    platform::{
        Background, Clock, HttpOut, KeyValue, LogSink, Random, SendError, StoreError, Stream, Variables,
        VariablesError,
    },
    time::Timestamp,
};
use bytes::Bytes;
use http::{Request, Response};

use crate::{
    outbound,
    scenario::{Backend, MILLI, SECOND},
    truth::Write,
    world::World,
};

/// One instance's view of the world.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) world: Rc<World>,
    pub(crate) instance: u32,
}

impl Clock for Host {
    fn now(&self) -> Timestamp {
        self.world.time()
    }

    async fn sleep(&self, duration: Duration) {
        self.world.sleep(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)).await;
    }
}

/// A body, piece by piece.
pub(crate) struct Pieces {
    pub(crate) world: Rc<World>,
    pub(crate) left: VecDeque<Result<Bytes, SendError>>,
}

impl Stream for Pieces {
    async fn next(&mut self) -> Option<Result<Bytes, SendError>> {
        let piece = self.left.pop_front()?;
        self.world.sleep(self.world.chance.below(10 * MILLI)).await;
        Some(piece)
    }
}

impl HttpOut for Host {
    type Stream = Pieces;

    async fn open(&self, request: Request<Bytes>, timeout: Duration) -> Result<Response<Pieces>, SendError> {
        outbound::open(&self.world, self.instance, &request, timeout).await
    }

    async fn send(&self, request: Request<Bytes>, timeout: Duration) -> Result<Response<Bytes>, SendError> {
        outbound::send(&self.world, self.instance, &request, timeout).await
    }
}

impl Host {
    /// The time until an operation has its effect, and whether it fails before or after that.
    async fn before(&self) -> (bool, bool) {
        let (world, ways) = (&self.world, &self.world.scenario.store);
        let is_hostile = world.is_hostile.get();
        let (fails, fails_after) = if is_hostile {
            (world.chance.happens(ways.fails), world.chance.happens(ways.fails_after))
        } else {
            (false, false)
        };
        let slow = is_hostile && world.chance.happens(ways.slow);
        let takes = if slow { world.chance.below(6 * SECOND) } else { world.chance.below(ways.latency + 1) };
        world.sleep(takes).await;
        (fails, fails_after)
    }

    async fn after(&self) {
        self.world.sleep(self.world.chance.below(self.world.scenario.store.latency / 2 + 1)).await;
    }

    /// How far the replica that answers a read lags.
    fn lag(&self) -> u64 {
        match self.world.scenario.store.backend {
            Backend::Sqlite => 0,
            Backend::Redis => self.world.lags.borrow()[self.instance as usize],
            Backend::Cosmos => self.world.chance.below(self.world.scenario.store.lag + 1),
        }
    }

    fn failed(&self, what: &str, key: &str) -> StoreError {
        self.world.trace(|| format!("i{} {what} {key}: failed", self.instance));
        StoreError("disk I/O error".to_owned())
    }

    fn write(&self, key: &str, value: Option<&[u8]>) {
        let world = &self.world;
        world.trace(|| {
            let value = value.map_or("removed".into(), String::from_utf8_lossy);
            format!("i{} store {key} = {value}", self.instance)
        });
        world.store.borrow_mut().write(key, self.instance, world.now(), world.scenario.store.lag, value);
        world.look_for_secrets(key, value.unwrap_or_default());
        let window = world.scenario.store.window();
        let write = Write { by: self.instance, at: world.now(), window, time: world.time() };
        let written = world.captures.borrow_mut().written(key, value, write);
        match written {
            Ok(undone) => world.numbers.borrow_mut().undone += u64::from(undone),
            Err(what) => world.violate("states never go back", || what),
        }
    }
}

impl KeyValue for Host {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let (fails, fails_after) = self.before().await;
        if fails || fails_after {
            return Err(self.failed("get", key));
        }
        let value = self.world.store.borrow().get(key, self.instance, self.world.now(), self.lag());
        self.after().await;
        Ok(value.map(|value| value.to_vec()))
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let (fails, fails_after) = self.before().await;
        if key.len() > 255
            || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            || value.len() > 400_000
        {
            self.world.violate("keys and values fit every store", || format!("{key}: {} bytes", value.len()));
        }
        if fails {
            return Err(self.failed("set", key));
        }
        self.write(key, Some(value));
        self.after().await;
        if fails_after { Err(self.failed("set (written)", key)) } else { Ok(()) }
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let (fails, fails_after) = self.before().await;
        if fails {
            return Err(self.failed("delete", key));
        }
        self.write(key, None);
        self.after().await;
        if fails_after { Err(self.failed("delete (done)", key)) } else { Ok(()) }
    }

    async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let (fails, fails_after) = self.before().await;
        if fails || fails_after {
            return Err(self.failed("list", ""));
        }
        let keys = self.world.store.borrow().keys(self.instance, self.world.now(), self.lag());
        let listed = self.world.store.borrow().len() as u64;
        self.world.sleep(listed * self.world.scenario.store.list_per_key).await;
        Ok(keys)
    }
}

impl Random for Host {
    fn bytes16(&self) -> [u8; 16] {
        self.world.chance.bytes()
    }

    fn bytes24(&self) -> [u8; 24] {
        self.world.chance.bytes()
    }
}

impl Variables for Host {
    async fn variable(&self, name: &str) -> Result<Option<String>, VariablesError> {
        if self.world.variables_down.get() {
            self.world.sleep(MILLI).await;
            return Err(VariablesError);
        }
        Ok(self.world.variable(name))
    }
}

impl Background for Host {
    async fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        let owner = self.world.executor.current();
        self.world.executor.spawn(owner, work);
        self.world.sleep(0).await;
    }
}

impl LogSink for Host {
    fn log_line(&self, line: &str) {
        self.world.trace(|| format!("i{} log {line}", self.instance));
        self.world.look_for_secrets("the log", line.as_bytes());
    }
}
