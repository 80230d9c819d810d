//! One pass over what is kept: open captures are moved on, and what is old is removed.
//!
//! A capture is moved as far as it goes without waiting, and then followed in the background where the host lets work go
//! on. A sweep is bounded in number and time, fair, idempotent, safe at any rate and several at once.

use std::{cell::Cell, time::Duration};

use futures_channel::oneshot;
use serde::Serialize;

use super::{
    Record, State, attendance,
    drive::{Patience, drive},
    history::{self, Cleared},
    record::Step,
};
use crate::{
    app::App,
    log::Level,
    platform::{Platform, StoreError},
    settings::Settings,
    side_by_side::side_by_side,
    sort::sort_by,
    store,
    time::Timestamp,
    view::files::ToRead,
};

/// Captures that are moved side by side.
const AT_ONCE: usize = 8;
/// Records that are read to find the most urgent: with more open captures than that, or a slow store, others each time.
const READ: usize = 400;
/// Captures that one sweep moves.
const MOVED: usize = 50;
/// Captures that a sweep in passing moves.
const MOVED_IN_PASSING: usize = 5;
/// A sweep begins no new step after so many seconds: hosts end handlers at 30.
const SECONDS: i64 = 15;
/// And waits for none that began before for longer than this; such a step goes on in the background.
const WAIT_SECONDS: i64 = 21;
/// It answers then at the latest, whatever else hangs.
const ANSWER_SECONDS: i64 = 22;
/// Records are read for so many seconds at most: a slow store leaves time to move those that were.
const READ_SECONDS: i64 = 6;
/// Open captures that the answer names.
const NAMED: usize = 100;

/// What a sweep did, and what remains.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Captures that were open.
    pub open: usize,
    /// Of them, those that had a step taken.
    pub moved: usize,
    /// Captures that are reported now.
    pub reported: usize,
    /// Old records that were removed.
    pub removed: usize,
    /// Captures that are still open.
    pub still_open: usize,
    /// The most urgent of them, and where they stand.
    pub remaining: Vec<Remaining>,
}

/// A capture that is still open.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Remaining {
    /// Its name.
    pub name: String,
    /// Where it stands; none if its record cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// When its next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step_at: Option<Timestamp>,
}

/// The sweep that something calls on a schedule.
///
/// # Errors
/// [`StoreError`] when the captures cannot be listed.
pub async fn sweep<P: Platform>(app: &App<P>, settings: &Settings) -> Result<Swept, StoreError> {
    let begin = app.platform.now();
    let swept = Cell::new(None);
    let cleared = Cleared::default();
    // What is dropped at the end of the time is safe to drop: captures are moved on in the background, and a session may
    // be deleted again for a record that has not been removed.
    match in_time(app, begin.after(ANSWER_SECONDS), pass(app, settings, begin, &swept, &cleared)).await {
        Some(Err(error)) => Err(error),
        Some(Ok(())) | None => {
            let swept = swept.take().ok_or_else(|| StoreError("no list of keys in time".to_owned()))?;
            Ok(Swept { removed: cleared.removed.get(), ..swept })
        }
    }
}

/// All that a sweep does. `swept` and `cleared` hold what it has done so far.
async fn pass<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    begin: Timestamp,
    swept: &Cell<Option<Swept>>,
    cleared: &Cleared,
) -> Result<(), StoreError> {
    // First, so that a store that is away is asked no more: there are hosts on which each question takes 10 s then.
    let keys = store::list(&app.platform).await?;
    attendance::swept(app, begin).await;
    let open = keys.open.len();
    swept.set(Some(Swept { open, still_open: open, ..Swept::default() }));
    swept.set(Some(move_on(app, &keys.open, MOVED, begin).await));
    if let Err(error) = history::clear(app, settings, &keys, begin.after(SECONDS), cleared).await {
        app.log(Level::Warn, "the sweep could not remove what is old", &[("error", error.0.into())]);
    }
    Ok(())
}

/// What `work` came to, if it does before `until`.
async fn in_time<P: Platform, T>(app: &App<P>, until: Timestamp, work: impl Future<Output = T>) -> Option<T> {
    let left = until.since(app.platform.now()).max(Duration::from_millis(1));
    app.platform.within(left, work).await
}

/// The little sweep that rides on an alert, for hosts on which nobody calls the other.
///
/// # Errors
/// [`StoreError`] when the captures cannot be listed.
pub async fn in_passing<P: Platform>(app: &App<P>) -> Result<(), StoreError> {
    let begin = app.platform.now();
    let keys = store::list(&app.platform).await?;
    move_on(app, &keys.open, MOVED_IN_PASSING, begin).await;
    Ok(())
}

/// Moves at most `most` of the captures called `names`: those that are the longest overdue first.
async fn move_on<P: Platform>(app: &App<P>, names: &[String], most: usize, begin: Timestamp) -> Swept {
    let mut swept = Swept { open: names.len(), ..Swept::default() };
    let some = app.some_of(names, READ);
    let until = app.platform.now().after(READ_SECONDS);
    let load = |name: &String| {
        let name = name.clone();
        async move {
            if app.platform.now() >= until {
                return (Ok(None), name);
            }
            let record = in_time(app, until, store::load(&app.platform, &name)).await;
            (record.unwrap_or_else(|| Err(StoreError("no answer in time".to_owned()))), name)
        }
    };
    let (mut records, mut unread) = (Vec::new(), Vec::new());
    for (record, name) in side_by_side(AT_ONCE, some.map(load)).await {
        match record {
            Ok(Some(record)) => records.push(record),
            Ok(None) => {}
            Err(error) => {
                let fields = [("capture", name.as_str().into()), ("error", error.0.into())];
                app.log(Level::Error, "a capture's record cannot be read; the sweep leaves it", &fields);
                unread.push(Remaining { name, state: None, next_step_at: None });
            }
        }
    }
    if let Some(oldest) = records.iter().map(|record| record.accepted_at).min() {
        _ = attendance::missed(app, oldest, begin).await;
    }
    sort_by(&mut records, |a, b| a.next_step_at().cmp(&b.next_step_at()));
    let rest = records.split_off(most.min(records.len()));
    let moving = records.into_iter().map(|record| async move {
        let before = traces(&record);
        let record = move_one(app, record, begin).await;
        (traces(&record) != before, record)
    });
    let mut remaining = unread;
    let rest = rest.into_iter().map(|record| (false, record));
    for (is_moved, record) in side_by_side(AT_ONCE, moving).await.into_iter().chain(rest) {
        swept.moved = swept.moved.saturating_add(usize::from(is_moved));
        if record.state == State::Reported {
            swept.reported = swept.reported.saturating_add(1);
        } else {
            let next_step_at = record.next_step_at();
            remaining.push(Remaining { name: record.name, state: Some(record.state), next_step_at });
        }
    }
    swept.still_open = swept.open.saturating_sub(swept.reported);
    remaining.truncate(NAMED);
    swept.remaining = remaining;
    swept
}

/// What a step leaves in a record, if only a later try or look.
#[derive(PartialEq, Eq)]
struct Traces {
    state: State,
    due: Timestamp,
    attempts: u32,
    to_read: Option<ToRead>,
    /// Its length, and its last line: a full one grows no longer.
    history: (usize, Option<Step>),
    reports: Vec<(Timestamp, bool)>,
}

fn traces(record: &Record) -> Traces {
    Traces {
        state: record.state,
        due: record.due,
        attempts: record.attempts,
        to_read: record.to_read,
        history: (record.history.len(), record.history.last().cloned()),
        reports: record.reports.iter().map(|report| (report.due, report.is_settled())).collect(),
    }
}

/// Moves one capture on, unless this instance has it in hand already. It goes on in the background: to the end of a step
/// that takes long, and then to the capture's own end.
async fn move_one<P: Platform>(app: &App<P>, record: Record, begin: Timestamp) -> Record {
    let hand = app.memory.take_in_hand(&record.name);
    let hand = hand.and_then(|hand| hand.only_to_tell_if(record.held_back.is_some()));
    let Some(hand) = hand else { return record };
    let (tell, told) = oneshot::channel();
    let (background, awake) = (app.clone(), app.awake());
    let work = async move {
        let moved =
            drive(&background, hand.name(), Some(awake), Patience::WhileDue(begin.after(SECONDS))).await;
        let state = moved.as_ref().map(|record| record.state);
        let now = background.platform.now();
        // One that was held back is perhaps being taken at this moment.
        if moved
            .as_ref()
            .is_some_and(|record| record.state == State::Reported && !record.may_be_taken_now(now))
        {
            // Put away by this sweep, or long ago and written again by a driver that came late.
            _ = store::tidy(&background.platform, hand.name()).await;
        }
        _ = tell.send(moved);
        if state.is_some_and(|state| state < State::Reported) {
            _ = drive(&background, hand.name(), None, Patience::ToTheEnd).await;
        }
    };
    app.platform.spawn(work).await;
    match in_time(app, begin.after(WAIT_SECONDS), told).await {
        Some(Ok(Some(moved))) => moved,
        _ => record,
    }
}
