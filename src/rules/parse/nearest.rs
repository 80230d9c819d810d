//! "Did you mean …?"

use crate::text::quoted;

/// The known word that `word` was most likely meant to be, if one is near enough.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = plain(word);
    let (distance, known) = known
        .iter()
        .map(|known| {
            let plain = plain(known);
            // timeLimit for time_limit_seconds, cooldown for cool_down
            let is_part =
                word.len() >= 4 && plain.len() >= 4 && (plain.contains(&word) || word.contains(&plain));
            (if is_part { 1 } else { distance(&word, &plain) }, *known)
        })
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= word.len().div_ceil(3)).then_some(known)
}

/// `, did you mean "…"?`, or nothing.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known).map_or_else(String::new, |known| format!("; did you mean {}?", quoted(known)))
}

/// Letters and digits only, and not too many of them.
fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).take(40).map(|c| c.to_ascii_lowercase()).collect()
}

/// Levenshtein's: how many letters to add, drop or change.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, own) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        let mut next = vec![left];
        for (theirs, above) in b.bytes().zip(row.iter().skip(1)) {
            let change = diagonal.saturating_add(usize::from(own != theirs));
            left = change.min(left.saturating_add(1)).min(above.saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_added_dropped_and_changed_are_counted() {
        for (a, b, n) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(a, b), n, "{a} {b}");
        }
    }

    #[test]
    fn what_is_near_is_offered_and_what_is_not_is_not() {
        let known = ["time_limit_seconds", "name", "match", "severity", "cool_down", "cool_down_rule"];
        for (word, meant) in [
            ("timeLimit", "time_limit_seconds"),
            ("time-limit-seconds", "time_limit_seconds"),
            ("nmae", "name"),
            ("severty", "severity"),
            ("cooldown", "cool_down"),
        ] {
            assert_eq!(nearest(word, &known), Some(meant), "{word}");
        }
        assert_eq!(nearest("zebra", &known), None);
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
