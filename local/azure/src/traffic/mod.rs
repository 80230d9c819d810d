//! What is on the simulated wire, and the capture file made of it.

mod conversation;
pub(crate) mod filter;

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use pcap_file::Endianness;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};

use conversation::Conversations;
use filter::Filter;

/// No packet is longer.
const WHOLE: u32 = 65_535;

/// What of the wire is captured.
pub(crate) struct Window<'a> {
    /// The machine's address.
    pub(crate) local: Ipv4Addr,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) bytes_per_second: u64,
    /// 0 is the whole packet.
    pub(crate) bytes_per_packet: u64,
    pub(crate) total_bytes: u64,
    /// The largest file.
    pub(crate) file_bytes: u64,
    /// A packet is taken if any of them takes it, or there are none.
    pub(crate) filters: &'a [Filter],
}

/// A packet on the wire.
pub(crate) struct Packet {
    pub(crate) flow: filter::Flow,
    pub(crate) frame: Vec<u8>,
}

/// A classic capture file (µs, Ethernet) of that window.
pub(crate) fn capture(window: &Window<'_>) -> Bytes {
    // The header's own bound stays wide: some readers refuse packets whose original length exceeds it.
    let header = PcapHeader { snaplen: WHOLE, endianness: Endianness::Little, ..PcapHeader::default() };
    let mut writer = match PcapWriter::with_header(Vec::new(), header) {
        Ok(writer) => writer,
        // Writing to memory does not fail.
        Err(_) => return Bytes::new(),
    };
    let span = Duration::try_from(window.until.duration_since(window.since)).unwrap_or_default();
    let packets = wire(window, span);
    let since = Duration::try_from(window.since.as_duration()).unwrap_or_default();
    let cut = match window.bytes_per_packet {
        0 => WHOLE as usize,
        bytes => usize::try_from(bytes).unwrap_or(usize::MAX),
    };
    let mut captured = 0_u64;
    for (index, packet) in packets.iter().enumerate() {
        if !window.filters.is_empty() && !window.filters.iter().any(|filter| filter.takes(&packet.flow)) {
            continue;
        }
        let length = packet.frame.len().min(cut);
        captured += length as u64;
        if captured > window.total_bytes {
            break;
        }
        // Evenly over the window, never at its edges.
        let offset = span.mul_f64((index as f64 + 0.5) / packets.len() as f64);
        let original = u32::try_from(packet.frame.len()).unwrap_or(u32::MAX);
        let data = packet.frame.get(..length).unwrap_or(&packet.frame);
        if writer.write_packet(&PcapPacket::new(since + offset, original, data)).is_err() {
            break;
        }
    }
    writer.into_writer().into()
}

/// Everything on the wire in that time; nothing if there was no time.
fn wire(window: &Window<'_>, span: Duration) -> Vec<Packet> {
    if span.is_zero() {
        return Vec::new();
    }
    // However short the window, a whole conversation fits, so that every file shows something.
    let budget = (window.bytes_per_second as f64 * span.as_secs_f64()) as u64;
    let budget = budget.clamp(1, window.file_bytes.max(1));
    let mut conversations = Conversations::new(window.local);
    let mut packets = Vec::new();
    let mut bytes = 0;
    while bytes < budget {
        for packet in conversations.next_one() {
            bytes += packet.frame.len() as u64 + 16;
            packets.push(packet);
        }
    }
    packets
}

#[cfg(test)]
mod tests;
