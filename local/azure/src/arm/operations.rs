//! Long-running operations: their state, their long signed URLs, and how they are asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};

use super::Call;
use super::error::{ArmError, ArmResult};
use crate::answer::{self, Answer};
use crate::app::App;
use crate::captures::session::Session;
use crate::clock;

/// What an operation does, and so what its result is.
pub(crate) enum Kind {
    /// PUT: the result is read at the resource.
    Create,
    /// POST stop.
    Stop,
    /// DELETE.
    Delete,
    /// POST queryStatus: the result is the fresh status.
    Status(Arc<Session>),
}

/// How far an operation is.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// Not at its end.
    Running,
    /// At its end.
    Succeeded,
    /// At its end, with an error.
    Failed {
        /// The error code.
        code: String,
        /// The error message.
        message: String,
    },
}

/// One operation.
pub(crate) struct Operation {
    id: String,
    subscription: String,
    location: String,
    version: String,
    /// The session it is about.
    capture: String,
    kind: Kind,
    progress: Mutex<Progress>,
}

/// All operations since the start or the last reset.
#[derive(Default)]
pub(crate) struct Operations {
    by_id: Mutex<HashMap<String, Arc<Operation>>>,
}

impl Operations {
    /// Starts one.
    pub(crate) fn start(&self, call: &Call<'_>, session: &Session, kind: Kind) -> Arc<Operation> {
        let operation = Arc::new(Operation {
            id: clock::guid(),
            subscription: session.subscription.clone(),
            location: session.location.clone(),
            version: call.version.clone(),
            capture: session.name.clone(),
            kind,
            progress: Mutex::new(Progress::Running),
        });
        self.lock().insert(operation.id.clone(), Arc::clone(&operation));
        operation
    }

    /// The name of the session that the operation is about.
    pub(crate) fn capture(&self, id: &str) -> Option<String> {
        self.lock().get(id).map(|operation| operation.capture.clone())
    }

    /// Forgets them all.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Operation>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operation {
    /// Brings it to its end.
    pub(crate) fn finish(&self, progress: Progress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }

    fn progress(&self) -> Progress {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Path and query below `operations` or `operationResults`. Since 2026 these URLs carry signed parameters that make
    /// them nearly 4 KB long; what Azure puts in them is opaque, so their content is invented.
    fn path_and_query(&self, app: &App, what: &str) -> String {
        let name = format!("{what} {} {}", self.id, self.version);
        let stamp: String = app
            .keys
            .expand(&format!("t {name}"), 64)
            .bytes()
            .map(|byte| char::from(b'0' + byte % 10))
            .take(17)
            .collect();
        format!(
            "/subscriptions/{}/providers/Microsoft.Network/locations/{}/{what}/{}?api-version={}&t=6{stamp}&c={}&s={}&h={}",
            self.subscription,
            self.location,
            self.id,
            self.version,
            app.keys.expand(&format!("c {name}"), 3000),
            app.keys.expand(&format!("s {name}"), 342),
            app.keys.expand(&format!("h {name}"), 43),
        )
    }

    /// The value of `Azure-AsyncOperation`.
    pub(crate) fn url(&self, call: &Call<'_>) -> String {
        call.req.base_url() + &self.path_and_query(call.app, "operations")
    }

    /// The value of `Location`.
    pub(crate) fn result_url(&self, call: &Call<'_>) -> String {
        call.req.base_url() + &self.path_and_query(call.app, "operationResults")
    }
}

/// `Retry-After`, as the inventory has it.
pub(crate) fn set_retry_after(call: &Call<'_>, answer: &mut Answer) {
    answer::set(answer, "retry-after", call.app.inventory.timings.retry_after_s.to_string());
}

/// `GET …/operations/{id}`
pub(super) fn status(call: &Call<'_>, subscription: &str, id: &str) -> ArmResult {
    let operation = find(call, subscription, id, "operations")?;
    let progress = operation.progress();
    let body = match &progress {
        Progress::Running => json!({ "status": "InProgress" }),
        Progress::Succeeded if matches!(operation.kind, Kind::Create) => json!({ "status": "Succeeded" }),
        Progress::Succeeded => json!({ "status": "Succeeded", "properties": {} }),
        Progress::Failed { code, message } => {
            json!({ "status": "Failed", "error": { "code": code, "message": message, "details": [] } })
        }
    };
    let mut answer = answer::json(StatusCode::OK, &body);
    if matches!(progress, Progress::Running) {
        set_retry_after(call, &mut answer);
    }
    Ok(answer)
}

/// `GET …/operationResults/{id}`
pub(super) fn result(call: &Call<'_>, subscription: &str, id: &str) -> ArmResult {
    let operation = find(call, subscription, id, "operationResults")?;
    let mut answer = match (operation.progress(), &operation.kind) {
        (Progress::Running, _) => {
            let mut answer = answer::empty(StatusCode::ACCEPTED);
            set_retry_after(call, &mut answer);
            answer
        }
        // How a failed operation's result looks is not known: invented.
        (Progress::Failed { code, message }, _) => {
            return Err(ArmError::new(StatusCode::CONFLICT, code, message));
        }
        (Progress::Succeeded, Kind::Delete) => answer::empty(StatusCode::NO_CONTENT),
        (Progress::Succeeded, Kind::Status(session)) => {
            call.app.gone.check_target(session)?;
            if !call.app.captures.has(session) {
                // How Azure answers once the session was deleted is not known: invented.
                return Err(session.not_found());
            }
            answer::json(StatusCode::OK, &session.tell_status(call.app.clock.now()))
        }
        (Progress::Succeeded, Kind::Create | Kind::Stop) => answer::json(StatusCode::OK, &Value::Null),
    };
    // The final 200 carries the URLs again, as recorded: only the status code says that it is over.
    answer::set(&mut answer, "location", operation.result_url(call));
    answer::set(&mut answer, "azure-asyncoperation", operation.url(call));
    Ok(answer)
}

/// The operation, if its URL came back byte for byte.
fn find(call: &Call<'_>, subscription: &str, id: &str, what: &str) -> ArmResult<Arc<Operation>> {
    call.subscription(subscription)?;
    let operation = call.app.operations.lock().get(id).cloned().ok_or_else(|| {
        // The code is invented.
        ArmError::new(
            StatusCode::NOT_FOUND,
            "OperationNotFound",
            format!("The operation '{id}' was not found."),
        )
    })?;
    if call.req.path_and_query() == operation.path_and_query(call.app, what) {
        return Ok(operation);
    }
    // How Azure refuses a URL that was rebuilt or cut short is not known: invented.
    Err(ArmError::new(
        StatusCode::FORBIDDEN,
        "InvalidOperationUrlSignature",
        "The URL of the operation is not the one that was given out: send it back byte for byte.",
    ))
}
