//! People told, through the real component: a webhook that verifies signatures, a Slack and a Teams that refuse what the
//! real ones refuse.

use alertcap_tests::{METRIC, Options, Stack, until};
use serde_json::{Value, json};

#[test]
fn a_webhook_slack_and_teams_are_each_told_and_take_what_they_are_told() {
    let secrets = [
        "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=",
    ];
    let mut stack = Stack::start(&Options::default());
    let base = stack.azure_url();
    stack.kill_host();
    for (name, value) in [
        ("teams_url", format!("{base}/teams/operations?sig=canary")),
        ("teams_host", base.clone()),
        ("slack_url", format!("{base}/slack/services/T0/B0/canary")),
        ("slack_host", base.clone()),
        ("notify_secret", secrets.join(" ")),
    ] {
        stack.set(name, &value);
    }
    stack.start_host();
    // The receiver knows the older secret only: both are live.
    stack.control("receivers", &json!({ "name": "tests", "secrets": [secrets[1]] }));

    let hostile = METRIC.replace("tcp-segments-sent-high", "<!channel> *x* [y](javascript:z) <at>all</at>");
    assert_eq!(stack.alert(&hostile).status, 202);
    let all =
        until(60, "each of the three is told twice", || Some(stack.told()).filter(|told| told.len() >= 6));
    assert_eq!(all.len(), 6, "{all:#?}");
    for name in ["tests", "slack", "teams"] {
        let to: Vec<&Value> = all.iter().filter(|told| told["name"] == name).collect();
        assert_eq!(to.len(), 2, "{name}: {all:#?}");
        assert!(to.iter().all(|told| told["refused"].is_null()), "{name}: {to:#?}");
    }
    let signed = all.iter().filter(|told| told["name"] == "tests");
    assert!(signed.clone().all(|told| told["signature"] == "valid"), "{:#?}", signed.collect::<Vec<_>>());
    let record = stack.read("/api/captures").json["captures"][0].clone();
    assert!(!record.to_string().contains("canary") && !stack.logs().contains("canary"), "{record}");
}
