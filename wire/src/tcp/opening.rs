//! How a connection was opened: who tried, who answered, how long the handshake took.

use crate::keep::kept;

use super::{ACK, RST, SYN, Seen, Segment};
use crate::summary::{Spread, TcpHealth};

/// What answered an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A SYN-ACK; where it was not captured, an acknowledgement that could not be without one.
    SynAck,
    /// A RST.
    Reset,
}

/// Times are from the connection's first segment on: that is five bytes in a checkpoint instead of nine.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Opening {
    first_at: u64,
    syn_at: u64,
    round_trip: u64,
    bits: u8,
}

const STARTED: u8 = 1;
const ATTEMPTED: u8 = 2;
const BY_CLIENT: u8 = 4;
const ANSWERED: u8 = 8;
const REFUSED: u8 = 16;
const SYN_ACK: u8 = 32;
const SHAKEN: u8 = 64;

kept! { Opening { first_at syn_at round_trip bits } }

impl Opening {
    /// Nanoseconds since the first segment. Earlier times wrap around, and so are long after every threshold: as in Wireshark.
    pub(super) fn since_first(&mut self, time: u64) -> u64 {
        if !self.is(STARTED) {
            self.first_at = time;
            self.bits |= STARTED;
        }
        time.wrapping_sub(self.first_at)
    }

    /// From the last SYN to the first acknowledgement after it, whatever became of them; 0 is not known.
    pub(super) fn round_trip(&self) -> u64 {
        self.round_trip
    }

    pub(super) fn observe(&mut self, from_client: bool, segment: &Segment, now: u64, seen: &mut Seen) {
        if segment.opens() {
            self.syn_at = now;
            seen.attempt = !self.is(ATTEMPTED);
            if seen.attempt {
                self.bits |= ATTEMPTED | if from_client { BY_CLIENT } else { 0 };
            }
            return;
        }
        if !self.is(ATTEMPTED) {
            return;
        }
        let is_ack = segment.has(ACK);
        if !self.is(ANSWERED) {
            let from_other = from_client != self.is(BY_CLIENT);
            seen.answered = match segment.has(RST) {
                true => from_other.then_some(Answer::Reset),
                false => is_ack.then_some(Answer::SynAck),
            };
            self.bits |= match seen.answered {
                None => 0,
                Some(Answer::SynAck) => ANSWERED,
                Some(Answer::Reset) => ANSWERED | REFUSED,
            };
        }
        if segment.has(SYN) {
            self.bits |= SYN_ACK;
        } else if is_ack && self.round_trip == 0 {
            self.round_trip = now.wrapping_sub(self.syn_at);
            if self.is(SYN_ACK) && !self.is(SHAKEN) && !segment.has(RST) {
                self.bits |= SHAKEN;
                seen.handshake = Some(self.round_trip);
            }
        }
    }

    pub(super) fn tell(&self, health: &mut TcpHealth) {
        let one = |bit| u64::from(self.is(bit));
        health.attempts = one(ATTEMPTED);
        health.unanswered = u64::from(self.is(ATTEMPTED) && !self.is(ANSWERED));
        health.refused = one(REFUSED);
        health.handshakes = one(SHAKEN);
        if self.is(SHAKEN) {
            health.round_trip = Spread {
                count: 1,
                shortest: self.round_trip,
                median: self.round_trip,
                longest: self.round_trip,
            };
        }
    }

    fn is(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }
}
