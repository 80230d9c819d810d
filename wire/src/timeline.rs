//! Packets and bytes over time.

use crate::keep::kept;

use crate::{
    add,
    address::Address,
    summary::{Point, Timeline},
};

/// The finest step: a 512th of a second, so that some doubling of it is a second.
const FINEST: u64 = 1_953_125;
/// At most so many points.
const POINTS: usize = 120;

/// What a packet adds to the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Mark {
    pub(crate) time: u64,
    pub(crate) ends: Option<(Address, Address)>,
    pub(crate) bytes: u32,
    pub(crate) retransmission: bool,
}

/// Points of equal length, each a multiple of it after 1970, whichever order packets come in. Where they become too
/// many, the length doubles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// The length of a point is [`FINEST`] doubled so often.
    doublings: u32,
    /// The first point's number.
    first: u64,
    points: Vec<Tally>,
}

/// A [`Point`] in few bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    packets: [u64; 3],
    bytes: [u64; 3],
    retransmissions: u64,
}

kept! {
    Mark { time ends bytes retransmission }
    Line { doublings first points }
    Tally { packets bytes retransmissions }
}

impl Line {
    pub(crate) fn add(&mut self, mark: &Mark, machine: Option<Address>) {
        let place = self.place(mark.time);
        let Some(point) = self.points.get_mut(place) else { return };
        let [inwards, out, other] = &mut point.packets;
        let [bytes_in, bytes_out, bytes_other] = &mut point.bytes;
        let (packets, bytes) = match (mark.ends, machine) {
            (Some((from, _)), Some(machine)) if from == machine => (out, bytes_out),
            (Some((_, to)), Some(machine)) if to == machine => (inwards, bytes_in),
            _ => (other, bytes_other),
        };
        add(packets, 1);
        add(bytes, u64::from(mark.bytes));
        add(&mut point.retransmissions, u64::from(mark.retransmission));
    }

    /// Where a time's point stands, once there is room for it.
    fn place(&mut self, time: u64) -> usize {
        loop {
            let number = (time / FINEST) >> self.doublings.min(63);
            if self.points.is_empty() {
                self.first = number;
            }
            let last = self.first.saturating_add(self.points.len().saturating_sub(1) as u64);
            let (low, high) = (self.first.min(number), last.max(number));
            let needed = high.saturating_sub(low).saturating_add(1);
            if needed > POINTS as u64 {
                self.double();
                continue;
            }
            let before = self.first.saturating_sub(low) as usize;
            if before > 0 {
                self.points.splice(0..0, std::iter::repeat_n(Tally::default(), before));
                self.first = low;
            }
            self.points.resize(needed as usize, Tally::default());
            return number.saturating_sub(low) as usize;
        }
    }

    fn double(&mut self) {
        self.doublings = self.doublings.saturating_add(1);
        let odd = self.first & 1;
        let mut merged: Vec<Tally> = Vec::new();
        for (number, point) in (odd..).zip(self.points.drain(..)) {
            match merged.last_mut() {
                Some(last) if number & 1 == 1 => last.merge(&point),
                _ => merged.push(point),
            }
        }
        self.points = merged;
        self.first >>= 1;
    }

    pub(crate) fn timeline(&self) -> Timeline {
        let step = FINEST.checked_shl(self.doublings).unwrap_or(u64::MAX);
        let points = self.points.iter().map(Tally::point).collect::<Vec<_>>();
        Timeline {
            start: self.first.saturating_mul(step),
            step: if points.is_empty() { 0 } else { step },
            points,
        }
    }
}

impl Tally {
    fn merge(&mut self, other: &Tally) {
        for (sum, more) in self.packets.iter_mut().zip(other.packets) {
            add(sum, more);
        }
        for (sum, more) in self.bytes.iter_mut().zip(other.bytes) {
            add(sum, more);
        }
        add(&mut self.retransmissions, other.retransmissions);
    }

    fn point(&self) -> Point {
        let [packets_in, packets_out, packets_other] = self.packets;
        let [bytes_in, bytes_out, bytes_other] = self.bytes;
        let retransmissions = self.retransmissions;
        Point { packets_in, packets_out, packets_other, bytes_in, bytes_out, bytes_other, retransmissions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(times: &[u64]) -> Timeline {
        let mut line = Line::default();
        for time in times {
            line.add(&Mark { time: *time, ends: None, bytes: 100, retransmission: false }, None);
        }
        line.timeline()
    }

    #[test]
    fn an_hour_has_points_of_64_seconds() {
        let second = 1_000_000_000;
        let times: Vec<u64> = (0..3_600).map(|at| 1_700_000_000 * second + at * second).collect();
        let timeline = line(&times);
        assert_eq!(timeline.step, 32 * second);
        assert_eq!(timeline.points.iter().map(|point| point.packets_other).sum::<u64>(), 3_600);
        assert!(timeline.start <= times[0] && times[0] - timeline.start < timeline.step);
        let backwards: Vec<u64> = times.iter().rev().copied().collect();
        assert_eq!(line(&backwards), timeline);
    }

    #[test]
    fn hostile_times_are_counted_too() {
        for times in [&[0, u64::MAX][..], &[u64::MAX, 0, 1, u64::MAX / 2], &[5, 5, 5], &[0]] {
            let timeline = line(times);
            assert!(timeline.points.len() <= 120);
            assert_eq!(
                timeline.points.iter().map(|point| point.packets_other).sum::<u64>(),
                times.len() as u64
            );
        }
        assert_eq!(line(&[]), Timeline::default());
    }
}
