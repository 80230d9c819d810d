//! What is no alert, and what Azure leaves out of alerts.

use super::*;

#[test]
fn what_is_no_alert_is_refused_with_the_reason() {
    for (body, words) in [
        ("", "not JSON"),
        ("{\"a\":", "line 1"),
        ("[]", "neither"),
        ("\"x\"", "neither"),
        ("{}", "neither"),
        (r#"{"schemaId":"somethingElse","targetVM":"/subscriptions/s"}"#, "neither"),
        (r#"{"schemaId":"azureMonitorCommonAlertSchema"}"#, "data.essentials is missing"),
        (
            r#"{"schemaId":"azureMonitorCommonAlertSchema","data":{"essentials":[]}}"#,
            "data.essentials is not",
        ),
        (r#"{"schemaId":"AzureMonitorMetricAlert"}"#, "data.status is missing"),
        (
            r#"{"schemaId":"AzureMonitorMetricAlert","data":{"status":"Activated"}}"#,
            "data.context is missing",
        ),
        (
            r#"{"schemaId":"Microsoft.Insights/activityLogs","data":{}}"#,
            "data.context.activityLog is missing",
        ),
        (r#"{"schemaId":"Microsoft.Insights/LogAlert"}"#, "data is missing"),
        (r#"{"status":"Activated","context":null}"#, "context is missing"),
        (r#"{"status":null,"context":{}}"#, "status is missing"),
        (r#"{"targetVM":7}"#, "targetVM"),
        (r#"{"targetVM":"web-01"}"#, "ARM id"),
    ] {
        let error = read(body.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{body}: {error}");
    }
    let list = [b"[".as_slice(), &fixture("metric-fired"), b"]"].concat();
    assert_eq!(read(&list), Err(Unreadable::UnknownShape));
    for (field, value) in [
        ("monitorCondition", json!(null)),
        ("monitorCondition", json!("Maybe")),
        ("monitorCondition", json!(7)),
        ("firedDateTime", json!("yesterday")),
        ("firedDateTime", json!(null)),
        ("firedDateTime", json!(7)),
        ("alertTargetIDs", json!("not a list")),
    ] {
        let read = read(&with("metric-fired", &format!("/data/essentials/{field}"), value));
        assert!(matches!(read, Err(Unreadable::Malformed { .. })), "{field}: {read:?}");
    }
}

#[test]
fn schemas_are_known_in_any_case_and_after_a_byte_order_mark() {
    for name in [
        "metric-fired",
        "old-metric-static",
        "old-activity-administrative",
        "old-log-application",
        "budget-aip",
    ] {
        let upper = changed(name, |body| {
            body["schemaId"] = body["schemaId"].as_str().unwrap().to_uppercase().into();
        });
        assert_eq!(in_a_line(&read(&upper)), in_a_line(&read(&fixture(name))), "{name}");
        let marked = [b"\xEF\xBB\xBF".as_slice(), &fixture(name)].concat();
        assert_eq!(read(&marked), read(&fixture(name)), "{name}");
    }
}

#[test]
fn conditions_are_known_in_the_words_of_any_schema_and_any_case() {
    for (name, pointer, field) in [
        ("metric-fired", "/data/essentials/monitorCondition", "data.essentials.monitorCondition"),
        ("old-metric-static", "/data/status", "data.status"),
        ("classic-activated", "/status", "status"),
        ("old-activity-administrative", "/data/status", "data.status"),
    ] {
        let condition = |word: &str| {
            read(&with(name, pointer, word.into())).map(|reading| match reading {
                Reading::Alert(alert) => alert.condition,
                other @ Reading::NotForUs { .. } => panic!("{other:?}"),
            })
        };
        for word in ["Fired", "Activated", "ACTIVATED"] {
            assert_eq!(condition(word), Ok(Condition::Fired), "{name}");
        }
        for word in ["Resolved", "Deactivated", "resolved"] {
            assert_eq!(condition(word), Ok(Condition::Resolved), "{name}");
        }
        let error = condition("Maybe").unwrap_err().to_string();
        assert!(error.starts_with(field) && error.contains("\"Maybe\""), "{error}");
    }
    let unsaid = with("old-activity-administrative", "/data/status", Value::Null);
    assert_eq!(alert(&unsaid).condition, Condition::Fired);
}

#[test]
fn a_resource_that_is_healthy_again_has_resolved_and_nothing_else_in_an_activity_log_has() {
    let status = "/data/context/activityLog/status";
    let resolved = |name, status: &str| alert(&with(name, status, "Resolved".into())).condition;
    assert_eq!(resolved("old-activity-resource-health", status), Condition::Resolved);
    assert_eq!(resolved("old-activity-administrative", status), Condition::Fired);
    assert_eq!(resolved("activity-security", "/data/alertContext/status"), Condition::Fired);
}

#[test]
fn a_budget_is_known_by_service_or_category() {
    for body in [
        with("budget", "/data/essentials/monitoringService", Value::Null),
        with("budget", "/data/alertContext", Value::Null),
        with("budget", "/data/essentials/monitorCondition", Value::Null),
        fixture("budget-aip"),
    ] {
        assert!(matches!(read(&body), Ok(Reading::NotForUs { reason: "budget", .. })));
    }
    let Ok(Reading::NotForUs { detail, .. }) = read(&fixture("budget-aip")) else { panic!() };
    assert!(detail.contains("(shop-month)"), "{detail}");
}

#[test]
fn nulls_and_missing_fields_that_azure_leaves_out_are_survived() {
    let body = changed("metric-fired", |body| {
        let essentials = body["data"]["essentials"].as_object_mut().unwrap();
        essentials.retain(|field, _| ["monitorCondition", "firedDateTime"].contains(&field.as_str()));
        body["data"].as_object_mut().unwrap().remove("alertContext");
    });
    let bare = alert(&body);
    assert_eq!((bare.id, bare.rule, bare.severity, bare.description), (None, None, None, None));
    assert_eq!((bare.signal_type, bare.monitoring_service, bare.targets), (None, None, vec![]));
    let body = br#"{"schemaId":"Microsoft.Insights/activityLogs","data":{"context":{"activityLog":{"eventSource":1}}}}"#;
    let bare = alert(body);
    assert_eq!((bare.monitoring_service, bare.fired_at, bare.targets), (None, None, vec![]));
    assert!(alert(br#"{"SearchQuery":null,"AlertRuleName":null}"#).targets.is_empty());
    assert!(alert(br#"{"status":"Activated","context":{}}"#).targets.is_empty());
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(read(deep.as_bytes()), Err(Unreadable::NotJson(_))));
    let wrapped = json!({"WebhookName": "w", "RequestBody": deep}).to_string();
    assert!(matches!(read(wrapped.as_bytes()), Err(Unreadable::Malformed { field: "RequestBody", .. })));
}
