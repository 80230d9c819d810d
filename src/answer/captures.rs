//! `GET /api/captures` and `GET /api/captures/{name}`: the records, newest first, a page at a time.

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use serde_json::{Value, json};

use super::{operate::load, query, require_operator};
use crate::{
    app::App,
    capture::{Record, name},
    log::Level,
    platform::{Platform, StoreError},
    problem::{Problem, json},
    side_by_side::side_by_side,
    store,
};

pub(super) const PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;
const READ_AT_ONCE: usize = 8;

/// A part of the list.
pub(super) struct Part {
    /// The records, and the names of those that cannot be read: they must not hide the others.
    pub(super) captures: Vec<Result<Record, String>>,
    /// The last one's name, if others follow.
    pub(super) next: Option<String>,
}

pub(super) async fn list<P: Platform>(app: &App<P>, parts: &Parts) -> Result<Response<Bytes>, Problem> {
    require_operator(app, parts).await?;
    let limit = match query(parts, "limit").map(|text| text.parse::<usize>()) {
        None => PAGE,
        Some(Ok(limit)) if (1..=LARGEST_PAGE).contains(&limit) => limit,
        Some(_) => {
            let detail = format!("limit is a whole number from 1 to {LARGEST_PAGE}.");
            return Err(Problem::bad_request("bad-limit", "Bad limit", detail));
        }
    };
    let part = part(app, limit, query(parts, "after").unwrap_or_default()).await?;
    let next = part.next.map(|last| format!("/api/captures?limit={limit}&after={last}"));
    let captures = part.captures.into_iter().map(|record| match record {
        Ok(record) => record.public(),
        Err(name) => json!({ "name": name, "unreadable": true }),
    });
    let captures: Vec<Value> = captures.collect();
    Ok(json(
        StatusCode::OK,
        &json!({ "captures": captures, "next": next.map_or(Value::Null, Value::String) }),
    ))
}

/// At most `limit` captures, the newest first, from behind the one called `after` on.
pub(super) async fn part<P: Platform>(app: &App<P>, limit: usize, after: String) -> Result<Part, Problem> {
    let names = store::list(&app.platform).await.map_err(|e| unavailable(app, &e))?.all();
    // From behind a name on, whether it is still there or not: pages neither repeat nor skip.
    let order = |name: &str| (name::time_part(name).to_owned(), name.to_owned());
    let mut rest =
        names.into_iter().filter(|name| after.is_empty() || order(name) < order(&after)).peekable();
    let page: Vec<String> = rest.by_ref().take(limit).collect();
    let next = rest.peek().and(page.last()).cloned();
    let read = |name: String| async move {
        match store::load(&app.platform, &name).await {
            Ok(record) => record.map(Ok),
            Err(error) => {
                _ = unavailable(app, &error);
                Some(Err(name))
            }
        }
    };
    let captures = side_by_side(READ_AT_ONCE, page.into_iter().map(read)).await;
    Ok(Part { captures: captures.into_iter().flatten().collect(), next })
}

pub(super) async fn one<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    name: &str,
) -> Result<Response<Bytes>, Problem> {
    require_operator(app, parts).await?;
    Ok(json(StatusCode::OK, &load(app, name).await?.public()))
}

pub(super) fn unavailable<P: Platform>(app: &App<P>, error: &StoreError) -> Problem {
    app.log(Level::Error, "the captures could not be read", &[("error", error.0.as_str().into())]);
    Problem::unavailable("The store cannot be read.")
}
