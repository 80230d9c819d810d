//! The differences that there are, and why. Each is pinned: with other numbers it would be another difference, and one
//! that is gone fails as well. docs/summary.md has the same reasons for people.

/// What is said otherwise, and why.
struct Reason {
    /// In a sentence.
    why: &'static str,
    /// The file, the fact, ours, and theirs. `*` stands for any number of characters; a file of `*` alone is any file
    /// that has this difference, and need not be.
    differences: &'static [[&'static str; 4]],
}

const REASONS: &[Reason] = &[
    Reason {
        why: "what a tunnel or another link's header carries is not looked into: its outer header is what was on the wire",
        differences: &[
            ["tunnels.pcap", "protocol eth:ip:gre:ip*", "–", "1 packets, 72 bytes"],
            ["tunnels.pcap", "protocol eth:ip:ip*", "–", "1 packets, *8 bytes"],
            ["tunnels.pcap", "protocol eth:ipv6:ip*", "–", "1 packets, 88 bytes"],
            ["ipv4-options.pcap", "protocol eth:ip:ip*", "–", "1 packets, 74 bytes"],
            ["ethernet-others.pcap", "protocol eth:*:ip*", "–", "1 packets, *2 bytes"],
            ["ethernet-others.pcap", "conversation *", "*", "*"],
            ["ethernet-others.pcap", "conversations", "8", "7"],
            ["ethernet-others.pcap", "talker *", "*", "*"],
        ],
    },
    Reason {
        why: "Wireshark counts pcapng's custom blocks and other vendors' records as frames; they are not packets",
        differences: &[
            ["*/*test017*", "packets", "0", "4"],
            ["*/*test017*", "bytes on the wire", "0", "152"],
            ["*/*test017*", "bytes in the file", "–", "152"],
            ["*/*test018*", "packets", "4", "8"],
            ["*/*test018*", "bytes *", "1312", "1464"],
            ["*/*test102*", "packets", "5", "8"],
            ["*/*test102*", "bytes on the wire", "1480", "1596"],
            ["*/*test102*", "bytes in the file", "798", "914"],
            ["*/*test202*", "packets", "8", "11"],
            ["*/*test202*", "bytes on the wire", "2304", "2420"],
            ["*/*test202*", "bytes in the file", "1040", "1156"],
            ["ng-blocks.pcapng", "packets", "30", "37"],
            ["ng-blocks.pcapng", "bytes on the wire", "10574", "10694"],
            ["ng-blocks.pcapng", "bytes in the file", "9182", "9302"],
        ],
    },
    Reason {
        why: "capinfos counts the packets of a later section's interface to the first section's of the same number",
        differences: &[
            ["ng-sections.pcapng", "interface 0: packets", "30", "145"],
            ["ng-sections.pcapng", "interface 1: packets", "115", "0"],
            ["*/*test201*", "interface *: packets", "*", "*"],
            ["*/*test202*", "interface *: packets", "*", "*"],
        ],
    },
    Reason {
        why: "where some packet has no time capinfos does not say whether they are in order; the others are",
        differences: &[["*", "in time order", "true", "unknown"]],
    },
    Reason {
        why: "a header that is not whole is no segment here, but where its ports are there it is its conversation's; tshark counts \
              it where it has seen its first byte, tells nothing of its flags, and leaves the frame out of the hierarchy where \
              the link's or IP's own header is cut",
        differences: &[
            ["snap-40.pcap", "tcp: segments", "–", "40"],
            ["snap-54.pcap", "tcp: segments", "40", "50"],
            [
                "snap-54.pcap",
                "conversation tcp 2001:db8:77::1 0 – 2001:db8::4 0",
                "10 packets, 769 bytes",
                "–",
            ],
            ["snap-54.pcap", "conversation tcp 2001:db8:77::1 – 2001:db8::4", "–", "10 packets, 769 bytes"],
            ["snap-54.pcap", "protocol eth:ipv6:tcp", "10 packets, 769 bytes", "–"],
            ["ng-blocks.pcapng", "tcp: segments", "28", "30"],
            ["ng-blocks.pcapng", "tcp: longest handshake", "12300000", "12200000"],
            ["frame-sizes.pcap", "protocol eth", "31 packets, 111205 bytes", "26 packets, 111173 bytes"],
            ["frame-sizes.pcap", "protocol eth:ip", "26 packets, 111173 bytes", "25 packets, 111159 bytes"],
            ["ipv4-options.pcap", "conversation *", "*", "*"],
            ["ipv4-options.pcap", "conversations", "14", "16"],
            ["ipv4-options.pcap", "protocol eth:ip", "23 packets, 4312 bytes", "22 packets, 4298 bytes"],
            ["ipv4-options.pcap", "protocol eth:ip:ah", "–", "1 packets, 74 bytes"],
            ["ipv4-options.pcap", "protocol eth:ip:tcp", "5 packets, 3218 bytes", "3 packets, 3147 bytes"],
            ["ipv4-options.pcap", "tcp: segments", "1", "4"],
            ["ipv4-options.pcap", "tcp: attempts", "–", "1"],
            ["ipv4-options.pcap", "tcp: unanswered", "–", "1"],
        ],
    },
    Reason {
        why: "a SYN whose options are cut is judged here; tshark stops at them before it says that it is a retransmission",
        differences: &[["snap-54.pcap", "tcp: retransmissions", "11", "9"]],
    },
    Reason {
        why: "a fragment is no segment: what TCP does is told by whole ones",
        differences: &[["ipv4-fragments.pcap", "tcp: segments", "–", "2"]],
    },
    Reason {
        why: "tshark takes a routing header's last address for the packet's target; its target on this wire is the IP header's",
        differences: &[
            [
                "ipv6-extensions.pcap",
                "conversation udp *",
                "5 packets, 479 bytes",
                "2 packets, 214 bytes; 3 packets, 265 bytes",
            ],
            ["ipv6-extensions.pcap", "conversations", "2", "3"],
        ],
    },
    Reason {
        why: "packets are taken in the file's order: where times go back, an answer may stand before what it answers",
        differences: &[
            ["file-times-back.pcap", "tcp: handshakes", "–", "2"],
            ["file-times-back.pcap", "tcp: longest handshake", "–", "25700000"],
            ["file-times-back.pcap", "tcp: shortest handshake", "–", "24700000"],
        ],
    },
    Reason {
        why: "a compressed file is declined, with the advice to unpack it",
        differences: &[["file-gzip.pcap", "*", "*", "*"]],
    },
    Reason {
        why: "an empty file is told to be empty; capinfos takes it for an ERF file without records",
        differences: &[["file-empty.pcap", "*", "–", "*"]],
    },
    Reason {
        why: "Kuznetzov's pcap is called pcap like the others",
        differences: &[["*modified*.pcap", "format", "pcap", "modpcap"]],
    },
    Reason {
        why: "links have other names here; one that is not known is told by its number",
        differences: &[
            ["link-ipv4.pcap", "interface 0: link", "rawip", "rawip4"],
            ["link-ipv4.pcap", "protocol raw*", "20 packets, 9525 bytes", "–"],
            ["link-ipv4.pcap", "protocol ip*", "–", "20 packets, 9525 bytes"],
            ["link-unknown.pcap", "interface 0: link", "link type 147", "user0"],
            ["link-unknown.pcap", "protocol unknown", "30 packets, 10574 bytes", "–"],
        ],
    },
    Reason {
        why: "capinfos prints a name with a line break in it as two lines",
        differences: &[["*/*test102*", "interface 2: name", "silly!*", "silly!"]],
    },
    Reason {
        why: "above the limit the number of conversations is an estimate; the largest of them are exact here all the same",
        differences: &[["many-conversations.pcap", "conversations", "*", "20020"]],
    },
    Reason {
        why: "names are written as zone files have them (a dot within a label and bytes that are no ASCII escaped, the root a dot) \
              and cut at 100 characters",
        differences: &[["dns-odd.pcap", "dns: name *", "1", "–"], ["dns-odd.pcap", "dns: name *", "–", "1"]],
    },
    Reason {
        why: "a message that ends within its header is no question",
        differences: &[
            ["dns-odd.pcap", "dns: queries", "11", "12"],
            ["dns-odd.pcap", "dns: unanswered", "11", "12"],
        ],
    },
    Reason {
        why: "of DNS over TCP one message is read in a segment, where it stands whole at the segment's beginning",
        differences: &[
            ["dns-tcp.pcap", "dns: failed", "–", "2"],
            ["dns-tcp.pcap", "dns: longest answer", "5200000", "6400000"],
            ["dns-tcp.pcap", "dns: name parted.example", "–", "1"],
            ["dns-tcp.pcap", "dns: name two.example", "–", "1"],
            ["dns-tcp.pcap", "dns: queries", "2", "4"],
            ["dns-tcp.pcap", "dns: responses", "2", "4"],
            ["dns-tcp.pcap", "dns: unanswered", "–", "1"],
            ["dns-tcp.pcap", "protocol eth:ip:tcp:dns", "6 packets, 616 bytes", "4 packets, 456 bytes"],
        ],
    },
    Reason {
        why: "of a message with several questions the first one's name is counted",
        differences: &[["pcap-parser/wireshark_samples-test.pcapng", "dns: name *", "*", "*"]],
    },
    Reason {
        why: "segments are not put together: a hello's name is read where it stands whole in the segment's first record",
        differences: &[
            [
                "tls-split.pcap",
                "protocol eth:ip:tcp:tls",
                "20 packets, 12820 bytes",
                "20 packets, 12700 bytes",
            ],
            ["tls-split.pcap", "tls: client hellos", "4", "5"],
            ["tls-split.pcap", "tls: name *", "–", "1"],
            ["pcap-parser/err-buffertoosmall.pcapng", "tls: client hellos", "1", "2"],
            ["pcap-parser/err-buffertoosmall.pcapng", "tls: name example.com", "1", "2"],
        ],
    },
];

/// The explanations of one file.
pub(crate) struct Explanations(Vec<Explanation>);

struct Explanation {
    why: &'static str,
    pattern: &'static [&'static str; 4],
    is_used: bool,
}

impl Explanations {
    pub(crate) fn of(capture: &str) -> Self {
        let of_reason = |reason: &'static Reason| {
            let of_this = reason.differences.iter().filter(|[file, ..]| fits(file, capture));
            of_this.map(|pattern| Explanation { why: reason.why, pattern, is_used: false })
        };
        Self(REASONS.iter().flat_map(of_reason).collect())
    }

    /// Whether this difference is one that is known.
    pub(crate) fn explain(&mut self, key: &str, ours: &str, theirs: &str) -> bool {
        let fitting = self.0.iter_mut().filter(|explanation| {
            let [_, its_key, its_ours, its_theirs] = explanation.pattern;
            fits(its_key, key) && fits(its_ours, ours) && fits(its_theirs, theirs)
        });
        fitting.map(|explanation| explanation.is_used = true).count() > 0
    }

    /// What was explained and is not there.
    pub(crate) fn left(self) -> Vec<String> {
        let left = self.0.into_iter().filter(|it| !it.is_used && it.pattern[0] != "*");
        let told = left.map(|Explanation { why, pattern: [_, key, ours, theirs], .. }| {
            format!("{key}: no longer {ours} where Wireshark says {theirs}, although explained: {why}")
        });
        told.collect()
    }
}

/// The explanations that are of no file.
pub(crate) fn unused(captures: &[String]) -> Option<String> {
    let files = REASONS.iter().flat_map(|reason| reason.differences).map(|[file, ..]| *file);
    let unused: Vec<_> = files.filter(|file| !captures.iter().any(|capture| fits(file, capture))).collect();
    (!unused.is_empty()).then(|| unused.join(", "))
}

/// Whether a text is of a pattern.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut open) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = open.split_once(part) else { return false };
        open = after;
    }
    open.ends_with(last)
}
