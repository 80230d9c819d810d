//! What single protocols have to tell: how TCP fared, names, errors. Only where there is something.

use maud::{Markup, html};

use super::cells::{Cell, Column, Fact, facts, part};
use crate::page::{
    text::{Bytes, Count, Grouped, Outside},
    tree::Tree,
};

/// What is counted, in words, and what it means. The members' names are Wireshark's.
pub(super) const TCP: [Fact; 18] = [
    ("Segments", Cell::Number("segments"), ""),
    ("With data", Cell::Part("dataSegments", "segments"), ""),
    ("Connections begun", Cell::Number("attempts"), "a SYN was seen"),
    ("Connections made", Cell::Number("handshakes"), "the whole handshake was seen"),
    ("Not answered", Cell::Number("unanswered"), "nobody answered the SYN: filtered, or nobody there"),
    ("Refused", Cell::Number("refused"), "answered with a reset: nothing listens there"),
    ("Resets", Cell::Number("resets"), "one side broke off"),
    ("Sent again", Cell::Part("retransmissions", "segments"), "segments were lost, or late"),
    ("… at once", Cell::Number("fastRetransmissions"), "the other side had asked for them"),
    ("… in vain", Cell::Number("spuriousRetransmissions"), "they had arrived already"),
    ("Out of order", Cell::Number("outOfOrder"), "they overtook one another on the way"),
    ("Not in the file", Cell::Number("lostSegments"), "earlier segments were not captured"),
    ("Acknowledged only", Cell::Number("ackLostSegments"), "they arrived, but were not captured"),
    ("Asked for again", Cell::Number("duplicateAcks"), "acknowledgements that repeat the last one"),
    ("No room", Cell::Number("zeroWindows"), "a receiver could take nothing more: its program is slow"),
    ("Room filled", Cell::Number("fullWindows"), "a sender had to wait for the receiver"),
    ("Keep-alives", Cell::Number("keepAlives"), "connections without traffic, kept open"),
    ("Round trip", Cell::Spread("roundTrip"), ""),
];
/// The file itself, as `capinfos` tells it.
pub(super) const FILE: [Fact; 10] = [
    ("Format", Cell::Text("format"), ""),
    ("Times in", Cell::Text("precision"), ""),
    ("Length", Cell::Own(|file| html! { (Bytes(file.number("bytes"))) }), ""),
    ("Packets", Cell::Own(|file| html! { (Grouped(file.number("packets"))) }), ""),
    ("On the wire", Cell::Bytes("wireBytes"), ""),
    ("Not kept whole", Cell::Part("cutPackets", "packets"), "packets"),
    ("Dropped", Cell::Number("dropped"), "packets, while capturing"),
    ("First packet", Cell::Time("firstPacketAt"), ""),
    ("Last packet", Cell::Time("lastPacketAt"), ""),
    ("Interfaces", Cell::Own(interfaces), ""),
];
const DNS: [Fact; 5] = [
    ("Questions", Cell::Number("queries"), ""),
    ("Answers", Cell::Number("responses"), ""),
    ("Not answered", Cell::Number("unanswered"), ""),
    ("Failed", Cell::Number("failed"), ""),
    ("Time to answer", Cell::Spread("responseTime"), ""),
];
const TLS: [Fact; 4] = [
    ("Clients' hellos", Cell::Number("clientHellos"), ""),
    ("Without a name", Cell::Number("withoutName"), "of the server that is meant"),
    ("Servers' hellos", Cell::Number("serverHellos"), ""),
    ("Alerts", Cell::Number("alerts"), "before encryption began"),
];
const ICMP: [Fact; 3] = [
    ("Echo requests", Cell::Number("echoRequests"), ""),
    ("Echo replies", Cell::Number("echoReplies"), ""),
    ("Errors", Cell::Number("errors"), ""),
];
const FRAGMENTS: [Fact; 2] =
    [("Fragments", Cell::Number("packets"), ""), ("Of so many datagrams", Cell::Number("datagrams"), "")];
const NAMES: [Column; 2] = [("Name", Cell::Text("name")), ("Times", Cell::Number("count"))];
const FAILURES: [Column; 3] =
    [("Name", Cell::Text("name")), ("Code", Cell::Text("code")), ("Times", Cell::Number("count"))];

/// A heading, the member that it is about, what tells whether there is something, its facts, and its tables.
type Part = (&'static str, &'static str, &'static [&'static str], &'static [Fact], &'static [Names]);
/// A heading, a member, and the columns.
type Names = (&'static str, &'static str, &'static [Column]);

const PARTS: [Part; 5] = [
    ("How TCP fared", "tcp", &["segments"], &TCP, &[]),
    (
        "DNS",
        "dns",
        &["queries", "responses"],
        &DNS,
        &[
            ("Names that could not be resolved", "failures", &FAILURES),
            ("Names that were asked for", "names", &NAMES),
        ],
    ),
    (
        "TLS",
        "tls",
        &["clientHellos", "serverHellos"],
        &TLS,
        &[("Servers that were named", "serverNames", &NAMES)],
    ),
    (
        "ICMP",
        "icmp",
        &["echoRequests", "echoReplies", "errors"],
        &ICMP,
        &[("Kinds of errors", "kinds", &NAMES)],
    ),
    ("Fragments", "fragments", &["packets"], &FRAGMENTS, &[]),
];

fn interfaces(file: Tree<'_>) -> Markup {
    html! {
        ul.plain {
            @for interface in file.list("interfaces") {
                @let most = interface.number("snapLength");
                li {
                    (Outside(interface.text("name").unwrap_or_default())) " " (Outside(interface.text("linkType").unwrap_or_default()))
                    ", " (Count(interface.number("packets"), "packet"))
                    @if most > 0 { ", " (Grouped(most)) " bytes of each" }
                }
            }
        }
        @if file.number("packets") > 1 && !file.is("inTimeOrder") { "Some packets stand behind later ones." }
    }
}

pub(super) fn parts(summary: Tree<'_>) -> Markup {
    html! {
        @for (title, member, telling, known, tables) in PARTS {
            @let of = summary.at(member);
            @if telling.iter().any(|name| of.number(name) > 0) {
                section {
                    h2 { (title) }
                    (facts(of, known))
                    @for (title, member, columns) in tables { (part(title, of.at(member), columns)) }
                }
            }
        }
    }
}
