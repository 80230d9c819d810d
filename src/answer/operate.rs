//! `POST /api/captures/{name}/stop` and `DELETE /api/captures/{name}`: what an operator does to a capture.

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};

use super::{captures::unavailable, require};
use crate::{
    app::App,
    azure::{arm::Arm, network_watcher},
    capture::{Record, State, exact, note::StopCause, stop, write},
    failure::Failure,
    log::Level,
    platform::Platform,
    problem::{Problem, json},
    store,
};

/// Stops it: 202 with the record, which says so; 200 if it has ended already.
pub(super) async fn stop<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    name: &str,
) -> Result<Response<Bytes>, Problem> {
    require(app, parts, &app.settings().await?.callers.operator)?;
    let is_stopping = stop_it(app, name).await?;
    let record = load(app, name).await?;
    let status = if is_stopping { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok(json(status, &record.public()))
}

/// The same for one who has been let in; false if it has ended already.
pub(super) async fn stop_it<P: Platform>(app: &App<P>, name: &str) -> Result<bool, Problem> {
    load(app, name).await?;
    let is_stopping = stop::stop(app, name, StopCause::Operator, app.platform.now()).await;
    is_stopping.map_err(|error| unavailable(app, &error))
}

/// Deletes the session of one that has ended: 202 with the record, 200 if there is none to delete. The file stays, and so
/// does the record.
pub(super) async fn delete<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    name: &str,
) -> Result<Response<Bytes>, Problem> {
    require(app, parts, &app.settings().await?.callers.operator)?;
    let (is_deleted, record) = delete_it(app, name).await?;
    let status = if is_deleted { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok(json(status, &record.public()))
}

/// The same for one who has been let in; false if there was no session to delete.
pub(super) async fn delete_it<P: Platform>(app: &App<P>, name: &str) -> Result<(bool, Record), Problem> {
    let settings = app.settings().await?;
    let mut record = load(app, name).await?;
    if record.state < State::Ended {
        let detail = format!("It is {}. Stop it first: POST /api/captures/{name}/stop.", record.state.word());
        return Err(Problem::conflict(&detail));
    }
    let Some(capture) = record.capture_id().filter(|_| record.sent_at.is_some()) else {
        return Ok((false, record));
    };
    let other = exact::has_its_name(app, &record, &capture).await;
    if let Some(other) = other.map_err(|error| unavailable(app, &error))? {
        return Err(Problem::conflict(&format!(
            "Nothing was deleted: its session's name is {other}'s by now."
        )));
    }
    let azure = settings.azure_to_capture_in().map_err(|failure| not_done(&failure))?;
    let deleted = network_watcher::delete(&Arm::urgent(app, azure), &capture).await;
    deleted.map_err(|error| not_done(&error.failure))?;
    record.note(app.platform.now(), "the session was deleted: an operator asked for it; its file stays");
    write::save(app, &mut record).await.map_err(|error| unavailable(app, &error))?;
    app.log(Level::Info, "a session was deleted for an operator", &[("capture", name.into())]);
    Ok((true, record))
}

pub(super) async fn load<P: Platform>(app: &App<P>, name: &str) -> Result<Record, Problem> {
    match store::load(&app.platform, name).await {
        Ok(Some(record)) => Ok(record),
        Ok(None) => Err(Problem::not_found("There is no capture of this name.")),
        Err(error) => Err(unavailable(app, &error)),
    }
}

fn not_done(failure: &Failure) -> Problem {
    let advice = failure.advice.as_deref().unwrap_or_default();
    Problem::unavailable(&format!("The session was not deleted: {failure}. {advice}"))
}
