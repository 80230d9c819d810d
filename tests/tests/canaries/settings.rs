//! Secrets in the wrong place: whatever an operator pastes where, nobody is shown it.

use alertcap_tests::{METRIC, OPERATOR_KEY, Options, Stack, WEBHOOK_KEY, get};

use crate::{search::Canary, witness::Witness};

/// Variables in which anything may be pasted; the host itself reads the others' hosts.
const VARIABLES: [&str; 28] = [
    "webhook_key",
    "webhook_secret",
    "webhook_audience",
    "webhook_tenants",
    "webhook_app_id",
    "webhook_requires",
    "tenant_id",
    "client_id",
    "client_secret",
    "client_certificate",
    "federated_token",
    "managed_identity",
    "allowed_scopes",
    "storage_account_id",
    "time_limit_seconds",
    "bytes_per_packet",
    "bytes_per_session",
    "name_prefix",
    "session_limit",
    "on_limit",
    "history_days",
    "dedupe_window_seconds",
    "notify_url",
    "notify_secret",
    "teams_url",
    "slack_url",
    "rules",
    "network_api_version",
];

/// What is pasted: a word, two, rules with a comment, a URL with a secret in each of its parts, spoilt secrets.
fn pasted(name: &str) -> [String; 6] {
    let secret = secret(name);
    [
        secret.clone(),
        format!("{secret} {secret}-2, {secret}-3"),
        format!("[[rules]]\nname = \"x\" # {secret}"),
        format!("https://{secret}:{secret}@127.0.0.1:1/{secret}?sig={secret}#{secret}"),
        format!("whsec_{secret}"),
        format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"),
    ]
}

fn secret(name: &str) -> String {
    format!("Canary{}Of9a8b7c", name.replace('_', "X"))
}

#[test]
fn what_is_pasted_into_the_wrong_variable_is_shown_to_nobody() {
    let canaries: Vec<Canary> = VARIABLES.map(|name| Canary::new(name, &secret(name))).into();
    let witness = Witness::default();
    for number in 0..6 {
        // All of them wrong; and then those that an alert does not need to be let in by.
        for least in ["", "webhook_"] {
            let mut stack = Stack::start(&Options::default());
            stack.kill_host();
            for name in VARIABLES.iter().filter(|name| least.is_empty() || !name.starts_with(least)) {
                stack.set(name, &pasted(name)[number]);
            }
            stack.start_host();
            let ready = witness.saw(get(&format!("{}/readyz", stack.url()), &[]));
            assert_eq!(ready.status, 503);
            let alert = witness.saw(stack.alert(METRIC));
            assert_eq!(alert.status, if least.is_empty() { 401 } else { 200 }, "{alert:?}");
            for route in
                ["POST /api/alerts?dry_run=true", "POST /api/alerts?dry_run=probe", "GET /api/captures"]
            {
                witness.ask(&stack, route, &[("x-functions-key", OPERATOR_KEY)], METRIC);
            }
            witness.saw(stack.sweep());
            let found = witness.find(&stack, &canaries);
            assert!(found.is_empty(), "{number}, {} of them:\n{}", found.len(), found.join("\n"));
        }
    }
}

#[test]
fn the_words_of_rules_that_are_wrong_are_shown_to_operators_only() {
    let rules = format!("[[rules]]\nname = \"x\"\n{0} = \"{0}\"", secret("rules"));
    let stack = Stack::start(&Options { variables: &[("rules", &rules)], ..Options::default() });
    let canary = Canary::new("rules", &secret("rules"));
    let readyz = format!("{}/readyz", stack.url());
    for headers in [&[][..], &[("x-functions-key", WEBHOOK_KEY)]] {
        let shown = get(&readyz, headers).json.to_string();
        assert_eq!(canary.find("readyz", &shown), None);
        assert!(shown.contains("line 3"), "{shown}");
    }
    let shown = get(&readyz, &[("x-functions-key", OPERATOR_KEY)]).json.to_string();
    assert!(canary.find("readyz", &shown).is_some(), "{shown}");
}
