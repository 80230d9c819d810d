//! Sums over tshark's frames.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Facts, capinfos,
    frames::{Frame, is_true},
};

/// What each frame counts for, and how often.
pub(crate) fn facts(frames: &[Frame]) -> Facts {
    let mut sums = Sums::default();
    for frame in frames {
        sums.frame(frame);
        if frame.layer() == "tcp" {
            sums.segment(frame);
        }
        if frame.carries("dns") || frame.carries("mdns") {
            sums.lookups(frame);
        }
        sums.handshakes(frame);
        sums.icmp(frame);
        sums.fragment(frame);
    }
    let queries = sums.0.remove("questions").unwrap_or(0);
    let mut facts = sums.into_facts();
    facts.insert("packets".to_owned(), frames.len().to_string());
    let times = frames.iter().filter_map(|frame| capinfos::nanoseconds(frame.first("frame.time_epoch")));
    let times: Vec<u64> = times.collect();
    for (name, time) in [("first packet", times.iter().min()), ("last packet", times.iter().max())] {
        facts.extend(time.map(|time| (name.to_owned(), time.to_string())));
    }
    facts.extend(answers(frames, queries));
    facts
}

#[derive(Default)]
struct Sums(BTreeMap<String, u64>);

impl Sums {
    fn add(&mut self, name: &str, by: u64) {
        *self.0.entry(name.to_owned()).or_default() += by;
    }

    /// What there is nothing of is no fact.
    fn into_facts(self) -> Facts {
        self.0.into_iter().filter(|(_, sum)| *sum > 0).map(|(name, sum)| (name, sum.to_string())).collect()
    }

    fn frame(&mut self, frame: &Frame) {
        let (length, captured) = (frame.number("frame.len"), frame.number("frame.cap_len"));
        self.add("bytes on the wire", length);
        self.add("bytes in the file", captured);
        self.add("cut packets", u64::from(captured < length));
        let Some((source, target)) = frame.addresses() else { return };
        for (address, verb) in [(source, "sent"), (target, "received")] {
            self.add(&format!("talker {address}: packets {verb}"), 1);
            self.add(&format!("talker {address}: bytes {verb}"), length);
        }
    }

    fn segment(&mut self, frame: &Frame) {
        self.add("tcp: segments", 1);
        self.add("tcp: data segments", u64::from(frame.number("tcp.len") > 0));
        self.add("tcp: payload bytes", frame.number("tcp.len"));
        self.add("tcp: resets", u64::from(frame.is("tcp.flags.reset")));
        self.add("tcp: fins", u64::from(frame.is("tcp.flags.fin")));
        for (field, name) in [
            ("tcp.analysis.retransmission", "tcp: retransmissions"),
            ("tcp.analysis.fast_retransmission", "tcp: fast retransmissions"),
            ("tcp.analysis.spurious_retransmission", "tcp: spurious retransmissions"),
            ("tcp.analysis.out_of_order", "tcp: out of order"),
            ("tcp.analysis.lost_segment", "tcp: lost segments"),
            ("tcp.analysis.ack_lost_segment", "tcp: ack lost segments"),
            ("tcp.analysis.duplicate_ack", "tcp: duplicate acks"),
            ("tcp.analysis.zero_window", "tcp: zero windows"),
            ("tcp.analysis.window_full", "tcp: full windows"),
            ("tcp.analysis.keep_alive", "tcp: keep-alives"),
        ] {
            self.add(name, u64::from(frame.has(field)));
        }
    }

    /// A frame over TCP may end several messages.
    fn lookups(&mut self, frame: &Frame) {
        let responses = frame.all("dns.flags.response").iter().filter(|response| is_true(response)).count();
        let queries = frame.all("dns.flags.response").len() - responses;
        self.add("dns: responses", responses as u64);
        self.add("dns: queries", queries as u64);
        // Of mDNS nobody expects that all are answered.
        self.add("questions", if frame.carries("dns") { queries as u64 } else { 0 });
        // Only responses have codes.
        self.add(
            "dns: failed",
            frame.all("dns.flags.rcode").iter().filter(|code| *code != "0").count() as u64,
        );
        if queries > 0 {
            for name in frame.all("dns.qry.name") {
                self.add(&format!("dns: name {name}"), 1);
            }
        }
    }

    fn handshakes(&mut self, frame: &Frame) {
        for kind in frame.all("tls.handshake.type") {
            match kind.as_str() {
                "1" => self.add("tls: client hellos", 1),
                "2" => self.add("tls: server hellos", 1),
                _ => {}
            }
        }
        for name in frame.all("tls.handshake.extensions_server_name") {
            self.add(&format!("tls: name {name}"), 1);
        }
        self.add("tls: alerts", frame.all("tls.alert_message.desc").len() as u64);
    }

    fn icmp(&mut self, frame: &Frame) {
        let name = match (frame.layer(), frame.first("icmp.type"), frame.first("icmpv6.type")) {
            ("icmp", "8", _) | ("icmpv6", _, "128") => "icmp: echo requests",
            ("icmp", "0", _) | ("icmpv6", _, "129") => "icmp: echo replies",
            ("icmp", "3" | "4" | "5" | "11" | "12", _) | ("icmpv6", _, "1" | "2" | "3" | "4") => {
                "icmp: errors"
            }
            _ => return,
        };
        self.add(name, 1);
    }

    fn fragment(&mut self, frame: &Frame) {
        for (more, offset) in
            [("ip.flags.mf", "ip.frag_offset"), ("ipv6.fraghdr.more", "ipv6.fraghdr.offset")]
        {
            let is_first = frame.number(offset) == 0;
            if frame.is(more) || !is_first {
                self.add("fragments", 1);
                self.add("fragments: first ones", u64::from(is_first));
            }
        }
    }
}

/// Questions that nobody answered, each once however often it was asked; and how long the longest answer took.
fn answers(frames: &[Frame], queries: u64) -> Facts {
    let all = |field: &'static str| frames.iter().flat_map(move |frame| frame.all(field));
    let answered: BTreeSet<_> = all("dns.response_to").collect();
    let again = all("dns.retransmit_request").count();
    let unanswered = queries.saturating_sub((answered.len() + again) as u64);
    let longest = all("dns.time").filter_map(|time| capinfos::nanoseconds(time)).max();
    let mut sums = Sums::default();
    sums.add("dns: unanswered", unanswered);
    sums.add("dns: longest answer", longest.unwrap_or(0));
    sums.into_facts()
}
