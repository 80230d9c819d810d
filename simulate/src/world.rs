//! One run's world: what all instances share, and what is watched in it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use alertcap::{app::App, time::Timestamp};

use crate::{
    alerts::Alert,
    azure::{ARM, Azure, LOGIN},
    chance::Chance,
    executor::{Executor, Owner},
    host::Host,
    people::People,
    scenario::{RECEIVERS, SECOND, Scenario},
    store::Store,
    truth::{Captures, HISTORY_DAYS},
};

pub(crate) const WEBHOOK_KEY: &str = "webhook-key-0123456789-canary";
pub(crate) const OPERATOR_KEY: &str = "operator-key-0123456789-canary";
pub(crate) const SWEEP_KEY: &str = "sweep-key-0123456789-canary";

/// More turns without time passing are a busy loop.
const MOST_IDLE_POLLS: u32 = 50_000;
/// A trace longer than this is cut: it is for people.
const MOST_LINES: usize = 200_000;

/// What must not happen, and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which of the invariants, by a short name.
    pub invariant: &'static str,
    /// What happened, and when.
    pub what: String,
}

/// What happened in a run, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Turns of tasks.
    pub turns: u64,
    /// Seconds of the world's time.
    pub seconds: u64,
    /// Alerts that fired.
    pub alerts: u64,
    /// Deliveries that were answered.
    pub answers: u64,
    /// Sessions of ours at Azure.
    pub sessions: u64,
    /// Calls to ARM.
    pub arm_calls: u64,
    /// The most of them about one session.
    pub most_calls: u32,
    /// Instances that died.
    pub crashes: u64,
    /// Messages to people.
    pub messages: u64,
    /// Messages that came again.
    pub repeats: u64,
    /// Writes that undid what another instance had just written: no store has a compare-and-swap.
    pub undone: u64,
    /// Captures beyond what a cool-down or a budget allows.
    pub beyond: u64,
    /// The longest that an alert's answer took, in milliseconds.
    pub slowest_answer: u64,
    /// The longest that a sweep took, in milliseconds.
    pub slowest_sweep: u64,
}

impl Numbers {
    /// Those of two runs: sums, and the greatest of what has one.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        Self {
            turns: self.turns + other.turns,
            seconds: self.seconds + other.seconds,
            alerts: self.alerts + other.alerts,
            answers: self.answers + other.answers,
            sessions: self.sessions + other.sessions,
            arm_calls: self.arm_calls + other.arm_calls,
            most_calls: self.most_calls.max(other.most_calls),
            crashes: self.crashes + other.crashes,
            messages: self.messages + other.messages,
            repeats: self.repeats + other.repeats,
            undone: self.undone + other.undone,
            beyond: self.beyond + other.beyond,
            slowest_answer: self.slowest_answer.max(other.slowest_answer),
            slowest_sweep: self.slowest_sweep.max(other.slowest_sweep),
        }
    }
}

impl Numbers {
    /// For people.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!(
            "{} turns in {} h of the world's time; {} alerts, {} answers (slowest {} ms; sweeps {} ms), {} sessions, {} calls \
             to ARM (most about one: {}), {} deaths, {} messages ({} of them again), {} writes that undid another's, {} \
             captures beyond a limit",
            self.turns,
            self.seconds / 3_600,
            self.alerts,
            self.answers,
            self.slowest_answer,
            self.slowest_sweep,
            self.sessions,
            self.arm_calls,
            self.most_calls,
            self.crashes,
            self.messages,
            self.repeats,
            self.undone,
            self.beyond,
        )
    }
}

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

    /// The operator's variable.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let account = format!(
            "{}/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/stshopcaptures",
            crate::alerts::SUBSCRIPTION
        );
        Some(match name {
            "webhook_key" => WEBHOOK_KEY.to_owned(),
            "operator_key" => OPERATOR_KEY.to_owned(),
            "sweep_key" => SWEEP_KEY.to_owned(),
            "tenant_id" => "tenant-1".to_owned(),
            "client_id" => "client-1".to_owned(),
            "client_secret" => self.azure.borrow().secret.clone(),
            "login_endpoint" => LOGIN.to_owned(),
            "arm_endpoint" => ARM.to_owned(),
            "allowed_scopes" => crate::alerts::SUBSCRIPTION.to_owned(),
            "storage_account_id" => account,
            "time_limit_seconds" => self.scenario.time_limit.to_string(),
            "history_days" => HISTORY_DAYS.to_string(),
            "on_limit" if self.scenario.evicts => "evict".to_owned(),
            "session_limit" => self.scenario.session_limit.to_string(),
            "rules" if !self.scenario.rules.text.is_empty() => self.scenario.rules.text.clone(),
            _ => return self.receiver_variable(name),
        })
    }

    /// `notify_url` is the first one's older name.
    fn receiver_variable(&self, name: &str) -> Option<String> {
        let (receiver, part) = name.rsplit_once('_')?;
        let receiver = if receiver == "notify" { "webhook" } else { receiver };
        let (_, host) = RECEIVERS.iter().find(|(known, _)| *known == receiver)?;
        let is_set = self.scenario.receivers.contains(&receiver);
        match part {
            "url" if is_set => Some(format!("{host}/hook?secret=canary")),
            "host" if is_set => Some((*host).to_owned()),
            _ => None,
        }
    }
}
