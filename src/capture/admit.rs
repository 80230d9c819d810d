//! Whether a capture may be taken now, by what the [`ledger`](super::ledger) says of those before it.
//!
//! No store has a compare-and-swap. So a capture is written into the ledger, the ledger is read again a moment later,
//! and what was overwritten meanwhile is written anew: then the order in the ledger decides, the same for all. Within an
//! instance one capture at a time does so. A writer that was away for longer than that moment can let one too many past.

use std::time::Duration;

use super::{
    State,
    ledger::{self, Entry, Ledger},
    note::HeldBack,
};
use crate::{
    alert::Alert,
    app::{App, InHand},
    log::Level,
    plan::{CaptureSpec, Restraint},
    platform::{Platform, StoreError},
    side_by_side::side_by_side,
    store,
    time::Timestamp,
};

/// Between writing and looking whether it stands; up to twice that, by chance.
const SETTLE_MILLIS: u64 = 20;
/// So often a capture is written anew that others overwrote.
const TRIES: u32 = 12;
/// So long one waits for an instance's others; then it writes beside them, as beside another instance.
const TURN_WITHIN: Duration = Duration::from_secs(2);
/// An answer takes no longer, so a record that is not there by then was never written.
const WRITTEN_WITHIN: i64 = 60;
/// Records that are looked at when too many captures seem to run.
const LOOKED_AT: usize = 64;

/// What holds a capture back; none if nothing does, and then it stands in the ledger.
///
/// # Errors
/// [`StoreError`]: nothing was promised.
pub async fn admit<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    spec: &CaptureSpec,
    now: Timestamp,
) -> Result<Option<HeldBack>, StoreError> {
    let restraint = &spec.policy.restraint;
    if is_free(spec) {
        return Ok(None);
    }
    let claim = Entry::new(alert, spec, now);
    // Before anyone waits for anyone: in a storm most are held back. Nothing is written here, out of turn.
    let ledger = store::ledger(&app.platform).await?;
    if !ledger.has(&claim.name)
        && let Some(held_back) = judge(app, ledger, &claim, restraint, now).await?
    {
        return Ok(Some(held_back));
    }
    let _one_at_a_time = turn(app).await;
    for _ in 0..TRIES {
        let mut ledger = store::ledger(&app.platform).await?;
        let mut held_back = ledger.judge(&claim, restraint, now);
        let ended = match &held_back {
            Some(held_back) => what_has_ended(app, &ledger, held_back, now).await?,
            None => Vec::new(),
        };
        if !ended.is_empty() {
            // Looking takes a while: what is written is what stands there now.
            ledger = store::ledger(&app.platform).await?;
            ledger.ended(&ended);
            held_back = ledger.judge(&claim, restraint, now);
        }
        match (held_back, ledger.has(&claim.name)) {
            (None, true) => return Ok(None),
            (Some(held_back), false) => {
                if !ended.is_empty() {
                    store::keep_ledger(&app.platform, &ledger).await?;
                }
                return Ok(Some(held_back));
            }
            // Looked at again as well: another's write could bring it back, and then it would count for nothing.
            (Some(_), true) => {
                ledger.remove(&claim.name);
                store::keep_ledger(&app.platform, &ledger).await?;
                settle(app).await;
            }
            (None, false) => {
                ledger.add(claim.clone(), now);
                store::keep_ledger(&app.platform, &ledger).await?;
                settle(app).await;
            }
        }
    }
    let fields = [("capture", claim.name.as_str().into())];
    app.log(Level::Warn, "so many captures begin at once that budgets cannot be kept exactly", &fields);
    Ok(None)
}

/// Takes back what [`admit`] wrote of a capture that could not be written down itself: nothing was promised, so nothing
/// is spent. Where the store does not even say whether it was written, it counts.
pub async fn give_back<P: Platform>(app: &App<P>, spec: &CaptureSpec) {
    let was_not_taken = match store::load(&app.platform, &spec.name).await {
        Ok(record) => record.is_none_or(|record| record.held_back.is_some()),
        Err(_) => false,
    };
    if !is_free(spec) && was_not_taken {
        forget(app, &spec.name).await;
    }
}

/// Takes out a capture that failed before Azure took it: nothing was captured, so nothing cools down and nothing is spent.
pub async fn forget<P: Platform>(app: &App<P>, name: &str) {
    if store::ledger(&app.platform).await.is_ok_and(|ledger| ledger.has(name)) {
        let _one_at_a_time = turn(app).await;
        if let Ok(mut ledger) = store::ledger(&app.platform).await {
            ledger.remove(name);
            _ = store::keep_ledger(&app.platform, &ledger).await;
        }
    }
}

/// Whether the ledger needs to know nothing of it.
fn is_free(spec: &CaptureSpec) -> bool {
    spec.policy.restraint.is_none() && !spec.policy.stop_on_resolve
}

/// What holds the capture back as things stand, with nothing written.
///
/// # Errors
/// [`StoreError`].
pub async fn foresee<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    spec: &CaptureSpec,
    now: Timestamp,
) -> Result<Option<HeldBack>, StoreError> {
    let ledger = store::ledger(&app.platform).await?;
    judge(app, ledger, &Entry::new(alert, spec, now), &spec.policy.restraint, now).await
}

/// What holds `claim` back by `ledger`, and by what has ended before its time.
async fn judge<P: Platform>(
    app: &App<P>,
    mut ledger: Ledger,
    claim: &Entry,
    restraint: &Restraint,
    now: Timestamp,
) -> Result<Option<HeldBack>, StoreError> {
    let Some(held_back) = ledger.judge(claim, restraint, now) else { return Ok(None) };
    let ended = what_has_ended(app, &ledger, &held_back, now).await?;
    ledger.ended(&ended);
    Ok(ledger.judge(claim, restraint, now))
}

/// The captures that would be stopped if `alert` resolved now.
///
/// # Errors
/// [`StoreError`].
pub async fn foresee_stops<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let (captures, _) = store::ledger(&app.platform).await?.resolve(alert, now);
    let mut running = Vec::new();
    for entry in captures.into_iter().filter(|entry| entry.stop) {
        let record = store::load(&app.platform, &entry.name).await?;
        running.extend(record.filter(|record| record.state < State::Ended).map(|record| record.name));
    }
    Ok(running)
}

/// Notes that `alert` has resolved; returns the captures that were taken for them. All of them each
/// time: an earlier delivery may have come no further than this.
///
/// # Errors
/// [`StoreError`].
pub async fn resolve<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let (mut captures, is_news) = store::ledger(&app.platform).await?.resolve(alert, now);
    if !is_news {
        return Ok(captures);
    }
    let _one_at_a_time = turn(app).await;
    for _ in 0..TRIES {
        let mut ledger = store::ledger(&app.platform).await?;
        let (found, is_news) = ledger.resolve(alert, now);
        captures = found;
        if !is_news {
            break;
        }
        store::keep_ledger(&app.platform, &ledger).await?;
        settle(app).await;
    }
    Ok(captures)
}

/// Captures end before their time: those that seem to run are looked at, where that could end what holds another back.
async fn what_has_ended<P: Platform>(
    app: &App<P>,
    ledger: &Ledger,
    held_back: &HeldBack,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    if held_back.reason != ledger::AT_ONCE {
        return Ok(Vec::new());
    }
    let looks = ledger.running(now).into_iter().take(LOOKED_AT).map(|entry| async move {
        let has_ended = match store::load(&app.platform, &entry.name).await? {
            Some(record) if record.held_back.is_none() => record.state >= State::Ended,
            // Admitted (anew, if it was held back before), and then its writer died before it wrote the record.
            _ => now > entry.at.after(WRITTEN_WITHIN),
        };
        Ok(has_ended.then_some(entry.name))
    });
    let seen: Vec<Result<Option<String>, StoreError>> = side_by_side(8, looks).await;
    Ok(seen.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

async fn turn<P: Platform>(app: &App<P>) -> Option<InHand> {
    app.platform.within(TURN_WITHIN, app.turn("(ledger)")).await
}

/// Long enough for another writer's read and write to be over.
pub(super) async fn settle<P: Platform>(app: &App<P>) {
    let chance = u64::from(app.platform.bytes16().last().copied().unwrap_or(0));
    let millis = SETTLE_MILLIS.saturating_add(chance.saturating_mul(SETTLE_MILLIS).wrapping_div(256));
    app.platform.sleep(Duration::from_millis(millis)).await;
}
