//! The captures, newest first.

use maud::{Markup, html};

use super::{
    session::Session,
    shell::{Frame, page},
    standing::{Standing, why},
    text::{Outside, Time, left},
};
use crate::{
    capture::{Record, State},
    time::Timestamp,
};

/// How often the script looks, in seconds.
const EVERY: u32 = 5;

/// What a page of the list shows.
pub struct View<'a> {
    /// The captures, and the names of those that cannot be read.
    pub captures: Vec<Result<Record, String>>,
    /// Whether older ones were asked for.
    pub is_older: bool,
    /// Behind which name the next page begins; none if this is the last.
    pub next: Option<String>,
    /// Who has signed in.
    pub session: &'a Session,
    /// What was just done.
    pub notice: Option<&'static str>,
    /// The present moment.
    pub now: Timestamp,
}

/// The page.
#[must_use]
pub fn list(view: &View<'_>) -> String {
    let main = html! {
        h1 { "Captures" }
        @if view.captures.is_empty() {
            (empty(view.is_older))
        } @else {
            ol.captures {
                @for capture in &view.captures {
                    @match capture {
                        Ok(record) => (one(record, view.now)),
                        Err(name) => li id={ "c-" (name) } {
                            p.where { span.badge.bad { "Unreadable" } }
                            div.what {
                                h2 { (Outside(name)) }
                                p.why { "Its record cannot be read; the host's log says why. The others are not affected." }
                            }
                        },
                    }
                }
            }
        }
        nav.pages aria-label="Pages" {
            @if view.is_older { a.button href="/" { "Newest" } }
            @if let Some(next) = &view.next { a.button href={ "/?after=" (next) } rel="next" { "Older" } }
        }
    };
    page(Frame { title: "Captures", session: Some(view.session), notice: view.notice, every: EVERY }, &main)
}

fn one(record: &Record, now: Timestamp) -> Markup {
    let alert = &record.alert;
    let standing = Standing::of(record);
    let end = record.expected_end.filter(|_| record.state < State::Ended);
    let headline = record.headlines().into_iter().next();
    html! {
        li id={ "c-" (record.name) } data-standing=(standing.word()) {
            p.where {
                (standing.badge())
                @if let Some(end) = end { (left(end, now)) }
            }
            div.what {
                h2 { a href={ "/captures/" (record.name) } { (Outside(record.machine.id.name())) } }
                p.alert {
                    @if let Some(severity) = &alert.severity { span.severity { (Outside(severity)) } " " }
                    @match &alert.rule { Some(rule) => (Outside(rule)), None => "an alert without a name" }
                }
                @if let Some(headline) = &headline { p.headline { (Outside(headline)) } }
                @if let Some(why) = why(record) { p.why { (Outside(&why)) } }
            }
            p.when { (Time(alert.fired_at.unwrap_or(record.accepted_at))) }
        }
    }
}

fn empty(is_older: bool) -> Markup {
    html! {
        div.empty {
            @if is_older {
                p { "There are no older captures." }
            } @else {
                p { strong { "No alert has led to a capture yet." } }
                p { "The next one shows here by itself. To see what an alert would lead to without capturing anything, send one to" }
                pre { code { "POST /api/alerts?dry_run=true" } }
                p { "How to set up an action group that sends alerts here stands in " code { "docs/azure.md" }
                    ", and " a href="/readyz" { "/readyz" } " names what is not set up yet." }
            }
        }
    }
}
