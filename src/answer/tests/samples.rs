//! Payloads recorded from Azure, where they are at hand: each answered as it should be.

use std::{collections::BTreeSet, path::PathBuf};

use super::*;

/// File → status, and the machines that are captured or the reason why none is.
const TABLE: [(&str, u16, &str); 17] = [
    ("alerts-common/activity-log-administrative.json", 202, "test-VM"),
    ("alerts-common/budget-test-action-2025.json", 200, "budget"),
    ("alerts-common/log-alert-v2.json", 202, "test-computer"),
    ("alerts-common/log-analytics-v1-number-of-results-2019.json", 202, "vm-fs"),
    ("alerts-common/metric-dynamic-threshold.json", 200, "notAMachine"),
    ("alerts-common/metric-resolved-docs-sample.json", 200, "resolved"),
    ("alerts-common/metric-static-threshold.json", 200, "notAMachine"),
    // A fragment of the documents, no payload.
    ("alerts-common/prometheus-context-docs-sample.json", 400, ""),
    ("alerts-common/service-health.json", 200, "serviceHealth"),
    ("alerts-common/smart-detection.json", 200, "notAMachine"),
    ("alerts-noncommon/activitylog-administrative-2017.json", 200, "notAMachine"),
    ("alerts-noncommon/activitylog-administrative.json", 202, "test-VM"),
    ("alerts-noncommon/activitylog-servicehealth-2017.json", 200, "serviceHealth"),
    ("alerts-noncommon/budget-AIP.json", 200, "budget"),
    ("alerts-noncommon/classic-metric-2015.json", 200, "notAMachine"),
    ("alerts-noncommon/log-v1-number-of-results.json", 202, "test-computer"),
    ("alerts-noncommon/metric-dynamic-AzureMonitorMetricAlert.json", 200, "notAMachine"),
];

const ALLOWED: [&str; 2] = [
    "/subscriptions/11111111-1111-1111-1111-111111111111",
    "/subscriptions/aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e",
];

fn folder() -> PathBuf {
    let given = std::env::var_os("ALERTCAP_SAMPLES").map(PathBuf::from);
    given.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples"))
}

#[test]
fn every_recorded_payload_is_answered_as_it_should_be() {
    let folder = folder();
    if !folder.exists() {
        use std::io::Write;
        _ = writeln!(
            std::io::stderr(),
            "skipped: the recorded payloads are not here; the fixtures have been tested"
        );
        return;
    }
    let mut files = BTreeSet::new();
    for part in ["alerts-common", "alerts-noncommon"] {
        for file in std::fs::read_dir(folder.join(part)).unwrap() {
            files.insert(format!("{part}/{}", file.unwrap().file_name().to_string_lossy()));
        }
    }
    assert_eq!(files, TABLE.iter().map(|(file, ..)| (*file).to_owned()).collect(), "each has its line");

    for (file, status, outcome) in TABLE {
        let sim = Sim::new();
        sim.set("allowed_scopes", &ALLOWED.join(" "));
        let machine = |name: &str, computer: &str| {
            let id =
                format!("{}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/{name}", ALLOWED[0]);
            json!({"id": id, "properties": {"osProfile": {"computerName": computer}}})
        };
        sim.0.azure.borrow_mut().listed =
            vec![machine("test-computer", "test-computer"), machine("vm-fs", "FS01")];
        let body = std::fs::read(folder.join(file)).unwrap();
        let (answered, answer) = send_all(&sim, alert(&body));
        assert_eq!(answered.as_u16(), status, "{file}: {answer}");
        if status == 202 {
            let target = answer["captures"][0]["target"].as_str().unwrap();
            assert!(
                target.to_lowercase().ends_with(&format!("/virtualmachines/{}", outcome.to_lowercase())),
                "{file}: {target}"
            );
            assert_eq!(sim.count("put"), 1, "{file}");
        } else {
            assert_eq!(answer["reason"].as_str().unwrap_or_default(), outcome, "{file}: {answer}");
            assert_eq!(sim.count("put"), 0, "{file}");
        }
    }
}
