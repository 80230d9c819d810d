//! `GET /api/captures/{name}/file`: the file itself, passed on from storage as it comes. Of several, `?file=` says which.

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header::CONTENT_RANGE, request::Parts};

use super::{
    Answered,
    operate::load,
    require_operator,
    summary::{no_such_file, until_its_end, which},
};
use crate::{
    app::App,
    azure::{
        arm::{ArmError, ErrorKind},
        blob::Storage,
    },
    capture::{Record, State},
    log::Level,
    platform::Platform,
    problem::{Problem, harden},
    view::{
        download,
        find::{blob, find},
    },
};

/// A file that Azure should have uploaded by now is asked for again after so many seconds.
const AGAIN: i64 = 30;
/// So many seconds after a capture's end its file is no longer waited for.
const UPLOADED_WITHIN: i64 = 3_600;

/// The file, or a part of it, or that it is the one that is known; streamed.
pub(super) async fn file<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    name: &str,
) -> Result<Answered<P::Stream>, Problem> {
    require_operator(app, parts).await?;
    let index = which(super::query(parts, "file").as_deref())?;
    let settings = app.settings().await?;
    let mut record = load(app, name).await?;
    if record.storage_path.is_none() {
        return Err(no_path(app, &record));
    }
    let Some(azure) = &settings.azure else {
        let words = settings.obstacle().unwrap_or_default();
        return Err(Problem::unavailable(&format!("The file cannot be fetched: {words}.")));
    };
    let storage = Storage::new(app, azure);
    if record.files.get(index).is_none() {
        let found = find(&storage, &settings, &mut record).await;
        found.map_err(|error| refused(app, &record, &error))?;
    }
    let Some(file) = record.files.get(index) else { return Err(no_such_file(&record, index)) };
    let get = async |wanted: &HeaderMap| {
        storage.get(&blob(&settings, &record, &file.url)?, &parts.method, wanted).await
    };
    let wanted = download::wanted(&parts.headers);
    let mut answer = get(&wanted.headers).await;
    if let (Ok(StatusCode::PRECONDITION_FAILED), Some(whole)) =
        (answer.as_ref().map(Response::status), &wanted.or_else)
    {
        answer = get(whole).await;
    }
    let (head, body) = answer.map_err(|error| refused(app, &record, &error))?.into_parts();
    match head.status {
        StatusCode::PRECONDITION_FAILED => return Err(Problem::precondition_failed()),
        StatusCode::RANGE_NOT_SATISFIABLE => {
            return Err(Problem::range_not_satisfiable(head.headers.get(CONTENT_RANGE).cloned()));
        }
        _ => {}
    }
    let (mut own, ()) = Response::new(()).into_parts();
    own.status = head.status;
    own.headers = download::headers(&head.headers, &record, file);
    harden(&mut own.headers);
    Ok(if parts.method == Method::HEAD || head.status == StatusCode::NOT_MODIFIED {
        Answered::Whole(Response::from_parts(own, Bytes::new()))
    } else {
        Answered::Streamed(Response::from_parts(own, body))
    })
}

/// Azure has named no file.
fn no_path<P: Platform>(app: &App<P>, record: &Record) -> Problem {
    if let Some(error) = &record.error {
        return Problem::not_found(format!("It left no file, for it failed: {error}."));
    }
    if let Some(path) = on_the_machine_only(record) {
        return Problem::not_found(format!("Its file is on the machine only: {path}."));
    }
    if record.state < State::Ended {
        return not_yet(app, record);
    }
    Problem::not_found("It left no file: nothing was captured.")
}

fn on_the_machine_only(record: &Record) -> Option<&str> {
    let place = record.parameters.storage_location.as_ref().filter(|place| place.storage_id.is_none())?;
    place.file_path.as_deref().or(place.local_path.as_deref())
}

/// Azure uploads when a capture is over.
fn not_yet<P: Platform>(app: &App<P>, record: &Record) -> Problem {
    let detail = "The file is not there yet: Azure uploads it when the capture has ended.";
    Problem::not_found(detail).retry_after(until_its_end(app, record, AGAIN))
}

/// Storage's refusal, in its words and with advice.
fn refused<P: Platform>(app: &App<P>, record: &Record, error: &ArmError) -> Problem {
    let now = app.platform.now();
    if error.failure.status == Some(404) || error.failure.code == "BlobNotFound" {
        return match record.ended_at.filter(|_| record.state >= State::Ended) {
            None => not_yet(app, record),
            Some(ended) if now < ended.after(UPLOADED_WITHIN) => {
                Problem::not_found("The file is not there yet: Azure is uploading it.").retry_after(AGAIN)
            }
            Some(_) => Problem::not_found("The file is not there: it was deleted, or never uploaded."),
        };
    }
    let fields = [("capture", record.name.as_str().into()), ("error", error.failure.to_string().into())];
    app.log(Level::Warn, "a file could not be fetched", &fields);
    let advice = error.failure.advice.as_deref().unwrap_or_default();
    let detail = format!("The file cannot be fetched: {}. {advice}", error.failure);
    match error.kind {
        ErrorKind::Passing => Problem::unavailable(&detail),
        ErrorKind::Refused(_) | ErrorKind::Unable => Problem::conflict(&detail),
    }
}
