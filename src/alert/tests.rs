use serde_json::json;

use super::*;

fn metric(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body: Value =
        serde_json::from_str(include_str!("../../tests/fixtures/metric-fired.json")).unwrap();
    change(&mut body);
    serde_json::to_vec(&body).unwrap()
}

fn alert(body: &[u8]) -> Alert {
    match read(body).unwrap() {
        Reading::Alert(alert) => *alert,
        Reading::NotForUs(why) => panic!("{why}"),
    }
}

fn essentials(field: &str, value: Value) -> Vec<u8> {
    metric(|body| body["data"]["essentials"][field] = value)
}

fn name(body: &[u8]) -> String {
    let alert = alert(body);
    alert.identity.with_machine(&alert.targets[0], "2026-11-22T02:00:00Z".parse().unwrap())
}

#[test]
fn a_metric_alert_is_read_with_its_essentials() {
    let alert = alert(&metric(|_| ()));
    assert_eq!((alert.schema, alert.condition), (Schema::Common, Condition::Fired));
    assert_eq!(alert.rule.as_deref(), Some("tcp-segments-sent-high"));
    assert_eq!(alert.severity.as_deref(), Some("Sev2"));
    assert_eq!(alert.fired_at, Some("2026-11-22T02:00:13.4812377Z".parse().unwrap()));
    assert_eq!(alert.targets.len(), 1);
}

#[test]
fn a_resolved_alert_is_known_as_such() {
    assert_eq!(alert(&essentials("monitorCondition", json!("resolved"))).condition, Condition::Resolved);
}

#[test]
fn nulls_and_missing_fields_that_azure_leaves_out_are_survived() {
    let body = metric(|body| {
        body["data"]["essentials"]["severity"] = Value::Null;
        body["data"]["essentials"]["description"] = json!("");
        body["data"]["essentials"].as_object_mut().unwrap().remove("alertRule");
        body["data"].as_object_mut().unwrap().remove("alertContext");
    });
    let alert = alert(&body);
    assert_eq!((alert.rule, alert.severity, alert.description), (None, None, None));
    assert!(alert.targets.iter().all(|t| t.starts_with('/')));
    assert!(self::alert(&essentials("alertTargetIDs", Value::Null)).targets.is_empty());
}

#[test]
fn the_same_instance_is_one_alert_whatever_the_case_of_its_id() {
    let id = "/subscriptions/A/providers/Microsoft.AlertsManagement/alerts/1";
    assert_eq!(
        name(&essentials("alertId", json!(id))),
        name(&essentials("alertId", json!(id.to_lowercase())))
    );
    assert_ne!(name(&essentials("alertId", json!(id))), name(&essentials("alertId", json!("/other"))));
}

#[test]
fn alerts_of_a_test_action_group_share_an_id_but_not_their_time() {
    let other_time = essentials("firedDateTime", json!("2026-11-22T02:00:14.4812377Z"));
    assert_ne!(name(&metric(|_| ())), name(&other_time));
}

#[test]
fn without_an_id_rule_and_time_identify_the_alert() {
    let no_id = |rule: &str, time: &str| {
        metric(|body| {
            body["data"]["essentials"]["alertId"] = Value::Null;
            body["data"]["essentials"]["alertRule"] = json!(rule);
            body["data"]["essentials"]["firedDateTime"] = json!(time);
        })
    };
    let first = name(&no_id("r", "2026-11-22T02:00:00Z"));
    assert_eq!(first, name(&no_id("R", "2026-11-22T02:00:00.000Z")));
    assert_ne!(first, name(&no_id("r2", "2026-11-22T02:00:00Z")));
    assert_ne!(first, name(&no_id("r", "2026-11-22T02:00:01Z")));
}

#[test]
fn another_machine_is_another_capture() {
    let alert = alert(&metric(|_| ()));
    let time = "2026-11-22T02:00:00Z".parse().unwrap();
    assert_ne!(alert.identity.with_machine("/a", time), alert.identity.with_machine("/b", time));
    assert_eq!(alert.identity.with_machine("/a", time), alert.identity.with_machine("/A", time));
}

#[test]
fn the_tutorials_body_is_identified_by_its_bytes() {
    let flat = include_str!("../../tests/fixtures/tutorial.json");
    assert_eq!(name(flat.as_bytes()), name(flat.as_bytes()));
    assert_ne!(name(flat.as_bytes()), name(flat.replace("60", "61").as_bytes()));
    assert_eq!(alert(flat.as_bytes()).identity.span(), identity::Span::Window);
}

#[test]
fn the_tutorials_body_says_where_and_wishes_for_the_rest() {
    let alert = alert(include_bytes!("../../tests/fixtures/tutorial.json"));
    assert_eq!(alert.schema, Schema::Tutorial);
    assert_eq!(alert.wishes.name.as_deref(), Some("segments"));
    assert_eq!(alert.wishes.time_limit_seconds, Some(60));
    assert!(alert.wishes.storage_account_id.is_some());
}

#[test]
fn a_time_limit_may_be_a_number_a_text_or_nothing_but_not_nonsense() {
    let limit = |value: Value| {
        let body = json!({"targetVM": "/subscriptions/s/x", "timeLimit": value});
        read(&serde_json::to_vec(&body).unwrap()).map(|reading| match reading {
            Reading::Alert(alert) => alert.wishes.time_limit_seconds,
            Reading::NotForUs(why) => panic!("{why}"),
        })
    };
    assert_eq!(limit(json!(90)), Ok(Some(90)));
    assert_eq!(limit(json!(" 90 ")), Ok(Some(90)));
    for unset in [json!(null), json!(0), json!(""), json!("0")] {
        assert_eq!(limit(unset), Ok(None));
    }
    for bad in [json!(18_001), json!(-1), json!(1.5), json!("abc"), json!([1]), json!(true)] {
        assert!(limit(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_alert_is_refused_with_the_reason() {
    for (body, words) in [
        ("", "not JSON"),
        ("{\"a\":", "line 1"),
        ("[]", "neither"),
        ("\"x\"", "neither"),
        ("{}", "neither"),
        (r#"{"schemaId":"AzureMonitorMetricAlert"}"#, "neither"),
        (r#"{"schemaId":"azureMonitorCommonAlertSchema"}"#, "data.essentials is missing"),
        (r#"{"targetVM":7}"#, "targetVM"),
        (r#"{"targetVM":"web-01"}"#, "ARM id"),
    ] {
        let error = read(body.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{body}: {error}");
    }
    for (field, value) in [
        ("monitorCondition", json!(null)),
        ("monitorCondition", json!("Maybe")),
        ("firedDateTime", json!("yesterday")),
        ("firedDateTime", json!(null)),
        ("alertTargetIDs", json!("not a list")),
    ] {
        assert!(matches!(read(&essentials(field, value)), Err(Unreadable::Malformed { .. })), "{field}");
    }
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(matches!(read(deep.as_bytes()), Err(Unreadable::NotJson(_))));
}

#[test]
fn other_signals_are_turned_away_with_the_reason() {
    for (field, value) in [("signalType", "Log"), ("monitoringService", "Prometheus")] {
        let reading = read(&essentials(field, json!(value))).unwrap();
        assert!(matches!(reading, Reading::NotForUs(why) if why.contains(value)));
    }
}
