//! A table with a bound: what is new pushes out what weighs least.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use crate::keep::{Keep, Kept};

/// What a table holds.
pub(crate) trait Row {
    /// Its key's hash.
    fn hash(&self, seed: u64) -> u64;
    /// The least goes first.
    fn weight(&self) -> u64;
    /// Whether it is no longer to be found by its key.
    fn is_over(&self) -> bool {
        false
    }
}

/// How many rows are looked at for the one that goes. All would be slow where every packet is a new conversation; these
/// few keep the weightiest almost as well, since a light one among them is nearly always found.
const LOOKED_AT: usize = 8;

/// Rows, each found by its key, in the order they came.
#[derive(Debug, Clone)]
pub(crate) struct Table<R> {
    rows: Vec<R>,
    places: HashTable<u16>,
    limit: usize,
    hand: usize,
    seed: u64,
}

impl<R: Row + Keep + Default> Keep for Table<R> {
    fn keep(&mut self, bytes: &mut Kept<'_>) {
        let mut hand = self.hand as u16;
        hand.keep(bytes);
        self.rows.keep(bytes);
        if bytes.is_read() {
            *self = Table::restore(self.limit, std::mem::take(&mut self.rows), hand.into());
        }
    }
}

impl<R: Row> Table<R> {
    /// For at most `limit` rows, themselves at most 65,536.
    pub(crate) fn new(limit: usize) -> Table<R> {
        let seed = RandomState::new().hash_one(0_u8);
        Table { rows: Vec::new(), places: HashTable::new(), limit: limit.clamp(1, 65_536), hand: 0, seed }
    }

    /// The same from what [`Table::rows`] and [`Table::hand`] gave.
    pub(crate) fn restore(limit: usize, rows: Vec<R>, hand: usize) -> Table<R> {
        let mut table = Table::new(limit);
        for row in rows.into_iter().take(table.limit) {
            table.push(row);
        }
        table.hand = hand;
        table
    }

    pub(crate) fn rows(&self) -> &[R] {
        &self.rows
    }

    pub(crate) fn into_rows(self) -> Vec<R> {
        self.rows
    }

    pub(crate) fn hand(&self) -> usize {
        self.hand
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut R> {
        self.rows.get_mut(place)
    }

    /// What its rows' hashes begin with. Nothing of a summary depends on it.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Where the row stands that has this hash and key.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(&R) -> bool) -> Option<usize> {
        let is_it = |place: &u16| self.rows.get(usize::from(*place)).is_some_and(&is_it);
        self.places.find(hash, is_it).map(|place| usize::from(*place))
    }

    /// Takes up a row that is not there yet: its place, and the row that had to go for it.
    pub(crate) fn insert(&mut self, row: R) -> (usize, Option<R>) {
        if self.rows.len() < self.limit {
            return (self.push(row), None);
        }
        let place = self.lightest();
        let (hash, is_over) = (row.hash(self.seed), row.is_over());
        let Some(old) = self.rows.get_mut(place) else { return (place, Some(row)) };
        let old = std::mem::replace(old, row);
        self.forget(old.hash(self.seed), place);
        if !is_over {
            self.put(hash, place);
        }
        (place, Some(old))
    }

    /// Takes a row out; the last one takes its place.
    pub(crate) fn remove(&mut self, place: usize) -> Option<R> {
        let last = self.rows.len().checked_sub(1)?;
        let row = self.rows.get(place)?;
        self.forget(row.hash(self.seed), place);
        if place != last {
            let moved = self.rows.get(last)?;
            let (hash, is_over) = (moved.hash(self.seed), moved.is_over());
            self.forget(hash, last);
            let row = self.rows.swap_remove(place);
            if !is_over {
                self.put(hash, place);
            }
            return Some(row);
        }
        self.rows.pop()
    }

    /// Makes a row unfindable, as one [`Row::is_over`] is to be.
    pub(crate) fn forget(&mut self, hash: u64, place: usize) {
        if let Ok(entry) = self.places.find_entry(hash, |at| usize::from(*at) == place) {
            entry.remove();
        }
    }

    fn push(&mut self, row: R) -> usize {
        let (hash, place, is_over) = (row.hash(self.seed), self.rows.len(), row.is_over());
        self.rows.push(row);
        if !is_over {
            self.put(hash, place);
        }
        place
    }

    fn put(&mut self, hash: u64, place: usize) {
        let (rows, seed) = (&self.rows, self.seed);
        let hash_of = |place: &u16| rows.get(usize::from(*place)).map_or(0, |row| row.hash(seed));
        self.places.insert_unique(hash, u16::try_from(place).unwrap_or(u16::MAX), hash_of);
    }

    /// The lightest of a few rows that are far apart: those that are large stand together, for they came first.
    fn lightest(&mut self) -> usize {
        let count = self.rows.len().max(1);
        let start = self.hand;
        self.hand = start.wrapping_add(1).checked_rem(count).unwrap_or(0);
        let apart = (count / LOOKED_AT).max(1);
        let looked_at = (0..LOOKED_AT)
            .map(|step| start.wrapping_add(step.wrapping_mul(apart)).checked_rem(count).unwrap_or(0));
        looked_at.min_by_key(|place| self.rows.get(*place).map_or(u64::MAX, R::weight)).unwrap_or(0)
    }
}
