//! One test a row of the table in `alert/identity.rs`.

use super::*;

fn key(body: &[u8]) -> String {
    alert(body).identity.key()
}

/// Whether changing the field makes it another alert.
fn tells(name: &str, pointer: &str, value: Value) -> bool {
    key(&with(name, pointer, value)) != key(&fixture(name))
}

/// Those of the common schema that are identified by instance and time.
const INSTANCES: [&str; 8] = [
    "metric-fired",
    "metric-dynamic",
    "metric-multi-resource",
    "metric-web-test",
    "log-v1",
    "log-v2-computer",
    "log-vm-insights",
    "smart-detection",
];
const LATER: &str = "2026-11-22T03:33:33Z";

#[test]
fn common_alerts_are_identified_by_their_instance_and_when_it_fired() {
    for name in INSTANCES {
        let alert = alert(&fixture(name));
        assert_eq!(alert.identity.span(), Span::FiredAt(alert.fired_at.unwrap()), "{name}");
        let upper = alert.id.unwrap().to_uppercase();
        assert!(!tells(name, "/data/essentials/alertId", upper.into()), "{name}");
        assert!(!tells(name, "/data/essentials/description", "other".into()), "{name}");
        assert!(tells(name, "/data/essentials/alertId", "/other".into()), "{name}");
        assert!(tells(name, "/data/essentials/firedDateTime", LATER.into()), "{name}");
    }
}

#[test]
fn the_alerts_of_a_test_action_group_share_an_id_but_are_different_alerts() {
    let mut keys: Vec<String> =
        INSTANCES.iter().map(|name| key(&with(name, "/data/essentials/alertId", "/same".into()))).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), INSTANCES.len());
}

#[test]
fn a_prometheus_alert_is_one_for_as_long_as_it_stays_fired() {
    let [first, again, resolved] = ["prometheus-fired", "prometheus-fired-again", "prometheus-resolved"]
        .map(|name| alert(&fixture(name)));
    assert_ne!((&first.id, first.fired_at), (&again.id, again.fired_at));
    assert_eq!(first.identity.key(), again.identity.key());
    assert_eq!(first.identity.key(), resolved.identity.key());
    assert_eq!(again.identity.span(), Span::WhileFired(again.fired_at.unwrap()));
    let name = "prometheus-fired";
    assert!(tells(name, "/data/essentials/originAlertId", "other".into()));
    assert!(!tells(
        name,
        "/data/essentials/originAlertId",
        first.identity.words()[0][14..].to_uppercase().into()
    ));
    let fallback = |id: &str| {
        let body = changed(name, |body| {
            body["data"]["essentials"]["originAlertId"] = Value::Null;
            body["data"]["essentials"]["alertId"] = id.into();
        });
        key(&body)
    };
    assert_eq!(fallback("/a"), fallback("/A"));
    assert_ne!(fallback("/a"), fallback("/b"));
}

#[test]
fn an_activity_logs_id_is_the_rules_so_time_and_event_identify_the_alert() {
    for name in
        ["activity-administrative", "activity-autoscale", "activity-security", "resource-health-fired"]
    {
        assert!(tells(name, "/data/essentials/firedDateTime", LATER.into()), "{name}");
        assert!(tells(name, "/data/alertContext/eventDataId", "other".into()), "{name}");
        assert!(tells(name, "/data/alertContext/eventDataId", Value::Null), "{name}");
        assert!(tells(name, "/data/essentials/alertId", "/other".into()), "{name}");
        let alert = alert(&fixture(name));
        assert_eq!(alert.identity.span(), Span::FiredAt(alert.fired_at.unwrap()), "{name}");
        assert_eq!(alert.series, alert.identity.key(), "{name}");
    }
}

#[test]
fn common_alerts_without_an_id_are_identified_by_rule_targets_and_time() {
    let no_id = |rule: &str, target: &str, time: &str| {
        let body = changed("metric-fired", |body| {
            let essentials = &mut body["data"]["essentials"];
            essentials["alertId"] = Value::Null;
            essentials["alertRule"] = rule.into();
            essentials["alertTargetIDs"] = json!([target]);
            essentials["firedDateTime"] = time.into();
        });
        key(&body)
    };
    let first = no_id("r", "/t", "2026-11-22T02:00:00Z");
    assert_eq!(first, no_id("R", "/T", "2026-11-22T02:00:00.000Z"));
    assert_ne!(first, no_id("r2", "/t", "2026-11-22T02:00:00Z"));
    assert_ne!(first, no_id("r", "/t2", "2026-11-22T02:00:00Z"));
    assert_ne!(first, no_id("r", "/t", "2026-11-22T02:00:01Z"));
}

#[test]
fn older_metric_alerts_are_identified_by_rule_machine_and_time() {
    for (name, context) in [("old-metric-static", "/data/context"), ("classic-activated", "/context")] {
        let at = |field: &str| format!("{context}/{field}");
        assert!(tells(name, &at("timestamp"), LATER.into()), "{name}");
        assert!(tells(name, &at("id"), "/other".into()), "{name}");
        assert!(tells(name, &at("resourceId"), "/other".into()), "{name}");
        assert!(!tells(name, &at("description"), "other".into()), "{name}");
        let by_name = |rule: &str| {
            let no_id: Value = serde_json::from_slice(&with(name, &at("id"), Value::Null)).unwrap();
            let mut body = no_id;
            *body.pointer_mut(&at("name")).unwrap() = rule.into();
            key(&serde_json::to_vec(&body).unwrap())
        };
        assert_eq!(by_name("r"), by_name("R"), "{name}");
        assert_ne!(by_name("r"), by_name("s"), "{name}");
    }
}

#[test]
fn an_older_activity_log_alert_is_identified_by_its_event() {
    let name = "old-activity-administrative";
    let event = "/data/context/activityLog";
    assert!(tells(name, &format!("{event}/eventDataId"), "other".into()));
    assert!(!tells(name, &format!("{event}/correlationId"), "other".into()));
    let without = |pointer: &str, value: &str| {
        let body = changed(name, |body| {
            body["data"]["context"]["activityLog"]["eventDataId"] = Value::Null;
            body["data"]["context"]["activityLog"][pointer] = value.into();
        });
        key(&body)
    };
    let first = without("description", "any");
    assert_eq!(first, without("description", "other"));
    for field in ["correlationId", "operationName", "eventTimestamp", "resourceId"] {
        let value = if field == "eventTimestamp" { LATER } else { "/other" };
        assert_ne!(first, without(field, value), "{field}");
    }
}

#[test]
fn an_older_log_alert_is_identified_by_rule_interval_and_dimensions() {
    let name = "old-log-measurement";
    for (field, value) in [
        ("/AlertRuleName", json!("other")),
        ("/SubscriptionId", json!("other")),
        ("/SearchIntervalEndtimeUtc", json!(LATER)),
        ("/Dimensions", json!([{"name": "Computer", "value": "web-01"}])),
    ] {
        assert!(tells(name, field, value), "{field}");
    }
    assert!(!tells(name, "/ResultCount", json!(7)));
    assert!(!tells(name, "/AlertRuleName", json!("SYSLOG-NOISE")));
}

#[test]
fn the_tutorials_body_is_identified_by_its_bytes_within_the_window() {
    let flat = String::from_utf8(fixture("tutorial")).unwrap();
    let alert = alert(flat.as_bytes());
    assert_eq!(alert.identity.span(), Span::Window);
    assert_eq!(alert.series, alert.identity.key());
    assert_eq!(alert.identity.key(), key(flat.as_bytes()));
    assert_ne!(alert.identity.key(), key(flat.replace("60", "61").as_bytes()));
}

#[test]
fn where_time_or_ids_are_missing_the_bytes_identify_the_alert_within_the_window() {
    let event = "/data/context/activityLog";
    for (name, parent, fields) in [
        ("old-metric-static", "/data/context", &["timestamp"][..]),
        ("old-metric-static", "/data/context", &["id", "name"]),
        ("classic-activated", "/context", &["timestamp"]),
        ("old-log-results", "", &["SearchIntervalEndtimeUtc"]),
        ("old-log-results", "", &["AlertRuleName"]),
        ("old-activity-administrative", event, &["eventTimestamp"]),
        ("old-activity-administrative", event, &["eventDataId", "correlationId"]),
        // As it was in 2017.
        (
            "old-activity-administrative",
            event,
            &["eventDataId", "correlationId", "operationName", "eventTimestamp"],
        ),
    ] {
        for nothing in [json!(null), json!(""), json!([])] {
            let body = changed(name, |body| {
                fields.iter().for_each(|&field| body.pointer_mut(parent).unwrap()[field] = nothing.clone());
            });
            let identity = alert(&body).identity;
            assert_eq!(identity.span(), Span::Window, "{name} without {fields:?}");
            assert_eq!(identity.key(), key(&body));
            assert_ne!(identity.key(), key(&[body, b" ".to_vec()].concat()));
        }
    }
    let unreadable = with("old-metric-static", "/data/context/timestamp", "yesterday".into());
    assert_eq!(alert(&unreadable).identity.span(), Span::Window);
}

#[test]
fn another_machine_is_another_capture() {
    let identity = alert(&fixture("metric-fired")).identity;
    let time = LATER.parse().unwrap();
    assert_ne!(identity.with_machine("/a", time), identity.with_machine("/b", time));
    assert_eq!(identity.with_machine("/a", time), identity.with_machine("/A", time));
}

#[test]
fn an_identity_says_in_words_what_it_is_made_of() {
    let words = |name: &str| alert(&fixture(name)).identity.words().join("; ");
    let metric = words("metric-fired");
    assert!(metric.starts_with("alertId /subscriptions/0a1e47ca-"), "{metric}");
    assert!(metric.ends_with("; fired at 2026-11-22T02:00:13.4812377Z"), "{metric}");
    assert!(words("prometheus-fired").ends_with("; until it resolves"));
    assert!(words("tutorial").contains("SHA-256"));
    let identity = alert(&fixture("metric-fired")).identity;
    assert!(identity.key().len() == 32 && identity.key().chars().all(|c| c.is_ascii_hexdigit()));
}

#[test]
fn what_fired_and_what_resolved_are_of_one_series() {
    let series = |name: &str| alert(&fixture(name)).series;
    for (fired, resolved) in [
        ("metric-fired", "metric-resolved"),
        ("prometheus-fired", "prometheus-resolved"),
        ("old-metric-static", "old-metric-deactivated"),
        ("classic-activated", "classic-resolved"),
    ] {
        assert_eq!(series(fired), series(resolved));
        assert!(series(fired).len() == 32 && series(fired).chars().all(|c| c.is_ascii_hexdigit()));
    }
    let later = alert(&with("old-log-results", "/SearchIntervalEndtimeUtc", LATER.into()));
    assert_eq!(series("old-log-results"), later.series);
    assert_ne!(series("metric-fired"), series("metric-dynamic"));
    assert_ne!(series("old-metric-static"), series("old-metric-dynamic"));
}
