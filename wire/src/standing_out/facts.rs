//! What the rules look at: the summary, and what is worked out of it once.

use super::{About, Measured};
use crate::summary::{Conversation, Summary, Talker, TcpHealth};

/// What goes one way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Amount {
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

pub(super) struct Facts<'a> {
    pub(super) summary: &'a Summary,
    /// What the alert's metric measures.
    pub(super) measured: Measured,
    /// The machine's address; empty where there is none.
    pub(super) machine: &'a str,
    /// To the machine.
    pub(super) inward: Amount,
    /// From the machine.
    pub(super) outward: Amount,
}

impl<'a> Facts<'a> {
    pub(super) fn of(summary: &'a Summary, about: &About) -> Self {
        let [mut inward, mut outward] = [Amount::default(); 2];
        for point in &summary.timeline.points {
            inward.packets = inward.packets.saturating_add(point.packets_in);
            inward.bytes = inward.bytes.saturating_add(point.bytes_in);
            outward.packets = outward.packets.saturating_add(point.packets_out);
            outward.bytes = outward.bytes.saturating_add(point.bytes_out);
        }
        Self {
            summary,
            measured: about.metric.as_deref().map(Measured::by).unwrap_or_default(),
            machine: summary.machine.as_deref().unwrap_or_default(),
            inward,
            outward,
        }
    }

    /// The largest conversations that are TCP's, with how they fared.
    pub(super) fn connections(&self) -> impl Iterator<Item = (&'a Conversation, &'a TcpHealth)> {
        self.summary.conversations.largest.iter().filter_map(|it| Some((it, it.tcp.as_ref()?)))
    }

    /// The one of those whom the machine speaks with that `amount` is most of.
    pub(super) fn peer(&self, amount: fn(&Talker) -> u64) -> Option<&'a Talker> {
        let peers = self.summary.talkers.largest.iter().filter(|it| it.address != self.machine);
        peers.max_by_key(|it| amount(it))
    }
}

/// Whether `part` is at least so many percent of `whole`.
pub(super) fn is_share(part: u64, whole: u64, percent: u64) -> bool {
    whole > 0 && part.saturating_mul(100) >= whole.saturating_mul(percent)
}

/// Whether `it` is between these two, whoever began.
pub(super) fn is_between(it: &Conversation, one: &str, other: &str) -> bool {
    let (client, server) = (it.client.address.as_str(), it.server.address.as_str());
    client == one && server == other || client == other && server == one
}
