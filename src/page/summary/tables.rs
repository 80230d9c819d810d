//! Who spoke with whom, by what, and how much: the largest of each, with bars.

use maud::{Markup, html};

use super::cells::{Cell, Column, section};
use crate::page::{
    text::{Outside, Span},
    tree::Tree,
};

const PROTOCOLS: [Column; 4] = [
    ("Protocol", Cell::Own(protocol)),
    ("Packets", Cell::Number("packets")),
    ("Bytes", Cell::Bytes("bytes")),
    ("Of all bytes", Cell::Share(&["bytes"])),
];
const CONVERSATIONS: [Column; 6] = [
    ("Client → server", Cell::Own(ends)),
    ("Client sent", Cell::Bytes("bytesOut")),
    ("Server sent", Cell::Bytes("bytesIn")),
    ("Lasted", Cell::Own(lasted)),
    ("Sent again", Cell::Own(sent_again)),
    ("Of all bytes", Cell::Share(&["bytesOut", "bytesIn"])),
];
const TALKERS: [Column; 6] = [
    ("Address", Cell::Text("address")),
    ("Sent", Cell::Bytes("bytesSent")),
    ("Packets", Cell::Number("packetsSent")),
    ("Received", Cell::Bytes("bytesReceived")),
    ("Packets", Cell::Number("packetsReceived")),
    ("In all bytes", Cell::Share(&["bytesSent", "bytesReceived"])),
];
const PORTS: [Column; 6] = [
    ("Port", Cell::Own(|row| html! { (row.number("port")) })),
    ("Protocol", Cell::Text("protocol")),
    ("Conversations", Cell::Number("conversations")),
    ("Packets", Cell::Number("packets")),
    ("Bytes", Cell::Bytes("bytes")),
    ("Of all bytes", Cell::Share(&["bytes"])),
];
const ATTEMPTS: [Column; 6] = [
    ("Client", Cell::Text("client")),
    ("Server", Cell::Text("server")),
    ("Attempts", Cell::Number("attempts")),
    ("Not answered", Cell::Number("unanswered")),
    ("Refused", Cell::Number("refused")),
    ("Ports", Cell::Number("ports")),
];

pub(super) fn tables(summary: Tree<'_>) -> Markup {
    let all_bytes = summary.at("file").number("wireBytes");
    let top = |title, name, columns: &[Column]| {
        let top = summary.at(name);
        section(title, top.number("count"), top.list("largest"), columns, all_bytes)
    };
    html! {
        (section("Protocols", 0, summary.list("protocols"), &PROTOCOLS, all_bytes))
        (top("Conversations", "conversations", &CONVERSATIONS))
        (top("Addresses", "talkers", &TALKERS))
        (top("Servers' ports", "ports", &PORTS))
        (top("Who tried to connect", "attempts", &ATTEMPTS))
    }
}

/// The last of its path, as far to the right as the path is long.
fn protocol(row: Tree<'_>) -> Markup {
    let path = row.text("path").unwrap_or_default();
    let depth = path.split(':').count().saturating_sub(1).min(9);
    // Spaces that are not joined.
    html! { ("\u{a0}\u{a0}\u{a0}".repeat(depth)) (Outside(path.rsplit(':').next().unwrap_or_default())) }
}

fn ends(row: Tree<'_>) -> Markup {
    html! {
        (end(row.at("client"))) " → " wbr; (end(row.at("server"))) " "
        span.rule { (Outside(row.text("protocol").unwrap_or_default())) }
        @if let Some(name) = row.text("serverName") { br; (Outside(name)) }
    }
}

fn end(of: Tree<'_>) -> Markup {
    let address = of.text("address").unwrap_or_default();
    let port = of.at("port").0.as_u64();
    // An IPv6 address has colons of its own.
    let is_parted = port.is_some() && address.contains(':');
    html! {
        @if is_parted { "[" } (Outside(address)) @if is_parted { "]" }
        @if let Some(port) = port { ":" (port) }
    }
}

fn lasted(row: Tree<'_>) -> Markup {
    html! { (Span(row.number("lastAt").saturating_sub(row.number("firstAt")))) }
}

fn sent_again(row: Tree<'_>) -> Markup {
    let tcp = row.at("tcp");
    if tcp.is_nothing() {
        html! { "–" }
    } else {
        Cell::Part("retransmissions", "segments").show(tcp, 0)
    }
}
