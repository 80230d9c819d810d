//! What single protocols have to tell: how TCP fared, who tried to connect, names, errors. Only where there is something.

use maud::{Markup, html};

use super::tables::{section, table};
use crate::page::{
    text::{count, grouped, nanoseconds, outside, percent},
    tree::Tree,
};

pub(super) fn parts(summary: Tree<'_>) -> Markup {
    html! {
        (tcp(summary.at("tcp")))
        (attempts(summary.at("attempts")))
        (dns(summary.at("dns")))
        (tls(summary.at("tls")))
        (icmp(summary.at("icmp")))
        @if summary.at("fragments").number("packets") > 0 {
            section {
                h2 { "Fragments" }
                p { (count(summary.at("fragments").number("packets"), "packet")) " are fragments, of " (count(summary.at("fragments").number("datagrams"), "datagram")) "." }
            }
        }
    }
}

/// What is counted, in words, and what it means. The field's names are Wireshark's.
pub(super) const TCP: [(&str, &str, &str); 15] = [
    ("attempts", "Connections begun", "a SYN was seen"),
    ("handshakes", "Connections made", "the whole handshake was seen"),
    ("unanswered", "Not answered", "nobody answered the SYN: filtered, or nobody there"),
    ("refused", "Refused", "answered with a reset: nothing listens there"),
    ("resets", "Resets", "one side broke off"),
    ("retransmissions", "Sent again", "segments were lost, or late"),
    ("fastRetransmissions", "… at once", "the other side had asked for them"),
    ("spuriousRetransmissions", "… in vain", "they had arrived already"),
    ("outOfOrder", "Out of order", "they overtook one another on the way"),
    ("lostSegments", "Not in the file", "earlier segments were not captured"),
    ("ackLostSegments", "Acknowledged, not in the file", "they arrived, but were not captured"),
    ("duplicateAcks", "Asked for again", "acknowledgements that repeat the last one"),
    ("zeroWindows", "No room", "a receiver could take nothing more: its program is slow"),
    ("fullWindows", "Room filled", "a sender had to wait for the receiver"),
    ("keepAlives", "Keep-alives", "connections without traffic, kept open"),
];

fn tcp(tcp: Tree<'_>) -> Markup {
    let segments = tcp.number("segments");
    html! {
        @if segments > 0 {
            section {
                h2 { "How TCP fared" }
                dl.facts.words {
                    div { dt { "Segments" } dd { (grouped(segments)) ", " (grouped(tcp.number("dataSegments"))) " of them with data" } }
                    @for (name, word, meaning) in TCP {
                        @if tcp.number(name) > 0 {
                            div {
                                dt { (word) }
                                dd {
                                    (grouped(tcp.number(name)))
                                    @if name == "retransmissions" { " (" (percent(tcp.number(name), segments)) ")" }
                                    " " span.hint { (meaning) }
                                }
                            }
                        }
                    }
                    (spread("Round trip", tcp.at("roundTrip")))
                }
            }
        }
    }
}

fn spread(name: &str, of: Tree<'_>) -> Markup {
    html! {
        @if of.number("count") > 0 {
            div {
                dt { (name) }
                dd {
                    (nanoseconds(of.number("median"))) " " span.hint { "in the middle; " (nanoseconds(of.number("shortest"))) " to " (nanoseconds(of.number("longest"))) }
                }
            }
        }
    }
}

fn attempts(top: Tree<'_>) -> Markup {
    let rows = top.list("largest");
    let shown = rows.clone().count();
    let rows = html! {
        @for row in rows {
            tr {
                th scope="row" { (outside(row.text("client").unwrap_or_default())) " → " wbr; (outside(row.text("server").unwrap_or_default())) }
                td { (grouped(row.number("attempts"))) } td { (grouped(row.number("unanswered"))) }
                td { (grouped(row.number("refused"))) } td { (grouped(row.number("ports"))) }
            }
        }
    };
    section(
        "Who tried to connect",
        top.number("count"),
        shown,
        &["Client → server", "Attempts", "Not answered", "Refused", "Ports"],
        &rows,
    )
}

/// Names and how often; with the code of each, where they have one.
fn names(title: &str, top: Tree<'_>, columns: &[&str]) -> Markup {
    let rows = top.list("largest");
    let shown = rows.clone().count();
    let rows = html! {
        @for row in rows {
            tr {
                th scope="row" { (outside(row.text("name").unwrap_or_default())) }
                @if let Some(code) = row.text("code") { td { (outside(code)) } }
                td { (grouped(row.number("count"))) }
            }
        }
    };
    html! {
        @if shown > 0 {
            h3 { (title) }
            (table(title, top.number("count"), shown, columns, &rows))
        }
    }
}

fn dns(dns: Tree<'_>) -> Markup {
    html! {
        @if dns.number("queries") > 0 || dns.number("responses") > 0 {
            section {
                h2 { "DNS" }
                dl.facts {
                    div { dt { "Questions" } dd { (grouped(dns.number("queries"))) } }
                    div { dt { "Answers" } dd { (grouped(dns.number("responses"))) } }
                    @if dns.number("unanswered") > 0 { div { dt { "Not answered" } dd { (grouped(dns.number("unanswered"))) } } }
                    @if dns.number("failed") > 0 { div { dt { "Failed" } dd { (grouped(dns.number("failed"))) } } }
                    (spread("Time to answer", dns.at("responseTime")))
                }
                (names("Names that could not be resolved", dns.at("failures"), &["Name", "Code", "Times"]))
                (names("Names that were asked for", dns.at("names"), &["Name", "Times"]))
            }
        }
    }
}

fn tls(tls: Tree<'_>) -> Markup {
    html! {
        @if tls.number("clientHellos") > 0 || tls.number("serverHellos") > 0 {
            section {
                h2 { "TLS" }
                dl.facts {
                    div { dt { "Clients' hellos" } dd { (grouped(tls.number("clientHellos"))) @if tls.number("withoutName") > 0 { ", " (grouped(tls.number("withoutName"))) " without a server's name" } } }
                    div { dt { "Servers' hellos" } dd { (grouped(tls.number("serverHellos"))) } }
                    @if tls.number("alerts") > 0 { div { dt { "Alerts" } dd { (grouped(tls.number("alerts"))) } } }
                }
                (names("Servers that were named", tls.at("serverNames"), &["Name", "Times"]))
            }
        }
    }
}

fn icmp(icmp: Tree<'_>) -> Markup {
    html! {
        @if icmp.number("echoRequests") > 0 || icmp.number("echoReplies") > 0 || icmp.number("errors") > 0 {
            section {
                h2 { "ICMP" }
                dl.facts {
                    div { dt { "Echo requests" } dd { (grouped(icmp.number("echoRequests"))) } }
                    div { dt { "Echo replies" } dd { (grouped(icmp.number("echoReplies"))) } }
                    div { dt { "Errors" } dd { (grouped(icmp.number("errors"))) } }
                }
                (names("Kinds of errors", icmp.at("kinds"), &["Kind", "Times"]))
            }
        }
    }
}
