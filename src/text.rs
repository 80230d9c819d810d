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
}
