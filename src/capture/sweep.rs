//! One pass over what is kept: open captures are moved on, and what is old is removed.
//!
//! A capture is moved as far as it goes without waiting, and then followed in the background where the host lets work go
//! on. A sweep is bounded in number and time, fair, idempotent, safe at any rate and several at once.

use std::{pin::pin, time::Duration};

use futures_channel::oneshot;
use futures_util::future::{self, Either};
use serde::Serialize;

use super::{
    Record, State, attendance,
    drive::{Patience, drive},
    history,
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
};

/// Captures that are moved side by side.
const AT_ONCE: usize = 8;
/// Records that are read to find the most urgent: with more open captures than that, others each time.
const READ: usize = 400;
/// Captures that one sweep moves.
const MOVED: usize = 50;
/// Captures that a sweep in passing moves.
const MOVED_IN_PASSING: usize = 5;
/// A sweep begins no new step after so many seconds: hosts end handlers at 30.
const SECONDS: i64 = 15;
/// And waits for none that began before for longer than this; such a step goes on in the background.
const ANSWER_SECONDS: i64 = 22;
/// Open captures that the answer names.
const NAMED: usize = 100;

/// What a sweep did, and what remains.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Captures that were open.
    pub open: usize,
    /// Of them, those that were due and had a step taken.
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
    attendance::swept(app, begin).await;
    let keys = store::list(&app.platform).await?;
    let mut swept = move_on(app, &keys.open, MOVED).await;
    match history::clear(app, settings, &keys, begin.after(SECONDS)).await {
        Ok(removed) => swept.removed = removed,
        Err(error) => {
            app.log(Level::Warn, "the sweep could not remove what is old", &[("error", error.0.into())])
        }
    }
    Ok(swept)
}

/// The little sweep that rides on an alert, for hosts on which nobody calls the other.
///
/// # Errors
/// [`StoreError`] when the captures cannot be listed.
pub async fn in_passing<P: Platform>(app: &App<P>) -> Result<(), StoreError> {
    let keys = store::list(&app.platform).await?;
    move_on(app, &keys.open, MOVED_IN_PASSING).await;
    Ok(())
}

/// Moves at most `most` of the captures called `names`: those that are the longest overdue first.
async fn move_on<P: Platform>(app: &App<P>, names: &[String], most: usize) -> Swept {
    let begin = app.platform.now();
    let mut swept = Swept { open: names.len(), ..Swept::default() };
    let first = if names.len() > READ { history::by_chance(app, names.len()) } else { 0 };
    let some = names.iter().cycle().skip(first).take(names.len().min(READ));
    let load = |name: &String| {
        let name = name.clone();
        async move { (store::load(&app.platform, &name).await, name) }
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
    swept.moved =
        records.iter().filter(|record| record.next_step_at().is_some_and(|due| due <= begin)).count();
    let moving = records.into_iter().map(|record| move_one(app, record, begin));
    let mut remaining = unread;
    for record in side_by_side(AT_ONCE, moving).await.into_iter().chain(rest) {
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

/// Moves one capture on, unless this instance has it in hand already. It goes on in the background: to the end of a step
/// that takes long, and then to the capture's own end.
async fn move_one<P: Platform>(app: &App<P>, record: Record, begin: Timestamp) -> Record {
    let hand = app.memory.take_in_hand(&record.name);
    let hand = hand.and_then(|hand| hand.only_to_tell_if(record.held_back.is_some()));
    let Some(hand) = hand else { return record };
    let (tell, told) = oneshot::channel();
    let background = app.clone();
    let work = async move {
        let moved = drive(&background, hand.name(), Patience::WhileDue(begin.after(SECONDS))).await;
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
            _ = drive(&background, hand.name(), Patience::ToTheEnd).await;
        }
    };
    app.platform.spawn(work).await;
    let left = begin.after(ANSWER_SECONDS).since(app.platform.now()).max(Duration::from_millis(1));
    match future::select(told, pin!(app.platform.sleep(left))).await {
        Either::Left((Ok(Some(moved)), _)) => moved,
        _ => record,
    }
}
