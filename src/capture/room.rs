//! Whether a watcher has room for a further session: as many as are allowed may exist, running or ended.

use std::time::Duration;

use super::{Record, evict, start::Start};
use crate::{
    azure::{
        arm::{Arm, ArmError},
        network_watcher::{self, Session},
        resource_id::ResourceId,
    },
    platform::Platform,
    settings::OnLimit,
    store::{self, Place, SessionCount},
    time::Timestamp,
};

/// A count of sessions is good for so long.
const COUNT_LASTS: Duration = Duration::from_mins(5);
/// The list of ten thousand sessions has many pages.
const COUNT_WITHIN: Duration = Duration::from_secs(10);
/// A count this close to the limit is not good at all.
const COUNT_MARGIN: u32 = 50;

impl<P: Platform> Start<'_, P> {
    /// Whether a session may be started without counting. At the limit a remembered count is checked before anything is
    /// started; where nothing good is remembered, the count is read beside the PUT.
    pub(super) async fn has_room(
        &self,
        arm: &Arm<'_, P>,
        place: &Place,
        record: &mut Record,
    ) -> Result<bool, ArmError> {
        let now = self.app.platform.now();
        let key = store::sessions_key(&place.watcher);
        let Some(known) = store::hint::<SessionCount>(&self.app.platform, &key).await else {
            return Ok(false);
        };
        if known.count < self.limit {
            return Ok(is_good(&known, self.limit, now));
        }
        let sessions = network_watcher::sessions(arm, &place.watcher).await?;
        self.remember_count(place, &sessions).await;
        // With our own among them, an earlier PUT of ours has been taken.
        let name = record.session_name();
        let is_there = sessions.iter().any(|session| session.name() == name);
        let others = others(&sessions, name);
        if is_there || others < self.limit {
            return Ok(true);
        }
        if self.can_make_room(arm, record, place, &sessions).await? {
            return Err(evict::being_deleted());
        }
        let message = format!("the watcher {} has {others} sessions", place.watcher.name());
        Err(ArmError::unable("sessionLimit", &message))
    }

    /// The sessions, or why they cannot be had soon: the answer to the PUT does not wait for them.
    pub(super) async fn count_in_time(
        &self,
        arm: &Arm<'_, P>,
        watcher: &ResourceId,
    ) -> Result<Vec<Session>, ArmError> {
        let list = network_watcher::sessions(arm, watcher);
        let too_slow = || Err(ArmError::unable("tooSlow", "the list of sessions takes too long"));
        self.app.platform.within(COUNT_WITHIN, list).await.unwrap_or_else(too_slow)
    }

    /// Counts the sessions that were read beside its PUT. One beyond the limit is taken back, unless ended ones make room;
    /// one that was there before never is: it has been capturing.
    pub(super) async fn count(
        &self,
        arm: &Arm<'_, P>,
        record: &mut Record,
        place: &Place,
        sessions: &[Session],
        is_new: bool,
    ) {
        self.remember_count(place, sessions).await;
        if !is_new || others(sessions, record.session_name()) < self.limit {
            return;
        }
        let room = self.can_make_room(arm, record, place, sessions).await;
        if let Err(error) = &room {
            let note = format!("no ended session could be deleted: {}", error.failure);
            record.note(self.app.platform.now(), note);
        }
        record.withdraw = !matches!(room, Ok(true));
    }

    /// Whether our own sessions that have ended make room for it: they are being deleted then.
    async fn can_make_room(
        &self,
        arm: &Arm<'_, P>,
        record: &mut Record,
        place: &Place,
        sessions: &[Session],
    ) -> Result<bool, ArmError> {
        if self.on_limit == OnLimit::Fail {
            return Ok(false);
        }
        let others = others(sessions, record.session_name());
        let wanted = others.saturating_add(1).saturating_sub(self.limit);
        let evicted = evict::evict(self.app, arm, &place.watcher, sessions, wanted).await?;
        if !evicted.names.is_empty() {
            let names = evicted.names.join(", ");
            record
                .note(self.app.platform.now(), format!("at the limit, ended sessions are deleted: {names}"));
        }
        if let Some(refusal) = &evicted.refusal {
            let note = format!("an ended session could not be deleted to make room: {refusal}");
            record.note(self.app.platform.now(), note);
        }
        Ok(evicted.is_enough)
    }

    async fn remember_count(&self, place: &Place, sessions: &[Session]) {
        let count = u32::try_from(sessions.len()).unwrap_or(u32::MAX);
        let hint = SessionCount { count, at: self.app.platform.now() };
        store::keep_hint(&self.app.platform, &store::sessions_key(&place.watcher), &hint).await;
    }
}

/// The sessions that count before ours. Of those being provisioned at this moment only the ones with a lesser name do:
/// of several started at once, each seeing the others, not all are taken back. What starts within the seconds that
/// provisioning takes can therefore pass the limit by a few; what comes after cannot. One that is being deleted counts
/// until it is gone.
fn others(sessions: &[Session], name: &str) -> u32 {
    let counts = |session: &&Session| {
        let is_beginning = session.properties.is_provisioning() && !session.properties.is_being_deleted();
        session.name() != name && (!is_beginning || session.name() < name)
    };
    u32::try_from(sessions.iter().filter(counts).count()).unwrap_or(u32::MAX)
}

fn is_good(known: &SessionCount, limit: u32, now: Timestamp) -> bool {
    now.since(known.at) < COUNT_LASTS && known.count.saturating_add(COUNT_MARGIN) < limit
}
