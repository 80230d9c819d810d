//! What ICMP messages say, of both versions.

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Whether it tells of something that went wrong.
    pub is_error: bool,
    /// Whether it is a ping.
    pub is_echo_request: bool,
    /// Whether it answers one.
    pub is_echo_reply: bool,
    /// It in words.
    pub words: &'static str,
}

/// The packet was larger than a link on its way takes, and must not be broken up; `ICMPv6` calls it "packet too big".
pub const TOO_BIG: &str = "fragmentation needed";

/// What a message of this type and code is (IANA's registries of ICMP's and `ICMPv6`'s parameters).
pub fn kind(is_v6: bool, kind: u8, code: u8) -> Kind {
    let words = if is_v6 { v6(kind, code) } else { v4(kind, code) };
    Kind {
        is_error: if is_v6 { kind < 128 } else { matches!(kind, 3 | 4 | 5 | 11 | 12) },
        is_echo_request: kind == if is_v6 { 128 } else { 8 },
        is_echo_reply: kind == if is_v6 { 129 } else { 0 },
        words,
    }
}

fn v4(kind: u8, code: u8) -> &'static str {
    match (kind, code) {
        (0, _) => "echo reply",
        (3, 0) => "network unreachable",
        (3, 1) => "host unreachable",
        (3, 2) => "protocol unreachable",
        (3, 3) => "port unreachable",
        (3, 4) => TOO_BIG,
        (3, 5) => "source route failed",
        (3, 9 | 10 | 13) => "administratively prohibited",
        (3, _) => "destination unreachable",
        (4, _) => "source quench",
        (5, _) => "redirect",
        (8, _) => "echo request",
        (9, _) => "router advertisement",
        (10, _) => "router solicitation",
        (11, 1) => "reassembly time exceeded",
        (11, _) => "time exceeded",
        (12, _) => "parameter problem",
        (13, _) => "timestamp request",
        (14, _) => "timestamp reply",
        _ => "other",
    }
}

fn v6(kind: u8, code: u8) -> &'static str {
    match (kind, code) {
        (1, 0) => "network unreachable",
        (1, 1 | 5 | 6) => "administratively prohibited",
        (1, 3) => "host unreachable",
        (1, 4) => "port unreachable",
        (1, _) => "destination unreachable",
        (2, _) => TOO_BIG,
        (3, 1) => "reassembly time exceeded",
        (3, _) => "time exceeded",
        (4, _) => "parameter problem",
        (128, _) => "echo request",
        (129, _) => "echo reply",
        (130..=132 | 143, _) => "multicast listener",
        (133, _) => "router solicitation",
        (134, _) => "router advertisement",
        (135, _) => "neighbour solicitation",
        (136, _) => "neighbour advertisement",
        (137, _) => "redirect",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_pings_and_the_rest_are_told_apart_in_both_versions() {
        for (is_v6, number, code, is_error, request, reply, words) in [
            (false, 8, 0, false, true, false, "echo request"),
            (true, 128, 0, false, true, false, "echo request"),
            (false, 0, 0, false, false, true, "echo reply"),
            (true, 129, 0, false, false, true, "echo reply"),
            (false, 3, 4, true, false, false, TOO_BIG),
            (true, 2, 0, true, false, false, TOO_BIG),
            (false, 3, 3, true, false, false, "port unreachable"),
            (true, 1, 4, true, false, false, "port unreachable"),
            (false, 11, 0, true, false, false, "time exceeded"),
            (true, 135, 0, false, false, false, "neighbour solicitation"),
            (false, 200, 0, false, false, false, "other"),
        ] {
            let expected = Kind { is_error, is_echo_request: request, is_echo_reply: reply, words };
            assert_eq!(kind(is_v6, number, code), expected, "{is_v6} {number} {code}");
        }
    }
}
