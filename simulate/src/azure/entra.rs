//! Entra: tokens, and who is let in with them.

use bytes::Bytes;
use http::Response;
use serde_json::json;

use super::{Asked, Azure, answer::reply};
use crate::scenario::SECOND;

impl Azure {
    /// Entra's answer.
    pub(crate) fn login(&mut self, asked: &Asked<'_>) -> Response<Bytes> {
        let form = String::from_utf8_lossy(asked.request.body());
        if self.secret_is_wrong || !form.contains(&self.secret) {
            let body = json!({"error": "invalid_client", "error_description": "AADSTS7000215: wrong", "error_codes": [7_000_215]});
            return reply(401, &body);
        }
        self.tokens.push(asked.now + self.ways.token_lasts * SECOND);
        let token = format!("canary-token-{}", self.tokens.len() - 1);
        reply(
            200,
            &json!({"access_token": token, "expires_in": self.ways.token_lasts, "token_type": "Bearer"}),
        )
    }

    pub(super) fn is_let_in(&self, asked: &Asked<'_>) -> bool {
        let bearer = asked.request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let number = bearer.and_then(|text| text.strip_prefix("Bearer canary-token-")?.parse::<usize>().ok());
        let Some(number) = number else { return false };
        number >= self.valid_from && self.tokens.get(number).is_some_and(|until| asked.now < *until)
    }

    pub(crate) fn revoke_tokens(&mut self) {
        self.valid_from = self.tokens.len();
    }
}
