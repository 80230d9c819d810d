//! The stand-in's own routes below `/_standin`.

mod sessions;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::arm::throttle;
use crate::request::Req;

/// Every control route, for whoever asks for one that is not there.
const ROUTES: &str = "GET /_standin/sample, GET /_standin/requests?since=SEQ&wait_ms=MS, GET /_standin/notifications?since=SEQ&wait_ms=MS, \
    GET and POST /_standin/faults, POST /_standin/reset, GET and POST /_standin/captures, \
    GET /_standin/calls or /_standin/calls?capture=NAME, POST /_standin/happen, GET and POST /_standin/clock, \
    GET and POST /_standin/throttle, POST /_standin/blob, POST /_standin/receivers, POST /_standin/action-group-token, \
    GET and POST /_standin/identities, POST /_standin/sign, POST /_standin/federated-token, GET and POST /_standin/signing-keys";

/// What a reset may leave alone.
const KEEP: &[&str] = &["captures", "requests", "notifications", "faults", "happenings"];

/// A path that means nothing here.
pub(crate) fn nothing_here() -> Answer {
    let message =
        "The stand-in for Azure plays nothing at this method and path; its own routes begin with /_standin.";
    answer::json(StatusCode::NOT_FOUND, &json!({ "error": { "code": "NotFound", "message": message } }))
}

/// Answers a control route.
pub(crate) async fn handle(app: &Arc<App>, req: &Req, path: &str) -> Answer {
    match (&req.method, path) {
        (&Method::GET, "requests") => {
            let entries = news(app, req, |since| app.record.requests(since)).await;
            answer::json(StatusCode::OK, &json!({ "requests": entries }))
        }
        (&Method::GET, "notifications") => {
            let entries = news(app, req, |since| app.record.notifications(since)).await;
            answer::json(StatusCode::OK, &json!({ "notifications": entries }))
        }
        (&Method::GET, "faults") => answer::json(StatusCode::OK, &json!({ "faults": app.faults.pending() })),
        (&Method::POST, "faults") => match app.faults.add(&req.body) {
            Ok(()) => answer::json(StatusCode::CREATED, &json!({ "faults": app.faults.pending() })),
            Err(message) => bad_request(message),
        },
        (&Method::POST, "reset") => reset(app, req),
        (&Method::GET, "captures") => {
            answer::json(StatusCode::OK, &json!({ "captures": sessions::truth(app) }))
        }
        (&Method::POST, "captures") => sessions::seed(app, req),
        (&Method::GET, "calls") => calls(app, req),
        (&Method::POST, "happen") => match crate::happen::happen(app, &req.body) {
            Ok(sessions) => answer::json(StatusCode::OK, &json!({ "sessions": sessions })),
            Err(message) => bad_request(message),
        },
        (&Method::GET, "clock") => clock(app),
        (&Method::POST, "clock") => match serde_json::from_slice::<Advance>(&req.body) {
            Ok(Advance { advance_s }) => {
                app.clock.advance(Duration::from_secs(advance_s)).await;
                clock(app)
            }
            Err(error) => bad_request(format!("not a time: {error}. Send {{\"advance_s\":3600}}.")),
        },
        (&Method::GET, "throttle") => answer::json(StatusCode::OK, &throttle::described(app)),
        (&Method::POST, "throttle") => match serde_json::from_slice(&req.body) {
            Ok(asked) => {
                app.throttle.set(&asked, app.clock.now());
                answer::json(StatusCode::OK, &throttle::described(app))
            }
            Err(error) => bad_request(format!(
                "not a throttle: {error}. Send {{\"throttled\":true,\"reads\":0,\"writes\":-30,\"deletes\":5}} or some of it."
            )),
        },
        (&Method::GET, "sample") => answer::json(StatusCode::OK, &json!(app.inventory.sample())),
        (&Method::GET, "identities") => identities(app),
        (&Method::POST, "identities") => match assign(app, req) {
            Ok(()) => identities(app),
            Err(message) => bad_request(message),
        },
        (&Method::POST, "blob") => match place(app, &req.body) {
            Ok(()) => answer::empty(StatusCode::NO_CONTENT),
            Err(message) => bad_request(message),
        },
        (&Method::POST, "receivers") => match app.webhook_secrets.tell(&req.body) {
            Ok(()) => answer::empty(StatusCode::NO_CONTENT),
            Err(message) => bad_request(message),
        },
        _ => tokens::handle(app, req, path).unwrap_or_else(|| {
            let message = format!("There is no such route. Routes: {ROUTES}");
            answer::json(StatusCode::NOT_FOUND, &json!({ "error": message }))
        }),
    }
}

/// How many calls a session cost, from its PUT on; or without a name, how many there were at all.
fn calls(app: &App, req: &Req) -> Answer {
    let capture = req.query("capture");
    let calls = app.record.calls(capture.as_deref());
    let total: u64 = calls.values().sum();
    answer::json(StatusCode::OK, &json!({ "capture": capture, "calls": calls, "total": total }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: u64,
}

fn clock(app: &App) -> Answer {
    let body =
        json!({ "now": crate::clock::micros(app.clock.now()), "ahead_s": app.clock.ahead().as_secs() });
    answer::json(StatusCode::OK, &body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assign {
    assigned: Vec<String>,
}

fn assign(app: &App, req: &Req) -> Result<(), String> {
    let Assign { assigned } = serde_json::from_slice(&req.body)
        .map_err(|error| format!("not a list: {error}. Send {{\"assigned\":[\"NAME\",…]}}."))?;
    app.identities.set(&app.inventory, assigned)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    account: String,
    container: String,
    name: String,
    file: PathBuf,
}

/// Puts a file of this machine's where captures' files go, over another of its name.
fn place(app: &App, body: &[u8]) -> Result<(), String> {
    let Place { account, container, name, file } = serde_json::from_slice(body).map_err(|error| {
        format!("not a blob: {error}. Send {{\"account\":…,\"container\":…,\"name\":…,\"file\":PATH}}.")
    })?;
    let bytes = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    app.blobs.put(&account, &container, &name, bytes.into(), app.clock.now());
    Ok(())
}

/// The managed identities that the host has.
fn identities(app: &App) -> Answer {
    let names: Vec<&str> =
        app.identities.of(&app.inventory).iter().map(|identity| identity.name.as_str()).collect();
    answer::json(StatusCode::OK, &json!({ "assigned": names }))
}

/// What came after `since`. With `wait_ms`, an empty list is held back until there is news or the time is over.
async fn news<T>(app: &App, req: &Req, read: impl Fn(u64) -> Vec<T>) -> Vec<T> {
    let number = |name| req.query(name).and_then(|value| value.parse().ok()).unwrap_or(0_u64);
    let (since, wait) = (number("since"), Duration::from_millis(number("wait_ms")));
    let mut changed = app.record.subscribe();
    let wait_for_some = async {
        loop {
            let entries = read(since);
            if !entries.is_empty() || changed.changed().await.is_err() {
                return entries;
            }
        }
    };
    // The first look happens even without any time to wait.
    tokio::time::timeout(wait, wait_for_some).await.unwrap_or_else(|_| read(since))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    #[serde(default)]
    keep: Vec<String>,
}

fn reset(app: &App, req: &Req) -> Answer {
    let asked: Reset = if req.body.is_empty() {
        Reset::default()
    } else {
        match serde_json::from_slice(&req.body) {
            Ok(asked) => asked,
            Err(error) => {
                return bad_request(format!("not a reset: {error}. Send nothing, or {{\"keep\":[…]}}."));
            }
        }
    };
    if let Some(unknown) = asked.keep.iter().find(|name| !KEEP.contains(&name.as_str())) {
        return bad_request(format!("{unknown:?} cannot be kept. What can: {}.", KEEP.join(", ")));
    }
    let drops = |name: &str| !asked.keep.iter().any(|kept| kept == name);
    if drops("captures") {
        app.captures.clear();
        app.operations.clear();
        app.blobs.clear();
    }
    if drops("requests") {
        app.record.clear_requests();
    }
    if drops("notifications") {
        app.record.clear_notifications();
    }
    if drops("faults") {
        app.faults.clear();
    }
    if drops("happenings") {
        app.gone.clear();
        app.throttle.clear();
        app.webhook_secrets.clear();
        app.signing_keys.clear();
        app.identities.clear();
    }
    app.record.news();
    answer::empty(StatusCode::NO_CONTENT)
}

fn bad_request(message: String) -> Answer {
    answer::json(StatusCode::BAD_REQUEST, &json!({ "error": message }))
}
