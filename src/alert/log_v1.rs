//! Log alerts, version 1, of action groups without the common schema: no schemaId but `SearchQuery` and `AlertRuleName`;
//! from Application Insights the same under `data`, with schemaId `Microsoft.Insights/LogAlert`.
//!
//! Source: Azure Monitor documentation, "Non-common alert schema definitions" and "Sample payloads for log search
//! alerts". They only ever fire. Log alerts of today come in the common schema, whatever the action group says.

use serde_json::Value;

use super::{Alert, Condition, Identity, Schema, Unreadable, field, identity, machines, malformed};

pub(super) fn read(body: &Value, bytes: &[u8]) -> Result<Alert, Unreadable> {
    let data = match body.get("data") {
        _ if body.get("AlertRuleName").is_some() => body,
        Some(data @ Value::Object(_)) => data,
        _ => return Err(malformed("data", "is missing")),
    };

    let fired_at = field::time(data, "/SearchIntervalEndtimeUtc");
    let rule = field::text(data, "/AlertRuleName");
    let subscription = field::text(data, "/SubscriptionId").map(|id| ("SubscriptionId", id));
    // One evaluation sends an alert for each combination of dimensions.
    let dimensions = data.get("Dimensions").filter(|value| value.is_array() || value.is_object());
    let dimensions = dimensions.map(Value::to_string);
    let mut parts: Vec<(&str, &str)> = rule.map(|rule| ("AlertRuleName", rule)).into_iter().collect();
    parts.extend(subscription);
    parts.extend(dimensions.as_deref().map(|text| ("Dimensions", text)));
    let identity = match (rule, fired_at) {
        (Some(_), Some(at)) => Identity::fired(&parts, at),
        _ => Identity::body(bytes),
    };

    let resource = field::text(data, "/ResourceId");
    let places = machines::Places { context: data, essentials: &Value::Null, items_are_computers: true };
    let of_app = data.get("ApplicationId").is_some();
    let mut alert = Alert {
        rule: field::cleaned(data, "/AlertRuleName"),
        severity: field::severity(data.get("Severity")),
        signal_type: Some("Log".to_owned()),
        monitoring_service: Some(if of_app { "Application Insights" } else { "Log Analytics" }.to_owned()),
        description: field::cleaned(data, "/Description"),
        measured: field::measured(data),
        fired_at,
        about: resource.map(str::to_owned),
        targets: machines::targets(resource.into_iter(), places),
        ..Alert::new(Schema::LogV1, Condition::Fired, identity)
    };
    if rule.is_some() {
        alert.series = identity::series(&parts);
    }
    field::properties(&mut alert.properties, data.get("properties"));
    Ok(alert)
}
