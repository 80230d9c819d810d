//! Microsoft.Network/networkWatchers and their packet captures.
//!
//! Source: the published API, `Microsoft.Network` 2026-03-01 (`packetCaptures`), and recorded traffic of Azure's own
//! clients. Statuses are open sets: a word that is not known means "not over yet".

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    arm::{Answer, Arm, ArmError, failure_of},
    compute::normalized,
    resource_id::{ResourceId, arm_url},
};
use crate::{
    failure::Failure,
    plan::{Machine, Parameters},
    platform::Platform,
    time::Timestamp,
};

/// `properties` of a packet capture that is to be created; nothing in it that was not set.
#[derive(Debug, Clone, Serialize)]
pub struct CaptureProperties {
    /// `target`, `targetType` and `scope`.
    #[serde(flatten)]
    pub machine: Machine,
    /// Everything else.
    #[serde(flatten)]
    pub parameters: Parameters,
}

impl CaptureProperties {
    /// The body of the PUT.
    #[must_use]
    pub fn body(&self) -> Value {
        serde_json::json!({ "properties": self })
    }
}

/// A session as Azure shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    name: Option<String>,
    /// What it is and where it stands.
    #[serde(default)]
    pub properties: SessionProperties,
}

/// `properties` of a session.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionProperties {
    provisioning_state: Option<String>,
    target: Option<String>,
    #[serde(default)]
    storage_location: Value,
}

impl Session {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

impl SessionProperties {
    /// Whether it captures on `machine`.
    #[must_use]
    pub fn is_on(&self, machine: &Machine) -> bool {
        self.target.as_ref().is_some_and(|target| target.eq_ignore_ascii_case(&machine.id.to_string()))
    }

    /// `Succeeded`, `Updating`, `Failed`, …, lower-cased.
    fn state(&self) -> String {
        self.provisioning_state.as_deref().unwrap_or_default().to_ascii_lowercase()
    }

    /// The file's URL, if Azure has chosen it.
    #[must_use]
    pub fn storage_path(&self) -> Option<String> {
        let path = self.storage_location.get("storagePath")?.as_str()?;
        // A signed URL has a query; the record keeps none.
        path.split(['?', '#']).next().filter(|path| !path.is_empty()).map(crate::text::clean)
    }

    /// Whether it is being deleted.
    #[must_use]
    pub fn is_being_deleted(&self) -> bool {
        self.state() == "deleting"
    }

    /// Whether its provisioning is still under way.
    #[must_use]
    pub fn is_provisioning(&self) -> bool {
        !matches!(self.state().as_str(), "succeeded" | "failed" | "canceled")
    }

    /// Whether its provisioning failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.state().as_str(), "failed" | "canceled")
    }
}

/// What `queryStatus` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureStatus {
    /// `packetCaptureStatus` as it came.
    pub word: String,
    /// It captures no more.
    pub is_over: bool,
    /// `stopReason`.
    pub stop_reason: Option<String>,
    /// `captureStartTime`.
    pub started_at: Option<Timestamp>,
    /// `packetCaptureError`, in words.
    pub failure: Option<Failure>,
}

/// The region's watcher, found by its location: its name and group are the owner's choice.
///
/// # Errors
/// [`ArmError`].
pub async fn watchers<P: Platform>(
    arm: &Arm<'_, P>,
    subscription: &str,
) -> Result<Vec<(String, ResourceId)>, ArmError> {
    #[derive(Deserialize)]
    struct Watcher {
        id: ResourceId,
        location: String,
    }
    let segments = ["subscriptions", subscription, "providers", "Microsoft.Network", "networkWatchers"];
    let url = arm_url(&arm.azure.arm, segments.into_iter(), &arm.azure.network_api_version);
    let found = arm.list::<Watcher>(&url).await?;
    Ok(found.into_iter().map(|w| (normalized(&w.location), w.id)).collect())
}

/// The sessions that exist on a watcher, running or ended.
///
/// # Errors
/// [`ArmError`].
pub async fn sessions<P: Platform>(arm: &Arm<'_, P>, watcher: &ResourceId) -> Result<Vec<Session>, ArmError> {
    let url = watcher.url(&arm.azure.arm, &["packetCaptures"], &arm.azure.network_api_version);
    arm.list(&url).await
}

/// Creates a session.
///
/// # Errors
/// [`ArmError`].
pub async fn create<P: Platform>(
    arm: &Arm<'_, P>,
    capture: &ResourceId,
    properties: &CaptureProperties,
) -> Result<Answer, ArmError> {
    let url = capture.url(&arm.azure.arm, &[], &arm.azure.network_api_version);
    arm.send(Method::PUT, url.as_str(), Some(properties.body())).await
}

/// Reads a session.
///
/// # Errors
/// [`ArmError`].
pub async fn read<P: Platform>(arm: &Arm<'_, P>, capture: &ResourceId) -> Result<Session, ArmError> {
    let url = capture.url(&arm.azure.arm, &[], &arm.azure.network_api_version);
    arm.get(&url).await?.json()
}

/// Azure deletes a session within so many seconds.
pub const DELETION: i64 = 5;

/// Deletes a session; the file stays. A session that is not there is no error.
///
/// # Errors
/// [`ArmError`].
pub async fn delete<P: Platform>(arm: &Arm<'_, P>, capture: &ResourceId) -> Result<(), ArmError> {
    let url = capture.url(&arm.azure.arm, &[], &arm.azure.network_api_version);
    match arm.send(Method::DELETE, url.as_str(), None).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Stops a session; one that has stopped is no error. `Retry-After` says when to look.
///
/// # Errors
/// [`ArmError`].
pub async fn stop<P: Platform>(arm: &Arm<'_, P>, capture: &ResourceId) -> Result<Answer, ArmError> {
    let url = capture.url(&arm.azure.arm, &["stop"], &arm.azure.network_api_version);
    arm.send(Method::POST, url.as_str(), None).await
}

/// Asks for a session's status. 200 is the answer; 202 comes with a stale body, and `Location` is where the answer will
/// stand.
///
/// # Errors
/// [`ArmError`].
pub async fn query_status<P: Platform>(arm: &Arm<'_, P>, capture: &ResourceId) -> Result<Answer, ArmError> {
    let url = capture.url(&arm.azure.arm, &["queryStatus"], &arm.azure.network_api_version);
    arm.send(Method::POST, url.as_str(), None).await
}

/// The status in an answer with 200; its status code decides, for a final answer can carry a `Location` too.
///
/// # Errors
/// [`ArmError`] if the body is not a status.
pub fn status(answer: &Answer) -> Result<Option<CaptureStatus>, ArmError> {
    if answer.status != StatusCode::OK {
        return Ok(None);
    }
    answer.json::<Value>().map(|body| Some(parse_status(&body)))
}

fn parse_status(body: &Value) -> CaptureStatus {
    let text = |field: &str| body.get(field).and_then(Value::as_str).filter(|t| !t.is_empty());
    let word = crate::text::clean(text("packetCaptureStatus").unwrap_or("Unknown"));
    let errors: Vec<String> = body
        .get("packetCaptureError")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(crate::text::clean)
        .collect();
    let failed = word.eq_ignore_ascii_case("Error") || !errors.is_empty();
    let failure = failed.then(|| {
        let code = errors.first().cloned().unwrap_or_else(|| "CaptureError".to_owned());
        Failure::new(code, format!("the capture ended with an error: {}", errors.join(", ")))
    });
    CaptureStatus {
        is_over: failed || word.eq_ignore_ascii_case("Stopped"),
        word,
        // The portal's dash for "no reason" is one here too.
        stop_reason: text("stopReason").filter(|reason| *reason != "-").map(crate::text::clean),
        started_at: text("captureStartTime").and_then(|time| time.parse().ok()),
        failure,
    }
}

/// How a long-running operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Not ended yet.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended otherwise.
    Failed(Failure),
}

/// Reads it, whichever of ARM's three ways the answer is of.
///
/// `Azure-AsyncOperation` has a `status`, the resource itself a `provisioningState`: `Succeeded`, `Failed` and `Canceled` end it, in any case; every other word runs on. `Location` says
/// 202 until it has ended, and needs no body then.
///
/// # Errors
/// [`ArmError`] if the body is not JSON.
pub fn operation(answer: &Answer) -> Result<Operation, ArmError> {
    match answer.status {
        StatusCode::ACCEPTED => return Ok(Operation::Running),
        StatusCode::NO_CONTENT => return Ok(Operation::Succeeded),
        _ => {}
    }
    let body = answer.json::<Value>()?;
    let word = body.get("status").or_else(|| body.pointer("/properties/provisioningState"));
    let Some(word) = word.and_then(Value::as_str) else { return Ok(Operation::Succeeded) };
    let status = word.to_ascii_lowercase();
    Ok(match status.as_str() {
        "succeeded" => Operation::Succeeded,
        "failed" | "canceled" => {
            Operation::Failed(body.get("error").and_then(failure_of).unwrap_or_else(|| {
                Failure::new(
                    "operationFailed",
                    format!("Azure's operation ended as {status}, without a reason"),
                )
            }))
        }
        _ => Operation::Running,
    })
}

#[cfg(test)]
#[path = "network_watcher_tests.rs"]
mod tests;
