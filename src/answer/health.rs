//! `GET /healthz` and `GET /readyz`: for probes, and for the operator who asks what is missing.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::set;
use crate::{
    app::App,
    capture::attendance,
    platform::{Platform, VariablesError},
    problem::json,
};

pub(super) fn alive() -> Response<Bytes> {
    json(StatusCode::OK, &json!({ "status": "alive", "version": env!("CARGO_PKG_VERSION") }))
}

/// Ready: the settings are whole and the store answers. Problems name variables, never values.
pub(super) async fn ready<P: Platform>(app: &App<P>) -> Response<Bytes> {
    let mut problems: Vec<_> = match app.settings().await {
        Ok(settings) => settings.problems.iter().map(|problem| json!(problem)).collect(),
        Err(VariablesError) => {
            vec![json!({ "problem": "the host's variables cannot be read; its log says why" })]
        }
    };
    if app.platform.get("readyz").await.is_err() {
        problems.push(json!({ "problem": "the key-value store does not answer; the host's log says why" }));
    }
    if problems.is_empty() {
        let mut ready = json!({ "status": "ready" });
        // A warning and no problem: an orchestrator must not take away what still follows its captures.
        if let Some(warning) = attendance::warning(app).await {
            set(&mut ready, "warnings", json!([warning]));
        }
        json(StatusCode::OK, &ready)
    } else {
        json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "not ready", "problems": problems }))
    }
}
