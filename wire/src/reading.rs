//! A file's bytes come in, in pieces of any size.

use crate::{
    About, assemble, checkpoint,
    checkpoint::NotACheckpoint,
    file::{Facts, File, Next},
    keep::{Keep, Kept, kept},
    summary::{Outcome, Summary},
    traffic::Traffic,
};

/// A capture file that is being read.
///
/// It needs at most 8 MiB, whatever comes. Above [`crate::summary::Exactness::limit`] conversations its tables are estimates.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub(crate) state: State,
    /// The beginning of a record whose end has not come yet.
    pending: Vec<u8>,
}

/// All that a checkpoint keeps.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    /// The bytes that are dealt with.
    pub(crate) offset: u64,
    /// The next bytes of the file are of no interest; so many.
    pub(crate) skip: u64,
    /// Where what is being skipped began.
    pub(crate) skip_from: u64,
    pub(crate) file: File,
    pub(crate) facts: Facts,
    pub(crate) ended: Option<Ended>,
    pub(crate) traffic: Traffic,
}

kept! { State { offset skip skip_from file facts ended traffic } }

/// Why no more is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// What stands at the offset is not understood.
    Corrupt(String),
    /// The file is of a kind that is not read.
    Declined(String),
}

/// Whether the file's end was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AtEnd {
    /// It was.
    Whole,
    /// It was not.
    BrokenOff {
        /// Why, in a sentence.
        why: String,
    },
}

impl Reading {
    /// Of a file from its first byte on.
    pub fn new() -> Reading {
        Reading::default()
    }

    /// Goes on where a checkpoint was taken: the file's bytes are to come from [`Reading::offset`] on.
    pub fn resume(checkpoint: &[u8]) -> Result<Reading, NotACheckpoint> {
        Ok(Reading { state: checkpoint::read(checkpoint)?, pending: Vec::new() })
    }

    /// Takes in the file's next bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.wants_more() {
            if self.state.skip > 0 {
                bytes = self.state.pass(bytes);
            } else if self.pending.is_empty() {
                let (dealt_with, needs) = self.state.take(bytes);
                bytes = bytes.get(dealt_with..).unwrap_or_default();
                if needs > 0 {
                    self.pending.reserve(needs);
                    self.pending.extend_from_slice(bytes);
                    return;
                }
            } else {
                bytes = self.complete(bytes);
            }
        }
    }

    /// Adds to the record that has begun what it still needs; what is left.
    fn complete<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let (_, needs) = self.state.take(&self.pending);
        let missing = needs.saturating_sub(self.pending.len()).clamp(1, bytes.len().max(1));
        let (now, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        self.pending.extend_from_slice(now);
        let (dealt_with, _) = self.state.take(&self.pending);
        self.pending.drain(..dealt_with.min(self.pending.len()));
        rest
    }

    /// How many of the file's bytes are dealt with. A record that has only begun is not.
    pub fn offset(&self) -> u64 {
        self.state.offset
    }

    /// Whether more bytes could change the summary.
    pub fn wants_more(&self) -> bool {
        self.state.ended.is_none()
    }

    /// Packets so far.
    pub fn packets(&self) -> u64 {
        self.state.traffic.totals.packets
    }

    /// All that [`Reading::resume`] needs beside the file from [`Reading::offset`] on: at most 400,000 bytes.
    pub fn checkpoint(&self) -> Vec<u8> {
        checkpoint::write(&self.state)
    }

    /// What was read. Where the end of the file is in the middle of something, or was not reached, the summary says so.
    pub fn finish(self, at_end: AtEnd, about: &About) -> Summary {
        let begun = if self.wants_more() { self.pending.len() } else { 0 };
        let seen = self.state.offset.saturating_add(begun as u64);
        let outcome = self.state.outcome(at_end, seen, begun > 0);
        assemble::summary(self.state, outcome, seen, about)
    }
}

impl Keep for Ended {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let mut is_declined = matches!(self, Ended::Declined(_));
        is_declined.keep(bytes);
        let (Ended::Corrupt(why) | Ended::Declined(why)) = self;
        why.keep(bytes);
        let why = std::mem::take(why);
        *self = if is_declined { Ended::Declined(why) } else { Ended::Corrupt(why) };
    }
}

impl Default for Ended {
    fn default() -> Ended {
        Ended::Corrupt(String::new())
    }
}

impl State {
    /// Takes in all records that are whole: how many bytes they have, and how many the next one needs, if it is known.
    fn take(&mut self, bytes: &[u8]) -> (usize, usize) {
        let mut dealt_with = 0_usize;
        while self.ended.is_none() && self.skip == 0 {
            let rest = bytes.get(dealt_with..).unwrap_or_default();
            let length = match self.file.next(rest, &mut self.facts) {
                Next::Packet(length, record) => {
                    self.traffic.add(&record);
                    length
                }
                Next::Needs(needs) => return (dealt_with, if rest.is_empty() { 0 } else { needs }),
                Next::Skip(length) => {
                    self.skip_from = self.offset;
                    self.skip = length;
                    dealt_with = bytes.len().saturating_sub(self.pass(rest).len());
                    continue;
                }
                Next::Corrupt(why) => {
                    self.ended = Some(Ended::Corrupt(why));
                    return (dealt_with, 0);
                }
                Next::Declined(why) => {
                    self.ended = Some(Ended::Declined(why.to_owned()));
                    return (dealt_with, 0);
                }
            };
            dealt_with = dealt_with.saturating_add(length);
            self.offset = self.offset.saturating_add(length as u64);
        }
        (dealt_with, 0)
    }

    /// Passes over bytes of no interest; what is left.
    fn pass<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let now = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip = self.skip.saturating_sub(now as u64);
        self.offset = self.offset.saturating_add(now as u64);
        bytes.get(now..).unwrap_or_default()
    }

    fn outcome(&self, at_end: AtEnd, seen: u64, is_within: bool) -> Outcome {
        let at = if self.skip > 0 { self.skip_from } else { self.offset };
        match (&self.ended, at_end) {
            (Some(Ended::Declined(why)), _) => Outcome::Declined { why: why.clone() },
            (Some(Ended::Corrupt(why)), _) => {
                Outcome::Partial { at, why: "The file is damaged: ".to_owned() + why + "." }
            }
            (None, AtEnd::BrokenOff { why }) => Outcome::Partial { at, why },
            (None, AtEnd::Whole) if seen == 0 => {
                Outcome::Partial { at, why: "The file is empty.".to_owned() }
            }
            (None, AtEnd::Whole) if self.skip > 0 || is_within => {
                Outcome::Partial { at, why: "The file was cut short in the middle of a record.".to_owned() }
            }
            (None, AtEnd::Whole) => Outcome::Whole,
        }
    }
}

#[cfg(test)]
mod tests;
