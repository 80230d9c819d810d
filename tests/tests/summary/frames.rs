//! A frame as tshark prints its fields, and what of it is the packet's own: not what an ICMP error quotes in it.

use std::collections::BTreeMap;

/// What is asked of each frame.
const FIELDS: &str = "
    frame.len frame.cap_len frame.time_epoch frame.protocols eth.src eth.dst
    ip.src ip.dst ip.frag_offset ip.flags.mf ipv6.src ipv6.dst ipv6.fraghdr.offset ipv6.fraghdr.more
    tcp.stream tcp.srcport tcp.dstport tcp.len tcp.flags.syn tcp.flags.ack tcp.flags.reset tcp.flags.fin
    tcp.analysis.retransmission tcp.analysis.fast_retransmission tcp.analysis.spurious_retransmission
    tcp.analysis.out_of_order tcp.analysis.lost_segment tcp.analysis.ack_lost_segment tcp.analysis.duplicate_ack
    tcp.analysis.zero_window tcp.analysis.window_full tcp.analysis.keep_alive tcp.analysis.initial_rtt
    udp.stream udp.srcport udp.dstport
    dns.flags.response dns.flags.rcode dns.qry.name dns.response_to dns.time dns.retransmit_request
    tls.handshake.type tls.handshake.extensions_server_name tls.alert_message.desc
    icmp.type icmpv6.type";

/// Between values of one field, and between fields: neither is in a name that is shown.
pub(crate) const BETWEEN_VALUES: char = '\u{1f}';
const BETWEEN_FIELDS: char = '\t';

/// Protocols that summaries tell apart: as far as headers say what follows. tshark goes on to what programs say, by ports
/// and by guessing (`http`, `data`, `ntp`, …), to what is wrong (`_ws.…`) and to what was put together (`tcp.segments`).
const SHOWN: &str = "
    eth sll null raw vlan ieee8021ad llc arp ip ipv6 ah tcp udp icmp icmpv6 igmp gre esp sctp ospf pim vrrp pppoes mpls
    lldp eapol dns mdns tls";

/// What ends the packet's own headers.
const TRANSPORTS: [&str; 7] = ["tcp", "udp", "icmp", "icmpv6", "igmp", "gre", "sctp"];

/// The fields' names.
pub(crate) fn fields() -> impl Iterator<Item = &'static str> {
    FIELDS.split_whitespace()
}

/// Whether summaries have this protocol.
pub(crate) fn is_shown(protocol: &str) -> bool {
    SHOWN.split_whitespace().any(|shown| shown == protocol)
}

/// A frame's values by field; most have one or none.
pub(crate) struct Frame(BTreeMap<&'static str, Vec<String>>);

impl Frame {
    /// Of the line that tshark prints of it.
    pub(crate) fn parse(line: &str) -> Self {
        let mut values = line.split(BETWEEN_FIELDS);
        let of = |value: &str| {
            value.split(BETWEEN_VALUES).filter(|one| !one.is_empty()).map(str::to_owned).collect()
        };
        Self(fields().map(|field| (field, of(values.next().unwrap_or_default()))).collect())
    }

    pub(crate) fn all(&self, field: &str) -> &[String] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// The outermost header's.
    pub(crate) fn first(&self, field: &str) -> &str {
        self.all(field).first().map_or("", String::as_str)
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        !self.all(field).is_empty()
    }

    pub(crate) fn is(&self, field: &str) -> bool {
        is_true(self.first(field))
    }

    pub(crate) fn number(&self, field: &str) -> u64 {
        self.first(field).parse().unwrap_or(0)
    }

    /// Every layer that tshark found; `ethertype` and `ipv6.hopopts` are parts of theirs.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.first("frame.protocols").split(':').filter(|word| *word != "ethertype" && !word.contains('.'))
    }

    /// The packet's own, from the link up to the transport.
    pub(crate) fn layer(&self) -> &str {
        let mut last = "";
        for word in self.words().take_while(|word| is_shown(word)) {
            // IP in IP: what a tunnel carries is another packet.
            if is_ip(word) && is_ip(last) {
                break;
            }
            last = word;
            if TRANSPORTS.contains(&word) {
                break;
            }
        }
        last
    }

    /// Whether there is IP in it more than once, and not only because an error quotes some.
    pub(crate) fn is_tunnel(&self) -> bool {
        self.words().filter(|word| is_ip(word)).count() > 1
            && !self.words().any(|word| word.starts_with("icmp"))
    }

    /// Whether a header in it is not whole.
    pub(crate) fn is_cut(&self) -> bool {
        self.layer() == "tcp" && !self.has("tcp.len")
    }

    pub(crate) fn carries(&self, protocol: &str) -> bool {
        ["tcp", "udp"].contains(&self.layer()) && self.words().any(|word| word == protocol)
    }

    /// The outermost addresses: of IP, or else of the link.
    pub(crate) fn addresses(&self) -> Option<(&str, &str)> {
        let (source, target) = match self.words().find(|word| is_ip(word)) {
            Some("ip") if self.has("ip.dst") => ("ip.src", "ip.dst"),
            Some("ipv6") if self.has("ipv6.dst") => ("ipv6.src", "ipv6.dst"),
            _ => ("eth.src", "eth.dst"),
        };
        self.has(source).then(|| (self.first(source), self.first(target)))
    }
}

fn is_ip(word: &str) -> bool {
    ["ip", "ipv6"].contains(&word)
}

/// As older versions and newer ones print a flag.
pub(crate) fn is_true(value: &str) -> bool {
    ["1", "True"].contains(&value)
}
