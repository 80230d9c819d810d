//! Every schema that Azure sends, on a real host: what each fixture leads to.

use std::collections::{BTreeMap, BTreeSet};

use alertcap_tests::{Options, Stack};
use serde_json::Value;

/// What becomes of a fixture: 202 with captures on these machines, or 200 with the reason why there are none.
enum Outcome {
    Captures(&'static [&'static str]),
    /// Taken, and failed with this code: people are told.
    Fails(&'static str),
    None(&'static str),
}
use Outcome::{Captures, Fails, None};

const TABLE: [(&str, Outcome); 41] = [
    ("activity-administrative", Captures(&["web-01"])),
    ("activity-autoscale", None("notAMachine")),
    ("activity-policy", Captures(&["web-01"])),
    ("activity-recommendation", Captures(&["web-01"])),
    ("activity-security", Captures(&["web-01"])),
    ("budget", None("budget")),
    ("budget-aip", None("budget")),
    ("classic-activated", Captures(&["web-01"])),
    ("classic-resolved", None("resolved")),
    ("log-v1", Captures(&["web-01", "web-02"])),
    ("log-v1-measurement", Captures(&["web-01"])),
    ("log-v1-rows", Captures(&["web-01", "web-02"])),
    ("log-v2-computer", Captures(&["web-01"])),
    ("log-v2-resource", Captures(&["web-01"])),
    ("log-vm-insights", Captures(&["web-02"])),
    ("metric-dynamic", Captures(&["web-01"])),
    ("metric-fired", Captures(&["web-01"])),
    ("metric-multi-resource", Captures(&["web-02"])),
    ("metric-of-logs", Captures(&["web-01"])),
    ("metric-resolved", None("resolved")),
    ("metric-web-test", None("notAMachine")),
    ("old-activity-administrative", Captures(&["web-01"])),
    ("old-activity-resource-health", Captures(&["web-01"])),
    ("old-activity-service-health", None("serviceHealth")),
    ("old-log-application", None("notAMachine")),
    ("old-log-measurement", Captures(&["web-02"])),
    ("old-log-results", Captures(&["web-01", "web-02"])),
    ("old-metric-deactivated", None("resolved")),
    ("old-metric-dynamic", Captures(&["web-01"])),
    ("old-metric-static", Captures(&["web-01"])),
    ("prometheus-fired", Captures(&["web-01"])),
    ("prometheus-fired-again", Captures(&["web-01"])),
    ("prometheus-resolved", None("resolved")),
    // The scale set of a Kubernetes cluster, which the stand-in does not have.
    ("prometheus-scale-set", Fails("ResourceNotFound")),
    ("resource-health-fired", Captures(&["web-01"])),
    ("resource-health-resolved", None("resolved")),
    ("runbook-object", Captures(&["web-01"])),
    ("runbook-text", Captures(&["web-01"])),
    ("service-health", None("serviceHealth")),
    ("smart-detection", None("notAMachine")),
    ("tutorial", Captures(&["web-01"])),
];

/// web-02 is in another region than the account that files go to by default.
const RULES: &str = r#"
[[rules]]
name = "north"
match.target = "*/virtualMachines/web-02"
storage_account = "stshopnorth"

[[rules]]
name = "all"
"#;

#[test]
fn every_fixture_leads_to_what_it_should() {
    let accounts = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts";
    let accounts = format!("{accounts}/stshopcaptures {accounts}/stshopnorth");
    let variables = [("rules", RULES), ("storage_account_id", accounts.as_str())];
    let stack = Stack::start(&Options { variables: &variables, ..Options::default() });
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name());
    let files: BTreeSet<String> = files.map(|name| name.to_string_lossy().replace(".json", "")).collect();
    assert_eq!(files, TABLE.iter().map(|(name, _)| (*name).to_owned()).collect(), "each has its line");

    let mut led_to: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, outcome) in &TABLE {
        let body = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let answer = stack.alert(&body);
        let captures = answer.json["captures"].as_array().unwrap();
        match outcome {
            None(reason) => {
                assert_eq!(
                    (answer.status, answer.json["reason"].as_str()),
                    (200, Some(*reason)),
                    "{name}: {answer:?}"
                );
                assert!(
                    captures.is_empty() && answer.json["detail"].as_str().is_some_and(|d| !d.is_empty()),
                    "{name}"
                );
            }
            Captures(machines) => {
                assert_eq!((answer.status, machines_of(captures)), (202, owned(machines)), "{name}")
            }
            Fails(_) => assert_eq!((answer.status, captures.len()), (202, 1), "{name}: {answer:?}"),
        }
        let names = captures.iter().map(|capture| capture["name"].as_str().unwrap().to_owned());
        led_to.insert(name, names.collect());
    }
    for (name, outcome) in &TABLE {
        let code = if let Fails(code) = outcome { Value::from(*code) } else { Value::Null };
        for capture in &led_to[name] {
            let record = stack.wait_for(capture, "reported");
            assert_eq!(record["error"].get("code").unwrap_or(&Value::Null), &code, "{name}: {record}");
        }
    }
    assert_eq!(led_to["prometheus-fired"], led_to["prometheus-fired-again"], "one alert until it resolves");
    let captures: BTreeSet<&String> = led_to.values().flatten().collect();
    let puts = stack.requests(Some("packetCaptures.put"));
    let taken = puts.iter().filter(|put| put["status"] == 201).count();
    assert_eq!(taken, captures.len() - 1, "each once, but for the one that fails");
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn machines_of(captures: &[Value]) -> Vec<String> {
    let target = |capture: &Value| capture["target"].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<String> = captures
        .iter()
        .map(|capture| target(capture).rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    all.sort();
    all
}
