//! Sessions whose name a rule gives: what to do with one that has it already.
//!
//! Names derived from the alert can only meet themselves. A given name can meet another alert's session, or somebody
//! else's: it is kept, or replaced when it has ended. A running capture is never deleted to make room for another.

use super::{Record, start::Start};
use crate::{
    app::App,
    azure::{
        arm::{Arm, ArmError},
        network_watcher::{self, Session},
        resource_id::ResourceId,
    },
    platform::{Platform, StoreError},
    rules::OnConflict,
    store,
};

/// Who has the name.
pub(super) enum Found {
    /// Nobody: it may be asked for.
    Nobody,
    /// This capture: the answer to an earlier PUT was lost.
    Ours(Session),
}

/// The capture that last asked for the session `id`, if a rule gives its name.
///
/// # Errors
/// [`StoreError`] when that is not known.
pub(super) async fn last_to_ask<P: Platform>(
    app: &App<P>,
    id: &ResourceId,
) -> Result<Option<String>, StoreError> {
    store::read_hint(&app.platform, &store::exact_key(id)).await
}

/// The capture that has asked for `record`'s session since, where a rule gives the name: what Azure says of the name is
/// then about that one's session, and so would be what is done to it.
///
/// # Errors
/// [`StoreError`] when that is not known.
pub async fn has_its_name<P: Platform>(
    app: &App<P>,
    record: &Record,
    session: &ResourceId,
) -> Result<Option<String>, StoreError> {
    if record.session.is_none() {
        return Ok(None);
    }
    let last = last_to_ask(app, session).await?;
    Ok(last.filter(|last| *last != record.name))
}

impl<P: Platform> Start<'_, P> {
    /// Whether `record` is the capture that last asked for the session `id`.
    pub(super) async fn asked_last(&self, record: &Record, id: &ResourceId) -> bool {
        matches!(last_to_ask(self.app, id).await, Ok(Some(last)) if last == record.name)
    }

    /// Keeps that `record` is that capture.
    pub(super) async fn asks(&self, record: &Record, id: &ResourceId) {
        store::keep_hint(&self.app.platform, &store::exact_key(id), &record.name).await;
    }

    /// Sees to it that the name is free, or says why it is not.
    pub(super) async fn make_way(
        &self,
        arm: &Arm<'_, P>,
        record: &Record,
        id: &ResourceId,
        on_conflict: OnConflict,
    ) -> Result<Found, ArmError> {
        let session = match network_watcher::read(arm, id).await {
            Ok(session) => session,
            Err(error) if error.is_not_found() => {
                // Before the PUT, so that its lost answer is known for this capture's own.
                self.asks(record, id).await;
                return Ok(Found::Nobody);
            }
            Err(error) => return Err(error),
        };
        if session.properties.is_on(&record.machine) && self.asked_last(record, id).await {
            return Ok(Found::Ours(session));
        }
        let name = id.name();
        if on_conflict == OnConflict::Keep {
            let message = format!("a session called {name} exists, and the rule keeps it (on_conflict)");
            return Err(ArmError::unable("nameTaken", &message));
        }
        if session.properties.is_being_deleted() {
            return Err(later(&format!("the session called {name} is being deleted")));
        }
        // Provisioned or captures: it is somebody's. One that could not be provisioned never captured, and has no status.
        let has_ended = session.properties.has_failed()
            || !session.properties.is_provisioning() && self.has_ended(arm, id).await?;
        if !has_ended {
            let message = format!(
                "a session called {name} is running, and no running capture is ever deleted for another"
            );
            return Err(ArmError::unable("nameInUse", &message));
        }
        match network_watcher::delete(arm, id).await {
            Err(error) if !error.is_conflict() => return Err(error),
            // Azure is busy with it: then it is not free yet either.
            _ => {}
        }
        Err(later(&format!("the ended session called {name} is deleted first (on_conflict)")))
    }

    /// Whether the session has ended. What Azure says at once can be stale, so its answer is waited for.
    async fn has_ended(&self, arm: &Arm<'_, P>, id: &ResourceId) -> Result<bool, ArmError> {
        let mut answer = network_watcher::query_status(arm, id).await?;
        for _ in 0..4 {
            if let Some(status) = network_watcher::status(&answer)? {
                return Ok(status.is_over);
            }
            let Some(location) = answer.location().map(str::to_owned) else { break };
            let pause = answer.retry_after(self.app.platform.now()).unwrap_or(1).min(3);
            let pause = std::time::Duration::from_secs(u64::try_from(pause).unwrap_or(1));
            self.app.platform.sleep(pause).await;
            answer = arm.send(http::Method::GET, &location, None).await?;
        }
        Err(later("whether the session that has the name still runs is not known yet"))
    }
}

pub(super) fn later(why: &str) -> ArmError {
    ArmError::passing("nameNotFreeYet", why, Some(network_watcher::DELETION))
}
