//! Spans of time: how many, the shortest, the longest, and the one in the middle.

use crate::keep::kept;

use crate::summary::Spread;

/// Counts by length, sixteen for each doubling: a length is known within a sixteenth of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spans {
    count: u64,
    shortest: u64,
    longest: u64,
    /// By [`bucket`], as far as any was counted.
    buckets: Vec<u32>,
}

kept! { Spans { count shortest longest buckets } }

impl Spans {
    pub(crate) fn observe(&mut self, span: u64) {
        self.shortest = if self.count == 0 { span } else { self.shortest.min(span) };
        self.longest = self.longest.max(span);
        self.count = self.count.saturating_add(1);
        let bucket = bucket(span);
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket.saturating_add(1), 0);
        }
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn spread(&self) -> Spread {
        let half = self.count.div_ceil(2);
        let mut below = 0_u64;
        let mut median = self.longest;
        for (bucket, count) in self.buckets.iter().enumerate() {
            below = below.saturating_add(u64::from(*count));
            if below >= half {
                median = top_of(bucket).clamp(self.shortest, self.longest.max(self.shortest));
                break;
            }
        }
        Spread { count: self.count, shortest: self.shortest, median, longest: self.longest }
    }
}

/// Lengths below 16 have a bucket each; above, the highest bit and the four after it tell.
fn bucket(span: u64) -> usize {
    let above = span.checked_ilog2().unwrap_or(0).saturating_sub(4);
    let within = span >> above;
    (above as usize).saturating_mul(16).saturating_add(within as usize)
}

/// The longest span in a bucket.
fn top_of(bucket: usize) -> u64 {
    let above = (bucket >> 4).saturating_sub(1);
    let within = bucket.saturating_sub(above.saturating_mul(16)) as u128;
    let next = within.saturating_add(1).checked_shl(above as u32).unwrap_or(u128::MAX);
    u64::try_from(next.saturating_sub(1)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_within_a_sixteenth() {
        for span in [0, 1, 15, 16, 17, 31, 32, 1_000, 123_456_789, u64::MAX] {
            let top = top_of(bucket(span));
            assert!(top >= span && top - span <= span / 16, "{span} {top}");
            assert_eq!(bucket(top), bucket(span));
        }
        let mut spans = Spans::default();
        for span in 1..=1_001_u64 {
            spans.observe(span * 1_000);
        }
        let spread = spans.spread();
        assert_eq!((spread.count, spread.shortest, spread.longest), (1_001, 1_000, 1_001_000));
        assert!((501_000..=501_000 + 501_000 / 16).contains(&spread.median), "{spread:?}");
        assert_eq!(Spans::default().spread(), Spread::default());
    }
}
