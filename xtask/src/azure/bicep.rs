//! Texts and lists as Bicep writes them.

/// A string literal: `${` would be an expression in it.
pub(crate) fn text(value: &str) -> String {
    let mut out = String::from("'");
    let mut characters = value.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.push_str(r"\\"),
            '\'' => out.push_str(r"\'"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            '$' if characters.peek() == Some(&'{') => out.push_str(r"\$"),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// A list of strings, one a line.
pub(crate) fn list<'a>(values: impl IntoIterator<Item = &'a str>, indent: usize) -> String {
    let space = " ".repeat(indent);
    let lines: String = values.into_iter().map(|value| format!("{space}  {}\n", text(value))).collect();
    format!("[\n{lines}{space}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_it_or_is_an_expression() {
        assert_eq!(text(r"TCPv4\Segments"), r"'TCPv4\\Segments'");
        assert_eq!(text("it's ${data.x} for $5\n"), r"'it\'s \${data.x} for $5\n'");
        assert_eq!(list(["a", "b"], 2), "[\n    'a'\n    'b'\n  ]");
    }
}
