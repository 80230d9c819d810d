//! Removing what nobody needs any more: records of captures that were over and told long ago, and hints about them.

use std::cell::Cell;

use serde_json::Value;

use super::{Record, State, episode::Episode, exact, name};
use crate::{
    app::App,
    azure::{
        arm::{Arm, ArmError, ErrorKind},
        network_watcher,
    },
    caller::signature::TOLERANCE,
    json,
    log::Level,
    platform::{Platform, StoreError},
    settings::{OnLimit, Settings},
    side_by_side::side_by_side,
    store::{self, Hint, Keys, Place, SessionCount},
    time::Timestamp,
    view::files::forget,
};

/// Records that one sweep removes at most.
const RECORDS: usize = 50;
/// So many sessions that cannot be deleted for now are enough for one sweep.
const FAILURES: usize = 3;
/// A record whose session Azure says is in use is kept for so many days longer.
const GRACE_DAYS: i64 = 7;
/// Hints that one sweep looks at.
const HINTS: usize = 20;
/// Signed requests that one sweep forgets at most.
const HEARD: usize = 500;
/// What is removed side by side.
const AT_ONCE: usize = 4;
/// Hints are good for a day at the longest.
const HINT_DAYS: i64 = 2;
const DAY: i64 = 86_400;

/// What a sweep has done of it.
#[derive(Default)]
pub(super) struct Cleared {
    /// Records that were removed.
    pub(super) removed: Cell<usize>,
    /// Sessions that could not be deleted for now.
    failures: Cell<usize>,
}

/// Removes records that are older than `history_days`, and hints; writes into `cleared` what it has done so far.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn clear<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    keys: &Keys,
    until: Timestamp,
    cleared: &Cleared,
) -> Result<(), StoreError> {
    let now = app.platform.now();
    let before = days_before(now, i64::from(settings.captures.history_days));
    // A name's time is when its alert fired, which is before its end: the records say the rest.
    let old = keys.done.iter().rev().take_while(|name| name::time_part(name) < before.compact().as_str());
    let old: Vec<&String> = old.collect();
    // Not always the same ones first, for what cannot be removed yet is not in the way of the others then.
    let some = app.some_of(&old, RECORDS);
    // What a driver that came late left among the open ones is tidied first: alone, it would be taken for a capture.
    let some = some.filter(|name| !keys.open.contains(name));
    let remove = some.map(|name| async move {
        if app.platform.now() >= until || cleared.failures.get() >= FAILURES {
            return Ok(());
        }
        remove(app, settings, name, before, cleared).await
    });
    side_by_side(AT_ONCE, remove).await.into_iter().collect::<Result<(), _>>()?;
    clear_heard(app, keys, now).await?;
    clear_hints(app, keys, before, now).await
}

/// Removes one, if it is as old as its name and can be removed.
async fn remove<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    name: &str,
    before: Timestamp,
    cleared: &Cleared,
) -> Result<(), StoreError> {
    let Some(record) = store::load(&app.platform, name).await? else { return Ok(()) };
    let over_at = record.history.last().map_or(record.accepted_at, |step| step.at);
    if record.state != State::Reported || over_at >= before {
        return Ok(());
    }
    if let Err(error) = delete_session(app, settings, &record).await? {
        let is_final = match error.kind {
            ErrorKind::Passing => false,
            ErrorKind::Refused(_) if !error.is_conflict() => true,
            // Azure may be busy with it, a secret may be renewed; but not for ever.
            _ => over_at < days_before(before, GRACE_DAYS),
        };
        let fields = [("capture", name.into()), ("reason", error.failure.to_string().into())];
        if !is_final {
            cleared.failures.set(cleared.failures.get().saturating_add(1));
            app.log(Level::Warn, "an old record is kept: its session could not be deleted", &fields);
            return Ok(());
        }
        app.log(Level::Warn, "an old record is removed; its session could not be deleted and stays", &fields);
    }
    forget(&app.platform, name, record.files.len()).await?;
    store::take_out(&app.platform, name).await?;
    cleared.removed.set(cleared.removed.get().saturating_add(1));
    Ok(())
}

/// Where ended sessions may be deleted to make room, this is the last time that one is known for ours.
async fn delete_session<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    record: &Record,
) -> Result<Result<(), ArmError>, StoreError> {
    let Some(id) = record.capture_id().filter(|_| settings.captures.on_limit == OnLimit::Evict) else {
        return Ok(Ok(()));
    };
    // Where a rule gives the name, it may be another capture's by now, and that one may run.
    if record.session.is_some() && exact::last_to_ask(app, &id).await?.as_ref() != Some(&record.name) {
        return Ok(Ok(()));
    }
    Ok(match settings.azure_to_capture_in() {
        Ok(azure) => network_watcher::delete(&Arm::new(app, azure), &id).await,
        Err(failure) => Err(ArmError::unable(&failure.code, &failure.message)),
    })
}

fn days_before(time: Timestamp, days: i64) -> Timestamp {
    time.after(DAY.saturating_mul(days).saturating_neg())
}

/// Signed requests whose time stamps are no longer good: their copies are refused for that.
async fn clear_heard<P: Platform>(app: &App<P>, keys: &Keys, now: Timestamp) -> Result<(), StoreError> {
    // Good for so long after the time in the key, and as much more for a sender whose clock is ahead.
    let over = store::heard_key(now.after(TOLERANCE.saturating_mul(-3)), &[]);
    let old = keys.heard.iter().filter(|key| **key < over).take(HEARD);
    let delete = old.map(|key| app.platform.delete(key));
    side_by_side(AT_ONCE, delete).await.into_iter().collect()
}

/// A few of the hints, others each time: those that are too old to be used are removed.
async fn clear_hints<P: Platform>(
    app: &App<P>,
    keys: &Keys,
    before: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (kind, key) in app.some_of(&keys.hints, HINTS) {
        let Some(value) = store::read_hint::<Value>(&app.platform, key).await? else { continue };
        let stale = days_before(now, HINT_DAYS);
        let is_old = match kind {
            Hint::Place => read::<Place>(&value).is_none_or(|place| place.at < stale),
            Hint::Sessions => read::<SessionCount>(&value).is_none_or(|count| count.at < stale),
            Hint::Episode => read::<Episode>(&value).is_none_or(|episode| episode.seen < before),
            Hint::Exact => match value.as_str() {
                Some(name) => store::load(&app.platform, name).await?.is_none(),
                None => true,
            },
        };
        if is_old {
            app.platform.delete(key).await?;
        }
    }
    Ok(())
}

fn read<T: for<'de> serde::Deserialize<'de>>(value: &Value) -> Option<T> {
    json::read(value).ok()
}
