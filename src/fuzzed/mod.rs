//! What holds for any bytes from outside. The fuzz targets (`fuzz/`, `cargo xtask fuzz`) look for bytes that break it; the
//! tests below hold the kept corpus against it every time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a finding is a panic"
)]

pub mod callers;

use url::Url;

use crate::{
    alert::{self, Reading},
    azure::resource_id::{ResourceId, Scope},
    capture::name,
    plan::{Moment, Subject, machine, plan},
    rules::{Facts, Rules, Verdict},
    settings::{Captures, OnLimit},
    time::Timestamp,
};

const SCOPE: &str = "/subscriptions/0a1e47ca-0000-4000-8000-00000000005b";
const RULES: &str = r#"
[limits]
max_alert_age = "7d"
[[rules]]
name = "tagged"
match.alert_rule = "tagged-*"
match.tags.tier = "web*"
[[rules]]
name = "rest"
filters = [{ protocol = "TCP" }]
storage_account = ["stone", "sttwo"]
open = ["time_limit_seconds", "name_prefix", "storage_account", "bytes_per_packet", "bytes_per_session"]
"#;

fn captures() -> Captures {
    Captures {
        allowed_scopes: vec![Scope::parse(SCOPE).expect("a scope")],
        storage_accounts: vec![account("stone"), account("sttwo")],
        time_limit_seconds: Some(60),
        bytes_per_packet: None,
        bytes_per_session: None,
        name_prefix: "alertcap".to_owned(),
        session_limit: 10_000,
        dedupe_window_seconds: 300,
        on_limit: OnLimit::Fail,
        history_days: 90,
        receivers: Vec::new(),
        rules: Rules::parse(RULES, &["webhook"]).unwrap_or_else(|problems| panic!("{problems:?}")),
    }
}

fn account(name: &str) -> ResourceId {
    let id = format!("{SCOPE}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/{name}");
    ResourceId::parse(&id).expect("an id")
}

fn arm() -> Url {
    Url::parse("https://management.azure.com").expect("a URL")
}

/// A body: read, planned, and nowhere but within the scope and at ARM. Returns how many captures it leads to.
pub fn alert(bytes: &[u8]) -> usize {
    let Ok(Reading::Alert(alert)) = alert::read(bytes) else { return 0 };
    let kept = serde_json::to_vec(&alert).expect("an alert can be kept");
    assert_eq!(serde_json::from_slice::<alert::Alert>(&kept).expect("and read again"), *alert);
    let captures = captures();
    let now = Timestamp::from_unix(1_795_312_820);
    let moment = Moment::of(alert.identity.span(), captures.dedupe_window_seconds, now);
    let plan = plan(&alert, &captures, moment, now);
    for spec in plan.captures.iter().chain(&plan.rehearsed) {
        assert!(
            captures.allowed_scopes.iter().any(|scope| scope.contains(&spec.machine.id)),
            "{}",
            spec.machine.id
        );
        assert!(name::is_name(&spec.name), "{}", spec.name);
        let location = spec.parameters.storage_location.as_ref().expect("a place for the file");
        let account = location.storage_id.as_ref().expect("an account");
        assert!(captures.storage_accounts.contains(account), "{account}");
        at_arm(&spec.machine.id);
        serde_json::to_string(&spec.parameters).expect("a body");
    }
    for target in &plan.to_ask {
        if let Ok(Subject::Network(id)) = machine::subject(target) {
            assert!(captures.may_ask_in(&id), "{id}");
            at_arm(&id);
        }
    }
    plan.captures.len()
}

/// A text as rules: read or refused with a place, and judged without a fuss.
pub fn rules(text: &str) {
    match Rules::parse(text, &["webhook"]) {
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(
                    problem.line >= 1 && problem.line <= text.lines().count().max(1).saturating_add(1),
                    "{problem}"
                );
                assert!(problem.column >= 1 && !problem.message.is_empty(), "{problem}");
            }
        }
        Ok(rules) => {
            let (tags, target) = (std::collections::BTreeMap::new(), account("stone"));
            let facts = Facts {
                alert_rule: Some("tcp-segments-sent-high"),
                severity: Some("Sev2"),
                monitoring_service: Some("Platform"),
                signal_type: Some("Metric"),
                target: &target,
                tags: Some(&tags),
                properties: &tags,
            };
            assert!(matches!(rules.judge(&facts), Verdict::Decided { .. }), "tags are known");
        }
    }
}

/// A text as an ARM id: refused, or a URL at ARM that means the same resource.
pub fn resource_id(text: &str) {
    if let Ok(id) = ResourceId::parse(text) {
        assert_eq!(id.to_string(), text);
        at_arm(&id);
        if let Ok(child) = id.child("packetCaptures", text) {
            at_arm(&child);
        }
    }
    if let Ok(scope) = Scope::parse(text) {
        assert!(text.starts_with('/'));
        assert!(scope.holds(&scope));
    }
}

fn at_arm(id: &ResourceId) {
    let url = id.url(&arm(), &["packetCaptures"], "2026-03-01");
    assert_eq!(url.origin(), arm().origin());
    assert_eq!(url.query(), Some("api-version=2026-03-01"));
    assert_eq!(url.fragment(), None);
    let path: Vec<String> = url.path_segments().expect("a path").map(percent).collect();
    let expected = format!("{id}/packetCaptures");
    assert_eq!(format!("/{}", path.join("/")), expected, "a segment changed its meaning");
    assert_eq!(Url::parse(url.as_str()).expect("a URL"), url);
}

fn percent(segment: &str) -> String {
    let form = segment.replace('+', "%2B");
    let decoded = url::form_urlencoded::parse(form.as_bytes()).map(|(key, _)| key.into_owned()).next();
    decoded.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(target: &str) -> Vec<Vec<u8>> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let files =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let all: Vec<_> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        assert!(!all.is_empty());
        all
    }

    fn texts(target: &str) -> impl Iterator<Item = String> {
        corpus(target).into_iter().filter_map(|bytes| String::from_utf8(bytes).ok())
    }

    #[test]
    fn the_corpus_of_bodies_holds() {
        let captures: usize = corpus("alert").iter().map(|bytes| alert(bytes)).sum();
        assert!(captures > 20, "only {captures} captures: what is held against them proves little");
    }

    #[test]
    fn the_corpus_of_rules_holds() {
        texts("rules").for_each(|text| rules(&text));
    }

    #[test]
    fn the_corpus_of_ids_holds() {
        texts("resource_id").for_each(|text| resource_id(&text));
    }

    /// How many of a target's corpus get as far as they can.
    fn far(target: &str, try_one: impl Fn(&[u8]) -> bool) -> usize {
        corpus(target).iter().filter(|bytes| try_one(bytes)).count()
    }

    #[test]
    fn the_corpora_of_what_callers_show_hold() {
        assert!(far("token", callers::token) > 0, "none gets as far as its signature");
        assert!(far("key_set", callers::key_set) > 0);
        assert!(far("signature", callers::signature) > 0);
        assert!(far("pem", callers::pem) > 0);
        texts("problem").for_each(|text| callers::problem(&text));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_refused_with_a_reason(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            callers::token(&bytes);
            callers::key_set(&bytes);
            callers::signature(&bytes);
            callers::pem(&bytes);
            callers::problem(&String::from_utf8_lossy(&bytes));
        }


        #[test]
        fn any_text_and_any_change_of_an_id_holds(text in "\\PC{0,80}", at in 0_usize..120, c in proptest::char::any()) {
            resource_id(&text);
            rules(&text);
            let id = format!("{SCOPE}/resourceGroups/rg-ä/providers/Microsoft.Compute/virtualMachines/web-01");
            let mut chars: Vec<char> = id.chars().collect();
            let at = at.min(chars.len());
            chars.insert(at, c);
            resource_id(&chars.iter().collect::<String>());
            chars.remove(at);
            if at < chars.len() {
                chars[at] = c;
            }
            resource_id(&chars.iter().collect::<String>());
        }
    }
}
