//! Writing an alert's captures down, so that none is lost and none is taken twice.

use std::time::Duration;

use futures_util::future::Either;

use super::{
    Record,
    admit::{admit, give_back},
    write,
};
use crate::{
    alert::Alert,
    app::{App, InHand},
    log::Level,
    plan::{CaptureSpec, LeftOut},
    platform::{Platform, StoreError},
    store,
    text::quoted,
    time::Timestamp,
};

/// The accepting request takes the first step itself; should it not live so long, a sweep does after so many seconds.
const LEASE_SECONDS: i64 = 20;

/// How often one looks whether another has written the capture down.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A capture that the alert leads to.
pub struct Accepted {
    /// Its record; one that is held back says so.
    pub record: Record,
    /// Whether an earlier delivery of the alert had already led to it.
    pub duplicate: bool,
}

/// The capture called `name` in hand; or, where another in this instance has it in hand, its record once there is one.
/// The answer's own time bounds the waiting.
///
/// # Errors
/// [`StoreError`].
pub async fn in_hand<P: Platform>(app: &App<P>, name: &str) -> Result<Either<InHand, Record>, StoreError> {
    loop {
        if let Some(hand) = app.memory.take_in_hand(name) {
            return Ok(Either::Left(hand));
        }
        // One that may be taken now is in another's hand for a moment only: to be taken, or to be let go.
        let record = store::load(&app.platform, name).await?;
        if let Some(record) = record.filter(|record| !record.may_be_taken_now(app.platform.now())) {
            return Ok(Either::Right(record));
        }
        app.platform.sleep(LOOK_AGAIN).await;
    }
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
    let known = store::load(&app.platform, &spec.name).await?;
    // One that was held back is judged anew once its time has come.
    let was_held_back = known.as_ref().is_some_and(|known| known.may_be_taken_now(now));
    if let Some(record) = known.filter(|_| !was_held_back) {
        return Ok(Accepted { record, duplicate: true });
    }
    if let Some(earlier) = &spec.earlier_name
        && let Some(record) = store::load(&app.platform, earlier).await?
        && is_recent(&record, now, window_seconds)
    {
        return Ok(Accepted { record, duplicate: true });
    }
    let held_back = match admit(app, alert, &spec, now).await {
        Ok(held_back) => held_back,
        Err(error) => {
            give_back(app, &spec).await;
            return Err(error);
        }
    };
    let is_held_back = held_back.is_some();
    let record = match held_back {
        Some(held_back) => Record::held_back(alert, spec.clone(), now, held_back),
        None => Record::accepted(alert, spec.clone(), now, LEASE_SECONDS),
    };
    // What was promised before stands until there is something in its place.
    match write::create(app, &record, was_held_back).await {
        Ok(()) => Ok(Accepted { record, duplicate: false }),
        Err(error) => {
            if !is_held_back {
                give_back(app, &spec).await;
            }
            Err(error)
        }
    }
}

/// Takes note of a capture that its rule only wants to see explained.
pub fn rehearse<P: Platform>(app: &App<P>, spec: &CaptureSpec) -> LeftOut {
    let target = spec.machine.id.to_string();
    let fields = [("capture", spec.name.as_str().into()), ("target", target.as_str().into())];
    app.log(Level::Info, "a rule with dry_run would have taken a capture", &fields);
    let rules = spec.policy.rules.join(", ");
    LeftOut::new(
        target,
        "dryRun",
        format!("the rule {} is a dry run; ?dry_run=true shows the request", quoted(&rules)),
    )
}

/// Whether `record` was accepted within the dedupe window before `now`, and is not to be judged anew.
#[must_use]
pub fn is_recent(record: &Record, now: Timestamp, window_seconds: u32) -> bool {
    let window = Duration::from_secs(u64::from(window_seconds));
    now.since(record.accepted_at) < window && !record.may_be_taken_now(now)
}
