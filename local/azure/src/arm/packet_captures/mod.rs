//! Packet captures: get, list, stop, delete and query; [`create`] is the PUT.

mod body;
pub(super) mod create;
mod storage;
mod target;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::error::{ArmError, ArmResult};
use super::operations::{self, Kind, Progress};
use super::{Call, network_watchers, paging};
use crate::answer::{self, Answer};
use crate::captures::session::Session;
use crate::faults::Outcome;
use crate::route::ResourcePath;

const ACTIONS: &str = "Microsoft.Network/networkWatchers/packetCaptures";

/// `GET …/packetCaptures/{name}`
pub(super) fn get(call: &Call<'_>, path: &ResourcePath, name: &str) -> ArmResult {
    let session = existing(call, path, name, "read")?;
    let mut answer = answer::json(StatusCode::OK, &session.resource());
    answer::set(&mut answer, "etag", session.etag());
    Ok(answer)
}

/// `GET …/packetCaptures`
pub(super) fn list(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let (subscription, watcher) = network_watchers::find(call, path, &format!("{ACTIONS}/read"))?;
    let sessions = call.app.captures.of(&subscription.watcher_id(watcher));
    paging::page(call, sessions.iter().map(|session| session.resource()).collect())
}

/// `POST …/stop`: 202; stopping what has ended is no error.
pub(super) fn stop(call: &Call<'_>, path: &ResourcePath, name: &str) -> ArmResult {
    let session = existing(call, path, name, "stop/action")?;
    let operation = call.app.operations.start(call, &session, Kind::Stop);
    let answer = accepted(call, &operation);
    let (app, outcome) = (Arc::clone(call.app), call.req.outcome.clone());
    tokio::spawn(async move {
        app.clock.sleep(Duration::from_millis(app.inventory.timings.stop_ms)).await;
        let progress = match outcome {
            Some(Outcome::OperationFailed { code, message }) => Progress::Failed { code, message },
            _ => {
                session.end("Manual", Vec::new(), app.clock.now(), Some(Duration::ZERO));
                session.learn(app.clock.now());
                Progress::Succeeded
            }
        };
        operation.finish(progress);
        app.record.news();
    });
    Ok(answer)
}

/// `DELETE …/packetCaptures/{name}`: 202, or 204 if there is none. Its file stays.
pub(super) fn delete(call: &Call<'_>, path: &ResourcePath, name: &str) -> ArmResult {
    let (subscription, watcher) = network_watchers::find(call, path, &format!("{ACTIONS}/delete"))?;
    let id = session_id(&subscription.watcher_id(watcher), name);
    let Some(session) = call.app.captures.get(&id) else {
        return Ok(answer::empty(StatusCode::NO_CONTENT));
    };
    let operation = call.app.operations.start(call, &session, Kind::Delete);
    let answer = accepted(call, &operation);
    let (app, outcome) = (Arc::clone(call.app), call.req.outcome.clone());
    if !matches!(outcome, Some(Outcome::OperationFailed { .. })) {
        session.provision("Deleting");
    }
    tokio::spawn(async move {
        app.clock.sleep(Duration::from_millis(app.inventory.timings.delete_ms)).await;
        let progress = match outcome {
            Some(Outcome::OperationFailed { code, message }) => Progress::Failed { code, message },
            _ => {
                // That a running session is stopped first, and keeps its file, is invented.
                session.end("Manual", Vec::new(), app.clock.now(), Some(Duration::ZERO));
                app.captures.remove(&session);
                Progress::Succeeded
            }
        };
        operation.finish(progress);
        app.record.news();
    });
    Ok(answer)
}

/// `POST …/queryStatus`. Until the service knows that the capture ended: 202 with what it believes, which may be stale,
/// and a `Location` where the truth will be. After that: a plain 200. Whether the service ever knows without being asked is
/// not recorded: here a question makes it ask the agent, also if nobody follows its `Location`, and nothing else does;
/// `timings.status_stale_s` lets it learn by itself, or where that is followed.
pub(super) fn query_status(call: &Call<'_>, path: &ResourcePath, name: &str) -> ArmResult {
    let session = existing(call, path, name, "queryStatus/action")?;
    call.app.gone.check_target(&session)?;
    let now = call.app.clock.now();
    if session.is_known_to_have_ended(now) {
        return Ok(answer::json(StatusCode::OK, &session.tell_status(now)));
    }
    let operation = call.app.operations.start(call, &session, Kind::Status(Arc::clone(&session)));
    let mut answer = answer::json(StatusCode::ACCEPTED, &session.believed_status(now));
    answer::set(&mut answer, "location", operation.result_url(call));
    answer::set(&mut answer, "azure-asyncnotification", "Enabled");
    operations::set_retry_after(call, &mut answer);
    let app = Arc::clone(call.app);
    tokio::spawn(async move {
        app.clock.sleep(Duration::from_millis(app.inventory.timings.status_operation_ms)).await;
        if app.inventory.timings.status_stale().is_none() {
            session.learn(app.clock.now());
        }
        operation.finish(Progress::Succeeded);
        app.record.news();
    });
    Ok(answer)
}

/// An empty 202 with everything that leads to its operation.
fn accepted(call: &Call<'_>, operation: &operations::Operation) -> Answer {
    let mut answer = answer::empty(StatusCode::ACCEPTED);
    answer::set(&mut answer, "azure-asyncoperation", operation.url(call));
    answer::set(&mut answer, "location", operation.result_url(call));
    answer::set(&mut answer, "azure-asyncnotification", "Enabled");
    operations::set_retry_after(call, &mut answer);
    answer
}

fn existing(call: &Call<'_>, path: &ResourcePath, name: &str, action: &str) -> ArmResult<Arc<Session>> {
    let (subscription, watcher) = network_watchers::find(call, path, &format!("{ACTIONS}/{action}"))?;
    call.app.captures.get(&session_id(&subscription.watcher_id(watcher), name)).ok_or_else(|| {
        // Which words the service has for this is not known; these are ARM's own.
        ArmError::resource_not_found(
            "Microsoft.Network/networkWatchers/packetCaptures",
            &format!("{}/{name}", watcher.name),
            &watcher.resource_group,
        )
    })
}

/// The ARM id of a session.
pub(super) fn session_id(watcher_id: &str, name: &str) -> String {
    format!("{watcher_id}/packetCaptures/{name}")
}
