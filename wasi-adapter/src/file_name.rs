//! Keys as names of files.

/// File systems take no longer names.
const LONGEST: usize = 255;
/// What begins the name of a file that is being written; no key's name begins so.
const WRITTEN: char = '.';

/// The name of a key's file: letters, digits, `_`, `-` and a dot that is not the first stand for themselves, every other
/// byte is `%` and two digits.
///
/// # Errors
/// Why no file can have the name.
pub fn of(key: &str) -> Result<String, &'static str> {
    let mut name = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            b'.' if !name.is_empty() => name.push('.'),
            _ => {
                name.push('%');
                push_digits(&mut name, &[byte]);
            }
        }
    }
    match name.len() {
        0 => Err("an empty key can be no file"),
        1..=LONGEST => Ok(name),
        _ => Err("the key is too long for the name of a file"),
    }
}

/// The key that a file's name stands for; none if it is not one of ours.
#[must_use]
pub fn key(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => (digit(rest.next()?)? << 4) | digit(rest.next()?)?,
            byte => byte,
        });
    }
    let key = String::from_utf8(bytes).ok()?;
    // Each key has one name: what is written otherwise is not ours.
    (of(&key).ok()? == name).then_some(key)
}

/// The name of a file that is being written, by a number that nobody else has.
#[must_use]
pub fn of_a_write(number: u64) -> String {
    let mut name = String::from(WRITTEN);
    push_digits(&mut name, &number.to_be_bytes());
    name
}

/// Whether it is the name of a file that is being written.
#[must_use]
pub fn is_of_a_write(name: &str) -> bool {
    let digits = name.strip_prefix(WRITTEN);
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|byte| digit(byte).is_some()))
}

fn push_digits(name: &mut String, bytes: &[u8]) {
    let digits = |byte| [byte >> 4, byte & 15];
    name.extend(
        bytes.iter().copied().flat_map(digits).filter_map(|digit| char::from_digit(digit.into(), 16)),
    );
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_can_be_a_key_and_none_leads_out_of_the_folder() {
        let names = [
            ("open.web-01_20251123T070000Z", "open.web-01_20251123T070000Z"),
            ("..", "%2e."),
            (".", "%2e"),
            (".hidden", "%2ehidden"),
            ("../out", "%2e.%2fout"),
            ("/etc/x", "%2fetc%2fx"),
            ("a/b", "a%2fb"),
            ("a%2fb", "a%252fb"),
            ("%", "%25"),
            ("ü ", "%c3%bc%20"),
            ("a\\b:c", "a%5cb%3ac"),
            ("a\0b", "a%00b"),
        ];
        for (is, name) in names {
            assert_eq!(of(is).as_deref(), Ok(name));
            assert_eq!(key(name).as_deref(), Some(is));
        }
    }

    #[test]
    fn a_name_that_no_file_can_have_is_refused() {
        of("").unwrap_err();
        of(&"k".repeat(255)).unwrap();
        for key in ["k".repeat(256), "ü".repeat(43)] {
            of(&key).unwrap_err();
        }
    }

    #[test]
    fn somebody_elses_file_is_no_key() {
        for name in [
            "",
            ".",
            "..",
            ".hidden",
            "a b",
            "100%",
            "%2",
            "%zz",
            "%61",
            "%2E",
            "a%2Fb",
            "%c3",
            "ü",
            "lost+found",
        ] {
            assert_eq!(key(name), None, "{name}");
        }
        assert_eq!(key(&"k".repeat(256)), None);
    }

    #[test]
    fn what_is_being_written_is_known_by_its_name_and_is_no_key() {
        for number in [0, 1, u64::MAX] {
            let name = of_a_write(number);
            assert!(is_of_a_write(&name) && key(&name).is_none(), "{name}");
        }
        assert_eq!(of_a_write(0x0123_4567_89ab_cdef), ".0123456789abcdef");
        for name in ["", ".", ".hidden", "0123456789abcdef0", ".0123456789abcde", ".0123456789abcdefg"] {
            assert!(!is_of_a_write(name), "{name}");
        }
    }
}
