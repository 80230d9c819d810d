//! Lists, page by page.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Call;
use super::error::{ArmError, ArmResult};
use crate::answer;

/// One page of these entries; the rest is behind `nextLink`. What stands in a skip token is invented.
pub(super) fn page(call: &Call<'_>, mut entries: Vec<Value>) -> ArmResult {
    let first = match call.req.query("$skiptoken") {
        None => 0,
        Some(token) => token
            .strip_prefix("standin-")
            .and_then(|number| number.parse::<usize>().ok())
            .filter(|first| *first <= entries.len())
            .ok_or_else(|| {
                ArmError::bad_request("InvalidSkipToken", format!("The skip token '{token}' is invalid."))
            })?,
    };
    let next = first.saturating_add(call.app.inventory.limits.page_size);
    let more = next < entries.len();
    entries.truncate(next);
    let mut body = json!({ "value": entries.split_off(first) });
    if more {
        let version = utf8_percent_encode(&call.version, NON_ALPHANUMERIC);
        body["nextLink"] = json!(format!(
            "{}{}?api-version={version}&$skiptoken=standin-{next}",
            call.req.base_url(),
            call.req.uri.path()
        ));
    }
    Ok(answer::json(StatusCode::OK, &body))
}
