//! Metric alerts of action groups without the common schema: schemaId `AzureMonitorMetricAlert`, where everything stands
//! under `data`; and the classic ones of before 2018, the same without schemaId and `data`.
//!
//! Source: Azure Monitor documentation, "Non-common alert schema definitions" and "Call a webhook with a classic metric
//! alert".

use serde_json::Value;

use super::{Alert, Identity, Schema, Unreadable, field, identity, machines, malformed};

pub(super) fn read(schema: Schema, body: &Value, bytes: &[u8]) -> Result<Alert, Unreadable> {
    let (data, [status, context]) = match schema {
        Schema::Metric => (body.get("data").unwrap_or(&Value::Null), ["data.status", "data.context"]),
        _ => (body, ["status", "context"]),
    };
    let condition =
        field::condition(data.get("status"), status)?.ok_or_else(|| malformed(status, "is missing"))?;
    let context = data
        .get("context")
        .filter(|context| context.is_object())
        .ok_or_else(|| malformed(context, "is missing"))?;

    let fired_at = field::time(context, "/timestamp");
    let resource = field::text(context, "/resourceId");
    let mut parts: Vec<(&str, &str)> = [("id", "/id"), ("name", "/name")]
        .iter()
        .find_map(|&(name, at)| Some((name, field::text(context, at)?)))
        .into_iter()
        .collect();
    let is_known = !parts.is_empty();
    parts.extend(resource.map(|id| ("resourceId", id)));
    let identity = match fired_at {
        Some(at) if is_known => Identity::fired(&parts, at),
        _ => Identity::body(bytes),
    };

    let places = machines::Places { context, essentials: &Value::Null, items_are_computers: false };
    let mut alert = Alert {
        id: field::cleaned(context, "/id"),
        rule: field::cleaned(context, "/name"),
        severity: field::severity(context.get("severity")),
        signal_type: Some("Metric".to_owned()),
        monitoring_service: Some("Platform".to_owned()),
        description: field::cleaned(context, "/description"),
        measured: field::measured(context),
        fired_at,
        about: resource.map(str::to_owned),
        targets: machines::targets(resource.into_iter(), places),
        ..Alert::new(schema, condition, identity)
    };
    if is_known {
        alert.series = identity::series(&parts);
    }
    field::properties(&mut alert.properties, data.get("properties"));
    Ok(alert)
}
