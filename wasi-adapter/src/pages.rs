//! The keys of a bucket, page by page, each key once.

use std::collections::BTreeSet;

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
    seen: BTreeSet<String>,
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
