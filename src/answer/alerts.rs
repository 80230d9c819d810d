//! `POST /api/alerts`: caller, body, alert, plan; written down; then, within the time Azure gives, as far towards the
//! capture as it comes. The rest goes on in the background.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use futures_channel::oneshot;
use futures_util::future::{self, Either};
use http::{Response, StatusCode, header, request::Parts};
use serde_json::{Value, json};

use super::{Body, BodyError, DRAINED, query, require};
use crate::{
    alert::{self, Alert, Condition, MAX_BODY_BYTES, Reading},
    app::App,
    capture::{
        Record,
        accept::{Accepted, accept},
        drive::{Patience, drive},
        sweep,
    },
    log::Level,
    plan::{self, CaptureSpec, LeftOut},
    platform::{Platform, StoreError},
    problem::{Problem, json},
    store,
    time::Timestamp,
};

/// Azure hangs up after 10 s; 8 s are promised.
const ANSWER_WITHIN: Duration = Duration::from_millis(7_000);
/// A body of 256 KB takes no longer than this.
const BODY_WITHIN: Duration = Duration::from_secs(4);
/// How often a delivery looks whether a simultaneous one has written the capture down.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Other open captures that an alert moves on in passing, for hosts that nobody calls the sweep on.
const SWEPT_IN_PASSING: usize = 5;

pub(super) async fn take<P: Platform>(
    app: &App<P>,
    parts: &Parts,
    body: impl Body,
) -> Result<Response<Bytes>, Problem> {
    let deadline = deadline(app.platform.now());
    let settings = app.settings().await;
    require(parts, settings.keys.webhook.as_ref())?;
    if query(parts, "dry_run").is_some_and(|value| value != "false") {
        let detail = "dry_run is not offered by this version; nothing was done.";
        return Err(Problem::bad_request("no-dry-run", "No dry run", detail));
    }

    let body = read(app, parts, body).await?;
    let alert = match alert::read(&body) {
        Ok(Reading::Alert(alert)) => alert,
        Ok(Reading::NotForUs(why)) => return Ok(nothing_to_do(app, "notTaken", &why, &[])),
        Err(why) => {
            let why = why.to_string();
            app.log(Level::Warn, "a body that is no alert was refused", &[("reason", why.as_str().into())]);
            return Err(Problem::bad_request("unreadable-alert", "The body is not an alert", why));
        }
    };
    if alert.condition == Condition::Resolved {
        return Ok(nothing_to_do(
            app,
            "resolved",
            "the alert has resolved; captures are started when it fires",
            &[],
        ));
    }
    let now = app.platform.now();
    let plan = plan::plan(&alert, &settings.captures, now);
    if plan.captures.is_empty() {
        let (reason, detail) = match plan.left_out.first() {
            Some(first) => (first.reason, first.detail.as_str()),
            None => ("noMachine", "the alert names no target"),
        };
        return Ok(nothing_to_do(app, reason, detail, &plan.left_out));
    }

    let window = settings.captures.dedupe_window_seconds;
    let taken = plan.captures.into_iter().map(|spec| take_one(app, &alert, spec, now, deadline, window));
    let taken = future::join_all(taken).await;
    app.platform.spawn(in_passing(app.clone())).await;
    let taken: Result<Vec<Value>, StoreError> = taken.into_iter().collect();
    match taken {
        Ok(captures) => {
            let body = json!({ "captures": captures, "leftOut": plan.left_out });
            Ok(json(StatusCode::ACCEPTED, &body))
        }
        Err(error) => {
            app.log(Level::Error, "an alert could not be written down", &[("error", error.0.into())]);
            Err(Problem::store_unavailable())
        }
    }
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

/// Writes one capture down and waits for its start, or for the deadline.
async fn take_one<P: Platform>(
    app: &App<P>,
    alert: &Alert,
    spec: CaptureSpec,
    now: Timestamp,
    deadline: Timestamp,
    window_seconds: u32,
) -> Result<Value, StoreError> {
    let hand = loop {
        if let Some(hand) = app.memory.take_in_hand(&spec.name) {
            break hand;
        }
        // Another delivery of this alert has it in hand, at this moment or while the capture runs.
        if let Some(record) = store::load(&app.platform, &spec.name).await? {
            return Ok(shown(app, &record, true));
        }
        if app.platform.now() > deadline {
            return Err(StoreError("another delivery of the same alert waits for the store".to_owned()));
        }
        app.platform.sleep(LOOK_AGAIN).await;
    };
    let accepted = pin!(accept(app, alert, spec, now, window_seconds));
    let Accepted { record, duplicate } =
        match future::select(accepted, pin!(sleep_until(app, deadline))).await {
            Either::Left((accepted, _)) => accepted?,
            Either::Right(_) => return Err(StoreError("it did not take the alert in time".to_owned())),
        };
    let first = (!duplicate).then(|| record.clone());
    let same_name = hand.name() == record.name;
    let (tell, told) = oneshot::channel();
    if !duplicate {
        let fields = [("capture", record.name.as_str().into()), ("rule", json!(record.alert.rule))];
        app.log(Level::Info, "alert accepted", &fields);
    }
    if same_name {
        let background = app.clone();
        // Not here but in the background, so that it goes on when the answer cannot wait for it.
        let work = async move {
            let started = |record| _ = tell.send(record);
            drive(&background, &hand, Patience::ToTheEnd, first, Some(started)).await;
        };
        app.platform.spawn(work).await;
    }
    if duplicate {
        return Ok(shown(app, &record, true));
    }
    let record = match future::select(told, pin!(sleep_until(app, deadline))).await {
        Either::Left((Ok(started), _)) => started,
        Either::Left((Err(_), _)) | Either::Right(_) => record,
    };
    Ok(shown(app, &record, false))
}

/// What the sender sees of a capture.
fn shown<P: Platform>(app: &App<P>, record: &Record, duplicate: bool) -> Value {
    if duplicate {
        app.log(
            Level::Info,
            "a further delivery of an alert that was taken",
            &[("capture", record.name.as_str().into())],
        );
    }
    let mut shown = json!({
        "name": record.name,
        "state": record.state,
        "target": record.machine.id,
        "duplicate": duplicate,
        "href": format!("/api/captures/{}", record.name),
    });
    if let Some(object) = shown.as_object_mut() {
        if let Some(id) = record.capture_id() {
            object.insert("id".to_owned(), id.to_string().into());
        }
        if !record.notes.is_empty() {
            object.insert("notes".to_owned(), json!(record.notes));
        }
        if let Some(error) = &record.error {
            object.insert("error".to_owned(), json!(error));
        }
    }
    shown
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

async fn sleep_until<P: Platform>(app: &App<P>, time: Timestamp) {
    app.platform.sleep(time.since(app.platform.now())).await;
}

fn deadline(now: Timestamp) -> Timestamp {
    now.plus(ANSWER_WITHIN)
}
