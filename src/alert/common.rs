//! Azure Monitor's common alert schema, `azureMonitorCommonAlertSchema`.
//!
//! Source: Azure Monitor documentation, "Common alert schema". Fields may be `null` or missing where the documents say
//! they are strings; ids come in any case.

use serde::Deserialize;
use serde_json::Value;

use super::{Alert, Condition, Identity, Reading, Schema, Unreadable, Wishes, boxed, malformed};
use crate::{text::clean, time::Timestamp};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Essentials {
    alert_id: Option<String>,
    alert_rule: Option<String>,
    severity: Option<String>,
    signal_type: Option<String>,
    monitor_condition: Option<String>,
    monitoring_service: Option<String>,
    #[serde(rename = "alertTargetIDs")]
    alert_target_ids: Option<Vec<Value>>,
    fired_date_time: Option<String>,
    description: Option<String>,
}

pub(super) fn read(body: &Value) -> Result<Reading, Unreadable> {
    let essentials =
        body.pointer("/data/essentials").ok_or_else(|| malformed("data.essentials", "is missing"))?;
    let essentials = Essentials::deserialize(essentials)
        .map_err(|e| malformed("data.essentials", format!("is not as Azure writes it: {e}")))?;

    let condition = match essentials.monitor_condition.as_deref() {
        Some(word) if word.eq_ignore_ascii_case("Fired") => Condition::Fired,
        Some(word) if word.eq_ignore_ascii_case("Resolved") => Condition::Resolved,
        Some(word) => {
            let problem = format!("is {:?}, neither \"Fired\" nor \"Resolved\"", clean(word));
            return Err(malformed("data.essentials.monitorCondition", problem));
        }
        None => return Err(malformed("data.essentials.monitorCondition", "is missing")),
    };

    let signal = essentials.signal_type.as_deref().unwrap_or("none");
    let service = essentials.monitoring_service.as_deref().unwrap_or("none");
    if !signal.eq_ignore_ascii_case("Metric") || service.eq_ignore_ascii_case("Prometheus") {
        return Ok(Reading::NotForUs(format!(
            "this version takes metric alerts; this alert's signal type is {:?} of {:?}",
            clean(signal),
            clean(service)
        )));
    }

    let fired_at = match essentials.fired_date_time.as_deref() {
        None => return Err(malformed("data.essentials.firedDateTime", "is missing")),
        Some(text) => text.parse::<Timestamp>().map_err(|_| {
            malformed("data.essentials.firedDateTime", format!("is {:?}, not an RFC 3339 time", clean(text)))
        })?,
    };
    let rule = essentials.alert_rule.as_deref().map(clean);
    let identity = match essentials.alert_id.as_deref().filter(|id| !id.is_empty()) {
        Some(alert_id) => Identity::instance(alert_id, fired_at),
        None => Identity::rule(rule.as_deref().unwrap_or_default(), fired_at),
    };
    let targets = essentials.alert_target_ids.unwrap_or_default();
    Ok(boxed(Alert {
        schema: Schema::Common,
        condition,
        identity,
        id: essentials.alert_id.as_deref().map(clean),
        rule,
        severity: essentials.severity.as_deref().map(clean),
        description: essentials.description.as_deref().map(clean).filter(|text| !text.is_empty()),
        fired_at: Some(fired_at),
        targets: targets.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        wishes: Wishes::default(),
    }))
}
