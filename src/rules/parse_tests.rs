use std::time::Duration;

use super::*;
use crate::{
    report::Event,
    rules::{AccountRef, CoolDown, OnConflict, Parameter, Ring},
};

const RECEIVERS: [&str; 3] = ["webhook", "teams", "slack"];

fn parse(text: &str) -> Result<Rules, Vec<Problem>> {
    Rules::parse(text, &RECEIVERS)
}

fn refused(text: &str) -> Vec<String> {
    parse(text).expect_err(text).iter().map(ToString::to_string).collect()
}

/// A rule's own lines, from line 3 on.
fn rule(lines: &str) -> String {
    format!("[[rules]]\nname = \"r\"\n{lines}\n")
}

const EVERYTHING: &str = r#"
[limits]
captures_per_hour = 60
captures_at_once = 10
cool_down = "until resolved"
cool_down_at_most = "2h"
max_alert_age = "6h"

[[rules]]
name = "dev"
match.subscription = "5a7b*"
ignore = true

[[rules]]
name = "segments"
match.alert_rule = "tcp-segments-*"
match.severity = ["Sev0", "Sev1"]
match.monitoring_service = "Platform"
match.signal_type = "Metric"
match.target = "*/virtualMachines/web-*"
match.target_type = "Microsoft.Compute/virtualMachines"
match.resource_group = "rg-shop"
match.tags.tier = "web"
match.properties.team = "network"
continue = true
dry_run = true
time_limit_seconds = 300
bytes_per_packet = 0
bytes_per_session = 4294967295
filters = [{ protocol = "tcp", local_ip_address = "10.0.0.4", remote_ip_address = "10.0.0.0-10.0.0.255", local_port = "80;443", remote_port = "1024-65535" }, { remote_port = 53 }]
storage_account = ["stshopcaptures", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/stother"]
local_path = "/var/captures/{name}.cap"
exact_name = "nightly"
on_conflict = "replace"
stop_on_resolve = true
cool_down = "30m"
cool_down_rule = "5m"
captures_per_hour = 6
captures_at_once = 2
tell = ["webhook", "slack"]
tell_events = ["failed", "heldBack"]
allowed_scopes = "/subscriptions/s/resourceGroups/rg-shop"
open = ["time_limit_seconds", "storage_account"]

[[rules]]
name = "ring"
continuous = true
ring = { file_count = 10, file_size_bytes = 104857600, session_time_limit_seconds = 86400 }
name_prefix = "web"
tell = []
"#;

#[test]
fn every_key_is_read() {
    let rules = parse(EVERYTHING).unwrap();
    assert_eq!(rules.limits.captures_per_hour, Some(60));
    assert_eq!(rules.limits.cool_down, Some(CoolDown::UntilResolved { at_most: Duration::from_secs(7_200) }));
    assert_eq!(rules.limits.max_alert_age, Some(Duration::from_secs(21_600)));
    let [dev, segments, ring] = &rules.rules[..] else { panic!() };
    assert_eq!((dev.terms.ignore, dev.goes_on), (Some(true), false));
    assert_eq!(segments.when.conditions.len(), 9);
    assert!(segments.goes_on);
    let terms = &segments.terms;
    assert_eq!((terms.bytes_per_packet, terms.bytes_per_session), (Some(0), Some(u32::MAX)));
    let filters = terms.filters.as_ref().unwrap();
    assert_eq!(
        serde_json::to_string(filters).unwrap(),
        r#"[{"protocol":"TCP","localIPAddress":"10.0.0.4","remoteIPAddress":"10.0.0.0-10.0.0.255","localPort":"80;443","remotePort":"1024-65535"},{"remotePort":"53"}]"#
    );
    assert!(matches!(
        &terms.storage_accounts.as_ref().unwrap()[..],
        [AccountRef::Name(_), AccountRef::Id(_)]
    ));
    assert_eq!(terms.on_conflict, Some(OnConflict::Replace));
    assert_eq!(terms.cool_down, Some(CoolDown::For(Duration::from_secs(1_800))));
    assert_eq!(terms.open, Some(vec![Parameter::TimeLimitSeconds, Parameter::StorageAccount]));
    assert_eq!(terms.tell, Some(vec!["webhook".to_owned(), "slack".to_owned()]));
    assert_eq!(terms.tell_events, Some(vec![Event::Failed, Event::HeldBack]));
    assert_eq!(terms.allowed_scopes.as_ref().unwrap().len(), 1);
    assert_eq!(ring.terms.tell, Some(Vec::new()));
    assert_eq!(
        ring.terms.ring,
        Some(Ring {
            file_count: Some(10),
            file_size_in_bytes: Some(104_857_600),
            session_time_limit_in_seconds: Some(86_400)
        })
    );
}

#[test]
fn no_rule_is_no_problem() {
    for text in ["", "\n# nothing\n", "rules = []", "[limits]\ncaptures_per_hour = 1"] {
        assert_eq!(parse(text).unwrap().rules, [], "{text}");
    }
    let rules = parse("[[rules]]\nname = \"all\"").unwrap();
    assert!(rules.rules[0].when.is_everything());
}

#[test]
fn all_problems_are_told_at_once_each_with_its_place() {
    let text = "[limits]\ncaptures_per_hour = 0\n\n[[rules]]\nname = \"ä\"\nmatch.severty = \"Sev1\"\n\
                time_limit_seconds = 99_999\nfilters = [{ remote_ip_address = \"1.1.1.1-255.255.255\" }, {}]\n\
                ring = { file_count = 5 }\ntell = [\"webhok\"]\n";
    let refused = refused(text);
    let expected = [
        "line 2, column 21: captures_per_hour is 0; it must be a whole number from 1 to 500",
        "line 6, column 7: \"severty\" is no key of match; did you mean \"severity\"?",
        "line 7, column 22: time_limit_seconds is 99999; it must be a whole number from 1 to 18000",
        "line 8, column 34: remote_ip_address has \"255.255.255\", which is not an IP address",
        "line 8, column 59: a filter without any part would keep everything",
        "line 9, column 1: ring is for continuous captures; set continuous = true",
        "line 10, column 9: \"webhok\" is no receiver; known are webhook, teams, slack; did you mean \"webhook\"?",
    ];
    assert_eq!(refused.len(), expected.len(), "{refused:#?}");
    for (told, expected) in refused.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\n{expected}");
    }
}

#[test]
fn a_value_out_of_type_or_bounds_is_a_problem_with_what_it_must_be() {
    for (line, why) in [
        ("time_limit_seconds = 0", "from 1 to 18000"),
        ("time_limit_seconds = \"60\"", "is of type string; it must be a whole number"),
        ("time_limit_seconds = 99999999999999999999", "from 1 to 18000"),
        ("bytes_per_packet = -1", "from 0 to 4294967295"),
        ("bytes_per_session = 0", "from 1 to 4294967295"),
        ("bytes_per_session = 1.5", "is of type float"),
        ("captures_per_hour = 501", "from 1 to 500"),
        ("dry_run = \"yes\"", "true or false"),
        ("name_prefix = \"-x\"", "1 to 24"),
        ("exact_name = \"..\"", "1 to 80"),
        ("exact_name = \"a\"\non_conflict = \"Replace\"", "did you mean \"replace\""),
        ("cool_down = \"until resolved!\"", "nor \"until resolved\""),
        ("cool_down_rule = \"until resolved\"", "is not a duration"),
        ("cool_down = \"8d\"", "1s to 7d"),
        ("storage_account = \"St-1\"", "3 to 24 lower-case"),
        ("storage_account = []", "is empty"),
        ("storage_account = [\"abc\", \"abc\"]", "abc twice"),
        ("local_path = \"/tmp/x.cap\"", "/var/captures/"),
        ("filters = []", "is empty"),
        ("filters = \"TCP\"", "a list of filters"),
        ("filters = [{ protocol = \"ICMP\" }]", "\"TCP\", \"UDP\" or \"Any\""),
        ("filters = [{ local_port = 70000 }]", "a port from 0 to 65535"),
        ("filters = [{ localPort = \"80\" }]", "did you mean \"local_port\""),
        ("allowed_scopes = [\"rg-shop\"]", "/subscriptions/<subscription id>"),
        ("allowed_scopes = []", "is empty"),
        ("tell = [\"pager\"]", "known are webhook, teams, slack"),
        ("tell = [\"slack\", \"slack\"]", "twice"),
        ("tell_events = []", "is empty"),
        ("tell_events = [\"held_back\"]", "did you mean \"heldBack\"?"),
        ("tell_events = \"stopped\"", "known are started, ended, failed, heldBack"),
        ("tell_events = [\"ended\", \"ended\"]", "tell_events names \"ended\" twice"),
        ("tell_events = [1]", "it must be a text"),
        ("open = [\"target\"]", "cannot be opened"),
        ("open = [\"time_limit_seconds\", \"time_limit_seconds\"]", "twice"),
        ("match = \"tcp\"", "it must be a table"),
        ("match = {}", "match is empty"),
        ("match.severity = \"1\"", "did you mean \"Sev1\"?"),
        ("match.severity = []", "is empty"),
        ("match.alert_rule = \"\"", "is empty; write \"=\""),
        ("match.alert_rule = 5", "a text in quotes, or a list of texts"),
        ("match.target = \"web-01\"", "parts of an id are found with *"),
        ("match.target_type = \"virtualMachines\"", "is not a resource type"),
        ("match.subscription = \"/subscriptions/s\"", "without /subscriptions/"),
        ("match.tags = \"web\"", "it must be a table"),
        ("match.tags = {}", "match.tags is empty"),
        ("match.tags.Tier = \"a\"\nmatch.tags.tier = \"b\"", "twice"),
        ("ring = {}\ncontinuous = true", "ring is empty"),
        ("timeLimit = 5", "did you mean \"time_limit_seconds\"?"),
        ("zebra = 5", "known are name, match, continue"),
    ] {
        let refused = refused(&rule(line));
        assert_eq!(refused.len(), 1, "{line}: {refused:#?}");
        assert!(refused[0].contains(why), "{line}: {refused:?}");
        assert!(refused[0].starts_with("line "), "{refused:?}");
        assert!(!refused[0].starts_with("line 1,"), "{refused:?}");
    }
}

#[test]
fn keys_that_do_not_go_together_are_refused() {
    for (lines, why) in [
        ("continuous = true\ntime_limit_seconds = 60", "ring.session_time_limit_seconds"),
        ("continuous = false\nring = { file_count = 1 }", "ring is for continuous"),
        ("on_conflict = \"keep\"", "needs exact_name"),
        ("exact_name = \"a\"\nname_prefix = \"b\"", "exclude each other"),
        ("cool_down_at_most = \"1h\"", "bounds only"),
        ("cool_down = \"1h\"\ncool_down_at_most = \"1h\"", "bounds only"),
        (
            "match.severity = \"Sev4\"\nignore = true\ntime_limit_seconds = 60",
            "so time_limit_seconds has no effect",
        ),
        ("match.severity = \"Sev4\"\nignore = true\ndry_run = true", "so dry_run has no effect"),
        ("match.severity = \"Sev4\"\nignore = true\ncontinue = true", "nothing to add"),
        ("continuous = true\nopen = [\"time_limit_seconds\"]", "no time limit"),
        ("exact_name = \"a\"\nopen = [\"name_prefix\"]", "leaves it no place"),
        ("tell = []\ntell_events = [\"failed\"]", "tells nobody"),
        ("storage_account = \"abc\"\nopen = [\"storage_account\"]", "no list to choose from"),
    ] {
        let refused = refused(&rule(lines));
        assert_eq!(refused.len(), 1, "{lines}: {refused:#?}");
        assert!(refused[0].contains(why), "{lines}: {refused:?}");
    }
}

#[test]
fn names_are_there_unique_and_printable() {
    assert!(refused("[[rules]]\ndry_run = true")[0].contains("has no name"));
    for bad in ["", " x", "a\\nb", "\\u202E", &"x".repeat(65)] {
        assert!(refused(&format!("[[rules]]\nname = \"{bad}\""))[0].contains("1 to 64"), "{bad}");
    }
    let twice = "[[rules]]\nname = \"Web\"\nmatch.severity = \"Sev1\"\n[[rules]]\nname = \"web\"\n";
    assert_eq!(
        refused(twice),
        ["line 4, column 1: the rule on line 1 is called \"web\" too; names are compared without case"]
    );
}

#[test]
fn a_rule_that_nothing_can_reach_is_refused() {
    for first in ["", "match.target = \"*\"", "match.severity = \"Sev1\""] {
        let text =
            format!("[[rules]]\nname = \"a\"\n{first}\n[[rules]]\nname = \"b\"\nmatch.severity = \"Sev1\"");
        assert!(refused(&text)[0].contains("is never reached: \"a\" on line 1"), "{text}");
        assert!(parse(&text.replace("\"a\"\n", "\"a\"\ncontinue = true\n")).is_ok());
    }
    // An alert need not have a rule's name, and then "*" does not match it.
    let text = "[[rules]]\nname = \"a\"\nmatch.alert_rule = \"*\"\n[[rules]]\nname = \"b\"";
    assert!(parse(text).is_ok());
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let told = refused("[[rules]]\nname = segments\n");
    assert!(told[0].starts_with("line 2, column 8: "), "{told:?}");
    let told = refused(&rule(r#"local_path = "C:\captures\x.cap""#));
    assert!(told[0].starts_with("line 3, ") && told.iter().any(|t| t.contains("between '…'")), "{told:?}");
    let told = refused("[[rules]]\nname = \"a\"\nname = \"b\"\n");
    assert!(told[0].starts_with("line 3, column 1: duplicate key"), "{told:?}");
    assert!(refused("[[rule]]\nname = \"a\"")[0].contains("did you mean \"rules\"?"));
    assert!(refused("[rules]\nname = \"a\"")[0].contains("tables that begin with [[rules]]"));
}

#[test]
fn the_text_the_rules_and_the_problems_are_bounded() {
    assert!(refused(&"#".repeat(MAX_BYTES + 1))[0].contains("longer than 65536 bytes"));
    let many: String =
        (0..201).map(|i| format!("[[rules]]\nname = \"{i}\"\nmatch.tags.a = \"{i}\"\n")).collect();
    assert_eq!(refused(&many), ["line 601, column 1: there are more than 200 rules"]);
    let wrong: String = (0..200).map(|i| format!("a{i} = 1\n")).collect();
    let told = refused(&wrong);
    assert_eq!(told.len(), MAX_PROBLEMS + 1);
    assert!(told.last().unwrap().ends_with("and 150 more problems"));
    let deep = format!("a = {}", "[".repeat(60_000));
    assert!(parse(&deep).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,300}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_change_of_a_valid_text_makes_it_panic_and_places_lie_in_the_text(
        changes in proptest::collection::vec((0..EVERYTHING.len(), 0..40_usize, "[\\[\\]{}=\"'.,\\-\\\\#\n a-z0-9ä*]{0,4}"), 1..6),
    ) {
        let mut text = EVERYTHING.to_owned();
        for (at, length, insert) in changes {
            let floor = |mut at: usize| { while !text.is_char_boundary(at.min(text.len())) { at -= 1; } at.min(text.len()) };
            let (from, to) = (floor(at), floor(at + length));
            text.replace_range(from..to, &insert);
        }
        if let Err(problems) = parse(&text) {
            proptest::prop_assert!(!problems.is_empty());
            for problem in problems {
                let line = text.split('\n').nth(problem.line - 1);
                proptest::prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 2), "{}", problem);
            }
        }
    }

    #[test]
    fn words_of_the_language_in_any_order_do_not_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "[[rules]]\n", "[limits]\n", "rules", "match", ".tags", ".", " = ", "{", "}", "[", "]", ",", "\"x\"", "\n",
            "name = \"a\"\n", "filters = [{", "remote_port = ", "1", "-1", "true", "ring", "cool_down = \"until resolved\"\n",
            "'''", "\"\"\"", "2026-01-01", "continuous = true\n", "open = [\"filters\"]\n", "ignore = true\n", "0x1F", "\u{feff}", "\r\n",
        ]), 0..40),
    ) {
        let _ = parse(&words.concat());
        let _ = super::filters(&words.concat());
    }
}
