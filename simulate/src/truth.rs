//! What is known of captures from what is written into the store, checked at each write.

use std::collections::BTreeMap;

use alertcap::time::Timestamp;
use serde_json::Value;

use crate::alerts::number_of;

/// What stands in the store of one capture.
#[derive(Default)]
pub(crate) struct Known {
    open: Option<Value>,
    done: Option<Value>,
    /// When each state was first written, and by which instance.
    reached: [Option<(u64, u32)>; STATES.len()],
    /// The same of each report that was settled.
    told: BTreeMap<(String, String), (u64, u32)>,
    /// Its alert.
    pub(crate) alert: Option<u64>,
    /// Its record has said that the session is to be taken back; that it is to stop.
    pub(crate) withdraws: bool,
    pub(crate) stops: bool,
    /// An operator has asked for its session to be deleted.
    pub(crate) is_to_be_deleted: bool,
    /// It was removed because it was old.
    pub(crate) is_history: bool,
}

impl Known {
    /// The record, as a reader of the store itself sees it.
    pub(crate) fn record(&self) -> Option<&Value> {
        self.done.as_ref().or(self.open.as_ref())
    }
}

impl Known {
    fn removed(&mut self, is_done: bool, write: Write) -> Result<bool, &'static str> {
        let is_old = |record: &Value| {
            let last = record["history"].as_array().and_then(|steps| steps.last());
            let at = last.and_then(|step| step["at"].as_str()?.parse::<Timestamp>().ok());
            at.is_some_and(|at| write.time.since(at).as_secs() >= HISTORY_DAYS * 86_400)
        };
        let anew = |record: &Value| record.get("heldBack").is_some() || record.get("askAgainAt").is_some();
        if is_done {
            match self.done.take() {
                Some(record) if is_old(&record) => self.is_history = true,
                // Its name may be taken anew: what was is over.
                Some(record) if anew(&record) => {
                    *self = Self { alert: self.alert, open: self.open.take(), ..Self::default() };
                }
                // Its remover still saw one that was held back, and has put another in its place.
                Some(_)
                    if self.open.is_some()
                        && self.reached[STATES.len() - 1].is_some_and(|at| write.may_be_unaware_of(at)) =>
                {
                    self.reached[STATES.len() - 1] = None;
                    return Ok(true);
                }
                Some(_) => return Err("was removed, and was neither held back nor old"),
                None => {}
            }
        } else if self.open.take().is_some() && self.done.is_none() {
            return Err("was removed, and is nowhere else");
        }
        Ok(false)
    }

    /// Whether `record` undoes what is written.
    fn undone(&self, record: &Value, write: Write) -> Result<bool, String> {
        let Some(before) = self.record() else { return Ok(false) };
        let mut is_undone = false;
        if rank(record) < rank(before) {
            let since = self.reached[rank(record) + 1..].iter().flatten().min().copied().unwrap_or_default();
            if !write.may_be_unaware_of(since) {
                let (from, to) = (STATES[rank(before)], STATES[rank(record)]);
                return Err(format!(
                    "from {from} back to {to}, {} ms after i{}",
                    (write.at - since.0) / 1_000,
                    since.1
                ));
            }
            is_undone = true;
        }
        let now = settled(record);
        for (id, to) in settled(before).into_iter().filter(|report| !now.contains(report)) {
            let since = self.told.get(&(id.to_owned(), to.to_owned())).copied().unwrap_or_default();
            if !write.may_be_unaware_of(since) {
                let ago = (write.at - since.0) / 1_000;
                return Err(format!(
                    "the report {id} to {to} is open again, {ago} ms after i{} settled it",
                    since.1
                ));
            }
            is_undone = true;
        }
        Ok(is_undone)
    }

    /// What was undone is as if it had not been.
    fn forget_beyond(&mut self, record: &Value) {
        self.reached[rank(record) + 1..].fill(None);
        let now = settled(record);
        self.told.retain(|(id, to), _| now.contains(&(id.as_str(), to.as_str())));
    }

    fn note(&mut self, record: &Value, write: Write) {
        let when = (write.at, write.by);
        self.reached[rank(record)].get_or_insert(when);
        for (id, to) in settled(record) {
            self.told.entry((id.to_owned(), to.to_owned())).or_insert(when);
        }
    }
}

/// All captures that were ever written down, by name.
#[derive(Default)]
pub(crate) struct Captures(pub(crate) BTreeMap<String, Known>);

/// The variable `history_days`.
pub(crate) const HISTORY_DAYS: u64 = 1;

const STATES: [&str; 5] = ["accepted", "starting", "running", "ended", "reported"];

/// The rank of a state.
fn rank(record: &Value) -> usize {
    let state = record.get("state").and_then(Value::as_str).unwrap_or_default();
    STATES.iter().position(|known| *known == state).unwrap_or(0)
}

/// A write: whose, when, and how long before it its writer may have looked at what it overwrites.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Write {
    pub(crate) by: u32,
    pub(crate) at: u64,
    pub(crate) window: u64,
    pub(crate) time: Timestamp,
}

impl Write {
    /// No store has a compare-and-swap: what another instance wrote in this moment can be overwritten unseen.
    fn may_be_unaware_of(&self, other: (u64, u32)) -> bool {
        other.1 != self.by && self.at - other.0 <= self.window
    }
}

/// The ids and receivers of the reports that are delivered or superseded.
fn settled(record: &Value) -> Vec<(&str, &str)> {
    let reports = record.get("reports").and_then(Value::as_array);
    let settled = reports
        .into_iter()
        .flatten()
        .filter(|report| report.get("deliveredAt").is_some() || report.get("superseded").is_some());
    settled.filter_map(|report| Some((report.get("id")?.as_str()?, report.get("to")?.as_str()?))).collect()
}

impl Captures {
    /// Takes note of a write; an error is what it broke. True if it undid what its writer could not know of.
    pub(crate) fn written(&mut self, key: &str, value: Option<&[u8]>, write: Write) -> Result<bool, String> {
        let Some((place, name)) = key.split_once('.').filter(|(place, _)| ["open", "done"].contains(place))
        else {
            return Ok(false);
        };
        let known = self.0.entry(name.to_owned()).or_default();
        let Some(value) = value else {
            return known.removed(place == "done", write).map_err(|what| format!("{key} {what}"));
        };
        let record: Value =
            serde_json::from_slice(value).map_err(|error| format!("{key} is no JSON: {error}"))?;
        known.alert = number_of(&record).or(known.alert);
        known.withdraws |= record["withdraw"] == true;
        known.stops |= record.get("stop").is_some();
        // What comes late under `open.` counts for nothing beside `done.`.
        let counts = place == "done" || known.done.is_none();
        let undone = if counts {
            known.undone(&record, write).map_err(|what| format!("{name}: {what}"))?
        } else {
            false
        };
        if undone {
            known.forget_beyond(&record);
        }
        if counts {
            known.note(&record, write);
        }
        *(if place == "done" { &mut known.done } else { &mut known.open }) = Some(record);
        Ok(undone)
    }

    /// Captures that are put away.
    pub(crate) fn over(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, known)| known.done.is_some()).map(|(name, _)| name.as_str())
    }

    /// Captures that are open and nowhere put away, but for one that was held back.
    pub(crate) fn open(&self) -> impl Iterator<Item = &str> {
        let is_held_back = |done: &Value| done.get("heldBack").is_some();
        let open = self
            .0
            .iter()
            .filter(move |(_, known)| known.open.is_some() && known.done.as_ref().is_none_or(is_held_back));
        open.map(|(name, _)| name.as_str())
    }
}
