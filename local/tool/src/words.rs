//! Rules in words, one line per rule.

use alertcap::{
    report::Event,
    rules::{Limits, OnConflict, Parameter, Ring, Rule, Rules, Terms, duration},
};

/// All of it.
pub(crate) fn rules(rules: &Rules) -> String {
    let mut lines = Vec::new();
    let limits = limits(&rules.limits);
    if !limits.is_empty() {
        lines.push(format!("limits: {}", limits.join(", ")));
    }
    for (index, rule) in rules.rules.iter().enumerate() {
        lines.push(format!("{}. {}: {}", index + 1, rule.name, one(rule)));
    }
    let is_for_all = rules.rules.iter().any(|rule| rule.when.is_everything());
    lines.push(match rules.rules.len() {
        0 => "no rule: every alert leads to a capture as the settings say".to_owned(),
        count => {
            let rules = if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") };
            let others = if is_for_all { "" } else { "; alerts that match none lead to no capture" };
            format!("{rules}, no problem{others}")
        }
    });
    lines.join("\n") + "\n"
}

fn limits(limits: &Limits) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(limits.captures_per_hour.map(|n| format!("{n} captures per hour")));
    words.extend(limits.captures_at_once.map(|n| format!("{n} at once")));
    words.extend(limits.cool_down.map(|time| format!("a machine rests {time}")));
    words.extend(
        limits.max_alert_age.map(|age| format!("alerts older than {} lead to nothing", duration::words(age))),
    );
    words
}

fn one(rule: &Rule) -> String {
    let terms = terms(&rule.terms);
    let then = if terms.is_empty() { "capture as the settings say".to_owned() } else { terms.join("; ") };
    let goes_on = if rule.goes_on { "; then later rules" } else { "" };
    format!("{} → {then}{goes_on}", rule.when)
}

fn terms(terms: &Terms) -> Vec<String> {
    // Taken apart, so that a new term cannot be forgotten here.
    let Terms {
        ignore,
        dry_run,
        stop_on_resolve,
        time_limit_seconds,
        bytes_per_packet,
        bytes_per_session,
        filters,
        storage_accounts,
        local_path,
        continuous,
        ring,
        name_prefix,
        exact_name,
        on_conflict,
        cool_down,
        cool_down_rule,
        captures_per_hour,
        captures_at_once,
        tell,
        tell_events,
        allowed_scopes,
        open,
    } = terms;
    let mut words = Vec::new();
    let flag = |flag: &Option<bool>, yes: &str, no: &str| flag.map(|on| if on { yes } else { no }.to_owned());
    words.extend(flag(ignore, "no capture", "not ignored"));
    words.extend(flag(dry_run, "explained only, nothing done", "really done"));
    words.extend(time_limit_seconds.map(|seconds| format!("at most {seconds} s")));
    words.extend(flag(continuous, "continuous", "not continuous"));
    words.extend(ring.as_ref().map(ring_words));
    words.extend(bytes_per_packet.map(|bytes| match bytes {
        0 => "whole packets".to_owned(),
        bytes => format!("{bytes} bytes of each packet"),
    }));
    words.extend(bytes_per_session.map(|bytes| format!("at most {bytes} bytes")));
    words.extend(filters.as_ref().map(|all| format!("keeps {}", joined(all, " or "))));
    words.extend(storage_accounts.as_ref().map(|all| match &all[..] {
        [first, others @ ..] if !others.is_empty() => format!("to {first} (or {})", joined(others, ", ")),
        all => format!("to {}", joined(all, "")),
    }));
    words.extend(local_path.as_ref().map(|path| match storage_accounts {
        None => format!("to {path} on the machine only"),
        Some(_) => format!("and to {path} on the machine"),
    }));
    words.extend(name_prefix.as_ref().map(|prefix| format!("called {prefix}-…")));
    words.extend(exact_name.as_ref().map(|name| match on_conflict.unwrap_or_default() {
        OnConflict::Keep => format!("called {name}, unless there is one"),
        OnConflict::Replace => format!("called {name}, replacing the last one"),
    }));
    words.extend(flag(stop_on_resolve, "stopped when resolved", "not stopped when resolved"));
    words.extend(cool_down.map(|time| format!("then the machine rests {time}")));
    words.extend(cool_down_rule.map(|time| format!("then the rule rests {}", duration::words(time))));
    words.extend(captures_per_hour.map(|n| format!("{n} per hour")));
    words.extend(captures_at_once.map(|n| format!("{n} at once")));
    words.extend(tell.as_ref().map(|names| match names.is_empty() {
        true => "tells nobody".to_owned(),
        false => format!("tells {}", names.join(", ")),
    }));
    words.extend(tell_events.as_ref().map(|events| {
        format!("tells what {}", events.iter().map(|event| of_event(*event)).collect::<Vec<_>>().join(", "))
    }));
    words.extend(allowed_scopes.as_ref().map(|all| match all.len() {
        1 => "within 1 scope".to_owned(),
        n => format!("within {n} scopes"),
    }));
    words.extend(open.as_ref().map(|open| {
        let names: Vec<&str> = open.iter().map(|parameter: &Parameter| parameter.name()).collect();
        format!("the alert may set {}", names.join(", "))
    }));
    words
}

fn of_event(event: Event) -> &'static str {
    match event {
        Event::Started => "started",
        Event::Ended => "ended",
        Event::Failed => "failed",
        Event::HeldBack => "is held back",
    }
}

fn ring_words(ring: &Ring) -> String {
    let mut words = Vec::new();
    words.extend(ring.file_count.map(|n| format!("{n} files")));
    words.extend(ring.file_size_in_bytes.map(|n| format!("{n} bytes each")));
    words.extend(ring.session_time_limit_in_seconds.map(|n| format!("ends after {n} s")));
    format!("ring: {}", words.join(", "))
}

fn joined(all: &[impl ToString], between: &str) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}
