//! Names of captures: derived from the alert and the machine, so that Azure itself is the lock.
//!
//! `{front}-{machine}-{time}-{digest}`, at most 80 characters of `A-Z a-z 0-9 . _ -`. Azure publishes no rule for names of
//! packet captures; this is stricter than any of its rules for other names, and fits every key-value store's keys.

use crate::time::Timestamp;

const FRONT_CHARS: usize = 24;
const MACHINE_CHARS: usize = 22;
const DIGEST_CHARS: usize = 14;

/// Puts a name together. `digest` identifies alert, machine and time; all before it is for people.
#[must_use]
pub fn derive(front: &str, machine: &str, time: Timestamp, digest: &str) -> String {
    let digest: String = digest.chars().take(DIGEST_CHARS).collect();
    let front = readable(front, FRONT_CHARS);
    // Azure's names ignore case, and deliveries differ in it; the store's keys do not ignore it.
    let machine = readable(&machine.to_ascii_lowercase(), MACHINE_CHARS);
    format!("{front}-{machine}-{}-{digest}", time.compact())
}

/// The time that a derived name is for, as it stands in the name: it sorts.
#[must_use]
pub fn time_part(name: &str) -> &str {
    name.rsplit('-').nth(1).unwrap_or_default()
}

/// Whether `name` looks like one that is derived: others are an operator's or somebody else's.
#[must_use]
pub fn is_derived(name: &str) -> bool {
    let time = time_part(name).as_bytes();
    let digits =
        |range: std::ops::Range<usize>| time.get(range).is_some_and(|t| t.iter().all(u8::is_ascii_digit));
    time.len() == 16
        && digits(0..8)
        && digits(9..15)
        && time.get(8) == Some(&b'T')
        && time.last() == Some(&b'Z')
}

/// Whether `text` can be the front of a name as it is.
#[must_use]
pub fn is_readable_part(text: &str) -> bool {
    readable(text, FRONT_CHARS) == text
}

/// Whether `text` can be a capture's name; what is not one is never looked up in the store.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 80 && text.chars().all(is_name_char)
}

/// `text` in the characters of a name: others become `-`, beginning with a letter or digit.
fn readable(text: &str, max: usize) -> String {
    let replaced: String = text.chars().map(|c| if is_name_char(c) { c } else { '-' }).collect();
    let part: String =
        replaced.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).chars().take(max).collect();
    if part.is_empty() { "x".to_owned() } else { part }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time() -> Timestamp {
        "2026-11-22T02:00:13.4812377Z".parse().unwrap()
    }

    #[test]
    fn a_name_reads_well_and_sorts_by_its_time() {
        let name = derive("alertcap", "web-01", time(), &"0123456789abcdef".repeat(4));
        assert_eq!(name, "alertcap-web-01-20261122T020013Z-0123456789abcd");
        assert_eq!(time_part(&name), "20261122T020013Z");
        assert!(is_derived(&name));
        for other in
            ["", "nightly-backup", "a-b-20261122T020013-x", "a-20261122X020013Z-x", "a-2026112aT020013Z-x"]
        {
            assert!(!is_derived(other), "{other}");
        }
    }

    #[test]
    fn no_input_makes_a_name_longer_than_80_or_of_other_characters() {
        for text in ["", "-", "../..", "a b/c?d#e", "äöü", "😀", &"x".repeat(300), "%2e%2e", "..hidden"]
        {
            let name = derive(text, text, time(), &"f".repeat(64));
            assert!(is_name(&name), "{name}");
            assert!(name.starts_with(|c: char| c.is_ascii_alphanumeric()), "{name}");
        }
        for bad in ["", "a/b", "a b", "a\n", &"a".repeat(81), "ä"] {
            assert!(!is_name(bad));
        }
    }
}
