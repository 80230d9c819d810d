//! What an alert's metric measures, by the words in its name.
//!
//! Platform metrics, performance counters and log queries are all named in words, but by no one register: Azure's
//! `Network In Total` and `Inbound Flows`, Windows' `TCPv4 Segments Sent/sec`, a query's `tcp-retransmits-web`.

/// A set of things that a metric may measure, or that a rule may speak of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measured(u16);

impl Measured {
    pub(super) const NOTHING: Self = Self(0);
    /// Bytes, packets or segments to the machine.
    pub(super) const IN: Self = Self(1);
    /// Those from it.
    pub(super) const OUT: Self = Self(2);
    /// Either.
    pub(super) const TRAFFIC: Self = Self(3);
    /// Connections or flows to the machine.
    pub(super) const CONNECTIONS_IN: Self = Self(4);
    /// Those from it.
    pub(super) const CONNECTIONS_OUT: Self = Self(8);
    /// Either.
    pub(super) const CONNECTIONS: Self = Self(12);
    /// What was sent again or got lost.
    pub(super) const LOSS: Self = Self(16);
    pub(super) const RESETS: Self = Self(32);
    pub(super) const DNS: Self = Self(64);
    pub(super) const DELAY: Self = Self(128);
    pub(super) const ICMP: Self = Self(256);
    /// That the metric counts packets or segments, not bytes.
    pub(super) const PACKETS: Self = Self(512);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// By a metric's or log query's name.
    pub(super) fn by(metric: &str) -> Self {
        let has = |parts: &[&str]| parts.iter().any(|part| has_part(metric, part, false));
        let is_word = |word: &str| has_part(metric, word, true);
        let mut measured = Self::NOTHING;
        // A disk has bytes and bandwidth too ("VM Cached Bandwidth Consumed Percentage").
        if has(&["disk", "cached", "memory", "cpu"]) {
            return measured;
        }
        for (parts, what) in [
            (&["retransmi", "packet loss", "lost packet"][..], Self::LOSS),
            (&["reset"], Self::RESETS),
            (&["dns"], Self::DNS),
            (&["latency", "round trip", "roundtrip", "rtt", "delay"], Self::DELAY),
            (&["icmp", "unreachable"], Self::ICMP),
        ] {
            if has(parts) {
                measured = measured.and(what);
            }
        }
        let inward = is_word("in") || has(&["inbound", "ingress", "received"]);
        let outward = is_word("out") || has(&["outbound", "egress", "sent"]);
        let [one, other, both] = if has(&["flow", "connection", "syn", "session"]) {
            [Self::CONNECTIONS_IN, Self::CONNECTIONS_OUT, Self::CONNECTIONS]
        } else if has(&[
            "network",
            "byte",
            "packet",
            "segment",
            "traffic",
            "bandwidth",
            "throughput",
            "datagram",
        ]) {
            [Self::IN, Self::OUT, Self::TRAFFIC]
        } else {
            return measured;
        };
        // Segments that were sent again are no matter of who sends most.
        if both == Self::TRAFFIC && measured.has_any(Self::LOSS) {
            return measured;
        }
        if has(&["packet", "segment", "datagram"]) {
            measured = measured.and(Self::PACKETS);
        }
        measured.and(match (inward, outward) {
            (true, false) => one,
            (false, true) => other,
            _ => both,
        })
    }
}

/// Whether `part` is in `name`, without regard to case; as a word of its own if `is_word`. (The standard library's search
/// is 2 KB of the component.)
fn has_part(name: &str, part: &str, is_word: bool) -> bool {
    let is_end = |at: Option<&u8>| !is_word || at.is_none_or(|it| !it.is_ascii_alphanumeric());
    let mut before = None;
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let is_here = rest.get(..part.len()).is_some_and(|it| it.eq_ignore_ascii_case(part.as_bytes()));
        if is_here && is_end(before) && is_end(rest.get(part.len())) {
            return true;
        }
        (before, rest) = (Some(first), after);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::Measured as M;

    #[test]
    fn a_metrics_name_says_what_it_measures() {
        for (metric, measured) in [
            ("Network In Total", M::IN),
            ("Network Out Total", M::OUT),
            ("Network In", M::IN),
            ("Inbound Flows", M::CONNECTIONS_IN),
            ("Outbound Flows", M::CONNECTIONS_OUT),
            ("Inbound Flows Maximum Creation Rate", M::CONNECTIONS_IN),
            ("Outbound Flows Maximum Creation Rate", M::CONNECTIONS_OUT),
            ("Bytes Received", M::IN),
            ("BytesSentRate", M::OUT),
            ("Packets Sent", M::OUT.and(M::PACKETS)),
            (r"\TCPv4\Segments Sent/sec", M::OUT.and(M::PACKETS)),
            ("TCP segments sent", M::OUT.and(M::PACKETS)),
            (r"\TCPv4\Segments/sec", M::TRAFFIC.and(M::PACKETS)),
            (r"\TCPv4\Segments Retransmitted/sec", M::LOSS),
            (r"\TCPv4\Connections Reset", M::CONNECTIONS.and(M::RESETS)),
            (r"\TCPv4\Connections Established", M::CONNECTIONS),
            (r"\Network Interface(*)\Bytes Total/sec", M::TRAFFIC),
            ("tcp-retransmits-web", M::LOSS),
            ("dns failures", M::DNS),
            ("network round trip", M::DELAY.and(M::TRAFFIC)),
            ("VM Cached Bandwidth Consumed Percentage", M::NOTHING),
            ("Disk Read Bytes", M::NOTHING),
            ("Percentage CPU", M::NOTHING),
            ("Available Memory Bytes", M::NOTHING),
            ("", M::NOTHING),
        ] {
            assert_eq!(M::by(metric), measured, "{metric}");
        }
    }
}
