//! Whether anybody calls the sweep. Captures are followed without it while instances live; nobody should find out that it
//! was never set up on the night when one did not.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{State, name};
use crate::{app::App, log::Level, platform::Platform, store, time::Timestamp};

/// A capture that has been open for so long without a sweep is a neglected one.
const PATIENCE: Duration = Duration::from_secs(PATIENCE_SECONDS.unsigned_abs());
const PATIENCE_SECONDS: i64 = 15 * 60;
/// So exactly it is kept when the last sweep was: not each call costs a write.
const EXACTLY: Duration = Duration::from_mins(1);
/// Of the captures that may be neglected, so many are looked at.
const LOOKED_AT: usize = 5;

/// What is kept of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attendance {
    /// When the sweep was last called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    swept_at: Option<Timestamp>,
    /// When it was last missed, since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missed_at: Option<Timestamp>,
}

impl Attendance {
    /// Whether a capture that is open since then misses it.
    fn is_missed(&self, open_since: Timestamp, now: Timestamp) -> bool {
        let since = self.swept_at.map_or(open_since, |swept| swept.max(open_since));
        now.since(since) > PATIENCE
    }

    /// For people.
    fn words(&self) -> String {
        let since = match self.swept_at {
            Some(at) => format!("Nobody has called the sweep since {at}"),
            None => "Nobody has ever called the sweep".to_owned(),
        };
        format!(
            "{since}, while captures were open. Let something call POST /api/sweep every minute (README)."
        )
    }
}

/// The sweep was called.
pub async fn swept<P: Platform>(app: &App<P>, now: Timestamp) {
    let known = load(app).await;
    let is_news = known.swept_at.is_none_or(|at| now.since(at) > EXACTLY);
    if is_news || known.missed_at.is_some() {
        keep(app, &Attendance { swept_at: Some(now), missed_at: None }).await;
    }
}

/// A capture is open since then; what is to be said of the sweep, if it is missed.
pub async fn missed<P: Platform>(app: &App<P>, open_since: Timestamp, now: Timestamp) -> Option<String> {
    // Most captures are over by then, and need not ask.
    if now.since(open_since) <= PATIENCE {
        return None;
    }
    let known = load(app).await;
    if !known.is_missed(open_since, now) {
        return None;
    }
    if known.missed_at.is_none_or(|at| now.since(at) > PATIENCE) {
        app.log(Level::Warn, &known.words(), &[]);
        keep(app, &Attendance { missed_at: Some(now), ..known }).await;
    }
    Some(known.words())
}

/// What is to be said of it, for whoever asks how alertcap is. It may be the only one that is asked anything: where no
/// sweep is called and no alert comes, nobody else would find what lies open.
pub async fn warning<P: Platform>(app: &App<P>) -> Option<String> {
    let (known, now) = (load(app).await, app.platform.now());
    if known.missed_at.is_some() {
        return Some(known.words());
    }
    let is_swept = known.swept_at.is_some_and(|at| now.since(at) <= PATIENCE);
    if is_swept || !app.memory.may_look_for_neglected(now) {
        return None;
    }
    let keys = store::list(&app.platform).await.ok()?;
    let limit = now.after(PATIENCE_SECONDS.saturating_neg()).compact();
    let old = keys.open.iter().rev().take_while(|name| name::time_part(name) < limit.as_str());
    for name in old.take(LOOKED_AT) {
        // An alert can come long after it fired: the record says when it did.
        if let Ok(Some(record)) = store::load(&app.platform, name).await
            && record.state < State::Reported
            && let Some(words) = missed(app, record.accepted_at, now).await
        {
            return Some(words);
        }
    }
    None
}

async fn load<P: Platform>(app: &App<P>) -> Attendance {
    store::hint(&app.platform, store::ATTENDANCE).await.unwrap_or_default()
}

async fn keep<P: Platform>(app: &App<P>, attendance: &Attendance) {
    store::keep_hint(&app.platform, store::ATTENDANCE, attendance).await;
}
