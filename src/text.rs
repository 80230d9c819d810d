//! Text from outside, made harmless before it is kept, logged or shown.

use std::ops::Range;

/// What one piece of foreign text may have at most, in characters.
const MAX_CHARS: usize = 500;

/// Without control characters and ones that nobody sees, without the keys in URLs, and cut at 500 characters.
#[must_use]
pub fn clean(text: &str) -> String {
    clean_up_to(text, MAX_CHARS)
}

/// The same, cut at `most` characters.
#[must_use]
pub fn clean_up_to(text: &str, most: usize) -> String {
    let mut seen: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    seen.retain(|c| !c.is_control() && !is_invisible(c));
    let mut clean = without_keys(&seen);
    if let Some((cut, _)) = clean.char_indices().nth(most) {
        clean.truncate(cut);
        clean.push('…');
    }
    clean
}

/// As a message quotes it: between quotation marks, and what would break them or is not seen as an escape of Rust's.
///
/// `{:?}` is no way to say something to people: the shipped component is built without it, see xtask/src/build.
#[must_use]
pub fn quoted(text: &str) -> String {
    quoted_in('"', text)
}

/// The same between marks of another kind.
#[must_use]
pub fn quoted_in(mark: char, text: &str) -> String {
    let mut shown = String::with_capacity(text.len().saturating_add(2));
    shown.push(mark);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => shown.extend(c.escape_unicode()),
            c => {
                if c == mark || c == '\\' {
                    shown.push('\\');
                }
                shown.push(c);
            }
        }
    }
    shown.push(mark);
    shown
}

/// In lower case, for comparing without case: each character for itself, as [`crate::rules`]' patterns do. (`str`'s own
/// looks around a final sigma as well, which takes 6 KB.)
#[must_use]
pub fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Parameters of URLs that are keys to what stands before them: shared access signatures of storage and of workflows, and
/// the keys of functions. Whoever writes such a URL into an alert's description has told it to enough people.
const KEYS: [&str; 2] = ["sig", "code"];
/// What stands before a parameter: in a URL, in one that stands in HTML, and in one that stands in another's query.
const BEFORE: [&str; 5] = ["?", "&", ";", "%3f", "%26"];

/// With an ellipsis for the value of each such parameter.
fn without_keys(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut from = 0_usize;
    while let Some(value) = lower.get(from..).and_then(first_key) {
        let begin = from.saturating_add(value.start);
        shown.push_str(text.get(from..begin).unwrap_or_default());
        shown.push('…');
        from = from.saturating_add(value.end);
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

/// Where the value of the first such parameter stands in a text in small letters.
fn first_key(text: &str) -> Option<Range<usize>> {
    let begins = KEYS.iter().flat_map(|key| text.match_indices(key)).filter_map(|(at, key)| {
        let (before, after) = (text.get(..at)?, text.get(at.saturating_add(key.len())..)?);
        let value = after.strip_prefix('=').or_else(|| after.strip_prefix("%3d"))?;
        let is_parameter = BEFORE.iter().any(|sign| before.ends_with(sign));
        is_parameter.then(|| text.len().saturating_sub(value.len()))
    });
    let begin = begins.min()?;
    let value = text.get(begin..)?;
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '&' | '#' | '"' | '\'' | '<' | '>' | ')' | ']' | '}');
    let ends = [value.find(is_end), value.find("%26"), Some(value.len())];
    let length = ends.into_iter().flatten().min()?;
    Some(begin..begin.saturating_add(length))
}

/// Cut so that `most` UTF-16 units hold it, the ellipsis among them: so chats count what they take.
#[must_use]
pub fn fit(text: &str, most: usize) -> String {
    let mut units = 0_usize;
    let mut last = 0_usize;
    for (at, c) in text.char_indices() {
        units = units.saturating_add(c.len_utf16());
        if units < most {
            last = at.saturating_add(c.len_utf8());
        }
        if units > most {
            return format!("{}…", text.get(..last).unwrap_or_default());
        }
    }
    text.to_owned()
}

/// Unicode's bidirectional controls, its fillers and other characters that nobody sees, and its tags: they make text read
/// as what it is not, or hold more than can be read.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_marks_are_dropped_and_lines_joined() {
        assert_eq!(clean("a\r\nb\u{1b}[31m\u{202e}c\u{feff}"), "a  b[31mc");
        assert_eq!(clean("a\u{2028}b\u{9b}\u{7f}c\u{ad}d\u{e0041}e\u{2066}f\u{3164}g"), "a bcdefg");
        assert_eq!(clean("Zürich 東京 🦀 é"), "Zürich 東京 🦀 é", "what can be seen stays");
    }

    #[test]
    fn what_is_quoted_reads_as_rusts_own_way_to_show_it() {
        for text in [
            "",
            "Web tier",
            "say \"x\" or 'y'",
            "C:\\x",
            "Zürich 東京 🦀 é",
            "a\r\n\tb\u{1b}\u{7f}c\u{202e}d\u{feff}",
        ] {
            assert_eq!(quoted(text), format!("{text:?}"));
        }
        for c in ['x', '\'', '"', '\n', '\\', 'ß', '\u{200b}'] {
            assert_eq!(quoted_in('\'', &c.to_string()), format!("{c:?}"));
        }
    }

    #[test]
    fn keys_in_urls_are_not_kept() {
        for (text, kept) in [
            (
                "see https://st.example/x?sv=2024-11-04&sig=a%2Bb%3D&se=1 first",
                "see https://st.example/x?sv=2024-11-04&sig=…&se=1 first",
            ),
            ("(https://x.example/api?CODE=abc==)", "(https://x.example/api?CODE=…)"),
            ("<a href=\"/x?a=1&amp;sig=abc\">x</a>", "<a href=\"/x?a=1&amp;sig=…\">x</a>"),
            ("?sig=", "?sig=…"),
            (
                "https://x/?to=https%3A%2F%2Fst%2Fx%3Fsig%3Dabc%253D%26sv%3D1",
                "https://x/?to=https%3A%2F%2Fst%2Fx%3Fsig%3D…%26sv%3D1",
            ),
            ("?sig=a&sig=b&CODE=c d", "?sig=…&sig=…&CODE=… d"),
            ("a design=good; codes & so on? sig", "a design=good; codes & so on? sig"),
            ("ä?&;é", "ä?&;é"),
        ] {
            assert_eq!(clean(text), kept);
        }
        let long = format!("{}?sig={}", "a".repeat(490), "b".repeat(90));
        assert!(!clean(&long).contains("bb"), "no part of it is left by the cut");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        let clean = clean(&"ä".repeat(600));
        assert_eq!(clean.chars().count(), 501);
        assert!(clean.ends_with('…'));
    }

    #[test]
    fn what_fits_is_whole_and_what_does_not_ends_with_an_ellipsis() {
        for (text, most, fitted) in [
            ("", 3, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("🦀🦀", 4, "🦀🦀"),
            ("🦀🦀", 3, "🦀…"),
            ("🦀🦀", 2, "…"),
        ] {
            assert_eq!(fit(text, most), fitted, "{text} in {most}");
        }
    }
}
