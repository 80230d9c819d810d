use pcap_file::{DataLink, Endianness, TsResolution};
use proptest::prelude::*;

use super::*;
use crate::{
    fuzzed,
    testing::{BEGIN, Captured, KINDS, Kind, client_hello, dns, file, pcap, summary, tcp, udp},
};

const SYN: u8 = 2;
const ACK: u8 = 16;

/// A few packets of many kinds.
fn packets() -> impl Strategy<Value = Vec<Captured>> {
    let packet = (0_u8..6, 1_u8..5, 1_u8..5, 0_u16..3, 0_u16..3, any::<u8>(), 0_u32..300, 0..80_000_000_u64);
    prop::collection::vec(packet, 0..40).prop_map(|drawn| {
        let mut at = BEGIN;
        let captured = drawn.into_iter().map(|(kind, from, to, from_port, to_port, flags, number, pause)| {
            // Now and then time goes back.
            at = if pause % 16 == 0 { at - pause } else { at + pause };
            let (from, to) = ((from, 40_000 + from_port), (to, [53, 443, 5_353][to_port as usize]));
            let (from, to) = if number % 3 == 0 { (to, from) } else { (from, to) };
            let body = vec![22; number as usize % 90];
            let bytes = match kind {
                0 => udp(from, to, &dns(number as u16 % 4, number % 3 == 0, flags & 3, "a.example")),
                1 => udp(from, to, &body),
                2 => tcp(from, to, flags, number, b"\x16\x03\x01\x00\x20\x01\x00"),
                _ => tcp(from, to, flags, number, &body),
            };
            let mut packet = Captured::new(at, bytes);
            if kind == 5 {
                packet.bytes.truncate(number as usize % 70);
            }
            packet
        });
        captured.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn neither_pieces_nor_breaks_change_a_summary(draw: [u8; 8], packets in packets(), kind in 0..KINDS.len()) {
        let mut bytes = draw.to_vec();
        bytes.extend(file(KINDS[kind], &packets));
        fuzzed::capture(&bytes);
    }

    #[test]
    fn any_prefix_of_a_file_gives_a_partial_summary(packets in packets(), kind in 0..KINDS.len(), cut: prop::sample::Index) {
        let bytes = file(KINDS[kind], &packets);
        let whole = summary(&bytes);
        prop_assert_eq!(&whole.reading, &Outcome::Whole);
        prop_assert_eq!(whole.file.packets, packets.len() as u64);
        let length = cut.index(bytes.len());
        let part = summary(&bytes[..length]);
        prop_assert_eq!(part.file.bytes, length as u64);
        prop_assert!(part.file.packets <= whole.file.packets);
        // A file that is cut between two records cannot be told from a whole one.
        if let Outcome::Partial { at, .. } = part.reading {
            prop_assert!(at <= length as u64);
            let before = summary(&bytes[..at as usize]);
            prop_assert_eq!(before.file.packets, part.file.packets);
        } else {
            prop_assert_eq!(part.reading, Outcome::Whole);
            prop_assert!(length >= 24);
        }
    }

    #[test]
    fn damage_never_breaks_the_reader(
        draw: [u8; 8], packets in packets(), kind in 0..KINDS.len(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = file(KINDS[kind], &packets);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes.splice(0..0, draw);
        fuzzed::capture(&bytes);
        fuzzed::checkpoint(&bytes);
    }
}

#[test]
fn every_kind_of_file_says_the_same_of_the_same_packets() {
    let packets: Vec<Captured> = (0..50_u32)
        .map(|index| {
            let bytes = tcp((1, 40_000), (2, 443), if index == 0 { SYN } else { ACK }, index, &[1; 10]);
            Captured::new(BEGIN + u64::from(index) * 1_000_000, bytes)
        })
        .collect();
    for kind in KINDS {
        let summary = summary(&file(kind, &packets));
        assert_eq!((summary.file.packets, summary.file.wire_bytes), (50, 50 * 64), "{kind:?}");
        assert_eq!(summary.file.first_packet_at, Some(BEGIN));
        assert!(summary.file.in_time_order);
        assert_eq!(summary.conversations.count, 1);
        assert_eq!(summary.conversations.largest[0].client.port, Some(40_000));
        assert_eq!(summary.tcp.attempts, 1);
        let (byte_order, is_pcapng) = match kind {
            Kind::Pcap(order, _) => (order, false),
            Kind::Pcapng(order) => (order, true),
        };
        assert_eq!(summary.file.byte_order, if byte_order == Endianness::Big { "big" } else { "little" });
        if is_pcapng {
            assert_eq!(summary.file.format, "pcapng");
            let interfaces = &summary.file.interfaces;
            assert_eq!(interfaces.iter().map(|it| it.packets).sum::<u64>(), 50);
            assert_eq!(interfaces[1].name.as_deref(), Some("eth1"));
            assert_eq!(summary.file.dropped, Some(8));
        } else {
            assert_eq!((summary.file.format.as_str(), summary.file.dropped), ("pcap", None));
            assert_eq!(summary.file.last_packet_at, Some(BEGIN + 49_000_000));
        }
    }
}

#[test]
fn other_files_are_declined_with_what_to_do() {
    for (magic, word) in [
        (&b"GMBU\x03\x02\x01\x00"[..], "editcap -F pcap"),
        (b"\x1f\x8b\x08\x00", "gunzip"),
        (b"<?xml version", "pcapng"),
        (b"\x28\xb5\x2f\xfd", "Decompress"),
    ] {
        let mut reading = Reading::new();
        reading.push(magic);
        assert!(!reading.wants_more());
        let summary = reading.finish(AtEnd::Whole, &About::default());
        let Outcome::Declined { why } = summary.reading else { panic!("{:?}", summary.reading) };
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn what_was_broken_off_says_so() {
    let bytes = file(KINDS[0], &[Captured::new(BEGIN, udp((1, 5), (2, 6), b"x"))]);
    let mut reading = Reading::new();
    reading.push(&bytes);
    let why = "The storage account did not answer.".to_owned();
    let summary = reading.finish(AtEnd::BrokenOff { why: why.clone() }, &About::default());
    assert_eq!(summary.reading, Outcome::Partial { at: bytes.len() as u64, why });
    assert_eq!(summary.file.packets, 1);
    assert!(matches!(crate::testing::summary(b"").reading, Outcome::Partial { at: 0, .. }));
}

#[test]
fn a_record_that_claims_more_than_any_packet_has_is_damage() {
    let mut bytes = file(KINDS[0], &[Captured::new(BEGIN, udp((1, 5), (2, 6), b"x"))]);
    let length = bytes.len();
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 5, 0]);
    let summary = summary(&bytes);
    let Outcome::Partial { at, why } = summary.reading else { panic!("{:?}", summary.reading) };
    assert_eq!((at, summary.file.packets), (length as u64, 1));
    assert!(why.contains("327680"), "{why}");
}

#[test]
fn links_without_ethernet_are_read() {
    let ethernet = tcp((1, 40_000), (2, 443), SYN, 7, b"");
    let ip = &ethernet[14..];
    let with = |head: &[u8]| [head, ip].concat();
    let sll = [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0];
    let sll2 = [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    for (link, bytes, path) in [
        (DataLink::RAW, ip.to_vec(), "raw:ip:tcp"),
        (DataLink::from(12), ip.to_vec(), "raw:ip:tcp"),
        (DataLink::IPV4, ip.to_vec(), "raw:ip:tcp"),
        (DataLink::NULL, with(&[2, 0, 0, 0]), "null:ip:tcp"),
        (DataLink::NULL, with(&[0, 0, 0, 2]), "null:ip:tcp"),
        (DataLink::LOOP, with(&[0, 0, 0, 2]), "null:ip:tcp"),
        (DataLink::LINUX_SLL, with(&sll), "sll:ip:tcp"),
        (DataLink::from(276), with(&sll2), "sll:ip:tcp"),
        (DataLink::from(147), ip.to_vec(), "unknown"),
    ] {
        let packets = [Captured::new(BEGIN, bytes)];
        let summary = summary(&pcap(Endianness::Little, TsResolution::MicroSecond, link, &packets));
        assert_eq!(summary.protocols.last().map(|row| row.path.as_str()), Some(path), "{link:?}");
        assert_eq!(summary.tcp.attempts, u64::from(path != "unknown"), "{link:?}");
    }
}

#[test]
fn a_scan_neither_blows_up_nor_pushes_out_the_large_conversations() {
    let mut reading = Reading::new();
    reading.push(&file(KINDS[0], &[]));
    let push = |reading: &mut Reading, at: u64, bytes: Vec<u8>| {
        reading.push(&file(KINDS[0], &[Captured::new(at, bytes)])[24..]);
    };
    let mut at = BEGIN;
    for round in 0..200_u32 {
        for machine in 1..20 {
            push(&mut reading, at, tcp((machine, 40_000), (100, 443), ACK, round * 1_000, &[0; 1_000]));
        }
        for probe in 0..300_u32 {
            at += 10_000;
            let port = (round * 300 + probe) as u16;
            push(&mut reading, at, tcp((200, 50_000), (100, port), SYN, 1, b""));
        }
    }
    assert!(reading.checkpoint().len() <= 400_000);
    let summary = reading.finish(AtEnd::Whole, &About::default());
    assert!(summary.exactness.is_estimate);
    assert_eq!(summary.exactness.unattributed_packets, 60_019 - 1_800);
    assert_eq!(summary.conversations.largest.len(), 20);
    for conversation in summary.conversations.largest.iter().take(19) {
        assert_eq!((conversation.server.port, conversation.packets_out), (Some(443), 200));
    }
    let conversations = summary.conversations.count as f64 / 60_019.0;
    assert!((0.9..1.1).contains(&conversations), "{conversations}");
    let scan = &summary.attempts.largest[0];
    assert_eq!((scan.client.as_str(), scan.attempts, scan.unanswered), ("10.0.0.200", 60_000, 60_000));
    assert!((54_000..66_000).contains(&scan.ports), "{scan:?}");
    assert_eq!(summary.tcp.attempts, 60_000);
    assert_eq!(summary.talkers.largest[0].address, "10.0.0.100");
    assert_eq!(summary.talkers.largest[0].packets_received, 60_000 + 200 * 19);
}

#[test]
fn questions_and_answers_are_matched() {
    let ask = |id, name| udp((1, 40_000), (53, 53), &dns(id, false, 0, name));
    let answer = |id, code, name| udp((53, 53), (1, 40_000), &dns(id, true, code, name));
    let packets = [
        Captured::new(BEGIN, ask(1, "a.example")),
        Captured::new(BEGIN + 1_000_000, answer(1, 0, "a.example")),
        Captured::new(BEGIN + 2_000_000, ask(2, "b.example")),
        Captured::new(BEGIN + 5_000_000, answer(2, 3, "b.example")),
        Captured::new(BEGIN + 6_000_000, ask(3, "a.example")),
    ];
    let dns = summary(&file(KINDS[1], &packets)).dns;
    assert_eq!((dns.queries, dns.responses, dns.unanswered, dns.failed), (3, 2, 1, 1));
    assert_eq!(
        (dns.names.count, dns.names.largest[0].name.as_str(), dns.names.largest[0].count),
        (2, "a.example", 2)
    );
    assert_eq!(
        (dns.failures.largest[0].name.as_str(), dns.failures.largest[0].code.as_str()),
        ("b.example", "NXDOMAIN")
    );
    assert_eq!((dns.response_time.shortest, dns.response_time.longest), (1_000_000, 3_000_000));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    assert!(Reading::resume(b"").is_err());
    assert!(Reading::resume(b"wir0").is_err());
    let mut checkpoint = Reading::new().checkpoint();
    assert!(Reading::resume(&checkpoint).is_ok());
    checkpoint.truncate(checkpoint.len() - 1);
    assert!(Reading::resume(&checkpoint).is_err());
}

#[test]
fn the_same_ports_again_are_another_conversation() {
    let segment = |at, flags, seq| Captured::new(BEGIN + at, tcp((1, 40_000), (2, 443), flags, seq, b""));
    let packets = [
        segment(0, SYN, 7),
        segment(1_000, ACK, 8),
        segment(2_000, SYN, 900_000),
        segment(3_000, ACK, 900_001),
    ];
    let bytes = file(KINDS[1], &packets);
    let summary = summary(&bytes);
    assert_eq!((summary.conversations.count, summary.tcp.attempts), (2, 2));
    assert_eq!(summary.ports.largest[0].conversations, 2);
    for length in 0..bytes.len() {
        let mut reading = Reading::new();
        reading.push(&bytes[..length]);
        let mut resumed = Reading::resume(&reading.checkpoint()).unwrap();
        resumed.push(&bytes[reading.offset() as usize..]);
        assert_eq!(resumed.finish(AtEnd::Whole, &About::default()), summary);
    }
}

#[test]
fn a_servers_name_stands_with_its_conversation() {
    let hello = tcp((1, 40_000), (2, 443), ACK, 1, &client_hello("www.example.com"));
    let summary = summary(&file(KINDS[1], &[Captured::new(BEGIN, hello)]));
    assert_eq!(summary.conversations.largest[0].server_name.as_deref(), Some("www.example.com"));
    assert_eq!((summary.tls.client_hellos, summary.tls.server_names.count), (1, 1));
    assert_eq!(summary.protocols.last().unwrap().path, "eth:ip:tcp:tls");
}
