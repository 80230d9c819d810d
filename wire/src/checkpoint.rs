//! A reading that is broken off, in at most 400,000 bytes.

use std::fmt;

use crate::{
    conversations::LIMIT,
    keep::{Keep, Kept},
    reading::State,
};

/// No checkpoint has more bytes.
const MOST: usize = 400_000;
/// What a checkpoint begins with. Its last letter is the version: another one for whatever changes below or in what is
/// kept there, so that nobody reads an older one as something else.
const MARK: &[u8; 4] = b"wir2";

/// Bytes that are no checkpoint, or one of another version: the file is to be read from its first byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACheckpoint;

impl fmt::Display for NotACheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no checkpoint of this version: read the file from its first byte on")
    }
}

impl std::error::Error for NotACheckpoint {}

pub(crate) fn write(state: &State) -> Vec<u8> {
    let mut state = state.clone();
    loop {
        let mut bytes = Kept::To(MARK.to_vec());
        state.keep(&mut bytes);
        // Writing cannot fail; were it so, what is written would be refused.
        let Kept::To(bytes) = bytes else { return Vec::new() };
        if bytes.len() <= MOST || state.traffic.conversations.table.rows().is_empty() {
            return bytes;
        }
        // Only where numbers are as large as no real file's: the smallest conversations go, and the summary is an estimate.
        state.traffic.conversations.shrink(LIMIT / 16);
    }
}

pub(crate) fn read(bytes: &[u8]) -> Result<State, NotACheckpoint> {
    let mut bytes = Kept::From(bytes.strip_prefix(MARK).ok_or(NotACheckpoint)?);
    let mut state = State::default();
    state.keep(&mut bytes);
    if bytes.is_bad() { Err(NotACheckpoint) } else { Ok(state) }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;

    use crate::{
        About, AtEnd, Reading,
        conversations::LIMIT,
        testing::{BEGIN, Captured, KINDS, client_hello, dns, file, summary, udp},
    };

    /// A connection over IPv6 between addresses of its own: a handshake, data both ways, losses, duplicates, an end.
    fn connection(index: u64, packets: &mut Vec<Captured>) {
        let word = index.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let (seq, ack) = (u32::from_be_bytes([word[0], word[1], word[2], word[3]]), !(index as u32) << 3);
        let end = |last: u8| [[0x20, 1, 0xd, 0xb8, last, 6, 7, last], word].concat().try_into().unwrap();
        let (client, server): ([u8; 16], [u8; 16]) = (end(1), end(2));
        let mut at = BEGIN + index * 100_000;
        let mut push = |from_client: bool, flags: u8, offset: u32, acked: u32, body: &[u8]| {
            let (from, to, ports) =
                if from_client { (client, server, (50_000, 443)) } else { (server, client, (443, 50_000)) };
            let (seq, ack) = if from_client { (seq, ack) } else { (ack, seq) };
            let mut header = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv6(from, to, 64).tcp(
                ports.0,
                ports.1,
                seq.wrapping_add(offset),
                64_000,
            );
            if flags & 2 != 0 {
                header = header.syn().options_raw(&[3, 3, 9, 1]).unwrap();
            }
            if flags & 16 != 0 {
                header = header.ack(ack.wrapping_add(acked));
            }
            if flags & 1 != 0 {
                header = header.fin();
            }
            let mut bytes = Vec::new();
            header.write(&mut bytes, body).unwrap();
            let wire = bytes.len() as u32 + 1_300;
            at += 30_000_000_000 / 40;
            packets.push(Captured { at, bytes, wire });
        };
        push(true, 2, 0, 0, b"");
        push(false, 18, 0, 1, b"");
        push(true, 16, 1, 1, b"");
        for round in 0..6 {
            push(true, 16, 1 + round * 60_000, 1, &[0; 100]);
            push(true, 16, 1 + round * 60_000, 1, &[0; 100]);
            push(false, 16, 1 + round * 60_000, 1 + round, &[0; 100]);
            push(true, 16, 50_000 + round * 60_000, 1, &[0; 100]);
            push(false, 16, 1 + round * 60_000, 1 + round, b"");
            push(false, 16, 1 + round * 60_000, 1 + round, b"");
        }
        let name = format!(
            "server-{index}-whose-name-is-longer-than-most.of-a-zone-in-an-internal-domain.example.internal"
        );
        push(true, 16, 1 + 399_000, 1, &client_hello(&name));
        push(true, 17, 1 + 400_000, 1, b"");
    }

    #[test]
    fn as_many_conversations_as_are_followed_fit_into_a_checkpoint() {
        let mut packets = Vec::new();
        (0..LIMIT as u64 - 1).for_each(|index| connection(index, &mut packets));
        let at = packets.last().unwrap().at;
        for id in 0..600_u16 {
            let name = format!(
                "a-name-of-{id}-that-is-longer-than-most.of-a-zone-in-an-internal-domain.example.internal"
            );
            packets.push(Captured::new(at, udp((1, 40_000), (53, 53), &dns(id, false, 0, &name))));
            packets.push(Captured::new(at, udp((53, 53), (1, 40_000), &dns(id + 20_000, true, 3, &name))));
        }
        let bytes = file(KINDS[0], &packets);
        let mut reading = Reading::new();
        reading.push(&bytes);
        let checkpoint = reading.checkpoint();
        eprintln!("{} bytes for {LIMIT} conversations", checkpoint.len());
        assert!(checkpoint.len() <= 400_000, "{}", checkpoint.len());
        let resumed = Reading::resume(&checkpoint).unwrap().finish(AtEnd::Whole, &About::default());
        assert_eq!(resumed, summary(&bytes));
        assert!(!resumed.exactness.is_estimate);
        assert_eq!(resumed.conversations.count, LIMIT as u64);
    }
}
