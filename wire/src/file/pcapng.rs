//! pcapng: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>

use crate::keep::{Keep, Kept, kept};
use pcap_parser::{
    EPB_MAGIC, IDB_MAGIC, ISB_MAGIC, PcapNGOption, SHB_MAGIC, SPB_MAGIC, nom::IResult,
    parse_enhancedpacketblock_be, parse_enhancedpacketblock_le, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le, parse_interfacestatisticsblock_be, parse_interfacestatisticsblock_le,
    parse_simplepacketblock_be, parse_simplepacketblock_le,
};

use super::{Facts, LONGEST_PACKET, Link, Next, Record, u16_at, u32_at};
use crate::{add, summary::Interface};

/// The obsolete Packet Block.
const PB_MAGIC: u32 = 2;
/// A block that is read as a whole has at most this much around a packet.
const LONGEST_BLOCK: u32 = LONGEST_PACKET + 65_536;
/// More interfaces than any machine has.
const MOST_SOURCES: usize = 128;

/// A section of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pcapng {
    is_big_endian: bool,
    /// Whether a section's header was there.
    has_begun: bool,
    sources: Vec<Source>,
}

/// An interface of this section.
#[derive(Debug, Clone, Default)]
struct Source {
    link: Link,
    snap_length: u32,
    clock: Clock,
    /// Where the summary tells of it.
    told_at: Option<usize>,
    /// What the last statistics said, all of them since the capture's start.
    dropped: Option<u64>,
}

kept! {
    Pcapng { is_big_endian has_begun sources }
    Source { link snap_length clock told_at dropped }
}

impl Pcapng {
    pub(super) fn next<'b>(&mut self, bytes: &'b [u8], facts: &mut Facts) -> Next<'b> {
        let Some(kind) = u32_at(bytes, 0, self.is_big_endian) else { return Next::Needs(12) };
        if kind == SHB_MAGIC {
            return self.section(bytes, facts);
        }
        let Some(length) = u32_at(bytes, 4, self.is_big_endian) else { return Next::Needs(12) };
        if let Some(next) = bad_length(length) {
            return next;
        }
        if !matches!(kind, IDB_MAGIC | ISB_MAGIC | EPB_MAGIC | SPB_MAGIC | PB_MAGIC) {
            return Next::Skip(u64::from(length));
        }
        if length > LONGEST_BLOCK {
            return Next::Corrupt("a block claims ".to_owned() + &length.to_string() + " bytes");
        }
        let Some(block) = bytes.get(..length as usize) else { return Next::Needs(length as usize) };
        if u32_at(block, (length as usize).saturating_sub(4), self.is_big_endian) != Some(length) {
            return Next::Corrupt("a block's two lengths differ".to_owned());
        }
        let done = match kind {
            IDB_MAGIC => self.interface(block, facts),
            ISB_MAGIC => self.statistics(block, facts),
            EPB_MAGIC => return packet(length, self.enhanced(block, facts)),
            SPB_MAGIC => return packet(length, self.simple(block, facts)),
            _ => return packet(length, self.obsolete(block, facts)),
        };
        match done {
            Ok(()) => Next::Skip(u64::from(length)),
            Err(why) => Next::Corrupt(why.to_owned()),
        }
    }

    /// A section's header, which may change the byte order.
    fn section<'b>(&mut self, bytes: &'b [u8], facts: &mut Facts) -> Next<'b> {
        let Some(order) = u32_at(bytes, 8, true) else { return Next::Needs(12) };
        let is_big_endian = match order {
            0x1a2b_3c4d => true,
            0x4d3c_2b1a => false,
            _ => return Next::Corrupt("a section's byte order cannot be told".to_owned()),
        };
        let Some(length) = u32_at(bytes, 4, is_big_endian) else { return Next::Needs(12) };
        if let Some(next) = bad_length(length) {
            return next;
        }
        let Some(head) = bytes.get(..28) else { return Next::Needs(28) };
        if length < 28 {
            return Next::Corrupt("a section's header is too short".to_owned());
        }
        if u16_at(head, 12, is_big_endian) != Some(1) {
            return Next::Corrupt("a section is of a version that is not known here".to_owned());
        }
        if !self.has_begun {
            facts.is_big_endian = is_big_endian;
        }
        *self = Pcapng { is_big_endian, has_begun: true, sources: Vec::new() };
        Next::Skip(u64::from(length))
    }

    fn interface(&mut self, block: &[u8], facts: &mut Facts) -> Result<(), &'static str> {
        let parse = if self.is_big_endian {
            parse_interfacedescriptionblock_be
        } else {
            parse_interfacedescriptionblock_le
        };
        let found = whole(parse(block)).ok_or("an interface's description cannot be read")?;
        if self.sources.len() >= MOST_SOURCES {
            return Err("a section has more than 128 interfaces");
        }
        let link = found.linktype.0 as u32;
        let name = found.if_name().and_then(Result::ok).map(|name| name.chars().take(64).collect());
        // The parser reads the offset as little-endian wherever it stands.
        let offset = option(&found.options, 14).and_then(|value| value.first_chunk()).map_or(0, |eight| {
            if self.is_big_endian { i64::from_be_bytes(*eight) } else { i64::from_le_bytes(*eight) }
        });
        let snap_length = found.snaplen;
        let told = Interface { name, link_type: Link::name(link), snap_length, packets: 0 };
        self.sources.push(Source {
            link: Link::of(link),
            snap_length,
            clock: Clock::new(found.if_tsresol, offset),
            told_at: facts.interface(told),
            dropped: None,
        });
        Ok(())
    }

    /// What the capturing side says it dropped, by itself or by the system below it.
    fn statistics(&mut self, block: &[u8], facts: &mut Facts) -> Result<(), &'static str> {
        let parse = if self.is_big_endian {
            parse_interfacestatisticsblock_be
        } else {
            parse_interfacestatisticsblock_le
        };
        let found = whole(parse(block)).ok_or("an interface's statistics cannot be read")?;
        let Some(source) = self.sources.get_mut(found.if_id as usize) else { return Ok(()) };
        let mut dropped = None;
        for code in [5, 7] {
            if let Some(eight) = option(&found.options, code).and_then(|value| value.first_chunk()) {
                let count =
                    if self.is_big_endian { u64::from_be_bytes(*eight) } else { u64::from_le_bytes(*eight) };
                add(dropped.get_or_insert(0), count);
            }
        }
        if let Some(dropped) = dropped {
            let before = source.dropped.replace(dropped).unwrap_or(0);
            add(facts.dropped.get_or_insert(0), dropped.saturating_sub(before));
        }
        Ok(())
    }

    fn enhanced<'b>(&self, block: &'b [u8], facts: &mut Facts) -> Result<Record<'b>, &'static str> {
        let parse =
            if self.is_big_endian { parse_enhancedpacketblock_be } else { parse_enhancedpacketblock_le };
        let found = whole(parse(block)).ok_or("a packet's block cannot be read")?;
        let bytes = found.data.get(..found.caplen as usize).ok_or("a packet is longer than its block")?;
        let time = u64::from(found.ts_high) << 32 | u64::from(found.ts_low);
        self.record(found.if_id, Some(time), bytes, found.origlen, facts)
    }

    fn simple<'b>(&self, block: &'b [u8], facts: &mut Facts) -> Result<Record<'b>, &'static str> {
        let parse = if self.is_big_endian { parse_simplepacketblock_be } else { parse_simplepacketblock_le };
        let found = whole(parse(block)).ok_or("a packet's block cannot be read")?;
        let snap_length = self.sources.first().map_or(0, |source| source.snap_length);
        let bound = if snap_length == 0 { found.origlen } else { found.origlen.min(snap_length) };
        let bytes = found.data.get(..bound as usize).ok_or("a packet is longer than its block")?;
        self.record(0, None, bytes, found.origlen, facts)
    }

    /// The obsolete block, which no parser reads: interface, drops, time, lengths, bytes.
    fn obsolete<'b>(&self, block: &'b [u8], facts: &mut Facts) -> Result<Record<'b>, &'static str> {
        let word = |at| u32_at(block, at, self.is_big_endian).ok_or("a packet's block is too short");
        let interface = u16_at(block, 8, self.is_big_endian).ok_or("a packet's block is too short")?;
        let time = u64::from(word(12)?) << 32 | u64::from(word(16)?);
        let (captured, wire) = (word(20)?, word(24)?);
        let body = block.get(28..block.len().saturating_sub(4)).unwrap_or_default();
        let bytes = body.get(..captured as usize).ok_or("a packet is longer than its block")?;
        self.record(u32::from(interface), Some(time), bytes, wire, facts)
    }

    fn record<'b>(
        &self,
        interface: u32,
        time: Option<u64>,
        bytes: &'b [u8],
        wire: u32,
        facts: &mut Facts,
    ) -> Result<Record<'b>, &'static str> {
        let source = self
            .sources
            .get(interface as usize)
            .ok_or("a packet is of an interface that was not described")?;
        facts.packet_at(source.told_at);
        Ok(Record { link: source.link, time: time.map(|time| source.clock.time(time)), wire, bytes })
    }
}

fn bad_length(length: u32) -> Option<Next<'static>> {
    let is_good = length >= 12 && length.trailing_zeros() >= 2;
    (!is_good).then(|| Next::Corrupt("a block claims ".to_owned() + &length.to_string() + " bytes"))
}

fn packet<'b>(length: u32, record: Result<Record<'b>, &'static str>) -> Next<'b> {
    match record {
        Ok(record) => Next::Packet(length as usize, record),
        Err(why) => Next::Corrupt(why.to_owned()),
    }
}

/// What was parsed out of a block that is there as a whole: a parser that wants more has met a wrong length in it.
fn whole<B, E>(parsed: IResult<&[u8], B, E>) -> Option<B> {
    parsed.ok().map(|(_, block)| block)
}

fn option<'o>(options: &'o [PcapNGOption<'_>], code: u16) -> Option<&'o [u8]> {
    options.iter().find(|option| option.code.0 == code)?.as_bytes().ok()
}

/// How an interface counts time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Clock {
    unit: Unit,
    /// Nanoseconds to be added.
    offset: i128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// So many of it are a nanosecond.
    OfNanosecond(u64),
    /// A second is two to the power of so many.
    Binary(u8),
}

impl Default for Unit {
    fn default() -> Unit {
        Unit::Nanoseconds(1)
    }
}

impl Keep for Clock {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let (mut kind, mut number): (u8, u64) = match self.unit {
            Unit::Nanoseconds(each) => (0, each),
            Unit::OfNanosecond(each) => (1, each),
            Unit::Binary(power) => (2, power.into()),
        };
        // Whole seconds, with the sign in the lowest bit.
        let seconds = i64::try_from(self.offset / 1_000_000_000).unwrap_or(0);
        let mut offset = (seconds << 1 ^ seconds >> 63).cast_unsigned();
        kind.keep(bytes);
        number.keep(bytes);
        offset.keep(bytes);
        self.unit = match kind {
            0 => Unit::Nanoseconds(number),
            1 => Unit::OfNanosecond(number),
            _ => Unit::Binary(number as u8),
        };
        let seconds = (offset >> 1).cast_signed() ^ 0_i64.wrapping_sub_unsigned(offset & 1);
        self.offset = i128::from(seconds).saturating_mul(1_000_000_000);
    }
}

impl Clock {
    /// From `if_tsresol` (the parser does not read binary ones) and `if_tsoffset`, which is in seconds.
    fn new(resolution: u8, offset: i64) -> Clock {
        let exponent = u32::from(resolution & 0x7f);
        let unit = match resolution {
            0x80.. => Unit::Binary(resolution & 0x7f),
            0..=9 => Unit::Nanoseconds(10_u64.saturating_pow(9_u32.saturating_sub(exponent))),
            _ => Unit::OfNanosecond(10_u64.saturating_pow(exponent.saturating_sub(9))),
        };
        Clock { unit, offset: i128::from(offset).saturating_mul(1_000_000_000) }
    }

    fn time(&self, count: u64) -> u64 {
        let nanoseconds = match self.unit {
            Unit::Nanoseconds(each) => count.saturating_mul(each),
            Unit::OfNanosecond(each) => count.checked_div(each).unwrap_or(0),
            Unit::Binary(power) => {
                let product = u128::from(count).saturating_mul(1_000_000_000);
                u64::try_from(product.checked_shr(u32::from(power)).unwrap_or(0)).unwrap_or(u64::MAX)
            }
        };
        if self.offset == 0 {
            return nanoseconds;
        }
        let moved = i128::from(nanoseconds).saturating_add(self.offset).max(0);
        u64::try_from(moved).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_in_any_resolution() {
        assert_eq!(Clock::new(6, 0).time(1_700_000_000_123_456), 1_700_000_000_123_456_000);
        assert_eq!(Clock::new(9, 0).time(1_700_000_000_123_456_789), 1_700_000_000_123_456_789);
        assert_eq!(Clock::new(12, 0).time(1_700_000_000_123_456), 1_700_000_000_123);
        assert_eq!(Clock::new(0, -3).time(10), 7_000_000_000);
        assert_eq!(Clock::new(0, -30).time(10), 0);
        assert_eq!(Clock::new(0x80 | 20, 1).time(3 << 19), 2_500_000_000);
        for resolution in 0..=255 {
            let clock = Clock::new(resolution, i64::MAX);
            assert_eq!(clock.time(u64::MAX), u64::MAX);
            Clock::new(resolution, i64::MIN).time(u64::MAX);
        }
    }
}
