//! What happens behind a caller's back: somebody else stops or deletes a session, an agent fails, a machine or a watcher
//! goes. That all of this happens is known; what Azure answers afterwards is not, so everything here is invented.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use crate::app::App;
use crate::arm::error::{ArmError, ArmResult};
use crate::captures::session::Session;

/// What may happen; `id` is an ARM id, a session's name will do.
#[derive(Debug, Deserialize)]
#[serde(tag = "what", rename_all = "camelCase", deny_unknown_fields)]
enum Happening {
    /// Somebody stops it.
    SessionStopped { id: String },
    /// Somebody deletes it; its file stays.
    SessionDeleted { id: String },
    /// It reaches its bytes.
    SessionFull { id: String },
    /// Its agent fails.
    SessionError {
        id: String,
        #[serde(default = "agent_stopped")]
        errors: Vec<String>,
    },
    /// The machine is deallocated.
    VmStopped {
        id: String,
        #[serde(default)]
        sessions: After,
    },
    /// The machine is deleted.
    VmDeleted {
        id: String,
        #[serde(default)]
        sessions: After,
    },
    /// The watcher is deleted, with all below it.
    WatcherDeleted { id: String },
}

/// What becomes of the sessions on a machine that is gone.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum After {
    /// They stay, in `Error`: `AgentStopped`.
    #[default]
    Error,
    /// They stay, `Stopped` without a reason.
    Stopped,
    /// They stay, but `queryStatus` says that the machine was not found.
    NotFound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Deleted(After),
    Stopped(After),
}

/// The resources that are gone, or stopped, by ARM id in lower case.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    by_id: Mutex<HashMap<String, Lost>>,
}

impl Gone {
    /// Whether this resource was deleted.
    pub(crate) fn is_gone(&self, id: &str) -> bool {
        matches!(self.lost(id), Some(Lost::Deleted(_)))
    }

    /// Whether this machine was stopped.
    pub(crate) fn is_stopped(&self, id: &str) -> bool {
        matches!(self.lost(id), Some(Lost::Stopped(_)))
    }

    /// Refuses a path that leads to, or through, something that was deleted.
    pub(crate) fn check_path(&self, path: &str) -> ArmResult<()> {
        let path = path.to_ascii_lowercase();
        let leads_through =
            |id: &str| path.strip_prefix(id).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        let lost = self.lock();
        let through = lost.iter().find(|(id, lost)| matches!(lost, Lost::Deleted(_)) && leads_through(id));
        through.map_or(Ok(()), |(id, _)| Err(not_found(id)))
    }

    /// Refuses a look at a session whose machine is gone, if that was asked for.
    pub(crate) fn check_target(&self, session: &Session) -> ArmResult<()> {
        match self.lost(session.target()) {
            Some(Lost::Deleted(After::NotFound) | Lost::Stopped(After::NotFound)) => {
                Err(not_found(session.target()))
            }
            _ => Ok(()),
        }
    }

    /// Brings everything back.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lost(&self, id: &str) -> Option<Lost> {
        self.lock().get(&id.to_ascii_lowercase()).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Lost>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(id: &str) -> ArmError {
    let segments: Vec<&str> = id.split('/').collect();
    match segments.as_slice() {
        ["", _, _, _, group, _, provider, kind, name, ..] => {
            ArmError::resource_not_found(&format!("{provider}/{kind}"), name, group)
        }
        _ => ArmError::resource_not_found("resource", id, ""),
    }
}

fn agent_stopped() -> Vec<String> {
    vec!["AgentStopped".into()]
}

/// Lets something happen; returns the ids of the sessions that it concerns.
pub(crate) fn happen(app: &App, body: &[u8]) -> Result<Vec<String>, String> {
    let happening: Happening = serde_json::from_slice(body)
        .map_err(|error| format!("not something that may happen: {error}. Send {{\"what\":\"vmDeleted\",\"id\":\"/subscriptions/…\"}}."))?;
    let now = app.clock.now();
    let stale = app.inventory.timings.status_stale();
    let sessions = match happening {
        Happening::SessionStopped { id } => {
            let session = session(app, &id)?;
            session.end("Manual", Vec::new(), now, Some(Duration::ZERO));
            vec![session]
        }
        Happening::SessionDeleted { id } => {
            let session = session(app, &id)?;
            session.end("Manual", Vec::new(), now, Some(Duration::ZERO));
            app.captures.remove(&session);
            vec![session]
        }
        Happening::SessionFull { id } => {
            let session = session(app, &id)?;
            session.end("", Vec::new(), now, stale);
            vec![session]
        }
        Happening::SessionError { id, errors } => {
            let session = session(app, &id)?;
            session.end("", errors, now, stale);
            vec![session]
        }
        Happening::VmStopped { id, sessions } => lose_machine(app, &id, Lost::Stopped(sessions), sessions)?,
        Happening::VmDeleted { id, sessions } => lose_machine(app, &id, Lost::Deleted(sessions), sessions)?,
        Happening::WatcherDeleted { id } => {
            let known = app.inventory.subscriptions.iter().any(|subscription| {
                subscription.watchers.iter().any(|one| subscription.watcher_id(one).eq_ignore_ascii_case(&id))
            });
            if !known {
                return Err(format!("there is no watcher {id}"));
            }
            app.gone.lock().insert(id.to_ascii_lowercase(), Lost::Deleted(After::NotFound));
            let sessions = app.captures.of(&id);
            for session in &sessions {
                session.end("Manual", Vec::new(), now, Some(Duration::ZERO));
                app.captures.remove(session);
            }
            sessions
        }
    };
    app.record.news();
    Ok(sessions.iter().map(|session| session.id.clone()).collect())
}

fn session(app: &App, id: &str) -> Result<Arc<Session>, String> {
    let is_it =
        |session: &Arc<Session>| session.id.eq_ignore_ascii_case(id) || session.name.eq_ignore_ascii_case(id);
    app.captures.of("").into_iter().find(is_it).ok_or_else(|| format!("there is no session {id}"))
}

fn lose_machine(app: &App, id: &str, lost: Lost, after: After) -> Result<Vec<Arc<Session>>, String> {
    let known = app.inventory.subscriptions.iter().any(|subscription| {
        subscription.machines.iter().any(|one| subscription.machine_id(one).eq_ignore_ascii_case(id))
    });
    if !known {
        return Err(format!("there is no virtual machine {id}"));
    }
    app.gone.lock().insert(id.to_ascii_lowercase(), lost);
    let mut sessions = app.captures.of("");
    sessions.retain(|session| session.target().eq_ignore_ascii_case(id));
    let errors = if after == After::Error { agent_stopped() } else { Vec::new() };
    for session in &sessions {
        session.end("", errors.clone(), app.clock.now(), app.inventory.timings.status_stale());
    }
    Ok(sessions)
}
