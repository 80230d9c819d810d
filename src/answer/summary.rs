//! `GET /api/captures/{name}/summary`: what was on the wire, as it is kept. Of several files `?file=` says which, from 0.

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};

use super::{captures::unavailable, operate::load, query, require_operator};
use crate::{
    app::App,
    capture::{Record, State},
    json,
    platform::{Platform, StoreError},
    problem::{self, Problem},
    retry::whole_seconds,
    settings::Settings,
    view::files::{CaptureFile, Progress, summary_key},
};

/// What is not there yet is asked for again after so many seconds.
const AGAIN: i64 = 10;

pub(super) async fn one<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    name: &str,
) -> Result<Response<Bytes>, Problem> {
    let settings = app.settings().await?;
    require_operator(app, parts).await?;
    let record = load(app, name).await?;
    let index = which(query(parts, "file").as_deref())?;
    let Some(file) = record.files.get(index) else { return Err(missing(&record, index, &settings, app)) };
    if file.summary != Progress::Done {
        return Err(unfinished(file));
    }
    let kept = app.platform.get(&summary_key(name, index)).await;
    let kept = kept.map_err(|error| unavailable(app, &error))?;
    let kept = kept.ok_or_else(|| StoreError("a summary is missing".to_owned()));
    let tree = kept.and_then(|bytes| json::tree(&bytes).map_err(|error| StoreError(error.to_string())));
    Ok(problem::json(StatusCode::OK, &tree.map_err(|error| unavailable(app, &error))?))
}

/// The file that is asked for.
pub(super) fn which(file: Option<&str>) -> Result<usize, Problem> {
    let bad = || {
        Problem::bad_request(
            "bad-file",
            "Bad file",
            "file is a number from 0: the file's place among the record's files.",
        )
    };
    file.map_or(Ok(0), |file| file.parse().map_err(|_| bad()))
}

/// It has files, and none at this place.
pub(super) fn no_such_file(record: &Record, index: usize) -> Problem {
    let files = record.files.len();
    Problem::not_found(format!("It has {files} files, counted from 0; there is none {index}."))
}

/// Seconds until a capture's time limit ends it; `least` where that is sooner or not known.
pub(super) fn until_its_end<P: Platform>(app: &App<P>, record: &Record, least: i64) -> i64 {
    record.expected_end.map_or(least, |end| whole_seconds(end.since(app.platform.now())).max(least))
}

fn missing<P: Platform>(record: &Record, index: usize, settings: &Settings, app: &App<P>) -> Problem {
    if !record.files.is_empty() {
        return no_such_file(record, index);
    }
    if record.state < State::Ended {
        let end = until_its_end(app, record, AGAIN);
        return Problem::not_found("The capture has not ended; its file is read after that.")
            .retry_after(end);
    }
    if record.to_read.is_some() {
        return Problem::not_found("The file was not read yet.").retry_after(AGAIN);
    }
    Problem::not_found(match (settings.files.summary, &record.storage_path) {
        (_, None) => "It left no file in a storage account.",
        (true, Some(_)) => "Its file was not read.",
        (false, Some(_)) => "Its file was not read: summary is \"off\".",
    })
}

fn unfinished(file: &CaptureFile) -> Problem {
    match (&file.error, file.summary) {
        (Some(error), Progress::Failed) => {
            let advice = error.advice.as_deref().unwrap_or_default();
            Problem::not_found(format!("The file could not be read: {error}. {advice}"))
        }
        (_, Progress::Waiting) => Problem::not_found("The file was not read yet.").retry_after(AGAIN),
        _ => Problem::not_found(format!("The file is being read: {} bytes so far.", file.read))
            .retry_after(AGAIN),
    }
}
