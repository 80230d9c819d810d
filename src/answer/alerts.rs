//! `POST /api/alerts`: caller, body, alert, plan; written down; then, within the time Azure gives, as far towards the
//! capture as it comes. The rest goes on in the background.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use serde_json::{Value, json};

use super::{
    Body,
    delivery::{Delivery, Taken},
    dry_run::{self, Rehearsal},
    query, read, refused, require, set,
};
use crate::{
    alert::{self, Condition, MAX_BODY_BYTES, Reading},
    app::App,
    caller::{key::Given, webhook::Admission},
    capture::{accept::rehearse, episode, resolved, sweep},
    log::Level,
    plan::{self, LeftOut},
    platform::{Platform, StoreError},
    problem::{Problem, json},
    settings::Settings,
    side_by_side::side_by_side,
    time::Timestamp,
};

/// Azure hangs up after 10 s; 8 s are promised. What has not even been written down by then was not taken.
const ANSWER_WITHIN: Duration = Duration::from_millis(7_500);
/// A person waits for a probe; hosts end handlers at 30 s.
const PROBE_WITHIN: Duration = Duration::from_secs(25);
/// So long an answer waits for the capture's start.
const START_WITHIN: Duration = Duration::from_millis(6_500);

pub(super) async fn take<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
) -> Result<Response<Bytes>, Problem> {
    let rehearsal = rehearsal(parts)?;
    let within = if rehearsal == Some(Rehearsal::Probe) { PROBE_WITHIN } else { ANSWER_WITHIN };
    match app.platform.within(within, take_in_time(app, parts, body, rehearsal)).await {
        Some(answer) => answer,
        None if rehearsal.is_some() => {
            Err(Problem::unavailable("Azure or the store did not answer in time; nothing was done."))
        }
        None => Err(not_written(app, "the store or the variables did not answer in time")),
    }
}

async fn take_in_time<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
    rehearsal: Option<Rehearsal>,
) -> Result<Response<Bytes>, Problem> {
    let deadline = app.platform.now().plus(START_WITHIN);
    let settings = app.settings().await?;
    let webhook = &settings.callers.webhook;
    let admission = match rehearsal {
        // What Azure says of machines, roles and accounts is the operator's to see.
        Some(Rehearsal::Probe) => {
            require(app, parts, &settings.callers.operator)?;
            Admission::Granted
        }
        // An operator may ask what an alert would do, without the key that makes it do so.
        Some(Rehearsal::Explain) if settings.callers.operator.check(parts) == Given::Right => {
            Admission::Granted
        }
        _ => {
            let admission = webhook.admit(app, settings.azure.as_ref(), parts).await;
            admission.map_err(|refusal| refused(app, parts, refusal))?
        }
    };
    let body = read(app, parts, body, MAX_BODY_BYTES).await?;
    let claim = webhook.check(app, admission, &body).await;
    let claim = claim.map_err(|refusal| refused(app, parts, refusal))?;
    let answer = take_admitted(app, &settings, &body, rehearsal, deadline).await?;
    if let Some(claim) = claim {
        claim.note(app, &body).await;
    }
    Ok(answer)
}

/// Takes what came from somebody who may send it.
async fn take_admitted<P: Platform>(
    app: &App<P>,
    settings: &Settings,
    body: &[u8],
    rehearsal: Option<Rehearsal>,
    deadline: Timestamp,
) -> Result<Response<Bytes>, Problem> {
    let alert = match alert::read(body) {
        Ok(Reading::Alert(alert)) => alert,
        Ok(Reading::NotForUs { schema, reason, detail }) => {
            let mut answer = nothing(reason, &detail, &[]);
            if rehearsal.is_some() {
                set(&mut answer, "dryRun", true);
                set(&mut answer, "schema", json!(schema));
            }
            return Ok(nothing_to_do(app, answer));
        }
        Err(why) => {
            let why = why.to_string();
            app.log(Level::Warn, "a body that is no alert was refused", &[("reason", why.as_str().into())]);
            return Err(Problem::bad_request("unreadable-alert", "The body is not an alert", why));
        }
    };
    if let Some(rehearsal) = rehearsal {
        let explained = dry_run::explain(app, settings, &alert, rehearsal).await;
        return explained.map_err(|error| not_written(app, &error.0)).map(|body| json(StatusCode::OK, &body));
    }
    let now = app.platform.now();
    if alert.condition == Condition::Resolved {
        let stopping =
            resolved::resolve(app, &alert, now).await.map_err(|error| not_written(app, &error.0))?;
        let mut answer =
            nothing("resolved", "the alert has resolved; captures are started when it fires", &[]);
        set(&mut answer, "stopping", json!(stopping));
        return Ok(nothing_to_do(app, answer));
    }
    let window = settings.captures.dedupe_window_seconds;
    let moment = episode::moment(app, &alert, window, now).await;
    let moment = moment.map_err(|error| not_written(app, &error.0))?;
    let plan = plan::plan(&alert, &settings.captures, moment, now);
    let mut left_out = plan.left_out;
    let mut captures = plan.captures;
    if !plan.to_ask.is_empty() {
        match plan::inquiry(&alert, plan.to_ask, &settings.captures, moment) {
            Some(inquiry) => captures.push(inquiry),
            None => left_out.push(LeftOut::new(
                "",
                "noResource",
                "the alert names a computer, but no resource of Azure",
            )),
        }
    }
    for left_out in &left_out {
        let fields = [("target", left_out.target.as_str().into()), ("reason", json!(left_out.reason))];
        app.log(Level::Warn, "a target of an alert gets no capture", &fields);
    }
    left_out.extend(plan.rehearsed.iter().map(|spec| rehearse(app, spec)));
    if captures.is_empty() {
        let (reason, detail) = match left_out.first() {
            Some(first) => (&*first.reason, first.detail.as_str()),
            None => ("noMachine", "the alert names no target"),
        };
        return Ok(nothing_to_do(app, nothing(reason, detail, &left_out)));
    }

    // Begun first: where the host drops what goes on after the answer, it has the time that Azure takes.
    if app.memory.may_sweep_in_passing(now) {
        app.platform.spawn(in_passing(app.clone())).await;
    }
    let delivery = Delivery { app, alert: &alert, now, deadline, window };
    let taken = side_by_side(usize::MAX, captures.into_iter().map(|spec| delivery.take(spec))).await;
    let taken = taken.into_iter().collect::<Result<Vec<Taken>, StoreError>>();
    let taken = taken.map_err(|error| not_written(app, &error.0))?;
    let mut captures = Vec::new();
    for taken in taken {
        // A machine that is named, and is behind something that is named too: one capture.
        for capture in taken.captures {
            if !captures.iter().any(|known: &Value| known.get("name") == capture.get("name")) {
                captures.push(capture);
            }
        }
        left_out.extend(taken.left_out);
    }
    // Held back, all of them: nothing is captured.
    if captures.iter().all(|capture| capture.get("heldBack").is_some()) {
        let held_back = captures.iter().find_map(|capture| capture.pointer("/heldBack/detail")?.as_str());
        let (reason, detail) = match (held_back, left_out.first()) {
            (Some(detail), _) => ("heldBack", detail.to_owned()),
            (None, Some(first)) => (&*first.reason, first.detail.clone()),
            (None, None) => ("noMachine", "the alert leads to no machine".to_owned()),
        };
        let mut answer = nothing(reason, &detail, &left_out);
        set(&mut answer, "captures", captures);
        return Ok(nothing_to_do(app, answer));
    }
    Ok(json(StatusCode::ACCEPTED, &json!({ "captures": captures, "leftOut": left_out })))
}

/// What `?dry_run=` asks for.
fn rehearsal(parts: &Parts) -> Result<Option<Rehearsal>, Problem> {
    match query(parts, "dry_run").as_deref() {
        None | Some("false") => Ok(None),
        Some("true" | "") => Ok(Some(Rehearsal::Explain)),
        Some("probe") => Ok(Some(Rehearsal::Probe)),
        Some(_) => {
            let detail =
                "dry_run is true (explain), probe (explain, and look at Azure) or false; nothing was done.";
            Err(Problem::bad_request("bad-dry-run", "Bad dry_run", detail))
        }
    }
}

fn not_written<P: Platform>(app: &App<P>, why: &str) -> Problem {
    app.log(Level::Error, "an alert could not be written down", &[("error", why.into())]);
    Problem::unavailable("The alert could not be written down, so nothing was promised.")
}

fn nothing(reason: &str, detail: &str, left_out: &[LeftOut]) -> Value {
    json!({ "captures": [], "reason": reason, "detail": detail, "leftOut": left_out })
}

fn nothing_to_do<P: Platform>(app: &App<P>, answer: Value) -> Response<Bytes> {
    let fields = ["reason", "detail"].map(|field| (field, json!(answer.get(field))));
    app.log(Level::Info, "an alert that leads to no capture", &fields);
    json(StatusCode::OK, &answer)
}

/// The little sweep that rides on every alert.
async fn in_passing<P: Platform>(app: App<P>) {
    if let Err(error) = sweep::in_passing(&app).await {
        app.log(
            Level::Warn,
            "the sweep in passing could not list the captures",
            &[("error", error.0.into())],
        );
    }
}
