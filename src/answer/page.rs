//! The page: who is signed in sees it, and its forms do what the API does. What is wrong is told in HTML.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::{Body, captures, in_time, operate, query, read, refused, session};
use crate::{
    app::App,
    caller::Refusal,
    capture::name::is_name,
    json,
    log::Level,
    page::{
        assets,
        capture::{self, View},
        list,
        origin::{is_same_site, set_cookie},
        session::{SECONDS, Session, begin},
        shell,
    },
    platform::Platform,
    problem::{Problem, hardened, html},
    route::Route,
    view::files::{Progress, summary_key},
};

/// A form of ours is much smaller.
const MAX_FORM_BYTES: usize = 4 * 1024;

/// What was just done, by the word for it in the URL that leads back to the page.
const DONE: [(&str, &str); 6] = [
    ("stopped", "The capture is asked to stop. That takes Azure a few seconds."),
    ("over", "It had ended already."),
    ("deleted", "The session was deleted at Azure. Its file stays."),
    ("none", "There was no session to delete."),
    ("signed-in", ""),
    ("signed-out", "You have signed out."),
];

/// Answers what somebody in a browser asks for.
pub(super) async fn take<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
    route: Route<'_>,
) -> Response<Bytes> {
    let outcome = match route {
        Route::SignIn => sign_in(app, parts, body).await,
        Route::SignOut => sign_out(app, parts, body).await,
        Route::StopForm { name } | Route::DeleteForm { name } => act(app, parts, body, &route, name).await,
        _ => in_time(app, see(app, parts, &route)).await,
    };
    match outcome {
        Ok(response) => response,
        Err(problem) => refuse(app, parts, problem).await,
    }
}

/// The page that says what is wrong.
pub(super) async fn refuse<P: Platform>(app: &App<P>, parts: &Parts, problem: Problem) -> Response<Bytes> {
    let visitor = visitor(app, parts).await.ok().flatten();
    let capture = parts.uri.path().strip_prefix("/captures/").and_then(|rest| rest.split('/').next());
    // To the capture, where something could not be done to it; a capture that is not there leads nowhere.
    let is_form = parts.method == http::Method::POST;
    let back = capture.filter(|name| is_form && is_name(name)).map(|name| ["/captures/", name].concat());
    let back = back.as_deref().unwrap_or("/");
    problem.into_page(|title, detail| shell::error(visitor.as_ref(), title, detail, back))
}

/// Style or script.
pub(super) fn asset(name: &str) -> Result<Response<Bytes>, Problem> {
    let (content_type, packed) = assets::find(name).ok_or_else(|| {
        Problem::not_found("There is no such asset; a page that is loaded again names those there are.")
    })?;
    let mut response = hardened(StatusCode::OK, content_type, Bytes::from_static(packed));
    let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, for_good);
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Ok(response)
}

async fn visitor<P: Platform>(app: &App<P>, parts: &Parts) -> Result<Option<Session>, Problem> {
    Ok(session(app, parts, &app.settings().await?.callers.operator))
}

/// A page, for who has signed in; for others, where they can.
async fn see<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    route: &Route<'_>,
) -> Result<Response<Bytes>, Problem> {
    let done = query(parts, "done").unwrap_or_default();
    let Some(session) = visitor(app, parts).await? else {
        let error = (done == "signed-in").then_some(
            "The browser did not keep the sign-in: it does so only over https, or on the machine itself.",
        );
        return Ok(asked_to_sign_in(parts.uri.path(), error));
    };
    let notice = DONE.iter().find(|(word, said)| *word == done && !said.is_empty()).map(|(_, said)| *said);
    let page = match route {
        Route::Page { name } => capture_page(app, parts, name, &session, notice).await?,
        _ => list_page(app, parts, &session, notice).await?,
    };
    Ok(unless_known(parts, page))
}

/// The page, or 304 where the script has the very same.
fn unless_known(parts: &Parts, page: String) -> Response<Bytes> {
    let hash = Sha256::digest(page.as_bytes());
    let mut tag = String::from("\"");
    for byte in hash.iter().take(12) {
        // Written by hand: what formats hexadecimal numbers is there, but costs a call more for each.
        tag.extend(
            [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default()),
        );
    }
    tag.push('"');
    let is_known = parts.headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut response = match is_known {
        true => html(StatusCode::NOT_MODIFIED, String::new()),
        false => html(StatusCode::OK, page),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

async fn list_page<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    session: &Session,
    notice: Option<&'static str>,
) -> Result<String, Problem> {
    let after = query(parts, "after").unwrap_or_default();
    let is_older = !after.is_empty();
    let part = captures::part(app, captures::PAGE, after).await?;
    let now = app.platform.now();
    Ok(list::list(&list::View { captures: part.captures, is_older, next: part.next, session, notice, now }))
}

async fn capture_page<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    name: &str,
    session: &Session,
    notice: Option<&'static str>,
) -> Result<String, Problem> {
    let record = operate::load(app, name).await?;
    let file: usize = query(parts, "file").and_then(|number| number.parse().ok()).unwrap_or_default();
    let is_made = record.files.get(file).is_some_and(|file| file.summary == Progress::Done);
    let kept = if is_made { app.platform.get(&summary_key(name, file)).await } else { Ok(None) };
    let kept = kept.map_err(|error| captures::unavailable(app, &error))?;
    let summary = kept.and_then(|kept| json::tree(&kept).ok());
    let are_read = app.settings().await?.files.summary;
    let (shown, now): (Value, _) = (record.public(), app.platform.now());
    let view = View {
        record: &record,
        shown: &shown,
        file,
        are_read,
        summary: summary.as_ref(),
        session,
        notice,
        now,
    };
    Ok(capture::capture(&view))
}

/// 401 and not 200, with the form in it: a probe, or the page's own script, must not take it for what was asked for.
/// Browsers show the form, since they know no scheme of this name.
fn asked_to_sign_in(to: &str, error: Option<&str>) -> Response<Bytes> {
    let to = if leads_to_a_page(to) { to } else { "/" };
    let mut response = html(StatusCode::UNAUTHORIZED, shell::sign_in(to, error));
    let scheme = HeaderValue::from_static("ApiKey realm=\"alertcap\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    response
}

/// Whether somebody who has signed in may be sent there: nowhere but to a page of ours.
fn leads_to_a_page(path: &str) -> bool {
    match Route::parse(&http::Method::GET, path) {
        Ok(Route::List) => true,
        Ok(Route::Page { name }) => is_name(name),
        _ => false,
    }
}

async fn sign_in<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
) -> Result<Response<Bytes>, Problem> {
    let form = form(app, parts, body).await?;
    let settings = app.settings().await?;
    let keys = &settings.callers.operator;
    let to = form.field("to");
    let Some(key) = keys.matching(&form.field("key")) else {
        _ = refused(app, parts, Refusal::WrongKey);
        let error = match keys.0.is_empty() {
            true => "Nobody can sign in: no operator key is set. GET /readyz says what is wrong.",
            false => "That is not the operator key.",
        };
        return Ok(asked_to_sign_in(&to, Some(error)));
    };
    let value = begin(key, app.platform.now(), app.platform.bytes16());
    let value = value.ok_or_else(|| Problem::unavailable("The sign-in cannot be signed."))?;
    app.log(Level::Info, "an operator signed in on the page", &[]);
    let to = if leads_to_a_page(&to) { &to } else { "/" };
    let mut response = see_other(to, "signed-in");
    keep(parts, &mut response, &value, SECONDS);
    Ok(response)
}

async fn sign_out<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
) -> Result<Response<Bytes>, Problem> {
    let form = form(app, parts, body).await?;
    if let Some(session) = visitor(app, parts).await? {
        form.must_be_of(&session)?;
    }
    let mut response = see_other("/", "signed-out");
    keep(parts, &mut response, "", 0);
    Ok(response)
}

async fn act<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
    route: &Route<'_>,
    name: &str,
) -> Result<Response<Bytes>, Problem> {
    let form = form(app, parts, body).await?;
    let to = ["/captures/", name].concat();
    let Some(session) = visitor(app, parts).await? else { return Ok(asked_to_sign_in(&to, None)) };
    form.must_be_of(&session)?;
    let done = match route {
        Route::StopForm { .. } if operate::stop_it(app, name).await? => "stopped",
        Route::StopForm { .. } => "over",
        _ if operate::delete_it(app, name).await?.0 => "deleted",
        _ => "none",
    };
    Ok(see_other(&to, done))
}

/// What a form of ours brought.
struct Form(Bytes);

async fn form<P: Platform>(app: &App<P>, parts: &Parts, body: impl Body) -> Result<Form, Problem> {
    let form = Form(read(app, parts, body, MAX_FORM_BYTES).await?);
    if is_same_site(parts) { Ok(form) } else { Err(foreign()) }
}

impl Form {
    fn field(&self, name: &str) -> String {
        let mut fields = form_urlencoded::parse(&self.0);
        fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    fn must_be_of(&self, session: &Session) -> Result<(), Problem> {
        if session.is_token(&self.field("token")) { Ok(()) } else { Err(foreign()) }
    }
}

fn foreign() -> Problem {
    Problem::forbidden(
        "The form is not one of this page, or of an earlier sign-in. Load the page again, and try again.",
    )
}

fn see_other(path: &str, done: &str) -> Response<Bytes> {
    let mut response = html(StatusCode::SEE_OTHER, String::new());
    if let Ok(location) = HeaderValue::from_str(&[path, "?done=", done].concat()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn keep(parts: &Parts, response: &mut Response<Bytes>, value: &str, seconds: i64) {
    if let Ok(cookie) = HeaderValue::from_str(&set_cookie(parts, value, seconds)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
