//! Packet capture sessions: which there are. [`session`] is one's state, [`life`] is how it goes.

pub(crate) mod life;
pub(crate) mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use session::Session;

/// Why a session cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAdded {
    /// One of this name is there.
    Exists,
    /// The region has as many as it may.
    Full,
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Captures {
    by_id: Mutex<Sessions>,
}

#[derive(Default)]
struct Sessions {
    count: u64,
    /// By ARM id in lower case.
    by_id: HashMap<String, Arc<Session>>,
}

impl Captures {
    /// Adds one, checking name and limit in the same breath, so that of ten at once exactly one is added.
    pub(crate) fn add(&self, mut session: Session, limit: usize) -> Result<Arc<Session>, NotAdded> {
        let mut sessions = self.lock();
        let key = session.id.to_ascii_lowercase();
        if sessions.by_id.contains_key(&key) {
            return Err(NotAdded::Exists);
        }
        let in_region = sessions.by_id.values().filter(|other| other.counts_with(&session)).count();
        if in_region >= limit {
            return Err(NotAdded::Full);
        }
        sessions.count += 1;
        session.order = sessions.count;
        let session = Arc::new(session);
        sessions.by_id.insert(key, Arc::clone(&session));
        Ok(session)
    }

    /// The session with this ARM id.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Session>> {
        self.lock().by_id.get(&id.to_ascii_lowercase()).cloned()
    }

    /// Whether this very session is still there.
    pub(crate) fn has(&self, session: &Session) -> bool {
        self.get(&session.id).is_some_and(|found| found.order == session.order)
    }

    /// Removes this very session; one of the same name that came later stays.
    pub(crate) fn remove(&self, session: &Session) {
        let mut sessions = self.lock();
        let key = session.id.to_ascii_lowercase();
        if sessions.by_id.get(&key).is_some_and(|found| found.order == session.order) {
            sessions.by_id.remove(&key);
        }
    }

    /// All of a watcher's, oldest first; all there are for an empty id.
    pub(crate) fn of(&self, watcher_id: &str) -> Vec<Arc<Session>> {
        let watcher_id = watcher_id.to_ascii_lowercase();
        let mut found: Vec<_> = self
            .lock()
            .by_id
            .iter()
            .filter(|(id, _)| watcher_id.is_empty() || id.starts_with(&format!("{watcher_id}/")))
            .map(|(_, session)| Arc::clone(session))
            .collect();
        found.sort_by_key(|session| session.order);
        found
    }

    /// Forgets them all; what still runs comes to nothing.
    pub(crate) fn clear(&self) {
        for (_, session) in self.lock().by_id.drain() {
            session.cancel();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
