//! By protocol, as `tshark -z io,phs` counts: a tree from the link on.
//!
//! Told apart is what headers say for sure, `dns` and `mdns` by their ports, and `tls` by a record's first bytes. What a
//! tunnel carries (GRE, VXLAN) is not looked into.

use std::collections::BTreeMap;

use crate::keep::{Keep, Kept, kept};

use crate::{add, summary::Protocol};

macro_rules! layers {
    ($first:ident $none:literal $($name:ident $word:literal)*) => {
        /// A protocol with a word of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
        #[repr(u8)]
        pub(crate) enum Layer {
            /// None.
            #[default]
            $first,
            $(
            #[doc = concat!("`", $word, "`")]
            $name,
        )* }

        /// All of them, in order.
        const LAYERS: &[Layer] = &[Layer::$first, $(Layer::$name),*];

        /// Wireshark's words, in the order of [`Layer`].
        const WORDS: &[&str] = &[$none, $($word),*];
    };
}

layers! {
    None ""
    Unknown "unknown"
    Eth "eth"
    Sll "sll"
    Null "null"
    Raw "raw"
    Vlan "vlan"
    Ieee8021ad "ieee8021ad"
    Llc "llc"
    Ip "ip"
    Ipv6 "ipv6"
    Arp "arp"
    Tcp "tcp"
    Udp "udp"
    Icmp "icmp"
    Icmpv6 "icmpv6"
    Igmp "igmp"
    Ah "ah"
    Gre "gre"
    Esp "esp"
    Sctp "sctp"
    Ospf "ospf"
    Pim "pim"
    Vrrp "vrrp"
    Pppoe "pppoes"
    Mpls "mpls"
    Lldp "lldp"
    Eapol "eapol"
    Dns "dns"
    Mdns "mdns"
    Tls "tls"
}

impl Keep for Layer {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        bytes.one_of(self, LAYERS);
    }
}

impl Layer {
    pub(crate) fn word(self) -> &'static str {
        WORDS.get(self as usize).copied().unwrap_or_default()
    }
}

/// The layers of a packet from the link on, one a byte, the last in the lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(u64);

impl Path {
    pub(crate) fn push(&mut self, layer: Layer) {
        if self.0 >> 56 == 0 {
            self.0 = self.0 << 8 | layer as u64;
        }
    }

    pub(crate) fn ends_in(self, layer: Layer) -> bool {
        self.0 & 0xff == layer as u64
    }

    fn parent(self) -> Path {
        Path(self.0 >> 8)
    }

    fn text(self) -> String {
        let mut text = String::new();
        for byte in self.0.to_be_bytes() {
            let word = WORDS.get(usize::from(byte)).copied().unwrap_or_default();
            if !word.is_empty() {
                if !text.is_empty() {
                    text.push(':');
                }
                text.push_str(word);
            }
        }
        text
    }
}

impl Keep for Path {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        self.0.keep(bytes);
    }
}

kept! { Protocols { paths } }

/// Counts by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Protocols {
    paths: Vec<(Path, (u64, u64))>,
}

/// Real files have a dozen paths. Above this, packets are counted under what the path begins with.
const PATHS: usize = 200;

impl Protocols {
    pub(crate) fn add(&mut self, mut path: Path, bytes: u64) {
        loop {
            if let Some(place) = self.paths.iter().position(|(known, _)| *known == path) {
                if let Some((_, (packets, sum))) = self.paths.get_mut(place) {
                    add(packets, 1);
                    add(sum, bytes);
                }
                // What comes often moves to the front.
                if place > 0
                    && self.paths.get(place).map(|it| it.1.0)
                        > self.paths.get(place.wrapping_sub(1)).map(|it| it.1.0)
                {
                    self.paths.swap(place, place.wrapping_sub(1));
                }
                return;
            }
            if self.paths.len() < PATHS || path == Path::default() {
                self.paths.push((path, (0, 0)));
            } else {
                path = path.parent();
            }
        }
    }

    /// Every path and all it begins with, as a tree: parents before children, the larger branch first.
    pub(crate) fn rows(&self) -> Vec<Protocol> {
        let mut sums: BTreeMap<Path, (u64, u64)> = BTreeMap::new();
        for (path, (packets, bytes)) in &self.paths {
            let mut path = *path;
            while path != Path::default() {
                let sum = sums.entry(path).or_default();
                add(&mut sum.0, *packets);
                add(&mut sum.1, *bytes);
                path = path.parent();
            }
        }
        let mut rows = Vec::new();
        under(Path::default(), &sums, &mut rows);
        rows
    }
}

fn under(parent: Path, sums: &BTreeMap<Path, (u64, u64)>, rows: &mut Vec<Protocol>) {
    let mut children: Vec<(u64, Path)> = Vec::new();
    for (path, (packets, _)) in sums {
        if path.parent() == parent {
            let place = children.iter().position(|(other, _)| other < packets).unwrap_or(children.len());
            children.insert(place, (*packets, *path));
        }
    }
    for (packets, path) in children {
        let bytes = sums.get(&path).map_or(0, |sum| sum.1);
        rows.push(Protocol { path: path.text(), packets, bytes });
        under(path, sums, rows);
    }
}
