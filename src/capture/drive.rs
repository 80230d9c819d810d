//! Moving one capture from step to step: over the same function in the background of the alert's request and in a sweep.

use std::{rc::Rc, time::Duration};

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
    /// As far as it goes without waiting.
    WhileDue,
}

/// Drives the capture that `hand` holds; returns its record as it last stood.
///
/// `first` is the record that was just written: its first step is this driver's, due or not. `started` is called with
/// the outcome of that step.
pub async fn drive<P: Platform>(
    app: &App<P>,
    hand: &InHand,
    patience: Patience,
    first: Option<Record>,
    mut started: Option<impl FnOnce(Record)>,
) -> Option<Record> {
    let mut own_step = first.is_some();
    let mut last = first;
    for _ in 0..MOST_STEPS {
        let record = match last.take().filter(|_| own_step) {
            Some(record) => Ok(Some(record)),
            None => store::load(&app.platform, hand.name()).await,
        };
        let mut record = match record {
            Ok(Some(record)) => record,
            Ok(None) => return None,
            Err(error) => return gave_up(app, hand.name(), &error),
        };
        let now = app.platform.now();
        let action = match next(&record, now) {
            Next::Do(action) => action,
            Next::Wait(_) if own_step => Action::Start,
            Next::Wait(until) if patience == Patience::ToTheEnd => {
                app.platform.sleep(pause(app, now, until)).await;
                continue;
            }
            Next::Wait(_) | Next::Nothing => return Some(record),
        };
        if !own_step && let Err(error) = claim(app, &mut record, action, now).await {
            return gave_up(app, hand.name(), &error);
        }
        let settings = app.settings().await;
        act(app, &settings, &mut record, action).await;
        if let Err(error) = keep(app, &record).await {
            return gave_up(app, hand.name(), &error);
        }
        own_step = false;
        if let Some(started) = started.take() {
            started(record.clone());
        }
        last = Some(record);
    }
    last
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

async fn act<P: Platform>(app: &App<P>, settings: &Rc<Settings>, record: &mut Record, action: Action) {
    let before = (record.state, record.history.len());
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
    if before == (record.state, record.history.len()) {
        return;
    }
    let level = if record.error.is_some() { Level::Error } else { Level::Info };
    let note = record.history.last().map(|step| step.note.clone()).unwrap_or_default();
    app.log(
        level,
        &note,
        &[
            ("capture", record.name.as_str().into()),
            ("state", record.state.word().into()),
            ("machine", record.machine.id.to_string().into()),
            ("code", record.error.as_ref().map_or(serde_json::Value::Null, |e| e.code.as_str().into())),
            (
                "request_id",
                record
                    .error
                    .as_ref()
                    .and_then(|e| e.request_id.as_deref())
                    .map_or(serde_json::Value::Null, Into::into),
            ),
        ],
    );
}

/// Writes the outcome; what it says has happened, so a failing store is tried again.
async fn keep<P: Platform>(app: &App<P>, record: &Record) -> Result<(), StoreError> {
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

fn gave_up<P: Platform>(app: &App<P>, name: &str, error: &StoreError) -> Option<Record> {
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
