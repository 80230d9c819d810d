//! Everything that can happen to a caller, a capture and a report.

use alertcap_tests::{METRIC, OPERATOR_KEY, SWEEP_KEY, Stack, TUTORIAL, WEBHOOK_KEY, post};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::{AUDIENCE, SECRETS, search::Canary, witness::Witness};

/// What those send who may not.
pub(crate) const GUESSES: [&str; 8] = [
    "guess/in+the=query-0123",
    "guess/in+the=header-0123",
    "guess/in+the=cookie-0123",
    "guess.in-the.bearer0123",
    "guess/of+a=signature-0123",
    "guess/of+an=id-0123",
    "guess/as+basic=0123456",
    "guess/in+a=body-0123456",
];

/// A token that Entra issues and ARM refuses.
pub(crate) const REFUSED_TOKEN: &str = "canary-of-an-access-token.of-a-kind.that-arm-refuses";

pub(crate) fn a_refused_token() -> Value {
    let body = json!({"token_type": "Bearer", "expires_in": 3_599, "access_token": REFUSED_TOKEN});
    json!({"kind": "status", "status": 200, "body": body.to_string()})
}

/// The alert, fired at another time.
pub(crate) fn at(number: usize) -> String {
    METRIC.replace("02:00:13", &format!("03:{:02}:{:02}", number / 60, number % 60))
}

/// Callers of every kind, right and wrong; what was secret of those that were right.
pub(crate) fn callers(stack: &Stack, witness: &Witness) -> Vec<Canary> {
    let [query, header, cookie, bearer, signature, id, basic, body] = GUESSES;
    let time = jiff::Timestamp::now().as_second().to_string();
    let json = format!("{{\"schemaId\":\"azureMonitorCommonAlertSchema\",\"data\":\"{body}\"}}");
    struct Wrong<'a>(&'a str, &'a [(&'a str, &'a str)]);
    let wrong = [
        Wrong(&format!("?code={query}"), &[]),
        Wrong("", &[("x-functions-key", header)]),
        Wrong("", &[("cookie", cookie)]),
        Wrong("", &[("authorization", &format!("Bearer {bearer}"))]),
        Wrong("", &[("authorization", &format!("Basic {basic}"))]),
        Wrong(
            "",
            &[
                ("webhook-id", id),
                ("webhook-timestamp", &time),
                ("webhook-signature", &format!("v1,{signature}")),
            ],
        ),
        Wrong("", &[("webhook-id", id), ("webhook-timestamp", signature), ("webhook-signature", signature)]),
    ];
    let routes = [
        "POST /api/alerts",
        "GET /api/captures",
        "POST /api/sweep",
        "DELETE /api/captures/x",
        "GET /api/nothing",
    ];
    for Wrong(more, headers) in wrong {
        for route in routes {
            let answer = witness.ask(stack, &format!("{route}{more}"), headers, METRIC);
            assert!([401, 404].contains(&answer.status), "{answer:?}");
        }
    }
    // From somebody who may: what is no alert, with what somebody pasted into it.
    // (A condition or a schema that is not known is repeated, for whoever has to find out what was sent.)
    let key = [("x-functions-key", WEBHOOK_KEY)];
    for text in [
        body.to_owned(),
        json,
        format!("{{\"{body}\":"),
        format!("[\"{body}\"]"),
        TUTORIAL.replace("\"60\"", &format!("\"{body}\"")),
        "x".repeat(300_000),
    ] {
        let answer = witness.ask(stack, "POST /api/alerts", &key, &text);
        assert_ne!(answer.status, 401, "{answer:?}");
    }
    witness.ask(stack, &format!("POST /api/alerts?dry_run={query}"), &key, METRIC);

    // And the right ones: a second key in the URL, a token, a signature.
    let code = "canary%2Fof%2Bthe%3Dwebhooks-2nd-key";
    assert_eq!(witness.ask(stack, &format!("POST /api/alerts?code={code}"), &[], &at(0)).status, 202);
    let asked = json!({ "audience": AUDIENCE }).to_string();
    let url = format!("{}/_standin/action-group-token", stack.azure_url());
    let token = post(&url, &[("content-type", "application/json")], asked.as_bytes()).json["token"].clone();
    let token = token.as_str().expect("a token");
    let authorization = format!("Bearer {token}");
    assert_eq!(
        witness.ask(stack, "POST /api/alerts", &[("authorization", &authorization)], &at(1)).status,
        202
    );
    let secret = SECRETS[0].1.split(' ').nth(1).expect("two");
    let id = "msg_with-a-right-signature";
    let signed =
        Webhook::new(secret).expect("a secret").sign(id, time.parse().expect("a time"), at(2).as_bytes());
    let signed = signed.expect("a signature");
    let headers =
        [("webhook-id", id), ("webhook-timestamp", time.as_str()), ("webhook-signature", signed.as_str())];
    assert_eq!(witness.ask(stack, "POST /api/alerts", &headers, &at(2)).status, 202);
    assert_eq!(witness.ask(stack, "POST /api/alerts", &headers, &at(2)).status, 401, "a copy");
    let mut sent = vec![Canary::new("a signature", &signed["v1,".len()..signed.len() - 1])];
    sent.extend(token.split('.').skip(1).map(|part| Canary::new("a caller's token", part)));
    sent
}

/// What Azure, Entra and the receivers answer when something is wrong with them, one alert each.
pub(crate) fn failures(stack: &Stack, witness: &Witness) {
    let status = |status: u16, code: &str, message: &str| json!({"kind": "status", "status": status, "code": code, "message": message});
    let echo = |status: u16| {
        // A receiver may say again what it was sent, and where to.
        let text = "canary-of-notify-url canary-of-slack canary-of-teams";
        let body = json!({"error": {"code": text, "message": text}}).to_string();
        json!({"kind": "status", "status": status, "body": body, "headers": {"location": "/slack/canary-of-slack"}})
    };
    let families: &[(&str, Value, u32)] = &[
        ("token", status(401, "invalid_client", "AADSTS7000215: Invalid client secret provided."), 1),
        ("token", status(503, "temporarily_unavailable", "AADSTS90033: A transient error has occurred."), 1),
        ("packetCaptures.put", status(401, "InvalidAuthenticationToken", "The access token is invalid."), 2),
        ("packetCaptures.put", status(403, "AuthorizationFailed", "does not have authorization"), 1),
        ("packetCaptures.put", status(404, "ResourceNotFound", "was not found"), 2),
        ("packetCaptures.put", status(409, "AnotherOperationInProgress", "in progress"), 1),
        (
            "packetCaptures.put",
            json!({"kind": "status", "status": 429, "retry_after": "1", "code": "TooManyRequests", "message": "x"}),
            1,
        ),
        ("packetCaptures.put", status(500, "InternalServerError", "An error occurred."), 1),
        ("packetCaptures.put", json!({"kind": "drop"}), 1),
        ("packetCaptures.put", json!({"kind": "lost_answer"}), 1),
        ("packetCaptures.put", json!({"kind": "capture_error", "errors": ["StorageFailed"]}), 1),
        (
            "packetCaptures.put",
            json!({"kind": "operation_failed", "code": "AgentNotReady", "message": "x"}),
            1,
        ),
        ("packetCaptures.put", json!({"kind": "status", "status": 500, "body": "<html>"}), 1),
        ("operations.get", status(500, "InternalServerError", "An error occurred."), 1),
        ("operations.get", status(404, "ResourceNotFound", "was not found"), 1),
        ("operations.get", json!({"kind": "drop"}), 1),
        ("operationResults.get", status(403, "AuthorizationFailed", "does not have authorization"), 1),
        ("packetCaptures.queryStatus", json!({"kind": "drop"}), 1),
        ("notify", echo(500), 1),
        ("notify", json!({"kind": "drop"}), 1),
        ("slack", echo(400), 1),
        ("slack", echo(302), 1),
        ("slack", json!({"kind": "status", "status": 404, "body": "canary-of-slack"}), 1),
        ("teams", echo(400), 1),
        ("teams", json!({"kind": "drop"}), 1),
    ];
    for (number, (operation, fault, times)) in families.iter().enumerate() {
        if *operation == "token" {
            // Only whoever needs one asks for one: a request that is refused does. Not at once after a refusal, though.
            stack.advance(3);
            stack.fault("packetCaptures.put", &status(401, "ExpiredAuthenticationToken", "expired"), 1);
        }
        stack.fault(operation, fault, *times);
        let answer = witness.saw(stack.alert(&at(10 + number)));
        assert_eq!(answer.status, 202, "{operation} {fault}: {answer:?}");
    }
    for alert in with_signed_links() {
        assert_eq!(witness.saw(stack.alert(&alert)).status, 202);
    }
    for machine in ["gone-01", "bare-01", "lonely-01", "asleep-01"] {
        witness.saw(stack.alert(&METRIC.replace("web-01", machine)));
    }
}

/// The signature of a shared access link.
pub(crate) const SIGNED_LINK: &str = "canary+of/a-shared-link=";

/// Alerts whose rule's owner wrote links that open by themselves; one names a computer, whose machine is asked for.
fn with_signed_links() -> [String; 2] {
    let link = "https://stshop.blob.core.windows.net/runbooks/1.md?sv=2024-11-04&sig=canary%2Bof%2Fa-shared-link%3D&se=2030";
    [&at(90), include_str!("../../fixtures/log-v2-computer.json")].map(|alert| {
        let mut alert: Value = serde_json::from_str(alert).expect("JSON");
        let essentials = &mut alert["data"]["essentials"];
        essentials["description"] = format!("Read {link} first").into();
        essentials["investigationLink"] = link.into();
        alert["data"]["customProperties"] = json!({ "runbook": link });
        alert["data"]["alertContext"]["properties"] = json!({ "runbook": link });
        for name in ["linkToSearchResultsUI", "linkToSearchResultsAPI", "linkToFilteredSearchResultsAPI"] {
            alert["data"]["alertContext"]["condition"]["allOf"][0][name] = link.into();
        }
        alert.to_string()
    })
}

/// What operators do: rehearse, look, stop, delete, sweep; and what Azure may answer to it.
pub(crate) fn operators(stack: &Stack, witness: &Witness) {
    let key = [("x-functions-key", OPERATOR_KEY)];
    let refused =
        json!({"kind": "status", "status": 403, "code": "AuthorizationFailed", "message": "may not"});
    for dry_run in ["true", "probe"] {
        witness.ask(stack, &format!("POST /api/alerts?dry_run={dry_run}"), &key, METRIC);
        stack.fault("virtualMachines.get", &refused, 1);
        stack.fault("permissions.list", &refused, 1);
        stack.fault("storageAccounts.get", &json!({"kind": "drop"}), 1);
        witness.ask(stack, &format!("POST /api/alerts?dry_run={dry_run}"), &key, METRIC);
    }
    for number in 0..3 {
        let alert = at(100 + number).replace("Sev2", "Sev4");
        let answer = witness.saw(stack.alert(&alert));
        let name = answer.json["captures"][0]["name"].as_str().expect("a name").to_owned();
        match number {
            0 => stack.fault("packetCaptures.stop", &refused, 1),
            1 => stack.fault("packetCaptures.stop", &json!({"kind": "drop"}), 1),
            _ => {}
        }
        stack.wait_for(&name, "running");
        witness.ask(stack, &format!("DELETE /api/captures/{name}"), &key, "");
        assert_eq!(witness.ask(stack, &format!("POST /api/captures/{name}/stop"), &key, "").status, 202);
        witness.saw(stack.sweep());
        if number == 2 {
            stack.wait_for(&name, "reported");
            stack.fault("packetCaptures.delete", &refused, 1);
            witness.ask(stack, &format!("DELETE /api/captures/{name}"), &key, "");
            assert_eq!(witness.ask(stack, &format!("DELETE /api/captures/{name}"), &key, "").status, 202);
        } else {
            stack.happen("sessionStopped", &name);
        }
    }
}

/// All that can be read.
pub(crate) fn reads(stack: &Stack, witness: &Witness) {
    let key = [("x-functions-key", OPERATOR_KEY)];
    let all = witness.ask(stack, "GET /api/captures?limit=100", &key, "").json;
    for capture in all["captures"].as_array().expect("captures") {
        let name = capture["name"].as_str().expect("a name");
        witness.ask(stack, &format!("GET /api/captures/{name}"), &key, "");
    }
    for route in ["GET /readyz", "GET /healthz", "GET /api/captures/nothing", "HEAD /api/captures"] {
        witness.ask(stack, route, &key, "");
    }
    witness.ask(stack, &format!("GET /api/captures?code={}&limit=x", GUESSES[0]), &key, "");
}

/// A store that fails, and keys that cannot be had.
pub(crate) fn outages(stack: &Stack, witness: &Witness) {
    let switch = stack.host_state().join("fail-store");
    for what in ["writes", "all"] {
        std::fs::write(&switch, what).expect("a switch");
        witness.saw(stack.alert(&at(200)));
        witness.saw(stack.read("/api/captures"));
        witness.ask(stack, "GET /api/sweep", &[("x-functions-key", SWEEP_KEY)], "");
        witness.ask(stack, "GET /readyz", &[], "");
    }
    std::fs::remove_file(&switch).expect("the switch");
    stack.fault("keys", &json!({"kind": "drop"}), 1);
    let header = json!({"alg": "RS256", "kid": "unknown"});
    let claims = json!({"aud": AUDIENCE, "exp": 4_000_000_000_u64, "ver": "1.0", "tid": stack.sample("tenant_id"),
        "iss": format!("https://sts.windows.net/{}/", stack.sample("tenant_id"))});
    let asked = json!({"header": header, "claims": claims}).to_string();
    let url = format!("{}/_standin/sign", stack.azure_url());
    let token = post(&url, &[("content-type", "application/json")], asked.as_bytes()).json["token"].clone();
    let value = format!("Bearer {}", token.as_str().expect("a token"));
    witness.ask(stack, "POST /api/alerts", &[("authorization", &value)], METRIC);
}
