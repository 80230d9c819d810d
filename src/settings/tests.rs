use super::*;
use crate::{azure::sealed::SealingKey, caller::Proof, testing::Sim};

fn load(change: impl FnOnce(&Sim)) -> Settings {
    let sim = Sim::new();
    change(&sim);
    futures_executor::block_on(Settings::load(&sim)).unwrap()
}

fn problems(variable: &str, value: &str) -> Vec<&'static str> {
    load(|sim| sim.set(variable, value)).problems.iter().map(|p| p.variable).collect()
}

#[test]
fn whole_settings_have_no_problem() {
    let settings = load(|_| ());
    assert_eq!(settings.problems, []);
    assert_eq!(settings.obstacle(), None);
    assert_eq!(settings.captures.time_limit_seconds, Some(60));
    assert_eq!(settings.azure.unwrap().network_api_version, "2026-03-01");
    assert_eq!(settings.captures.session_limit, 10_000);
}

#[test]
fn with_nothing_set_every_missing_variable_is_named_at_once() {
    let settings = load(|sim| sim.0.variables.borrow_mut().clear());
    let named: Vec<_> = settings.problems.iter().map(|p| p.variable).collect();
    for variable in [
        "webhook_key",
        "operator_key",
        "sweep_key",
        "tenant_id",
        "client_id",
        "client_secret",
        "allowed_scopes",
        "storage_account_id",
    ] {
        assert!(named.contains(&variable), "{variable}");
    }
    assert!(
        settings.callers.webhook.keys.0.is_empty() && settings.azure.is_none() && settings.people.is_empty()
    );
    assert!(settings.captures.allowed_scopes.is_empty());
}

#[test]
fn a_wrong_value_is_a_problem_of_its_variable() {
    for (variable, value) in [
        ("webhook_key", "short"),
        ("tenant_id", "a/b"),
        ("login_endpoint", "http://login.example"),
        ("login_endpoint", "https://login.example/path"),
        ("arm_endpoint", "management.azure.com"),
        ("arm_endpoint", "https://user@arm.example"),
        ("allowed_scopes", "/subscriptions/a /nonsense"),
        ("storage_account_id", "stshopcaptures"),
        (
            "storage_account_id",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
        ),
        ("time_limit_seconds", "0"),
        ("time_limit_seconds", "18001"),
        ("bytes_per_packet", "-1"),
        ("bytes_per_session", "4294967296"),
        ("name_prefix", "-x"),
        ("name_prefix", "a/b"),
        ("session_limit", "many"),
        ("network_api_version", "latest"),
        ("notify_host", "https://other.example"),
        ("storage_endpoint", "https://blob.core.windows.net/x"),
        ("storage_endpoint", "http://*.blob.example"),
        ("storage_endpoint", "https://a*.blob.example"),
        ("storage_endpoint", "https://*.*.example"),
        ("storage_endpoint", "https://*"),
        ("storage_endpoint", "*.blob.core.windows.net"),
        ("summary", "maybe"),
        ("share_links", "8d"),
        ("share_links", "on"),
    ] {
        assert_eq!(problems(variable, value), [variable], "{value}");
    }
    assert_eq!(problems("notify_url", "http://people.example/x"), ["notify_url"]);
    assert_eq!(problems("teams_url", "https://teams.example/x"), ["teams_host"], "not set");
    assert_eq!(problems("slack_url", "hooks.slack.com"), ["slack_url"]);
}

#[test]
fn who_can_be_told_is_whoever_is_set_up_and_reached_as_it_is_set() {
    assert_eq!(load(|_| ()).captures.receivers, [Receiver::Webhook]);
    let settings = crate::testing::Sim::with_chats();
    let settings = futures_executor::block_on(Settings::load(&settings)).unwrap();
    assert_eq!(settings.problems, []);
    assert_eq!(settings.captures.receivers, Receiver::ALL);
    let people: Vec<(Receiver, &str)> = settings.people.iter().map(|to| (to.to, to.url())).collect();
    assert_eq!(people[2], (Receiver::Slack, "https://slack.example/services/canary"));
    assert_eq!(settings.people.iter().map(|to| to.secrets.len()).collect::<Vec<_>>(), [1, 0, 0]);
    assert!(!format!("{settings:?}").contains("canary"), "{settings:?}");
}

#[test]
fn one_or_two_secrets_sign_and_a_wrong_one_means_that_nothing_is_sent_unsigned() {
    let (one, two) =
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazf5xhFHcVA=");
    let with = |secrets: &str| load(|sim| sim.set("notify_secret", secrets));
    for (secrets, count) in [(one.to_owned(), 1), (format!("{one} {two}"), 2), (format!("{one},\n{two}"), 2)]
    {
        let settings = with(&secrets);
        assert_eq!((settings.problems.len(), settings.people[0].secrets.len()), (0, count));
    }
    for wrong in ["canary", "whsec_canary", &format!("{one} canary"), &format!("{one} {two} {one}")] {
        let settings = with(wrong);
        assert_eq!(
            settings.problems.iter().map(|p| p.variable).collect::<Vec<_>>(),
            ["notify_secret"],
            "{wrong}"
        );
        assert!(settings.people.is_empty() && settings.obstacle().is_none(), "{wrong}");
        assert!(!format!("{settings:?}").contains("canary"), "{settings:?}");
        assert_eq!(settings.captures.receivers, [Receiver::Webhook], "its reports wait until it is mended");
    }
}

#[test]
fn a_rule_that_tells_whom_nobody_has_set_up_is_told_and_keeps_nothing_from_being_captured() {
    let settings = load(|sim| sim.set("rules", "[[rules]]\nname = \"x\"\ntell = [\"webhook\", \"slack\"]\n"));
    let problems: Vec<String> = settings.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["slack_url: not set, but the rule \"x\" tells slack"]);
    assert_eq!((settings.obstacle(), settings.captures.rules.rules.len()), (None, 1));
}

#[test]
fn plain_http_is_taken_to_this_machine_only() {
    for endpoint in ["http://127.0.0.1:3100", "http://localhost:3100", "http://[::1]:3100/"] {
        assert_eq!(problems("arm_endpoint", endpoint), Vec::<&str>::new(), "{endpoint}");
    }
    assert_eq!(problems("arm_endpoint", "http://127.0.0.1.evil.example"), ["arm_endpoint"]);
}

#[test]
fn a_wrong_scope_narrows_and_never_widens() {
    let settings =
        load(|sim| sim.set("allowed_scopes", "/subscriptions/a/resourceGroups/g;\n/x, /subscriptions/b"));
    assert_eq!(settings.captures.allowed_scopes.len(), 2);
    assert_eq!(settings.problems.len(), 1);
}

#[test]
fn a_wrong_number_keeps_captures_from_being_started_but_a_missing_key_does_not() {
    assert!(load(|sim| sim.set("time_limit_seconds", "soon")).obstacle().is_some());
    assert!(load(|sim| sim.set("operator_key", "")).obstacle().is_none());
}

#[test]
fn no_problem_shows_a_secret() {
    let settings = load(|sim| {
        for secret in [
            "webhook_key",
            "operator_key",
            "sweep_key",
            "notify_url",
            "notify_secret",
            "teams_url",
            "slack_url",
            "allowed_scopes",
            "storage_account_id",
        ] {
            sim.set(secret, "canary");
        }
    });
    assert!(!format!("{settings:?}").contains("canary"), "{settings:?}");
    assert!(!format!("{:?}", load(|_| ())).contains("the-client-secret"));
}

#[test]
fn spin_toml_declares_exactly_these_variables_and_marks_what_is_secret() {
    let manifest: toml::Table = include_str!("../../spin.toml").parse().unwrap();
    let declared = manifest["variables"].as_table().unwrap();
    let given = manifest["component"]["alertcap"]["variables"].as_table().unwrap();
    let names: std::collections::BTreeSet<_> = parse::NAMES.into_iter().collect();
    assert_eq!(declared.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), names);
    assert_eq!(given.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), names);
    for name in names {
        assert_eq!(given[name].as_str(), Some(format!("{{{{ {name} }}}}").as_str()));
        let is_secret = declared[name].get("secret").and_then(toml::Value::as_bool).unwrap_or_default();
        let endings = ["_key", "_secret", "_url", "_certificate", "federated_token"];
        let holds_one = endings.iter().any(|ending| name.ends_with(ending));
        assert_eq!(is_secret, holds_one, "{name}");
        assert!(!is_secret || declared[name]["default"].as_str() == Some(""), "{name}");
    }
}

#[test]
fn a_host_that_sets_nothing_has_the_defaults_of_spin_toml() {
    let manifest: toml::Table = include_str!("../../spin.toml").parse().unwrap();
    let declared = manifest["variables"].as_table().unwrap();
    let unset = |sim: &Sim| {
        for name in ["login_endpoint", "arm_endpoint", "notify_url", "notify_host"] {
            sim.0.variables.borrow_mut().remove(name);
        }
    };
    let on_spin = load(|sim| {
        unset(sim);
        for (name, variable) in declared {
            if !sim.0.variables.borrow().contains_key(name) {
                sim.set(name, variable["default"].as_str().unwrap());
            }
        }
    });
    let elsewhere = load(unset);
    assert_eq!(on_spin.problems, []);
    assert_eq!(format!("{elsewhere:#?}"), format!("{on_spin:#?}"));
    let (on_spin, elsewhere) = (on_spin.azure.unwrap(), elsewhere.azure.unwrap());
    assert_eq!(elsewhere.login.as_str(), on_spin.login.as_str());
    assert_eq!(elsewhere.network_api_version, on_spin.network_api_version);
    assert_eq!(elsewhere.compute_api_version, on_spin.compute_api_version);
}

#[test]
fn wrong_rules_are_told_by_their_lines_and_keep_every_capture_from_being_started() {
    let settings = load(|sim| {
        sim.set("rules", "\n\n[[rules]]\nname = \"x\"\ntime_limit = 5\nmatch.severity = \"Sev9\"\n")
    });
    let problems: Vec<String> = settings.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("rules: line 5, column 1:"), "{problems:?}");
    assert!(problems[1].starts_with("rules: line 6, column"), "{problems:?}");
    assert!(settings.obstacle().is_some() && settings.captures.rules.rules.is_empty());
}

#[test]
fn a_rule_can_only_narrow_what_the_settings_allow() {
    let rule = |line: &str| {
        load(|sim| sim.set("rules", &format!("[[rules]]\nname = \"x\"\n{line}\n"))).problems.len()
    };
    let scope = crate::testing::SUBSCRIPTION;
    assert_eq!(rule(&format!("allowed_scopes = [\"{scope}/resourceGroups/rg-shop\"]")), 0);
    assert_eq!(rule("allowed_scopes = [\"/subscriptions/0a1e47ca-0000-4000-8000-00000000005c\"]"), 1);
    assert_eq!(rule("storage_account = \"stshopcaptures\""), 0);
    assert_eq!(rule("storage_account = \"somebodyelses\""), 1);
    let other =
        format!("{scope}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stshopcaptures");
    assert_eq!(rule(&format!("storage_account = \"{other}\"")), 1, "of the same name, elsewhere");
}

#[test]
fn several_storage_accounts_are_taken_and_wrong_ones_named_by_their_place() {
    let account = |name: &str| {
        format!(
            "{}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/{name}",
            crate::testing::SUBSCRIPTION
        )
    };
    let settings =
        load(|sim| sim.set("storage_account_id", &format!("{}\n{}", account("one"), account("two"))));
    assert_eq!((settings.problems.len(), settings.captures.storage_accounts.len()), (0, 2));
    let settings =
        load(|sim| sim.set("storage_account_id", &format!("{} nonsense {}", account("one"), account("ONE"))));
    let problems: Vec<String> = settings.problems.iter().map(ToString::to_string).collect();
    assert!(problems[0].contains("entry 2") && problems[1].contains("earlier"), "{problems:?}");
}

const CERTIFICATE: &str = include_str!("../../tests/keys/client-certificate.pem");
const JWT: &str = "e30.e30.AA";

fn with(changes: &[(&str, &str)]) -> Settings {
    load(|sim| changes.iter().for_each(|(variable, value)| sim.set(variable, value)))
}

fn named(settings: &Settings) -> Vec<&'static str> {
    settings.problems.iter().map(|problem| problem.variable).collect()
}

#[test]
fn the_credential_is_whichever_is_set() {
    let identity =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
    let imds = ("imds_endpoint", "http://169.254.169.254");
    for (changes, kind) in [
        (&[][..], "client secret"),
        (&[("client_secret", ""), ("client_certificate", CERTIFICATE)], "certificate"),
        (&[("client_secret", ""), ("federated_token", JWT)], "federated token"),
        (&[("client_secret", ""), ("managed_identity", "system"), imds], "managed identity"),
        (
            &[
                ("client_secret", ""),
                ("managed_identity", identity),
                imds,
                ("tenant_id", ""),
                ("client_id", ""),
            ],
            "managed identity",
        ),
        (
            &[("client_secret", ""), ("managed_identity", "c11e47ab-0000-4000-8000-0000000000b9"), imds],
            "managed identity",
        ),
    ] {
        let settings = with(changes);
        assert_eq!(settings.problems, [], "{changes:?}");
        let azure = settings.azure.unwrap();
        assert_eq!(azure.credential.kind(), kind);
        assert!(azure.sealing_secret.is_some());
        assert!(!format!("{azure:?}").contains("the-client-secret"), "{azure:?}");
    }
}

#[test]
fn a_credential_that_is_wrong_or_one_too_many_keeps_captures_from_being_started() {
    for (changes, variable) in [
        (&[("client_secret", "")][..], "client_secret"),
        (&[("client_certificate", CERTIFICATE)], "client_certificate"),
        (&[("managed_identity", "system")], "managed_identity"),
        (&[("client_secret", ""), ("client_certificate", "canary.pem")], "client_certificate"),
        (&[("client_secret", ""), ("federated_token", "/var/run/canary")], "federated_token"),
        (&[("client_secret", ""), ("managed_identity", "system")], "imds_endpoint"),
        (
            &[("client_secret", ""), ("managed_identity", "mine"), ("imds_endpoint", "http://127.0.0.1:1")],
            "managed_identity",
        ),
        (
            &[("client_secret", ""), ("managed_identity", "system"), ("imds_endpoint", "http://10.0.0.1")],
            "imds_endpoint",
        ),
        (&[("tenant_id", "common")], "tenant_id"),
        (
            &[
                ("arm_endpoint", "https://management.azure.com"),
                ("login_endpoint", "https://login.microsoftonline.us"),
            ],
            "arm_endpoint",
        ),
    ] {
        let settings = with(changes);
        assert_eq!(named(&settings), [variable], "{changes:?}");
        assert!(settings.obstacle().is_some() && settings.azure.is_none());
        assert!(!format!("{settings:?}").contains("canary"), "{settings:?}");
    }
}

#[test]
fn what_is_kept_is_sealed_by_the_credentials_own_secret_or_else_by_a_callers() {
    let name = |changes: &[(&str, &str)], one_more: (&str, &str)| {
        let changes: Vec<_> = changes.iter().copied().chain([one_more]).collect();
        SealingKey::new(&with(&changes).azure.unwrap()).name().to_owned()
    };
    let (none, imds) = (("client_secret", ""), ("imds_endpoint", "http://169.254.169.254"));
    let (same, another) = (("name_prefix", "x"), ("operator_key", "another-operator-key"));
    for own in [&[][..], &[none, ("client_certificate", CERTIFICATE)]] {
        assert_eq!(name(own, same), name(own, another), "{own:?}");
        assert_ne!(name(own, same), name(own, ("client_id", "client-2")), "{own:?}");
    }
    let token = [none, ("federated_token", JWT)];
    assert_eq!(name(&token, same), name(&token, ("federated_token", "e30.e30.BB")), "another one every hour");
    assert_ne!(name(&token, same), name(&token, another));
    assert_ne!(name(&token, same), name(&token, ("client_id", "client-2")));
    let identity = [none, imds, ("managed_identity", "system")];
    assert_ne!(name(&identity, same), name(&identity, another));
    let client_id = ("managed_identity", "c11e47ab-0000-4000-8000-0000000000b9");
    assert_ne!(name(&identity, same), name(&identity, client_id));
}

#[test]
fn plain_http_never_leaves_the_machine() {
    for url in ["http://login.example", "http://169.254.169.254", "http://[::2]", "http://127.0.0.2"] {
        assert!(named(&with(&[("login_endpoint", url)])).contains(&"login_endpoint"), "{url}");
    }
    for url in ["http://127.0.0.1:8", "http://[::1]:8", "http://localhost:8"] {
        assert_eq!(with(&[("login_endpoint", url), ("arm_endpoint", url)]).problems, [], "{url}");
    }
}

#[test]
fn one_or_two_keys_are_live_and_no_two_callers_share_one() {
    let (old, new) = ("the-old-key-0123456", "the-new-key-0123456");
    for (value, count, problems) in [
        (old.to_owned(), 1, 0),
        (format!("{old} {new}"), 2, 0),
        ("one,key;with-commas=1".to_owned(), 1, 0),
        (format!("{old}\n{new}\n"), 2, 0),
        (format!("{old} short"), 1, 1),
        (format!("{old} {new} a-third-one-0123456"), 2, 1),
    ] {
        let settings = with(&[("operator_key", &value)]);
        assert_eq!(
            (settings.callers.operator.0.len(), settings.problems.len()),
            (count, problems),
            "{value}"
        );
        assert_eq!(settings.obstacle(), None);
    }
    for list in ["webhook_secret", "webhook_audience"] {
        let settings = with(&[(list, ",")]);
        assert_eq!(named(&settings), [list], "a list of nothing is not one that is not set");
    }
    let shared = with(&[("webhook_key", &format!("{old} {new}")), ("operator_key", new)]);
    assert_eq!(named(&shared), ["operator_key"]);
}

#[test]
fn tokens_are_taken_from_the_tenants_that_are_named_or_from_ones_own() {
    let tenant = "7E57AB1E-0000-4000-8000-0000000000A1";
    let terms = |changes: &[(&str, &str)]| {
        let settings = with(changes);
        assert_eq!(settings.problems, [], "{changes:?}");
        settings.callers.webhook.tokens
    };
    assert!(terms(&[]).is_none());
    for changes in [
        &[("webhook_key", ""), ("webhook_audience", "api://alertcap x"), ("tenant_id", tenant)][..],
        &[("webhook_audience", "api://alertcap\nx"), ("webhook_tenants", tenant)],
    ] {
        let terms = terms(changes).unwrap();
        assert_eq!(terms.audiences, ["api://alertcap", "x"]);
        assert_eq!(terms.tenants, [tenant.to_ascii_lowercase()]);
        assert_eq!(terms.applications, [crate::caller::token::ACTION_GROUPS]);
    }
    for (changes, variable) in [
        (&[("webhook_audience", "x")][..], "webhook_tenants"),
        (&[("webhook_audience", "x"), ("webhook_tenants", "shop.example")], "webhook_tenants"),
        (&[("webhook_tenants", tenant)], "webhook_tenants"),
        (&[("webhook_app_id", tenant)], "webhook_app_id"),
        (
            &[("webhook_audience", "x"), ("webhook_tenants", tenant), ("webhook_app_id", "me")],
            "webhook_app_id",
        ),
    ] {
        let settings = with(changes);
        assert_eq!(named(&settings), [variable], "{changes:?}");
        assert!(settings.callers.webhook.tokens.is_none() && settings.obstacle().is_none());
    }
}

#[test]
fn what_is_required_and_cannot_be_read_or_given_lets_nobody_in() {
    let secret = ("webhook_secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let settings = with(&[secret, ("webhook_requires", "key signature")]);
    assert_eq!(settings.problems, []);
    assert_eq!(settings.callers.webhook.requires, [Proof::Key, Proof::Signature]);
    for requires in ["keys", "key,Signature", "key and signature", ",", "; ;"] {
        let settings = with(&[secret, ("webhook_requires", requires)]);
        assert!(
            !settings.problems.is_empty() && named(&settings).iter().all(|name| *name == "webhook_requires")
        );
        let webhook = settings.callers.webhook;
        assert!(webhook.keys.0.is_empty() && webhook.secrets.is_empty() && webhook.tokens.is_none());
    }
    let settings = with(&[("webhook_requires", "key token")]);
    assert_eq!(named(&settings), ["webhook_requires"], "no tokens are taken");
    assert_eq!(settings.callers.webhook.requires, [Proof::Key, Proof::Token]);
}
