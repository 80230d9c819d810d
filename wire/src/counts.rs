//! Counts by address, port, name, …: whatever is looked at rarely, in one kind of table.

use crate::keep::{Keep, Kept, kept};

use crate::{
    add,
    address::hash_bytes,
    distinct::Distinct,
    summary::Top,
    table::{Row, Table},
};

/// Sums by key, bounded: beyond that the smallest goes for a new one.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    table: Table<Count>,
    /// All keys there ever were.
    ever: Distinct,
    has_lost: bool,
}

/// One key's sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Count {
    pub(crate) key: Vec<u8>,
    pub(crate) sums: [u64; 4],
    /// Different numbers that came with it.
    pub(crate) numbers: Option<Distinct>,
}

impl Row for Count {
    fn hash(&self, seed: u64) -> u64 {
        hash_bytes(seed, &self.key)
    }

    fn weight(&self) -> u64 {
        self.sums.iter().fold(0, |sum, more| sum.saturating_add(*more))
    }
}

kept! { Counts { table ever has_lost } }

impl Keep for Count {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        bytes.text(&mut self.key);
        self.sums.keep(bytes);
        self.numbers.keep(bytes);
    }
}

impl Counts {
    /// For at most `limit` keys.
    pub(crate) fn new(limit: usize) -> Counts {
        Counts { table: Table::new(limit), ever: Distinct::many(), has_lost: false }
    }

    /// The same with room for all that may come.
    pub(crate) fn unbounded(self) -> Counts {
        let hand = self.table.hand();
        Counts { table: Table::restore(usize::MAX, self.table.into_rows(), hand), ..self }
    }

    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        self.table.find(hash_bytes(self.table.seed(), key), |count| count.key == key)
    }

    /// Adds to a key's sums; its place, and what had to go for it.
    pub(crate) fn add(&mut self, key: &[u8], more: [u64; 4]) -> (usize, Option<Count>) {
        let (place, gone) = match self.find(key) {
            Some(place) => (place, None),
            None => {
                self.ever.insert_hash(hash_bytes(0, key));
                self.table.insert(Count { key: key.to_vec(), sums: [0; 4], numbers: None })
            }
        };
        self.has_lost |= gone.is_some();
        if let Some(count) = self.table.get_mut(place) {
            for (sum, more) in count.sums.iter_mut().zip(more) {
                add(sum, more);
            }
        }
        (place, gone)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Count> {
        self.table.get_mut(place)
    }

    pub(crate) fn remove(&mut self, place: usize) -> Option<Count> {
        self.table.remove(place)
    }

    pub(crate) fn rows(&self) -> &[Count] {
        self.table.rows()
    }

    /// What a key is found by again, as long as it is not gone: its place and some of its hash. Never 0.
    pub(crate) fn mark(&self, place: usize) -> u32 {
        let hash = self.rows().get(place).map_or(0, |row| row.hash(0));
        (place as u32).saturating_add(1) << 12 | (hash & 0xfff) as u32
    }

    /// The key with a mark.
    pub(crate) fn by_mark(&self, mark: u32) -> Option<&[u8]> {
        let place = (mark >> 12).checked_sub(1)? as usize;
        let row = self.rows().get(place)?;
        (self.mark(place) == mark).then_some(row.key.as_slice())
    }

    /// The largest by their first sum, each made of its key and that.
    pub(crate) fn top<T>(&self, make: impl Fn(&[u8], u64) -> T) -> Top<T> {
        let places = largest(self.rows().iter().map(|count| count.sums[0]));
        let rows = places.into_iter().filter_map(|place| self.rows().get(place));
        Top { count: self.count(), largest: rows.map(|count| make(&count.key, count.sums[0])).collect() }
    }

    /// How many keys there were: exactly, as long as none had to go.
    pub(crate) fn count(&self) -> u64 {
        let now = self.table.rows().len() as u64;
        if self.has_lost { now.max(self.ever.count()) } else { now }
    }
}

/// The places of the twenty largest, the largest first; of equals, the first.
pub(crate) fn largest(sizes: impl Iterator<Item = u64>) -> Vec<usize> {
    let mut top: Vec<(u64, usize)> = Vec::new();
    for (place, size) in sizes.enumerate() {
        if top.len() < 20 || top.last().is_some_and(|(least, _)| *least < size) {
            let at = top.iter().position(|(other, _)| *other < size).unwrap_or(top.len());
            top.insert(at, (size, place));
            top.truncate(20);
        }
    }
    top.into_iter().map(|(_, place)| place).collect()
}
