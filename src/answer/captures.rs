//! `GET /api/captures` and `GET /api/captures/{name}`: the records, newest first, a page at a time.

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use serde_json::{Value, json};

use super::{query, require};
use crate::{
    app::App,
    capture::name,
    log::Level,
    platform::{Platform, StoreError},
    problem::{Problem, json},
    side_by_side::side_by_side,
    store,
};

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;
const READ_AT_ONCE: usize = 8;

pub(super) async fn list<P: Platform>(app: &App<P>, parts: &Parts) -> Result<Response<Bytes>, Problem> {
    require(app, parts, &app.settings().await?.callers.operator)?;
    let limit = match query(parts, "limit").map(|text| text.parse::<usize>()) {
        None => PAGE,
        Some(Ok(limit)) if (1..=LARGEST_PAGE).contains(&limit) => limit,
        Some(_) => {
            let detail = format!("limit is a whole number from 1 to {LARGEST_PAGE}.");
            return Err(Problem::bad_request("bad-limit", "Bad limit", detail));
        }
    };
    let names = store::list(&app.platform).await.map_err(|e| unavailable(app, &e))?.all();
    // From behind a name on, whether it is still there or not: pages neither repeat nor skip.
    let after = query(parts, "after").unwrap_or_default();
    let order = |name: &str| (name::time_part(name).to_owned(), name.to_owned());
    let mut rest =
        names.into_iter().filter(|name| after.is_empty() || order(name) < order(&after)).peekable();
    let page: Vec<String> = rest.by_ref().take(limit).collect();
    let next = rest.peek().and(page.last()).map(|last| format!("/api/captures?limit={limit}&after={last}"));

    let read = |name: String| async move {
        match store::load(&app.platform, &name).await {
            Ok(record) => record.map(|record| record.public()),
            // One that cannot be read must not hide the others.
            Err(error) => {
                _ = unavailable(app, &error);
                Some(json!({ "name": name, "unreadable": true }))
            }
        }
    };
    let captures = side_by_side(READ_AT_ONCE, page.into_iter().map(read)).await;
    let captures: Vec<Value> = captures.into_iter().flatten().collect();
    Ok(json(
        StatusCode::OK,
        &json!({ "captures": captures, "next": next.map_or(Value::Null, Value::String) }),
    ))
}

pub(super) async fn one<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    name: &str,
) -> Result<Response<Bytes>, Problem> {
    require(app, parts, &app.settings().await?.callers.operator)?;
    match store::load(&app.platform, name).await {
        Ok(Some(record)) => Ok(json(StatusCode::OK, &record.public())),
        Ok(None) => Err(Problem::not_found("There is no capture of this name.")),
        Err(error) => Err(unavailable(app, &error)),
    }
}

pub(super) fn unavailable<P: Platform>(app: &App<P>, error: &StoreError) -> Problem {
    app.log(Level::Error, "the captures could not be read", &[("error", error.0.as_str().into())]);
    Problem::unavailable("The store cannot be read.")
}
