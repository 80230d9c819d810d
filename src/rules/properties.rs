//! What an alert's custom properties may set: only what the rule opens, and only within the bounds of a rule's own values.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AccountRef, Filter, Parameter, Terms, parse};
use crate::{
    json,
    text::{clean, quoted},
};

/// Longer values are not looked into.
const MAX_VALUE_BYTES: usize = 4 * 1024;

/// Applies an alert's custom properties to the terms of the rules that matched.
///
/// Names are compared without case; each parameter has the name it has in a rule, and some the one that Microsoft's
/// tutorial of 2017 gave it. Returns what the reader of the capture's record should know, in words. What is not applied
/// changes nothing.
pub fn apply_properties(terms: &mut Terms, properties: &BTreeMap<String, String>) -> Vec<String> {
    let mut notes = Vec::new();
    for parameter in Parameter::ALL {
        let Some((name, value)) = find(parameter, properties) else { continue };
        let is_open = terms.open.as_ref().is_some_and(|open| open.contains(&parameter));
        let applied = if !is_open {
            let opened = parameter.name();
            Err(format!("was not applied: the rule does not open it (open = [\"{opened}\"])"))
        } else if value.len() > MAX_VALUE_BYTES {
            Err(format!("was not applied: it is longer than {MAX_VALUE_BYTES} bytes"))
        } else {
            apply(parameter, terms, value).map_err(|why| format!("was not applied: {why}"))
        };
        if let Err(why) = applied {
            notes.push(format!("the alert's property {} {why}", clean(name)));
        }
    }
    notes
}

/// The tutorial's name of a parameter.
fn tutorial_name(parameter: Parameter) -> Option<&'static str> {
    match parameter {
        Parameter::TimeLimitSeconds => Some("timeLimit"),
        Parameter::NamePrefix => Some("packetCaptureName"),
        Parameter::StorageAccount => Some("storageID"),
        Parameter::BytesPerPacket | Parameter::BytesPerSession | Parameter::Filters => None,
    }
}

/// The property for a parameter that is set; our own name goes before the tutorial's.
fn find(parameter: Parameter, properties: &BTreeMap<String, String>) -> Option<(&str, &str)> {
    let names = [Some(parameter.name()), tutorial_name(parameter)];
    names.into_iter().flatten().find_map(|name| {
        let found =
            properties.iter().find(|(own, value)| own.eq_ignore_ascii_case(name) && !value.trim().is_empty());
        found.map(|(own, value)| (own.as_str(), value.trim()))
    })
}

fn apply(parameter: Parameter, terms: &mut Terms, value: &str) -> Result<(), String> {
    match parameter {
        Parameter::TimeLimitSeconds if terms.continuous == Some(true) => {
            return Err("a continuous capture has no time limit".to_owned());
        }
        Parameter::TimeLimitSeconds => terms.time_limit_seconds = Some(number(value, 1, 18_000)?),
        Parameter::BytesPerPacket => terms.bytes_per_packet = Some(number(value, 0, u32::MAX)?),
        Parameter::BytesPerSession => terms.bytes_per_session = Some(number(value, 1, u32::MAX)?),
        Parameter::NamePrefix if terms.exact_name.is_some() => {
            return Err("the rule gives the capture its exact name".to_owned());
        }
        Parameter::NamePrefix => {
            let prefix = parse::name_prefix(value).map_err(|why| format!("{} {why}", shown(value)))?;
            terms.name_prefix = Some(prefix);
        }
        Parameter::StorageAccount => choose(terms, value)?,
        Parameter::Filters => terms.filters = Some(filters(value)?),
    }
    Ok(())
}

fn number(value: &str, low: u32, high: u32) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| format!("{} is not a whole number from {low} to {high}", shown(value)))
}

/// Puts the account that the value names before the others.
fn choose(terms: &mut Terms, value: &str) -> Result<(), String> {
    let wish = AccountRef::parse(value).map_err(|why| format!("{} {why}", shown(value)))?;
    let accounts = terms.storage_accounts.as_mut();
    let accounts = accounts.ok_or("the rule names no storage accounts to choose from")?;
    let index = accounts.iter().position(|account| account.is_same(&wish));
    let index = index.ok_or_else(|| format!("{} is not among the rule's storage accounts", shown(value)))?;
    let chosen = accounts.remove(index);
    accounts.insert(0, chosen);
    Ok(())
}

/// A list in JSON with Azure's names, or in TOML as a rule has it.
fn filters(value: &str) -> Result<Vec<Filter>, String> {
    let filters = match serde_json::from_slice::<Value>(value.as_bytes()) {
        Ok(list) => json::read(&list).map_err(|error| clean(&error.to_string()))?,
        Err(_) => parse::filters(value)?,
    };
    // None would mean: everything.
    if filters.is_empty() { Err("it has no filter".to_owned()) } else { Ok(filters) }
}

fn shown(value: &str) -> String {
    quoted(&clean(value))
}

#[cfg(test)]
#[path = "properties_tests.rs"]
mod tests;
