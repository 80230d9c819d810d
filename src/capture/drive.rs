//! Moving one capture from step to step: over the same function in the background of the alert's request and in a sweep.

use std::time::Duration;

use serde_json::json;

use super::{
    Record, follow, start,
    state::{Action, Next, next},
};
use crate::{
    app::{App, InHand},
    log::Level,
    platform::{Platform, StoreError},
    report::cloudevents,
    settings::Settings,
    store,
    time::Timestamp,
};

/// A step is written down as taken before it is, for so long: a second driver leaves it alone, and if this one dies a
/// sweep takes it then.
const LEASE_SECONDS: i64 = 45;
/// A store that fails while a capture is followed is tried again a few times, then left to the sweep.
const STORE_TRIES: u32 = 5;
/// More steps than this without a pause would be a mistake of ours; the sweep goes on from there.
const MOST_STEPS: u32 = 200;

/// How a capture is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// To its end, sleeping while nothing is due.
    ToTheEnd,
    /// As far as it goes without waiting; no new step after this time.
    WhileDue(Timestamp),
}

/// Drives a capture that was just written down: its first step is this driver's, due or not. `started` is told the
/// outcome of that step.
pub async fn drive_new<P: Platform>(
    app: &App<P>,
    hand: &InHand,
    mut record: Record,
    started: impl FnOnce(Record),
) {
    if step(app, &mut record, Action::Start).await.is_some() {
        started(record);
        drive(app, hand, Patience::ToTheEnd).await;
    }
}

/// Drives the capture that `hand` holds; returns its record as it last stood, if it could be read.
pub async fn drive<P: Platform>(app: &App<P>, hand: &InHand, patience: Patience) -> Option<Record> {
    let mut last = None;
    for _ in 0..MOST_STEPS {
        let mut record = match store::load(&app.platform, hand.name()).await {
            Ok(record) => record?,
            Err(error) => return gave_up(app, hand.name(), &error),
        };
        let now = app.platform.now();
        match (next(&record, now), patience) {
            (Next::Do(_), Patience::WhileDue(until)) if until <= now => return Some(record),
            (Next::Do(action), _) => {
                if let Err(error) = claim(app, &mut record, action, now).await {
                    return gave_up(app, hand.name(), &error);
                }
                step(app, &mut record, action).await?;
            }
            (Next::Wait(until), Patience::ToTheEnd) => app.platform.sleep(pause(app, now, until)).await,
            (Next::Wait(_) | Next::Nothing, _) => return Some(record),
        }
        last = Some(record);
    }
    last
}

/// Takes one step and writes its outcome; `None` if that could not be done.
async fn step<P: Platform>(app: &App<P>, record: &mut Record, action: Action) -> Option<()> {
    let Ok(settings) = app.settings().await else {
        let fields = [("capture", record.name.as_str().into())];
        app.log(Level::Error, "the variables cannot be read; a sweep goes on with the capture", &fields);
        return None;
    };
    act(app, &settings, record, action).await;
    match keep(app, record).await {
        Ok(()) => Some(()),
        Err(error) => gave_up(app, &record.name, &error),
    }
}

/// Writes down that the step is being taken.
async fn claim<P: Platform>(
    app: &App<P>,
    record: &mut Record,
    action: Action,
    now: Timestamp,
) -> Result<(), StoreError> {
    let lease = now.after(LEASE_SECONDS);
    match action {
        Action::Close => return Ok(()),
        Action::Report(index) => {
            if let Some(report) = record.reports.get_mut(index) {
                report.due = lease;
            }
        }
        _ => record.due = lease,
    }
    store::save(&app.platform, record).await
}

async fn act<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record, action: Action) {
    let (last, failed, attempts) = (record.history.last().cloned(), record.error.is_some(), record.attempts);
    match action {
        Action::Start => start::start(app, settings, record).await,
        Action::Report(index) => cloudevents::send(app, settings, record, index).await,
        Action::Close => record.close(app.platform.now()),
        action => {
            // Due again at once unless the outcome says later: the claim's lease was this driver's own.
            record.due = app.platform.now();
            follow::follow(app, settings, record, action).await;
        }
    }
    let Some(noted) = record.history.last().filter(|step| Some(*step) != last.as_ref()) else { return };
    let has_failed = record.error.is_some() && !failed;
    let level = match (has_failed, record.attempts > attempts) {
        (true, _) => Level::Error,
        (false, true) => Level::Warn,
        (false, false) => Level::Info,
    };
    let error = record.error.as_ref().filter(|_| has_failed);
    app.log(
        level,
        &noted.note,
        &[
            ("capture", record.name.as_str().into()),
            ("state", record.state.word().into()),
            ("target", record.machine.id.to_string().into()),
            ("code", json!(error.map(|e| &e.code))),
            ("requestId", json!(error.and_then(|e| e.request_id.as_ref()))),
        ],
    );
}

/// Writes the outcome; what it says has happened, so a failing store is tried again.
async fn keep<P: Platform>(app: &App<P>, record: &mut Record) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(500);
    for _ in 1..STORE_TRIES {
        if store::save(&app.platform, record).await.is_ok() {
            return Ok(());
        }
        app.platform.sleep(pause).await;
        pause = pause.saturating_mul(2);
    }
    store::save(&app.platform, record).await
}

fn gave_up<P: Platform, T>(app: &App<P>, name: &str, error: &StoreError) -> Option<T> {
    let fields = [("capture", name.into()), ("error", error.0.as_str().into())];
    app.log(Level::Error, "the store failed while a capture was followed; a sweep goes on with it", &fields);
    None
}

/// Until `until`, and up to a second more: drivers in two instances do not wake in the same moment, so that the second
/// finds the first one's claim.
fn pause<P: Platform>(app: &App<P>, now: Timestamp, until: Timestamp) -> Duration {
    let jitter = u64::from(app.platform.bytes16().first().copied().unwrap_or(0)).saturating_mul(4);
    let wait = until.since(now);
    // Never longer than a while at once: another driver may have moved the record on.
    wait.min(Duration::from_mins(10)).saturating_add(Duration::from_millis(jitter))
}
