use serde_json::json;
use wire::summary::{Outcome as Read, *};

use super::{CaptureFile, Progress, Record, State, Tree, Value, cells, drawn, of_file, parts};

/// What an ordinary capture of a busy machine might show.
pub(crate) fn sample() -> Summary {
    let endpoint = |address: &str, port| Endpoint { address: address.to_owned(), port: Some(port) };
    let name = |name: &str, count| Name { name: name.to_owned(), count };
    let start = 1_795_312_813_000_000_000;
    let points = (0..120_u64).map(|at| Point {
        packets_in: 40 + at,
        packets_out: 30,
        packets_other: at % 3,
        bytes_in: 20_000 + (at * 7_919) % 90_000,
        bytes_out: 9_000 + (at * 104_729) % 50_000,
        bytes_other: (at % 3) * 4_000,
        retransmissions: if at > 70 { at % 9 } else { 0 },
    });
    let tcp = TcpHealth {
        segments: 24_201,
        data_segments: 18_000,
        payload_bytes: 9_000_000,
        attempts: 311,
        unanswered: 12,
        refused: 4,
        handshakes: 290,
        resets: 9,
        retransmissions: 4_356,
        fast_retransmissions: 3_000,
        duplicate_acks: 812,
        zero_windows: 3,
        round_trip: Spread { count: 290, shortest: 400_000, median: 1_200_000, longest: 48_000_000 },
        ..TcpHealth::default()
    };
    Summary {
        v: 1,
        reading: Read::Whole,
        file: FileFacts {
            format: "pcap".into(),
            precision: "microseconds".into(),
            byte_order: "little".into(),
            bytes: 12_345_678,
            packets: 30_001,
            wire_bytes: 12_000_000,
            captured_bytes: 11_900_000,
            cut_packets: 17,
            first_packet_at: Some(start),
            last_packet_at: Some(start + 59_000_000_000),
            in_time_order: false,
            interfaces: vec![Interface {
                name: None,
                link_type: "ethernet".into(),
                snap_length: 65_535,
                packets: 30_001,
            }],
            dropped: Some(5),
        },
        findings: vec![
            Finding {
                rule: "retransmissions".into(),
                sentence: "18 % of the segments from 10.0.0.4 to 10.0.0.5:443 were sent again".into(),
                weight: 90,
                explains_alert: true,
            },
            Finding {
                rule: "one-talker".into(),
                sentence: "62 % of the bytes went to 10.0.0.5:443".into(),
                weight: 60,
                explains_alert: false,
            },
        ],
        machine: Some("10.0.0.4".into()),
        exactness: Exactness { limit: 20_000, is_estimate: true, unattributed_packets: 77 },
        timeline: Timeline { start, step: 500_000_000, points: points.collect() },
        protocols: ["eth", "eth:ip", "eth:ip:tcp", "eth:ip:tcp:tls", "eth:ip:udp", "eth:ip:udp:dns"]
            .iter()
            .zip([30_001, 29_900, 24_201, 18_000, 5_100, 4_000])
            .map(|(path, packets)| Protocol { path: (*path).into(), packets, bytes: packets * 400 })
            .collect(),
        talkers: Top {
            count: 41,
            largest: vec![Talker {
                address: "10.0.0.4".into(),
                packets_sent: 12_000,
                bytes_sent: 4_000_000,
                packets_received: 17_900,
                bytes_received: 7_500_000,
            }],
        },
        conversations: Top {
            count: 311,
            largest: vec![
                Conversation {
                    protocol: "tcp".into(),
                    client: endpoint("10.0.0.4", 50_123),
                    server: endpoint("10.0.0.5", 443),
                    packets_out: 9_000,
                    bytes_out: 1_200_000,
                    packets_in: 8_000,
                    bytes_in: 6_200_000,
                    first_at: start,
                    last_at: start + 58_000_000_000,
                    tcp: Some(TcpHealth { segments: 17_000, retransmissions: 3_060, ..TcpHealth::default() }),
                    server_name: Some("shop.example".into()),
                },
                Conversation {
                    protocol: "udp".into(),
                    client: endpoint("2001:db8::4", 5_353),
                    server: endpoint("2001:db8::53", 53),
                    ..Conversation::default()
                },
            ],
        },
        ports: Top {
            count: 1,
            largest: vec![Port {
                protocol: "tcp".into(),
                port: 443,
                packets: 17_000,
                bytes: 7_400_000,
                conversations: 290,
            }],
        },
        tcp,
        attempts: Top {
            count: 1,
            largest: vec![Attempts {
                client: "10.0.0.9".into(),
                server: "10.0.0.4".into(),
                attempts: 4_100,
                unanswered: 4_099,
                refused: 1,
                ports: 900,
            }],
        },
        dns: Dns {
            queries: 2_000,
            responses: 1_990,
            unanswered: 10,
            failed: 44,
            names: Top { count: 88, largest: vec![name("shop.example", 700)] },
            failures: Top {
                count: 1,
                largest: vec![NameFailure {
                    name: "gone.example".into(),
                    code: "NXDOMAIN".into(),
                    count: 44,
                }],
            },
            response_time: Spread {
                count: 1_990,
                shortest: 300_000,
                median: 2_000_000,
                longest: 900_000_000,
            },
        },
        tls: Tls {
            client_hellos: 290,
            without_name: 3,
            server_hellos: 288,
            alerts: 2,
            server_names: Top { count: 1, largest: vec![name("tls.example", 287)] },
        },
        icmp: Icmp {
            echo_requests: 5,
            echo_replies: 4,
            errors: 6,
            kinds: Top { count: 1, largest: vec![name("port unreachable", 6)] },
        },
        fragments: Fragments { packets: 14, datagrams: 7 },
    }
}

fn kept(summary: &Summary) -> Value {
    serde_json::to_value(summary).unwrap()
}

fn shown(summary: &Value) -> String {
    drawn(Tree(summary), &[]).into_string()
}

/// The text without its marks.
fn words(html: &str) -> String {
    let texts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    texts.collect::<Vec<_>>().join("")
}

#[test]
fn every_part_of_a_summary_is_shown() {
    let html = shown(&kept(&sample()));
    let words = words(&html);
    for expected in [
        "18 % of the segments from 10.0.0.4 to 10.0.0.5:443 were sent again retransmissions what the alert measures",
        "62 % of the bytes",
        "More conversations than the 20,000",
        "77 packets are in none of them",
        "Formatpcap",
        "Times inmicroseconds",
        "Length12 MB",
        "Packets30,001",
        "On the wire12 MB",
        "Not kept whole17 (&lt; 0.1 %) packets",
        "Dropped5 packets, while capturing",
        "2026-11-22 02:00:13 UTC",
        "as seen by 10.0.0.4",
        "ethernet, 30,001 packets, 65,535 bytes of each",
        "Some packets stand behind later ones",
        "120 spans of 500 ms each",
        "The largest 1 of 41",
        "10.0.0.44 MB12,0007.5 MB17,90095 %",
        "10.0.0.4:50123 → 10.0.0.5:443 tcpshop.example1.2 MB6.2 MB58 s3,060 (18 %)61 %",
        "[2001:db8::4]:5353 → [2001:db8::53]:53",
        "443tcp29017,0007.4 MB61 %",
        "Segments24,201With data18,000 (74 %)",
        "Sent again4,356 (17 %)",
        "No room3",
        "1.2 ms in the middle; 400 µs to 48 ms",
        "10.0.0.910.0.0.44,1004,0991900",
        "Questions2,000",
        "gone.exampleNXDOMAIN44",
        "shop.example700",
        "Clients' hellos290Without a name3",
        "tls.example287",
        "port unreachable6",
        "Fragments14Of so many datagrams7",
    ] {
        assert!(words.contains(expected), "{expected} in {words}");
    }
    assert!(html.contains(&format!("<th scope=\"row\">{}<bdi>tls</bdi>", "\u{a0}".repeat(9))), "{html}");
}

#[test]
fn what_is_counted_in_words_has_the_summarys_own_names() {
    let kept = kept(&sample());
    for (word, cell, _) in parts::TCP {
        match cell {
            cells::Cell::Number(name) | cells::Cell::Part(name, _) => {
                assert!(kept["tcp"][name].is_u64(), "{word}")
            }
            _ => assert!(kept["tcp"]["roundTrip"]["median"].is_u64(), "{word}"),
        }
    }
}

#[test]
fn of_an_empty_file_only_its_facts_are_shown() {
    let html = shown(&kept(&Summary::default()));
    assert!(html.contains("No rule found anything") && html.contains("The capture file"));
    assert!(!html.contains("<svg") && !html.contains("<table") && !html.contains("DNS"), "{html}");
}

#[test]
fn a_file_that_was_read_in_part_or_not_at_all_says_so() {
    let partial = Summary {
        reading: Read::Partial { at: 5_000_000, why: "a <packet> is longer than the file".into() },
        ..sample()
    };
    let html = shown(&kept(&partial));
    assert!(html.contains("Only the first 5 MB") && html.contains("a &lt;packet&gt; is longer"));
    let declined =
        Summary { reading: Read::Declined { why: "It is a NetMon file.".into() }, ..Summary::default() };
    let html = shown(&kept(&declined));
    assert!(html.contains("It is a NetMon file.") && !html.contains("The capture file"));
}

#[test]
fn the_picture_has_a_bar_for_each_point_within_its_bounds() {
    for length in [1_u64, 2, 7, 119, 120, 500] {
        for value in [0, 1, 1_000, u64::MAX] {
            let points = (0..length).map(|at| Point {
                bytes_in: value,
                bytes_out: value / 2,
                bytes_other: at,
                retransmissions: value,
                ..Point::default()
            });
            let timeline = Timeline { start: u64::MAX, step: value, points: points.collect() };
            let html = shown(&kept(&Summary { timeline, ..Summary::default() }));
            let path = html.split("<path class=\"to\" d=\"").nth(1).unwrap().split('"').next().unwrap();
            let bars: Vec<&str> = path.split('M').skip(1).collect();
            let expected = if value == 0 { 0 } else { length.min(120) };
            assert_eq!(bars.len() as u64, expected, "{length} of {value}");
            let mut end = 0;
            for bar in bars {
                let (at, rest) = bar.split_once(' ').unwrap();
                let (foot, rest) = rest.split_once("v-").unwrap();
                let (height, rest) = rest.split_once('h').unwrap();
                let width: u64 = rest.split('v').next().unwrap().parse().unwrap();
                let (at, foot, height): (u64, u64, u64) =
                    (at.parse().unwrap(), foot.parse().unwrap(), height.parse().unwrap());
                assert_eq!((at, foot), (end, 100), "{path}");
                assert!((1..=100).contains(&height), "{path}");
                end = at + width;
            }
            assert!(end == 0 || end == 1_200, "{end} of {length}");
        }
    }
}

#[test]
fn numbers_and_names_that_are_wrong_are_shown_and_do_no_harm() {
    let mut value = kept(&sample());
    value["timeline"]["points"] = json!([null, {"bytesIn": -1}, {"bytesIn": "x"}, {"bytesOut": 1.5}, 7]);
    value["protocols"] = json!([{"path": "<b>:".repeat(40)}, {"bytes": u64::MAX}, null]);
    value["conversations"] = json!({"count": "many", "largest": [{"client": {"address": "\u{202e}<x>", "port": 99_999_999}, "serverName": "W".repeat(10_000)}]});
    value["tcp"] = json!([]);
    let html = shown(&value);
    assert!(
        !html.contains("<b>")
            && !html.contains("<x>")
            && !html.contains('\u{202e}')
            && !html.contains(&"W".repeat(600))
    );
    for value in [json!(null), json!([]), json!("x"), json!({"file": 1, "findings": {}, "reading": []})] {
        assert!(shown(&value).contains("What stands out"), "{value}");
    }
}

#[test]
fn the_words_say_how_far_the_reading_is() {
    let record = || {
        let alert = crate::testing::metric_alert();
        let now = crate::time::Timestamp::from_unix(1_795_312_813);
        let mut record = Record::accepted(&alert, crate::testing::spec(&alert, now), now, 0);
        record.sent_at = Some(now);
        record.state = State::Reported;
        record
    };
    let file = |summary, read, size, error: Option<&str>| CaptureFile {
        summary,
        read,
        size,
        error: error.map(|code| crate::failure::Failure::new(code, "a <message>")),
        ..CaptureFile::at("https://st.example/container/vm.cap")
    };
    for (file, expected) in [
        (file(Progress::Waiting, 0, None, None), "Azure has not put the file into storage yet"),
        (file(Progress::Reading, 12_000_000, Some(100_000_000), None), "being read: 12 MB of 100 MB."),
        (
            file(Progress::Failed, 0, Some(7), Some("StorageFailed")),
            "could not be read.StorageFailed: a &lt;message&gt;What to do: The agent",
        ),
        (file(Progress::Done, 7, Some(7), None), "no longer kept"),
    ] {
        let of = Record { files: vec![file], ..record() };
        let words = words(&of_file(&of, 0, None, true).into_string());
        assert!(words.contains(expected), "{words}");
    }
    let without = |of: &Record, are_read| words(&of_file(of, 0, None, are_read).into_string());
    assert!(without(&record(), true).contains("It left no file"));
    assert!(without(&record(), false).contains("summary is off"));
    assert!(
        without(&Record { state: State::Running, ..record() }, true).contains("when the capture has ended")
    );
    assert!(without(&Record { sent_at: None, ..record() }, true).contains("Nothing was captured"));
    let two = Record { files: vec![CaptureFile::at("x/a.cap"), CaptureFile::at("x/<b>.cap")], ..record() };
    let html = of_file(&two, 1, None, true).into_string();
    assert!(html.contains("?file=1\" aria-current=\"page\"><bdi>&lt;b&gt;.cap"), "{html}");
    assert!(of_file(&two, usize::MAX, None, true).into_string().contains("What was on the wire"));
}
