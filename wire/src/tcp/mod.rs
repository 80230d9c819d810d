//! How a TCP connection fares, segment by segment: Wireshark's `tcp.analysis.*` as of 4.0, in constant memory.
//!
//! Wireshark keeps a list of what is not acknowledged yet, but what it says of a segment needs of the past only a few
//! numbers for each direction ([`flow`]) and the handshake ([`opening`]). So nothing is approximated here, but for two
//! things: a SYN or FIN after 10,000 segments without acknowledgement takes a sequence number here, and does not there;
//! multipath TCP's duplicate acknowledgements are duplicates here.
//!
//! A SYN with another sequence number begins a new connection on the same ports. Ask [`Tcp::begins_anew`] before each
//! segment; if it does, put a `Tcp::default()` in this one's place and count a further conversation, as Wireshark does.
//! Segments inside ICMP errors, and IP fragments, are not for [`Tcp::observe`].

mod flow;
mod opening;
mod tally;

use crate::keep::kept;

use crate::summary::TcpHealth;
use flow::Flow;
pub use opening::Answer;
use opening::Opening;
use tally::Tally;

/// No more data from the sender.
pub const FIN: u8 = 0x01;
/// The sender begins a connection.
pub const SYN: u8 = 0x02;
/// The sender ends it at once.
pub const RST: u8 = 0x04;
/// The sender acknowledges.
pub const ACK: u8 = 0x10;

/// What counts of one segment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Segment {
    /// When it was captured, in nanoseconds since the Unix epoch.
    pub time: u64,
    /// Its sequence number.
    pub seq: u32,
    /// What it acknowledges; 0 in most segments without ACK.
    pub ack: u32,
    /// FIN, SYN, RST, PSH, ACK, … from the lowest bit on.
    pub flags: u8,
    /// The window as it stands in the header, not scaled.
    pub window: u16,
    /// The window scale option of a SYN.
    pub window_scale: Option<u8>,
    /// Its payload's length on the wire, in bytes.
    pub length: u32,
}

impl Segment {
    /// Whether any of `flags` is set.
    fn has(&self, flags: u8) -> bool {
        self.flags & flags != 0
    }

    /// Whether it is a SYN that answers none.
    fn opens(&self) -> bool {
        self.flags & (SYN | ACK) == SYN
    }
}

/// What one segment shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// It was sent before, of whichever kind.
    pub retransmission: bool,
    /// It was sent again after duplicate acknowledgements.
    pub fast: bool,
    /// It was sent again though it had been acknowledged.
    pub spurious: bool,
    /// It comes after others that follow it.
    pub out_of_order: bool,
    /// Segments before it were not captured.
    pub lost: bool,
    /// It acknowledges what was not captured.
    pub ack_lost: bool,
    /// It acknowledges the same again.
    pub duplicate_ack: bool,
    /// It announces no room.
    pub zero_window: bool,
    /// It fills the other side's room.
    pub full_window: bool,
    /// It keeps an idle connection alive.
    pub keep_alive: bool,
    /// It is the connection's first SYN.
    pub attempt: bool,
    /// It is the first to answer that SYN.
    pub answered: Option<Answer>,
    /// It ends the handshake: the time since the SYN, in nanoseconds.
    pub handshake: Option<u64>,
    /// It has RST.
    pub reset: bool,
    /// It has FIN.
    pub fin: bool,
}

/// One TCP connection.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tcp {
    client: Flow,
    server: Flow,
    opening: Opening,
    tally: Tally,
}

kept! { Tcp { client server opening tally } }

impl Tcp {
    /// Whether `segment` is the first of another connection on the same ports.
    pub fn begins_anew(&self, from_client: bool, segment: &Segment) -> bool {
        let from = if from_client { &self.client } else { &self.server };
        segment.opens() && from.first().is_some_and(|first| first != segment.seq)
    }

    /// Takes the next segment in, and says what it shows.
    pub fn observe(&mut self, from_client: bool, segment: &Segment) -> Seen {
        let now = self.opening.since_first(segment.time);
        let (from, to) = match from_client {
            true => (&mut self.client, &mut self.server),
            false => (&mut self.server, &mut self.client),
        };
        let mut seen = flow::judge(from, to, segment, now, self.opening.round_trip());
        seen.reset = segment.has(RST);
        seen.fin = segment.has(FIN);
        self.opening.observe(from_client, segment, now, &mut seen);
        self.tally.add(from_client, segment, &seen);
        seen
    }

    /// How it fared so far.
    pub fn health(&self) -> TcpHealth {
        let mut health = self.tally.health();
        self.opening.tell(&mut health);
        health
    }
}

#[cfg(test)]
mod tests;
