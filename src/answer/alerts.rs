//! `POST /api/alerts`: caller, body, alert, plan; written down; then, within the time Azure gives, as far towards the
//! capture as it comes. The rest goes on in the background.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::future::{self, Either};
use http::{Response, StatusCode, header, request::Parts};
use serde_json::{Value, json};

use super::{Body, BodyError, DRAINED, delivery::Delivery, query, require};
use crate::{
    alert::{self, Condition, MAX_BODY_BYTES, Reading},
    app::App,
    capture::sweep,
    log::Level,
    plan::{self, LeftOut},
    platform::{Platform, StoreError},
    problem::{Problem, json},
};

/// Azure hangs up after 10 s; 8 s are promised. What has not even been written down by then was not taken.
const ANSWER_WITHIN: Duration = Duration::from_millis(7_500);
/// So long an answer waits for the capture's start.
const START_WITHIN: Duration = Duration::from_millis(6_500);
/// A body of 256 KB takes no longer than this.
const BODY_WITHIN: Duration = Duration::from_secs(4);
/// Other open captures that an alert moves on in passing, for hosts that nobody calls the sweep on.
const SWEPT_IN_PASSING: usize = 5;

pub(super) async fn take<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
) -> Result<Response<Bytes>, Problem> {
    let taken = pin!(take_in_time(app, parts, body));
    match future::select(taken, pin!(app.platform.sleep(ANSWER_WITHIN))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(not_written(app, "the store or the variables did not answer in time")),
    }
}

async fn take_in_time<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
) -> Result<Response<Bytes>, Problem> {
    let deadline = app.platform.now().plus(START_WITHIN);
    let settings = app.settings().await?;
    require(app, parts, settings.keys.webhook.as_ref())?;
    if query(parts, "dry_run").is_some_and(|value| value != "false") {
        let detail = "dry_run is not offered by this version; nothing was done.";
        return Err(Problem::bad_request("no-dry-run", "No dry run", detail));
    }

    let body = read(app, parts, body).await?;
    let alert = match alert::read(&body) {
        Ok(Reading::Alert(alert)) => alert,
        Ok(Reading::NotForUs { reason, detail, .. }) => return Ok(nothing_to_do(app, reason, &detail, &[])),
        Err(why) => {
            let why = why.to_string();
            app.log(Level::Warn, "a body that is no alert was refused", &[("reason", why.as_str().into())]);
            return Err(Problem::bad_request("unreadable-alert", "The body is not an alert", why));
        }
    };
    if alert.condition == Condition::Resolved {
        let detail = "the alert has resolved; captures are started when it fires";
        return Ok(nothing_to_do(app, "resolved", detail, &[]));
    }
    let now = app.platform.now();
    let plan = plan::plan(&alert, &settings.captures, now);
    for left_out in &plan.left_out {
        let fields = [("target", left_out.target.as_str().into()), ("reason", left_out.reason.into())];
        app.log(Level::Warn, "a target of an alert gets no capture", &fields);
    }
    if plan.captures.is_empty() {
        let (reason, detail) = match plan.left_out.first() {
            Some(first) => (first.reason, first.detail.as_str()),
            None => ("noMachine", "the alert names no target"),
        };
        return Ok(nothing_to_do(app, reason, detail, &plan.left_out));
    }

    // Begun first: where the host drops what goes on after the answer, it has the time that Azure takes.
    if app.memory.may_sweep_in_passing(now) {
        app.platform.spawn(in_passing(app.clone())).await;
    }
    let window = settings.captures.dedupe_window_seconds;
    let delivery = Delivery { app, alert: &alert, now, deadline, window };
    let taken = future::join_all(plan.captures.into_iter().map(|spec| delivery.take(spec))).await;
    match taken.into_iter().collect::<Result<Vec<Value>, StoreError>>() {
        Ok(captures) => {
            let body = json!({ "captures": captures, "leftOut": plan.left_out });
            Ok(json(StatusCode::ACCEPTED, &body))
        }
        Err(error) => Err(not_written(app, &error.0)),
    }
}

fn not_written<P: Platform>(app: &App<P>, why: &str) -> Problem {
    app.log(Level::Error, "an alert could not be written down", &[("error", why.into())]);
    Problem::unavailable("The alert could not be written down, so nothing was promised.")
}

async fn read<P: Platform>(app: &App<P>, parts: &Parts, body: impl Body) -> Result<Bytes, Problem> {
    let announced =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES.saturating_mul(DRAINED)) {
        return Err(Problem::too_large(MAX_BODY_BYTES));
    }
    match future::select(pin!(body.read(MAX_BODY_BYTES)), pin!(app.platform.sleep(BODY_WITHIN))).await {
        Either::Left((Ok(body), _)) => Ok(body),
        Either::Left((Err(BodyError::TooLarge), _)) => Err(Problem::too_large(MAX_BODY_BYTES)),
        Either::Left((Err(BodyError::Broken), _)) => {
            Err(Problem::bad_request("broken-body", "The body broke off", "Send the request again."))
        }
        Either::Right(_) => Err(Problem::too_slow()),
    }
}

fn nothing_to_do<P: Platform>(
    app: &App<P>,
    reason: &str,
    detail: &str,
    left_out: &[LeftOut],
) -> Response<Bytes> {
    app.log(
        Level::Info,
        "an alert that leads to no capture",
        &[("reason", reason.into()), ("detail", detail.into())],
    );
    let body = json!({ "captures": [], "reason": reason, "detail": detail, "leftOut": left_out });
    json(StatusCode::OK, &body)
}

/// The little sweep that rides on every alert.
async fn in_passing<P: Platform>(app: App<P>) {
    if let Err(error) = sweep::sweep(&app, SWEPT_IN_PASSING).await {
        app.log(
            Level::Warn,
            "the sweep in passing could not list the captures",
            &[("error", error.0.into())],
        );
    }
}
