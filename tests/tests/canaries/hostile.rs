//! Text of others: whatever stands in an alert or in what Azure says, people's screens show letters.

use alertcap_tests::{METRIC, OPERATOR_KEY, Stack, until};
use serde_json::{Value, json};

use crate::{settle, stack, witness::Witness};

/// A forged line of the log, a cleared screen, text that runs backwards, and what chats make links and calls of.
const HOSTILE: &str = "a\n{\"time\":\"2026\",\"level\":\"error\",\"message\":\"forged\"}\r\u{1b}[2J\u{1b}]0;owned\u{7}\
                       \u{202e}txt.exe\u{2066}\u{200b}\u{feff}\u{0}\u{9b}31m<!channel> <!here> <@U012AB3CD> <https://evil.example|ok> \
                       [x](https://evil.example) ![x](https://evil.example/x.png) *b* _i_ `c` :rotating_light: \
                       <at>everyone</at> <b>b</b><script>alert(1)</script><img src=x onerror=alert(1)> {{DATE(2026-01-01)}} \
                       ${evil} &lt;!channel&gt; \u{2028}\u{2029}\u{85}end";

/// All texts in a value, its names too.
fn texts(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) => all.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|one| texts(one, all)),
        Value::Object(fields) => {
            for (name, value) in fields {
                all.push(name.clone());
                texts(value, all);
            }
        }
        _ => {}
    }
}

/// Whether a screen would do something at this letter but show it.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn is_harmless(what: &str, value: &Value) {
    let mut all = Vec::new();
    texts(value, &mut all);
    for text in all {
        assert!(!text.contains(acts), "{what}: {text:?}");
    }
}

/// The objects in a value that have this type.
fn of_type<'a>(value: &'a Value, kind: &str, found: &mut Vec<&'a Value>) {
    if value["type"] == kind {
        found.push(value);
    }
    match value {
        Value::Array(list) => list.iter().for_each(|one| of_type(one, kind, found)),
        Value::Object(fields) => fields.values().for_each(|one| of_type(one, kind, found)),
        _ => {}
    }
}

fn count(value: &Value, kind: &str) -> usize {
    let mut found = Vec::new();
    of_type(value, kind, &mut found);
    found.len()
}

/// An alert that says it everywhere it can.
fn alert(number: usize) -> String {
    let mut alert: Value = serde_json::from_str(&crate::drive::at(number)).expect("JSON");
    let essentials = &mut alert["data"]["essentials"];
    for field in ["alertRule", "severity", "signalType", "monitoringService", "description", "originAlertId"]
    {
        essentials[field] = HOSTILE.into();
    }
    essentials["configurationItems"] = json!([HOSTILE]);
    alert["data"]["customProperties"] = json!({ "team": HOSTILE, HOSTILE: "x" });
    alert["data"]["alertContext"]["condition"]["allOf"][0]["metricName"] = HOSTILE.into();
    alert.to_string()
}

#[test]
fn hostile_text_of_alerts_and_of_azure_is_harmless_wherever_it_is_shown() {
    let (stack, _) = stack();
    let witness = Witness::default();
    let key = [("x-functions-key", OPERATOR_KEY)];
    witness.ask(&stack, "POST /api/alerts?dry_run=true", &key, &alert(0));
    let mut answers = vec![witness.ask(&stack, "POST /api/alerts?dry_run=probe", &key, &alert(0)).json];
    for (number, (operation, status)) in
        [("", 0), ("packetCaptures.put", 400), ("packetCaptures.put", 500), ("token", 400)]
            .into_iter()
            .enumerate()
    {
        if number > 0 {
            let fault = json!({"kind": "status", "status": status, "code": HOSTILE, "message": HOSTILE});
            if operation == "token" {
                // Only whoever needs one asks for one: a request that is refused does.
                stack.fault("packetCaptures.put", &json!({"kind": "status", "status": 401}), 1);
            }
            stack.fault(operation, &fault, 1);
        }
        answers.push(stack.alert(&alert(number)).json);
    }
    let failed = json!({"kind": "operation_failed", "code": HOSTILE, "message": HOSTILE});
    stack.fault("packetCaptures.put", &failed, 1);
    answers.push(stack.alert(&alert(10)).json);
    stack.fault("packetCaptures.put", &json!({"kind": "capture_error", "errors": [HOSTILE]}), 1);
    answers.push(stack.alert(&alert(11)).json);
    // Targets, which are refused, and paths.
    let bad_target =
        METRIC.replace("/virtualmachines/web-01", "/virtualmachines/web\\u001b[2J\\u202e<!channel>");
    answers.push(stack.alert(&bad_target).json);
    answers.push(stack.alert(&alert(12).replace("azureMonitorCommonAlertSchema", "\\u001b[2J\\u202e")).json);
    for path in ["/api/captures/%1b[2J%0a{", "/api/captures/%e2%80%ae", "/%1b[2J"] {
        answers.push(witness.ask(&stack, &format!("GET {path}"), &[], "").json);
        answers.push(witness.ask(&stack, &format!("GET {path}"), &key, "").json);
    }
    settle(&stack);
    answers.push(stack.read("/api/captures?limit=100").json);
    answers.iter().for_each(|answer| is_harmless("an answer", answer));

    let told = until(60, "everybody is told of everything", || {
        let told = stack.told();
        ["tests", "slack", "teams"]
            .iter()
            .all(|name| told.iter().filter(|one| one["name"] == **name).count() >= 7)
            .then_some(told)
    });
    for one in &told {
        assert!(one["refused"].is_null(), "{one:#}");
        let (name, body) = (one["name"].as_str().expect("a name"), &one["body"]);
        match name {
            // Slack's fields are a name and a value, on lines of their own.
            "slack" => is_harmless(
                name,
                &serde_json::from_str(&body.to_string().replacen("\\n", " ", 99)).expect("JSON"),
            ),
            _ => is_harmless(name, body),
        }
        match name {
            "slack" => {
                assert_eq!(count(body, "mrkdwn"), 0, "{body:#}");
                assert!(!body["text"].as_str().expect("a text").contains(['<', '>']), "{body:#}");
                let mut plain = Vec::new();
                of_type(body, "plain_text", &mut plain);
                assert!(!plain.is_empty() && plain.iter().all(|text| text["emoji"] == false), "{body:#}");
            }
            "teams" => {
                assert_eq!(count(body, "TextBlock") + count(body, "FactSet"), 0, "{body:#}");
                let mut runs = Vec::new();
                of_type(body, "TextRun", &mut runs);
                for run in runs {
                    let text = run["text"].as_str().expect("a text");
                    assert!(
                        !["<at>", "</", "<!", "<b", "{{", "${"].iter().any(|mark| text.contains(mark)),
                        "{text}"
                    );
                }
                let mut links = Vec::new();
                of_type(body, "Action.OpenUrl", &mut links);
                assert!(links.iter().all(|link| !link.to_string().contains("evil")), "{links:?}");
            }
            _ => {}
        }
    }
    log_is_harmless(&stack);
}

fn log_is_harmless(stack: &Stack) {
    let log = stack.logs();
    assert!(log.contains("evil.example"), "the text should have been logged at least once");
    for line in log.lines() {
        assert!(!line.contains(acts), "{line:?}");
        if line.starts_with('{') {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert_ne!(line["message"], "forged");
            is_harmless("the log", &line);
        }
    }
}
