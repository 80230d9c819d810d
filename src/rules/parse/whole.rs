//! All rules together: how many, their names, and whether each can be reached.

use super::{
    MAX_RULES,
    reader::{Entry, Reader},
    rule,
};
use crate::{
    rules::Rule,
    text::{lower, quoted},
};

pub(super) fn read(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Vec<Rule> {
    if entry.is_empty_list() {
        return Vec::new();
    }
    let entries = entry.list(reader, "tables that begin with [[rules]]");
    if let Some(first_too_many) = entries.get(MAX_RULES) {
        reader.problem(first_too_many.at, format!("there are more than {MAX_RULES} rules"));
        return Vec::new();
    }
    let mut rules: Vec<Earlier> = Vec::new();
    for entry in entries {
        if let Some(rule) = rule::read(&entry, reader) {
            let rule = Earlier { at: entry.at, name: lower(&rule.name), rule };
            hold_against_earlier(&rule, &rules, reader);
            rules.push(rule);
        }
    }
    rules.into_iter().map(|earlier| earlier.rule).collect()
}

/// A rule that is read, and what later ones are held against.
struct Earlier {
    at: usize,
    /// In lower case: made once, compared with every later one.
    name: String,
    rule: Rule,
}

fn hold_against_earlier(new: &Earlier, earlier: &[Earlier], reader: &mut Reader<'_>) {
    let (name, when) = (&new.rule.name, &new.rule.when);
    if let Some(other) = earlier.iter().find(|other| other.name == new.name) {
        let line = reader.line(other.at);
        let message = format!(
            "the rule on line {line} is called {} too; names are compared without case",
            quoted(name)
        );
        reader.problem(new.at, message);
    }
    let stops = |other: &Rule| !other.goes_on && (other.when.is_everything() || other.when == *when);
    if let Some(other) = earlier.iter().find(|other| stops(&other.rule)) {
        let line = reader.line(other.at);
        let why = if other.rule.when == *when { "has the same match" } else { "matches everything" };
        reader.problem(
            new.at,
            format!(
                "the rule {} is never reached: {} on line {line} {why}; move this one before it, narrow that \
                 one, or give that one continue = true",
                quoted(name),
                quoted(&other.rule.name)
            ),
        );
    }
}
