//! A request in, an answer out: one of those the design names, never 500 by decision.

mod alerts;
mod captures;
mod delivery;
mod dry_run;
mod file;
mod health;
mod operate;
mod page;
mod summary;
mod sweep;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header, request::Parts};
use serde_json::Value;

use crate::{
    app::App,
    caller::{
        Refusal,
        key::{Given, Keys},
    },
    log::Level,
    page::{origin::cookie_name, session::Session},
    platform::Platform,
    problem::Problem,
    route::{Route, is_of_the_page, query},
};

/// A body somewhat too large is read to its end, up to so many times what is kept, and dropped: a sender whose
/// connection is closed while it sends sees no answer.
pub const DRAINED: usize = 4;

/// A body of 256 KB takes no longer than this.
const BODY_WITHIN: Duration = Duration::from_secs(4);
/// The store has so long for the records that somebody wants to see.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// So long after a request came its answer waits at most for steps that it began.
const REST_WITHIN: Duration = Duration::from_millis(6_500);
/// And so long for what tells people.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// A request's body, not yet read.
#[allow(async_fn_in_trait, reason = "an instance is single-threaded; no future has to be Send")]
pub trait Body {
    /// Reads at most `most` bytes.
    ///
    /// # Errors
    /// [`BodyError`].
    async fn read(self, most: usize) -> Result<Bytes, BodyError>;
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than allowed; the rest was not read.
    TooLarge,
    /// The sender broke off.
    Broken,
}

/// An answer.
pub enum Answered<S> {
    /// One that is there.
    Whole(Response<Bytes>),
    /// One whose body is on its way from storage.
    Streamed(Response<S>),
}

/// Answers one request.
pub async fn answer<P: Platform>(app: &App<P>, request: Request<impl Body>) -> Answered<P::Stream> {
    let app = &app.for_request();
    let begin = app.platform.now();
    let (parts, body) = request.into_parts();
    let outcome = match Route::parse(&parts.method, parts.uri.path()) {
        Ok(Route::Alerts) => alerts::take(app, &parts, body).await,
        Ok(Route::Captures) => in_time(app, captures::list(app, &parts)).await,
        Ok(Route::Capture { name }) => in_time(app, captures::one(app, &parts, name)).await,
        Ok(Route::Summary { name }) => in_time(app, summary::one(app, &parts, name)).await,
        Ok(Route::File { name }) => match file::file(app, &parts, name).await {
            // It began nothing that an answer would have to wait for.
            Ok(answered) => return answered,
            Err(problem) => Err(problem),
        },
        Ok(Route::Stop { name }) => operate::stop(app, &parts, name).await,
        Ok(Route::Delete { name }) => operate::delete(app, &parts, name).await,
        Ok(Route::Sweep) => sweep::sweep(app, &parts).await,
        Ok(Route::Health) => Ok(health::alive()),
        Ok(Route::Ready) => Ok(health::ready(app, &parts).await),
        Ok(Route::Asset { name }) => page::asset(name),
        Ok(route) => Ok(page::take(app, &parts, body, route).await),
        Err(problem) if is_of_the_page(parts.uri.path()) => Ok(page::refuse(app, &parts, problem).await),
        Err(problem) => Err(problem),
    };
    app.until_at_rest(begin.plus(REST_WITHIN), begin.plus(TOLD_WITHIN)).await;
    Answered::Whole(outcome.unwrap_or_else(Problem::into_response))
}

/// An answer that the store alone is asked for, or that it took too long.
async fn in_time<P: Platform>(
    app: &App<P>,
    answer: impl Future<Output = Result<Response<Bytes>, Problem>>,
) -> Result<Response<Bytes>, Problem> {
    let in_time = app.platform.within(READ_WITHIN, answer).await;
    in_time.unwrap_or_else(|| Err(Problem::unavailable("The store does not answer in time.")))
}

/// Lets only holders of one of these keys past.
fn require<P: Platform>(app: &App<P>, parts: &Parts, keys: &Keys) -> Result<(), Problem> {
    match keys.check(parts) {
        Given::Right => Ok(()),
        Given::Wrong => Err(refused(app, parts, Refusal::WrongKey)),
        Given::None => Err(refused(app, parts, Refusal::Nothing)),
    }
}

/// Reads a body of at most `most` bytes.
async fn read<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
    most: usize,
) -> Result<Bytes, Problem> {
    let announced =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most.saturating_mul(DRAINED)) {
        return Err(Problem::too_large(most));
    }
    match app.platform.within(BODY_WITHIN, body.read(most)).await {
        Some(Ok(body)) => Ok(body),
        Some(Err(BodyError::TooLarge)) => Err(Problem::too_large(most)),
        Some(Err(BodyError::Broken)) => {
            Err(Problem::bad_request("broken-body", "The body broke off", "Send the request again."))
        }
        None => Err(Problem::too_slow()),
    }
}

/// Lets operators past: with their key or, to see something, with the page's cookie.
async fn require_operator<P: Platform>(app: &App<P>, parts: &Parts) -> Result<(), Problem> {
    let settings = app.settings().await?;
    let keys = &settings.callers.operator;
    let is_to_see = matches!(parts.method, Method::GET | Method::HEAD);
    if is_to_see && session(app, parts, keys).is_some() { Ok(()) } else { require(app, parts, keys) }
}

/// Who has signed in on the page.
fn session<P: Platform>(app: &App<P>, parts: &Parts, keys: &Keys) -> Option<Session> {
    Session::of(&parts.headers, cookie_name(parts), keys, app.platform.now())
}

/// A caller is not let in: the log has the reason itself, and never the URL's query, where a key may stand.
fn refused<P: Platform>(app: &App<P>, parts: &Parts, refusal: Refusal) -> Problem {
    let path = crate::text::clean(parts.uri.path());
    let fields = [("path", path.into()), ("reason", refusal.to_string().into())];
    app.log(Level::Warn, "a caller was not let in", &fields);
    Problem::refused(refusal)
}

/// Sets a field of an answer. (Indexing would do so too, and panic where the answer is no object.)
fn set(answer: &mut Value, field: &str, value: impl Into<Value>) {
    if let Some(object) = answer.as_object_mut() {
        object.insert(field.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests;
