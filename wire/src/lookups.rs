//! DNS: what was asked, what was answered, and when.

use crate::keep::kept;

use crate::{
    add,
    address::{Address, hash_bytes},
    counts::Counts,
    dns::{self, Message},
    spread::Spans,
    summary::{Dns, Name, NameFailure, Top},
};

/// Questions whose answer is waited for.
const WAITING: usize = 512;
/// Names that are counted.
pub(crate) const NAMES: usize = 256;
/// Names that could not be resolved.
const FAILURES: usize = 128;
/// Of a name, so many bytes count.
const LONGEST_NAME: usize = 100;

/// All DNS of a capture.
#[derive(Debug, Clone)]
pub(crate) struct Lookups {
    queries: u64,
    responses: u64,
    failed: u64,
    /// Questions that were no longer waited for.
    given_up: u64,
    times: Spans,
    names: Counts,
    /// By code and name.
    failures: Counts,
    /// When each was asked, by who, whom and number.
    waiting: Counts,
}

kept! { Lookups { queries responses failed given_up times names failures waiting } }

impl Default for Lookups {
    fn default() -> Lookups {
        Lookups {
            queries: 0,
            responses: 0,
            failed: 0,
            given_up: 0,
            times: Spans::default(),
            names: Counts::new(NAMES),
            failures: Counts::new(FAILURES),
            waiting: Counts::new(WAITING),
        }
    }
}

impl Lookups {
    /// Takes a message in, which went from one end to the other. A multicast question is nobody's to answer.
    pub(crate) fn message(
        &mut self,
        message: &Message,
        (from, from_port): (Address, u16),
        (to, to_port): (Address, u16),
        time: u64,
    ) {
        let mut key = Vec::with_capacity(48);
        let ends = if message.is_response {
            [(to, to_port), (from, from_port)]
        } else {
            [(from, from_port), (to, to_port)]
        };
        for (address, port) in ends {
            address.write_to(&mut key);
            key.extend_from_slice(&port.to_be_bytes());
        }
        key.extend_from_slice(&message.id.to_be_bytes());
        let key = hash_bytes(0, &key).to_le_bytes();
        let asked = self.waiting.find(&key);
        let name = message.name.as_deref().unwrap_or_default();
        if !message.is_response {
            add(&mut self.queries, 1);
            if !name.is_empty() {
                self.names.add(cut(name).as_bytes(), [1, 0, 0, 0]);
            }
            if asked.is_none() && from_port != 5_353 && to_port != 5_353 {
                let (_, gone) = self.waiting.add(&key, [time, 0, 0, 0]);
                add(&mut self.given_up, u64::from(gone.is_some()));
            }
            return;
        }
        add(&mut self.responses, 1);
        if message.code != 0 {
            add(&mut self.failed, 1);
            let mut key = vec![message.code];
            key.extend_from_slice(cut(name).as_bytes());
            self.failures.add(&key, [1, 0, 0, 0]);
        }
        if let Some(asked) = asked.and_then(|place| self.waiting.remove(place)) {
            self.times.observe(time.saturating_sub(asked.sums[0]));
        }
    }

    pub(crate) fn dns(&self) -> Dns {
        let failure = |key: &[u8], count| {
            let (code, name) = key.split_first().unwrap_or((&0, &[]));
            NameFailure { name: text(name), code: dns::code_name(*code).to_owned(), count }
        };
        Dns {
            queries: self.queries,
            responses: self.responses,
            unanswered: self.given_up.saturating_add(self.waiting.rows().len() as u64),
            failed: self.failed,
            names: names(&self.names),
            failures: self.failures.top(failure),
            response_time: self.times.spread(),
        }
    }
}

/// The names that came most often.
pub(crate) fn names(counts: &Counts) -> Top<Name> {
    counts.top(|key, count| Name { name: text(key), count })
}

/// The first hundred bytes of a name.
pub(crate) fn cut(name: &str) -> &str {
    let end = (0..=LONGEST_NAME).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    if name.len() <= LONGEST_NAME { name } else { name.get(..end).unwrap_or_default() }
}

fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}
