//! Network Watchers, read only.

use http::StatusCode;
use serde_json::{Value, json};

use super::compute::stable_guid;
use super::error::{ArmError, ArmResult};
use super::{Call, paging};
use crate::answer;
use crate::inventory::{Subscription, Watcher};
use crate::route::ResourcePath;

/// `GET …/networkWatchers`, of the subscription or of one group.
pub(super) fn list(call: &Call<'_>, subscription: &str, group: Option<&str>) -> ArmResult {
    let subscription = call.list_place(subscription, group, "Microsoft.Network/networkWatchers/read")?;
    let entries = subscription
        .watchers
        .iter()
        .filter(|watcher| group.is_none_or(|group| watcher.resource_group.eq_ignore_ascii_case(group)))
        .filter(|watcher| !call.app.gone.is_gone(&subscription.watcher_id(watcher)))
        .map(|watcher| body(subscription, watcher))
        .collect();
    paging::page(call, entries)
}

/// `GET …/networkWatchers/{name}`
pub(super) fn get(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let (subscription, watcher) = find(call, path, "Microsoft.Network/networkWatchers/read")?;
    Ok(answer::json(StatusCode::OK, &body(subscription, watcher)))
}

/// The watcher of a path, for a caller who may do this.
pub(super) fn find<'a>(
    call: &Call<'a>,
    path: &ResourcePath,
    action: &str,
) -> ArmResult<(&'a Subscription, &'a Watcher)> {
    let subscription = call.place(path, action)?;
    let watcher = subscription
        .watcher(&path.group, &path.name)
        .ok_or_else(|| ArmError::not_here("Microsoft.Network/networkWatchers", path))?;
    Ok((subscription, watcher))
}

fn body(subscription: &Subscription, watcher: &Watcher) -> Value {
    let id = subscription.watcher_id(watcher);
    json!({
        "name": watcher.name,
        "etag": format!("W/\"{}\"", stable_guid(&id)),
        "id": id,
        "type": "Microsoft.Network/networkWatchers",
        "location": watcher.location,
        "properties": { "provisioningState": "Succeeded", "runningOperationIds": [] },
    })
}
