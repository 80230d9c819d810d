//! Answers.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

pub(crate) fn reply(status: u16, body: &Value) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_string())).expect("a status")
}

pub(super) fn empty(status: u16) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::new()).expect("a status")
}

pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Response<Bytes> {
    reply(status, &json!({"error": {"code": code, "message": message}}))
}
