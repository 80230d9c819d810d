//! What a capture file showed, or why that is not known (yet). Drawn from `wire::Summary` as it is kept.

mod cells;
mod parts;
mod tables;
mod timeline;

use maud::{Markup, html};
use serde_json::Value;

use super::{
    text::{Bytes, Count, Grouped, Outside},
    tree::Tree,
};
use crate::capture::{Record, State};

/// What the file with this number showed, with a way to the others.
#[must_use]
pub fn of_file(record: &Record, files: &[Tree<'_>], number: usize, summary: Option<&Value>) -> Markup {
    let file = files.get(number).copied();
    html! {
        @if files.len() > 1 {
            nav.files aria-label="Files" {
                @for (at, file) in files.iter().enumerate() {
                    a href={ "/captures/" (record.name) "?file=" (at) } aria-current=[(at == number).then_some("page")] {
                        @match file.text("name") { Some(name) => (Outside(name)), None => { "File " (at.saturating_add(1)) } }
                    }
                }
            }
        }
        @match (summary, file) {
            (Some(summary), _) => (drawn(Tree(summary), file)),
            (None, Some(file)) => (not_drawn(file)),
            (None, None) => (no_file(record)),
        }
    }
}

fn no_file(record: &Record) -> Markup {
    html! {
        @if record.state < State::Ended {
            section.pending { h2 { "What was on the wire" } p { "The file comes when the capture has ended. What it shows stands here then." } }
        } @else if record.sent_at.is_some() && record.error.is_none() {
            section.pending { h2 { "What was on the wire" } p { "No file in storage is known of this capture." } }
        }
    }
}

fn not_drawn(file: Tree<'_>) -> Markup {
    let error = file.at("error");
    let read = file.number("bytesRead");
    html! {
        section.pending {
            h2 { "What was on the wire" }
            @match file.text("summary") {
                Some("waiting") => p { "Azure has not put the file into storage yet. alertcap looks again by itself." },
                Some("reading") => p {
                    "The file is being read" @if read > 0 { ": " (Bytes(read)) @if file.number("size") > 0 { " of " (Bytes(file.number("size"))) } } "."
                    @if read > 0 && file.number("size") > 0 { " " progress max=(file.number("size")) value=(read) aria-label="Read" {} }
                },
                Some("off") => p { "Summaries are switched off by the variable " code { "summary" } ". The file can be downloaded." },
                Some("declined") => p { "The file is of a kind that is not read here. It can be downloaded." },
                Some("failed") => p { "The file could not be read." },
                _ => p { "There is no summary of this file." },
            }
            @if let Some(message) = error.text("message") { p { (Outside(message)) } }
            @if let Some(advice) = error.text("advice") { p { strong { "What to do: " } (Outside(advice)) } }
            @for line in file.list("headlines") { @if let Some(line) = line.0.as_str() { p { (Outside(line)) } } }
        }
    }
}

fn drawn(summary: Tree<'_>, file: Option<Tree<'_>>) -> Markup {
    let reading = summary.at("reading");
    let is_estimate = summary.at("exactness").is("isEstimate");
    html! {
        section.findings {
            h2 { "What stands out" }
            @match reading.text("outcome") {
                Some("partial") => p.warning { "Only the first " (Bytes(reading.number("at"))) " of the file could be read: " (Outside(reading.text("why").unwrap_or_default())) },
                Some("declined") => p.warning { (Outside(reading.text("why").unwrap_or_default())) },
                _ => {},
            }
            (findings(summary, file))
        }
        @if reading.text("outcome") != Some("declined") {
            (timeline::timeline(summary))
            @if is_estimate {
                p.warning {
                    "More conversations than the " (Grouped(summary.at("exactness").number("limit")))
                    " that are followed at once: the tables below are estimates; "
                    (Count(summary.at("exactness").number("unattributedPackets"), "packet")) " are in none of them."
                }
            }
            (tables::tables(summary))
            (parts::parts(summary))
            section {
                h2 { "The capture file" }
                (cells::facts(summary.at("file"), &parts::FILE))
                @if let Some(machine) = summary.text("machine") {
                    p.hint { "In and out are as seen by " code { (Outside(machine)) } ", the address in most packets." }
                }
            }
        }
    }
}

fn findings(summary: Tree<'_>, file: Option<Tree<'_>>) -> Markup {
    let findings = summary.list("findings");
    html! {
        @if findings.clone().next().is_some() {
            ul {
                @for finding in findings {
                    li {
                        (Outside(finding.text("sentence").unwrap_or_default()))
                        " " span.rule { (Outside(finding.text("rule").unwrap_or_default())) }
                        @if finding.is("explainsAlert") { " " span.explains { "what the alert measures" } }
                    }
                }
            }
        } @else {
            @for line in file.map(|file| file.list("headlines")).into_iter().flatten() {
                @if let Some(line) = line.0.as_str() { p { (Outside(line)) } }
            }
            p { "No rule found anything out of the ordinary." }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
