//! Writing an alert's captures down, so that none is lost and none is taken twice.

use std::time::Duration;

use super::Record;
use crate::{
    alert::Alert,
    app::App,
    plan::CaptureSpec,
    platform::{Platform, StoreError},
    store,
    time::Timestamp,
};

/// The accepting request takes the first step itself; should it not live so long, a sweep does after so many seconds.
const LEASE_SECONDS: i64 = 20;

/// A capture that the alert leads to.
pub struct Accepted {
    /// Its record.
    pub record: Record,
    /// Whether an earlier delivery of the alert had already led to it.
    pub duplicate: bool,
}

/// Writes a capture down, or finds it written.
///
/// Within an instance two deliveries cannot both write: the caller holds the capture in hand. In two instances they can
/// write the same record; then Azure takes only one PUT of its name.
///
/// # Errors
/// [`StoreError`]: nothing was promised.
pub async fn accept<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    spec: CaptureSpec,
    now: Timestamp,
    window_seconds: u32,
) -> Result<Accepted, StoreError> {
    if let Some(record) = store::load(&app.platform, &spec.name).await? {
        return Ok(Accepted { record, duplicate: true });
    }
    if let Some(earlier) = &spec.earlier_name
        && let Some(record) = store::load(&app.platform, earlier).await?
        && is_recent(&record, now, window_seconds)
    {
        return Ok(Accepted { record, duplicate: true });
    }
    let record = Record::accepted(alert, spec, now, LEASE_SECONDS);
    store::create(&app.platform, &record).await?;
    Ok(Accepted { record, duplicate: false })
}

/// Whether `record` was accepted within the dedupe window before `now`.
#[must_use]
pub fn is_recent(record: &Record, now: Timestamp, window_seconds: u32) -> bool {
    now.since(record.accepted_at) < Duration::from_secs(u64::from(window_seconds))
}
