//! The few lines that people are told.

use super::Sentence;
use crate::summary::{Outcome, Summary};

/// As many as fit into a message without pushing what it is about out of sight.
pub(super) const LINES: usize = 3;
/// What weighs less is a note for readers of the whole summary.
pub(super) const TOLD: u32 = 20;

impl Summary {
    /// At most three lines for people: what weighs most of what stands out, after what was not read; one line with the
    /// main numbers where nothing stands out. All of it is printable ASCII of bounded length.
    pub fn headlines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Outcome::Declined { why } = &self.reading {
            let mut line = Sentence::default();
            line.say("The file could not be read: ").prose(why);
            return vec![line.end()];
        }
        for is_first in [true, false] {
            let told =
                self.findings.iter().filter(|it| (it.rule == "partial") == is_first && it.weight >= TOLD);
            let room = LINES.saturating_sub(lines.len());
            lines.extend(told.take(room).map(|it| it.sentence.clone()));
        }
        if self.findings.iter().all(|it| it.rule == "partial" || it.weight < TOLD) {
            lines.push(self.nothing());
        }
        lines
    }

    fn nothing(&self) -> String {
        let mut line = Sentence::default();
        line.say("Nothing stands out: ")
            .count(self.file.packets, "packet")
            .say(" (")
            .bytes(self.file.wire_bytes)
            .say(")");
        if let (Some(first), Some(last)) = (self.file.first_packet_at, self.file.last_packet_at) {
            line.say(" in ").span(last.saturating_sub(first));
        }
        line.say(", ").count(self.conversations.count, "conversation");
        if self.tcp.segments > 0 {
            line.say(", ")
                .percent(self.tcp.retransmissions, self.tcp.segments)
                .say(" of the TCP segments sent again");
        }
        line.end()
    }
}
