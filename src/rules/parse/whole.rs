//! All rules together: how many, their names, and whether each can be reached.

use super::{
    MAX_RULES,
    reader::{Entry, Reader},
    rule,
};
use crate::rules::Rule;

pub(super) fn read(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Vec<Rule> {
    if entry.is_empty_list() {
        return Vec::new();
    }
    let entries = entry.list(reader, "tables that begin with [[rules]]");
    if let Some(first_too_many) = entries.get(MAX_RULES) {
        reader.problem(first_too_many.at, format!("there are more than {MAX_RULES} rules"));
        return Vec::new();
    }
    let mut rules: Vec<(usize, Rule)> = Vec::new();
    for entry in entries {
        if let Some(rule) = rule::read(&entry, reader) {
            hold_against_earlier(entry.at, &rule, &rules, reader);
            rules.push((entry.at, rule));
        }
    }
    rules.into_iter().map(|(_, rule)| rule).collect()
}

fn hold_against_earlier(at: usize, rule: &Rule, earlier: &[(usize, Rule)], reader: &mut Reader<'_>) {
    let name = &rule.name;
    let same_name = earlier.iter().find(|(_, other)| other.name.to_lowercase() == name.to_lowercase());
    if let Some((other, _)) = same_name {
        let line = reader.line(*other);
        reader.problem(
            at,
            format!("the rule on line {line} is called {name:?} too; names are compared without case"),
        );
    }
    let stops = |other: &Rule| !other.goes_on && (other.when.is_everything() || other.when == rule.when);
    if let Some((other_at, other)) = earlier.iter().find(|(_, other)| stops(other)) {
        let line = reader.line(*other_at);
        let why = if other.when == rule.when { "has the same match" } else { "matches everything" };
        reader.problem(
            at,
            format!(
                "the rule {name:?} is never reached: {:?} on line {line} {why}; move this one before it, narrow that \
                 one, or give that one continue = true",
                other.name
            ),
        );
    }
}
