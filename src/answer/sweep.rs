//! `POST /api/sweep`: moves open captures on. For a schedule to call, at any rate.

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use serde_json::json;

use super::require;
use crate::{
    app::App,
    capture::sweep,
    log::Level,
    platform::Platform,
    problem::{Problem, json},
};

/// Captures that one call moves; the answer names those that remain.
const MOST: usize = 50;

pub(super) async fn sweep<P: Platform>(app: &App<P>, parts: &Parts) -> Result<Response<Bytes>, Problem> {
    require(app, parts, app.settings().await?.keys.sweep.as_ref())?;
    match sweep::sweep(app, MOST).await {
        Ok(swept) => Ok(json(StatusCode::OK, &json!(swept))),
        Err(error) => {
            app.log(Level::Error, "the sweep could not list the captures", &[("error", error.0.into())]);
            Err(Problem::unavailable("The store cannot be read."))
        }
    }
}
