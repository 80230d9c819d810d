//! One `[[rules]]` table.

use super::{
    limits::{captures, cool_down},
    nearest::did_you_mean,
    reader::{Entry, Keys, Reader},
};
use crate::{
    azure::resource_id::Scope,
    capture::name,
    report::Event,
    rules::{
        AccountRef, Filter, LocalPath, OnConflict, Parameter, Ring, Rule, Terms,
        filter::{self, Parts},
    },
    text::{clean, quoted},
};

mod conditions;
mod contradictions;

/// A rule's name is shown in answers, reports and logs.
const MAX_NAME_CHARS: usize = 64;

pub(super) fn read(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Option<Rule> {
    let mut keys = entry.keys(reader, "a rule")?;
    let name = match keys.entry("name") {
        Some(name) => name.parsed(reader, rule_name),
        None => {
            reader.problem(entry.at, "the rule has no name; give it one, such as name = \"web tier\"");
            None
        }
    };
    let when = keys.entry("match").map(|entry| conditions::read(&entry, reader)).unwrap_or_default();
    let goes_on = flag(&mut keys, "continue", reader);
    let terms = terms(&mut keys, reader);
    contradictions::find(&keys, &terms, goes_on, reader);
    keys.end(reader);
    Some(Rule { name: name?, when, goes_on: goes_on.unwrap_or_default(), terms })
}

fn rule_name(text: &str) -> Result<String, String> {
    let is_printable = clean(text) == text && text.trim() == text;
    if text.is_empty() || !is_printable || text.chars().nth(MAX_NAME_CHARS).is_some() {
        return Err(format!("is not 1 to {MAX_NAME_CHARS} printable characters without spaces around"));
    }
    Ok(text.to_owned())
}

fn terms(keys: &mut Keys<'_, '_>, reader: &mut Reader<'_>) -> Terms {
    Terms {
        ignore: flag(keys, "ignore", reader),
        dry_run: flag(keys, "dry_run", reader),
        time_limit_seconds: number(keys, "time_limit_seconds", 1, 18_000, reader),
        bytes_per_packet: number(keys, "bytes_per_packet", 0, u32::MAX, reader),
        // 0 would be neither Azure's default nor documented as "no limit".
        bytes_per_session: number(keys, "bytes_per_session", 1, u32::MAX, reader),
        filters: keys.entry("filters").map(|entry| filters(&entry, reader)),
        storage_accounts: keys.entry("storage_account").map(|entry| accounts(&entry, reader)),
        local_path: keys.entry("local_path").and_then(|entry| entry.parsed(reader, LocalPath::parse)),
        continuous: flag(keys, "continuous", reader),
        ring: keys.entry("ring").and_then(|entry| ring(&entry, reader)),
        name_prefix: keys.entry("name_prefix").and_then(|entry| entry.parsed(reader, name_prefix)),
        exact_name: keys.entry("exact_name").and_then(|entry| entry.parsed(reader, exact_name)),
        on_conflict: keys.entry("on_conflict").and_then(|entry| entry.parsed(reader, on_conflict)),
        stop_on_resolve: flag(keys, "stop_on_resolve", reader),
        cool_down: cool_down(keys, reader),
        cool_down_rule: keys.entry("cool_down_rule").and_then(|entry| entry.duration(reader)),
        captures_per_hour: captures(keys, "captures_per_hour", reader),
        captures_at_once: captures(keys, "captures_at_once", reader),
        tell: keys.entry("tell").map(|entry| tell(&entry, reader)),
        tell_events: keys.entry("tell_events").map(|entry| tell_events(&entry, reader)),
        allowed_scopes: keys
            .entry("allowed_scopes")
            .map(|entry| entry.all_parsed(reader, |text| Scope::parse(text).map_err(|why| why.to_string()))),
        open: keys.entry("open").map(|entry| open(&entry, reader)),
    }
}

fn flag(keys: &mut Keys<'_, '_>, key: &'static str, reader: &mut Reader<'_>) -> Option<bool> {
    keys.entry(key)?.flag(reader)
}

fn number(
    keys: &mut Keys<'_, '_>,
    key: &'static str,
    low: u32,
    high: u32,
    reader: &mut Reader<'_>,
) -> Option<u32> {
    keys.entry(key)?.number(reader, low, high)
}

/// The front of a capture's name.
pub(in crate::rules) fn name_prefix(text: &str) -> Result<String, String> {
    if name::is_readable_part(text) {
        Ok(text.to_owned())
    } else {
        Err("is not 1 to 24 of A-Z a-z 0-9 . _ - beginning with a letter or digit".to_owned())
    }
}

fn exact_name(text: &str) -> Result<String, String> {
    if name::is_name(text) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Ok(text.to_owned())
    } else {
        Err("is not 1 to 80 of A-Z a-z 0-9 . _ - beginning with a letter or digit".to_owned())
    }
}

fn on_conflict(text: &str) -> Result<OnConflict, String> {
    match text {
        "keep" => Ok(OnConflict::Keep),
        "replace" => Ok(OnConflict::Replace),
        _ => Err(format!("is neither \"keep\" nor \"replace\"{}", did_you_mean(text, &["keep", "replace"]))),
    }
}

fn accounts(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Vec<AccountRef> {
    let accounts = entry.all_parsed(reader, AccountRef::parse);
    let twice = accounts.iter().enumerate().find(|(i, one)| accounts.iter().take(*i).any(|o| o.is_same(one)));
    if let Some((_, account)) = twice {
        reader.problem(entry.at, format!("storage_account names {account} twice; once is enough"));
    }
    accounts
}

fn ring(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Option<Ring> {
    let mut keys = entry.keys(reader, "ring")?;
    let ring = Ring {
        file_count: number(&mut keys, "file_count", 1, 10_000, reader),
        file_size_in_bytes: number(&mut keys, "file_size_bytes", 1, u32::MAX, reader),
        session_time_limit_in_seconds: number(&mut keys, "session_time_limit_seconds", 1, 604_800, reader),
    };
    if keys.all().next().is_none() {
        reader.problem(entry.key_at, "ring is empty; leave it out for Azure's defaults");
    }
    keys.end(reader);
    Some(ring)
}

/// A list of filters; each part that is wrong is a problem of its own.
pub(super) fn filters(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Vec<Filter> {
    let must_be = "a list of filters: [{ protocol = \"TCP\", remote_port = \"443\" }]";
    entry.list(reader, must_be).iter().filter_map(|entry| filter(entry, reader)).collect()
}

fn filter(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Option<Filter> {
    let mut keys = entry.keys(reader, "a filter")?;
    let before = reader.problems.len();
    let protocol = |text: &str| filter::protocol(text).map(|_| text.to_owned());
    let parts = Parts {
        protocol: keys.entry("protocol").and_then(|entry| entry.parsed(reader, protocol)),
        local_ip_address: addresses(&mut keys, "local_ip_address", reader),
        remote_ip_address: addresses(&mut keys, "remote_ip_address", reader),
        local_port: ports(&mut keys, "local_port", reader),
        remote_port: ports(&mut keys, "remote_port", reader),
    };
    keys.end(reader);
    if reader.problems.len() > before {
        return None;
    }
    Filter::new(parts).map_err(|why| reader.problem(entry.at, why)).ok()
}

fn addresses(keys: &mut Keys<'_, '_>, key: &'static str, reader: &mut Reader<'_>) -> Option<String> {
    keys.entry(key)?.parsed(reader, filter::addresses)
}

fn ports(keys: &mut Keys<'_, '_>, key: &'static str, reader: &mut Reader<'_>) -> Option<String> {
    let entry = keys.entry(key)?;
    match entry.number_as_text() {
        Some(number) => {
            filter::ports(number).map_err(|why| reader.problem(entry.at, format!("{key} {why}"))).ok()
        }
        None => entry.parsed(reader, filter::ports),
    }
}

fn tell(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Vec<String> {
    if entry.is_empty_list() {
        return Vec::new();
    }
    let receivers = reader.receivers;
    let named = chosen(entry, reader, receivers, "is no receiver; known are");
    named.into_iter().filter_map(|index| receivers.get(index).map(|name| (*name).to_owned())).collect()
}

fn tell_events(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Vec<Event> {
    let named = chosen(entry, reader, &Event::ALL.map(Event::word), "is not told of; known are");
    named.into_iter().filter_map(|index| Event::ALL.get(index).copied()).collect()
}

fn open(entry: &Entry<'_, '_>, reader: &mut Reader<'_>) -> Vec<Parameter> {
    let named = chosen(entry, reader, &Parameter::ALL.map(Parameter::name), "cannot be opened; what can is");
    named.into_iter().filter_map(|index| Parameter::ALL.get(index).copied()).collect()
}

/// The places in `known` of the entry's texts, each once.
fn chosen(entry: &Entry<'_, '_>, reader: &mut Reader<'_>, known: &[&str], unknown: &str) -> Vec<usize> {
    let mut chosen = Vec::new();
    for (at, text) in entry.texts(reader) {
        match known.iter().position(|known| *known == text) {
            Some(index) if chosen.contains(&index) => {
                reader.problem(at, format!("{} names {} twice; once is enough", entry.key(), quoted(text)));
            }
            Some(index) => chosen.push(index),
            None => {
                let (hint, known) = (did_you_mean(text, known), known.join(", "));
                reader.problem(at, format!("{} {unknown} {known}{hint}", quoted(&clean(text))));
            }
        }
    }
    chosen
}
