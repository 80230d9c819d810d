//! One run's world: what all instances share, and what is watched in it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use alertcap::{app::App, time::Timestamp};

use crate::{
    alerts::Alert,
    azure::Azure,
    chance::Chance,
    executor::{Executor, Owner},
    host::Host,
    numbers::{Numbers, Violation},
    people::People,
    scenario::{SECOND, Scenario},
    store::Store,
    truth::Captures,
};

pub(crate) const WEBHOOK_KEY: &str = "webhook-key-0123456789-canary";
pub(crate) const OPERATOR_KEY: &str = "operator-key-0123456789-canary";
pub(crate) const SWEEP_KEY: &str = "sweep-key-0123456789-canary";

/// More turns without time passing are a busy loop.
const MOST_IDLE_POLLS: u32 = 50_000;
/// A trace longer than this is cut: it is for people.
const MOST_LINES: usize = 200_000;

/// A place that requests come to: an instance, or for a while none.
pub(crate) struct Slot {
    pub(crate) app: App<Host>,
    pub(crate) instance: u32,
    pub(crate) down_until: u64,
}

/// The world.
pub(crate) struct World {
    pub(crate) executor: Executor,
    pub(crate) chance: Chance,
    pub(crate) scenario: Scenario,
    pub(crate) is_hostile: Cell<bool>,
    pub(crate) store: RefCell<Store>,
    pub(crate) azure: RefCell<Azure>,
    pub(crate) people: RefCell<People>,
    pub(crate) captures: RefCell<Captures>,
    pub(crate) alerts: RefCell<Vec<Alert>>,
    /// The captures that answers named, each with its alert.
    pub(crate) promised: RefCell<Vec<(u64, String)>>,
    pub(crate) slots: RefCell<Vec<Slot>>,
    /// How far each instance's replica of the store lags.
    pub(crate) lags: RefCell<Vec<u64>>,
    pub(crate) variables_down: Cell<bool>,
    /// Deliveries under way.
    pub(crate) delivering: Cell<u32>,
    /// Everything that is to be seen has been.
    pub(crate) is_over: Cell<bool>,
    pub(crate) numbers: RefCell<Numbers>,
    violation: RefCell<Option<Violation>>,
    trace: RefCell<Option<Vec<String>>>,
    begin: Timestamp,
}

impl World {
    pub(crate) fn new(seed: u64, is_traced: bool) -> Rc<Self> {
        let chance = Chance::new(seed);
        let scenario = Scenario::draw(&chance);
        let azure = Azure::new(&chance, scenario.azure, scenario.machines, "the-client-secret-canary");
        let world = Rc::new(Self {
            executor: Executor::default(),
            is_hostile: Cell::new(!scenario.is_calm),
            store: RefCell::default(),
            azure: RefCell::new(azure),
            people: RefCell::default(),
            captures: RefCell::default(),
            alerts: RefCell::default(),
            promised: RefCell::default(),
            slots: RefCell::default(),
            lags: RefCell::default(),
            variables_down: Cell::new(false),
            delivering: Cell::new(0),
            is_over: Cell::new(false),
            numbers: RefCell::default(),
            violation: RefCell::default(),
            trace: RefCell::new(is_traced.then(Vec::new)),
            begin: Timestamp::from_unix(1_795_312_800),
            chance,
            scenario,
        });
        world.trace(|| format!("{:#?}", world.scenario));
        for _ in 0..world.scenario.instances {
            let slot = world.fresh();
            world.slots.borrow_mut().push(slot);
        }
        world
    }

    /// An instance that knows nothing yet.
    pub(crate) fn fresh(self: &Rc<Self>) -> Slot {
        let mut lags = self.lags.borrow_mut();
        let instance = u32::try_from(lags.len()).unwrap_or(u32::MAX);
        lags.push(self.chance.below(self.scenario.store.lag + 1));
        Slot { app: App::new(Host { world: self.clone(), instance }), instance, down_until: 0 }
    }

    pub(crate) fn now(&self) -> u64 {
        self.executor.now()
    }

    pub(crate) fn time(&self) -> Timestamp {
        self.begin.plus(Duration::from_micros(self.now()))
    }

    pub(crate) async fn sleep(&self, micros: u64) {
        self.executor.sleep(micros).await;
    }

    /// Adds a task of nobody's: the world's own.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        self.executor.spawn(Owner::default(), work);
    }

    /// One turn; false if nothing is left to do.
    pub(crate) fn turn(self: &Rc<Self>) -> bool {
        let Some(polled) = self.executor.poll_one(&self.chance) else { return self.executor.tick() };
        self.numbers.borrow_mut().turns += 1;
        if polled.is_done && self.scenario.drops_background && polled.owner.request == Some(polled.task) {
            self.executor.kill(|_, owner| owner.request == Some(polled.task));
        }
        if self.executor.idle_polls() > MOST_IDLE_POLLS {
            self.violate("no busy loop", || "tasks go on and on, and time does not pass".to_owned());
        }
        let dies = self.is_hostile.get()
            && self.scenario.crashes > 0
            && self.chance.below(100_000) < u64::from(self.scenario.crashes);
        if let (true, Some(instance)) = (dies, polled.owner.instance) {
            self.dies(instance, self.chance.below(5 * SECOND));
        }
        true
    }

    /// An instance dies: its tasks end where they are and its memory is lost. Another takes its place after a while.
    pub(crate) fn dies(self: &Rc<Self>, instance: u32, pause: u64) {
        self.trace(|| format!("i{instance} dies"));
        self.numbers.borrow_mut().crashes += 1;
        self.executor.kill(|_, owner| owner.instance == Some(instance));
        let index = self.slots.borrow().iter().position(|slot| slot.instance == instance);
        if let Some(index) = index {
            let slot = Slot { down_until: self.now() + pause, ..self.fresh() };
            let old = std::mem::replace(&mut self.slots.borrow_mut()[index], slot);
            drop(old);
        }
    }

    /// Takes note of what must not happen; the first ends the run.
    pub(crate) fn violate(&self, invariant: &'static str, what: impl FnOnce() -> String) {
        if self.violation.borrow().is_none() {
            let what = format!("{} ({})", what(), self.time());
            self.trace(|| format!("VIOLATION of \"{invariant}\": {what}"));
            *self.violation.borrow_mut() = Some(Violation { invariant, what });
        }
    }

    pub(crate) fn violation(&self) -> Option<Violation> {
        self.violation.borrow().clone()
    }

    /// Adds a line to the trace, if there is one.
    pub(crate) fn trace(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = self.trace.borrow_mut().as_mut().filter(|trace| trace.len() < MOST_LINES) {
            let line = line();
            trace.push(format!("{:>12.6} {line}", self.executor.now() as f64 / 1e6));
        }
    }

    pub(crate) fn take_trace(&self) -> Vec<String> {
        self.trace.borrow_mut().take().unwrap_or_default()
    }

    /// What must stay inside: a text that goes out or is kept holds no secret.
    pub(crate) fn look_for_secrets(&self, place: &str, text: &[u8]) {
        if std::str::from_utf8(text).is_ok_and(|text| text.contains("canary")) {
            self.violate("secrets stay inside", || format!("{place}: {}", String::from_utf8_lossy(text)));
        }
    }
}
