//! Credentials that are refused: the record has the code of whoever refused it, says what to do, and never what was sent.

use alertcap_tests::{METRIC, Options, Stack, get};
use serde_json::json;

use crate::{federated_token, identity, made, name, stack, token_requests};

/// A key and a certificate that no application has.
pub(crate) const STRANGER: &str = include_str!("../../../local/azure/keys/stranger.pem");
const SWITCHED_OFF: &str = "c11e47ab-0000-4000-8000-0000000000b3";
const NO_RIGHTS: &str = "c11e47ab-0000-4000-8000-0000000000b2";
const UNKNOWN: &str = "c11e47ab-0000-4000-8000-00000000ffff";

type Variables = Vec<(&'static str, String)>;

/// What is wrong, how the capture fails, what the advice speaks of, and the variables.
struct Wrong(&'static str, &'static str, &'static str, fn(&Stack) -> Variables);

fn federated(stack: &Stack, changes: serde_json::Value) -> Variables {
    vec![("federated_token", federated_token(stack, &changes))]
}

fn secret(value: &str) -> Variables {
    vec![("client_secret", value.to_owned())]
}

fn of_app(client_id: &str, mut variables: Variables) -> Variables {
    variables.push(("client_id", client_id.to_owned()));
    variables
}

const TABLE: &[Wrong] = &[
    Wrong("a wrong secret", "AADSTS7000215", "client_secret", |_| secret("canary-not-the-secret")),
    Wrong("an expired secret", "AADSTS7000222", "client_secret", |_| secret("standin-secret-old~0")),
    Wrong("an application that is switched off", "AADSTS7000112", "Enable", |_| {
        of_app(SWITCHED_OFF, secret("standin-secret-off~1"))
    }),
    Wrong("an application that is not there", "AADSTS700016", "client_id", |_| {
        of_app(UNKNOWN, secret("canary-x"))
    }),
    Wrong("a tenant that is not there", "AADSTS90002", "tenant_id", |stack| {
        vec![("client_secret", stack.sample("client_secret")), ("tenant_id", UNKNOWN.to_owned())]
    }),
    Wrong("a secret of an application that may do nothing", "AuthorizationFailed", "permission", |_| {
        of_app(NO_RIGHTS, secret("standin-secret-none~1"))
    }),
    Wrong("a certificate that is not registered", "AADSTS700027", "client_certificate", |_| {
        vec![("client_certificate", STRANGER.to_owned())]
    }),
    Wrong("a certificate of another application", "AADSTS700027", "client_certificate", |stack| {
        of_app(NO_RIGHTS, crate::certificate(stack))
    }),
    Wrong("an expired federated token", "AADSTS700024", "federated_token", |stack| {
        federated(stack, json!({"lifetime_s": -3_600}))
    }),
    Wrong("a federated token of another subject", "AADSTS700213", "subject", |stack| {
        federated(stack, json!({"subject": "system:serviceaccount:canary:another"}))
    }),
    Wrong("a subject in other letters", "AADSTS7002138", "letter by letter", |stack| {
        federated(stack, json!({"subject": stack.sample("federated_subject").to_uppercase()}))
    }),
    Wrong("a federated token for another audience", "AADSTS700212", "audience", |stack| {
        federated(stack, json!({"audience": "sts.amazonaws.com"}))
    }),
    Wrong("a federated token of another issuer", "AADSTS700211", "issuer", |stack| {
        let claims = json!({"iss": "https://evil.example/", "sub": stack.sample("federated_subject"),
            "aud": ["api://AzureADTokenExchange"], "exp": 4_000_000_000_u64, "nbf": 0, "iat": 0});
        let header = json!({"alg": "RS256", "kid": "$cluster"});
        let asked = json!({"header": header, "claims": claims, "key": "cluster"});
        vec![("federated_token", made(stack, "sign", &asked))]
    }),
    Wrong("a federated token with a stranger's signature", "AADSTS50013", "issuer's keys", |stack| {
        let claims = json!({"iss": stack.sample("federated_issuer"), "sub": stack.sample("federated_subject"),
            "aud": ["api://AzureADTokenExchange"], "exp": 4_000_000_000_u64, "nbf": 0, "iat": 0});
        let header = json!({"alg": "RS256", "kid": "$cluster"});
        let asked = json!({"header": header, "claims": claims, "key": "stranger"});
        vec![("federated_token", made(stack, "sign", &asked))]
    }),
    Wrong(
        "a federated token for an application that trusts none",
        "AADSTS70025",
        "federated credential",
        |stack| of_app(NO_RIGHTS, crate::federated(stack)),
    ),
    Wrong("an identity that is not assigned", "invalid_request", "managed_identity", |stack| {
        identity(stack, UNKNOWN)
    }),
    Wrong("an identity that is not assigned, by ARM id", "invalid_request", "managed_identity", |stack| {
        identity(stack, &stack.sample("identity_resource_id").replace("id-alertcap", "id-another"))
    }),
    Wrong(
        "no identity of the host's own, and several others",
        "invalid_request",
        "managed_identity",
        |stack| {
            stack.control("identities", &json!({"assigned": ["id-alertcap", "id-nothing"]}));
            identity(stack, "system")
        },
    ),
    Wrong("no identity at all", "invalid_request", "managed_identity", |stack| {
        stack.control("identities", &json!({"assigned": []}));
        identity(stack, "system")
    }),
    Wrong("an identity that may do nothing", "AuthorizationFailed", "permission", |stack| {
        identity(stack, "1de47171-0000-4000-8000-0000000000d3")
    }),
];

#[test]
fn a_credential_that_is_refused_fails_the_capture_in_the_words_of_who_refused_it() {
    for Wrong(what, code, advice, variables) in TABLE {
        let stack = stack(&Options::default(), variables);
        assert_eq!(get(&format!("{}/readyz", stack.url()), &[]).status, 200, "{what}: it may be right");
        let record = stack.wait_for(&name(&stack.alert(METRIC)), "reported");
        let error = &record["error"];
        assert_eq!(error["code"], *code, "{what}: {error:#}");
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{what}: {error:#}");
        let said = error["advice"].as_str().unwrap_or_default();
        assert!(said.contains(advice), "{what}: {said:?} does not speak of {advice:?}");
        assert_eq!(token_requests(&stack), 1, "{what}: it is not tried again");
        let told = stack.told();
        assert_eq!(told[0]["body"]["type"], "alertcap.capture.failed.v1", "{what}");
        assert_eq!(told[0]["body"]["data"]["capture"]["error"], *error, "{what}");

        let kept: Vec<u8> = stack.kept().into_values().flatten().collect();
        let left = format!("{record}{}{told:?}{}", stack.logs(), String::from_utf8_lossy(&kept));
        for (_, secret) in variables(&stack).iter().filter(|(name, _)| SECRETS.contains(name)) {
            // A PEM's lines and a token's parts are as good as the whole.
            for part in secret.split(['\n', '.']).filter(|part| part.len() > 5) {
                assert!(part.starts_with("-----") || !left.contains(part), "{what}: {part} is there");
            }
        }
    }
}

const SECRETS: [&str; 3] = ["client_secret", "client_certificate", "federated_token"];

#[test]
fn what_can_be_no_credential_is_named_at_readyz_and_fails_the_capture_without_a_request() {
    let of =
        |name: &'static str, value: &str| vec![("client_secret", String::new()), (name, value.to_owned())];
    let no_key = STRANGER.split_once("-----BEGIN CERTIFICATE").expect("both").1;
    let two =
        |name: &'static str| vec![("client_secret", "canary-1".to_owned()), (name, "canary-2".to_owned())];
    for (what, variables, variable) in [
        ("nothing", vec![("client_secret", String::new())], "client_secret"),
        ("a secret and a certificate", two("client_certificate"), "client_certificate"),
        ("a secret and a federated token", two("federated_token"), "federated_token"),
        ("a secret and an identity", two("managed_identity"), "managed_identity"),
        (
            "a file's name for a certificate",
            of("client_certificate", "/run/canary.pem"),
            "client_certificate",
        ),
        ("a certificate without a key", of("client_certificate", no_key), "client_certificate"),
        ("a certificate cut off", of("client_certificate", &STRANGER[..900]), "client_certificate"),
        ("a file's name for a token", of("federated_token", "/var/run/secrets/canary"), "federated_token"),
        ("an identity's name", of("managed_identity", "id-canary"), "managed_identity"),
        ("an identity without its endpoint", of("managed_identity", "system"), "imds_endpoint"),
    ] {
        let mut stack = Stack::start(&Options::default());
        stack.kill_host();
        variables.iter().for_each(|(name, value)| stack.set(name, value));
        stack.start_host();
        let ready = get(&format!("{}/readyz", stack.url()), &[]);
        let problems = ready.json["problems"].to_string();
        assert!(
            ready.status == 503 && problems.contains(&format!("\"variable\":\"{variable}\"")),
            "{what}: {ready:?}"
        );
        let record = stack.wait_for(&name(&stack.alert(METRIC)), "reported");
        assert_eq!(record["error"]["code"], "settings", "{what}: {record:#}");
        assert_eq!(token_requests(&stack), 0, "{what}");
        let left = format!("{record}{problems}{}", stack.logs());
        assert!(!left.contains("canary") && !left.contains("MII"), "{what}: {left}");
    }
}
