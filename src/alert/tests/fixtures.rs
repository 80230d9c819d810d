use super::*;

/// What each fixture is: schema, condition, severity | signal, service | targets | properties.
const FIXTURES: &[(&str, &str)] = &[
    (
        "activity-administrative",
        "common Fired Sev4 | Activity Log, Activity Log - Administrative | virtualmachines/web-01",
    ),
    (
        "activity-autoscale",
        "common Fired Sev4 | Activity Log, Activity Log - Autoscale | autoscalesettings/as-api",
    ),
    ("activity-policy", "common Fired Sev4 | Activity Log, Activity Log - Policy | virtualmachines/web-01"),
    (
        "activity-recommendation",
        "common Fired Sev4 | Activity Log, Activity Log - Recommendation | virtualmachines/web-01",
    ),
    (
        "activity-security",
        "common Fired Sev4 | Activity Log, Activity Log - Security | virtualmachines/web-01",
    ),
    ("budget", "common not for us: budget"),
    ("budget-aip", "budget not for us: budget"),
    (
        "classic-activated",
        "classicMetric Fired - | Metric, Platform | virtualMachines/web-01 | floor=3 team=shop",
    ),
    (
        "classic-resolved",
        "classicMetric Resolved - | Metric, Platform | virtualMachines/web-01 | floor=3 team=shop",
    ),
    ("log-v1", "common Fired Sev2 | Log, Log Analytics | \"web-01.shop.internal\" \"web-02.shop.internal\""),
    ("log-v1-measurement", "common Fired Sev4 | Log, Log Analytics | virtualmachines/web-01"),
    ("log-v1-rows", "common Fired Sev3 | Log, Log Analytics | virtualmachines/web-01 virtualmachines/web-02"),
    ("log-v2-computer", "common Fired Sev3 | Log, Log Alerts V2 | \"web-01\" | pages=true runbook=net-9"),
    (
        "log-v2-resource",
        "common Fired Sev1 | Log, Log Alerts V2 | virtualmachines/web-01 | pages=true runbook=net-9",
    ),
    (
        "log-vm-insights",
        "common Fired Sev2 | Log, Log Alerts V2 | \"web-02.shop.internal\" | pages=true runbook=net-9",
    ),
    (
        "metric-dynamic",
        "common Fired Sev3 | Metric, Platform | virtualmachines/web-01 | runbook=net-7 team=shop",
    ),
    ("metric-fired", "common Fired Sev2 | Metric, Platform | virtualmachines/web-01 | team=shop"),
    ("metric-multi-resource", "common Fired Sev1 | Metric, Platform | virtualmachines/web-02"),
    ("metric-of-logs", "common Fired Sev2 | Metric, Platform | \"web-01.shop.internal\""),
    ("metric-resolved", "common Resolved Sev2 | Metric, Platform | virtualmachines/web-01 | team=shop"),
    ("metric-web-test", "common Fired Sev1 | Metric, Platform | webtests/front-shop components/appi-shop"),
    (
        "old-activity-administrative",
        "activityLog Fired - | Activity Log, Activity Log - Administrative | virtualMachines/web-01 | team=shop",
    ),
    (
        "old-activity-resource-health",
        "activityLog Fired - | Activity Log, ResourceHealth | virtualMachines/web-01",
    ),
    ("old-activity-service-health", "activityLog not for us: serviceHealth"),
    ("old-log-application", "logV1 Fired Sev1 | Log, Application Insights | components/appi-shop"),
    ("old-log-measurement", "logV1 Fired Sev2 | Log, Log Analytics | \"web-02\""),
    ("old-log-results", "logV1 Fired Sev3 | Log, Log Analytics | \"web-01\" \"web-02\""),
    (
        "old-metric-deactivated",
        "metric Resolved Sev2 | Metric, Platform | virtualMachines/web-01 | team=shop",
    ),
    ("old-metric-dynamic", "metric Fired Sev3 | Metric, Platform | virtualMachines/web-01"),
    ("old-metric-static", "metric Fired Sev2 | Metric, Platform | virtualMachines/web-01 | team=shop"),
    ("prometheus-fired", "common Fired Sev2 | Metric, Prometheus | \"web-01\""),
    ("prometheus-fired-again", "common Fired Sev2 | Metric, Prometheus | \"web-01\""),
    ("prometheus-resolved", "common Resolved Sev2 | Metric, Prometheus | \"web-01\""),
    ("prometheus-scale-set", "common Fired Sev2 | Metric, Prometheus | virtualMachines/3"),
    ("resource-health-fired", "common Fired Sev4 | Activity Log, Resource Health | virtualmachines/web-01"),
    (
        "resource-health-resolved",
        "common Resolved Sev4 | Activity Log, ResourceHealth | virtualmachines/web-01",
    ),
    ("runbook-object", "common Fired Sev2 | Metric, Platform | virtualmachines/web-01 | team=shop"),
    ("runbook-text", "common Fired Sev2 | Metric, Platform | virtualmachines/web-01 | team=shop"),
    ("service-health", "common not for us: serviceHealth"),
    ("smart-detection", "common Fired Sev3 | Log, SmartDetector | components/appi-shop"),
    (
        "tutorial",
        "tutorial Fired - | -, - | virtualMachines/web-01 | packetCaptureName=segments storageID=/subscriptions/0a1e47ca-0000-4000-8000-00000000005b/resourceGroups/rg-shop/providers/Microsoft.Storage/storageAccounts/stshopcaptures timeLimit=60",
    ),
];

#[test]
fn every_fixture_is_read_as_what_it_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in names_in(&folder) {
        let expected = FIXTURES.iter().find(|(known, _)| *known == name);
        let line = in_a_line(&read(&fixture(&name)));
        assert_eq!(expected.map(|(_, line)| *line), Some(line.as_str()), "{name}");
    }
    assert_eq!(names_in(&folder).len(), FIXTURES.len(), "a fixture is gone");
}

#[test]
fn an_alert_can_be_kept_and_is_the_same_when_read_again() {
    for (name, _) in FIXTURES {
        if let Ok(Reading::Alert(alert)) = read(&fixture(name)) {
            let kept = serde_json::to_string(&alert).unwrap();
            assert_eq!(serde_json::from_str::<Alert>(&kept).unwrap(), *alert, "{name}: {kept}");
        }
    }
    let kept = serde_json::to_value(alert(&fixture("old-activity-administrative"))).unwrap();
    assert_eq!((&kept["schema"], &kept["condition"]), (&json!("activityLog"), &json!("fired")));
    assert!(kept["targets"][0]["resource"].is_string() && kept["monitoringService"].is_string(), "{kept}");
}

#[test]
fn an_alert_says_its_rule_its_text_and_when_it_fired() {
    for (name, rule, description, fired_at) in [
        (
            "metric-fired",
            "tcp-segments-sent-high",
            "TCP segments sent per second above 100",
            "2026-11-22T02:00:13.4812377Z",
        ),
        (
            "old-metric-static",
            "tcp-segments-sent-high",
            "TCP segments sent per second",
            "2026-11-22T02:00:13.4812377Z",
        ),
        ("classic-activated", "tcp-classic", "TCP segments sent", "2026-11-22T02:00:41.9975398Z"),
        ("old-log-results", "syn-flooding", "A machine is being flooded", "2026-11-22T02:00:24Z"),
        ("activity-policy", "policy-audit", "Something was done", "2026-11-22T02:03:01.048Z"),
    ] {
        let alert = alert(&fixture(name));
        assert_eq!(
            (alert.rule.as_deref(), alert.description.as_deref()),
            (Some(rule), Some(description)),
            "{name}"
        );
        assert_eq!(alert.fired_at, Some(fired_at.parse().unwrap()), "{name}");
    }
    let event = alert(&fixture("old-activity-resource-health"));
    assert_eq!((event.rule, event.fired_at), (None, Some("2026-11-22T02:16:05.5210001Z".parse().unwrap())));
}

#[test]
fn a_severity_is_written_in_one_way_or_not_known() {
    let severity = |value: Value| alert(&with("metric-fired", "/data/essentials/severity", value)).severity;
    for (written, read) in [
        (json!("Sev0"), Some("Sev0")),
        (json!("SEV4"), Some("Sev4")),
        (json!(" sev 3 "), Some("Sev3")),
        (json!("2"), Some("Sev2")),
        (json!(1), Some("Sev1")),
        (json!("Critical"), Some("Sev0")),
        (json!("informational"), Some("Sev3")),
        (json!(5), None),
        (json!(1.5), None),
        (json!(""), None),
        (json!("bad"), None),
        (json!(null), None),
        (json!([2]), None),
    ] {
        assert_eq!(severity(written.clone()).as_deref(), read, "{written}");
    }
}

#[test]
fn custom_properties_come_from_both_places_and_the_newer_wins() {
    let properties = |custom: Value, older: Value| {
        alert(&changed("metric-fired", |body| {
            body["data"]["customProperties"] = custom;
            body["data"]["alertContext"]["properties"] = older;
        }))
        .properties
    };
    let both = properties(
        json!({"a": "new", "n": 7, "t": true}),
        json!({"a": "old", "b": "c\nd", "z": null, "o": {}, "l": []}),
    );
    let expected = [("a", "new"), ("b", "c d"), ("n", "7"), ("t", "true")];
    assert_eq!(both, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    for nothing in [json!(null), json!("text"), json!([1]), json!(7), json!({})] {
        assert!(properties(nothing.clone(), nothing).is_empty());
    }
    let many: serde_json::Map<String, Value> =
        (0..99).map(|n| (format!("k{n}"), "x".repeat(9_000).into())).collect();
    let many = properties(json!({"first": 1}), many.into());
    assert!(
        many.len() == MAX_PROPERTIES
            && many.contains_key("first")
            && many.values().all(|v| v.chars().count() <= 4_097)
    );
}

#[test]
fn an_events_own_properties_are_no_custom_ones() {
    assert!(alert(&fixture("activity-policy")).properties.is_empty());
    let custom = with("activity-policy", "/data/customProperties", json!({"team": "shop"}));
    assert_eq!(alert(&custom).properties.len(), 1);
}

#[test]
fn a_runbooks_wrapping_is_taken_off_once() {
    for name in ["runbook-object", "runbook-text"] {
        assert_eq!(alert(&fixture(name)), alert(&fixture("metric-fired")), "{name}");
    }
    let text = |name: &str| String::from_utf8(fixture(name)).unwrap();
    let tutorial = with("runbook-text", "/RequestBody", text("tutorial").into());
    assert_eq!(alert(&tutorial), alert(&fixture("tutorial")), "identified by the inner body's bytes");
    let twice = with("runbook-text", "/RequestBody", text("runbook-text").into());
    assert_eq!(read(&twice), Err(Unreadable::UnknownShape));
    for (inner, words) in
        [(json!("{"), "not JSON"), (json!(7), "neither an object nor a text"), (json!("[]"), "older schemas")]
    {
        let error = read(&with("runbook-text", "/RequestBody", inner)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
