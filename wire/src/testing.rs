//! Captures to read, written by others' code.

use std::{borrow::Cow, time::Duration};

use etherparse::PacketBuilder;
use pcap_file::{
    DataLink, Endianness, TsResolution,
    pcap::{PcapHeader, PcapPacket, PcapWriter},
    pcapng::{
        PcapNgWriter,
        blocks::{
            enhanced_packet::EnhancedPacketBlock,
            interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption},
            interface_statistics::{InterfaceStatisticsBlock, InterfaceStatisticsOption},
            packet::PacketBlock,
            section_header::SectionHeaderBlock,
            simple_packet::SimplePacketBlock,
            unknown::UnknownBlock,
        },
    },
};

use crate::{About, AtEnd, Reading, Summary};

/// When captures begin: nanoseconds since 1970.
pub(crate) const BEGIN: u64 = 1_700_000_000_000_000_000;

/// A packet, and when it is captured.
#[derive(Debug, Clone)]
pub(crate) struct Captured {
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
    /// Its length on the wire.
    pub(crate) wire: u32,
}

impl Captured {
    pub(crate) fn new(at: u64, bytes: Vec<u8>) -> Captured {
        Captured { at, wire: bytes.len() as u32, bytes }
    }
}

/// What a file is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Pcap(Endianness, TsResolution),
    Pcapng(Endianness),
}

pub(crate) const KINDS: [Kind; 6] = [
    Kind::Pcap(Endianness::Little, TsResolution::MicroSecond),
    Kind::Pcap(Endianness::Little, TsResolution::NanoSecond),
    Kind::Pcap(Endianness::Big, TsResolution::MicroSecond),
    Kind::Pcap(Endianness::Big, TsResolution::NanoSecond),
    Kind::Pcapng(Endianness::Little),
    Kind::Pcapng(Endianness::Big),
];

/// A capture file of Ethernet packets.
pub(crate) fn file(kind: Kind, packets: &[Captured]) -> Vec<u8> {
    match kind {
        Kind::Pcap(endianness, ts_resolution) => pcap(endianness, ts_resolution, DataLink::ETHERNET, packets),
        Kind::Pcapng(endianness) => pcapng(endianness, packets),
    }
}

pub(crate) fn pcap(
    endianness: Endianness,
    ts_resolution: TsResolution,
    datalink: DataLink,
    packets: &[Captured],
) -> Vec<u8> {
    let header =
        PcapHeader { endianness, ts_resolution, datalink, snaplen: 262_144, ..PcapHeader::default() };
    let mut writer = PcapWriter::with_header(Vec::new(), header).unwrap();
    for packet in packets {
        let at = Duration::from_nanos(packet.at);
        writer.write_packet(&PcapPacket::new(at, packet.wire, &packet.bytes)).unwrap();
    }
    writer.into_writer()
}

/// Blocks of all kinds: two interfaces, packets in turn on both, in a block with options, without, of the obsolete kind
/// and of the simple one; a block that nobody knows, and statistics at the end.
pub(crate) fn pcapng(endianness: Endianness, packets: &[Captured]) -> Vec<u8> {
    let section = SectionHeaderBlock { endianness, ..SectionHeaderBlock::default() };
    let mut writer = PcapNgWriter::with_section_header(Vec::new(), section).unwrap();
    for name in ["eth0", "eth1"] {
        let options =
            vec![InterfaceDescriptionOption::IfName(name.into()), InterfaceDescriptionOption::IfTsResol(9)];
        let interface = InterfaceDescriptionBlock { linktype: DataLink::ETHERNET, snaplen: 0, options };
        writer.write_pcapng_block(interface).unwrap();
    }
    let unknown = UnknownBlock { type_: 0x0bad, length: 24, value: Cow::Borrowed(&[7; 12]) };
    writer.write_pcapng_block(unknown).unwrap();
    for (index, packet) in packets.iter().enumerate() {
        let data = Cow::Borrowed(&packet.bytes[..]);
        let original_len = packet.wire;
        match index % 7 {
            5 => writer.write_pcapng_block(PacketBlock {
                interface_id: 1,
                drop_count: 0,
                // The writer has the wrong half first.
                timestamp: if endianness == Endianness::Little {
                    packet.at.rotate_left(32)
                } else {
                    packet.at
                },
                captured_len: data.len() as u32,
                original_len,
                data,
                options: Vec::new(),
            }),
            6 if original_len as usize == packet.bytes.len() => {
                writer.write_pcapng_block(SimplePacketBlock { original_len, data })
            }
            _ => writer.write_pcapng_block(EnhancedPacketBlock {
                interface_id: index as u32 % 2,
                timestamp: Duration::from_nanos(packet.at),
                original_len,
                data,
                options: Vec::new(),
            }),
        }
        .unwrap();
    }
    for dropped in [3, 8] {
        let options = vec![InterfaceStatisticsOption::IsbIfDrop(dropped)];
        writer
            .write_pcapng_block(InterfaceStatisticsBlock { interface_id: 0, timestamp: 0, options })
            .unwrap();
    }
    writer.into_inner()
}

/// A segment from one of a few machines to another.
pub(crate) fn tcp(
    (from, from_port): (u8, u16),
    (to, to_port): (u8, u16),
    flags: u8,
    seq: u32,
    body: &[u8],
) -> Vec<u8> {
    let mut header = PacketBuilder::ethernet2([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to])
        .ipv4([10, 0, 0, from], [10, 0, 0, to], 64)
        .tcp(from_port, to_port, seq, 65_000);
    if flags & 1 != 0 {
        header = header.fin();
    }
    if flags & 2 != 0 {
        header = header.syn();
    }
    if flags & 4 != 0 {
        header = header.rst();
    }
    if flags & 16 != 0 {
        header = header.ack(1);
    }
    let mut bytes = Vec::new();
    header.write(&mut bytes, body).unwrap();
    bytes
}

/// A datagram.
pub(crate) fn udp((from, from_port): (u8, u16), (to, to_port): (u8, u16), body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, from], [2, 0, 0, 0, 0, to])
        .ipv4([10, 0, 0, from], [10, 0, 0, to], 64)
        .udp(from_port, to_port)
        .write(&mut bytes, body)
        .unwrap();
    bytes
}

/// A DNS message.
pub(crate) fn dns(id: u16, is_response: bool, code: u8, name: &str) -> Vec<u8> {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend([if is_response { 0x81 } else { 1 }, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.extend([0, 0, 1, 0, 1]);
    bytes
}

/// A client hello that asks for a server by its name.
pub(crate) fn client_hello(name: &str) -> Vec<u8> {
    let sized = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes(), bytes].concat();
    let names = sized(&[&[0][..], &sized(name.as_bytes())].concat());
    let extensions = sized(&[&[0, 0][..], &sized(&names)].concat());
    let hello = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0], &extensions].concat();
    let handshake = [&[1, 0][..], &sized(&hello)].concat();
    [&[22, 3, 1][..], &sized(&handshake)].concat()
}

/// A file's summary.
pub(crate) fn summary(file: &[u8]) -> Summary {
    let mut reading = Reading::new();
    reading.push(file);
    reading.finish(AtEnd::Whole, &About::default())
}
