//! Moving one capture from step to step: over the same function in the background of the alert's request and in a sweep.

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use serde_json::json;

use super::{
    Record, State, admit, attendance, follow, inquire, start,
    state::{Action, Next, next},
    write,
};
use crate::{
    app::{App, Awake, InHand},
    failure::Failure,
    log::Level,
    platform::{Platform, StoreError},
    report::{Outcome, send},
    settings::Settings,
    store,
    time::Timestamp,
    view::{files::ToRead, read::read_files},
};

/// A step is written down as taken before it is, for so long: a second driver leaves it alone, and if this one dies a
/// sweep takes it then.
const LEASE_SECONDS: i64 = 60;
/// A step that takes longer is broken off, so that it ends before another driver takes it.
const STEP_WITHIN: Duration = Duration::from_secs(40);
/// A store that fails while a capture is followed is tried again a few times, then left to the sweep.
const STORE_TRIES: u32 = 5;
/// So long a driver sleeps at most before it looks at the record again.
const LONGEST_REST: Duration = Duration::from_mins(10);
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
        follow_what_it_led_to(app, &record).await;
        started(record);
        drive(app, hand.name(), None, Patience::ToTheEnd).await;
    }
}

/// Drives the capture called `name`; returns its record as it last stood, if it could be read.
///
/// Whoever has it in hand is the only one of the instance, which saves requests; a second driver does no harm. `awake` is
/// let go when it first rests.
pub async fn drive<P: Platform>(
    app: &App<P>,
    name: &str,
    mut awake: Option<Awake>,
    patience: Patience,
) -> Option<Record> {
    let mut last = None;
    let mut was_held_back = None;
    let mut steps = 0_u32;
    while steps < MOST_STEPS {
        let mut record = match write::in_time(app, store::load(&app.platform, name)).await {
            Ok(record) => record?,
            Err(error) => return gave_up(app, name, &error),
        };
        let is_held_back = record.held_back.is_some();
        if *was_held_back.get_or_insert(is_held_back) != is_held_back {
            // Its alert came again and led to a capture, which is in another's hand.
            return Some(record);
        }
        let now = app.platform.now();
        match (next(&record, now), patience) {
            (Next::Do(_), Patience::WhileDue(until)) if until <= now => return Some(record),
            (Next::Do(action), _) => {
                if matches!(action, Action::Report(_)) {
                    awake = awake.map(|_| app.telling());
                }
                steps = steps.saturating_add(1);
                match claim(app, &mut record, action, now).await {
                    Ok(true) => {}
                    // Another driver is further: what it wrote decides.
                    Ok(false) => continue,
                    Err(error) => return gave_up(app, name, &error),
                }
                step(app, &mut record, action).await?;
                if action == Action::Start {
                    follow_what_it_led_to(app, &record).await;
                }
            }
            (Next::Wait(until), Patience::ToTheEnd) => {
                steps = 0;
                awake = None;
                app.platform.sleep(pause(app, now, until)).await;
            }
            (Next::Wait(_) | Next::Nothing, _) => return Some(record),
        }
        last = Some(record);
    }
    drop(awake);
    last
}

/// Drives the capture that `hand` holds to its end.
pub async fn drive_in_hand<P: Platform>(app: &App<P>, hand: InHand, awake: Awake, is_held_back: bool) {
    if let Some(hand) = hand.only_to_tell_if(is_held_back) {
        drive(app, hand.name(), Some(awake), Patience::ToTheEnd).await;
    }
}

/// Takes one step and writes its outcome; `None` if that could not be done.
async fn step<P: Platform>(app: &App<P>, record: &mut Record, action: Action) -> Option<()> {
    let Ok(settings) = app.settings().await else {
        let fields = [("capture", record.name.as_str().into())];
        app.log(Level::Error, "the variables cannot be read; a sweep goes on with the capture", &fields);
        return None;
    };
    act_in_time(app, &settings, record, action).await;
    if action == Action::Start && record.state == State::Ended && record.sent_at.is_none() {
        _ = app.platform.within(write::STORE_WITHIN, admit::forget(app, &record.name)).await;
    }
    match keep(app, record).await {
        Ok(()) => Some(()),
        Err(error) => gave_up(app, &record.name, &error),
    }
}

/// Writes down that the step is being taken; false if it has been.
async fn claim<P: Platform>(
    app: &App<P>,
    record: &mut Record,
    action: Action,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let lease = now.after(LEASE_SECONDS);
    match action {
        Action::Close => return Ok(true),
        Action::Report(index) => {
            if let Some(report) = record.reports.get_mut(index) {
                report.due = lease;
            }
        }
        Action::ReadFiles => record.to_read = record.to_read.map(|to_read| ToRead { due: lease, ..to_read }),
        _ => record.due = lease,
    }
    write::save(app, record).await
}

/// Breaks a step off that takes too long. What it has done by then is found out by the next try, as after a crash.
async fn act_in_time<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record, action: Action) {
    let mut trial = record.clone();
    if app.platform.within(STEP_WITHIN, act(app, settings, &mut trial, action)).await.is_some() {
        *record = trial;
        return;
    }
    let within = STEP_WITHIN.as_secs();
    let now = app.platform.now();
    match action {
        Action::Report(index) => {
            if let Some(report) = record.reports.get_mut(index) {
                report.tried(
                    now,
                    Outcome::NotTaken { why: format!("it took more than {within} s"), rest: None },
                );
            }
        }
        action => {
            let failure = Failure::new("tooSlow", format!("the step took more than {within} s"));
            if action == Action::ReadFiles {
                record.read_again(now, None, failure);
            } else {
                record.try_again(now, None, failure);
            }
        }
    }
}

async fn act<P: Platform>(app: &App<P>, settings: &Settings, record: &mut Record, action: Action) {
    let (last, failed, attempts) = (record.history.last().cloned(), record.error.is_some(), tries(record));
    match action {
        Action::Start if record.inquiry.is_some() => inquire::inquire(app, settings, record).await,
        Action::Start => start::start(app, settings, record).await,
        Action::Report(index) => {
            if let Some(words) = attendance::missed(app, record.accepted_at, app.platform.now()).await {
                record.warn(words);
            }
            send::send(app, settings, record, index).await;
        }
        Action::ReadFiles => read_files(app, settings, record).await,
        Action::Close => record.close(app.platform.now()),
        action => {
            // Due again at once unless the outcome says later: the claim's lease was this driver's own.
            record.due = app.platform.now();
            follow::follow(app, settings, record, action).await;
        }
    }
    let Some(noted) = record.history.last().filter(|step| Some(*step) != last.as_ref()) else { return };
    let has_failed = record.error.is_some() && !failed;
    let level = match (has_failed, tries(record) > attempts) {
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

/// How often its present step, reading its files and telling people have failed.
fn tries(record: &Record) -> u32 {
    let own = record.attempts.saturating_add(record.to_read.map_or(0, |to_read| to_read.attempts));
    record.reports.iter().fold(own, |sum, report| sum.saturating_add(report.attempts))
}

/// Writes the outcome; what it says has happened, so a failing store is tried again.
async fn keep<P: Platform>(app: &App<P>, record: &mut Record) -> Result<(), StoreError> {
    let mut pause = Duration::from_millis(500);
    for _ in 1..STORE_TRIES {
        if write::save(app, record).await.is_ok() {
            return Ok(());
        }
        app.platform.sleep(pause).await;
        pause = pause.saturating_mul(2);
    }
    write::save(app, record).await.map(|_| ())
}

fn gave_up<P: Platform, T>(app: &App<P>, name: &str, error: &StoreError) -> Option<T> {
    let fields = [("capture", name.into()), ("error", error.0.as_str().into())];
    app.log(Level::Error, "the store failed while a capture was followed; a sweep goes on with it", &fields);
    None
}

/// The captures that an alert led to once its machines were known are driven beside it, each by its own.
async fn follow_what_it_led_to<P: Platform>(app: &App<P>, record: &Record) {
    for name in &record.led_to {
        let Some(hand) = app.memory.take_in_hand(name) else { continue };
        let background = app.clone();
        // Boxed: it is this function's own caller.
        let work: LocalBoxFuture<'static, ()> = Box::pin(async move {
            match store::load(&background.platform, hand.name()).await {
                Ok(Some(record)) if record.state == State::Accepted && record.attempts == 0 => {
                    drive_new(&background, &hand, record, |_| ()).await;
                }
                known => {
                    let is_held_back =
                        known.is_ok_and(|record| record.is_some_and(|r| r.held_back.is_some()));
                    drive_in_hand(&background, hand, background.awake(), is_held_back).await;
                }
            }
        });
        app.platform.spawn(work).await;
    }
}

/// Until `until`, and up to a second more: drivers in two instances do not wake in the same moment, so that the second
/// finds the first one's claim.
fn pause<P: Platform>(app: &App<P>, now: Timestamp, until: Timestamp) -> Duration {
    let jitter = u64::from(app.platform.bytes16().first().copied().unwrap_or(0)).saturating_mul(4);
    let wait = until.since(now);
    // Never longer than a while at once: another driver may have moved the record on.
    wait.min(LONGEST_REST).saturating_add(Duration::from_millis(jitter))
}
