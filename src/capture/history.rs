//! Removing what nobody needs any more: records of captures that were over and told long ago, and hints about them.

use serde_json::Value;

use super::{Record, State, episode::Episode, exact, name};
use crate::{
    app::App,
    azure::{arm::Arm, network_watcher},
    log::Level,
    platform::{Platform, StoreError},
    settings::{OnLimit, Settings},
    side_by_side::side_by_side,
    store::{self, Hint, Keys, Place, SessionCount},
    time::Timestamp,
};

/// Records that one sweep removes at most.
const RECORDS: usize = 50;
/// Hints that one sweep looks at.
const HINTS: usize = 20;
/// What is removed side by side.
const AT_ONCE: usize = 4;
/// Hints are good for a day at the longest.
const HINT_DAYS: i64 = 2;
const DAY: i64 = 86_400;

/// Removes records that are older than `history_days`, the oldest first; returns how many.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn clear<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    keys: &Keys,
    until: Timestamp,
) -> Result<usize, StoreError> {
    let now = app.platform.now();
    let before = now.after(DAY.saturating_mul(i64::from(settings.captures.history_days)).saturating_neg());
    // A name's time is when its alert fired, which is before its end: the records say the rest.
    let old = keys.done.iter().rev().take_while(|name| name::time_part(name) < before.compact().as_str());
    let remove = old.take(RECORDS).map(|name| async move {
        if app.platform.now() >= until {
            return Ok(false);
        }
        remove(app, settings, name, before).await
    });
    let removed = side_by_side(AT_ONCE, remove).await.into_iter().collect::<Result<Vec<bool>, _>>()?;
    clear_hints(app, keys, before, now).await?;
    Ok(removed.into_iter().filter(|removed| *removed).count())
}

/// Removes one; false if it is not as old as its name, or cannot be removed yet.
async fn remove<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    name: &str,
    before: Timestamp,
) -> Result<bool, StoreError> {
    let Some(record) = store::load(&app.platform, name).await? else { return Ok(false) };
    let over_at = record.history.last().map_or(record.accepted_at, |step| step.at);
    if record.state != State::Reported || over_at >= before {
        return Ok(false);
    }
    if let Err(why) = delete_session(app, settings, &record).await {
        let fields = [("capture", name.into()), ("reason", why.into())];
        app.log(Level::Warn, "an old record is kept: its session could not be deleted", &fields);
        return Ok(false);
    }
    store::take_out(&app.platform, name).await.map(|()| true)
}

/// Where ended sessions may be deleted to make room, this is the last time that one is known for ours.
async fn delete_session<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    record: &Record,
) -> Result<(), String> {
    let Some(id) = record.capture_id().filter(|_| settings.captures.on_limit == OnLimit::Evict) else {
        return Ok(());
    };
    // Where a rule gives the name, it may be another capture's by now, and that one may run.
    if record.session.is_some() {
        let last = exact::last_to_ask(app, &id).await.map_err(|error| error.0)?;
        if last.as_ref() != Some(&record.name) {
            return Ok(());
        }
    }
    let azure = settings.azure_to_capture_in().map_err(|failure| failure.to_string())?;
    let deleted = network_watcher::delete(&Arm::new(app, azure), &id).await;
    deleted.map_err(|error| error.failure.to_string())
}

/// A few of the hints, others each time: those that are too old to be used are removed.
async fn clear_hints<P: Platform>(
    app: &App<P>,
    keys: &Keys,
    before: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let first = by_chance(app, keys.hints.len());
    for (kind, key) in keys.hints.iter().cycle().skip(first).take(HINTS.min(keys.hints.len())) {
        let Some(value) = store::read_hint::<Value>(&app.platform, key).await? else { continue };
        let stale = now.after(DAY.saturating_mul(HINT_DAYS).saturating_neg());
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

/// A place in a list of so many, so that each has its turn.
pub(super) fn by_chance<P: Platform>(app: &App<P>, length: usize) -> usize {
    let [first, second, third, fourth, ..] = app.platform.bytes16();
    let chance = u32::from_be_bytes([first, second, third, fourth]);
    usize::try_from(chance).unwrap_or_default().checked_rem(length).unwrap_or_default()
}

fn read<T: for<'de> serde::Deserialize<'de>>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}
