//! What can be read of TLS: how it begins, before encryption does.

use tls_parser::{
    TlsExtension, TlsRecordType, parse_tls_extension_sni, parse_tls_handshake_client_hello,
    parse_tls_record_header,
};

use crate::clean;

/// The first message of a TCP payload, where it is one of those before encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hello {
    /// A client hello.
    Client {
        /// The name that it asks for, in small letters and clean for display; none, too, where it stands in what is cut off.
        server_name: Option<String>,
    },
    /// A server hello.
    Server,
    /// An alert.
    Alert,
}

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
/// A level and a description; with encryption it would be longer.
const ALERT: u16 = 2;
/// The first byte of every version from SSL 3.0 to TLS 1.3.
const MAJOR: u8 = 3;

/// Reads the first bytes of a TCP payload, cut or not. `None` is anything else.
pub fn hello(bytes: &[u8]) -> Option<Hello> {
    let (fragment, record) = parse_tls_record_header(bytes).ok()?;
    if record.version.0.to_be_bytes().first() != Some(&MAJOR) {
        return None;
    }
    match record.record_type {
        TlsRecordType::Alert => (record.len == ALERT).then_some(Hello::Alert),
        TlsRecordType::Handshake => {
            // A kind, three bytes of length, then both hellos begin with a version; what is encrypted rarely does.
            let (kind, body) = (fragment.first()?, fragment.get(4..)?);
            match (*kind, body.first()) {
                (CLIENT_HELLO, Some(&MAJOR)) => Some(Hello::Client { server_name: server_name(body) }),
                (SERVER_HELLO, Some(&MAJOR)) => Some(Hello::Server),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The name that a client hello asks for, where it is in `body`.
fn server_name(body: &[u8]) -> Option<String> {
    let (rest, hello) = parse_tls_handshake_client_hello(body).ok()?;
    // Extensions that are cut are left over, with the two bytes of their length.
    let mut extensions = hello.ext.or(rest.get(2..))?;
    loop {
        // The kind of extension and its length, two bytes each.
        let [kind, length] = extensions
            .first_chunk::<4>()
            .map(|[a, b, c, d]| [u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])])?;
        if kind == 0 {
            return match parse_tls_extension_sni(extensions).ok()?.1 {
                TlsExtension::SNI(names) => names.first().map(|(_, name)| clean::name(name)),
                _ => None,
            };
        }
        extensions = extensions.get(4..)?.get(usize::from(length)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 3, 1];
        bytes.extend_from_slice(&u16::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(content);
        bytes
    }

    /// A client hello with an extension of no interest before the server's name and one after it.
    fn client(name: Option<&[u8]>) -> Vec<u8> {
        let mut extensions = b"\0\x0b\0\x02\x01\0".to_vec();
        if let Some(name) = name {
            let length = u8::try_from(name.len()).unwrap();
            extensions.extend_from_slice(&[0, 0, 0, length + 5, 0, length + 3, 0, 0, length]);
            extensions.extend_from_slice(name);
        }
        extensions.extend_from_slice(b"\0\x17\0\0");
        let mut body = vec![3, 3];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(b"\x04abcd\0\x04\x13\x01\x13\x02\x01\0");
        body.extend_from_slice(&u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend_from_slice(&extensions);
        let mut message = vec![1, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend_from_slice(&body);
        record(22, &message)
    }

    fn asked(server_name: &str) -> Option<Hello> {
        Some(Hello::Client { server_name: Some(server_name.into()) })
    }

    #[test]
    fn a_client_hello_tells_the_name_that_it_asks_for() {
        assert_eq!(hello(&client(Some(b"Shop.example"))), asked("shop.example"));
        assert_eq!(hello(&client(None)), Some(Hello::Client { server_name: None }));
    }

    #[test]
    fn a_name_from_the_wire_is_clean() {
        assert_eq!(hello(&client(Some(b"a\x1b[31m\xe2\x80\xae<b"))), asked(r"a\027[31m\226\128\174<b"));
    }

    #[test]
    fn of_a_cut_hello_the_name_is_told_once_all_of_it_is_there() {
        let whole = client(Some(b"shop.example"));
        let name_ends = whole.len() - 4;
        for length in 0..=whole.len() {
            let expected = match length {
                0..=9 => None,
                _ if length < name_ends => Some(Hello::Client { server_name: None }),
                _ => asked("shop.example"),
            };
            assert_eq!(hello(&whole[..length]), expected, "{length}");
        }
    }

    #[test]
    fn server_hellos_and_alerts_that_can_be_read_are_told() {
        assert_eq!(hello(&record(22, b"\x02\0\0\x26\x03\x03")), Some(Hello::Server));
        assert_eq!(hello(&record(21, b"\x02\x28")), Some(Hello::Alert));
        assert_eq!(hello(&record(21, &[9; 26])), None, "encrypted");
    }

    #[test]
    fn what_is_not_tls_is_not_taken_for_it() {
        assert_eq!(hello(&record(23, b"\x01\0\0\x26\x03\x03")), None);
        assert_eq!(hello(&record(22, b"\x01\0\0\x26\x77\x03")), None);
        assert_eq!(hello(b"GET / HTTP/1.1\r\n"), None);
        assert_eq!(hello(b"\x16\x04\x01\0\x2a\x01\0\0\x26\x03\x03"), None);
    }
}
