//! Text from the wire, made fit to be shown: printable ASCII of bounded length.

/// The longest name there is, in DNS as in TLS.
const LONGEST: usize = 255;

/// `bytes` as a name: in small letters, what is not printable escaped as in zone files (`\009`).
pub(crate) fn name(bytes: &[u8]) -> String {
    let mut name = String::with_capacity(bytes.len().min(LONGEST));
    for byte in bytes.iter().take(LONGEST) {
        match byte {
            b'\\' => name.push_str("\\\\"),
            b'!'..=b'~' => name.push(byte.to_ascii_lowercase().into()),
            _ => {
                name.push('\\');
                for digit in [byte / 100, byte / 10 % 10, byte % 10] {
                    name.push(b'0'.wrapping_add(digit).into());
                }
            }
        }
    }
    name
}
