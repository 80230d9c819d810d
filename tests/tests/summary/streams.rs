//! Conversations: TCP's and UDP's by tshark's streams, where one on the ports of an older one is another; all others by
//! what they speak and their addresses.

use std::collections::BTreeMap;

use crate::{Facts, capinfos, frames::Frame};

/// A conversation's sums, and how a TCP connection began.
#[derive(Default)]
struct Stream {
    packets: u64,
    bytes: u64,
    /// Who sent the SYN.
    client: Option<String>,
    syn_acks_from: Vec<String>,
    resets_from: Vec<String>,
    acks_from: Vec<String>,
    round_trip: Option<u64>,
}

/// Each conversation, how many there are, and what TCP connections came to.
pub(crate) fn facts(frames: &[Frame]) -> Facts {
    let mut streams: BTreeMap<(String, String), Stream> = BTreeMap::new();
    for frame in frames {
        let Some((source, target)) = frame.addresses() else { continue };
        let layer = frame.layer();
        let stream = match layer {
            "tcp" | "udp" => frame.first(&format!("{layer}.stream")),
            _ => "",
        };
        // Also those of a header that is cut, which tshark counts to no stream.
        let has_ports = ["tcp", "udp"].contains(&layer) && frame.has(&format!("{layer}.dstport"));
        let end = |address: &str, side: &str| {
            let port = if has_ports { frame.first(&format!("{layer}.{side}")) } else { "" };
            format!("{address} {port}").trim().to_owned()
        };
        let from = end(source, "srcport");
        let mut ends = [from.clone(), end(target, "dstport")];
        ends.sort();
        let one = streams.entry((format!("{layer} {}", ends.join(" – ")), stream.to_owned())).or_default();
        one.packets += 1;
        one.bytes += frame.number("frame.len");
        if layer == "tcp" {
            one.see(frame, from);
        }
    }
    let mut facts = Facts::new();
    facts.insert("conversations".to_owned(), streams.len().to_string());
    let mut by_ends: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((ends, _), it) in &streams {
        by_ends.entry(ends.clone()).or_default().push(format!("{} packets, {} bytes", it.packets, it.bytes));
    }
    for (ends, mut all) in by_ends {
        all.sort();
        facts.insert(format!("conversation {ends}"), all.join("; "));
    }
    for transport in ["tcp", "udp"] {
        let of_it = streams.keys().filter(|(ends, stream)| ends.starts_with(transport) && !stream.is_empty());
        facts.insert(format!("streams: {transport}"), of_it.count().to_string());
    }
    facts.extend(openings(streams.values()));
    facts
}

impl Stream {
    fn see(&mut self, frame: &Frame, from: String) {
        let (syn, ack, reset) =
            (frame.is("tcp.flags.syn"), frame.is("tcp.flags.ack"), frame.is("tcp.flags.reset"));
        match (syn, ack, reset) {
            (true, false, _) => drop(self.client.get_or_insert(from)),
            (true, true, _) => self.syn_acks_from.push(from),
            (_, _, true) => self.resets_from.push(from),
            (false, true, false) => self.acks_from.push(from),
            _ => {}
        }
        // It is in every frame of the stream.
        self.round_trip = self.round_trip.or(capinfos::nanoseconds(frame.first("tcp.analysis.initial_rtt")));
    }
}

fn openings<'s>(streams: impl Iterator<Item = &'s Stream>) -> Facts {
    let (mut attempts, mut unanswered, mut refused, mut handshakes, mut trips) = (0, 0, 0, 0, Vec::new());
    for stream in streams {
        let Some(client) = &stream.client else { continue };
        let is_other = |from: &&String| *from != client;
        let is_answered = stream.syn_acks_from.iter().any(|from| is_other(&from));
        let is_refused = stream.resets_from.iter().any(|from| is_other(&from));
        attempts += 1;
        refused += u32::from(is_refused && !is_answered);
        unanswered += u32::from(!is_refused && !is_answered);
        // tshark also measures how long a refusal took; that is no handshake.
        if is_answered && stream.acks_from.iter().any(|from| from == client) {
            handshakes += 1;
            trips.extend(stream.round_trip);
        }
    }
    let trips = [("shortest", trips.iter().min()), ("longest", trips.iter().max())];
    let trips = trips.map(|(which, trip)| (format!("tcp: {which} handshake"), trip.copied().unwrap_or(0)));
    let sums = [
        ("attempts", attempts),
        ("unanswered", unanswered),
        ("refused", refused),
        ("handshakes", handshakes),
    ];
    let sums = sums.map(|(what, sum)| (format!("tcp: {what}"), u64::from(sum)));
    let all = sums.into_iter().chain(trips).filter(|(_, sum)| *sum > 0);
    all.map(|(name, sum)| (name, sum.to_string())).collect()
}
