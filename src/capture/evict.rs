//! Making room on a watcher that has as many sessions as are allowed: our own oldest ones that have ended are deleted.
//!
//! Ours is a session of which the store holds the record; what it does not know of is somebody else's, also if its name
//! looks like ours. The files stay.

use std::collections::HashSet;

use super::{Record, State, exact, name, write};
use crate::{
    app::App,
    azure::{
        arm::{Arm, ArmError, ErrorKind},
        network_watcher::{self, Session},
        resource_id::ResourceId,
    },
    failure::Failure,
    log::Level,
    platform::{Platform, StoreError},
    sort::sort_by,
    store::{self, Hint, Keys},
    time::Timestamp,
};

/// So many more than needed are deleted, for the alerts that come next.
const HEADROOM: u32 = 4;
/// Records that are read at most to find them.
const READ: usize = 50;
/// So many of them are the oldest sessions'; the others are chosen by chance, for what cannot be deleted grows old.
const OLDEST: usize = 30;
/// A session is over so long after its time limit at the latest, whatever its record says.
const SURELY_OVER: i64 = 10 * 60;

/// What was done.
#[derive(Default)]
pub(super) struct Evicted {
    /// Sessions that are being deleted by this call.
    pub(super) names: Vec<String>,
    /// Whether there is room once all of them are gone, and those that were being deleted before.
    pub(super) is_enough: bool,
    /// Why one of ours that has ended was not deleted.
    pub(super) refusal: Option<Box<Failure>>,
}

/// Deletes as many of `sessions` as are `wanted`, or as there are. One that Azure does not delete is left to others.
///
/// # Errors
/// [`ArmError`] where Azure does not answer for now, or the store cannot be asked whose they are.
pub(super) async fn evict<P: Platform>(
    app: &App<P>,
    arm: &Arm<'_, P>,
    watcher: &ResourceId,
    sessions: &[Session],
    wanted: u32,
) -> Result<Evicted, ArmError> {
    let going = sessions.iter().filter(|session| session.properties.is_being_deleted()).count();
    let going = u32::try_from(going).unwrap_or(u32::MAX);
    let mut evicted = Evicted { is_enough: going >= wanted, ..Evicted::default() };
    if evicted.is_enough {
        return Ok(evicted);
    }
    let mut made = going;
    let keys = store::list(&app.platform).await.map_err(|error| unknown(&error))?;
    for (session, id) in candidates(app, watcher, sessions, keys) {
        if made >= wanted.saturating_add(HEADROOM) {
            break;
        }
        let record = record_of(app, &id).await.map_err(|error| unknown(&error))?;
        let Some(record) = record.filter(|record| is_over(record, session, &id, app.platform.now())) else {
            continue;
        };
        match network_watcher::delete(arm, &id).await {
            Ok(()) => {
                note_deletion(app, record).await;
                evicted.names.push(id.name().to_owned());
                made = made.saturating_add(1);
            }
            Err(error) if matches!(error.kind, ErrorKind::Refused(_)) => {
                let fields = [("session", id.name().into()), ("reason", error.failure.to_string().into())];
                app.log(Level::Warn, "an ended session could not be deleted to make room", &fields);
                evicted.refusal = Some(error.failure);
            }
            // What is more than enough can wait.
            Err(_) if made >= wanted => break,
            Err(error) => return Err(error),
        }
    }
    evicted.is_enough = made >= wanted;
    Ok(evicted)
}

/// The start is tried again once they are gone.
pub(super) fn being_deleted() -> ArmError {
    let why =
        "the watcher has as many sessions as are allowed; ended ones of alertcap's own are deleted first";
    ArmError::passing("makingRoom", why, Some(network_watcher::DELETION))
}

fn unknown(error: &StoreError) -> ArmError {
    ArmError::passing("store", &error.to_string(), None)
}

/// The sessions that may be ours, as far as the keys say: those named as a record is, and those of whose name a hint says
/// who asked for it last. The oldest first.
fn candidates<'a, P: Platform>(
    app: &App<P>,
    watcher: &ResourceId,
    sessions: &'a [Session],
    keys: Keys,
) -> Vec<(&'a Session, ResourceId)> {
    let exact = keys.hints.iter().filter(|(kind, _)| *kind == Hint::Exact).map(|(_, key)| key.clone());
    let exact: HashSet<String> = exact.collect();
    let names: HashSet<String> = keys.all().into_iter().collect();
    // Neither under way nor being deleted: that may be over.
    let may_be_over = sessions.iter().filter(|session| !session.properties.is_provisioning());
    let with_id = may_be_over
        .filter_map(|session| watcher.child("packetCaptures", session.name()).ok().map(|id| (session, id)));
    let is_candidate = |(session, id): &(&Session, ResourceId)| {
        names.contains(session.name()) || !exact.is_empty() && exact.contains(&store::exact_key(id))
    };
    let mut found: Vec<_> = with_id.filter(is_candidate).collect();
    // A name that a rule gives has no time; such sessions are few.
    let order = |session: &Session| {
        let name = session.name();
        (!names.contains(name), name::time_part(name).to_owned(), name.to_owned())
    };
    sort_by(&mut found, |(a, _), (b, _)| order(a).cmp(&order(b)));
    let mut others = found.split_off(OLDEST.min(found.len()));
    let first = app.by_chance(others.len());
    found.extend(others.split_off(first));
    found.extend(others);
    found.truncate(READ);
    found
}

/// The record of a session: by its own name, or by that of the capture which last asked for a name that a rule gives.
async fn record_of<P: Platform>(app: &App<P>, id: &ResourceId) -> Result<Option<Record>, StoreError> {
    if let Some(record) = store::load(&app.platform, id.name()).await? {
        return Ok(Some(record));
    }
    match exact::last_to_ask(app, id).await? {
        Some(name) => store::load(&app.platform, &name).await,
        None => Ok(None),
    }
}

/// Whether Azure has said that the capture is over, or its time limit has long passed. A record that gave up on Azure is
/// no proof.
fn is_over(record: &Record, session: &Session, id: &ResourceId, now: Timestamp) -> bool {
    let surely = record.sent_at.map(|sent| {
        let longest = i64::from(record.parameters.longest());
        sent.after(longest).after(SURELY_OVER)
    });
    record.capture_id().as_ref() == Some(id)
        && session.properties.is_on(&record.machine)
        && record.state >= State::Ended
        && (record.stop_reason.is_some() || surely.is_some_and(|over| now > over))
}

/// Its own record says so too.
async fn note_deletion<P: Platform>(app: &App<P>, mut record: Record) {
    record.note(app.platform.now(), "the session was deleted to make room for others; its file stays");
    // A note, and no step: one that cannot be written is not worth a capture.
    _ = write::save(app, &mut record).await;
}
