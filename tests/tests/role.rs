//! The table of actions that `cargo xtask azure role` makes roles of, held against what the component really asks of Azure.

use std::collections::BTreeSet;

use alertcap_tests::{METRIC, OPERATOR_KEY, Options, ROLE_SECRET, Stack, post};
use serde_json::Value;
use toml::Table;

const TABLE: &str = include_str!("../../deploy/azure/actions.toml");
/// The application that the component is.
const WHOLE: &str = "c11e47ab-0000-4000-8000-000000000100";

/// The actions that the table says the component calls.
fn called() -> Vec<String> {
    let table: Table = TABLE.parse().expect("the table is TOML");
    let rows = table["actions"].as_array().expect("a list");
    let called = rows.iter().filter(|row| row.get("calls").is_some());
    // Storage itself looks at these, not ARM: tests/file.rs sees it refuse.
    let called = called.filter(|row| !matches!(row["calls"].as_str(), Some("files" | "links")));
    called.map(|row| row["action"].as_str().expect("a name").to_owned()).collect()
}

/// The application without the action at this place of the list.
fn without(index: usize) -> String {
    format!("c11e47ab-0000-4000-8000-0000000002{index:02}")
}

/// The metric alert, about something else in its group.
fn about(resource: &str) -> String {
    let mut alert: Value = serde_json::from_str(METRIC).expect("the fixture is JSON");
    let target = &mut alert["data"]["essentials"]["alertTargetIDs"][0];
    let own = text_of(target).to_owned();
    *target = own.replace("microsoft.compute/virtualmachines/web-01", resource).into();
    assert_ne!(text_of(&alert["data"]["essentials"]["alertTargetIDs"][0]), own);
    alert.to_string()
}

#[test]
fn with_exactly_the_roles_actions_all_is_done_and_without_any_one_of_them_azure_refuses_something() {
    let actions = called();
    let mut roles = vec![(WHOLE.to_owned(), actions.clone())];
    for index in 0..actions.len() {
        let mut rest = actions.clone();
        rest.remove(index);
        roles.push((without(index), rest));
    }
    let variables = [("client_id", WHOLE), ("client_secret", ROLE_SECRET), ("time_limit_seconds", "600")];
    let stack = Stack::start(&Options { variables: &variables, roles: &roles, ..Options::default() });
    do_all_that_it_does(&stack);

    let asked: Vec<Value> = stack
        .requests(None)
        .into_iter()
        .filter(|one| text(one, "path").starts_with("/subscriptions/"))
        .collect();
    let refused: Vec<_> = asked.iter().filter(|one| one["status"] == 403).collect();
    assert!(refused.is_empty(), "the role has too little: {refused:#?}");

    // The same requests once more, by those who lack one action each.
    let mut seen = BTreeSet::new();
    let distinct: Vec<_> =
        asked.iter().filter(|one| seen.insert((text(one, "operation"), text(one, "path")))).collect();
    for (index, action) in actions.iter().enumerate() {
        let token = token(&stack, &without(index));
        let is_refused =
            distinct.iter().any(|one| again(&stack, one, &token).contains(&format!("'{action}'")));
        assert!(is_refused, "{action}: nothing that the component asks for needs it");
    }
}

fn do_all_that_it_does(stack: &Stack) {
    let scale_set = about("Microsoft.Compute/virtualMachineScaleSets/vmss-api");
    for body in [METRIC, &scale_set] {
        let url = format!("{}/api/alerts?dry_run=probe", stack.url());
        let probe = post(&url, &[("x-functions-key", OPERATOR_KEY)], body.as_bytes());
        assert_eq!(probe.status, 200, "{probe:?}");
    }
    for (number, resource) in [
        "Microsoft.Compute/virtualMachineScaleSets/vmss-api",
        "Microsoft.Network/networkInterfaces/db-01-nic",
        "Microsoft.Network/publicIPAddresses/pip-web-01",
        "Microsoft.Network/loadBalancers/lb-shop",
        "Microsoft.Network/applicationGateways/agw-shop",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = stack.alert(&about(resource).replace("02:00:13", &format!("02:1{number}:13")));
        let captures = answer.json["captures"].as_array().expect("captures");
        let is_well = |capture: &Value| capture["state"] == "starting" && capture["error"].is_null();
        assert!(!captures.is_empty() && captures.iter().all(is_well), "{resource}: {answer:?}");
    }
    let answer = stack.alert(METRIC);
    let name = answer.json["captures"][0]["name"].as_str().expect("a capture").to_owned();
    stack.wait_for(&name, "running");
    let operator = [("x-functions-key", OPERATOR_KEY)];
    let capture = format!("{}/api/captures/{name}", stack.url());
    assert_eq!(post(&format!("{capture}/stop"), &operator, b"").status, 202);
    stack.wait_for(&name, "reported");
    let deleted = ureq::delete(&capture).header("x-functions-key", OPERATOR_KEY).call().expect("an answer");
    assert_eq!(deleted.status(), 202);
}

fn token(stack: &Stack, client_id: &str) -> String {
    let base = stack.azure_url();
    let url = format!("{base}/{}/oauth2/v2.0/token", stack.sample("tenant_id"));
    let form = format!(
        "grant_type=client_credentials&client_id={client_id}&client_secret={ROLE_SECRET}&scope={base}/.default"
    );
    let answer = post(&url, &[("content-type", "application/x-www-form-urlencoded")], form.as_bytes());
    answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// Sends a recorded request again and returns the refusal, if it is one.
fn again(stack: &Stack, request: &Value, token: &str) -> String {
    let url = format!("{}{}?{}", stack.azure_url(), text(request, "path"), text(request, "query"));
    let body = match &request["body"] {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let builder = ureq::http::Request::builder().method(text(request, "method")).uri(url);
    let builder =
        builder.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let mut answer = agent.run(builder.body(body).expect("a request")).expect("an answer");
    match answer.status().as_u16() {
        403 => answer.body_mut().read_to_string().expect("a text"),
        _ => String::new(),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    text_of(&value[field])
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
