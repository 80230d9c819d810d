//! Long-running operations: their URLs, and what stands there.

use bytes::Bytes;
use http::Response;
use serde_json::json;

use super::{
    ARM, Asked, Azure,
    answer::{empty, refusal, reply},
};
use crate::{alerts::SUBSCRIPTION, scenario::SECOND};

/// The ending of operation URLs: signed, so it comes back byte for byte or not at all.
const SIGNATURE: &str = "&t=6391a%2Bb%2f&c=MII%2B-._~canary&s=%7e~x&h=Zz";

/// A long-running operation.
pub(super) struct Operation {
    url: String,
    pub(super) session: usize,
    is_status: bool,
    /// The answer stands there from then on.
    ready: u64,
    started: String,
}

impl Azure {
    /// Names the place where an operation's outcome will stand.
    pub(super) fn place(
        &mut self,
        asked: &Asked<'_>,
        answer: &mut Response<Bytes>,
        header: &'static str,
        session: usize,
        is_status: bool,
        ready: u64,
    ) {
        let number = self.operations.len() as u64 + 1;
        let host =
            if asked.chance.happens(self.ways.leads_astray) { "https://elsewhere.example" } else { ARM };
        let what = if is_status { "operationResults" } else { "operations" };
        let padding = if self.ways.long_urls { "x".repeat(4_000) } else { String::new() };
        let url = format!(
            "{host}{SUBSCRIPTION}/providers/Microsoft.Network/locations/we/{what}/{number}?api-version=1&p={padding}{SIGNATURE}"
        );
        answer.headers_mut().insert(header, url.parse().expect("a URL"));
        let begun = &self.sessions.all[session];
        let started =
            asked.time.after((begun.ready / SECOND) as i64 - (asked.now / SECOND) as i64).to_string();
        self.operations.insert(number, Operation { url, session, is_status, ready, started });
    }

    pub(super) fn operation(&mut self, asked: &Asked<'_>, path: &str) -> Response<Bytes> {
        let Some(operation) = operation_number(path).and_then(|number| self.operations.get(&number)) else {
            return refusal(404, "ResourceNotFound", "there is no such operation");
        };
        let uri = asked.request.uri().to_string();
        if operation.url != uri {
            self.broken_url = Some(uri);
        }
        if asked.chance.happens(self.ways.forgets) {
            return refusal(404, "ResourceNotFound", "the operation is forgotten");
        }
        let session = &self.sessions.all[operation.session];
        let is_ready = operation.ready <= asked.now;
        if operation.is_status {
            // A session that is gone takes its operations' results with it.
            if self.sessions.at(&session.path) != Some(operation.session) || session.deleting.is_some() {
                return refusal(404, "ResourceNotFound", "there is no such session");
            }
            let mut answer = if is_ready {
                reply(200, &session.status(asked.now, false, &operation.started))
            } else {
                empty(202)
            };
            answer.headers_mut().insert("location", operation.url.parse().expect("a URL"));
            return answer;
        }
        let body = match (is_ready, session.never_ready, session.gone) {
            (_, _, Some((at, _))) if at < session.ready => json!({"status": "Canceled"}),
            (false, ..) => json!({"status": "InProgress"}),
            (true, true, _) => {
                json!({"status": "Failed", "error": {"code": "InternalServerError", "message": "An error occurred."}})
            }
            (true, false, _) => json!({"status": "Succeeded"}),
        };
        let mut answer = reply(200, &body);
        if !is_ready {
            answer.headers_mut().insert("retry-after", "10".parse().expect("a number"));
        }
        answer
    }
}

/// The number in the path of an operation.
pub(super) fn operation_number(path: &str) -> Option<u64> {
    let (front, number) = path.rsplit_once('/')?;
    (front.ends_with("/operations") || front.ends_with("/operationresults")).then(|| number.parse().ok())?
}
