//! What happened to a capture, said once for all receivers. Pure; what stands in it is clean, but not yet cut or escaped.

use url::Url;

use super::Event;
use crate::{
    azure::{arm::ArmError, blob::Link},
    capture::Record,
    plan::MachineKind,
    text::{clean, clean_up_to},
    time::Timestamp,
};

/// So many notes are told, the latest; the others stand in the record only.
const MOST_NOTES: usize = 4;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The report's id, by which repeats are known.
    pub id: String,
    /// What it is about.
    pub event: Event,
    /// When that was.
    pub at: Timestamp,
    /// In a few words.
    pub title: String,
    /// In a sentence, with the reason.
    pub summary: String,
    /// What was on the wire, in at most three sentences.
    pub headlines: Vec<String>,
    /// What and when, by names.
    pub facts: Vec<(&'static str, String)>,
    /// What to do.
    pub advice: Option<String>,
    /// What else the reader should know.
    pub notes: Vec<String>,
    /// Where the file is, if that can be followed safely; signed while `shared_until` is set.
    pub file: Option<Url>,
    /// Until then whoever has it can open the file by it.
    pub shared_until: Option<Timestamp>,
    /// Why there is no such link, where there was to be one.
    pub unshared: Option<String>,
}

impl Message {
    /// What `event` means for the capture of `record`.
    #[must_use]
    pub fn of(record: &Record, event: Event, id: &str) -> Self {
        let at = match event {
            Event::Started => record.started_at,
            Event::Ended | Event::Failed => record.ended_at,
            Event::HeldBack => None,
        };
        Self {
            id: id.to_owned(),
            event,
            at: at.unwrap_or(record.accepted_at),
            title: clean(&title(record, event)),
            summary: summary(record, event),
            headlines: headlines(record, event),
            facts: facts(record, event),
            advice: advice(record, event),
            notes: notes(record),
            file: record.storage_path.as_deref().and_then(safe),
            shared_until: None,
            unshared: None,
        }
    }

    /// With a link in the file's place that opens it, or with the reason why there is none.
    pub fn share(&mut self, link: Result<Option<Link>, ArmError>) {
        match link {
            Ok(None) => {}
            Ok(Some(link)) => {
                self.notes.push(format!("Whoever has the link can open the file until {}.", link.until));
                self.file = Some(link.url);
                self.shared_until = Some(link.until);
            }
            Err(error) => {
                let advice = error.failure.advice.as_deref().unwrap_or_default();
                let why = format!("There is no link that opens the file: {}. {advice}", error.failure);
                self.notes.push(why.clone());
                self.unshared = Some(why);
            }
        }
    }
}

/// What is said where the machine was seen without the agent.
#[must_use]
pub fn agent_missing(record: &Record) -> Option<String> {
    let command = record.agent_missing.as_ref()?;
    Some(format!("The machine was seen without the Network Watcher agent; install it: {command}"))
}

fn title(record: &Record, event: Event) -> String {
    let what = match event {
        Event::Started => "Packet capture running on",
        Event::Ended => "Packet capture ended on",
        Event::HeldBack => "Packet capture held back on",
        Event::Failed if is_about_no_machine(record) => "No packet capture for the alert on",
        Event::Failed if record.sent_at.is_none() => "Packet capture not started on",
        Event::Failed => "Packet capture failed on",
    };
    format!("{what} {}", record.machine.id.name())
}

fn summary(record: &Record, event: Event) -> String {
    let error = || record.error.as_ref().map(ToString::to_string);
    let (what, happened, why) = match event {
        Event::Started => ("A packet capture runs on", "", None),
        Event::HeldBack => {
            let why = record.held_back.as_ref().map(|held_back| held_back.detail.clone());
            ("An alert on", " leads to no packet capture for now", why)
        }
        Event::Failed if is_about_no_machine(record) => ("An alert on", " led to no packet capture", error()),
        Event::Failed => ("The packet capture on", " failed", error()),
        Event::Ended => ("The packet capture on", " ended", ended(record)),
    };
    let colon = if why.is_some() { ": " } else { "" };
    let why = why.unwrap_or_default();
    // Twice the usual length: a failure's code and message are cleaned and cut already.
    clean_up_to(&format!("{what} {}{happened}{colon}{why}", record.machine.id.name()), 1_000)
}

/// The machines of the alert were to be asked for first.
fn is_about_no_machine(record: &Record) -> bool {
    record.machine.kind == MachineKind::Unresolved
}

/// Why it ended, in words and in Azure's word.
fn ended(record: &Record) -> Option<String> {
    let reason = record.stop_reason.as_deref()?;
    Some(match &record.ended_because {
        Some(words) => format!("{words} ({reason})"),
        None => reason.to_owned(),
    })
}

fn advice(record: &Record, event: Event) -> Option<String> {
    let advice = match event {
        Event::Failed => record.error.as_ref().and_then(|error| error.advice.clone()),
        Event::Ended => record.advice.clone(),
        Event::Started | Event::HeldBack => None,
    };
    something(&advice.or_else(|| agent_missing(record))?)
}

fn headlines(record: &Record, event: Event) -> Vec<String> {
    let of_the_end = if event == Event::Ended { record.headlines() } else { Vec::new() };
    of_the_end.iter().filter_map(|words| something(words)).collect()
}

fn notes(record: &Record) -> Vec<String> {
    let earlier = record.notes.len().saturating_sub(MOST_NOTES);
    record.notes.iter().skip(earlier).filter_map(|note| something(note)).collect()
}

fn facts(record: &Record, event: Event) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut add = |name, value: Option<&str>| {
        facts.extend(value.and_then(something).map(|value| (name, value)));
    };
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let is_over = event != Event::Started;
    let place = record.parameters.storage_location.as_ref();
    let on_machine = place.and_then(|place| place.file_path.as_ref().or(place.local_path.as_ref()));
    let mut machine = record.machine.id.name().to_owned();
    if !record.machine.instances.is_all() {
        machine = format!("{machine}, instances {}", record.machine.instances.include.join(", "));
    }
    let until = record.held_back.as_ref().map(|held_back| held_back.until);
    add("Machine", Some(&machine));
    add("Alert rule", record.alert.rule.as_deref());
    add("Severity", record.alert.severity.as_deref());
    add("Rules", Some(&record.rules.join(", ")));
    add("Began", time(record.started_at).as_deref());
    add("Ends at the latest", time(record.expected_end.filter(|_| !is_over)).as_deref());
    add("Ended", time(record.ended_at.filter(|_| is_over)).as_deref());
    add("Held back until", time(until).as_deref());
    add("File", record.storage_path.as_deref());
    add("File on the machine", on_machine.filter(|_| event != Event::HeldBack).map(String::as_str));
    add("Azure's request", record.error.as_ref().and_then(|error| error.request_id.as_deref()));
    add("Target", Some(&record.machine.id.to_string()));
    add("Capture", Some(&record.name));
    add("Session at Azure", record.session.as_ref().map(|exact| exact.name.as_str()));
    facts
}

/// The text made clean; none if nothing is left, which chats refuse.
fn something(text: &str) -> Option<String> {
    Some(clean(text).trim().to_owned()).filter(|text| !text.is_empty())
}

/// A file's address that can be followed: over TLS, to a host, and with nothing secret in it.
fn safe(path: &str) -> Option<Url> {
    let url = Url::parse(path).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (url.scheme() == "https" && url.has_host() && is_plain).then_some(url)
}

#[cfg(test)]
#[path = "message_tests.rs"]
pub(super) mod tests;
