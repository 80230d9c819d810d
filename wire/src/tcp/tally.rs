//! What was seen of a connection, counted.

use crate::keep::kept;

use super::{Seen, Segment};
use crate::summary::TcpHealth;

/// The counts are in the order that [`Tally::add`] and [`Tally::health`] have both.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Tally {
    payload: u64,
    counts: [u32; 16],
}

kept! { Tally { payload counts } }

impl Tally {
    pub(super) fn add(&mut self, from_client: bool, segment: &Segment, seen: &Seen) {
        self.payload = self.payload.saturating_add(segment.length.into());
        let what = [
            true,
            segment.length > 0,
            seen.reset,
            seen.fin,
            seen.retransmission,
            seen.fast,
            seen.spurious,
            !from_client && seen.retransmission,
            seen.out_of_order,
            seen.lost,
            seen.ack_lost,
            seen.duplicate_ack,
            seen.zero_window,
            !from_client && seen.zero_window,
            seen.full_window,
            seen.keep_alive,
        ];
        for (count, is) in self.counts.iter_mut().zip(what) {
            *count = count.saturating_add(is.into());
        }
    }

    pub(super) fn health(&self) -> TcpHealth {
        let [
            segments,
            data_segments,
            resets,
            fins,
            retransmissions,
            fast_retransmissions,
            spurious_retransmissions,
            server_retransmissions,
            out_of_order,
            lost_segments,
            ack_lost_segments,
            duplicate_acks,
            zero_windows,
            server_zero_windows,
            full_windows,
            keep_alives,
        ] = self.counts.map(u64::from);
        TcpHealth {
            segments,
            data_segments,
            payload_bytes: self.payload,
            resets,
            fins,
            retransmissions,
            fast_retransmissions,
            spurious_retransmissions,
            server_retransmissions,
            out_of_order,
            lost_segments,
            ack_lost_segments,
            duplicate_acks,
            zero_windows,
            server_zero_windows,
            full_windows,
            keep_alives,
            ..TcpHealth::default()
        }
    }
}
