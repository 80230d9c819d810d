//! The sessions as they really are, and those of others.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request;
use crate::answer::{self, Answer};
use crate::app::App;
use crate::captures::session::{Phase, Session, Spec};
use crate::inventory::Watcher;
use crate::request::Req;

/// The sessions as they really are, which queryStatus may tell late.
pub(super) fn truth(app: &App) -> Vec<Value> {
    let describe = |session: Arc<Session>| {
        let (state, since, until, reason, errors) = match session.phase() {
            Phase::NotStarted => ("NotStarted", None, None, None, Vec::new()),
            Phase::Running { since } => ("Running", Some(since), None, None, Vec::new()),
            Phase::Ended { since, until, reason, errors } => {
                ("Ended", Some(since), Some(until), Some(reason), errors)
            }
        };
        let files: Vec<Value> = session
            .spec
            .wires
            .iter()
            .filter_map(|wire| wire.file.as_ref())
            .map(|(account, container, name)| {
                json!({
                    "path": format!("/{account}/{container}/{name}"),
                    "written": app.blobs.get(account, container, name).is_some(),
                })
            })
            .collect();
        json!({
            "id": session.id,
            "state": state,
            "since": since.map(crate::clock::micros),
            "until": until.map(crate::clock::micros),
            "stop_reason": reason,
            "errors": errors,
            "files": files,
        })
    };
    app.captures.of("").into_iter().map(describe).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    watcher_id: String,
    #[serde(default = "one")]
    count: usize,
    #[serde(default)]
    state: SeedState,
}

#[derive(Default, Deserialize)]
enum SeedState {
    #[default]
    Stopped,
    Running,
}

fn one() -> usize {
    1
}

/// Sessions of others, already there: for limits, lists and pages.
pub(super) fn seed(app: &App, req: &Req) -> Answer {
    let seed: Seed = match serde_json::from_slice(&req.body) {
        Ok(seed) => seed,
        Err(error) => {
            return bad_request(format!(
                "not a seed: {error}. Send {{\"watcher_id\":\"/subscriptions/…\",\"count\":3,\"state\":\"Stopped\" or \"Running\"}}."
            ));
        }
    };
    let found = app.inventory.subscriptions.iter().find_map(|subscription| {
        let is_it =
            |watcher: &&Watcher| subscription.watcher_id(watcher).eq_ignore_ascii_case(&seed.watcher_id);
        subscription.watchers.iter().find(is_it).map(|watcher| (subscription, watcher))
    });
    let Some((subscription, watcher)) = found else {
        return bad_request(format!(
            "there is no watcher {}: its id must be one of the inventory's.",
            seed.watcher_id
        ));
    };
    let mut names = Vec::new();
    for number in 0..seed.count {
        let name = format!("foreign-{number}-{}", &crate::clock::guid()[..8]);
        let id = format!("{}/packetCaptures/{name}", subscription.watcher_id(watcher));
        let properties = json!({
            "target": format!("/subscriptions/{}/resourceGroups/rg-others/providers/Microsoft.Compute/virtualMachines/other", subscription.id),
            "bytesToCapturePerPacket": 0,
            "totalBytesPerSession": 1_073_741_824,
            "timeLimitInSeconds": 18_000,
            "storageLocation": { "storagePath": "", "filePath": "/var/captures/other.cap" },
            "filters": [],
        });
        let spec = Spec { properties, ..Spec::default() };
        let session = Session::new(id, &name, &subscription.id, &watcher.location, spec);
        session.provision("Succeeded");
        let now = app.clock.now();
        session.start(now);
        if matches!(seed.state, SeedState::Stopped) {
            session.end("TimeExceeded", Vec::new(), now, Some(Duration::ZERO));
        }
        if app.captures.add(session, usize::MAX).is_ok() {
            names.push(name);
        }
    }
    answer::json(StatusCode::CREATED, &json!({ "names": names }))
}
