//! pcapng: <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>

use super::{Facts, LONGEST_PACKET, Link, Next, Record, u16_at, u32_at};
use crate::{
    add,
    keep::{Keep, Kept, kept},
    summary::Interface,
};

/// The kinds of blocks.
const SHB_MAGIC: u32 = 0x0a0d_0d0a;
const IDB_MAGIC: u32 = 1;
const SPB_MAGIC: u32 = 3;
const ISB_MAGIC: u32 = 5;
const EPB_MAGIC: u32 = 6;
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
            SPB_MAGIC => return packet(length, self.simple(block, facts)),
            _ => return packet(length, self.timed(block, kind == PB_MAGIC, facts)),
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
        if self.sources.len() >= MOST_SOURCES {
            return Err("a section has more than 128 interfaces");
        }
        let why = "an interface's description cannot be read";
        let link = u32::from(u16_at(block, 8, self.is_big_endian).ok_or(why)?);
        let snap_length = u32_at(block, 12, self.is_big_endian).ok_or(why)?;
        let options = body(block, 16).ok_or(why)?;
        let name = self.option(options, 2).and_then(|name| str::from_utf8(name).ok());
        let name = name.map(|name| name.chars().take(64).collect());
        let resolution = self.option(options, 9).and_then(|value| value.first().copied()).unwrap_or(6);
        let offset = self.number(options, 14).unwrap_or(0).cast_signed();
        let told = Interface { name, link_type: Link::name(link), snap_length, packets: 0 };
        self.sources.push(Source {
            link: Link::of(link),
            snap_length,
            clock: Clock::new(resolution, offset),
            told_at: facts.interface(told),
            dropped: None,
        });
        Ok(())
    }

    /// What the capturing side says it dropped, by itself or by the system below it.
    fn statistics(&mut self, block: &[u8], facts: &mut Facts) -> Result<(), &'static str> {
        let why = "an interface's statistics cannot be read";
        let interface = u32_at(block, 8, self.is_big_endian).ok_or(why)?;
        let options = body(block, 20).ok_or(why)?;
        let counts = [self.number(options, 5), self.number(options, 7)];
        let dropped = counts.into_iter().flatten().reduce(u64::saturating_add);
        let Some(source) = self.sources.get_mut(interface as usize) else { return Ok(()) };
        if let Some(dropped) = dropped {
            let before = source.dropped.replace(dropped).unwrap_or(0);
            add(facts.dropped.get_or_insert(0), dropped.saturating_sub(before));
        }
        Ok(())
    }

    fn simple<'b>(&self, block: &'b [u8], facts: &mut Facts) -> Result<Record<'b>, &'static str> {
        let wire = u32_at(block, 8, self.is_big_endian).ok_or(TOO_SHORT)?;
        let snap_length = self.sources.first().map_or(0, |source| source.snap_length);
        let bound = if snap_length == 0 { wire } else { wire.min(snap_length) };
        let bytes = body(block, 12).ok_or(TOO_SHORT)?.get(..bound as usize).ok_or(TOO_LONG)?;
        self.record(0, None, bytes, wire, facts)
    }

    /// Interface (and drops, in the obsolete block), time, lengths, bytes.
    fn timed<'b>(
        &self,
        block: &'b [u8],
        is_obsolete: bool,
        facts: &mut Facts,
    ) -> Result<Record<'b>, &'static str> {
        let word = |at| u32_at(block, at, self.is_big_endian).ok_or(TOO_SHORT);
        let interface = match is_obsolete {
            true => u16_at(block, 8, self.is_big_endian).map_or(0, u32::from),
            false => word(8)?,
        };
        let time = u64::from(word(12)?) << 32 | u64::from(word(16)?);
        let (captured, wire) = (word(20)?, word(24)?);
        let bytes = body(block, 28).ok_or(TOO_SHORT)?.get(..captured as usize).ok_or(TOO_LONG)?;
        self.record(interface, Some(time), bytes, wire, facts)
    }

    /// The first of a block's options with this code. What is cut ends them.
    fn option<'o>(&self, mut options: &'o [u8], code: u16) -> Option<&'o [u8]> {
        loop {
            let here = u16_at(options, 0, self.is_big_endian)?;
            let length = usize::from(u16_at(options, 2, self.is_big_endian)?);
            let rest = options.get(4..)?;
            let padded = length.next_multiple_of(4);
            let value = rest.get(..padded)?;
            if here == code {
                return value.get(..length);
            }
            options = rest.get(padded..)?;
        }
    }

    /// The same, of eight bytes.
    fn number(&self, options: &[u8], code: u16) -> Option<u64> {
        let eight = self.option(options, code)?.first_chunk()?;
        Some(if self.is_big_endian { u64::from_be_bytes(*eight) } else { u64::from_le_bytes(*eight) })
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

/// What stands in a block from `at` on, without the length at its end.
fn body(block: &[u8], at: usize) -> Option<&[u8]> {
    block.get(at..block.len().saturating_sub(4))
}

const TOO_SHORT: &str = "a packet's block is too short";
const TOO_LONG: &str = "a packet is longer than its block";

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
    /// From `if_tsresol` and `if_tsoffset`, which is in seconds.
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
