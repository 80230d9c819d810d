//! Network Watchers, read only.

use http::StatusCode;
use serde_json::{Value, json};

use super::compute::stable_guid;
use super::error::{ArmError, ArmResult};
use super::{Call, paging};
use crate::answer;
use crate::inventory::{Subscription, Watcher};
use crate::route::WatcherPath;

/// `GET …/networkWatchers`, of the subscription or of one group.
pub(super) fn list(call: &Call<'_>, subscription: &str, group: Option<&str>) -> ArmResult {
    let subscription = call.subscription(subscription)?;
    // Whether ARM would show a caller with rights on one group that group's watchers here is not known: invented.
    let scope = match group {
        None => format!("/subscriptions/{}", subscription.id),
        Some(group) => format!("/subscriptions/{}/resourceGroups/{group}", subscription.id),
    };
    call.allow("Microsoft.Network/networkWatchers/read", &scope)?;
    if let Some(group) = group {
        call.group(subscription, group)?;
    }
    let entries = subscription
        .watchers
        .iter()
        .filter(|watcher| group.is_none_or(|group| watcher.resource_group.eq_ignore_ascii_case(group)))
        .map(|watcher| body(subscription, watcher))
        .collect();
    paging::page(call, entries)
}

/// `GET …/networkWatchers/{name}`
pub(super) fn get(call: &Call<'_>, path: &WatcherPath) -> ArmResult {
    let (subscription, watcher) = find(call, path, "Microsoft.Network/networkWatchers/read")?;
    Ok(answer::json(StatusCode::OK, &body(subscription, watcher)))
}

/// The watcher of a path, for a caller who may do this.
pub(super) fn find<'a>(
    call: &Call<'a>,
    path: &WatcherPath,
    action: &str,
) -> ArmResult<(&'a Subscription, &'a Watcher)> {
    let subscription = call.subscription(&path.subscription)?;
    call.allow(action, call.req.uri.path())?;
    call.group(subscription, &path.group)?;
    let watcher = subscription.watcher(&path.group, &path.name).ok_or_else(|| {
        ArmError::resource_not_found("Microsoft.Network/networkWatchers", &path.name, &path.group)
    })?;
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
