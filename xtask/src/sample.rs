//! The sample alert: a metric alert in the common alert schema, as Azure Monitor sends it, for one machine, now.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::keys::random_digits;

const TEMPLATE: &str = include_str!("sample-alert.json");

/// Writes a new alert about `machine` to the state folder. Its id is its own: the same file sent twice is one alert.
pub(crate) fn write(state: &Path, machine: &str) -> Result<PathBuf> {
    let file = state.join("sample-alert.json");
    let alert = alert(machine, &random_digits(12)?, SystemTime::now())?;
    fs::write(&file, format!("{alert:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

fn alert(machine: &str, id: &str, now: SystemTime) -> Result<Value> {
    let mut alert: Value = serde_json::from_str(TEMPLATE).context("sample-alert.json is no JSON")?;
    let time = |time: SystemTime| Value::from(humantime::format_rfc3339_millis(time).to_string());
    let subscription: String = machine.split('/').take(3).collect::<Vec<_>>().join("/");
    let name = machine.rsplit('/').next().unwrap_or(machine);

    let essentials = &mut alert["data"]["essentials"];
    essentials["alertId"] =
        format!("{subscription}/providers/Microsoft.AlertsManagement/alerts/a1e27ca9-0000-4000-8000-{id}")
            .into();
    // Azure Monitor writes ids in lower case wherever it likes.
    essentials["alertTargetIDs"] = json!([machine.to_lowercase()]);
    essentials["configurationItems"] = json!([name]);
    essentials["firedDateTime"] = time(now);
    let condition = &mut alert["data"]["alertContext"]["condition"];
    condition["windowStartTime"] = time(now - Duration::from_secs(300));
    condition["windowEndTime"] = time(now);
    Ok(alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_names_the_machine_the_subscription_and_the_time() {
        let machine =
            "/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web-01";
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let alert = alert(machine, "0123456789ab", now).unwrap();
        let essentials = &alert["data"]["essentials"];
        assert_eq!(essentials["alertTargetIDs"][0], machine.to_lowercase());
        assert_eq!(essentials["configurationItems"][0], "web-01");
        assert_eq!(essentials["firedDateTime"], "2027-01-15T08:00:00.000Z");
        assert!(essentials["alertId"].as_str().unwrap().starts_with("/subscriptions/S1/providers/"));
        assert!(!alert.to_string().contains('…'), "{alert:#}");
    }
}
