//! Activity log alerts: what an administrator, a policy, autoscale, Azure's service or resource health did.
//!
//! Source: Azure Monitor documentation, "Non-common alert schema definitions" and "Configure a webhook to get activity
//! log alerts", schemaId `Microsoft.Insights/activityLogs`. The common schema carries the same event in `alertContext`.
//! In both `channels`, `eventSource` and `level` may be numbers, and most fields may be missing.

use serde_json::Value;

use super::{
    Alert, Condition, Identity, Reading, Schema, Unreadable, detect::boxed, field, machines, malformed,
};
use crate::text::clean;

/// One event of the activity log.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    /// Its fields: `data.context.activityLog`, or `data.alertContext` of the common schema.
    pub(super) fields: &'a Value,
    /// Where it comes from, in the common schema's words.
    pub(super) service: Option<&'a str>,
}

impl Event<'_> {
    /// Whether it says how a service of Azure's is.
    pub(super) fn is_service_health(&self) -> bool {
        self.is_of("ServiceHealth")
    }

    /// Whether it says that a resource is healthy again.
    pub(super) fn has_resolved(&self) -> bool {
        let status = field::text(self.fields, "/status");
        self.is_of("ResourceHealth") && status.is_some_and(|word| word.eq_ignore_ascii_case("Resolved"))
    }

    fn is_of(&self, health: &str) -> bool {
        let provider = |operation: &str| {
            let provider = operation.split('/').next().unwrap_or_default();
            after("Microsoft.", provider).is_some_and(|name| name.eq_ignore_ascii_case(health))
        };
        let is_health = |word: &str| without_spaces(word).eq_ignore_ascii_case(health);
        self.service.is_some_and(is_health)
            || field::text(self.fields, "/eventSource").is_some_and(is_health)
            || field::text(self.fields, "/operationName").is_some_and(provider)
    }

    /// Service health names no machine.
    pub(super) fn not_for_us(&self, schema: Schema) -> Reading {
        let title =
            ["/properties/title", "/description"].iter().find_map(|at| field::cleaned(self.fields, at));
        let title = title.map_or_else(String::new, |title| format!(" ({title})"));
        let detail =
            format!("a service health alert{title} is about a service of Azure's and names no machine");
        Reading::NotForUs { schema, reason: "serviceHealth", detail }
    }
}

/// What follows `prefix`, in whatever case that is written.
fn after<'a>(prefix: &str, text: &'a str) -> Option<&'a str> {
    let (front, rest) = text.split_at_checked(prefix.len())?;
    front.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn without_spaces(word: &str) -> String {
    word.split_whitespace().collect()
}

/// Whether the common schema's `monitoringService` sends events of the activity log.
pub(super) fn is_event(service: &str) -> bool {
    after("Activity Log", service).is_some()
        || ["ServiceHealth", "ResourceHealth"]
            .iter()
            .any(|health| without_spaces(service).eq_ignore_ascii_case(health))
}

/// Whether an ARM id is of a resource, not of a subscription or a group.
pub(super) fn is_resource(id: &str) -> bool {
    id.to_ascii_lowercase().contains("/providers/")
}

pub(super) fn read(body: &Value, bytes: &[u8]) -> Result<Reading, Unreadable> {
    let fields = body
        .pointer("/data/context/activityLog")
        .filter(|fields| fields.is_object())
        .ok_or_else(|| malformed("data.context.activityLog", "is missing"))?;
    let condition =
        field::condition(body.pointer("/data/status"), "data.status")?.unwrap_or(Condition::Fired);
    let event = Event { fields, service: None };
    let resource = field::text(fields, "/resourceId");
    if event.is_service_health() && !resource.is_some_and(is_resource) {
        return Ok(event.not_for_us(Schema::ActivityLog));
    }

    let fired_at = field::time(fields, "/eventTimestamp");
    let part = |name, pointer| Some((name, field::text(fields, pointer)?));
    let event_id = part("eventDataId", "/eventDataId").map(|part| vec![part]);
    let operation = || {
        let mut parts =
            vec![part("correlationId", "/correlationId")?, part("operationName", "/operationName")?];
        parts.extend(part("resourceId", "/resourceId"));
        Some(parts)
    };
    let identity = match (event_id.or_else(operation), fired_at) {
        (Some(parts), Some(at)) => Identity::fired(&parts, at),
        _ => Identity::body(bytes),
    };
    let places =
        machines::Places { context: &Value::Null, essentials: &Value::Null, items_are_computers: false };
    let mut alert = Alert {
        signal_type: Some("Activity Log".to_owned()),
        monitoring_service: service(event),
        description: field::cleaned(fields, "/description"),
        fired_at,
        about: resource.map(str::to_owned),
        targets: machines::targets(resource.into_iter(), places),
        ..Alert::new(
            Schema::ActivityLog,
            if event.has_resolved() { Condition::Resolved } else { condition },
            identity,
        )
    };
    field::properties(&mut alert.properties, body.pointer("/data/properties"));
    Ok(boxed(alert))
}

/// In the common schema's words.
fn service(event: Event<'_>) -> Option<String> {
    if event.is_service_health() {
        return Some("ServiceHealth".to_owned());
    }
    if event.is_of("ResourceHealth") {
        return Some("ResourceHealth".to_owned());
    }
    Some(format!("Activity Log - {}", clean(field::text(event.fields, "/eventSource")?)))
}
