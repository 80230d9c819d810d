//! Every rule by its name: at its threshold it speaks, just below it is silent. And docs/summary.md is held to the code.

use super::*;
use crate::summary::{
    Attempts, Conversation, Endpoint, Name, NameFailure, Outcome, Point, Protocol, Spread, Talker, TcpHealth,
    Top,
};

const MACHINE: &str = "10.0.0.4";
const PEER: &str = "10.0.0.5";
const MS: u64 = 1_000_000;

/// A capture in which nothing stands out: ten seconds of 1,000 packets, half of them each way, with many peers.
fn quiet() -> Summary {
    let mut summary = Summary { machine: Some(MACHINE.into()), ..Summary::default() };
    summary.file.packets = 10_000;
    summary.file.wire_bytes = 1_000_000;
    let point =
        Point { packets_in: 500, packets_out: 500, bytes_in: 50_000, bytes_out: 50_000, ..Point::default() };
    summary.timeline.points = vec![point; 10];
    summary.timeline.step = 1000 * MS;
    summary.tcp =
        TcpHealth { segments: 10_000, data_segments: 5_000, attempts: 100, handshakes: 100, ..summary.tcp };
    summary.talkers.largest = vec![talker(MACHINE, 500_000), talker(PEER, 100_000)];
    summary
}

/// Half of its bytes sent, half received, 100 bytes a packet.
fn talker(address: &str, bytes: u64) -> Talker {
    Talker {
        address: address.into(),
        packets_sent: bytes / 200,
        bytes_sent: bytes / 2,
        packets_received: bytes / 200,
        bytes_received: bytes / 2,
    }
}

/// The machine's with `PEER`, on port 443.
fn conversation(bytes_out: u64, bytes_in: u64, tcp: TcpHealth) -> Conversation {
    let end = |address: &str, port| Endpoint { address: address.into(), port: Some(port) };
    Conversation {
        protocol: "tcp".into(),
        client: end(MACHINE, 50_412),
        server: end(PEER, 443),
        bytes_out,
        bytes_in,
        tcp: Some(tcp),
        ..Conversation::default()
    }
}

fn attempts(client: &str, server: &str, [attempts, unanswered, refused, ports]: [u64; 4]) -> Attempts {
    Attempts { client: client.into(), server: server.into(), attempts, unanswered, refused, ports }
}

/// `count` rows, each of one attempt that nobody answers.
fn rows(count: u64, pair: impl Fn(String) -> [String; 2]) -> Top<Attempts> {
    let row = |number| {
        let [client, server] = pair(format!("10.9.0.{number}"));
        attempts(&client, &server, [1, 1, 0, 1])
    };
    Top { count, largest: (0..count).map(row).collect() }
}

fn top<T>(item: T) -> Top<T> {
    Top { count: 1, largest: vec![item] }
}

fn found(summary: &Summary, metric: &str, rule: &str) -> Option<Finding> {
    let about = About { metric: Some(metric.into()) };
    findings(summary, &about).into_iter().find(|it| it.rule == rule)
}

/// A rule's test: what `change` makes of a quiet capture with the number at which the rule speaks and with one less.
macro_rules! rules {
    ($($test:ident: $rule:literal, $at:expr, $metric:literal, $change:expr, $sentence:literal;)*) => {
        $(#[test]
        fn $test() {
            let of = |number: u64| {
                let mut summary = quiet();
                let change: fn(&mut Summary, u64) = $change;
                change(&mut summary, number);
                found(&summary, $metric, $rule)
            };
            assert_eq!(of($at).expect("it speaks").sentence, $sentence);
            assert_eq!(of($at - 1), None, "it is silent");
        })*

        /// The rules that are tested so.
        const TESTED: &[&str] = &[$($rule),*];
    };
}

rules! {
    partial_speaks_where_a_part_is_missing: "partial", 1, "",
        |s, n| if n == 1 {
            s.reading = Outcome::Partial { at: 2_000_000, why: "A packet's length is beyond all bounds.".into() };
        },
        "Only the first 2 MB of the file are in these figures: A packet's length is beyond all bounds.";
    empty_speaks_where_there_is_no_packet: "empty", 1, "",
        |s, n| s.file.packets = 1 - n,
        "The file holds no packet: nothing was on the wire, or the capture's filters let nothing through.";
    no_reply_speaks_where_nothing_comes_back: "no-reply", capture::SILENCE_PACKETS, "",
        |s, n| s.timeline.points = vec![Point { packets_out: n, ..Point::default() }],
        "10.0.0.4 sent 10 packets and got nothing back.";
    no_reply_speaks_where_nothing_goes_out: "no-reply", capture::SILENCE_PACKETS, "",
        |s, n| s.timeline.points = vec![Point { packets_in: n, ..Point::default() }],
        "10.0.0.4 got 10 packets and sent nothing back.";
    dropped_speaks_from_the_first_packet: "dropped", 1, "",
        |s, n| s.file.dropped = Some(n),
        "The capture itself dropped 1 packet (less than 0.1 % of all): every figure is too low.";
    missed_speaks_of_what_was_acknowledged_unseen: "missed", 100, "",
        |s, n| s.tcp.ack_lost_segments = n,
        "100 times TCP data was acknowledged that the file does not hold: the capture missed packets, and the figures are too low.";
    missed_is_silent_of_a_few: "missed", capture::MISSED, "",
        |s, n| { s.tcp.segments = 100; s.tcp.ack_lost_segments = n },
        "10 times TCP data was acknowledged that the file does not hold: the capture missed packets, and the figures are too low.";
    cut_speaks_of_cut_packets: "cut", 100, "",
        |s, n| s.file.cut_packets = n,
        "1.0 % of the packets are cut in the file: bytes are counted as they were on the wire, but names of DNS and TLS may be missing.";
    estimates_speaks_where_tables_are_estimates: "estimates", 1, "",
        |s, n| { s.exactness.limit = 3000; s.exactness.is_estimate = n == 1 },
        "There were more conversations than the 3,000 that are followed at once: the tables and TCP's figures are estimates.";
    alert_in_says_who_sent_it: "alert-in", alert::ALERT_PACKETS, "Network In Total",
        |s, n| {
            s.timeline.points = vec![Point { packets_in: n, bytes_in: 100_000, ..Point::default() }];
            s.conversations = top(conversation(10, 10, TcpHealth::default()));
        },
        "10.0.0.4 got 100 kB; 50 % of that came from 10.0.0.5, mostly on tcp port 443.";
    alert_out_says_who_got_the_segments: "alert-out", alert::ALERT_PACKETS, "TCPv4 Segments Sent/sec",
        |s, n| {
            s.timeline.points = vec![Point { packets_out: n, bytes_out: 5000, ..Point::default() }];
            s.talkers.largest[1].packets_received = 7;
        },
        "10.0.0.4 sent 10 packets; 70 % of that went to 10.0.0.5.";
    alert_in_is_silent_where_others_have_far_more: "alert-in", 90_000, "Network In Total",
        |s, n| {
            s.talkers.largest[1].bytes_sent = 100_000;
            s.timeline.points = vec![Point { packets_in: 20, bytes_in: n, ..Point::default() }];
        },
        "10.0.0.4 got 90 kB; 100 % of that came from 10.0.0.5.";
    alert_connections_says_who_made_them: "alert-connections", alert::ALERT_CONNECTIONS, "Inbound Flows",
        |s, n| {
            s.tcp.attempts = n;
            s.attempts.largest = vec![attempts(MACHINE, PEER, [8, 0, 0, 1]), attempts(PEER, MACHINE, [2, 0, 0, 1])];
        },
        "2 of 10 new TCP connections were tried by 10.0.0.5 to 1 port of 10.0.0.4.";
    alert_connections_is_silent_where_it_is_a_scan: "alert-connections", 81, "Inbound Flows",
        |s, n| s.attempts = top(attempts(PEER, MACHINE, [100, 160 - n, 0, 50])),
        "100 of 100 new TCP connections were tried by 10.0.0.5 to 50 ports of 10.0.0.4.";
    port_scan_speaks_from_its_number_of_ports_on: "port-scan", connecting::SCAN_PORTS, "",
        |s, n| s.attempts = top(attempts(PEER, MACHINE, [4100, 4100, 0, n])),
        "4,100 SYNs from 10.0.0.5 to 20 ports of 10.0.0.4 without answer: looks like a port scan.";
    port_scan_is_silent_where_more_succeed: "port-scan", connecting::IN_VAIN_PERCENT, "",
        |s, n| s.attempts = top(attempts(PEER, MACHINE, [100, n - 1, 1, 50])),
        "100 SYNs from 10.0.0.5 to 50 ports of 10.0.0.4, 79 without answer and 1 refused: looks like a port scan.";
    network_sweep_speaks_from_its_number_of_hosts_on: "network-sweep", connecting::SWEEP_HOSTS, "",
        |s, n| { s.attempts = rows(n, |it| [PEER.into(), it]); s.attempts.count = 700 },
        "10.0.0.5 tried to connect to 10 or more hosts in vain, such as 10.9.0.0: looks like a sweep of the network.";
    syn_flood_speaks_from_its_number_of_sources_on: "syn-flood", connecting::FLOOD_SOURCES, "",
        |s, n| { s.attempts = rows(n, |it| [it, MACHINE.into()]); s.tcp.unanswered = 5000 },
        "5,000 SYNs had no answer; 10 addresses tried in vain to connect to 10.0.0.4: a SYN flood, or a server that is down.";
    syn_flood_is_silent_of_few: "syn-flood", connecting::FLOOD_UNANSWERED, "",
        |s, n| { s.attempts = rows(20, |it| [it, MACHINE.into()]); s.tcp.unanswered = n },
        "100 SYNs had no answer; 20 addresses tried in vain to connect to 10.0.0.4: a SYN flood, or a server that is down.";
    half_open_speaks_where_many_are_never_completed: "half-open", connecting::HALF_OPEN, "",
        |s, n| { s.tcp.attempts = n + 30; s.tcp.handshakes = 10; s.tcp.refused = 10; s.tcp.unanswered = 10 },
        "100 of 130 TCP connections were answered and never completed: a SYN flood, or a scan.";
    half_open_is_silent_where_most_are_completed: "half-open", 500, "",
        |s, n| { s.tcp.attempts = 1000; s.tcp.handshakes = 1000 - n },
        "500 of 1,000 TCP connections were answered and never completed: a SYN flood, or a scan.";
    unanswered_speaks_of_a_host_that_is_silent: "unanswered", connecting::FAILED, "",
        |s, n| {
            s.attempts = top(attempts(MACHINE, PEER, [n, n, 0, 1]));
            s.conversations = top(conversation(1, 0, TcpHealth { attempts: 1, unanswered: 1, ..TcpHealth::default() }));
        },
        "3 of 3 connections that 10.0.0.4 tried to 10.0.0.5:443 had no answer: it is down, or a firewall drops them.";
    unanswered_is_silent_where_more_succeed: "unanswered", connecting::FAILED_PERCENT, "",
        |s, n| s.attempts = top(attempts(MACHINE, PEER, [100, n, 0, 2])),
        "20 of 100 connections that 10.0.0.4 tried to 10.0.0.5 had no answer: it is down, or a firewall drops them.";
    refused_speaks_of_a_host_that_refuses: "refused", connecting::FAILED, "",
        |s, n| s.attempts = top(attempts(MACHINE, PEER, [n, 0, n, 1])),
        "3 of 3 connections that 10.0.0.4 tried to 10.0.0.5 were refused: nothing listens there, or a firewall rejects them.";
    refused_is_silent_where_more_succeed: "refused", connecting::FAILED_PERCENT, "",
        |s, n| s.attempts = top(attempts(MACHINE, PEER, [100, 0, n, 1])),
        "20 of 100 connections that 10.0.0.4 tried to 10.0.0.5 were refused: nothing listens there, or a firewall rejects them.";
    resets_speaks_of_connections_that_break_off: "resets", connecting::RESETS_PERCENT, "",
        |s, n| { s.tcp.resets = n + 7; s.tcp.refused = 7 },
        "20 resets in the middle of connections, with 100 handshakes and 0 FINs seen: programs or something between break them off.";
    resets_is_silent_of_a_few: "resets", connecting::RESETS, "",
        |s, n| { s.tcp.handshakes = 10; s.tcp.resets = n },
        "10 resets in the middle of connections, with 10 handshakes and 0 FINs seen: programs or something between break them off.";
    heavy_retransmissions_speaks_of_many: "heavy-retransmissions", 500, "",
        |s, n| s.tcp.retransmissions = n,
        "5.0 % of the TCP segments (500 of 10,000) were sent again.";
    retransmissions_speaks_of_more_than_sound_networks_have: "retransmissions", 100, "",
        |s, n| { s.tcp.retransmissions = n; s.tcp.spurious_retransmissions = 60 },
        "1.0 % of the TCP segments (100 of 10,000) were sent again, 60 % of these after they had been acknowledged: acknowledgements come late or get lost.";
    retransmissions_is_silent_of_little_data: "retransmissions", loss::LOSS_DATA_SEGMENTS, "",
        |s, n| { s.tcp.retransmissions = 100; s.tcp.data_segments = n },
        "1.0 % of the TCP segments (100 of 10,000) were sent again.";
    worst_conversation_speaks_of_a_bad_one: "worst-conversation", 10, "",
        |s, n| {
            let tcp = TcpHealth { segments: 200, retransmissions: n, ..TcpHealth::default() };
            s.conversations = top(conversation(1, 1, tcp));
            s.tcp.retransmissions = 40;
        },
        "Between 10.0.0.4 and 10.0.0.5:443 5.0 % of the segments (10 of 200) were sent again; over all it was 0.4 %.";
    worst_conversation_is_silent_of_short_ones: "worst-conversation", loss::WORST_SEGMENTS, "",
        |s, n| {
            let tcp = TcpHealth { segments: n, retransmissions: 18, ..TcpHealth::default() };
            s.conversations = top(conversation(1, 1, tcp));
        },
        "Between 10.0.0.4 and 10.0.0.5:443 18 % of the segments (18 of 100) were sent again; over all it was 0 %.";
    worst_conversation_is_silent_where_all_are_bad: "worst-conversation", 1000, "",
        |s, n| {
            let tcp = TcpHealth { segments: 10_000, retransmissions: n, ..TcpHealth::default() };
            s.conversations = top(conversation(1, 1, tcp));
            s.tcp.retransmissions = 500;
        },
        "Between 10.0.0.4 and 10.0.0.5:443 10 % of the segments (1,000 of 10,000) were sent again; over all it was 5.0 %.";
    one_way_loss_speaks_where_one_side_sends_again: "one-way-loss", loss::ONE_WAY_PERCENT, "",
        |s, n| {
            let tcp = TcpHealth { retransmissions: 100, server_retransmissions: n, ..TcpHealth::default() };
            s.conversations = top(conversation(1, 1, tcp));
        },
        "90 % of the retransmissions in the largest conversations (90 of 100) were sent by its peers: data gets lost on the way to the machine, or its acknowledgements on the way back.";
    one_way_loss_is_silent_of_a_few: "one-way-loss", loss::ONE_WAY_RETRANSMISSIONS, "",
        |s, n| s.conversations = top(conversation(1, 1, TcpHealth { retransmissions: n, ..TcpHealth::default() })),
        "100 % of the retransmissions in the largest conversations (20 of 20) were sent by the machine: data gets lost on the way from the machine, or its acknowledgements on the way back.";
    one_way_loss_is_silent_where_all_goes_one_way: "one-way-loss", loss::ONE_WAY_OTHER_PERCENT, "",
        |s, n| {
            s.timeline.points = vec![Point { packets_in: n, packets_out: 100 - n, ..Point::default() }];
            s.conversations = top(conversation(1, 1, TcpHealth { retransmissions: 50, ..TcpHealth::default() }));
        },
        "100 % of the retransmissions in the largest conversations (50 of 50) were sent by the machine: data gets lost on the way from the machine, or its acknowledgements on the way back.";
    out_of_order_speaks_of_disorder: "out-of-order", 100, "",
        |s, n| s.tcp.out_of_order = n,
        "1.0 % of the TCP segments (100) came out of order: something on the way takes several paths or reorders.";
    out_of_order_is_silent_of_a_few: "out-of-order", loss::DISORDER, "",
        |s, n| { s.tcp.segments = 1000; s.tcp.out_of_order = n },
        "5.0 % of the TCP segments (50) came out of order: something on the way takes several paths or reorders.";
    zero_window_says_which_side_cannot_keep_up: "zero-window", waiting::ZERO_WINDOWS, "",
        |s, n| {
            s.tcp.zero_windows = n;
            let tcp = TcpHealth { zero_windows: 5, server_zero_windows: 1, ..TcpHealth::default() };
            s.conversations = top(conversation(1, 1, tcp));
        },
        "5 times TCP had no room for more, 4 of them at 10.0.0.4:50412 for what 10.0.0.5:443 sends: the program there does not read fast enough.";
    slow_handshakes_speaks_of_a_long_way: "slow-handshakes", waiting::SLOW_MS, "",
        |s, n| s.tcp.round_trip = Spread { count: 5, shortest: 1, median: n * MS, longest: 2500 * MS },
        "Half of the 5 TCP handshakes took 200 ms or longer, the longest 2.5 s: the way is long, or the other side busy.";
    slow_handshakes_is_silent_of_a_few: "slow-handshakes", waiting::SLOW_HANDSHAKES, "",
        |s, n| s.tcp.round_trip = Spread { count: n, shortest: 1, median: 300 * MS, longest: 300 * MS },
        "Half of the 5 TCP handshakes took 300 ms or longer, the longest 300 ms: the way is long, or the other side busy.";
    dns_unanswered_speaks_of_a_silent_resolver: "dns-unanswered", names::DNS_UNANSWERED, "",
        |s, n| { s.dns.queries = 8; s.dns.unanswered = n },
        "5 of 8 DNS queries had no answer.";
    dns_unanswered_is_silent_where_most_are_answered: "dns-unanswered", names::DNS_UNANSWERED_PERCENT, "",
        |s, n| { s.dns.queries = 100; s.dns.unanswered = n },
        "10 of 100 DNS queries had no answer.";
    dns_failures_speaks_of_names_that_are_not_found: "dns-failures", names::DNS_FAILURES, "",
        |s, n| {
            s.dns.responses = 8;
            s.dns.failed = n;
            s.dns.failures = top(NameFailure { name: "shop.example".into(), code: "NXDOMAIN".into(), count: 4 });
        },
        "62 % of the DNS answers (5) were failures, most often NXDOMAIN for shop.example (4).";
    dns_failures_is_silent_where_most_are_found: "dns-failures", names::DNS_FAILURES_PERCENT, "",
        |s, n| { s.dns.responses = 100; s.dns.failed = n },
        "10 % of the DNS answers (10) were failures.";
    dns_slow_speaks_of_a_slow_resolver: "dns-slow", names::DNS_SLOW_MS, "",
        |s, n| s.dns.response_time = Spread { count: 5, shortest: 1, median: n * MS, longest: 900 * MS },
        "Half of the 5 DNS answers took 200 ms or longer, the longest 900 ms.";
    dns_slow_is_silent_of_a_few: "dns-slow", names::DNS_SLOW, "",
        |s, n| s.dns.response_time = Spread { count: n, shortest: 1, median: 300 * MS, longest: 900 * MS },
        "Half of the 5 DNS answers took 300 ms or longer, the longest 900 ms.";
    tls_alerts_speaks_of_handshakes_that_fail: "tls-alerts", names::TLS_ALERTS, "",
        |s, n| { s.tls.client_hellos = 8; s.tls.alerts = n },
        "5 TLS alerts before encryption, with 8 client hellos: handshakes fail, by certificates, names or versions.";
    tls_alerts_is_silent_where_most_succeed: "tls-alerts", names::TLS_ALERTS_PERCENT, "",
        |s, n| { s.tls.client_hellos = 100; s.tls.alerts = n },
        "10 TLS alerts before encryption, with 100 client hellos: handshakes fail, by certificates, names or versions.";
    mtu_speaks_from_the_first_message: "mtu", 1, "",
        |s, n| if n == 1 { s.icmp.kinds = top(Name { name: crate::icmp::TOO_BIG.into(), count: 1 }) },
        "Packets were too large for a link on the way, as ICMP says (fragmentation needed, 1): where such messages are dropped, large transfers hang.";
    icmp_errors_speaks_of_many: "icmp-errors", path::ICMP_ERRORS, "",
        |s, n| {
            s.icmp.errors = n + 5;
            let kind = |name: &str, count| Name { name: name.into(), count };
            s.icmp.kinds.largest = vec![kind(crate::icmp::TOO_BIG, 5), kind("port unreachable", 4)];
        },
        "10 ICMP errors, most often port unreachable (4).";
    fragments_speaks_of_many: "fragments", 100, "",
        |s, n| { s.fragments.packets = n; s.fragments.datagrams = 50 },
        "1.0 % of the packets (100) are IP fragments of 50 datagrams: something sends more than a link takes at once, and where one is lost all are.";
    fragments_is_silent_of_a_few: "fragments", path::FRAGMENTS, "",
        |s, n| { s.file.packets = 100; s.fragments.packets = n; s.fragments.datagrams = 1 },
        "10 % of the packets (10) are IP fragments of 1 datagram: something sends more than a link takes at once, and where one is lost all are.";
    busy_conversation_speaks_from_half_of_all_bytes_on: "busy-conversation", 500_000, "",
        |s, n| {
            let tcp = TcpHealth { segments: 100, retransmissions: 18, ..TcpHealth::default() };
            s.conversations = top(conversation(n - 100, 100, tcp));
            s.conversations.largest[0].server_name = Some("shop.example".into());
        },
        "50 % of the bytes (500 kB) went from 10.0.0.4 to 10.0.0.5:443 (shop.example); 18 % of those segments were retransmissions.";
    busy_conversation_is_silent_of_few_packets: "busy-conversation", traffic::BUSY_PACKETS, "",
        |s, n| { s.file.packets = n; s.conversations = top(conversation(100, 900_000, TcpHealth::default())) },
        "90 % of the bytes (900 kB) went from 10.0.0.5:443 to 10.0.0.4.";
    busy_peer_speaks_from_half_of_all_bytes_on: "busy-peer", 500_000, "",
        |s, n| {
            s.talkers.largest[1] = talker(PEER, 500_000);
            s.talkers.largest[1].bytes_sent = n - 250_000;
            s.conversations = top(conversation(300_000, 1000, TcpHealth::default()));
        },
        "50 % of the bytes (500 kB) were to or from 10.0.0.5, by many conversations.";
    busy_peer_is_silent_where_one_conversation_is_it: "busy-peer", 500_001, "",
        |s, n| {
            s.talkers.largest[1] = talker(PEER, 600_000);
            s.conversations = top(conversation(1_000_000 - n, 0, TcpHealth::default()));
        },
        "60 % of the bytes (600 kB) were to or from 10.0.0.5, by many conversations.";
    burst_speaks_of_a_peak_far_above_the_median: "burst", 10_000, "",
        |s, n| { s.timeline.points[7].packets_in = n - 500; s.timeline.start = 1_700_000_040_000_000_000 },
        "Traffic came in a burst: 10,000 packets in 1 s from 22:14:07 UTC on, mostly to the machine; half of the time it was at most 1,000.";
    burst_is_silent_of_little_traffic: "burst", traffic::BURST_PACKETS, "",
        |s, n| { s.timeline.points = vec![Point::default(); 20]; s.timeline.points[0].packets_other = n },
        "Traffic came in a burst: 1,000 packets in 1 s from 00:00:00 UTC on; half of the time it was at most 0.";
    burst_is_silent_of_a_short_time: "burst", traffic::BURST_POINTS, "",
        |s, n| { s.timeline.points.truncate(usize::try_from(n).unwrap()); s.timeline.points[0].packets_out = 20_000 },
        "Traffic came in a burst: 20,500 packets in 1 s from 00:00:00 UTC on, mostly from the machine; half of the time it was at most 1,000.";
    arp_speaks_of_much: "arp", 2000, "",
        |s, n| s.protocols = vec![
            Protocol { path: "eth".into(), packets: 10_000, bytes: 0 },
            Protocol { path: "eth:arp".into(), packets: n, bytes: 0 },
        ],
        "20 % of the packets (2,000) were ARP: a loop, or something that asks for many addresses.";
    arp_is_silent_of_a_few: "arp", traffic::NOISE_PACKETS, "",
        |s, n| { s.file.packets = 200; s.protocols = vec![Protocol { path: "eth:arp".into(), packets: n, bytes: 0 }] },
        "50 % of the packets (100) were ARP: a loop, or something that asks for many addresses.";
    broadcast_speaks_of_much: "broadcast", 2000, "",
        |s, n| s.talkers.largest.push(Talker { packets_received: n, ..talker("239.255.255.250", 0) }),
        "20 % of the packets (2,000) were for everybody, to 239.255.255.250.";
}

const PAGE: &str = include_str!("../../../docs/summary.md");

/// The cells of the rows of the page's table under `head`, without the outermost backticks.
fn page_rows(head: &str) -> Vec<Vec<&'static str>> {
    let table = PAGE.split_once(head).expect("the page has the table").1.split("\n\n").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").map(|cell| cell.trim_end_matches('`')).collect()).collect()
}

/// As the page has it.
fn words(measured: Measured) -> String {
    let all = [
        (Measured::CONNECTIONS, "connections"),
        (Measured::RESETS, "resets"),
        (Measured::LOSS, "loss"),
        (Measured::DNS, "DNS"),
        (Measured::DELAY, "delay"),
        (Measured::ICMP, "ICMP"),
    ];
    let mut words: Vec<&str> =
        all.iter().filter(|(it, _)| measured.has_any(*it)).map(|(_, word)| *word).collect();
    words.extend(match [Measured::IN, Measured::OUT].map(|it| measured.has_any(it)) {
        [true, true] => Some("traffic"),
        [true, false] => Some("traffic in"),
        [false, true] => Some("traffic out"),
        [false, false] => None,
    });
    if words.is_empty() { "–".into() } else { words.join(", ") }
}

/// The numbers that the page must say of a rule.
fn thresholds(rule: &str) -> Vec<(u64, &'static str)> {
    use {alert::*, capture::*, connecting::*, loss::*, names::*, path::*, traffic::*, waiting::*};
    match rule {
        "partial" | "empty" | "dropped" | "estimates" | "mtu" => vec![],
        "no-reply" => vec![(SILENCE_PACKETS, " packets")],
        "missed" => vec![(MISSED, " "), (MISSED_PERCENT, " %")],
        "cut" => vec![(CUT_PERCENT, " %")],
        "alert-in" | "alert-out" => vec![(ALERT_PACKETS, " packets")],
        "alert-connections" => vec![(ALERT_CONNECTIONS, " TCP connections")],
        "port-scan" => vec![(SCAN_PORTS, " ports"), (IN_VAIN_PERCENT, " %")],
        "network-sweep" => vec![(SWEEP_HOSTS, " others"), (IN_VAIN_PERCENT, " %"), (SCAN_PORTS, " ports")],
        "syn-flood" => vec![
            (FLOOD_SOURCES, " addresses"),
            (IN_VAIN_PERCENT, " %"),
            (SCAN_PORTS, " ports"),
            (FLOOD_UNANSWERED, " SYNs"),
        ],
        "half-open" => vec![(HALF_OPEN, " connections"), (HALF_OPEN_PERCENT, " %")],
        "unanswered" | "refused" => vec![(FAILED, " "), (FAILED_PERCENT, " %"), (SCAN_PORTS, " ports")],
        "resets" => vec![(RESETS, " resets"), (RESETS_PERCENT, " %")],
        "heavy-retransmissions" => vec![(HEAVY_LOSS_PERCENT, " %"), (LOSS_DATA_SEGMENTS, " with data")],
        "retransmissions" => {
            vec![(LOSS_PERCENT, " %"), (HEAVY_LOSS_PERCENT, " %"), (LOSS_DATA_SEGMENTS, " with data")]
        }
        "worst-conversation" => {
            vec![(WORST_SEGMENTS, " segments"), (WORST_PERCENT, " %"), (WORST_FACTOR, " times")]
        }
        "one-way-loss" => vec![
            (ONE_WAY_RETRANSMISSIONS, " retransmissions"),
            (ONE_WAY_PERCENT, " %"),
            (ONE_WAY_OTHER_PERCENT, " % of the packets"),
        ],
        "out-of-order" => vec![(DISORDER, " segments"), (DISORDER_PERCENT, " %")],
        "zero-window" => vec![(ZERO_WINDOWS, " segments")],
        "slow-handshakes" => vec![(SLOW_HANDSHAKES, " handshakes"), (SLOW_MS, " ms")],
        "dns-unanswered" => vec![(DNS_UNANSWERED, " DNS queries"), (DNS_UNANSWERED_PERCENT, " %")],
        "dns-failures" => vec![(DNS_FAILURES, " DNS answers"), (DNS_FAILURES_PERCENT, " %")],
        "dns-slow" => vec![(DNS_SLOW, " DNS answers"), (DNS_SLOW_MS, " ms")],
        "tls-alerts" => vec![(TLS_ALERTS, " alerts"), (TLS_ALERTS_PERCENT, " %")],
        "icmp-errors" => vec![(ICMP_ERRORS, " other")],
        "fragments" => vec![(FRAGMENTS, " packets"), (FRAGMENTS_PERCENT, " %")],
        "busy-conversation" | "busy-peer" => vec![(BUSY_PERCENT, " %"), (BUSY_PACKETS, " packets")],
        "burst" => vec![(BURST_POINTS, " steps"), (BURST_PACKETS, " packets"), (BURST_FACTOR, " times")],
        "arp" | "broadcast" => vec![(NOISE_PACKETS, " packets"), (NOISE_PERCENT, " %")],
        other => panic!("{other} has no numbers here"),
    }
}

#[test]
fn the_page_has_every_rule_with_its_weight_its_numbers_and_what_it_speaks_of() {
    let rows = page_rows("| rule | weight | when |");
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, RULES.iter().map(|rule| rule.name).collect::<Vec<_>>());
    for (row, rule) in rows.iter().zip(RULES) {
        assert_eq!(row[1], rule.weight.to_string(), "{}", rule.name);
        assert_eq!(row[4], words(rule.explains), "{}", rule.name);
        for (number, unit) in thresholds(rule.name) {
            let mut said = Sentence::default();
            said.say(" ").number(number).say(unit);
            let said = said.end();
            let said = said.trim_end_matches('.');
            assert!(format!(" {}", row[2]).contains(said), "{}: {said}", rule.name);
        }
    }
}

#[test]
fn the_page_says_how_findings_are_weighed_and_told() {
    for said in [
        format!("weighs {EXPLAINS} more, up to {HEAVIEST}"),
        format!("what weighs {} or more", headlines::TOLD),
        format!("at most {} lines", headlines::LINES),
    ] {
        assert!(PAGE.replace('\n', " ").contains(&said), "{said}");
    }
}

#[test]
fn the_pages_metrics_measure_what_it_says() {
    let rows = page_rows("| name | measures |");
    assert!(rows.len() >= 9, "{rows:?}");
    for row in rows {
        for name in row[0].split("`, `") {
            assert_eq!(words(Measured::by(name)), row[1], "{name}");
        }
    }
}

#[test]
fn every_rule_is_tested_and_in_a_quiet_capture_none_speaks() {
    for rule in RULES {
        assert!(TESTED.contains(&rule.name), "{}", rule.name);
    }
    assert_eq!(findings(&quiet(), &About::default()), []);
    assert_eq!(
        quiet().headlines(),
        ["Nothing stands out: 10,000 packets (1 MB), 0 conversations, 0 % of the TCP segments sent again."]
    );
}

#[test]
fn what_explains_the_alert_weighs_more_and_the_weightiest_is_first() {
    let mut summary = quiet();
    summary.tcp.retransmissions = 600;
    summary.attempts = top(attempts(PEER, MACHINE, [4100, 4100, 0, 900]));
    let names = |metric: &str| -> Vec<(String, u32, bool)> {
        let about = About { metric: Some(metric.into()) };
        findings(&summary, &about).into_iter().map(|it| (it.rule, it.weight, it.explains_alert)).collect()
    };
    let [scan, loss] = ["port-scan", "heavy-retransmissions"].map(str::to_owned);
    assert_eq!(names(""), [(scan.clone(), 90, false), (loss.clone(), 75, false)]);
    assert_eq!(names("Segments Retransmitted/sec"), [(loss, 95, true), (scan, 90, false)]);
}

#[test]
fn what_the_alerts_own_rules_say_is_not_said_twice() {
    let mut summary = quiet();
    summary.talkers.largest[1] = talker(PEER, 600_000);
    assert!(found(&summary, "", "busy-peer").is_some());
    assert_eq!(found(&summary, "Network In Total", "busy-peer"), None);
    assert!(found(&summary, "Network In Total", "alert-in").is_some());
}

#[test]
fn a_sweep_or_a_flood_is_not_told_of_as_single_hosts_too() {
    let mut summary = quiet();
    summary.attempts = rows(20, |it| [PEER.into(), it]);
    for row in &mut summary.attempts.largest {
        (row.attempts, row.unanswered) = (5, 5);
    }
    assert!(found(&summary, "", "network-sweep").is_some());
    assert_eq!(found(&summary, "", "unanswered"), None);
}

#[test]
fn people_are_told_three_lines_at_most_and_first_what_was_not_read() {
    let mut summary = quiet();
    summary.tcp.retransmissions = 600;
    summary.tcp.zero_windows = 9;
    summary.icmp.errors = 900;
    summary.exactness.is_estimate = true;
    let lines = |summary: &mut Summary| {
        summary.findings = findings(summary, &About::default());
        summary
            .headlines()
            .iter()
            .map(|it| it.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&mut summary), ["6.0 %", "9 times", "900 ICMP"]);
    summary.reading = Outcome::Partial { at: 5, why: "It is cut".into() };
    assert_eq!(lines(&mut summary), ["Only the", "6.0 %", "9 times"]);
    let mut cut = Summary { reading: summary.reading.clone(), ..quiet() };
    assert_eq!(lines(&mut cut), ["Only the", "Nothing stands"]);
    summary.reading = Outcome::Declined { why: "It is a picture. Open it elsewhere.".into() };
    assert_eq!(summary.headlines(), ["The file could not be read: It is a picture. Open it elsewhere."]);
}

#[test]
fn whatever_comes_from_the_wire_every_line_is_short_printable_ascii() {
    let hostile = "<b>\u{202e}\n\u{1b}[31m".repeat(2000);
    let mut summary = quiet();
    summary.machine = Some(hostile.clone());
    summary.tcp.zero_windows = 9;
    summary.dns.responses = 9;
    summary.dns.failed = 9;
    summary.dns.failures = top(NameFailure { name: hostile.clone(), code: hostile.clone(), count: 9 });
    let mut conversation = conversation(900_000, 0, TcpHealth { zero_windows: 9, ..TcpHealth::default() });
    conversation.client.address = hostile.clone();
    conversation.server.address = hostile.clone();
    conversation.server_name = Some(hostile.clone());
    summary.conversations = top(conversation);
    summary.attempts = top(attempts(&hostile, &hostile, [u64::MAX; 4]));
    summary.reading = Outcome::Partial { at: u64::MAX, why: hostile };
    summary.findings = findings(&summary, &About { metric: Some("Network In Total".into()) });
    assert!(summary.findings.len() >= 5, "{:?}", summary.findings);
    for line in summary.findings.iter().map(|it| &it.sentence).chain(&summary.headlines()) {
        assert!(line.len() < 500 && line.bytes().all(|it| matches!(it, b' '..=b'~')), "{line}");
    }
}
