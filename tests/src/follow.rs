//! Following a capture under clocks that are moved: whenever nothing is under way, to its next step.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{get, stack::Stack, until};

impl Stack {
    /// Follows the capture of `name` until its record is `as_wanted`: whenever nothing is under way, the clocks are moved
    /// to its next step.
    pub fn follow(&self, name: &str, what: &str, as_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut calm = Calm::default();
        until(90, &format!("{name}: {what}"), || {
            let record = self.record(name);
            if as_wanted(&record) {
                return Some(record);
            }
            if calm.is_it(self, &record) {
                let clock = get(&format!("{}/_standin/clock", self.azure_url()), &[]).json;
                let ahead = seconds_between(&clock["now"], &next_step(&record));
                // Drivers wake up to a second late, so that two of them do not meet.
                if ahead > 0 {
                    self.advance(ahead + 2);
                }
                calm = Calm::default();
            }
            None
        })
    }

    /// The same by nothing but sweeps: the host is killed whenever nothing is under way, and one that knows of nothing is
    /// started when the next step is due. Pauses that a live host would sleep through take no time so.
    pub fn follow_by_sweeps(&mut self, name: &str, what: &str, as_wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            let record = self.settled(name);
            if as_wanted(&record) {
                return record;
            }
            self.kill_host();
            let clock = get(&format!("{}/_standin/clock", self.azure_url()), &[]).json;
            self.advance(seconds_between(&clock["now"], &next_step(&record)) + 1);
            self.start_host();
            let swept = self.sweep();
            assert_eq!(swept.status, 200, "{swept:?}");
        }
        panic!("{name} is not {what} after 200 sweeps: {:#}", self.record(name))
    }

    /// The record of `name` once nothing is under way: no step can be lost then.
    #[must_use]
    pub fn settled(&self, name: &str) -> Value {
        let mut calm = Calm::default();
        until(60, &format!("{name} settled"), || {
            Some(self.record(name)).filter(|record| calm.is_it(self, record))
        })
    }
}

/// When a record's next step is due: its own, or that of a report which has not arrived.
fn next_step(record: &Value) -> Value {
    let reports = record["reports"].as_array().cloned().unwrap_or_default();
    let open = |report: &&Value| {
        let is_settled = report["deliveredAt"].is_string() || report["deadLetteredAt"].is_string();
        !is_settled && report["superseded"] != true
    };
    let due = reports.iter().filter(open).map(|report| report["due"].clone());
    let own = Some(record["nextStepAt"].clone()).filter(Value::is_string);
    let first = own.into_iter().chain(due).min_by_key(|due| due.as_str().map(str::to_owned));
    first.unwrap_or_default()
}

/// Whether nothing happens to a capture.
#[derive(Default)]
struct Calm {
    last: Option<(Instant, Value)>,
}

impl Calm {
    /// No request is under way, and the record has been the same for a while.
    fn is_it(&mut self, stack: &Stack, record: &Value) -> bool {
        let is_under_way = |request: &Value| {
            let is_answered = ["drop", "lost_answer"].iter().any(|fault| request["fault"] == *fault);
            request["status"].is_null() && !is_answered
        };
        match &self.last {
            Some((since, last)) if last == record && !stack.requests(None).iter().any(is_under_way) => {
                since.elapsed() > Duration::from_millis(200)
            }
            _ => {
                self.last = Some((Instant::now(), record.clone()));
                false
            }
        }
    }
}

/// Whole seconds from one time to another that is later; none if either is missing.
fn seconds_between(earlier: &Value, later: &Value) -> u64 {
    let time = |value: &Value| value.as_str()?.parse::<jiff::Timestamp>().ok();
    let Some((earlier, later)) = time(earlier).zip(time(later)) else { return 0 };
    u64::try_from(later.duration_since(earlier).as_secs()).unwrap_or(0)
}
