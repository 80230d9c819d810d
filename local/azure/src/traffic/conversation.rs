//! Conversations of a machine that has trouble with one of its peers: lookups, handshakes, data, retransmissions.

use std::net::Ipv4Addr;

use etherparse::PacketBuilder;

use super::Packet;
use super::filter::{Flow, Protocol};

const LOCAL_MAC: [u8; 6] = [0x00, 0x0d, 0x3a, 0x20, 0x00, 0x04];
const GATEWAY_MAC: [u8; 6] = [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc];
/// Azure's own resolver.
const RESOLVER: (Ipv4Addr, u16) = (Ipv4Addr::new(168, 63, 129, 16), 53);
/// The peer that does not always answer: what the alert was about.
const NOISY: (Ipv4Addr, u16) = (Ipv4Addr::new(203, 0, 113, 77), 443);
const SEGMENT: usize = 1400;

/// An endless supply of conversations, always the same for the same machine.
pub(super) struct Conversations {
    local: Ipv4Addr,
    count: u32,
}

/// One TCP connection: both sides' sequence numbers and the packets so far.
struct Connection {
    local: (Ipv4Addr, u16),
    remote: (Ipv4Addr, u16),
    /// The next sequence number of each side.
    seq: [u32; 2],
    packets: Vec<Packet>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Local,
    Remote,
}

impl Conversations {
    pub(super) fn new(local: Ipv4Addr) -> Self {
        Self { local, count: 0 }
    }

    /// The next conversation's packets, in order.
    pub(super) fn next_one(&mut self) -> Vec<Packet> {
        let number = self.count;
        self.count = self.count.wrapping_add(1);
        let ephemeral = 49_152 + (number * 2 % 16_000) as u16;
        match number % 4 {
            0 => self.download(number, ephemeral),
            1 => self.unanswered(number, ephemeral),
            2 => self.served(number),
            _ => self.download(number, ephemeral),
        }
    }

    /// Looks a name up, then downloads; one segment is lost on the way and sent again.
    fn download(&self, number: u32, port: u16) -> Vec<Packet> {
        let mut packets = dns(self.local, port, number);
        let mut tcp = Connection::new((self.local, port + 1), NOISY, number);
        tcp.handshake();
        tcp.data(From::Local, &payload(number, 317));
        for segment in 0..4_u32 {
            let data = payload(number.wrapping_add(segment), SEGMENT);
            tcp.data(From::Remote, &data);
            if segment == 2 {
                tcp.again(From::Remote, &data);
            }
        }
        tcp.close();
        packets.append(&mut tcp.packets);
        packets
    }

    /// Asks the noisy peer, which does not answer: the SYN goes out again and again.
    fn unanswered(&self, number: u32, port: u16) -> Vec<Packet> {
        let mut tcp = Connection::new((self.local, port + 1), NOISY, number);
        for _ in 0..4 {
            tcp.send(From::Local, &[], Flags { syn: true, ..Flags::default() });
        }
        tcp.packets
    }

    /// Serves someone on port 80.
    fn served(&self, number: u32) -> Vec<Packet> {
        let client = Ipv4Addr::new(192, 0, 2, (number % 200 + 10) as u8);
        let mut tcp = Connection::new((self.local, 80), (client, 40_000 + (number % 20_000) as u16), number);
        tcp.handshake_from_remote();
        tcp.data(From::Remote, b"GET /basket HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: browser\r\n\r\n");
        let page = payload(number, 900);
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", page.len()).into_bytes();
        answer.extend_from_slice(&page);
        tcp.data(From::Local, &answer);
        tcp.close();
        tcp.packets
    }
}

#[derive(Clone, Copy, Default)]
struct Flags {
    syn: bool,
    ack: bool,
    psh: bool,
    fin: bool,
}

impl Connection {
    fn new(local: (Ipv4Addr, u16), remote: (Ipv4Addr, u16), number: u32) -> Self {
        let seq = [number.wrapping_mul(2_654_435_761), number.wrapping_mul(2_246_822_519).wrapping_add(7)];
        Self { local, remote, seq, packets: Vec::new() }
    }

    fn handshake(&mut self) {
        self.open(From::Local, From::Remote);
    }

    fn handshake_from_remote(&mut self) {
        self.open(From::Remote, From::Local);
    }

    fn open(&mut self, first: From, second: From) {
        self.send(first, &[], Flags { syn: true, ..Flags::default() });
        self.advance(first, 1);
        self.send(second, &[], Flags { syn: true, ack: true, ..Flags::default() });
        self.advance(second, 1);
        self.send(first, &[], Flags { ack: true, ..Flags::default() });
    }

    /// Data, and the other side's acknowledgement.
    fn data(&mut self, from: From, data: &[u8]) {
        self.send(from, data, Flags { ack: true, psh: true, ..Flags::default() });
        self.advance(from, u32::try_from(data.len()).unwrap_or_default());
        self.send(other(from), &[], Flags { ack: true, ..Flags::default() });
    }

    /// The last data once more: a retransmission, and a duplicate acknowledgement.
    fn again(&mut self, from: From, data: &[u8]) {
        let length = u32::try_from(data.len()).unwrap_or_default();
        self.seq[side(from)] = self.seq[side(from)].wrapping_sub(length);
        self.data(from, data);
    }

    fn close(&mut self) {
        for from in [From::Local, From::Remote] {
            self.send(from, &[], Flags { fin: true, ack: true, ..Flags::default() });
            self.advance(from, 1);
        }
        self.send(From::Local, &[], Flags { ack: true, ..Flags::default() });
    }

    fn advance(&mut self, from: From, by: u32) {
        self.seq[side(from)] = self.seq[side(from)].wrapping_add(by);
    }

    fn send(&mut self, from: From, payload: &[u8], flags: Flags) {
        let (source, target, macs) = match from {
            From::Local => (self.local, self.remote, [LOCAL_MAC, GATEWAY_MAC]),
            From::Remote => (self.remote, self.local, [GATEWAY_MAC, LOCAL_MAC]),
        };
        let mut step = PacketBuilder::ethernet2(macs[0], macs[1])
            .ipv4(source.0.octets(), target.0.octets(), 64)
            .tcp(source.1, target.1, self.seq[side(from)], 64_240);
        if flags.syn {
            step = step.syn();
        }
        if flags.ack {
            step = step.ack(self.seq[side(other(from))]);
        }
        if flags.psh {
            step = step.psh();
        }
        if flags.fin {
            step = step.fin();
        }
        let mut frame = Vec::with_capacity(step.size(payload.len()));
        if step.write(&mut frame, payload).is_ok() {
            let flow = Flow { protocol: Protocol::Tcp, local: self.local, remote: self.remote };
            self.packets.push(Packet { flow, frame });
        }
    }
}

fn side(from: From) -> usize {
    usize::from(from == From::Remote)
}

fn other(from: From) -> From {
    match from {
        From::Local => From::Remote,
        From::Remote => From::Local,
    }
}

/// A lookup of the noisy peer's name and its answer.
fn dns(local: Ipv4Addr, port: u16, number: u32) -> Vec<Packet> {
    let id = (number as u16).to_be_bytes();
    let mut question = vec![id[0], id[1], 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in ["api", "payments", "example"] {
        question.push(label.len() as u8);
        question.extend_from_slice(label.as_bytes());
    }
    question.extend_from_slice(&[0, 0, 1, 0, 1]);
    let mut answer = question.clone();
    // An answer, recursion available, one record: a pointer to the name, A, IN, 60 s, the address.
    answer.splice(2..8, [0x81, 0x80, 0, 1, 0, 1]);
    answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
    answer.extend_from_slice(&NOISY.0.octets());

    let flow = Flow { protocol: Protocol::Udp, local: (local, port), remote: RESOLVER };
    let ends = [(local, port), RESOLVER];
    [(0, 1, LOCAL_MAC, GATEWAY_MAC, question), (1, 0, GATEWAY_MAC, LOCAL_MAC, answer)]
        .into_iter()
        .filter_map(|(from, to, source_mac, target_mac, payload)| {
            let step = PacketBuilder::ethernet2(source_mac, target_mac)
                .ipv4(ends[from].0.octets(), ends[to].0.octets(), 64)
                .udp(ends[from].1, ends[to].1);
            let mut frame = Vec::with_capacity(step.size(payload.len()));
            step.write(&mut frame, &payload).ok()?;
            Some(Packet { flow, frame })
        })
        .collect()
}

/// Bytes that look encrypted, and are the same every time.
fn payload(seed: u32, length: usize) -> Vec<u8> {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        })
        .collect()
}
