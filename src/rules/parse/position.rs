//! Byte offsets → the lines and columns that editors show.

/// Line and column of a byte offset, both from 1; the column counts characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let (mut line, mut column) = (1_usize, 1_usize);
    for (index, c) in text.char_indices() {
        if index >= at {
            break;
        }
        if c == '\n' {
            line = line.saturating_add(1);
            column = 1;
        } else {
            column = column.saturating_add(1);
        }
    }
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_begin_again_on_each_line() {
        let text = "äb\r\nc";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, text.find('b').unwrap()), (1, 2));
        assert_eq!(position(text, text.find('c').unwrap()), (2, 1));
        assert_eq!(position(text, 99), (2, 2));
    }
}
