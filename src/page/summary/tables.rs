//! Who spoke with whom, by what, and how much: the largest of each, with bars.

use maud::{Markup, html};

use crate::page::{
    text::{bytes, count, grouped, nanoseconds, outside, percent, share},
    tree::{List, Tree},
};

pub(super) fn tables(summary: Tree<'_>) -> Markup {
    let all_bytes = summary.at("file").number("wireBytes");
    html! {
        (protocols(summary.list("protocols"), all_bytes))
        (conversations(summary.at("conversations"), all_bytes))
        (talkers(summary.at("talkers"), all_bytes))
        (ports(summary.at("ports"), all_bytes))
    }
}

/// A table in a section of its own, if it has rows.
pub(super) fn section(title: &str, of: u64, shown: usize, columns: &[&str], rows: &Markup) -> Markup {
    html! {
        @if shown > 0 {
            section {
                h2 { (title) }
                (table(title, of, shown, columns, rows))
            }
        }
    }
}

/// What `rows` writes, under these columns; it can be scrolled by itself where the page is narrow.
pub(super) fn table(title: &str, of: u64, shown: usize, columns: &[&str], rows: &Markup) -> Markup {
    let is_all = u64::try_from(shown).unwrap_or_default() >= of;
    html! {
        div.scroll tabindex="0" role="region" aria-label=(title) {
            table {
                caption.away[is_all] { @if is_all { (title) } @else { "The largest " (shown) " of " (grouped(of)) } }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// A share of the whole as a bar; the number stands beside it.
pub(super) fn bar(part: u64, whole: u64) -> Markup {
    html! {
        td.bar {
            svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" { rect width=(share(part, whole, 100).max(u64::from(part > 0))) height="8" {} }
            (percent(part, whole))
        }
    }
}

fn protocols(rows: List<'_>, all_bytes: u64) -> Markup {
    let shown = rows.clone().count();
    let rows = html! {
        @for row in rows {
            @let path = row.text("path").unwrap_or_default();
            @let depth = path.split(':').count().saturating_sub(1).min(9);
            tr {
                // Spaces that are not joined.
                th scope="row" { ("\u{a0}\u{a0}\u{a0}".repeat(depth)) (outside(path.rsplit(':').next().unwrap_or_default())) }
                td { (grouped(row.number("packets"))) }
                td { (bytes(row.number("bytes"))) }
                (bar(row.number("bytes"), all_bytes))
            }
        }
    };
    section("Protocols", 0, shown, &["Protocol", "Packets", "Bytes", "Of all bytes"], &rows)
}

fn endpoint(of: Tree<'_>) -> Markup {
    let address = of.text("address").unwrap_or_default();
    let port = of.at("port").0.as_u64();
    html! {
        // An IPv6 address has colons of its own.
        @if port.is_some() && address.contains(':') { "[" (outside(address)) "]" } @else { (outside(address)) }
        @if let Some(port) = port { ":" (port) }
    }
}

fn conversations(top: Tree<'_>, all_bytes: u64) -> Markup {
    let rows = top.list("largest");
    let shown = rows.clone().count();
    let rows = html! {
        @for row in rows {
            @let sent = row.number("bytesOut").saturating_add(row.number("bytesIn"));
            @let tcp = row.at("tcp");
            tr {
                th scope="row" {
                    (endpoint(row.at("client"))) " → " wbr; (endpoint(row.at("server"))) " "
                    span.rule { (outside(row.text("protocol").unwrap_or_default())) }
                    @if let Some(name) = row.text("serverName") { br; (outside(name)) }
                }
                td { (bytes(row.number("bytesOut"))) }
                td { (bytes(row.number("bytesIn"))) }
                td { (nanoseconds(row.number("lastAt").saturating_sub(row.number("firstAt")))) }
                td {
                    @if tcp.number("retransmissions") > 0 { (grouped(tcp.number("retransmissions"))) " (" (percent(tcp.number("retransmissions"), tcp.number("segments"))) ")" }
                    @else if tcp.is_nothing() { "–" } @else { "0" }
                }
                (bar(sent, all_bytes))
            }
        }
    };
    let columns = ["Client → server", "Client sent", "Server sent", "Lasted", "Sent again", "Of all bytes"];
    section("Conversations", top.number("count"), shown, &columns, &rows)
}

fn talkers(top: Tree<'_>, all_bytes: u64) -> Markup {
    let rows = top.list("largest");
    let shown = rows.clone().count();
    let rows = html! {
        @for row in rows {
            tr {
                th scope="row" { (outside(row.text("address").unwrap_or_default())) }
                td { (bytes(row.number("bytesSent"))) " in " (count(row.number("packetsSent"), "packet")) }
                td { (bytes(row.number("bytesReceived"))) " in " (count(row.number("packetsReceived"), "packet")) }
                (bar(row.number("bytesSent").saturating_add(row.number("bytesReceived")), all_bytes))
            }
        }
    };
    section("Addresses", top.number("count"), shown, &["Address", "Sent", "Received", "In all bytes"], &rows)
}

fn ports(top: Tree<'_>, all_bytes: u64) -> Markup {
    let rows = top.list("largest");
    let shown = rows.clone().count();
    let rows = html! {
        @for row in rows {
            tr {
                th scope="row" { (row.number("port")) " " span.rule { (outside(row.text("protocol").unwrap_or_default())) } }
                td { (grouped(row.number("conversations"))) }
                td { (grouped(row.number("packets"))) }
                td { (bytes(row.number("bytes"))) }
                (bar(row.number("bytes"), all_bytes))
            }
        }
    };
    let columns = ["Port", "Conversations", "Packets", "Bytes", "Of all bytes"];
    section("Servers' ports", top.number("count"), shown, &columns, &rows)
}
