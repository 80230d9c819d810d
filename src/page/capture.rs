//! One capture: where it stands, what was on its wire, and how it came to that.

use maud::{Markup, html};
use serde_json::Value;

use super::{
    session::Session,
    shell::{Frame, page, token},
    standing::{Standing, can_be_deleted, can_be_stopped, why},
    summary,
    text::{Bytes, Count, Lasting, Outside, Time, left},
    tree::{Tree, all},
};
use crate::{
    capture::{Record, State},
    report::{Report, message::agent_missing},
    time::Timestamp,
    view::files::{CaptureFile, Progress},
};

/// How often the script looks while something goes on, in seconds.
const EVERY: u32 = 4;

/// What the page shows.
pub struct View<'a> {
    /// The record.
    pub record: &'a Record,
    /// The same as people see it.
    pub shown: &'a Value,
    /// Which of its files, counted from 0.
    pub file: usize,
    /// What that file showed, as kept.
    pub summary: Option<&'a Value>,
    /// Whether files are read at all.
    pub are_read: bool,
    /// Who has signed in.
    pub session: &'a Session,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// The present moment.
    pub now: Timestamp,
}

/// The page.
#[must_use]
pub fn capture(view: &View<'_>) -> String {
    let record = view.record;
    let shown = Tree(view.shown);
    let is_settled = record.state == State::Reported && record.to_read.is_none();
    let main = html! {
        p.trail { a href="/" { "Captures" } }
        (head(view))
        (actions(view))
        div.columns {
            div.wide {
                (outcome(record))
                (summary::of_file(record, view.file, view.summary, view.are_read))
                @if view.summary.is_none() { (history(record)) }
            }
            div.narrow {
                (file_list(record))
                @if view.summary.is_some() { (history(record)) }
                (times(record))
                (reports(record))
                section { h2 { "Alert" } (all(shown.at("alert").0)) }
                (parameters(record, shown))
            }
        }
    };
    let every = if is_settled { 0 } else { EVERY };
    page(
        Frame { title: record.machine.id.name(), session: Some(view.session), notice: view.notice, every },
        &main,
    )
}

fn head(view: &View<'_>) -> Markup {
    let (record, alert) = (view.record, &view.record.alert);
    let standing = Standing::of(record);
    let end = record.expected_end.filter(|_| record.state < State::Ended);
    html! {
        div.head data-standing=(standing.word()) id={ "c-" (record.name) } {
            h1 { (Outside(record.machine.id.name())) }
            p.where { (standing.badge()) @if let Some(end) = end { (left(end, view.now)) } }
            p.alert {
                @if let Some(severity) = &alert.severity { span.severity { (Outside(severity)) } " " }
                @match &alert.rule { Some(rule) => (Outside(rule)), None => "an alert without a name" }
                " · " (Time(alert.fired_at.unwrap_or(record.accepted_at)))
            }
        }
    }
}

fn actions(view: &View<'_>) -> Markup {
    let name = &view.record.name;
    html! {
        div.actions {
            @if can_be_downloaded(view.record, view.file) {
                a.button.main href={ "/api/captures/" (name) "/file?file=" (view.file) } download { "Download" }
            }
            @if can_be_stopped(view.record) {
                form method="post" action={ "/captures/" (name) "/stop" } { (token(view.session)) button.button { "Stop" } }
            }
            @if can_be_deleted(view.record) {
                details.confirm {
                    summary.button { "Delete the session …" }
                    form method="post" action={ "/captures/" (name) "/delete" } {
                        (token(view.session))
                        p { "Azure forgets the session, which makes room for another. The file stays, and so does this page." }
                        button.button.danger { "Delete the session" }
                    }
                }
            }
        }
    }
}

/// Why it ended, or did not begin, and what to do.
fn outcome(record: &Record) -> Markup {
    let error = record.error.as_ref();
    let advice = error.and_then(|error| error.advice.clone()).or_else(|| record.advice.clone());
    let advice = advice.or_else(|| agent_missing(record));
    let last = record.last_failure.as_ref().filter(|_| error.is_none() && record.state < State::Ended);
    let why = why(record);
    html! {
        @if why.is_some() || advice.is_some() || last.is_some() || !record.led_to.is_empty() || !record.left_out.is_empty() {
            section.outcome.bad[error.is_some()] {
                h2 { @if error.is_some() { "What went wrong" } @else if record.state >= State::Ended { "Why it ended" } @else { "To know" } }
                @if let Some(why) = &why { p { (Outside(why)) } }
                @if let Some(last) = last { p { "The present step has failed and is tried again: " (Outside(&last.to_string())) } }
                @if let Some(advice) = &advice { p { strong { "What to do: " } (Outside(advice)) } }
                @if let Some(id) = error.and_then(|error| error.request_id.as_ref()) { p.hint { "Azure's request " code { (Outside(id)) } } }
                @if !record.led_to.is_empty() {
                    ul { @for name in &record.led_to { li { a href={ "/captures/" (name) } { (Outside(name)) } } } }
                }
                @if !record.left_out.is_empty() {
                    p { "Left out:" }
                    ul { @for left in &record.left_out { li { (Outside(&left.target)) ": " (Outside(&left.detail)) } } }
                }
            }
        }
        @if !record.notes.is_empty() {
            section { h2 { "Notes" } ul { @for note in &record.notes { li { (Outside(note)) } } } }
        }
    }
}

/// Whether the button leads to a file: what nobody has looked for yet is looked for then.
fn can_be_downloaded(record: &Record, number: usize) -> bool {
    match record.files.get(number) {
        Some(file) => is_there(file),
        None => record.files.is_empty() && record.state >= State::Ended && record.storage_path.is_some(),
    }
}

/// Whether Azure has put it into storage, as far as is known.
fn is_there(file: &CaptureFile) -> bool {
    file.size.is_some() || file.summary != Progress::Waiting
}

fn file_list(record: &Record) -> Markup {
    let files = &record.files;
    let place = record.parameters.storage_location.as_ref();
    let on_machine = place.and_then(|place| place.file_path.as_ref().or(place.local_path.as_ref()));
    html! {
        @if !files.is_empty() || on_machine.is_some() || record.storage_path.is_some() {
            section {
                h2 { @if files.len() == 1 { "File" } @else { "Files" } }
                @for (number, file) in files.iter().enumerate() {
                    p.file {
                        @if is_there(file) {
                            a href={ "/api/captures/" (record.name) "/file?file=" (number) } download { "Download " (Outside(file.name())) }
                        } @else { (Outside(file.name())) ", not uploaded yet" }
                        @if let Some(size) = file.size { " · " (Bytes(size)) }
                        @if file.packets > 0 { " · " (Count(file.packets, "packet")) }
                    }
                }
                @if files.is_empty() && let Some(path) = &record.storage_path { p.file { code { (Outside(path)) } } }
                @if let Some(path) = on_machine { p { "On the machine: " code { (Outside(path)) } } }
                @if !files.is_empty() {
                    p.hint { "To look into it: " code { "wireshark FILE" } ", or File › Open in Wireshark; " code { "tshark -r FILE" } " in a terminal." }
                }
            }
        }
    }
}

fn history(record: &Record) -> Markup {
    html! {
        section {
            h2 { "History" }
            ol.history {
                @for step in &record.history {
                    li { span.step { (step.state.word()) } " " (Time(step.at)) p { (Outside(&step.note)) } }
                }
            }
        }
    }
}

fn times(record: &Record) -> Markup {
    let times = [
        ("Alert fired", record.alert.fired_at),
        ("Written down", Some(record.accepted_at)),
        ("Azure took it", record.sent_at),
        ("Began", record.started_at),
        ("Ends at the latest", record.expected_end.filter(|_| record.state < State::Ended)),
        ("Ended", record.ended_at),
    ];
    let took = record.started_at.zip(record.ended_at).map(|(began, ended)| Lasting(ended.since(began)));
    html! {
        section {
            h2 { "Times" }
            dl.facts {
                @for (name, at) in times { @if let Some(at) = at { div { dt { (name) } dd { (Time(at)) } } } }
                @if let Some(took) = took { div { dt { "Captured for" } dd { (took) } } }
            }
        }
    }
}

fn reports(record: &Record) -> Markup {
    html! {
        @if !record.reports.is_empty() {
            section {
                h2 { "Who was told" }
                table {
                    caption.away { "Reports to people" }
                    thead { tr { th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "How far" } } }
                    tbody { @for report in &record.reports { tr { td { (report.to.name()) } td { (report.event.word()) } td { (progress(report)) } } } }
                }
            }
        }
    }
}

fn progress(report: &Report) -> Markup {
    html! {
        @if let Some(at) = report.delivered_at { "told " (Time(at)) }
        @else if report.superseded { "not needed any more" }
        @else if report.dead_lettered_at.is_some() { "given up" }
        @else { "not told yet" }
        @if let Some(error) = &report.error { ": " (Outside(error)) }
    }
}

/// The members of the public record that say what was asked for.
const ASKED_FOR: [&str; 9] = [
    "timeLimitInSeconds",
    "totalBytesPerSession",
    "bytesToCapturePerPacket",
    "continuousCapture",
    "captureSettings",
    "filters",
    "storageLocation",
    "scope",
    "stopOnResolve",
];

fn parameters(record: &Record, shown: Tree<'_>) -> Markup {
    let asked_for: serde_json::Map<String, Value> = ASKED_FOR
        .iter()
        .filter(|name| !shown.at(name).is_nothing())
        .map(|name| ((*name).to_owned(), shown.at(name).0.clone()))
        .collect();
    html! {
        section {
            h2 { "Capture" }
            dl.facts {
                div { dt { "Name" } dd { code { (Outside(&record.name)) } } }
                @if record.session_name() != record.name { div { dt { "Session at Azure" } dd { code { (Outside(record.session_name())) } } } }
                div { dt { "Machine" } dd { code { (Outside(&record.machine.id.to_string())) } } }
                @if let Some(location) = &record.location { div { dt { "Region" } dd { (Outside(location)) } } }
                @if !record.rules.is_empty() { div { dt { "Rules" } dd { (Outside(&record.rules.join(", "))) } } }
                div { dt { "Requests to Azure" } dd { (record.calls) } }
            }
            (all(&Value::Object(asked_for)))
        }
    }
}
