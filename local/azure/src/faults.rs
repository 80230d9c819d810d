//! Faults on request: what shall go wrong, where, and how often.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::answer::{self, Answer};
use crate::arm::error::ArmError;
use crate::clock;
use crate::route::OPERATIONS;

/// What may go wrong.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answers with an error status in the shape of the service that is asked; nothing is done.
    Status {
        /// The status.
        status: u16,
        /// The `Retry-After` header: seconds or an HTTP date.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<String>,
        /// The `Retry-After` header as an HTTP date, so many seconds after the answer by the stand-in's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_date_s: Option<u64>,
        /// Headers as they are: `retry-after-ms`, `x-ms-ratelimit-remaining-subscription-writes`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        /// The error code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The error message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// The whole body in place of a shaped one, to send what no service should.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// Waits, then does as always.
    Delay {
        /// How long.
        ms: u64,
    },
    /// Closes the connection before anything is done.
    Drop,
    /// Does everything, then closes the connection in place of an answer.
    LostAnswer,
    /// Does everything, and closes the connection in the middle of the answer's body.
    BodyBreaks {
        /// So many bytes of it are sent.
        after_bytes: usize,
    },
    /// Does everything, and sends the answer's body in pieces.
    SlowBody {
        /// How long a piece is.
        bytes: usize,
        /// The pause before each.
        ms: u64,
    },
    /// The capture starts and ends in `Error` (on `packetCaptures.put`).
    CaptureError {
        /// What `packetCaptureError` lists.
        errors: Vec<String>,
        /// How long after its start.
        #[serde(default)]
        after_ms: u64,
    },
    /// The long-running operation ends in `Failed` (on `packetCaptures.put`, `.stop`, `.delete`).
    OperationFailed {
        /// The error code.
        code: String,
        /// The error message.
        message: String,
    },
}

const KINDS: &str =
    "status, delay, drop, lost_answer, body_breaks, slow_body, capture_error, operation_failed";

/// Which requests a fault is for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// Text that the path must contain, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Text that the name of the session it is about must contain, in any case: for operations' URLs, which do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_contains: Option<String>,
    /// Text that the body must contain, in any case: for notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
}

/// What of a request a fault can be meant by.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen<'a> {
    pub(crate) path: &'a str,
    pub(crate) capture: &'a str,
    pub(crate) body: &'a [u8],
}

impl Match {
    fn fits(&self, seen: Seen<'_>) -> bool {
        let contains = |text: &str, wanted: &Option<String>| {
            let wanted = wanted.as_deref().unwrap_or_default().to_ascii_lowercase();
            wanted.is_empty() || text.to_ascii_lowercase().contains(&wanted)
        };
        contains(seen.path, &self.path_contains)
            && contains(seen.capture, &self.capture_contains)
            && (self.body_contains.is_none()
                || contains(&String::from_utf8_lossy(seen.body), &self.body_contains))
    }
}

/// A fault, where it happens and how often.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The operation it happens to.
    pub operation: String,
    /// How many requests it still happens to.
    #[serde(default = "once")]
    pub times: u64,
    /// How many requests pass before.
    #[serde(default)]
    pub skip: u64,
    /// Which of the operation's requests.
    #[serde(default, rename = "match")]
    pub matches: Match,
    /// What happens.
    pub fault: Fault,
}

fn once() -> u64 {
    1
}

/// How a long-running operation is made to end.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    CaptureError { errors: Vec<String>, after_ms: u64 },
    OperationFailed { code: String, message: String },
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    /// Checks and adds one; the error says what would be right.
    pub(crate) fn add(&self, body: &[u8]) -> Result<(), String> {
        let rule: Rule = serde_json::from_slice(body).map_err(|error| {
            format!("not a fault: {error}. Operations: {}. Kinds: {KINDS}.", OPERATIONS.join(", "))
        })?;
        rule.check()?;
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
        Ok(())
    }

    /// The first fault that is due for this request; it is used up by one.
    pub(crate) fn take(&self, operation: &str, seen: Seen<'_>) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = None;
        for rule in rules.iter_mut().filter(|rule| rule.operation == operation) {
            if !rule.matches.fits(seen) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times -= 1;
            taken = Some(rule.fault.clone());
            break;
        }
        rules.retain(|rule| rule.times > 0);
        taken
    }

    /// The faults still to come.
    pub(crate) fn pending(&self) -> Vec<Rule> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets them all.
    pub(crate) fn clear(&self) {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Rule {
    fn check(&self) -> Result<(), String> {
        if !OPERATIONS.contains(&self.operation.as_str()) {
            return Err(format!(
                "there is no operation {:?}. Operations: {}.",
                self.operation,
                OPERATIONS.join(", ")
            ));
        }
        if self.times == 0 {
            return Err("times is 0: a fault happens at least once".into());
        }
        let fits = match &self.fault {
            Fault::Status { status, headers, .. } => {
                let is_header = |(name, value): (&String, &String)| {
                    HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok()
                };
                if !headers.iter().all(is_header) {
                    return Err(format!("{headers:?} cannot all be headers"));
                }
                if StatusCode::from_u16(*status).is_err() || *status < 200 {
                    return Err(format!("{status} is not a final HTTP status"));
                }
                return Ok(());
            }
            Fault::CaptureError { .. } => &["packetCaptures.put"][..],
            Fault::OperationFailed { .. } => {
                &["packetCaptures.put", "packetCaptures.stop", "packetCaptures.delete"]
            }
            Fault::Delay { .. }
            | Fault::Drop
            | Fault::LostAnswer
            | Fault::BodyBreaks { .. }
            | Fault::SlowBody { .. } => return Ok(()),
        };
        if fits.contains(&self.operation.as_str()) {
            return Ok(());
        }
        Err(format!("this kind of fault happens only to {}", fits.join(", ")))
    }
}

impl Fault {
    /// The name of its kind, for the record.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Delay { .. } => "delay",
            Self::Drop => "drop",
            Self::LostAnswer => "lost_answer",
            Self::BodyBreaks { .. } => "body_breaks",
            Self::SlowBody { .. } => "slow_body",
            Self::CaptureError { .. } => "capture_error",
            Self::OperationFailed { .. } => "operation_failed",
        }
    }

    /// How the operation that is started shall end.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.clone() {
            Self::CaptureError { errors, after_ms } => Some(Outcome::CaptureError { errors, after_ms }),
            Self::OperationFailed { code, message } => Some(Outcome::OperationFailed { code, message }),
            _ => None,
        }
    }

    /// Sets the headers that it asks for, over those that a service sets by itself.
    pub(crate) fn set_headers(&self, answer: &mut Answer) {
        let Self::Status { headers, .. } = self else { return };
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                answer.headers_mut().insert(name, value);
            }
        }
    }

    /// The answer that stands in for the real one, if this fault has one.
    pub(crate) fn answer(&self, operation: &str, now: Timestamp) -> Option<Answer> {
        let Self::Status { status, retry_after, retry_after_date_s, code, message, body, .. } = self else {
            return None;
        };
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reason = status.canonical_reason().unwrap_or("Error").replace(' ', "");
        let code = code.clone().unwrap_or(reason);
        let message = message.clone().unwrap_or_else(|| "An error occurred.".into());
        let mut answer = match (body, operation) {
            (Some(body), _) => {
                let mut answer = answer::empty(status);
                *answer.body_mut() = body.clone().into();
                answer::set(&mut answer, "content-type", "text/html");
                answer
            }
            // Slack's answers are a word, a workflow's are not looked at.
            (None, "slack" | "teams") => answer::text(status, &code),
            (None, "token" | "openid" | "keys") => crate::entra::errors::shaped(status, &code, &message),
            (None, "imds.token") => crate::imds::error(status, &code, &message),
            (None, "blob.get" | "blob.head" | "blob.list" | "blob.delegationKey") => {
                crate::blob::http::error(status, &code, &message)
            }
            (None, _) => ArmError::new(status, code, message).answer(),
        };
        if let Some(after) = retry_after {
            answer::set(&mut answer, "retry-after", after);
        }
        if let Some(seconds) = retry_after_date_s {
            let date = clock::http_date(clock::later(now, Duration::from_secs(*seconds)));
            answer::set(&mut answer, "retry-after", date);
        }
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_happens_after_those_it_skips_and_only_as_often_as_asked() {
        let faults = Faults::default();
        let rule = r#"{"operation":"token","skip":1,"times":2,"match":{"path_contains":"/T/"},"fault":{"kind":"drop"}}"#;
        faults.add(rule.as_bytes()).expect("valid");
        let taken: Vec<bool> = ["/t/a", "/other", "/t/b", "/t/c", "/t/d"]
            .iter()
            .map(|path| faults.take("token", Seen { path, ..Seen::default() }).is_some())
            .collect();
        assert_eq!(taken, [false, false, true, true, false]);
        assert!(faults.pending().is_empty());
    }

    #[test]
    fn a_fault_can_be_meant_for_one_session_or_for_a_body() {
        let faults = Faults::default();
        for matches in [r#"{"capture_contains":"Web-01"}"#, r#"{"body_contains":"db-01"}"#] {
            let rule = format!(r#"{{"operation":"notify","match":{matches},"fault":{{"kind":"drop"}}}}"#);
            faults.add(rule.as_bytes()).expect("valid");
        }
        let seen = |capture, body| Seen { path: "/notify/x", capture, body };
        assert!(faults.take("notify", seen("other", b"nothing")).is_none());
        assert!(faults.take("notify", seen("a-web-01-b", b"")).is_some());
        assert!(faults.take("notify", seen("", b"{\"of\":\"DB-01\"}")).is_some());
    }

    #[test]
    fn an_unknown_operation_or_kind_is_answered_with_the_list_of_those_there_are() {
        let faults = Faults::default();
        let error = faults.add(br#"{"operation":"tokens","fault":{"kind":"drop"}}"#).unwrap_err();
        assert!(error.contains("virtualMachines.get"), "{error}");
        let error = faults.add(br#"{"operation":"token","fault":{"kind":"explode"}}"#).unwrap_err();
        assert!(error.contains("lost_answer"), "{error}");
        let error =
            faults.add(br#"{"operation":"token","fault":{"kind":"capture_error","errors":[]}}"#).unwrap_err();
        assert!(error.contains("packetCaptures.put"), "{error}");
    }
}
