//! docs/rules.md keeps what it promises. Behind each example stand comments that the reader does not see:
//!
//! - `<!-- matches: FACT=VALUE … → TERM=VALUE … -->`: an alert with these facts gets these terms. `rule=` is the matching
//!   rules' names joined by ` + `, `none` or `needs-tags`; `why=` stands in a miss, `note=` in a note about properties;
//!   `-` is a term left open. Values with spaces are quoted.
//! - `<!-- refused: … -->`: the text is refused, and the first problem begins with these words.

use std::collections::BTreeMap;

use super::*;
use crate::azure::resource_id::ResourceId;

const PAGE: &str = include_str!("../../docs/rules.md");
const RECEIVERS: [&str; 3] = crate::report::Receiver::NAMES;

struct Example {
    text: String,
    promises: Vec<String>,
}

fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    let mut lines = PAGE.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != "```toml" {
            continue;
        }
        let text: Vec<_> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
        let mut promises = Vec::new();
        while let Some(comment) = lines.next_if(|line| line.starts_with("<!--")) {
            let inner = comment.trim_start_matches("<!--").trim_end().strip_suffix("-->").unwrap();
            promises.push(inner.trim().to_owned());
        }
        examples.push(Example { text: text.join("\n") + "\n", promises });
    }
    examples
}

/// `a=b c="d e"` → pairs.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').unwrap_or_else(|| panic!("no = in {rest:?}"));
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap(),
            None => after.split_once(' ').unwrap_or((after, "")),
        };
        pairs.push((name.trim().to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    pairs
}

/// A term as the comments write it.
fn written(rules: &Rules, terms: &Terms, key: &str) -> String {
    fn of(value: Option<impl ToString>) -> String {
        value.map_or_else(|| "-".to_owned(), |value| value.to_string())
    }
    let limits = &rules.limits;
    let list =
        |filters: &Vec<Filter>| filters.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    match key {
        "ignore" => of(terms.ignore),
        "dry_run" => of(terms.dry_run),
        "stop_on_resolve" => of(terms.stop_on_resolve),
        "time_limit_seconds" => of(terms.time_limit_seconds),
        "bytes_per_packet" => of(terms.bytes_per_packet),
        "filters" => of(terms.filters.as_ref().map(list)),
        "storage_account" => of(terms.storage_accounts.as_ref().map(|accounts| accounts[0].to_string())),
        "local_path" => of(terms.local_path.as_ref()),
        "continuous" => of(terms.continuous),
        "name_prefix" => of(terms.name_prefix.as_ref()),
        "exact_name" => of(terms.exact_name.as_ref()),
        "on_conflict" => of(terms.on_conflict.map(|it| format!("{it:?}").to_lowercase())),
        "cool_down" => of(terms.cool_down),
        "cool_down_rule" => of(terms.cool_down_rule.map(duration::words)),
        "captures_at_once" => of(terms.captures_at_once),
        "tell" => of(terms.tell.as_ref().map(|names| names.join(","))),
        "tell_events" => of(terms
            .tell_events
            .as_ref()
            .map(|events| events.iter().map(|event| event.word()).collect::<Vec<_>>().join(","))),
        "allowed_scopes" => of(terms.allowed_scopes.as_ref().map(Vec::len)),
        "limits.captures_per_hour" => of(limits.captures_per_hour),
        "limits.cool_down" => of(limits.cool_down),
        "limits.max_alert_age" => of(limits.max_alert_age.map(duration::words)),
        _ => panic!("the comments know no {key}"),
    }
}

fn keeps(example: &Example, facts: &str, expected: &str) {
    let rules =
        Rules::parse(&example.text, &RECEIVERS).unwrap_or_else(|p| panic!("{p:#?}\n{}", example.text));
    let facts: BTreeMap<_, _> = pairs(facts).into_iter().collect();
    let under = |prefix: &str| -> BTreeMap<String, String> {
        let named = facts.iter().filter_map(|(key, value)| Some((key.strip_prefix(prefix)?, value)));
        named.map(|(name, value)| (name.to_owned(), value.clone())).collect()
    };
    let (tags, properties) = (under("tags."), under("properties."));
    let group = facts.get("resource_group").map_or("rg-shop", String::as_str);
    let target = format!(
        "/subscriptions/s-1/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/web-01"
    );
    let verdict = rules.judge(&Facts {
        alert_rule: facts.get("alert_rule").map(String::as_str),
        severity: facts.get("severity").map(String::as_str),
        monitoring_service: Some("Platform"),
        signal_type: Some("Metric"),
        target: &ResourceId::parse(&target).unwrap(),
        tags: (!facts.contains_key("tags")).then_some(&tags),
        properties: &properties,
    });
    let (name, mut terms, why_not) = match verdict {
        Verdict::NeedsTags => ("needs-tags".to_owned(), Terms::default(), Vec::new()),
        Verdict::Decided { rules, terms, why_not } if rules.is_empty() => ("none".to_owned(), terms, why_not),
        Verdict::Decided { rules, terms, why_not } => (rules.join(" + "), terms, why_not),
    };
    let notes = apply_properties(&mut terms, &properties);
    for (key, value) in pairs(expected) {
        match key.as_str() {
            "rule" => assert_eq!(name, value, "{}", example.text),
            "why" => assert!(why_not.iter().any(|miss| miss.because == value), "{why_not:?}"),
            "note" => assert!(notes.iter().any(|note| note.contains(&value)), "{notes:?}"),
            key => assert_eq!(written(&rules, &terms, key), value, "{key} of\n{}", example.text),
        }
    }
    assert!(expected.contains("note=") || notes.is_empty(), "{notes:?}");
}

#[test]
fn every_example_on_the_page_does_what_the_page_says() {
    let examples = examples();
    assert!(examples.len() >= 12, "{} examples", examples.len());
    for example in examples {
        assert!(!example.promises.is_empty(), "nothing is promised of\n{}", example.text);
        for promise in &example.promises {
            match promise.split_once(": ") {
                Some(("matches", promise)) => {
                    let (facts, expected) = promise.split_once('→').unwrap();
                    keeps(&example, facts, expected);
                }
                Some(("refused", why)) => {
                    let told = Rules::parse(&example.text, &RECEIVERS).unwrap_err()[0].to_string();
                    assert!(told.starts_with(why), "{told}\n{why}");
                }
                _ => panic!("not a promise: {promise}"),
            }
        }
    }
}

#[test]
fn the_page_explains_every_key_that_a_rule_can_have() {
    // What a rule knows is told to who misspells a key beyond recognition.
    let told = |text: &str| Rules::parse(text, &[]).unwrap_err()[0].message.clone();
    let known = [
        told("[[rules]]\nname = \"r\"\nzzzzzzzz = 1"),
        told("[[rules]]\nname = \"r\"\nring = { zzzzzzzz = 1 }\ncontinuous = true"),
        told("[[rules]]\nname = \"r\"\nfilters = [{ zzzzzzzz = 1 }]"),
        told("[limits]\nzzzzzzzz = 1"),
    ];
    for known in known {
        let (_, keys) = known.split_once("known are ").unwrap();
        for key in keys.split(", ") {
            assert!(PAGE.contains(&format!("`{key}`")), "{key}");
        }
    }
    let matches = told("[[rules]]\nname = \"r\"\nmatch.zzzzzzzz = \"1\"");
    for key in matches.split_once("known are ").unwrap().1.split(", ") {
        assert!(PAGE.contains(&format!("`match.{key}")), "{key}");
    }
}
