//! Making room on a watcher that has as many sessions as are allowed: our own oldest ones that have ended are deleted.
//!
//! Ours is a session of which the store holds the record; what it does not know of is somebody else's, also if its name
//! looks like ours. The files stay.

use super::{Record, State, name, write};
use crate::{
    app::App,
    azure::{
        arm::{Arm, ArmError, ErrorKind},
        network_watcher::{self, Session},
        resource_id::ResourceId,
    },
    failure::Failure,
    platform::Platform,
    sort::sort_by,
    store,
    time::Timestamp,
};

/// Azure deletes a session within so many seconds.
const DELETION: i64 = 5;
/// So many more than needed are deleted, for the alerts that come next.
const HEADROOM: u32 = 4;
/// Records that are read at most to find them.
const READ: usize = 50;
/// A session is over so long after its time limit at the latest, whatever its record says.
const SURELY_OVER: i64 = 10 * 60;

/// What was done.
pub(super) struct Evicted {
    /// Sessions that are being deleted by this call.
    pub(super) names: Vec<String>,
    /// Whether there is room once all of them are gone, and those that were being deleted before.
    pub(super) is_enough: bool,
}

/// Deletes as many of `sessions` as are `wanted`, or as there are.
///
/// # Errors
/// [`ArmError`] where Azure does not delete one, or the store cannot be asked whose they are.
pub(super) async fn evict<P: Platform>(
    app: &App<P>,
    arm: &Arm<'_, P>,
    watcher: &ResourceId,
    sessions: &[Session],
    wanted: u32,
) -> Result<Evicted, ArmError> {
    let going = sessions.iter().filter(|session| session.properties.is_being_deleted()).count();
    let going = u32::try_from(going).unwrap_or(u32::MAX);
    let mut names = Vec::new();
    if going < wanted {
        let most = usize::try_from(wanted.saturating_sub(going).saturating_add(HEADROOM)).unwrap_or(READ);
        for (id, record) in oldest(app, watcher, sessions, most).await? {
            network_watcher::delete(arm, &id).await?;
            note_deletion(app, record).await;
            names.push(id.name().to_owned());
        }
    }
    let made = u32::try_from(names.len()).unwrap_or(u32::MAX);
    Ok(Evicted { names, is_enough: going.saturating_add(made) >= wanted })
}

/// The start is tried again once they are gone.
pub(super) fn being_deleted() -> ArmError {
    let why =
        "the watcher has as many sessions as are allowed; ended ones of alertcap's own are deleted first";
    let failure = Box::new(Failure::new("makingRoom", why));
    ArmError { kind: ErrorKind::Passing, failure, retry_after: Some(DELETION) }
}

/// The oldest sessions that are ours and have ended, with their records.
async fn oldest<P: Platform>(
    app: &App<P>,
    watcher: &ResourceId,
    sessions: &[Session],
    most: usize,
) -> Result<Vec<(ResourceId, Record)>, ArmError> {
    // Neither under way nor being deleted: that may be over.
    let may_be_over = |session: &&Session| !session.properties.is_provisioning();
    let mut names: Vec<&str> = sessions.iter().filter(may_be_over).map(Session::name).collect();
    let order = |name| (!name::is_derived(name), name::time_part(name).to_owned(), name.to_owned());
    sort_by(&mut names, |a, b| order(a).cmp(&order(b)));
    let mut found = Vec::new();
    for name in names.into_iter().take(READ) {
        if found.len() >= most {
            break;
        }
        let Ok(id) = watcher.child("packetCaptures", name) else { continue };
        let record = record_of(app, &id).await.map_err(|error| {
            let failure = Box::new(Failure::new("store", error.to_string()));
            ArmError { kind: ErrorKind::Passing, failure, retry_after: None }
        })?;
        let now = app.platform.now();
        found.extend(record.filter(|record| is_over(record, &id, now)).map(|record| (id, record)));
    }
    Ok(found)
}

/// The record of a session: by its own name, or by that of the capture which last asked for a name that a rule gives.
async fn record_of<P: Platform>(
    app: &App<P>,
    id: &ResourceId,
) -> Result<Option<Record>, crate::platform::StoreError> {
    if let Some(record) = store::load(&app.platform, id.name()).await? {
        return Ok(Some(record));
    }
    match store::hint::<String>(&app.platform, &store::exact_key(id)).await {
        Some(name) => store::load(&app.platform, &name).await,
        None => Ok(None),
    }
}

/// Whether Azure has said that the capture is over, or its time limit has long passed. A record that gave up on Azure is
/// no proof.
fn is_over(record: &Record, id: &ResourceId, now: Timestamp) -> bool {
    let surely = record.sent_at.map(|sent| {
        let longest = i64::from(record.parameters.longest());
        sent.after(longest).after(SURELY_OVER)
    });
    record.capture_id().as_ref() == Some(id)
        && record.state >= State::Ended
        && (record.stop_reason.is_some() || surely.is_some_and(|over| now > over))
}

/// Its own record says so too.
async fn note_deletion<P: Platform>(app: &App<P>, mut record: Record) {
    record.note(app.platform.now(), "the session was deleted to make room for others; its file stays");
    // A note, and no step: one that cannot be written is not worth a capture.
    _ = write::save(app, &mut record).await;
}
