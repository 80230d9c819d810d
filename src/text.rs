//! Text from outside, made harmless before it is kept, logged or shown.

/// What one piece of foreign text may have at most, in characters.
const MAX_CHARS: usize = 500;

/// Without control and direction-changing characters, and cut at 500 characters.
#[must_use]
pub fn clean(text: &str) -> String {
    clean_up_to(text, MAX_CHARS)
}

/// The same, cut at `most` characters.
#[must_use]
pub fn clean_up_to(text: &str, most: usize) -> String {
    let mut clean: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    clean.retain(|c| !c.is_control() && !is_direction_mark(c));
    if let Some((cut, _)) = clean.char_indices().nth(most) {
        clean.truncate(cut);
        clean.push('…');
    }
    clean
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

/// Unicode's bidirectional controls, zero-width characters and the byte-order mark: they make text read as what it is not.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_marks_are_dropped_and_lines_joined() {
        assert_eq!(clean("a\r\nb\u{1b}[31m\u{202e}c\u{feff}"), "a  b[31mc");
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
