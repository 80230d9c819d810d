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
use crate::{
    capture::{Record, State, record::Outcome},
    view::files::{CaptureFile, Progress},
};

/// What the file with this number showed, with a way to the others.
#[must_use]
pub fn of_file(record: &Record, number: usize, summary: Option<&Value>, are_read: bool) -> Markup {
    let file = record.files.get(number);
    html! {
        @if record.files.len() > 1 {
            nav.files aria-label="Files" {
                @for (at, file) in record.files.iter().enumerate() {
                    a href={ "/captures/" (record.name) "?file=" (at) } aria-current=[(at == number).then_some("page")] { (Outside(file.name())) }
                }
            }
        }
        @match (summary, file) {
            (Some(summary), Some(file)) => (drawn(Tree(summary), &file.headlines)),
            _ => section.pending { h2 { "What was on the wire" } (not_drawn(record, file, are_read)) },
        }
    }
}

fn not_drawn(record: &Record, file: Option<&CaptureFile>, are_read: bool) -> Markup {
    let Some(file) = file else {
        let words = match record.outcome() {
            _ if record.state < State::Ended => {
                "The file comes when the capture has ended. What it shows stands here then."
            }
            Outcome::Captured if record.to_read.is_some() => {
                "Azure has not put the file into storage yet. alertcap looks again by itself."
            }
            Outcome::Captured if !are_read => "Files are not read: the variable summary is off.",
            Outcome::Captured => "It left no file in a storage account.",
            _ => "Nothing was captured.",
        };
        return html! { p { (words) } };
    };
    html! {
        @match file.summary {
            Progress::Waiting => p { "Azure has not put the file into storage yet. alertcap looks again by itself." },
            Progress::Reading => p {
                "The file is being read: " (Bytes(file.read))
                @if let Some(size) = file.size { " of " (Bytes(size)) ". " progress max=(size) value=(file.read) aria-label="Read" {} }
            },
            Progress::Done => p { "What it showed is no longer kept." },
            Progress::Failed => p { "The file could not be read." },
        }
        @if let Some(error) = &file.error {
            p { (Outside(&error.to_string())) }
            @if let Some(advice) = &error.advice { p { strong { "What to do: " } (Outside(advice)) } }
        }
    }
}

fn drawn(summary: Tree<'_>, headlines: &[String]) -> Markup {
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
            (findings(summary, headlines))
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

fn findings(summary: Tree<'_>, headlines: &[String]) -> Markup {
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
            @for line in headlines { p { (Outside(line)) } }
            p { "No rule found anything out of the ordinary." }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
