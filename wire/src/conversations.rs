//! Who spoke with whom.

use crate::keep::{Keep, Kept, kept};

use crate::{
    add,
    address::{self, Address, Pair},
    counts::Counts,
    distinct::Distinct,
    summary::TcpHealth,
    table::{Row, Table},
    tcp::{Segment, Tcp},
};

/// Conversations that are followed at once. A checkpoint with so many, each of them TCP over IPv6 after a handshake, data
/// and losses, is still below its bound (`checkpoint.rs` has the test).
pub(crate) const LIMIT: usize = 1_800;

/// Two ends that speak with each other. Sums are in the order of [`Pair::ends`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Conversation {
    pub(crate) pair: Pair,
    /// Whether the first end is the client's.
    pub(crate) first_is_client: bool,
    /// Whether the same ports were used again for another one since.
    pub(crate) is_over: bool,
    pub(crate) packets: [u64; 2],
    pub(crate) bytes: [u64; 2],
    pub(crate) first_at: u64,
    pub(crate) last_at: u64,
    pub(crate) tcp: Option<Tcp>,
    /// The name that its client asked for by TLS, by its mark in the table of names; 0 is none.
    pub(crate) name: u32,
}

impl Keep for Conversation {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        self.pair.keep(bytes);
        self.first_is_client.keep(bytes);
        self.is_over.keep(bytes);
        self.packets.keep(bytes);
        self.bytes.keep(bytes);
        self.first_at.keep(bytes);
        // How long it lasted is fewer bytes than when it ended.
        let mut lasted = self.last_at.wrapping_sub(self.first_at);
        lasted.keep(bytes);
        self.last_at = self.first_at.wrapping_add(lasted);
        self.tcp.keep(bytes);
        self.name.keep(bytes);
    }
}

impl Row for Conversation {
    fn hash(&self, seed: u64) -> u64 {
        self.pair.hash(seed)
    }

    /// By bytes, in steps of four times as many; among those of one step, who was silent longest goes first.
    fn weight(&self) -> u64 {
        let bytes = self.bytes[0].saturating_add(self.bytes[1]);
        let step = u64::from(bytes.checked_ilog2().unwrap_or(0) >> 1);
        step << 58 | self.last_at >> 6
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}

impl Conversation {
    /// The client's and the server's address and port.
    pub(crate) fn ends(&self) -> [(Address, u16); 2] {
        let ([first, second], [port, other_port]) = (self.pair.ends, self.pair.ports);
        let ends = [(first, port), (second, other_port)];
        if self.first_is_client { ends } else { [ends[1], ends[0]] }
    }

    /// TCP's health, of a TCP conversation.
    pub(crate) fn health(&self) -> TcpHealth {
        self.tcp.as_ref().map(Tcp::health).unwrap_or_default()
    }
}

/// All conversations, and what those left that had to go.
#[derive(Debug, Clone)]
pub(crate) struct Conversations {
    pub(crate) table: Table<Conversation>,
    /// All there ever were, where some had to go.
    pub(crate) ever: Distinct,
    /// The packets of those that had to go.
    pub(crate) gone_packets: u64,
    /// And how many they were.
    pub(crate) gone: u64,
    pub(crate) sums: Sums,
    /// Where the last packet's stands: packets come in runs.
    pub(crate) last: usize,
}

/// Sums over conversations: of those that had to go while reading, of all at the end.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    /// Packets and bytes sent, packets and bytes received.
    pub(crate) addresses: Counts,
    /// Packets, bytes, conversations; by layer and port.
    pub(crate) ports: Counts,
    /// Attempts, unanswered, refused, and the ports tried; by client and server.
    pub(crate) attempts: Counts,
}

impl Default for Sums {
    fn default() -> Sums {
        Sums { addresses: Counts::new(ADDRESSES), ports: Counts::new(PORTS), attempts: Counts::new(ATTEMPTS) }
    }
}

pub(crate) const ADDRESSES: usize = 512;
pub(crate) const PORTS: usize = 512;
pub(crate) const ATTEMPTS: usize = 64;

impl Default for Conversations {
    fn default() -> Conversations {
        Conversations {
            table: Table::new(LIMIT),
            ever: Distinct::many(),
            gone_packets: 0,
            gone: 0,
            sums: Sums::default(),
            last: 0,
        }
    }
}

impl Keep for Conversations {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let Conversations { table, ever, gone_packets, gone, sums, last: _ } = self;
        table.keep(bytes);
        ever.keep(bytes);
        gone_packets.keep(bytes);
        gone.keep(bytes);
        sums.keep(bytes);
    }
}

kept! { Sums { addresses ports attempts } }

/// A packet, as its conversation sees it.
pub(crate) struct Said<'p> {
    pub(crate) pair: Pair,
    pub(crate) from_first: bool,
    pub(crate) time: u64,
    pub(crate) bytes: u64,
    pub(crate) segment: Option<&'p Segment>,
}

impl Conversations {
    /// Counts a packet to its conversation; that, and whether the client said it.
    pub(crate) fn add(&mut self, said: &Said<'_>) -> Option<(&mut Conversation, bool)> {
        let place = self.place(said);
        self.last = place;
        let conversation = self.table.get_mut(place)?;
        let end = usize::from(!said.from_first);
        if let Some(packets) = conversation.packets.get_mut(end) {
            add(packets, 1);
        }
        if let Some(bytes) = conversation.bytes.get_mut(end) {
            add(bytes, said.bytes);
        }
        conversation.first_at = conversation.first_at.min(said.time);
        conversation.last_at = conversation.last_at.max(said.time);
        let from_client = conversation.first_is_client == said.from_first;
        Some((conversation, from_client))
    }

    /// Where the packet's conversation stands, which may begin with it.
    fn place(&mut self, said: &Said<'_>) -> usize {
        let is_it = |row: &Conversation| row.pair == said.pair && !row.is_over;
        let last = self.table.rows().get(self.last).is_some_and(is_it).then_some(self.last);
        let hash = || said.pair.hash(self.table.seed());
        let mut turn = 0;
        if let Some(place) = last.or_else(|| self.table.find(hash(), is_it)) {
            let Some(conversation) = self.table.get_mut(place) else { return place };
            let from_client = conversation.first_is_client == said.from_first;
            let begins_anew = conversation
                .tcp
                .as_ref()
                .zip(said.segment)
                .is_some_and(|(tcp, segment)| tcp.begins_anew(from_client, segment));
            if !begins_anew {
                return place;
            }
            conversation.is_over = true;
            self.table.forget(said.pair.hash(self.table.seed()), place);
            turn = said.time;
        }
        self.ever.insert_hash(address::hash(turn, &[said.pair.hash(0)]));
        let (place, gone) = self.table.insert(begin(said));
        if let Some(gone) = gone {
            self.let_go(&gone);
        }
        place
    }

    /// The address in most packets that is one host's; an IP address if there is any.
    pub(crate) fn most_common_address(&self) -> Option<Address> {
        let mut sums = self.sums.clone();
        self.table.rows().iter().for_each(|row| sums.add(row));
        let mut most: Option<((bool, u64), Address)> = None;
        for count in sums.addresses.rows() {
            let Some((address, _)) = Address::read_from(&count.key) else { continue };
            let packets = count.sums[0].saturating_add(count.sums[2]);
            let size = (address.is_ip(), packets);
            if address.is_one_host() && most.is_none_or(|(other, _)| other < size) {
                most = Some((size, address));
            }
        }
        most.map(|(_, address)| address)
    }

    /// Takes the lightest few out.
    pub(crate) fn shrink(&mut self, by: usize) {
        for _ in 0..by {
            let rows = self.table.rows().iter().enumerate();
            let Some((lightest, _)) = rows.min_by_key(|(_, row)| row.weight()) else { return };
            if let Some(gone) = self.table.remove(lightest) {
                self.let_go(&gone);
            }
        }
    }

    fn let_go(&mut self, gone: &Conversation) {
        add(&mut self.gone, 1);
        add(&mut self.gone_packets, gone.packets[0].saturating_add(gone.packets[1]));
        self.sums.add(gone);
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        let now = self.table.rows().len() as u64;
        if self.gone > 0 { now.max(self.ever.count()) } else { now }
    }
}

/// A conversation without packets yet.
fn begin(said: &Said<'_>) -> Conversation {
    let sender_is_client = match said.segment.map(|segment| segment.flags & (SYN | ACK)) {
        Some(SYN) => true,
        Some(both) if both == SYN | ACK => false,
        _ => {
            let [first, second] = said.pair.ports;
            let (from, to) = if said.from_first { (first, second) } else { (second, first) };
            rank(from) >= rank(to)
        }
    };
    Conversation {
        pair: said.pair,
        first_is_client: sender_is_client == said.from_first,
        is_over: false,
        packets: [0; 2],
        bytes: [0; 2],
        first_at: said.time,
        last_at: said.time,
        tcp: said.segment.map(|_| Tcp::default()),
        name: 0,
    }
}

/// Servers wait at system ports, clients ask from ephemeral ones; of two alike, who speaks first is asking.
fn rank(port: u16) -> u8 {
    match port {
        0..1_024 => 0,
        1_024..32_768 => 1,
        _ => 2,
    }
}

const SYN: u8 = 2;
const ACK: u8 = 16;

impl Sums {
    /// Adds a conversation to the sums of its ends, its port and its attempts.
    pub(crate) fn add(&mut self, conversation: &Conversation) {
        let [(client, _), (server, port)] = conversation.ends();
        let ([first, second], [first_bytes, second_bytes]) = (conversation.packets, conversation.bytes);
        let [one, other] = conversation.pair.ends;
        let mut key = Vec::with_capacity(40);
        for (address, sums) in [
            (one, [first, first_bytes, second, second_bytes]),
            (other, [second, second_bytes, first, first_bytes]),
        ] {
            key.clear();
            address.write_to(&mut key);
            self.addresses.add(&key, sums);
        }
        if conversation.pair.has_ports() {
            let [low, high] = port.to_be_bytes();
            let packets = first.saturating_add(second);
            let bytes = first_bytes.saturating_add(second_bytes);
            self.ports.add(&[conversation.pair.protocol as u8, low, high], [packets, bytes, 1, 0]);
        }
        let health = conversation.health();
        if health.attempts > 0 {
            key.clear();
            client.write_to(&mut key);
            server.write_to(&mut key);
            let sums = [health.attempts, health.unanswered, health.refused, 0];
            let (place, _) = self.attempts.add(&key, sums);
            if let Some(count) = self.attempts.get_mut(place) {
                count.numbers.get_or_insert_default().insert(port);
            }
        }
    }
}
