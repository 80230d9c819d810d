//! The keys of a bucket, page by page, each key once.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, DefaultHasher},
};

/// A page as the host gives it: keys, and the cursor of the next page if there is one.
pub type Page = (Vec<String>, Option<u64>);

/// Why there is no further page.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// The host failed.
    Host(E),
    /// The host gave a cursor it had given before: it would go round for ever.
    Endless,
}

/// A listing under way.
#[derive(Default)]
pub struct Pages {
    // Without a seed, which would be one more thing to import.
    seen: HashSet<String, BuildHasherDefault<DefaultHasher>>,
    next: Next,
    // Brent's way to notice a circle: a cursor of old is kept, and replaced after 1, 2, 4, 8, … pages.
    old: Option<u64>,
    pages: u64,
    replaced_at: u64,
}

#[derive(Default, Clone, Copy)]
enum Next {
    #[default]
    First,
    At(u64),
    End,
}

impl Pages {
    /// The next page's keys, without those that came before (Redis repeats some); none at the end, and after a failure.
    pub fn next<E>(
        &mut self,
        list: impl FnOnce(Option<u64>) -> Result<Page, E>,
    ) -> Option<Result<Vec<String>, Failure<E>>> {
        let asked = match self.next {
            Next::First => None,
            Next::At(cursor) => Some(cursor),
            Next::End => return None,
        };
        self.next = Next::End;
        let (mut keys, cursor) = match list(asked) {
            Ok(page) => page,
            Err(error) => return Some(Err(Failure::Host(error))),
        };
        if let Some(cursor) = cursor {
            if asked == Some(cursor) || self.old == Some(cursor) {
                return Some(Err(Failure::Endless));
            }
            self.pages = self.pages.saturating_add(1);
            if self.pages > self.replaced_at {
                self.replaced_at = self.pages.saturating_mul(2);
                self.old = Some(cursor);
            }
            self.next = Next::At(cursor);
        }
        keys.retain(|key| self.seen.insert(key.clone()));
        Some(Ok(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists by a function of the cursor (0 is where it begins) until the end, or so many pages.
    fn listed(
        most: usize,
        page: impl Fn(u64) -> Result<(Vec<String>, Option<u64>), &'static str>,
    ) -> (Vec<String>, Option<Failure<&'static str>>, usize) {
        let (mut pages, mut keys) = (Pages::default(), Vec::new());
        for count in 0..most {
            match pages.next(|cursor| page(cursor.unwrap_or(0))) {
                None => return (keys, None, count),
                Some(Ok(more)) => keys.extend(more),
                Some(Err(failure)) => {
                    assert_eq!(pages.next(|_| page(0)), None, "nothing comes after a failure");
                    return (keys, Some(failure), count + 1);
                }
            }
        }
        (keys, None, most)
    }

    fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
        words.map(str::to_owned).to_vec()
    }

    #[test]
    fn the_keys_of_all_pages_come_in_their_order_and_once() {
        let pages = |cursor| {
            Ok(match cursor {
                0 => (words(["b", "a", "b"]), Some(1)),
                1 => (words(["a"]), Some(2)),
                _ => (words(["c", "b"]), None),
            })
        };
        assert_eq!(listed(9, pages), (words(["b", "a", "c"]), None, 3));
    }

    #[test]
    fn a_failure_is_the_last_there_is() {
        let pages = |cursor| if cursor == 0 { Ok((words(["a"]), Some(1))) } else { Err("broken") };
        assert_eq!(listed(9, pages), (words(["a"]), Some(Failure::Host("broken")), 2));
    }

    #[test]
    fn an_unchanged_cursor_is_noticed_at_once() {
        for stuck in [0, 1, 5, 100] {
            let pages = |cursor: u64| Ok((Vec::new(), Some((cursor + 1).min(stuck))));
            let (_, failure, asked) = listed(1000, pages);
            assert_eq!(failure, Some(Failure::Endless));
            // The first cursor counts as none asked for.
            assert_eq!(asked as u64, (stuck + 1).max(2), "stuck at {stuck}");
        }
    }

    #[test]
    fn a_circle_of_cursors_of_any_length_is_noticed() {
        for before in [0, 1, 10] {
            for length in [2, 3, 7, 64, 1000] {
                let turn = |cursor: u64| if cursor + 1 == before + length { before } else { cursor + 1 };
                let pages = |cursor: u64| Ok((vec![cursor.to_string()], Some(turn(cursor))));
                let (keys, failure, asked) = listed(10_000, pages);
                assert_eq!(failure, Some(Failure::Endless), "{before} and {length}");
                assert!(asked as u64 <= 4 * (before + length), "{before} and {length}: {asked}");
                assert!(keys.len() as u64 <= before + length);
            }
        }
    }

    #[test]
    fn a_long_listing_is_no_circle() {
        let pages = |cursor: u64| Ok((vec![cursor.to_string()], (cursor < 99_999).then_some(cursor + 1)));
        let (keys, failure, asked) = listed(200_000, pages);
        assert_eq!((keys.len(), failure, asked), (100_000, None, 100_000));
    }
}
