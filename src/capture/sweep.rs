//! One pass over the open captures: each is moved on as far as it goes without waiting, and then followed in the
//! background where the host lets work go on. Bounded, idempotent, safe at any rate.

use futures_util::{StreamExt, stream};
use serde::Serialize;

use super::{
    Record, State,
    drive::{Patience, drive},
};
use crate::{
    app::App,
    platform::{Platform, StoreError},
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
    /// Captures still open, oldest first, and where they stand.
    pub remaining: Vec<Remaining>,
}

/// A capture that is still open.
#[derive(Debug, Clone, Serialize)]
pub struct Remaining {
    /// Its name.
    pub name: String,
    /// Where it stands; none if it was not looked at, or another driver of this instance has it in hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// When its next step is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

/// Sweeps at most `most` captures, the oldest first.
///
/// # Errors
/// [`StoreError`] when the open captures cannot be listed.
pub async fn sweep<P: Platform>(app: &App<P>, most: usize) -> Result<Swept, StoreError> {
    let deadline = app.platform.now().after(SECONDS);
    let mut names = store::names(&app.platform, true).await?;
    names.reverse();
    let open = names.len();
    let rest = names.split_off(most.min(open));

    let outcomes: Vec<(String, Option<Record>)> = stream::iter(names)
        .map(|name| async move {
            let record = if app.platform.now() < deadline { sweep_one(app, &name).await } else { None };
            (name, record)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;

    let mut swept = Swept { open, ..Swept::default() };
    for (name, record) in outcomes {
        if record.as_ref().is_some_and(|record| record.state == State::Reported) {
            swept.reported = swept.reported.saturating_add(1);
        } else {
            let (state, due) = record.map(|record| (record.state, record.due)).unzip();
            swept.remaining.push(Remaining { name, state, due });
        }
    }
    swept.remaining.extend(rest.into_iter().map(|name| Remaining { name, state: None, due: None }));
    Ok(swept)
}

async fn sweep_one<P: Platform>(app: &App<P>, name: &str) -> Option<Record> {
    let hand = app.memory.take_in_hand(name)?;
    let record = drive(app, &hand, Patience::WhileDue, None, None::<fn(Record)>).await?;
    if record.state == State::Reported {
        // Put away by this sweep, or long ago and written again by a driver that came late.
        _ = store::tidy(&app.platform, name).await;
        return Some(record);
    }
    let background = app.clone();
    let work = async move {
        drive(&background, &hand, Patience::ToTheEnd, None, None::<fn(Record)>).await;
    };
    app.platform.spawn(work).await;
    Some(record)
}
