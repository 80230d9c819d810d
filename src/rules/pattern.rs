//! Patterns: `*` any characters, `?` one, compared without case; `=text` compares exactly as it stands.
//!
//! Matched by hand: a regular-expression crate would be half of the component, and its patterns are not what people
//! write for names.

use std::fmt;

/// Longer patterns are refused: Azure's longest texts worth comparing, ARM ids, are about as long.
pub const MAX_PATTERN_CHARS: usize = 1_000;

/// Longer texts match no pattern. Azure's ids, names and tags are shorter; a custom property need not be, and the work
/// for one comparison is bounded by the product of both.
pub const MAX_TEXT_CHARS: usize = 1_024;

/// What a text is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    written: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Exactly(String),
    /// In lower case.
    Glob(Vec<char>),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty; write \"=\" for a value that is empty, \"*\" for any".to_owned());
        }
        if text.chars().nth(MAX_PATTERN_CHARS).is_some() {
            return Err(format!("is longer than {MAX_PATTERN_CHARS} characters"));
        }
        let kind = match text.strip_prefix('=') {
            Some(exact) => Kind::Exactly(exact.to_owned()),
            None => Kind::Glob(lower(text)),
        };
        Ok(Self { written: text.to_owned(), kind })
    }

    /// Whether `text` is one that the pattern describes.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.kind {
            Kind::Exactly(exact) => exact == text,
            Kind::Glob(_) if text.chars().nth(MAX_TEXT_CHARS).is_some() => false,
            Kind::Glob(pattern) => glob(pattern, &lower(text)),
        }
    }

    /// The one text it stands for, if it has no wildcard.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match &self.kind {
            Kind::Exactly(exact) => Some(exact),
            Kind::Glob(_) => Some(self.written.as_str()).filter(|text| !text.contains(['*', '?'])),
        }
    }

    /// Whether every text matches it.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        matches!(&self.kind, Kind::Glob(pattern) if pattern.iter().all(|c| *c == '*'))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

fn lower(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Only the last star is ever tried again, so there are at most `pattern.len() * text.len()` steps and no recursion.
fn glob(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0_usize, 0_usize);
    // Where to go on after the last star, and how much of the text it has taken so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                p = p.saturating_add(1);
                star = Some((p, t));
            }
            Some(own) if *own == '?' || own == character => {
                p = p.saturating_add(1);
                t = t.saturating_add(1);
            }
            _ => {
                let Some((after_star, taken)) = star else { return false };
                p = after_star;
                t = taken.saturating_add(1);
                star = Some((after_star, t));
            }
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn a_star_is_any_text_a_question_mark_one_character_and_case_is_ignored() {
        assert!(matches("tcp-segments-*", "TCP-Segments-web"));
        assert!(matches("tcp-segments-*", "tcp-segments-"));
        assert!(matches("*-prod-*", "shop-prod-01"));
        assert!(matches("web-0?", "WEB-07") && !matches("web-0?", "web-0") && !matches("web-0?", "web-010"));
        assert!(matches("*", "") && matches("**", "anything"));
        assert!(matches("ÄRGER*", "ärger im netz"));
        assert!(!matches("tcp", "tcp-segments") && !matches("segments", "tcp-segments"));
    }

    #[test]
    fn after_an_equals_sign_the_text_stands_for_itself() {
        assert!(matches("=What*?", "What*?") && !matches("=What*?", "What is") && !matches("=web", "WEB"));
        assert!(matches("=", "") && !matches("=", "x"));
        assert!(Pattern::parse("").is_err() && Pattern::parse(&"x".repeat(1_001)).is_err());
    }

    #[test]
    fn a_text_that_no_name_could_be_matches_nothing_and_the_worst_case_is_quick() {
        assert!(!matches("*", &"a".repeat(1_025)));
        assert!(!matches(&format!("{}b", "*a".repeat(400)), &"a".repeat(1_024)));
    }

    /// Says what the words say, at any cost.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some(('*', after)), None) => naive(after, text),
            (Some(('*', after)), Some((_, rest))) => naive(after, text) || naive(pattern, rest),
            (Some((own, after)), Some((character, rest))) => {
                (*own == '?' || own == character) && naive(after, rest)
            }
            (Some(_), None) => false,
        }
    }

    proptest::proptest! {
        #[test]
        fn it_finds_what_a_naive_matcher_finds(pattern in "[ab*?]{1,9}", text in "[ab]{0,12}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            proptest::prop_assert_eq!(matches(&pattern, &text), naive(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn a_pattern_made_of_a_text_by_hiding_parts_matches_it(text in "\\PC{1,40}", hide in proptest::collection::vec(0..40_usize, 0..6)) {
            // A character whose lower case is two would be two for `?` as well.
            let text: String = text.chars().filter(|c| c.to_lowercase().count() == 1).collect();
            let hidden: String = text.chars().enumerate().map(|(i, c)| if hide.contains(&i) { '?' } else { c }).collect();
            let pattern = format!("*{hidden}");
            let matches = matches(&pattern, &text);
            proptest::prop_assert!(matches);
        }
    }
}
