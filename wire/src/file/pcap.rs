//! pcap: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>

use crate::keep::kept;
use pcap_parser::{
    PcapHeader,
    pcap::{
        LegacyPcapBlock, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
    },
};

use super::{Facts, LONGEST_PACKET, Link, Next, Precision, Record, u32_at};
use crate::summary::Interface;

/// The length of a file's header.
pub(super) const HEADER: u64 = 24;

#[derive(Debug, Clone, Default)]
pub(crate) struct Pcap {
    link: Link,
    is_big_endian: bool,
    /// Alexey Kuznetzov's format of the nineties: eight more bytes before each packet.
    is_modified: bool,
    /// Nanoseconds in what the second number of a time counts.
    unit: u64,
}

kept! { Pcap { link is_big_endian is_modified unit } }

impl Pcap {
    pub(super) fn is_magic(magic: [u8; 4]) -> bool {
        let known = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xa1b2_cd34, 0xd4c3_b2a1, 0x4d3c_b2a1];
        known.contains(&u32::from_le_bytes(magic))
    }

    pub(super) fn begin<'b>(bytes: &'b [u8], facts: &mut Facts) -> Result<Pcap, Next<'b>> {
        let Some(head) = bytes.first_chunk::<{ HEADER as usize }>() else {
            return Err(Next::Needs(HEADER as usize));
        };
        let Ok((_, header)) = parse_pcap_header(head) else {
            return Err(Next::Corrupt("the file's header cannot be read".to_owned()));
        };
        // Above the link's number stands how long frame check sequences are.
        let link = header.network.0 as u32 & 0x03ff_ffff;
        let interface =
            Interface { name: None, link_type: Link::name(link), snap_length: header.snaplen, packets: 0 };
        facts.interface(interface);
        facts.is_big_endian = header.is_bigendian();
        facts.precision =
            if header.is_nanosecond_precision() { Precision::Nanoseconds } else { Precision::Microseconds };
        Ok(Pcap::new(&header, Link::of(link)))
    }

    fn new(header: &PcapHeader, link: Link) -> Pcap {
        Pcap {
            link,
            is_big_endian: header.is_bigendian(),
            is_modified: header.is_modified_format(),
            unit: if header.is_nanosecond_precision() { 1 } else { 1_000 },
        }
    }

    pub(super) fn next<'b>(&mut self, bytes: &'b [u8], facts: &mut Facts) -> Next<'b> {
        let header: usize = if self.is_modified { 24 } else { 16 };
        let Some(captured) = u32_at(bytes, 8, self.is_big_endian) else { return Next::Needs(header) };
        if captured > LONGEST_PACKET {
            return Next::Corrupt("a packet's record claims ".to_owned() + &captured.to_string() + " bytes");
        }
        let length = header.saturating_add(captured as usize);
        let Some(record) = bytes.get(..length) else { return Next::Needs(length) };
        let frame = match (self.is_modified, self.is_big_endian) {
            (true, _) => parse_pcap_frame_modified(record),
            (false, true) => parse_pcap_frame_be(record),
            (false, false) => parse_pcap_frame(record),
        };
        let Ok((_, LegacyPcapBlock { ts_sec, ts_usec, origlen, data, .. })) = frame else {
            return Next::Corrupt("a packet's record cannot be read".to_owned());
        };
        let seconds = u64::from(ts_sec).saturating_mul(1_000_000_000);
        let time = seconds.saturating_add(u64::from(ts_usec).saturating_mul(self.unit));
        facts.packet_at(Some(0));
        Next::Packet(length, Record { link: self.link, time: Some(time), wire: origlen, bytes: data })
    }
}
