//! Alerts that fire anew while they stay fired (Prometheus does so on each evaluation): all until the alert resolves are
//! one, and lead to one capture.
//!
//! What began and has not ended is kept in the store. A `Resolved` that never came does not silence the alert for ever:
//! after a pause it is taken for a new one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    alert::{Alert, identity::Span},
    app::App,
    plan::Moment,
    platform::{Platform, StoreError},
    store,
    time::Timestamp,
};

/// Prometheus' rules are evaluated every 15 minutes at the rarest.
const PAUSE: Duration = Duration::from_hours(1);
/// So exactly it is kept when an alert was last seen: not every delivery costs a write.
const EXACTLY: Duration = Duration::from_mins(5);

/// What is kept of an alert that stays fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// When it fired first.
    pub since: Timestamp,
    /// When it was last delivered.
    pub seen: Timestamp,
    /// When it fired last before it resolved; none while it has not. What comes late of it is no new alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The moment that the captures of an alert are named for, and what is to be kept of it.
async fn look<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    window_seconds: u32,
    now: Timestamp,
) -> Result<(Moment, Option<Episode>), StoreError> {
    let span = alert.identity.span();
    let mut moment = Moment::of(span, window_seconds, now);
    let Span::WhileFired(fired_at) = span else { return Ok((moment, None)) };
    let key = store::episode_key(alert);
    let known = store::read_hint::<Episode>(&app.platform, &key).await?;
    // Azure's retries say the same time; what fires anew says a later one.
    let known = known.filter(|known| match known.until {
        Some(until) => fired_at <= until,
        None => fired_at <= known.since || now.since(known.seen) < PAUSE,
    });
    moment.time = known.map_or(fired_at, |known| known.since);
    let is_kept = known.is_some_and(|known| known.until.is_some() || now.since(known.seen) < EXACTLY);
    Ok((moment, (!is_kept).then_some(Episode { since: moment.time, seen: now, until: None })))
}

/// The moment that the captures of an alert are named for.
///
/// # Errors
/// [`StoreError`]: without the store a repeat could not be told from a new alert.
pub async fn moment<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    window_seconds: u32,
    now: Timestamp,
) -> Result<Moment, StoreError> {
    let (moment, keep) = look(app, alert, window_seconds, now).await?;
    if let Some(episode) = keep {
        store::keep(&app.platform, &store::episode_key(alert), &episode).await?;
    }
    Ok(moment)
}

/// The same, with nothing written.
///
/// # Errors
/// [`StoreError`].
pub async fn foresee<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    window_seconds: u32,
    now: Timestamp,
) -> Result<Moment, StoreError> {
    Ok(look(app, alert, window_seconds, now).await?.0)
}

/// The alert has resolved: what fires after it fired last is a new one. A delivery of before that comes late, or again,
/// still belongs to this one.
///
/// # Errors
/// [`StoreError`].
pub async fn end<P: Platform>(app: &App<P>, alert: &Alert) -> Result<(), StoreError> {
    let Span::WhileFired(fired_at) = alert.identity.span() else { return Ok(()) };
    let key = store::episode_key(alert);
    let Some(known) = store::read_hint::<Episode>(&app.platform, &key).await? else { return Ok(()) };
    // Ended already; or the end of an earlier one, late or again.
    if known.until.is_some() || fired_at < known.since {
        return Ok(());
    }
    let until = Some(fired_at.max(known.since));
    store::keep(&app.platform, &key, &Episode { until, ..known }).await
}
