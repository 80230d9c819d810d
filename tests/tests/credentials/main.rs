//! What proves to Azure who alertcap is: each kind starts captures, and one that is wrong ends in the words of whoever
//! refused it, with what to do.

mod tokens;
mod wrong;

use std::thread;

use alertcap_tests::{Answer, METRIC, Options, Stack, get, post};
use serde_json::{Value, json};

/// A stack whose component signs in by these variables, in place of the client secret.
fn stack(options: &Options, variables: impl Fn(&Stack) -> Vec<(&'static str, String)>) -> Stack {
    let mut stack = Stack::start(options);
    let variables = variables(&stack);
    sign_in_by(&mut stack, &variables);
    stack
}

/// From now on, with a new instance.
fn sign_in_by(stack: &mut Stack, variables: &[(&'static str, String)]) {
    stack.kill_host();
    for name in ["client_secret", "client_certificate", "federated_token", "managed_identity"] {
        stack.set(name, "");
    }
    // What reads files has a token of its own, which is not counted here.
    stack.set("summary", "off");
    for (name, value) in variables {
        stack.set(name, value);
    }
    stack.start_host();
}

fn certificate(stack: &Stack) -> Vec<(&'static str, String)> {
    vec![("client_certificate", stack.sample("client_certificate_pem"))]
}

/// What a cluster hands the component; `changes` are fields of `/_standin/federated-token`.
fn federated_token(stack: &Stack, changes: &Value) -> String {
    let mut asked =
        json!({ "issuer": stack.sample("federated_issuer"), "subject": stack.sample("federated_subject") });
    for (name, value) in changes.as_object().expect("fields") {
        asked[name] = value.clone();
    }
    made(stack, "federated-token", &asked)
}

/// A token of the stand-in's making.
fn made(stack: &Stack, route: &str, asked: &Value) -> String {
    let url = format!("{}/_standin/{route}", stack.azure_url());
    let answer = post(&url, &[("content-type", "application/json")], asked.to_string().as_bytes());
    answer.json["token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

fn federated(stack: &Stack) -> Vec<(&'static str, String)> {
    vec![("federated_token", federated_token(stack, &json!({})))]
}

/// A managed identity of what alertcap runs on.
fn identity(stack: &Stack, which: &str) -> Vec<(&'static str, String)> {
    vec![("managed_identity", which.to_owned()), ("imds_endpoint", stack.azure_url())]
}

/// How often a token was asked for.
fn token_requests(stack: &Stack) -> usize {
    stack.requests(Some("token")).len() + stack.requests(Some("imds.token")).len()
}

/// The alert, fired at another time: another alert.
fn at(number: usize) -> String {
    METRIC.replace("02:00:13", &format!("03:{:02}:{:02}", number / 60, number % 60))
}

fn name(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json["captures"][0]["name"].as_str().expect("a name").to_owned()
}

/// Sends an alert, and says how many tokens its way to the PUT cost.
fn cost(stack: &Stack, alert: &str) -> usize {
    let before = token_requests(stack);
    let answer = stack.alert(alert);
    assert_eq!(answer.json["captures"][0]["state"], "starting", "{answer:?}");
    token_requests(stack) - before
}

/// Does the same for each, all at once: most of it is waiting.
fn side_by_side<T: Sync, R: Send>(all: &[T], does: impl Fn(&T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let threads: Vec<_> = all.iter().map(|one| scope.spawn(|| does(one))).collect();
        threads.into_iter().map(|thread| thread.join().expect("said above")).collect()
    })
}

/// A kind of credential: its name at /readyz, and the variables that make it.
struct Kind(&'static str, &'static str, fn(&Stack) -> Vec<(&'static str, String)>);

const KINDS: &[Kind] = &[
    Kind("a secret", "client secret", |stack| vec![("client_secret", stack.sample("client_secret"))]),
    Kind("a certificate", "certificate", certificate),
    Kind("a certificate with its line breaks written out", "certificate", |stack| {
        let pem = stack.sample("client_certificate_pem").replace('\n', "\\n");
        vec![("client_certificate", pem)]
    }),
    Kind("a certificate before its key, another one beside", "certificate", |stack| {
        let pem = stack.sample("client_certificate_pem");
        let (key, certificate) = pem.split_once("-----BEGIN CERTIFICATE").expect("both");
        let stranger = wrong::STRANGER.split_once("-----BEGIN CERTIFICATE").expect("both").1;
        let begin = "-----BEGIN CERTIFICATE";
        vec![("client_certificate", format!("{begin}{stranger}\n{begin}{certificate}\n{key}"))]
    }),
    Kind("a federated token", "federated token", federated),
    Kind("the host's own identity", "managed identity", |stack| identity(stack, "system")),
    Kind("an assigned identity, by its client id", "managed identity", |stack| {
        identity(stack, &stack.sample("identity_client_id"))
    }),
    Kind("an assigned identity, by its ARM id", "managed identity", |stack| {
        identity(stack, &stack.sample("identity_resource_id"))
    }),
];

#[test]
fn each_kind_of_credential_starts_a_capture_and_readyz_names_it() {
    side_by_side(KINDS, |Kind(what, kind, variables)| {
        let stack = stack(&Options::default(), variables);
        let ready = get(&format!("{}/readyz", stack.url()), &[]);
        assert_eq!(
            (ready.status, ready.json["credential"].as_str()),
            (200, Some(*kind)),
            "{what}: {ready:?}"
        );
        let name = name(&stack.alert(METRIC));
        let record = stack.wait_for(&name, "reported");
        assert_eq!(
            (&record["error"], record["stopReason"].as_str()),
            (&Value::Null, Some("TimeExceeded")),
            "{what}"
        );
        assert_eq!(
            (token_requests(&stack), stack.requests(Some("packetCaptures.put")).len()),
            (1, 1),
            "{what}"
        );
        let fields = stack.requests(None)[0].to_string();
        let (has, lacks) = match *kind {
            "client secret" => ("client_secret=sha256:", "client_assertion"),
            "managed identity" => ("\"metadata\":\"true\"", "client_secret"),
            _ => (
                "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer",
                "client_secret",
            ),
        };
        assert!(fields.contains(has) && !fields.contains(lacks), "{what}: {fields}");
    });
}

#[test]
fn an_identity_that_is_still_being_set_up_is_waited_for() {
    side_by_side(&[404, 410, 429, 500], |status| {
        let stack = stack(&Options::default(), |stack| identity(stack, "system"));
        stack.fault("imds.token", &json!({"kind": "status", "status": status}), 1);
        let record = stack.wait_for(&name(&stack.alert(METRIC)), "reported");
        assert_eq!((&record["error"], token_requests(&stack)), (&Value::Null, 2), "{status}");
    });
}
