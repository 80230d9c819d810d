//! What a request works with: the platform, and what this instance remembers from one request to the next.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
    time::Duration,
};

use serde_json::Value;

use crate::{
    azure::{
        arm::{ArmError, throttle::Throttle},
        credential::Token,
    },
    caller::key_set::KeySet,
    log::{self, Level},
    platform::{Platform, VariablesError},
    settings::Settings,
    time::Timestamp,
};

/// Settings are read again after so many seconds: a provider of variables may be slow, an instance is short-lived.
const SETTINGS_SECONDS: i64 = 10;

/// The least time between two sweeps in passing of one instance.
const SWEEP_PAUSE_SECONDS: i64 = 20;

/// The least time between two looks of one instance for captures that nobody follows.
const LOOK_PAUSE_SECONDS: i64 = 30;

/// The longest pause between failures to have a key set.
const MOST_KEYS_PAUSE: i64 = 60;

/// How often one looks whether it is one's turn.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The platform and the instance's memory; cloned into every request and background task.
#[derive(Clone)]
pub struct App<P> {
    /// The world.
    pub platform: P,
    /// What this instance remembers.
    pub memory: Rc<Memory>,
    /// How many drivers that this request began are awake.
    awake: Rc<Cell<u32>>,
    /// How many of them have only to tell people.
    telling: Rc<Cell<u32>>,
}

/// What an instance remembers; all of it can be lost at any time.
#[derive(Default)]
pub struct Memory {
    settings: RefCell<Option<(Timestamp, Rc<Settings>)>>,
    tokens: RefCell<HashMap<String, Token>>,
    refusals: RefCell<HashMap<String, (Timestamp, ArmError)>>,
    key_sets: RefCell<HashMap<String, KeySet>>,
    keys_failed: RefCell<HashMap<String, (u32, Timestamp)>>,
    throttle: RefCell<Throttle>,
    driven: RefCell<HashSet<String>>,
    sweeps_after: Cell<Option<Timestamp>>,
    looks_after: Cell<Option<Timestamp>>,
}

impl<P: Platform> App<P> {
    /// An instance that remembers nothing yet.
    pub fn new(platform: P) -> Self {
        Self { platform, memory: Rc::default(), awake: Rc::default(), telling: Rc::default() }
    }

    /// The same for one request and what it begins.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self { awake: Rc::default(), telling: Rc::default(), ..self.clone() }
    }

    /// A driver of this request's is at its step until this is dropped.
    #[must_use]
    pub fn awake(&self) -> Awake {
        Awake::counted(&self.awake)
    }

    /// A driver of this request's tells people until this is dropped.
    #[must_use]
    pub fn telling(&self) -> Awake {
        Awake::counted(&self.telling)
    }

    /// Waits until no driver that this request began is at a step, or until `deadline`; for those that tell people only
    /// until `told_by`, for a receiver that is slow keeps nobody else waiting.
    ///
    /// There are hosts that drop what goes on after the answer: a step that is broken off there stays claimed, and all
    /// others have to wait until its lease is over.
    pub async fn until_at_rest(&self, deadline: Timestamp, told_by: Timestamp) {
        let is_awaited =
            |now| (self.awake.get() > 0 && now < deadline) || (self.telling.get() > 0 && now < told_by);
        while is_awaited(self.platform.now()) {
            self.platform.sleep(LOOK_AGAIN).await;
        }
    }

    /// The operator's settings, at most ten seconds old; older ones while their provider does not answer.
    ///
    /// # Errors
    /// [`VariablesError`] if it has never answered.
    pub async fn settings(&self) -> Result<Rc<Settings>, VariablesError> {
        let now = self.platform.now();
        let known = self.memory.settings.borrow().clone();
        if let Some((_, settings)) = known.as_ref().filter(|(until, _)| now < *until) {
            return Ok(settings.clone());
        }
        let settings = match (Settings::load(&self.platform).await, known) {
            (Ok(settings), _) => Rc::new(settings),
            (Err(VariablesError), Some((_, settings))) => settings,
            (Err(error), None) => return Err(error),
        };
        *self.memory.settings.borrow_mut() = Some((now.after(SETTINGS_SECONDS), settings.clone()));
        Ok(settings)
    }

    /// A place in a list of so many, so that each has its turn.
    pub fn by_chance(&self, length: usize) -> usize {
        let [.., a, b, c, d] = self.platform.bytes16();
        let chance = u32::from_be_bytes([a, b, c, d]);
        usize::try_from(chance).unwrap_or_default().checked_rem(length).unwrap_or_default()
    }

    /// At most `most` of a list, from a place by chance on and then from its beginning: others each time.
    pub fn some_of<'a, T>(&self, list: &'a [T], most: usize) -> impl Iterator<Item = &'a T> {
        list.iter().cycle().skip(self.by_chance(list.len())).take(list.len().min(most))
    }

    /// The only one of this instance that is at `what`, until dropped.
    pub async fn turn(&self, what: &str) -> InHand {
        loop {
            match self.memory.take_in_hand(what) {
                Some(hand) => return hand,
                None => self.platform.sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Writes a log line.
    pub fn log(&self, level: Level, message: &str, fields: &[(&str, Value)]) {
        self.platform.log_line(&log::line(self.platform.now(), level, message, fields));
    }
}

impl Memory {
    /// The remembered token under `key`.
    pub fn token(&self, key: &str) -> Option<Token> {
        self.tokens.borrow().get(key).cloned()
    }

    /// Remembers a token.
    pub fn keep_token(&self, key: &str, token: Token) {
        self.tokens.borrow_mut().insert(key.to_owned(), token);
    }

    /// Why there was no token under `key` a moment ago.
    pub fn refusal(&self, key: &str, now: Timestamp) -> Option<ArmError> {
        let refusals = self.refusals.borrow();
        refusals.get(key).filter(|(until, _)| now < *until).map(|(_, error)| error.clone())
    }

    /// Remembers until `until` why there is no token.
    pub fn keep_refusal(&self, key: &str, until: Timestamp, error: ArmError) {
        self.refusals.borrow_mut().insert(key.to_owned(), (until, error));
    }

    /// The remembered key set under `key`.
    pub fn key_set(&self, key: &str) -> Option<KeySet> {
        self.key_sets.borrow().get(key).cloned()
    }

    /// Remembers a key set.
    pub fn keep_key_set(&self, key: &str, set: KeySet) {
        self.key_sets.borrow_mut().insert(key.to_owned(), set);
    }

    /// Whether a key set may be asked for: 2 s after a failure, 4 s after the next, up to a minute.
    pub fn may_ask_for_keys(&self, key: &str, now: Timestamp) -> bool {
        self.keys_failed.borrow().get(key).is_none_or(|(times, at)| {
            let pause = 1_i64.checked_shl(*times).unwrap_or(MOST_KEYS_PAUSE).min(MOST_KEYS_PAUSE);
            now >= at.after(pause)
        })
    }

    /// A key set could not be had, or could be had again.
    pub fn keys_failed(&self, key: &str, at: Option<Timestamp>) {
        let mut failed = self.keys_failed.borrow_mut();
        match at {
            None => _ = failed.remove(key),
            Some(at) => {
                let (times, last) = failed.entry(key.to_owned()).or_insert((0, at));
                *times = times.saturating_add(1).min(30);
                *last = at;
            }
        }
    }

    /// What Azure said of how much more it takes.
    pub fn throttle<T>(&self, look: impl FnOnce(&mut Throttle) -> T) -> T {
        look(&mut self.throttle.borrow_mut())
    }

    /// Whether an alert at `now` may sweep in passing: not more often than every so many seconds, for a sweep lists keys.
    pub fn may_sweep_in_passing(&self, now: Timestamp) -> bool {
        may_again(&self.sweeps_after, now, SWEEP_PAUSE_SECONDS)
    }

    /// Whether one that asks how alertcap is may have it look for captures that nobody follows: that lists keys too.
    pub fn may_look_for_neglected(&self, now: Timestamp) -> bool {
        may_again(&self.looks_after, now, LOOK_PAUSE_SECONDS)
    }

    /// Takes the capture called `name` in hand; `None` if this instance already has it in hand.
    #[must_use]
    pub fn take_in_hand(self: &Rc<Self>, name: &str) -> Option<InHand> {
        self.take(name, name.to_owned())
    }

    fn take(self: &Rc<Self>, name: &str, key: String) -> Option<InHand> {
        let is_free = self.driven.borrow_mut().insert(key.clone());
        is_free.then(|| InHand { memory: self.clone(), name: name.to_owned(), key })
    }
}

/// Whether the pause is over; if so, the next one begins.
fn may_again(after: &Cell<Option<Timestamp>>, now: Timestamp, pause: i64) -> bool {
    let may = after.get().is_none_or(|after| now >= after);
    if may {
        after.set(Some(now.after(pause)));
    }
    may
}

/// A driver that is not at rest, until dropped.
pub struct Awake(Rc<Cell<u32>>);

impl Awake {
    fn counted(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get().saturating_add(1));
        Self(count.clone())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// A capture in this instance's hand, until dropped.
pub struct InHand {
    memory: Rc<Memory>,
    name: String,
    key: String,
}

impl InHand {
    /// The capture's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is held back, it stays in hand only to tell people, and another may take it in hand to capture: its alert
    /// may come again. None if people are being told already.
    #[must_use]
    pub fn only_to_tell_if(self, is_held_back: bool) -> Option<Self> {
        if !is_held_back {
            return Some(self);
        }
        // No name has spaces.
        self.memory.take(&self.name, format!("{} (to tell)", self.name))
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.memory.driven.borrow_mut().remove(&self.key);
    }
}
