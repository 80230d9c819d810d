//! Filters of a capture: `127.0.0.1`, `127.0.0.1-127.0.0.255`, `127.0.0.1;127.0.0.5;`, and the same for ports.

use std::net::Ipv4Addr;

/// Who talks to whom, as the captured machine sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) protocol: Protocol,
    pub(crate) local: (Ipv4Addr, u16),
    pub(crate) remote: (Ipv4Addr, u16),
}

/// A transport protocol, or any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Any,
    Tcp,
    Udp,
}

/// One filter: every part must fit.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) protocol: Protocol,
    pub(crate) local_ip: Range<Ipv4Addr>,
    pub(crate) remote_ip: Range<Ipv4Addr>,
    pub(crate) local_port: Range<u16>,
    pub(crate) remote_port: Range<u16>,
}

/// What an address or a port may be. Text that cannot be read takes nothing, and is not refused: users report that a
/// wrong range led to an empty capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Range<T> {
    All,
    Between(T, T),
    OneOf(Vec<T>),
    Nothing,
}

impl<T: std::str::FromStr + PartialOrd> Range<T> {
    /// Reads a filter's text; the empty text is everything.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() || text == "*" {
            return Self::All;
        }
        if let Some((first, last)) = text.split_once('-') {
            return match (first.trim().parse(), last.trim().parse()) {
                (Ok(first), Ok(last)) => Self::Between(first, last),
                _ => Self::Nothing,
            };
        }
        let each: Result<Vec<T>, _> =
            text.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::parse).collect();
        each.map_or(Self::Nothing, Self::OneOf)
    }

    fn takes(&self, value: &T) -> bool {
        match self {
            Self::All => true,
            Self::Between(first, last) => first <= value && value <= last,
            Self::OneOf(values) => values.contains(value),
            Self::Nothing => false,
        }
    }
}

impl Filter {
    /// Whether a packet of this flow is captured.
    pub(crate) fn takes(&self, flow: &Flow) -> bool {
        (self.protocol == Protocol::Any || self.protocol == flow.protocol)
            && self.local_ip.takes(&flow.local.0)
            && self.remote_ip.takes(&flow.remote.0)
            && self.local_port.takes(&flow.local.1)
            && self.remote_port.takes(&flow.remote.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_read_and_anything_else_takes_nothing() {
        let range = Range::<u16>::parse("80-85");
        assert!(range.takes(&80) && range.takes(&85) && !range.takes(&86));
        let many = Range::<u16>::parse("80;443;");
        assert!(many.takes(&443) && !many.takes(&81));
        assert!(Range::<u16>::parse("").takes(&1));
        // The mistyped range of a well-known document: accepted, and nothing is captured.
        assert_eq!(Range::<Ipv4Addr>::parse("1.1.1.1-255.255.255"), Range::Nothing);
        assert_eq!(Range::<u16>::parse("80-85;443"), Range::Nothing);
    }
}
