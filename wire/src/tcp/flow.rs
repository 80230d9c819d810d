//! One direction of a connection, and what a segment of it shows.
//!
//! The questions are asked in Wireshark's order, for an answer often rules out those after it. As there, a sequence or
//! acknowledgement number of 0 stands for "not known".

use crate::keep::{Keep, Kept};

use super::{ACK, FIN, RST, SYN, Seen, Segment};

/// Out of order comes that soon after what follows it, where the handshake's time is not known.
const OUT_OF_ORDER: u64 = 3_000_000;
/// A fast retransmission comes that soon after the last acknowledgement.
const FAST: u64 = 20_000_000;
/// So many duplicate acknowledgements before it: some may not have been captured, senders wait for three.
const DUPLICATES_BEFORE_FAST: i32 = 2;
/// The highest window scale there is (RFC 7323).
const MAX_SCALE: u8 = 14;

/// In place of a count of duplicates: the other side acknowledged what was not captured.
const ACK_OF_LOST: i32 = -1;

/// What is remembered of the segments in one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Flow {
    /// The first sequence number, a SYN's or what it would have been.
    first: u32,
    /// The one after the highest that was seen, and when that was.
    next: u32,
    next_at: u64,
    /// Up to here there is no gap.
    contiguous: u32,
    /// The last acknowledgement, when it was, and how often it came again.
    ack: u32,
    ack_at: u64,
    duplicates: i32,
    window: Option<u16>,
    scale: Scale,
    bits: u8,
}

/// `first` is known.
const KNOWN: u8 = 1;
/// A SYN was seen and no acknowledgement since: the next window is not scaled yet.
const UNSCALED: u8 = 2;
/// The last segment was a keep-alive.
const KEEP_ALIVE: u8 = 4;

/// What a direction's windows are multiplied by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Scale {
    /// Its SYN was not seen.
    #[default]
    Unknown,
    /// One of the sides has none, so neither has.
    Unused,
    Shift(u8),
}

/// Numbers that are mostly near each other are kept as their distances.
impl Keep for Flow {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let Flow { first, next, next_at, contiguous, ack, ack_at, duplicates, window, scale, bits } = self;
        let mut sent = next.wrapping_sub(*first);
        let mut gap = next.wrapping_sub(*contiguous);
        let mut age = ack_at.wrapping_sub(*next_at);
        // The lowest is -1.
        let mut duplicates_and_one = duplicates.wrapping_add(1).cast_unsigned();
        first.keep(bytes);
        sent.keep(bytes);
        gap.keep(bytes);
        next_at.keep(bytes);
        age.keep(bytes);
        ack.keep(bytes);
        duplicates_and_one.keep(bytes);
        window.keep(bytes);
        scale.keep(bytes);
        bits.keep(bytes);
        *next = first.wrapping_add(sent);
        *contiguous = next.wrapping_sub(gap);
        *ack_at = next_at.wrapping_add(age);
        *duplicates = duplicates_and_one.cast_signed().wrapping_sub(1);
    }
}

/// A shift, or what is above all shifts.
impl Keep for Scale {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let mut byte = match self {
            Scale::Unknown => u8::MAX,
            Scale::Unused => u8::MAX - 1,
            Scale::Shift(shift) => *shift,
        };
        byte.keep(bytes);
        *self = match byte {
            u8::MAX => Scale::Unknown,
            254 => Scale::Unused,
            shift => Scale::Shift(shift),
        };
    }
}

impl Flow {
    /// The first sequence number, where it is known.
    pub(super) fn first(&self) -> Option<u32> {
        self.is(KNOWN).then_some(self.first)
    }

    fn is(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    fn begins_at(&mut self, first: u32) {
        self.first = first;
        self.bits |= KNOWN;
    }

    fn set(&mut self, bit: u8, is: bool) {
        self.bits = if is { self.bits | bit } else { self.bits & !bit };
    }

    /// The sequence number after the last one that there is room for.
    fn edge(&self) -> Option<u32> {
        let shift = match self.scale {
            Scale::Unknown => return None,
            Scale::Shift(shift) if !self.is(UNSCALED) => shift,
            Scale::Shift(_) | Scale::Unused => 0,
        };
        Some(self.ack.wrapping_add(u32::from(self.window?).wrapping_shl(shift.into())))
    }
}

/// Takes a segment in that `from` sent to `to`. Times are nanoseconds since some beginning; a `round_trip` of 0 is not known.
pub(super) fn judge(from: &mut Flow, to: &mut Flow, segment: &Segment, now: u64, round_trip: u64) -> Seen {
    begin(from, to, segment);
    let mut seen = Seen::default();
    // One byte more than there is room for: it is asked whether there is room again, and nothing else.
    let is_probe = segment.length == 1 && segment.seq == from.next && to.window == Some(0);
    if !is_probe {
        see_room(from, to, segment, &mut seen);
        // What answers a keep-alive repeats an acknowledgement by its nature.
        if is_repeated_ack(from, segment) && !to.is(KEEP_ALIVE) {
            seen.duplicate_ack = true;
            from.duplicates = from.duplicates.max(0).saturating_add(1);
        }
    }
    if segment.ack != from.ack {
        from.duplicates = 0;
    }
    see_ack_of_lost(to, segment, &mut seen);
    if segment.length > 0 || segment.has(SYN | FIN) {
        see_sent_again(from, to, segment, now, round_trip, &mut seen);
    }
    remember(from, segment, now, is_probe);
    from.set(KEEP_ALIVE, seen.keep_alive);
    take_scale(from, to, segment);
    seen
}

/// Where the sequence numbers of both begin, as far as `segment` tells.
fn begin(from: &mut Flow, to: &mut Flow, segment: &Segment) {
    if segment.has(SYN) && from.is(KNOWN) {
        if segment.has(ACK) {
            from.first = segment.seq;
        } else if segment.seq == from.first {
            // A RST may have answered with a sequence number of its own choice since.
            from.next = from.contiguous;
        }
    }
    if !from.is(KNOWN) {
        from.begins_at(if segment.has(SYN) { segment.seq } else { segment.seq.wrapping_sub(1) });
    }
    if !to.is(KNOWN) && segment.has(ACK) {
        to.begins_at(segment.ack.wrapping_sub(1));
    }
}

/// Windows without room or filled up, gaps, and what only keeps the connection alive.
fn see_room(from: &Flow, to: &Flow, segment: &Segment, seen: &mut Seen) {
    let is_plain = !segment.has(SYN | FIN | RST);
    seen.zero_window = is_plain && segment.window == 0;
    seen.lost = from.next != 0 && is_before(from.next, segment.seq) && !segment.has(RST);
    seen.keep_alive = is_plain && segment.length <= 1 && segment.seq == from.next.wrapping_sub(1);
    seen.full_window =
        is_plain && segment.length > 0 && to.edge() == Some(segment.seq.wrapping_add(segment.length));
}

fn is_repeated_ack(from: &Flow, segment: &Segment) -> bool {
    !segment.has(SYN | FIN | RST)
        && segment.length == 0
        && segment.seq == from.next
        && segment.ack == from.ack
        && segment.window != 0
        && from.window == Some(segment.window)
}

/// Whether `segment` acknowledges what was not captured of the other side, told once for each gap.
fn see_ack_of_lost(to: &mut Flow, segment: &Segment, seen: &mut Seen) {
    if !segment.has(ACK) || to.contiguous == 0 || !is_before(to.contiguous, segment.ack) {
        return;
    }
    if is_before(to.contiguous, to.next) {
        to.contiguous = to.next;
        seen.ack_lost = true;
    } else {
        seen.ack_lost = to.duplicates == 0;
        to.duplicates = ACK_OF_LOST;
    }
}

/// Whether data, a SYN or a FIN were sent before, or only come late.
fn see_sent_again(from: &Flow, to: &Flow, segment: &Segment, now: u64, round_trip: u64, seen: &mut Seen) {
    if seen.keep_alive {
        return;
    }
    let end = segment.seq.wrapping_add(segment.length);
    if segment.length > 0 && to.ack != 0 && !is_before(to.ack, end) {
        seen.spurious = true;
        seen.retransmission = true;
        return;
    }
    // One byte before what is expected, and more than that byte: what probed a window goes on with data.
    let goes_on = segment.length > 1 && segment.seq == from.next.wrapping_sub(1);
    if from.next == 0 || goes_on || !is_before(segment.seq, from.next) {
        return;
    }
    let is_soon_after_ack = now.wrapping_sub(to.ack_at) < FAST;
    let soon = if round_trip == 0 { OUT_OF_ORDER } else { round_trip };
    let is_soon_after_next = now.wrapping_sub(from.next_at) < soon;
    // Wireshark's count has no sign, so -1 is many.
    let is_asked_for = to.duplicates >= DUPLICATES_BEFORE_FAST || to.duplicates == ACK_OF_LOST;
    if is_asked_for && to.ack == segment.seq && is_soon_after_ack {
        seen.fast = true;
        seen.retransmission = true;
    } else if is_soon_after_next && from.next != after(segment) {
        seen.out_of_order = true;
    } else {
        seen.retransmission = true;
    }
}

fn remember(from: &mut Flow, segment: &Segment, now: u64, is_probe: bool) {
    if !is_probe {
        let next = after(segment);
        if from.next == 0 || is_before(from.next, next) {
            from.next = next;
            from.next_at = now;
        }
        if from.contiguous == 0 || from.contiguous == segment.seq {
            from.contiguous = from.next;
        }
    }
    from.window = Some(segment.window);
    from.ack = segment.ack;
    from.ack_at = now;
}

/// Windows are scaled only where both SYNs say so, and from the segment after a side's first acknowledgement on.
fn take_scale(from: &mut Flow, to: &mut Flow, segment: &Segment) {
    if !segment.has(SYN) {
        if segment.has(ACK) {
            from.set(UNSCALED, false);
        }
        return;
    }
    from.set(UNSCALED, true);
    if let Some(shift) = segment.window_scale {
        from.scale = Scale::Shift(shift.min(MAX_SCALE));
    }
    if from.scale == Scale::Unknown {
        from.scale = Scale::Unused;
        to.scale = Scale::Unused;
    } else if segment.has(ACK) && to.scale == Scale::Unused {
        from.scale = Scale::Unused;
    }
}

/// The sequence number after `segment`; a SYN and a FIN take one.
fn after(segment: &Segment) -> u32 {
    segment.seq.wrapping_add(segment.length).wrapping_add(segment.has(SYN | FIN).into())
}

/// Whether one sequence number is before another on the circle that they go.
fn is_before(one: u32, other: u32) -> bool {
    one.wrapping_sub(other).cast_signed() < 0
}
