//! Secrets are kept: one is put wherever there is one, everything that can happen happens, and all that leaves the component
//! is searched for them.

mod drive;
mod hostile;
mod search;
mod settings;
mod witness;

use alertcap_tests::{OPERATOR_KEY, Options, SWEEP_KEY, Stack, WEBHOOK_KEY, get, post};
use search::Canary;
use serde_json::json;
use witness::Witness;

const SECRETS: [(&str, &str); 2] = [
    (
        "webhook_secret",
        "whsec_Y2FuYXJ5LTEtb2Ytc2lnbmVkLWFsZXJ0cw== whsec_Y2FuYXJ5LTItb2Ytc2lnbmVkLWFsZXJ0cw==",
    ),
    ("notify_secret", "whsec_Y2FuYXJ5LTEtb2Ytd2hhdC1pcy10b2xk whsec_Y2FuYXJ5LTItb2Ytd2hhdC1pcy10b2xk"),
];
const SECOND_KEYS: [(&str, &str, &str); 3] = [
    ("webhook_key", WEBHOOK_KEY, "canary/of+the=webhooks-2nd-key"),
    ("operator_key", OPERATOR_KEY, "canary/of+the=operators-2nd-key"),
    ("sweep_key", SWEEP_KEY, "canary/of+the=sweeps-2nd-key"),
];
pub(crate) const AUDIENCE: &str = "api://alertcap";
const LONG: &str = "[[rules]]\nname = \"long\"\nmatch.severity = \"Sev4\"\ntime_limit_seconds = 600\n[[rules]]\nname = \"all\"\n";

/// A stack with a canary in every secret, and all of them but the credential's.
fn stack() -> (Stack, Vec<Canary>) {
    // Azure learns of a capture's end when it is asked, and tells it by a signed URL.
    let as_azure = [("timings", "status_stale_s", 36_000)];
    let mut stack = Stack::start(&Options { clocks: true, inventory: &as_azure, ..Options::default() });
    let base = stack.azure_url();
    stack.kill_host();
    let mut canaries = Vec::new();
    for (name, first, second) in SECOND_KEYS {
        stack.set(name, &format!("{first}\n{second}"));
        canaries.extend([first, second].map(|key| Canary::new(name, key)));
    }
    for (name, secrets) in SECRETS {
        stack.set(name, secrets);
        // Both as it is written and the bytes that it stands for.
        for secret in secrets.split(' ').map(|secret| secret.trim_start_matches("whsec_")) {
            use base64::{Engine, prelude::BASE64_STANDARD};
            let bytes = BASE64_STANDARD.decode(secret).expect("base64");
            canaries.push(Canary::new(name, secret.trim_end_matches('=')));
            canaries.push(Canary::new(name, &String::from_utf8(bytes).expect("text")));
        }
    }
    for (name, host, url, canary) in [
        (
            "notify_url",
            "notify_host",
            format!("{base}/notify/tests?sig=canary-of-notify-url"),
            "canary-of-notify-url",
        ),
        (
            "slack_url",
            "slack_host",
            format!("{base}/slack/services/T0/B0/canary-of-slack"),
            "canary-of-slack",
        ),
        ("teams_url", "teams_host", format!("{base}/teams/x?sig=canary-of-teams"), "canary-of-teams"),
    ] {
        stack.set(name, &url);
        stack.set(host, &base);
        canaries.push(Canary::new(name, canary));
    }
    for (name, value) in [("webhook_audience", AUDIENCE), ("rules", LONG)] {
        stack.set(name, value);
    }
    stack.start_host();
    (stack, canaries)
}

/// Goes on until nothing is to be done any more, however long the pauses: the clocks are moved.
fn settle(stack: &Stack) {
    loop {
        let captures = stack.read("/api/captures?limit=100").json["captures"].clone();
        let captures = captures.as_array().expect("captures");
        let Some(open) = captures.iter().find(|capture| capture["state"] != "reported") else { break };
        let name = open["name"].as_str().expect("a name");
        stack.follow(name, "reported", |record| record["state"] == "reported");
    }
}

/// What ARM's operations were signed with.
fn signed_urls(stack: &Stack) -> Vec<Canary> {
    let operations = ["operations.get", "operationResults.get"].map(|name| stack.requests(Some(name)));
    let mut canaries = Vec::new();
    for request in operations.iter().flatten() {
        let query = request["query"].as_str().expect("a query");
        let values = query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1));
        // Of the long ones a piece is as good as the whole.
        let pieces = values.filter(|value| value.len() > 16).map(|value| &value[..value.len().min(40)]);
        canaries.extend(pieces.map(|piece| Canary::new("a signed URL of ARM's", piece)));
    }
    assert!(canaries.len() >= 6, "there were no operations");
    canaries
}

/// How every token of the stand-in's and of most others begins.
fn any_token() -> Vec<Canary> {
    vec![Canary::new("an access token", "eyJ0eXAiOiJKV1Qi"), Canary::new("a JWT", "eyJhbGciOiJSUzI1NiI")]
}

/// What somebody sent who may not, each once.
fn guesses() -> Vec<Canary> {
    drive::GUESSES.iter().map(|guess| Canary::new("a guess", guess)).collect()
}

#[test]
fn with_a_client_secret_no_secret_leaves_whatever_happens() {
    let (stack, mut canaries) = stack();
    canaries.push(Canary::new("the client secret", &stack.sample("client_secret")));
    canaries.extend(guesses());
    canaries.push(Canary::new("a shared link's signature", drive::SIGNED_LINK));
    let witness = Witness::default();
    canaries.push(Canary::new("a token that is refused", drive::REFUSED_TOKEN));
    stack.fault("token", &drive::a_refused_token(), 1);
    let sent = drive::callers(&stack, &witness);
    canaries.extend(sent);
    drive::failures(&stack, &witness);
    drive::operators(&stack, &witness);
    settle(&stack);
    let to_come = get(&format!("{}/_standin/faults", stack.azure_url()), &[]).json;
    assert_eq!(to_come, json!({ "faults": [] }), "all of it has happened");
    drive::reads(&stack, &witness);
    drive::outages(&stack, &witness);
    let mut found = Witness::find_at_azure(&stack, &canaries);
    canaries.extend(any_token());
    canaries.extend(signed_urls(&stack));
    found.extend(witness.find(&stack, &canaries));
    assert!(found.is_empty(), "{} of them:\n{}", found.len(), found.join("\n"));
    // The search itself: what is no secret is found everywhere.
    let found = witness.find(&stack, &[Canary::new("a name", "alertcap-web-01-20261122T")]);
    for place in [
        "an answer",
        "the log",
        "tests was told",
        "slack was told",
        "teams was told",
        "under done.",
        "the file",
    ] {
        assert!(found.iter().any(|found| found.contains(place)), "nothing was looked for in {place}");
    }
}

#[test]
fn with_any_other_credential_it_does_not_leave_either() {
    let (mut stack, mut canaries) = stack();
    let pem = stack.sample("client_certificate_pem");
    let key = pem.lines().take_while(|line| !line.contains("BEGIN CERTIFICATE"));
    for line in key.filter(|line| line.len() == 64) {
        canaries.push(Canary::new("the private key", line));
    }
    let asked =
        json!({ "issuer": stack.sample("federated_issuer"), "subject": stack.sample("federated_subject") });
    let url = format!("{}/_standin/federated-token", stack.azure_url());
    let made = post(&url, &[("content-type", "application/json")], asked.to_string().as_bytes());
    let federated = made.json["token"].as_str().expect("a token").to_owned();
    canaries.extend(federated.split('.').map(|part| Canary::new("the federated token", part)));
    canaries.push(Canary::new("a token that is refused", drive::REFUSED_TOKEN));
    canaries.extend(any_token());
    let witness = Witness::default();
    let metadata = stack.azure_url();
    for (number, (name, value)) in [
        ("client_certificate", pem.as_str()),
        // Another's: refused.
        ("client_certificate", include_str!("../../../local/azure/keys/stranger.pem")),
        ("federated_token", &federated),
        ("federated_token", &format!("{}AAAA", &federated[..federated.len() - 4])),
        ("managed_identity", "system"),
        ("managed_identity", "11111111-2222-4333-8444-555555555555"),
    ]
    .into_iter()
    .enumerate()
    {
        stack.kill_host();
        for name in ["client_secret", "client_certificate", "federated_token", "managed_identity"] {
            stack.set(name, "");
        }
        stack.set("imds_endpoint", &metadata);
        stack.set(name, value);
        stack.start_host();
        stack.fault("token", &drive::a_refused_token(), 1);
        for alert in 0..2 {
            witness.saw(stack.alert(&drive::at(10 * number + alert)));
        }
        for route in ["GET /readyz", "GET /healthz", "POST /api/alerts?dry_run=probe"] {
            witness.ask(&stack, route, &[("x-functions-key", OPERATOR_KEY)], &drive::at(99));
        }
        settle(&stack);
        witness.saw(stack.read("/api/captures?limit=100"));
    }
    let found = witness.find(&stack, &canaries);
    assert!(found.is_empty(), "{} of them:\n{}", found.len(), found.join("\n"));
}
