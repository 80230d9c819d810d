//! Azure Monitor's common alert schema, `azureMonitorCommonAlertSchema`.
//!
//! Source: Azure Monitor documentation, "Common alert schema" and "Sample alert payloads". Fields may be `null` or
//! missing where the documents say they are strings; ids come in any case. What `alertContext` holds depends on
//! `monitoringService`.

use serde_json::Value;

use super::{
    Alert, Condition, Identity, Reading, Schema, Unreadable, activity_log,
    detect::{boxed, budget},
    field, identity, machines, malformed,
};
use crate::{
    text::{clean, quoted},
    time::Timestamp,
};

/// What the rest is read by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `alertId` is of this alert.
    Instance,
    /// The same, but it is sent anew on every evaluation.
    Prometheus,
    /// An activity log event: `alertId` is the rule's.
    Event,
}

pub(super) fn read(body: &Value) -> Result<Reading, Unreadable> {
    let essentials = body
        .pointer("/data/essentials")
        .filter(|essentials| !essentials.is_null())
        .ok_or_else(|| malformed("data.essentials", "is missing"))?;
    if !essentials.is_object() {
        return Err(malformed("data.essentials", "is not an object"));
    }
    let context = body.pointer("/data/alertContext").unwrap_or(&Value::Null);
    let service = field::text(essentials, "/monitoringService").unwrap_or_default();
    if service.eq_ignore_ascii_case("CostAlerts")
        || field::text(context, "/AlertCategory").is_some_and(|word| word.eq_ignore_ascii_case("budgets"))
    {
        return Ok(budget(Schema::Common, field::cleaned(context, "/AlertData/BudgetName")));
    }

    let kind = kind(essentials, service);
    let mut condition =
        field::condition(essentials.get("monitorCondition"), "data.essentials.monitorCondition")?
            .ok_or_else(|| malformed("data.essentials.monitorCondition", "is missing"))?;
    let fired_at = fired_at(essentials)?;
    let own = own_targets(essentials)?;
    let is_log = field::text(essentials, "/signalType").is_some_and(|word| word.eq_ignore_ascii_case("Log"));
    if kind == Kind::Event {
        let event = activity_log::Event { fields: context, service: Some(service) };
        if event.is_service_health() && !own.iter().any(|id| activity_log::is_resource(id)) {
            return Ok(event.not_for_us(Schema::Common));
        }
        if event.has_resolved() {
            condition = Condition::Resolved;
        }
    }

    let (identity, series) = identify(kind, essentials, context, &own, fired_at);
    // Names among the items of metric and activity log alerts are those of the targets, which are no computers.
    let places = machines::Places { context, essentials, items_are_computers: is_log };
    let mut alert = Alert {
        id: field::cleaned(essentials, "/alertId"),
        rule: field::cleaned(essentials, "/alertRule"),
        severity: field::severity(essentials.get("severity")),
        signal_type: field::cleaned(essentials, "/signalType"),
        monitoring_service: field::cleaned(essentials, "/monitoringService"),
        description: field::cleaned(essentials, "/description"),
        measured: field::measured(context),
        fired_at: Some(fired_at),
        about: own.first().map(|&id| id.to_owned()),
        targets: machines::targets(own.into_iter(), places),
        ..Alert::new(Schema::Common, condition, identity)
    };
    if let Some(series) = series {
        alert.series = series;
    }
    // The newer place wins.
    field::properties(&mut alert.properties, body.pointer("/data/customProperties"));
    if kind != Kind::Event {
        field::properties(&mut alert.properties, context.get("properties"));
    }
    Ok(boxed(alert))
}

fn kind(essentials: &Value, service: &str) -> Kind {
    let signal = field::text(essentials, "/signalType").unwrap_or_default();
    if service.eq_ignore_ascii_case("Prometheus") {
        Kind::Prometheus
    } else if signal.eq_ignore_ascii_case("Activity Log") || activity_log::is_event(service) {
        Kind::Event
    } else {
        Kind::Instance
    }
}

fn fired_at(essentials: &Value) -> Result<Timestamp, Unreadable> {
    let field = "data.essentials.firedDateTime";
    match essentials.get("firedDateTime") {
        None | Some(Value::Null) => Err(malformed(field, "is missing")),
        Some(Value::String(text)) => text
            .trim()
            .parse()
            .map_err(|_| malformed(field, format!("is {}, not an RFC 3339 time", quoted(&clean(text))))),
        Some(_) => Err(malformed(field, "is not a text")),
    }
}

fn own_targets(essentials: &Value) -> Result<Vec<&str>, Unreadable> {
    match essentials.get("alertTargetIDs") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(ids)) => Ok(ids.iter().filter_map(field::as_text).collect()),
        Some(_) => Err(malformed("data.essentials.alertTargetIDs", "is not a list")),
    }
}

/// See the table in [`identity`]; the series is given where it is not the identity itself.
fn identify(
    kind: Kind,
    essentials: &Value,
    context: &Value,
    own: &[&str],
    fired_at: Timestamp,
) -> (Identity, Option<String>) {
    let pointers: &[(&str, &str)] = match kind {
        Kind::Prometheus => &[("originAlertId", "/originAlertId"), ("alertId", "/alertId")],
        Kind::Instance | Kind::Event => &[("alertId", "/alertId")],
    };
    let id = pointers.iter().find_map(|&(field, at)| Some((field, field::text(essentials, at)?)));
    let joined = own.join(" ");
    let mut parts = match id {
        Some(part) => vec![part],
        None => vec![
            ("rule", field::text(essentials, "/alertRule").unwrap_or_default()),
            ("targets", joined.as_str()),
        ],
    };
    let series = identity::series(&parts);
    match kind {
        Kind::Prometheus => (Identity::while_fired(&parts, fired_at), Some(series)),
        Kind::Instance => (Identity::fired(&parts, fired_at), Some(series)),
        Kind::Event => {
            parts.extend(field::text(context, "/eventDataId").map(|id| ("eventDataId", id)));
            (Identity::fired(&parts, fired_at), None)
        }
    }
}
