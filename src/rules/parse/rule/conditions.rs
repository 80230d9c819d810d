//! `match`: conditions, and patterns that could never match what they look at.

use toml::de::DeTable;

use super::super::reader::{Entry, Keys, Reader};
use crate::{
    azure::resource_id::ResourceId,
    rules::{Condition, Match, Subject, pattern::Pattern},
    text::{clean, lower, quoted},
};

/// What is checked of a pattern without wildcards.
type Check = fn(&str) -> Result<(), String>;

pub(super) fn read(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Match {
    let Some(mut keys) = entry.keys(reader, "match") else { return Match::default() };
    let before = reader.problems.len();
    let mut conditions = Vec::new();
    let one: [(&'static str, Subject, Check); 8] = [
        ("alert_rule", Subject::AlertRule, anything),
        ("severity", Subject::Severity, severity),
        ("monitoring_service", Subject::MonitoringService, anything),
        ("signal_type", Subject::SignalType, anything),
        ("target", Subject::Target, target),
        ("target_type", Subject::TargetType, target_type),
        ("resource_group", Subject::ResourceGroup, single_name),
        ("subscription", Subject::Subscription, single_name),
    ];
    for (key, subject, check) in one {
        if let Some(entry) = keys.entry(key) {
            conditions.push(Condition { subject, any_of: patterns(&entry, check, reader) });
        }
    }
    named(&mut keys, "tags", Subject::Tag, &mut conditions, reader);
    named(&mut keys, "properties", Subject::Property, &mut conditions, reader);
    keys.end(reader);
    if conditions.is_empty() && reader.problems.len() == before {
        reader.problem(entry.key_at, "match is empty; leave it out if the rule is for every alert");
    }
    Match { conditions }
}

/// `match.tags` and `match.properties`: any names, compared without case.
fn named(
    keys: &mut Keys<'_, '_>,
    key: &'static str,
    subject: fn(String) -> Subject,
    conditions: &mut Vec<Condition>,
    reader: &mut Reader<'_>,
) {
    let Some(entry) = keys.entry(key) else { return };
    let Some(table) = entry.table(reader) else { return };
    if table.is_empty() {
        reader.problem(entry.key_at, format!("match.{key} is empty; name one, such as {key}.team = \"web\""));
    }
    for (name, value) in table.iter() {
        if is_twice(table, name.get_ref()) {
            let name = quoted(&clean(name.get_ref()));
            reader.problem(
                value.span().start,
                format!("{key} has {name} twice; names are compared without case"),
            );
        }
        let entry = Entry::of_value(key, value);
        let name = name.get_ref().to_string();
        conditions.push(Condition { subject: subject(name), any_of: patterns(&entry, anything, reader) });
    }
}

/// Whether an earlier name of the table is the same but for its case.
fn is_twice(table: &DeTable<'_>, name: &str) -> bool {
    let mut before = table.keys().map(|key| key.get_ref().as_ref()).take_while(|other| *other != name);
    before.any(|other| lower(other) == lower(name))
}

fn patterns(entry: &Entry<'_, '_>, check: Check, reader: &mut Reader<'_>) -> Vec<Pattern> {
    entry.all_parsed(reader, |text| {
        let pattern = Pattern::parse(text)?;
        pattern.literal().map_or(Ok(()), check)?;
        Ok(pattern)
    })
}

fn anything(_: &str) -> Result<(), String> {
    Ok(())
}

fn severity(text: &str) -> Result<(), String> {
    let known = ["Sev0", "Sev1", "Sev2", "Sev3", "Sev4"];
    if known.iter().any(|known| known.eq_ignore_ascii_case(text)) {
        return Ok(());
    }
    let hint = text.chars().last().filter(|c| ('0'..='4').contains(c));
    let hint = hint.map(|digit| format!("; did you mean \"Sev{digit}\"?")).unwrap_or_default();
    Err(format!("is {}; Azure's severities are Sev0 to Sev4{hint}", quoted(&clean(text))))
}

fn target(text: &str) -> Result<(), String> {
    ResourceId::parse(text).map(|_| ()).map_err(|why| format!("{why}; parts of an id are found with *"))
}

fn target_type(text: &str) -> Result<(), String> {
    match text.split_once('/') {
        Some((namespace, kind)) if namespace.contains('.') && !kind.is_empty() => Ok(()),
        _ => Err("is not a resource type such as \"Microsoft.Compute/virtualMachines\"".to_owned()),
    }
}

fn single_name(text: &str) -> Result<(), String> {
    if text.contains('/') {
        return Err(
            "is an id or has a slash; write the name or the id alone, without /subscriptions/…".to_owned()
        );
    }
    Ok(())
}
