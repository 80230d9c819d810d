//! Words for a POSIX shell.

/// One word that the shell takes as it is.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_each_word_as_it_was_written() {
        for text in
            ["plain/word-1", "two words", "it's", "$(id) `id` ${HOME} \\ \" !", "", "*", "\u{fc}\nline"]
        {
            let script = format!("printf %s {}", word(text));
            let out = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(out.stdout).unwrap(), text);
        }
        assert_eq!(word("/subscriptions/s/resourceGroups/rg"), "/subscriptions/s/resourceGroups/rg");
    }
}
