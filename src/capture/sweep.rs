//! One pass over the open captures: each is moved on as far as it goes without waiting, and then followed in the
//! background where the host lets work go on. Bounded, idempotent, safe at any rate.

use serde::Serialize;

use super::{
    Record, State,
    drive::{Patience, drive},
};
use crate::{
    app::App,
    log::Level,
    platform::{Platform, StoreError},
    side_by_side::side_by_side,
    sort::sort_by,
    store,
    time::Timestamp,
};

/// Captures that are moved side by side.
const AT_ONCE: usize = 8;
/// A sweep begins no new capture after so many seconds: hosts end handlers at 30.
const SECONDS: i64 = 15;

/// What a sweep did.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Swept {
    /// Captures that were open.
    pub open: usize,
    /// Captures that are reported now.
    pub reported: usize,
    /// Captures still open, the most urgent first, and where they stand.
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

/// Sweeps at most `most` captures, of those that are due the longest overdue first, then those that will be soonest.
///
/// # Errors
/// [`StoreError`] when the open captures cannot be listed.
pub async fn sweep<P: Platform>(app: &App<P>, most: usize) -> Result<Swept, StoreError> {
    let until = app.platform.now().after(SECONDS);
    let names = store::names(&app.platform, true).await?;
    let mut swept = Swept { open: names.len(), ..Swept::default() };
    let mut records = Vec::new();
    let load = |name: String| async move { (store::load(&app.platform, &name).await, name) };
    for (record, name) in side_by_side(AT_ONCE, names.into_iter().map(load)).await {
        match record {
            Ok(Some(record)) => records.push(record),
            Ok(None) => {}
            Err(error) => {
                let fields = [("capture", name.as_str().into()), ("error", error.0.into())];
                app.log(Level::Error, "a capture's record cannot be read; the sweep leaves it", &fields);
                swept.remaining.push(Remaining { name, state: None, next_step_at: None });
            }
        }
    }
    sort_by(&mut records, |a, b| a.next_step_at().cmp(&b.next_step_at()));
    let rest = records.split_off(most.min(records.len()));
    let moved = side_by_side(AT_ONCE, records.into_iter().map(|record| sweep_one(app, record, until))).await;
    for record in moved.into_iter().chain(rest) {
        if record.state == State::Reported {
            swept.reported = swept.reported.saturating_add(1);
        } else {
            let next_step_at = record.next_step_at();
            swept.remaining.push(Remaining { name: record.name, state: Some(record.state), next_step_at });
        }
    }
    Ok(swept)
}

/// Moves one capture on, unless this instance has it in hand already.
async fn sweep_one<P: Platform>(app: &App<P>, record: Record, until: Timestamp) -> Record {
    let Some(hand) = app.memory.take_in_hand(&record.name) else { return record };
    let Some(record) = drive(app, hand.name(), Patience::WhileDue(until)).await else { return record };
    if record.state == State::Reported {
        // Put away by this sweep, or long ago and written again by a driver that came late.
        _ = store::tidy(&app.platform, &record.name).await;
        return record;
    }
    let background = app.clone();
    let work = async move { _ = drive(&background, hand.name(), Patience::ToTheEnd).await };
    app.platform.spawn(work).await;
    record
}
