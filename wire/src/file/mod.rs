//! Capture files, record by record.

mod pcap;
mod pcapng;

use crate::keep::{Keep, Kept, kept};

use crate::summary::Interface;

/// A file, as far as its head has been read.
#[derive(Debug, Clone, Default)]
pub(crate) enum File {
    /// Not even its first bytes were there.
    #[default]
    Unknown,
    Pcap(pcap::Pcap),
    Pcapng(pcapng::Pcapng),
    /// Of another kind.
    Declined,
}

/// What stands next in a file.
#[derive(Debug)]
pub(crate) enum Next<'b> {
    /// That takes so many bytes to tell, from here.
    Needs(usize),
    /// So many bytes of no interest; they need not be there yet.
    Skip(u64),
    /// A packet, in so many bytes.
    Packet(usize, Record<'b>),
    /// Nothing that is understood: why.
    Corrupt(String),
    /// A file of a kind that is not read: why.
    Declined(&'static str),
}

/// A packet in a file.
#[derive(Debug)]
pub(crate) struct Record<'b> {
    pub(crate) link: Link,
    /// Nanoseconds since 1970, where the file says it.
    pub(crate) time: Option<u64>,
    /// Its length on the wire.
    pub(crate) wire: u32,
    /// What was captured of it.
    pub(crate) bytes: &'b [u8],
}

/// What a packet begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Link {
    #[default]
    Ethernet,
    Raw,
    Null,
    Loop,
    Sll,
    Sll2,
    Other,
}

kept! { Facts { precision is_big_endian interfaces dropped } }

impl Keep for File {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let mut kind: u8 = match self {
            File::Unknown => 0,
            File::Pcap(_) => 1,
            File::Pcapng(_) => 2,
            File::Declined => 3,
        };
        kind.keep(bytes);
        if bytes.is_read() {
            *self = match kind {
                0 => File::Unknown,
                1 => File::Pcap(pcap::Pcap::default()),
                2 => File::Pcapng(pcapng::Pcapng::default()),
                _ => File::Declined,
            };
        }
        match self {
            File::Pcap(pcap) => pcap.keep(bytes),
            File::Pcapng(pcapng) => pcapng.keep(bytes),
            File::Unknown | File::Declined => {}
        }
    }
}

impl Keep for Link {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let all = [Link::Ethernet, Link::Raw, Link::Null, Link::Loop, Link::Sll, Link::Sll2, Link::Other];
        bytes.one_of(self, &all);
    }
}

impl Keep for Precision {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        bytes.one_of(self, &[Precision::Unsaid, Precision::Microseconds, Precision::Nanoseconds]);
    }
}

impl Link {
    /// By the number in the file: <https://www.tcpdump.org/linktypes.html>
    fn of(number: u32) -> Link {
        match number {
            0 => Link::Null,
            1 => Link::Ethernet,
            12 | 14 | 101 | 228 | 229 => Link::Raw,
            108 => Link::Loop,
            113 => Link::Sll,
            276 => Link::Sll2,
            _ => Link::Other,
        }
    }

    fn name(number: u32) -> String {
        match Link::of(number) {
            Link::Ethernet => "ethernet".to_owned(),
            Link::Raw => "raw-ip".to_owned(),
            Link::Null => "null".to_owned(),
            Link::Loop => "loop".to_owned(),
            Link::Sll => "linux-sll".to_owned(),
            Link::Sll2 => "linux-sll2".to_owned(),
            Link::Other => "link type ".to_owned() + &number.to_string(),
        }
    }
}

/// The most that is kept of a packet by any program that writes captures (Wireshark refuses more, too).
pub(crate) const LONGEST_PACKET: u32 = 262_144;

/// What a file says of itself, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) precision: Precision,
    pub(crate) is_big_endian: bool,
    /// The first [`INTERFACES`] of all sections.
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) dropped: Option<u64>,
}

/// So many interfaces are told of.
const INTERFACES: usize = 64;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Precision {
    #[default]
    Unsaid,
    Microseconds,
    Nanoseconds,
}

impl Facts {
    /// Notes an interface; its place, if it is told of.
    fn interface(&mut self, interface: Interface) -> Option<usize> {
        let place = self.interfaces.len();
        if place >= INTERFACES {
            return None;
        }
        self.interfaces.push(interface);
        Some(place)
    }

    fn packet_at(&mut self, place: Option<usize>) {
        if let Some(interface) = place.and_then(|place| self.interfaces.get_mut(place)) {
            crate::add(&mut interface.packets, 1);
        }
    }
}

impl File {
    /// What stands at the beginning of `bytes`, which begin where the last one ended.
    pub(crate) fn next<'b>(&mut self, bytes: &'b [u8], facts: &mut Facts) -> Next<'b> {
        match self {
            File::Unknown => self.begin(bytes, facts),
            File::Pcap(pcap) => pcap.next(bytes, facts),
            File::Pcapng(pcapng) => pcapng.next(bytes, facts),
            File::Declined => Next::Declined(UNKNOWN),
        }
    }

    fn begin<'b>(&mut self, bytes: &'b [u8], facts: &mut Facts) -> Next<'b> {
        let Some(magic) = bytes.first_chunk::<4>() else { return Next::Needs(4) };
        let next = match magic {
            [0x0a, 0x0d, 0x0d, 0x0a] => {
                *self = File::Pcapng(pcapng::Pcapng::default());
                return self.next(bytes, facts);
            }
            b"GMBU" | b"RTSS" => Next::Declined(NETMON),
            [0x1f, 0x8b, ..] => Next::Declined(GZIP),
            [0x28, 0xb5, 0x2f, 0xfd]
            | [0xfd, b'7', b'z', b'X']
            | [b'B', b'Z', b'h', _]
            | [4, 0x22, 0x4d, 0x18] => Next::Declined(COMPRESSED),
            b"PK\x03\x04" => Next::Declined(ZIP),
            b"snoo" => Next::Declined(SNOOP),
            _ if pcap::Pcap::is_magic(*magic) => match pcap::Pcap::begin(bytes, facts) {
                Ok(pcap) => {
                    *self = File::Pcap(pcap);
                    return Next::Skip(pcap::HEADER);
                }
                Err(next) => return next,
            },
            _ => Next::Declined(UNKNOWN),
        };
        *self = File::Declined;
        next
    }

    /// Its name in a summary.
    pub(crate) fn format(&self) -> &'static str {
        match self {
            File::Pcap(_) => "pcap",
            File::Pcapng(_) => "pcapng",
            File::Unknown | File::Declined => "unknown",
        }
    }
}

const NETMON: &str = "This is a Network Monitor file, which is not read here. Wireshark opens it; \
                      `editcap -F pcap in.cap out.pcap` makes a pcap of it.";
const GZIP: &str = "This is compressed (gzip). Decompress it first: `gunzip`.";
const COMPRESSED: &str = "This is compressed (zstd, xz, bzip2 or lz4). Decompress it first.";
const ZIP: &str = "This is a zip archive. Unpack it first.";
const SNOOP: &str =
    "This is a snoop file, which is not read here. `editcap -F pcap in.snoop out.pcap` makes a pcap of it.";
const UNKNOWN: &str = "This is no capture file of a kind that is read here: pcap or pcapng. If Wireshark opens it, \
                       `editcap -F pcap in out.pcap` makes a pcap of it.";

/// A number in a file's byte order.
fn u32_at(bytes: &[u8], at: usize, is_big: bool) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk()?;
    Some(if is_big { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) })
}

fn u16_at(bytes: &[u8], at: usize, is_big: bool) -> Option<u16> {
    let two = bytes.get(at..)?.first_chunk()?;
    Some(if is_big { u16::from_be_bytes(*two) } else { u16::from_le_bytes(*two) })
}
