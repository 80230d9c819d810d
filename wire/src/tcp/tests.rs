//! Each case as Wireshark 4.0 shows it; the figures were compared over 130,000 segments, see docs/summary.md.

use super::*;
use crate::keep::{Keep, Kept};

const MS: u64 = 1_000_000;
const CLIENT: bool = true;
const SERVER: bool = false;

/// A connection under test, with the time that goes on.
#[derive(Default)]
struct Wire {
    tcp: Tcp,
    now: u64,
}

impl Wire {
    /// After a handshake of 10 ms: the client's next number is 101, the server's 501, both windows are 1,000.
    fn open() -> Self {
        let mut wire = Self::default();
        wire.send(CLIENT, SYN, 100, 0, 0);
        wire.wait(10 * MS);
        wire.send(SERVER, SYN | ACK, 500, 101, 0);
        wire.send(CLIENT, ACK, 101, 501, 0);
        wire
    }

    fn wait(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
    }

    fn send(&mut self, from_client: bool, flags: u8, seq: u32, ack: u32, length: u32) -> Seen {
        self.send_with(from_client, flags, seq, ack, length, 1000)
    }

    fn send_with(
        &mut self,
        from_client: bool,
        flags: u8,
        seq: u32,
        ack: u32,
        length: u32,
        window: u16,
    ) -> Seen {
        let time = 1_700_000_000_000_000_000 + self.now;
        self.tcp.observe(from_client, &Segment { time, seq, ack, flags, window, window_scale: None, length })
    }

    fn data(&mut self, seq: u32, length: u32) -> Seen {
        self.send(CLIENT, ACK, seq, 501, length)
    }

    fn ack(&mut self, ack: u32) -> Seen {
        self.send(SERVER, ACK, 501, ack, 0)
    }
}

#[test]
fn a_handshake_is_one_attempt_that_a_syn_ack_answers_and_its_round_trip_ends_with_the_ack() {
    let mut wire = Wire::default();
    assert!(wire.send(CLIENT, SYN, 100, 0, 0).attempt);
    wire.wait(30 * MS);
    assert_eq!(wire.send(SERVER, SYN | ACK, 500, 101, 0).answered, Some(Answer::SynAck));
    wire.wait(MS);
    assert_eq!(wire.send(CLIENT, ACK, 101, 501, 0).handshake, Some(31 * MS));
    assert_eq!(wire.data(101, 10), Seen::default());
    let health = wire.tcp.health();
    assert_eq!((health.attempts, health.unanswered, health.refused, health.handshakes), (1, 0, 0, 1));
    assert_eq!((health.segments, health.data_segments, health.payload_bytes), (4, 1, 10));
    assert_eq!((health.round_trip.count, health.round_trip.median), (1, 31 * MS));
}

#[test]
fn a_syn_that_is_sent_again_is_a_retransmission_and_no_further_attempt() {
    let mut wire = Wire::default();
    wire.send(CLIENT, SYN, 100, 0, 0);
    wire.wait(1000 * MS);
    let seen = wire.send(CLIENT, SYN, 100, 0, 0);
    assert!(seen.retransmission && !seen.attempt);
    assert_eq!((wire.tcp.health().attempts, wire.tcp.health().unanswered), (1, 1));
}

#[test]
fn a_reset_from_the_other_side_refuses_and_one_of_its_own_answers_nothing() {
    for (from, answered, refused) in [(SERVER, Some(Answer::Reset), 1), (CLIENT, None, 0)] {
        let mut wire = Wire::default();
        wire.send(CLIENT, SYN, 100, 0, 0);
        let seen = wire.send(from, RST | ACK, 0, 101, 0);
        assert_eq!((seen.answered, seen.handshake, seen.reset), (answered, None, true));
        assert_eq!((wire.tcp.health().refused, wire.tcp.health().unanswered), (refused, 1 - refused));
    }
}

#[test]
fn a_capture_of_one_side_alone_does_not_call_what_goes_on_unanswered() {
    let mut wire = Wire::default();
    wire.send(CLIENT, SYN, 100, 0, 0);
    assert_eq!(wire.send(CLIENT, ACK, 101, 501, 0).answered, Some(Answer::SynAck));
    assert_eq!((wire.tcp.health().unanswered, wire.tcp.health().handshakes), (0, 0));
}

#[test]
fn what_comes_again_late_is_a_retransmission_and_soon_before_something_higher_is_out_of_order() {
    for (wait, length, again, out_of_order) in
        [(9, 50, false, true), (10, 50, true, false), (9, 200, true, false)]
    {
        let mut wire = Wire::open();
        wire.data(101, 200);
        wire.wait(wait * MS);
        let seen = wire.data(101, length);
        assert_eq!(
            (seen.retransmission, seen.out_of_order),
            (again, out_of_order),
            "{wait} ms, {length} bytes"
        );
    }
}

#[test]
fn without_a_handshake_three_milliseconds_part_the_two() {
    for (wait, again) in [(2, false), (3, true)] {
        let mut wire = Wire::default();
        wire.data(101, 200);
        wire.wait(wait * MS);
        assert_eq!(wire.data(101, 50).retransmission, again);
    }
}

#[test]
fn after_two_duplicate_acks_and_within_20_ms_it_is_fast() {
    for (duplicates, wait, fast) in [(2, 19, true), (1, 19, false), (2, 20, false)] {
        let mut wire = Wire::open();
        wire.data(101, 100);
        wire.data(201, 100);
        for _ in 0..duplicates {
            assert!(wire.ack(101).duplicate_ack);
        }
        wire.wait(wait * MS);
        let seen = wire.data(101, 100);
        assert_eq!((seen.fast, seen.retransmission), (fast, true), "{duplicates} duplicates, {wait} ms");
    }
}

#[test]
fn what_was_acknowledged_and_comes_again_is_spurious() {
    let mut wire = Wire::open();
    wire.data(101, 100);
    wire.ack(201);
    let seen = wire.data(101, 100);
    assert!(seen.spurious && seen.retransmission);
    assert!(!wire.data(151, 100).spurious, "it has new data");
}

#[test]
fn a_gap_is_told_once_and_so_is_an_acknowledgement_of_what_is_in_it() {
    let mut wire = Wire::open();
    wire.data(101, 100);
    assert!(wire.data(301, 100).lost);
    assert!(!wire.data(401, 100).lost);
    assert!(wire.ack(501).ack_lost);
    assert!(!wire.ack(501).ack_lost);
}

#[test]
fn one_byte_before_the_next_keeps_alive_and_its_answer_is_no_duplicate() {
    let mut wire = Wire::open();
    wire.data(101, 100);
    wire.ack(201);
    assert!(wire.ack(201).duplicate_ack);
    assert!(wire.send(CLIENT, ACK, 200, 501, 0).keep_alive);
    assert!(!wire.ack(201).duplicate_ack);
}

#[test]
fn no_room_is_told_and_a_probe_of_it_is_not_data_that_comes_again() {
    let mut wire = Wire::open();
    assert!(wire.send_with(SERVER, ACK, 501, 101, 0, 0).zero_window);
    assert_eq!(wire.data(101, 1), Seen::default());
    assert_eq!(wire.data(101, 100), Seen::default(), "the probe took no number");
    assert!(!wire.send_with(SERVER, RST, 501, 101, 0, 0).zero_window);
}

#[test]
fn room_is_full_at_its_last_byte_with_the_scale_that_both_syns_have() {
    for (client, server, length, full) in [
        (None, None, 1000, true),
        (None, None, 999, false),
        (Some(3), Some(2), 4000, true),
        (Some(3), None, 1000, true),
    ] {
        let mut tcp = Tcp::default();
        let base = Segment { window: 1000, ..Segment::default() };
        tcp.observe(CLIENT, &Segment { seq: 100, flags: SYN, window_scale: client, ..base });
        tcp.observe(SERVER, &Segment { seq: 500, ack: 101, flags: SYN | ACK, window_scale: server, ..base });
        tcp.observe(CLIENT, &Segment { seq: 101, ack: 501, flags: ACK, ..base });
        tcp.observe(SERVER, &Segment { seq: 501, ack: 101, flags: ACK, ..base });
        let seen = tcp.observe(CLIENT, &Segment { seq: 101, ack: 501, flags: ACK, length, ..base });
        assert_eq!(seen.full_window, full, "{client:?} {server:?} {length}");
    }
}

#[test]
fn a_syn_with_another_number_begins_anew_and_one_with_the_same_does_not() {
    let wire = Wire::open();
    let syn = |seq| Segment { seq, flags: SYN, ..Segment::default() };
    assert!(!wire.tcp.begins_anew(CLIENT, &syn(100)));
    assert!(wire.tcp.begins_anew(CLIENT, &syn(7)));
    assert!(wire.tcp.begins_anew(SERVER, &syn(7)));
    assert!(!wire.tcp.begins_anew(CLIENT, &Segment { seq: 7, flags: SYN | ACK, ..Segment::default() }));
    assert!(!Tcp::default().begins_anew(CLIENT, &syn(7)));
}

#[test]
fn sequence_numbers_wrap_around() {
    let mut wire = Wire::default();
    wire.data(u32::MAX - 49, 100);
    assert_eq!(wire.data(50, 100), Seen::default());
    wire.wait(5 * MS);
    assert!(wire.data(u32::MAX - 49, 100).retransmission);
}

#[test]
fn times_that_go_back_trouble_nothing() {
    let mut wire = Wire { now: 10 * MS, ..Wire::default() };
    wire.data(101, 100);
    wire.now = 0;
    assert!(wire.data(101, 50).retransmission);
}

#[test]
fn a_connection_fits_into_120_bytes_of_a_checkpoint_and_goes_on_from_it() {
    let mut wire = Wire::open();
    wire.data(101, 1_000_000);
    wire.wait(60_000 * MS);
    for _ in 0..300 {
        wire.ack(101);
    }
    let mut kept = Kept::To(Vec::new());
    wire.tcp.keep(&mut kept);
    let Kept::To(bytes) = kept else { panic!("written") };
    assert!(bytes.len() <= 120, "{}", bytes.len());
    let mut read = Tcp::default();
    read.keep(&mut Kept::From(&bytes));
    assert_eq!(read, wire.tcp);
}

#[test]
fn health_says_which_side_sent_again_and_which_has_no_room() {
    let mut wire = Wire::open();
    wire.data(101, 100);
    wire.wait(20 * MS);
    wire.data(101, 100);
    for _ in 0..2 {
        wire.send_with(SERVER, ACK, 501, 201, 10, 0);
        wire.wait(20 * MS);
    }
    wire.send_with(CLIENT, ACK, 201, 511, 0, 0);
    let health = wire.tcp.health();
    assert_eq!((health.retransmissions, health.server_retransmissions), (2, 1));
    assert_eq!((health.zero_windows, health.server_zero_windows), (3, 2));
}
