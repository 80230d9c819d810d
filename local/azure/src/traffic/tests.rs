use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use pcap_file::pcap::PcapReader;
use pcap_file::{DataLink, TsResolution};

use super::filter::{Protocol, Range};
use super::*;

fn window<'a>(filters: &'a [Filter], seconds: i64) -> Window<'a> {
    let since: Timestamp = "2026-07-07T09:06:14.6541886Z".parse().expect("a time");
    Window {
        local: Ipv4Addr::new(10, 20, 0, 4),
        since,
        until: since + jiff::SignedDuration::from_secs(seconds),
        bytes_per_second: 50_000,
        bytes_per_packet: 0,
        total_bytes: u64::MAX,
        file_bytes: 4_000_000,
        filters,
    }
}

fn filter(protocol: Protocol, local_port: &str) -> Filter {
    Filter {
        protocol,
        local_ip: Range::All,
        remote_ip: Range::All,
        local_port: Range::parse(local_port),
        remote_port: Range::All,
    }
}

fn packets(file: &Bytes) -> Vec<PcapPacket<'static>> {
    let mut reader = PcapReader::new(&file[..]).expect("a capture file");
    assert_eq!(reader.header().datalink, DataLink::ETHERNET);
    assert_eq!(reader.header().ts_resolution, TsResolution::MicroSecond);
    std::iter::from_fn(|| reader.next_packet().map(|packet| packet.expect("a packet").into_owned())).collect()
}

#[test]
fn a_file_is_readable_and_every_packet_lies_in_its_window_with_right_checksums() {
    let window = window(&[], 2);
    let packets = packets(&capture(&window));
    assert!(packets.len() > 50, "{}", packets.len());
    let since = Duration::try_from(window.since.as_duration()).expect("after 1970");
    let (mut tcp, mut udp, mut syns) = (0, 0, 0);
    for packet in &packets {
        assert!(packet.timestamp >= since - Duration::from_micros(1), "not before the start");
        assert!(packet.timestamp <= since + Duration::from_secs(2), "not after the end");
        let sliced = SlicedPacket::from_ethernet(&packet.data).expect("a frame");
        let Some(NetSlice::Ipv4(ip)) = &sliced.net else { panic!("not IPv4") };
        assert_eq!(ip.header().header_checksum(), ip.header().to_header().calc_header_checksum());
        match &sliced.transport {
            Some(TransportSlice::Tcp(segment)) => {
                tcp += 1;
                syns += usize::from(segment.syn());
                let expected = segment
                    .to_header()
                    .calc_checksum_ipv4(&ip.header().to_header(), segment.payload())
                    .expect("a length");
                assert_eq!(segment.checksum(), expected);
            }
            Some(TransportSlice::Udp(datagram)) => {
                udp += 1;
                assert!([datagram.source_port(), datagram.destination_port()].contains(&53));
            }
            _ => panic!("neither TCP nor UDP"),
        }
    }
    assert!(tcp > 40 && udp > 4 && syns > 5, "{tcp} TCP, {udp} UDP, {syns} SYN");
}

#[test]
fn filters_leave_only_what_they_take() {
    let only_dns = [filter(Protocol::Udp, "")];
    let only_web = [filter(Protocol::Tcp, "80")];
    let mistyped = [filter(Protocol::Tcp, "80-x")];
    let everything = packets(&capture(&window(&[], 2))).len();
    let dns = packets(&capture(&window(&only_dns, 2))).len();
    let web = packets(&capture(&window(&only_web, 2))).len();
    assert!(dns > 0 && web > 0 && dns + web < everything, "{dns} {web} {everything}");
    assert_eq!(packets(&capture(&window(&mistyped, 2))).len(), 0);
}

#[test]
fn packets_are_cut_and_the_session_ends_at_their_limits() {
    let cut = Window { bytes_per_packet: 34, ..window(&[], 2) };
    let packets_cut = packets(&capture(&cut));
    assert!(packets_cut.iter().all(|packet| packet.data.len() == 34 && packet.orig_len > 34));

    let small = Window { total_bytes: 5_000, ..window(&[], 2) };
    let bytes: usize = packets(&capture(&small)).iter().map(|packet| packet.data.len()).sum();
    assert!(bytes <= 5_000 && bytes > 3_000, "{bytes}");

    assert_eq!(packets(&capture(&window(&[], 0))).len(), 0, "no time, no packets, but a file");
}
