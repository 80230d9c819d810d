//! Addresses, and what tells a conversation from another.

use std::{
    fmt::Write,
    net::{Ipv4Addr, Ipv6Addr},
};

use crate::keep::{Keep, Kept, kept};

use crate::protocols::Layer;

/// An address of a packet's sender or receiver. Order is by kind, then bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Address {
    kind: Kind,
    /// The address in the first bytes, zeros after it.
    bytes: [u8; 16],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Kind {
    #[default]
    V4,
    V6,
    Mac,
}

impl Address {
    pub(crate) fn v4([a, b, c, d]: [u8; 4]) -> Address {
        Address { kind: Kind::V4, bytes: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }
    }

    pub(crate) fn v6(bytes: [u8; 16]) -> Address {
        Address { kind: Kind::V6, bytes }
    }

    pub(crate) fn mac([a, b, c, d, e, f]: [u8; 6]) -> Address {
        Address { kind: Kind::Mac, bytes: [a, b, c, d, e, f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }
    }

    pub(crate) fn is_ip(&self) -> bool {
        self.kind != Kind::Mac
    }

    /// Whether it is one host's: neither multicast nor broadcast nor unspecified.
    pub(crate) fn is_one_host(&self) -> bool {
        let first = self.bytes[0];
        match self.kind {
            Kind::V4 => first != 0 && first < 224,
            Kind::V6 => first != 0xff && self.bytes != [0; 16],
            Kind::Mac => first & 1 == 0,
        }
    }

    /// As a key of a table, and back.
    pub(crate) fn write_to(&self, key: &mut Vec<u8>) {
        key.push(self.kind as u8);
        key.extend_from_slice(&self.bytes);
    }

    pub(crate) fn read_from(key: &[u8]) -> Option<(Address, &[u8])> {
        let (kind, rest) = key.split_first()?;
        let (bytes, rest) = rest.split_first_chunk()?;
        let kind = match kind {
            0 => Kind::V4,
            1 => Kind::V6,
            _ => Kind::Mac,
        };
        Some((Address { kind, bytes: *bytes }, rest))
    }

    fn words(&self) -> [u64; 2] {
        let whole = u128::from_le_bytes(self.bytes);
        [whole as u64, (whole >> 64) as u64]
    }

    /// As people write it.
    pub(crate) fn text(&self) -> String {
        let [a, b, c, d, e, f, ..] = self.bytes;
        match self.kind {
            Kind::V4 => Ipv4Addr::new(a, b, c, d).to_string(),
            Kind::V6 => Ipv6Addr::from(self.bytes).to_string(),
            Kind::Mac => {
                let mut text = String::new();
                for (index, byte) in [a, b, c, d, e, f].into_iter().enumerate() {
                    if index > 0 {
                        text.push(':');
                    }
                    let _ = write!(text, "{byte:02x}");
                }
                text
            }
        }
    }
}

/// What packets of one conversation have in common, whichever direction they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pair {
    pub(crate) protocol: Layer,
    /// The lower end first.
    pub(crate) ends: [Address; 2],
    /// In the order of the ends; zeros where the protocol has none.
    pub(crate) ports: [u16; 2],
}

impl Keep for Address {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        bytes.one_of(&mut self.kind, &[Kind::V4, Kind::V6, Kind::Mac]);
        let length = match self.kind {
            Kind::V4 => 4,
            Kind::V6 => 16,
            Kind::Mac => 6,
        };
        self.bytes.iter_mut().take(length).for_each(|byte| bytes.byte(byte));
    }
}

kept! { Pair { protocol ends ports } }

impl Pair {
    /// The conversation of a packet, and whether it comes from its first end.
    pub(crate) fn of(
        protocol: Layer,
        (from, to): (Address, Address),
        (from_port, to_port): (u16, u16),
    ) -> (Pair, bool) {
        if (from, from_port) <= (to, to_port) {
            (Pair { protocol, ends: [from, to], ports: [from_port, to_port] }, true)
        } else {
            (Pair { protocol, ends: [to, from], ports: [to_port, from_port] }, false)
        }
    }

    pub(crate) fn has_ports(&self) -> bool {
        matches!(self.protocol, Layer::Tcp | Layer::Udp)
    }

    pub(crate) fn hash(&self, seed: u64) -> u64 {
        let [a, b] = &self.ends;
        let [first, second] = self.ports;
        let ports =
            u64::from(first) << 32 | u64::from(second) << 16 | (self.protocol as u64) << 8 | a.kind as u64;
        let ([a, b], [c, d]) = (a.words(), b.words());
        hash(seed, &[a, b, c, d, ports])
    }
}

/// A hash that is the same on every machine: with the seed 0, estimates depend on it, and so does a summary. Tables have a
/// seed that nobody knows, for who knows it could send what collides.
pub(crate) fn hash(seed: u64, words: &[u64]) -> u64 {
    let mut hash = seed ^ 0x9e37_79b9_7f4a_7c15;
    for word in words {
        hash = (hash ^ word).wrapping_mul(0xd6e8_feb8_6659_fd93);
        hash ^= hash >> 32;
    }
    // As SplitMix64 ends: every bit depends on every other.
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

/// The same of any bytes.
pub(crate) fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = seed ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let word = chunk.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        state = hash(state, &[word]);
    }
    state
}
