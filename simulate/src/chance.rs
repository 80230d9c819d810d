//! All chance of a run, out of its seed.

use std::cell::RefCell;

/// Numbers that look like chance and are the same for the same seed.
pub(crate) struct Chance(RefCell<fastrand::Rng>);

impl Chance {
    /// The chance of the run `seed`.
    #[must_use]
    pub(crate) fn new(seed: u64) -> Self {
        Self(RefCell::new(fastrand::Rng::with_seed(seed)))
    }

    /// A number below `bound`; 0 if that is 0.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.borrow_mut().u64(0..bound) }
    }

    /// A number from `low` to `high`.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        self.0.borrow_mut().u64(low..=high.max(low))
    }

    /// True in `rate` of 1,000 cases. What never happens draws no number.
    pub(crate) fn happens(&self, rate: u32) -> bool {
        rate > 0 && self.0.borrow_mut().u32(0..1_000) < rate
    }

    /// One of `all`.
    pub(crate) fn pick<T: Copy>(&self, all: &[T]) -> T {
        all[self.index(all.len())]
    }

    /// A place in a list of so many.
    pub(crate) fn index(&self, length: usize) -> usize {
        self.0.borrow_mut().usize(0..length)
    }

    /// Bytes.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.borrow_mut().fill(&mut bytes);
        bytes
    }
}
