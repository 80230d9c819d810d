//! Payloads that Azure really sent, where they are at hand: they are not part of the project.

use std::{env, path::PathBuf};

use super::*;

/// What each of them is.
const SAMPLES: [(&str, &[(&str, &str)]); 2] = [
    (
        "alerts-common",
        &[
            (
                "activity-log-administrative",
                "common Fired Sev4 | Activity Log, Activity Log - Administrative | virtualmachines/test-VM",
            ),
            ("budget-test-action-2025", "common not for us: budget"),
            (
                "log-alert-v2",
                "common Fired Sev3 | Log, Log Alerts V2 | \"test-computer\" | customKey1=value1 customKey2=value2",
            ),
            (
                "log-analytics-v1-number-of-results-2019",
                "common Fired Sev2 | Log, Log Analytics | \"FS01.Sandlot.dom\"",
            ),
            (
                "metric-dynamic-threshold",
                "common Fired Sev3 | Metric, Platform | storageAccounts/test-storageAccount | customKey1=value1 customKey2=value2",
            ),
            (
                "metric-resolved-docs-sample",
                "common Resolved Sev3 | Metric, Platform | virtualmachines/wcus-r2-gen2 | Key1=Value1 Key2=Value2",
            ),
            (
                "metric-static-threshold",
                "common Fired Sev3 | Metric, Platform | storageaccounts/test-storageAccount | customKey1=value1 customKey2=value2",
            ),
            ("prometheus-context-docs-sample", "unreadable: UnknownShape"),
            ("service-health", "common not for us: serviceHealth"),
            (
                "smart-detection",
                "common Fired Sev3 | Log, SmartDetector | components/test-applicationInsights",
            ),
        ],
    ),
    (
        "alerts-noncommon",
        &[
            (
                "activitylog-administrative",
                "activityLog Fired - | Activity Log, Activity Log - Administrative | virtualMachines/test-VM | customKey1=value1 customKey2=value2",
            ),
            (
                "activitylog-administrative-2017",
                "activityLog Fired - | Activity Log, - | actionGroups/IncidentActions",
            ),
            ("activitylog-servicehealth-2017", "activityLog not for us: serviceHealth"),
            ("budget-AIP", "budget not for us: budget"),
            (
                "classic-metric-2015",
                "classicMetric Fired - | Metric, Platform | sites/mysite1 | key1=value1 key2=value2",
            ),
            ("log-v1-number-of-results", "logV1 Fired Sev3 | Log, Log Analytics | \"test-computer\""),
            (
                "metric-dynamic-AzureMonitorMetricAlert",
                "metric Fired Sev3 | Metric, Platform | storageAccounts/test-storageAccount | customKey1=value1 customKey2=value2",
            ),
        ],
    ),
];

/// The folder of the samples.
fn folder() -> PathBuf {
    env::var_os("ALERTCAP_SAMPLES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples"), PathBuf::from)
}

#[test]
fn what_azure_really_sent_is_read() {
    if !folder().is_dir() {
        eprintln!("skipped: there is no {}", folder().display());
        return;
    }
    for (kind, expected) in SAMPLES {
        let folder = folder().join(kind);
        for name in names_in(&folder) {
            let body = fs::read(folder.join(&name).with_extension("json")).unwrap();
            let expected = expected.iter().find(|(known, _)| *known == name);
            let line = in_a_line(&read(&body));
            assert_eq!(expected.map(|(_, line)| *line), Some(line.as_str()), "{kind}/{name}");
        }
        assert_eq!(names_in(&folder).len(), expected.len(), "a sample of {kind} is gone");
    }
}

/// The samples share one alertId, the test action group's.
#[test]
fn the_alerts_of_azures_test_action_group_are_different_alerts() {
    let folder = folder().join("alerts-common");
    if !folder.is_dir() {
        eprintln!("skipped: there is no {}", folder.display());
        return;
    }
    let alerts = ["metric-static-threshold", "metric-dynamic-threshold", "log-alert-v2", "smart-detection"]
        .map(|name| alert(&fs::read(folder.join(name).with_extension("json")).unwrap()));
    for (at, one) in alerts.iter().enumerate() {
        for other in alerts.iter().skip(at + 1) {
            assert_eq!(one.id, other.id);
            assert_ne!(one.identity.key(), other.identity.key());
        }
    }
}
