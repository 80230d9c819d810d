//! `POST /api/sweep`: moves open captures on, and removes what is old. For a schedule to call, at any rate; by GET too.

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

pub(super) async fn sweep<P: Platform>(app: &App<P>, parts: &Parts) -> Result<Response<Bytes>, Problem> {
    let settings = app.settings().await?;
    require(app, parts, &settings.callers.sweep)?;
    match sweep::sweep(app, &settings).await {
        Ok(swept) => Ok(json(StatusCode::OK, &json!(swept))),
        Err(error) => {
            app.log(Level::Error, "the sweep could not list the captures", &[("error", error.0.into())]);
            Err(Problem::unavailable("The store cannot be read."))
        }
    }
}
