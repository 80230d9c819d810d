//! What rules say, seen from outside: which alerts they let through, and what is asked of Azure then.

use super::*;

/// What is sent to Azure for the usual alert under these rules; none if nothing is.
fn put_under(rules: &str) -> Option<Value> {
    let sim = Sim::new();
    sim.set("rules", rules);
    send_all(&sim, alert(METRIC));
    let sent = sim.0.sent.borrow();
    sent.iter().find(|sent| sent.operation == "put").map(|sent| sent.body["properties"].clone())
}

#[test]
fn the_first_rule_that_matches_decides_and_what_goes_on_is_merged() {
    let rules = r#"
        [[rules]]
        name = "filters"
        match.alert_rule = "tcp-*"
        continue = true
        filters = [{ protocol = "TCP", local_port = "443" }]
        [[rules]]
        name = "never"
        match.severity = ["Sev0", "Sev1"]
        time_limit_seconds = 1
        [[rules]]
        name = "sev2"
        match.resource_group = "RG-SHOP"
        time_limit_seconds = 120
        filters = [{ protocol = "UDP" }]
        [[rules]]
        name = "rest"
        time_limit_seconds = 5
    "#;
    let put = put_under(rules).unwrap();
    assert_eq!(put["timeLimitInSeconds"], 120);
    assert_eq!(put["filters"], json!([{"protocol": "TCP", "localPort": "443"}]));
}

#[test]
fn an_alert_that_no_rule_matches_or_one_ignores_leads_to_no_capture() {
    for (rules, reason) in [
        ("[[rules]]\nname = \"a\"\nmatch.severity = \"Sev0\"", "noRule"),
        (
            "[[rules]]\nname = \"a\"\nmatch.alert_rule = \"tcp-*\"\nignore = true\n[[rules]]\nname = \"b\"",
            "ignored",
        ),
        ("[[rules]]\nname = \"a\"\ndry_run = true", "dryRun"),
    ] {
        let sim = Sim::new();
        sim.set("rules", rules);
        let (status, answer) = send_all(&sim, alert(METRIC));
        assert_eq!((status.as_u16(), answer["reason"].as_str()), (200, Some(reason)), "{answer}");
        assert!(sim.operations().is_empty() && sim.0.store.borrow().is_empty());
    }
}

#[test]
fn a_rule_narrows_the_scopes_and_never_widens_them() {
    let scope = |scope: &str| format!("[[rules]]\nname = \"a\"\nallowed_scopes = [\"{scope}\"]");
    let group = format!("{}/resourceGroups", crate::testing::SUBSCRIPTION);
    assert!(put_under(&scope(&format!("{group}/rg-shop"))).is_some());
    assert!(put_under(&scope(&format!("{group}/rg-other"))).is_none());
    assert!(put_under(&scope("/subscriptions/another")).is_none());
}

#[test]
fn rules_that_cannot_be_read_capture_nothing_and_say_so() {
    for rules in ["[[rules]", "[[rules]]\nname = \"a\"\nstorage_account = \"elsewhere\""] {
        let sim = Sim::new();
        sim.set("rules", rules);
        let (status, answer) = send_all(&sim, alert(METRIC));
        assert_eq!(
            (status.as_u16(), answer["captures"][0]["error"]["code"].as_str()),
            (202, Some("settings"))
        );
        assert_eq!((sim.count("put"), sim.0.azure.borrow().told.len()), (0, 1));
        let (status, ready) = send(&sim, request(Method::GET, "/readyz", b""));
        assert_eq!((status.as_u16(), ready["problems"][0]["variable"].as_str()), (503, Some("rules")));
    }
}

#[test]
fn what_is_wrong_with_the_rules_is_told_to_operators_and_its_line_to_anyone() {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"a\"\ncanary = 1\n");
    let (_, to_anyone) = send(&sim, request(Method::GET, "/readyz", b""));
    let problem = to_anyone["problems"][0]["problem"].as_str().unwrap();
    assert_eq!(problem, "line 3, column 1 is wrong; with the operator key this says why");
    let (_, to_operators) = send(&sim, get("/readyz"));
    assert!(to_operators["problems"][0]["problem"].as_str().unwrap().contains("canary"), "{to_operators}");
}

#[test]
fn rings_and_local_files_are_sent_in_azures_words_and_nothing_else_is() {
    let put = put_under("[[rules]]\nname = \"a\"\nlocal_path = \"/var/captures/{name}.cap\"").unwrap();
    let path = put["storageLocation"]["filePath"].as_str().unwrap();
    assert!(path.starts_with("/var/captures/alertcap-web-01-") && path.ends_with(".cap"), "{path}");
    assert!(put["storageLocation"].get("storageId").is_none(), "{put}");
    let ring = "[[rules]]\nname = \"a\"\ncontinuous = true\nring = { file_count = 5 }\nlocal_path = \"/var/captures/r.cap\"\nstorage_account = \"stshopcaptures\"";
    let put = put_under(ring).unwrap();
    assert_eq!(
        (put["continuousCapture"].as_bool(), &put["captureSettings"]),
        (Some(true), &json!({"fileCount": 5}))
    );
    assert_eq!(put["storageLocation"]["localPath"], "/var/captures/r.cap");
    assert!(put["storageLocation"]["storageId"].as_str().unwrap().ends_with("/stshopcaptures"));
    assert!(put.get("timeLimitInSeconds").is_none(), "the settings' limit would end the ring: {put}");
}

#[test]
fn tags_are_asked_for_where_a_rule_depends_on_them_and_nowhere_else() {
    let tagged = |tier: &str| {
        format!("[[rules]]\nname = \"a\"\nmatch.severity = \"Sev2\"\nmatch.tags.tier = \"{tier}\"")
    };
    assert!(put_under(&tagged("web")).is_some());
    assert!(put_under(&tagged("db")).is_none());
    let sim = Sim::new();
    sim.set("rules", &tagged("db"));
    let (status, answer) = send_all(&sim, alert(METRIC));
    assert_eq!((status.as_u16(), answer["reason"].as_str()), (200, Some("noRule")), "{answer}");
    assert_eq!(sim.0.azure.borrow().told.len(), 0, "that is the operator's own decision");
    let sim = Sim::new();
    sim.set("rules", &tagged("db").replace("Sev2", "Sev0"));
    send_all(&sim, alert(METRIC));
    assert!(sim.operations().is_empty(), "the severity decides");
}

#[test]
fn a_tagged_alert_that_waits_for_azure_does_not_become_too_old_by_it() {
    let sim = Sim::new();
    sim.set("rules", "[limits]\nmax_alert_age = \"1m\"\n[[rules]]\nname = \"a\"\nmatch.tags.tier = \"web\"");
    let busy = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    fault(&sim, "vm", Fault::Answer(429, busy, Some("200")));
    assert_eq!(send_all(&sim, alert(METRIC)).0, 202);
    assert_eq!(sim.count("put"), 1);
}

#[test]
fn a_machine_without_the_agent_is_tried_all_the_same_and_everybody_is_told() {
    let sim = Sim::new();
    sim.0.azure.borrow_mut().has_agent = false;
    sim.0.azure.borrow_mut().operation_error = Some(json!({"code": "AgentMissing", "message": "no agent"}));
    let (status, answer) = send_all(&sim, alert(METRIC));
    let command = answer["captures"][0]["agentMissing"].as_str().unwrap();
    assert!(status == 202 && command.starts_with("az vm extension set"), "{answer}");
    assert_eq!((record(&sim)["agentMissing"].as_str(), sim.count("put")), (Some(command), 1));
    let told = sim.0.azure.borrow().told.clone();
    assert_eq!(told[0]["data"]["capture"]["agentMissing"], command);
    assert!(record(&sim)["error"]["advice"].as_str().unwrap().contains(command));
    // Installed since: looked at again, and then remembered.
    sim.0.azure.borrow_mut().has_agent = true;
    sim.0.azure.borrow_mut().operation_error = None;
    let (_, answer) = send_all(&sim, alert(&metric("web-01", 1)));
    assert!(answer["captures"][0].get("agentMissing").is_none(), "{answer}");
    assert_eq!(records(&sim)[0]["outcome"], "captured");
}

#[test]
fn whom_a_rule_tells_is_told_and_nobody_else() {
    let sim = Sim::new();
    sim.set("rules", "[[rules]]\nname = \"quiet\"\ntell = []");
    send_all(&sim, alert(METRIC));
    assert_eq!((record(&sim)["outcome"].as_str(), sim.count("notify")), (Some("captured"), 0));
}
