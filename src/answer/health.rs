//! `GET /healthz` and `GET /readyz`: for probes, and for the operator who asks what is missing.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use serde_json::{Value, json};

use super::set;
use crate::{
    app::App,
    caller::key::Given,
    capture::attendance,
    platform::{Platform, VariablesError},
    problem::json,
    settings::Problem,
};

/// A credential that ends within so many seconds, 30 days, is worth a warning.
const ENDS_SOON: i64 = 30 * 86_400;

/// A store that takes longer does not answer; whoever asks is a probe that has a limit of its own.
const STORE_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn alive() -> Response<Bytes> {
    json(StatusCode::OK, &json!({ "status": "alive", "version": env!("CARGO_PKG_VERSION") }))
}

/// Ready: the settings are whole and the store answers. Problems name variables, never values; of the rules, which have
/// words of the operator's in them, only the place, unless it is the operator who asks.
pub(super) async fn ready<P: Platform>(app: &App<P>, parts: &Parts) -> Response<Bytes> {
    let settings = app.settings().await;
    let mut problems: Vec<_> = match &settings {
        Ok(settings) => {
            let is_operator = settings.callers.operator.check(parts) == Given::Right;
            settings.problems.iter().map(|problem| shown(problem, is_operator)).collect()
        }
        Err(VariablesError) => {
            vec![json!({ "problem": "the host's variables cannot be read; its log says why" })]
        }
    };
    if !matches!(app.platform.within(STORE_WITHIN, app.platform.get("readyz")).await, Some(Ok(_))) {
        problems.push(json!({ "problem": "the key-value store does not answer; the host's log says why" }));
    }
    let (status, mut answer) = if problems.is_empty() {
        (StatusCode::OK, json!({ "status": "ready" }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, json!({ "status": "not ready", "problems": problems }))
    };
    let mut warnings = Vec::new();
    if let Some(azure) = settings.as_ref().ok().and_then(|settings| settings.azure.as_ref()) {
        set(&mut answer, "credential", azure.credential.kind());
        set(&mut answer, "cloud", azure.cloud.name());
        let now = app.platform.now();
        let ends_at = azure.credential.ends_at().filter(|ends_at| *ends_at < now.after(ENDS_SOON));
        warnings.extend(ends_at.map(|ends_at| {
            let kind = azure.credential.kind();
            if ends_at < now {
                format!("the {kind} ended at {ends_at}; set a new one")
            } else {
                format!("the {kind} ends at {ends_at}; exchange it before")
            }
        }));
    }
    // Warnings are no problems: an orchestrator must not take away what still follows its captures.
    if status == StatusCode::OK {
        warnings.extend(attendance::warning(app).await);
    }
    if !warnings.is_empty() {
        set(&mut answer, "warnings", warnings);
    }
    json(status, &answer)
}

fn shown(problem: &Problem, is_operator: bool) -> Value {
    if is_operator || problem.variable != "rules" {
        return json!(problem);
    }
    let place = problem.problem.split_once(':').map_or("something", |(place, _)| place);
    let problem = format!("{place} is wrong; with the operator key this says why");
    json!({ "variable": "rules", "problem": problem })
}
