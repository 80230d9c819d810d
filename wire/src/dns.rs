//! What a DNS message asks, and how it was answered.

use domain::base::Message as Octets;

/// A DNS message, as far as it is of interest here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What ties an answer to its question.
    pub id: u16,
    /// Whether it is an answer.
    pub is_response: bool,
    /// The answer's code; see [`code_name`].
    pub code: u8,
    /// The name of its first question, in small letters, what is not printable escaped as in zone files (`\009`);
    /// `.` is the root's.
    pub name: Option<String>,
}

/// Reads a message, over TCP without the two bytes of its length. What is cut off after the header may be missing:
/// then the name is. `None` is less than a header.
pub fn message(bytes: &[u8]) -> Option<Message> {
    let octets = Octets::from_octets(bytes).ok()?;
    let header = octets.header();
    let name = octets.first_question().map(|question| {
        let mut name = question.qname().to_string();
        name.make_ascii_lowercase();
        if name.is_empty() {
            name.push('.');
        }
        name
    });
    Some(Message { id: header.id(), is_response: header.qr(), code: header.rcode().to_int(), name })
}

/// The name of an answer's code (IANA's "DNS RCODEs"), as far as it fits into a header.
pub fn code_name(code: u8) -> &'static str {
    match code {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "DSOTYPENI",
        _ => "unassigned",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with `flags` and one question, and `question`.
    fn bytes(flags: [u8; 2], question: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, flags[0], flags[1], 0, 1, 0, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(question);
        bytes
    }

    fn name(question: &[u8]) -> Option<String> {
        message(&bytes([1, 0], question)).unwrap().name
    }

    #[test]
    fn a_question_and_its_answer_have_one_id_and_one_name() {
        let question = b"\x05Azure\x03COM\0\0\x01\0\x01";
        let expected = Message { id: 0x1234, is_response: false, code: 0, name: Some("azure.com".into()) };
        assert_eq!(message(&bytes([1, 0], question)), Some(expected.clone()));
        let answer = message(&bytes([0x81, 0x83], question)).unwrap();
        assert_eq!(answer, Message { is_response: true, code: 3, ..expected });
        assert_eq!(code_name(answer.code), "NXDOMAIN");
    }

    #[test]
    fn what_is_not_printable_is_escaped() {
        assert_eq!(name(b"\x06a\n.\\\xff<\0\0\x01\0\x01").unwrap(), r"a\010\.\\\255<");
        assert_eq!(name(b"\0\0\x01\0\x01").unwrap(), ".");
    }

    #[test]
    fn a_cut_message_has_no_name_and_less_than_a_header_is_none() {
        let whole = bytes([1, 0], b"\x05azure\x03com\0\0\x01\0\x01");
        for length in 12..whole.len() {
            assert_eq!(message(&whole[..length]).unwrap().name, None, "{length}");
        }
        assert_eq!(message(&whole[..11]), None);
        assert_eq!(message(&[]), None);
    }

    #[test]
    fn compression_that_goes_in_circles_or_out_of_the_message_ends() {
        for question in [
            &b"\xc0\x0c\0\x01\0\x01"[..],
            b"\x01a\xc0\x0c\0\x01\0\x01",
            b"\xc0\x0e\xc0\x0c\0\x01\0\x01",
            b"\xff\xff\0\x01\0\x01",
            b"\x80\0\0\x01\0\x01",
        ] {
            assert_eq!(name(question), None, "{question:x?}");
        }
        let long: Vec<u8> =
            [63].iter().chain(&[b'a'; 63]).copied().cycle().take(64 * 5).chain([0, 0, 1, 0, 1]).collect();
        assert_eq!(name(&long), None, "longer than a name may be");
    }
}
