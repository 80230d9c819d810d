//! What lies outside, and how a host says what went wrong with it.

use std::time::{Duration, Instant};

use alertcap_tests::{Options, until};
use serde_json::{Value, json};

use crate::site::{ONE_AT_A_TIME, SILENT, Site, name, reported, taken};

pub(crate) fn silent(site: &Site) -> String {
    let stack = site.shared();
    stack.fault_where("packetCaptures.put", SILENT, &json!({"kind": "delay", "ms": 60_000}), 1);
    let begin = Instant::now();
    let name = name(&stack.alert(&site.fresh_alert().replace("web-01", SILENT)));
    let took = begin.elapsed();
    assert!(took > Duration::from_secs(6) && took < Duration::from_secs(8), "{took:?}");
    let record = reported(stack, &name);
    assert_eq!((&record["error"], taken(stack, &name)), (&Value::Null, 1));
    "yes".to_owned()
}

pub(crate) fn errors_in_words(site: &Site) -> String {
    let _one = ONE_AT_A_TIME.lock();
    // Nobody listens on these, and no host is given them.
    let (closed, forbidden) = ("http://127.0.0.1:1", "http://127.0.0.1:2");
    let stack = site.own(Options {
        variables: &[
            // A certificate that nobody knows; nobody; and an address that the allow-list does not have.
            ("notify_url", "{https}/notify/tests"),
            ("notify_host", "{https}"),
            ("teams_url", &format!("{closed}/teams")),
            ("teams_host", closed),
            ("slack_url", &format!("{forbidden}/slack")),
            ("slack_host", forbidden),
        ],
        forbidden: &["slack_host"],
        ..Options::default()
    });
    let name = name(&stack.alert(&site.fresh_alert()));
    let of = |receiver: &str| {
        until(30, &format!("what keeps {receiver} from being told"), || {
            if !stack.kind().goes_on_after_the_answer() {
                _ = stack.sweep();
            }
            let record = stack.record(&name);
            let mut reports = record["reports"].as_array()?.iter();
            Some(reports.find(|report| report["to"] == receiver)?["error"].as_str()?.to_owned())
        })
    };
    let tls = "no connection: TLS failed; is the certificate one that the host trusts?";
    let refused = "no connection: the connection was refused";
    let not_allowed = "the host does not allow this address (allowed_outbound_hosts)";
    let has_list = stack.kind().has_an_allow_list();
    assert_eq!(of("webhook"), tls);
    assert_eq!(of("teams"), refused);
    assert_eq!(of("slack"), if has_list { not_allowed } else { refused });
    if has_list { "yes" } else { "yes; it has no allow-list" }.to_owned()
}
