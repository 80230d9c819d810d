//! The headers of a packet: its layers, its ends, and what it carries. Only the head of it is looked at.

use etherparse::{
    EtherType, Ethernet2HeaderSlice, IpNumber, LaxIpv4Slice, LaxIpv6Slice, SingleVlanHeaderSlice,
    TcpHeaderSlice, TcpOptionElement, UdpHeaderSlice, ether_type, ip_number,
};

use crate::{
    address::Address,
    file::Link,
    protocols::{Layer, Path},
    tcp::Segment,
};

/// What a packet's headers say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<'p> {
    pub(crate) path: Path,
    /// Who sent it, and to whom.
    pub(crate) ends: Option<(Address, Address)>,
    /// What its conversation is called after: the last layer below the application's.
    pub(crate) protocol: Layer,
    /// The sender's and the receiver's; zeros where there are none.
    pub(crate) ports: (u16, u16),
    pub(crate) fragment: Option<Fragment>,
    pub(crate) body: Body<'p>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fragment {
    First,
    Later,
}

/// What a packet carries, as far as it was captured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body<'p> {
    /// A segment, whose time is not set yet.
    Tcp(Segment, &'p [u8]),
    Udp(&'p [u8]),
    Icmp {
        is_v6: bool,
        kind: u8,
        code: u8,
    },
    Other,
}

/// Reads a packet's headers. `wire` is its length on the wire, of which `bytes` is what was captured.
pub(crate) fn dissect(link: Link, bytes: &[u8], wire: u32) -> Packet<'_> {
    let mut packet = Packet {
        path: Path::default(),
        ends: None,
        protocol: Layer::None,
        ports: (0, 0),
        fragment: None,
        body: Body::Other,
    };
    match link {
        Link::Ethernet => packet.ethernet(bytes, wire),
        Link::Raw => packet.raw(bytes, wire),
        Link::Null | Link::Loop => packet.null(link, bytes, wire),
        Link::Sll => packet.cooked(bytes, wire, 14, 16),
        Link::Sll2 => packet.cooked(bytes, wire, 0, 20),
        Link::Other => packet.push(Layer::Unknown),
    }
    packet
}

impl<'p> Packet<'p> {
    fn push(&mut self, layer: Layer) {
        self.path.push(layer);
        self.protocol = layer;
    }

    fn ethernet(&mut self, bytes: &'p [u8], wire: u32) {
        self.push(Layer::Eth);
        let Ok(header) = Ethernet2HeaderSlice::from_slice(bytes) else { return };
        self.ends = Some((Address::mac(header.source()), Address::mac(header.destination())));
        self.ether_type(header.ether_type(), bytes.get(14..).unwrap_or_default(), wire.saturating_sub(14));
    }

    /// IP without a link's header, told by its version.
    fn raw(&mut self, bytes: &'p [u8], wire: u32) {
        self.push(Layer::Raw);
        match bytes.first().map(|first| first >> 4) {
            Some(4) => self.v4(bytes, wire),
            Some(6) => self.v6(bytes, wire),
            _ => {}
        }
    }

    /// BSD's loopback: the address family in four bytes, in the capturing machine's order or in the network's.
    fn null(&mut self, link: Link, bytes: &'p [u8], wire: u32) {
        self.push(Layer::Null);
        let Some((family, rest)) = bytes.split_first_chunk::<4>() else { return };
        let wire = wire.saturating_sub(4);
        let family = match u32::from_be_bytes(*family) {
            family if link == Link::Loop || family < 0x1_0000 => family,
            family => family.swap_bytes(),
        };
        match family {
            2 => self.v4(rest, wire),
            // What BSDs, FreeBSD, Darwin and Linux call IPv6.
            24 | 28 | 30 | 10 => self.v6(rest, wire),
            _ => {}
        }
    }

    /// Linux' cooked captures: the protocol at a place in a header of fixed length.
    fn cooked(&mut self, bytes: &'p [u8], wire: u32, protocol_at: usize, length: usize) {
        self.push(Layer::Sll);
        let Some((header, rest)) = bytes.split_at_checked(length) else { return };
        let Some(protocol) = header.get(protocol_at..).and_then(|at| at.first_chunk()) else { return };
        self.ether_type(EtherType(u16::from_be_bytes(*protocol)), rest, wire.saturating_sub(length as u32));
    }

    fn ether_type(&mut self, mut kind: EtherType, mut bytes: &'p [u8], mut wire: u32) {
        // More tags than four are nobody's.
        for _ in 0..4 {
            match kind {
                ether_type::VLAN_TAGGED_FRAME | ether_type::VLAN_DOUBLE_TAGGED_FRAME => {
                    self.push(Layer::Vlan)
                }
                ether_type::PROVIDER_BRIDGING => self.push(Layer::Ieee8021ad),
                _ => break,
            }
            let Ok(tag) = SingleVlanHeaderSlice::from_slice(bytes) else { return };
            kind = tag.ether_type();
            bytes = bytes.get(4..).unwrap_or_default();
            wire = wire.saturating_sub(4);
        }
        match kind {
            ether_type::IPV4 => self.v4(bytes, wire),
            ether_type::IPV6 => self.v6(bytes, wire),
            ether_type::ARP => self.push(Layer::Arp),
            EtherType(0..=1_500) => self.push(Layer::Llc),
            EtherType(0x8864) => self.push(Layer::Pppoe),
            EtherType(0x8847) => self.push(Layer::Mpls),
            EtherType(0x88cc) => self.push(Layer::Lldp),
            EtherType(0x888e) => self.push(Layer::Eapol),
            _ => {}
        }
    }

    fn v4(&mut self, bytes: &'p [u8], wire: u32) {
        self.push(Layer::Ip);
        let Ok((ip, stopped)) = LaxIpv4Slice::from_slice(bytes) else { return };
        let header = ip.header();
        self.ends = Some((Address::v4(header.source()), Address::v4(header.destination())));
        let head = header.slice().len();
        // A length of 0 is what offloading leaves: then all that was on the wire counts.
        let total = match usize::from(header.total_len()) {
            total if total < head => wire as usize,
            total => total,
        };
        let mut length = total.saturating_sub(head);
        if let Some(auth) = ip.extensions().auth {
            self.push(Layer::Ah);
            length = length.saturating_sub(auth.slice().len());
        }
        if header.is_fragmenting_payload() {
            let is_first = header.fragments_offset().value() == 0;
            self.fragment = Some(if is_first { Fragment::First } else { Fragment::Later });
        }
        if stopped.is_none() {
            self.transport(ip.payload_ip_number(), ip.payload().payload, length);
        }
    }

    fn v6(&mut self, bytes: &'p [u8], wire: u32) {
        self.push(Layer::Ipv6);
        let Ok((ip, stopped)) = LaxIpv6Slice::from_slice(bytes) else { return };
        let header = ip.header();
        self.ends = Some((Address::v6(header.source()), Address::v6(header.destination())));
        let total = match header.payload_length() {
            0 => (wire as usize).saturating_sub(40),
            total => usize::from(total),
        };
        let length = total.saturating_sub(ip.extensions().slice().len());
        if ip.is_payload_fragmented() {
            let is_later = is_later_fragment(header.next_header(), ip.extensions().slice());
            self.fragment = Some(if is_later { Fragment::Later } else { Fragment::First });
        }
        if stopped.is_none() {
            self.transport(ip.payload().ip_number, ip.payload().payload, length);
        }
    }

    /// What IP carries: `bytes` of it were captured, `length` is what its header says.
    fn transport(&mut self, number: IpNumber, bytes: &'p [u8], length: usize) {
        if self.fragment == Some(Fragment::Later) {
            return;
        }
        match number {
            ip_number::TCP => self.tcp(bytes, length),
            ip_number::UDP => self.udp(bytes),
            ip_number::ICMP => self.icmp(Layer::Icmp, bytes),
            ip_number::IPV6_ICMP => self.icmp(Layer::Icmpv6, bytes),
            ip_number::IGMP => self.push(Layer::Igmp),
            ip_number::GRE => self.push(Layer::Gre),
            IpNumber(50) => self.push(Layer::Esp),
            IpNumber(89) => self.push(Layer::Ospf),
            IpNumber(103) => self.push(Layer::Pim),
            IpNumber(112) => self.push(Layer::Vrrp),
            IpNumber(132) => self.push(Layer::Sctp),
            _ => {}
        }
    }

    fn icmp(&mut self, layer: Layer, bytes: &'p [u8]) {
        self.push(layer);
        if let [kind, code, ..] = bytes {
            self.body = Body::Icmp { is_v6: layer == Layer::Icmpv6, kind: *kind, code: *code };
        }
    }

    fn udp(&mut self, bytes: &'p [u8]) {
        self.push(Layer::Udp);
        let Ok(header) = UdpHeaderSlice::from_slice(bytes) else { return };
        self.ports = (header.source_port(), header.destination_port());
        let body = bytes.get(8..).unwrap_or_default();
        if !body.is_empty() && self.has_port(53) {
            self.path.push(Layer::Dns);
        } else if !body.is_empty() && self.has_port(5_353) {
            self.path.push(Layer::Mdns);
        }
        self.body = Body::Udp(body);
    }

    fn tcp(&mut self, bytes: &'p [u8], length: usize) {
        self.push(Layer::Tcp);
        // They stand first: also of a header that was cut, one knows whose it is.
        if let [a, b, c, d, ..] = bytes {
            self.ports = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        }
        // Where the options were cut off, zeros stand in for them: they end the list.
        let mut whole = [0; 60];
        let header = match TcpHeaderSlice::from_slice(bytes) {
            Ok(header) => header,
            Err(_) if (20..60).contains(&bytes.len()) => {
                whole.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                let Ok(header) = TcpHeaderSlice::from_slice(&whole) else { return };
                header
            }
            Err(_) => return,
        };
        let head = header.slice().len();
        let body = bytes.get(head..).unwrap_or_default();
        let flags = bytes.get(13).copied().unwrap_or_default();
        let segment = Segment {
            time: 0,
            seq: header.sequence_number(),
            ack: header.acknowledgment_number(),
            flags,
            window: header.window_size(),
            window_scale: if header.syn() { window_scale(&header) } else { None },
            length: u32::try_from(length.saturating_sub(head)).unwrap_or(u32::MAX),
        };
        if let [20..=23, 3, 0..=4, _, _, ..] = body {
            self.path.push(Layer::Tls);
        } else if body.len() > 14 && self.has_port(53) {
            self.path.push(Layer::Dns);
        }
        self.body = Body::Tcp(segment, body);
    }

    pub(crate) fn has_port(&self, port: u16) -> bool {
        self.ports.0 == port || self.ports.1 == port
    }
}

/// Whether a chain of IPv6 extension headers has a fragment's with an offset. (etherparse's own walk along them reads past
/// the end of a chain that is cut.)
fn is_later_fragment(mut number: IpNumber, mut chain: &[u8]) -> bool {
    while let [next, length, rest @ ..] = chain {
        if number == IpNumber::IPV6_FRAGMENTATION_HEADER {
            return matches!(rest, [high, low, ..] if u16::from_be_bytes([*high, *low]) >> 3 != 0);
        }
        let (unit, more) = if number == ip_number::AUTH { (4, 2) } else { (8, 1) };
        let length = usize::from(*length).saturating_add(more).saturating_mul(unit);
        number = IpNumber(*next);
        chain = chain.get(length..).unwrap_or_default();
    }
    false
}

fn window_scale(header: &TcpHeaderSlice<'_>) -> Option<u8> {
    header.options_iterator().flatten().find_map(|option| match option {
        TcpOptionElement::WindowScale(scale) => Some(scale),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        #[test]
        fn any_ipv6_header_is_read(
            number in prop::sample::select(vec![0_u8, 6, 17, 43, 44, 51, 58, 60]),
            chain in prop::collection::vec(prop::sample::select(vec![0_u8, 1, 6, 8, 17, 43, 44, 51, 60, 255]), 0..60),
        ) {
            let mut bytes = vec![0x60, 0, 0, 0, 0, 0, number, 64];
            bytes.extend([1; 32]);
            bytes.extend(&chain);
            dissect(Link::Raw, &bytes, bytes.len() as u32);
        }
    }
}
