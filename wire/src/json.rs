//! A summary as JSON, as serde writes it.
//!
//! serde's derives make a serializer for each struct, which is 29 KB of the component; here each is a list of its members.
//! Outside the component the derives are used: a test holds them and these lists together.

use std::fmt::Write;

use crate::summary::{
    Attempts, Conversation, Dns, Endpoint, Exactness, FileFacts, Finding, Fragments, Icmp, Interface, Name,
    NameFailure, Outcome, Point, Port, Protocol, Spread, Summary, Talker, TcpHealth, Timeline, Tls, Top,
};

impl Summary {
    /// As JSON.
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }
}

trait Json {
    fn write(&self, text: &mut String);
}

/// A member of the object that is being written. Its name becomes camel case.
fn member(text: &mut String, name: &str, value: &dyn Json) {
    if !text.ends_with('{') {
        text.push(',');
    }
    text.push('"');
    let mut is_upper = false;
    for letter in name.chars() {
        if letter != '_' {
            text.push(if is_upper { letter.to_ascii_uppercase() } else { letter });
        }
        is_upper = letter == '_';
    }
    text.push_str("\":");
    value.write(text);
}

macro_rules! objects {
    ($($object:ident { $($member:ident)* })*) => { $(
        impl Json for $object {
            fn write(&self, text: &mut String) {
                let $object { $($member),* } = self;
                text.push('{');
                $(member(text, stringify!($member), $member);)*
                text.push('}');
            }
        }
    )* };
}

objects! {
    Summary { v reading file findings machine exactness timeline protocols talkers conversations ports tcp attempts dns tls icmp fragments }
    FileFacts { format precision byte_order bytes packets wire_bytes captured_bytes cut_packets first_packet_at last_packet_at in_time_order interfaces dropped }
    Interface { name link_type snap_length packets }
    Finding { rule sentence weight explains_alert }
    Exactness { limit is_estimate unattributed_packets }
    Timeline { start step points }
    Point { packets_in packets_out packets_other bytes_in bytes_out bytes_other retransmissions }
    Protocol { path packets bytes }
    Talker { address packets_sent bytes_sent packets_received bytes_received }
    Conversation { protocol client server packets_out bytes_out packets_in bytes_in first_at last_at tcp server_name }
    Endpoint { address port }
    Port { protocol port packets bytes conversations }
    TcpHealth { segments data_segments payload_bytes attempts unanswered refused handshakes resets fins retransmissions fast_retransmissions spurious_retransmissions server_retransmissions out_of_order lost_segments ack_lost_segments duplicate_acks zero_windows server_zero_windows full_windows keep_alives round_trip }
    Spread { count shortest median longest }
    Attempts { client server attempts unanswered refused ports }
    Dns { queries responses unanswered failed names failures response_time }
    Name { name count }
    NameFailure { name code count }
    Tls { client_hellos without_name server_hellos alerts server_names }
    Icmp { echo_requests echo_replies errors kinds }
    Fragments { packets datagrams }
}

impl<T: Json> Json for Top<T> {
    fn write(&self, text: &mut String) {
        let Top { count, largest } = self;
        text.push('{');
        member(text, "count", count);
        member(text, "largest", largest);
        text.push('}');
    }
}

impl Json for Outcome {
    fn write(&self, text: &mut String) {
        text.push_str("{\"outcome\":");
        match self {
            Outcome::Whole => text.push_str("\"whole\""),
            Outcome::Partial { at, why } => {
                text.push_str("\"partial\"");
                member(text, "at", at);
                member(text, "why", why);
            }
            Outcome::Declined { why } => {
                text.push_str("\"declined\"");
                member(text, "why", why);
            }
        }
        text.push('}');
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, text: &mut String) {
        text.push('[');
        for item in self {
            if !text.ends_with('[') {
                text.push(',');
            }
            item.write(text);
        }
        text.push(']');
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, text: &mut String) {
        match self {
            Some(value) => value.write(text),
            None => text.push_str("null"),
        }
    }
}

impl Json for u64 {
    fn write(&self, text: &mut String) {
        let _ = write!(text, "{self}");
    }
}

impl Json for u32 {
    fn write(&self, text: &mut String) {
        u64::from(*self).write(text);
    }
}

impl Json for u16 {
    fn write(&self, text: &mut String) {
        u64::from(*self).write(text);
    }
}

impl Json for bool {
    fn write(&self, text: &mut String) {
        text.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for String {
    fn write(&self, text: &mut String) {
        text.push('"');
        for letter in self.chars() {
            match letter {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                '\u{8}' => text.push_str("\\b"),
                '\u{c}' => text.push_str("\\f"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\0'..' ' => {
                    let _ = write!(text, "\\u{:04x}", u32::from(letter));
                }
                _ => text.push(letter),
            }
        }
        text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn top<T: Default>() -> Top<T> {
        Top { count: 0, largest: vec![T::default(), T::default()] }
    }

    /// A summary with something in every place.
    fn full(reading: Outcome) -> Summary {
        let number = Some(0);
        let interface = Interface { name: Some(String::new()), ..Interface::default() };
        let end = Endpoint { port: Some(0), ..Endpoint::default() };
        let conversation = Conversation {
            client: end.clone(),
            server: end,
            tcp: Some(TcpHealth::default()),
            server_name: Some(String::new()),
            ..Conversation::default()
        };
        Summary {
            reading,
            file: FileFacts {
                first_packet_at: number,
                last_packet_at: number,
                interfaces: vec![interface, Interface::default()],
                dropped: number,
                ..FileFacts::default()
            },
            findings: vec![Finding::default(); 2],
            machine: Some(String::new()),
            timeline: Timeline { points: vec![Point::default(); 2], ..Timeline::default() },
            protocols: vec![Protocol::default(); 2],
            talkers: top(),
            conversations: Top { count: 0, largest: vec![conversation, Conversation::default()] },
            ports: top(),
            attempts: top(),
            dns: Dns { names: top(), failures: top(), ..Dns::default() },
            tls: Tls { server_names: top(), ..Tls::default() },
            icmp: Icmp { kinds: top(), ..Icmp::default() },
            ..Summary::default()
        }
    }

    /// Puts the word and the number wherever one can stand, each place's number another.
    fn fill(value: &mut Value, name: &str, word: &str, number: &mut u64) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    fill(value, name, word, number);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| fill(item, name, word, number)),
            Value::String(text) if name != "outcome" => *text = word.to_owned(),
            Value::Bool(is) => *is = *number & 1 == 1,
            Value::Number(_) => {
                *number = number.rotate_left(7) ^ 1;
                let bits = match name {
                    "port" => 16,
                    "v" | "weight" | "limit" | "snapLength" => 32,
                    _ => 64,
                };
                *value = (*number >> (64 - bits)).into();
            }
            Value::Null | Value::String(_) => {}
        }
    }

    proptest! {
        #[test]
        fn it_is_what_serde_writes(word in any::<String>(), mut number in any::<u64>(), kind in 0..4) {
            let mut value = serde_json::to_value(match kind {
                0 => full(Outcome::Whole),
                1 => full(Outcome::Partial { at: 0, why: String::new() }),
                2 => full(Outcome::Declined { why: String::new() }),
                _ => Summary::default(),
            }).unwrap();
            fill(&mut value, "", &word, &mut number);
            let summary: Summary = serde_json::from_value(value).unwrap();
            prop_assert_eq!(summary.to_json(), serde_json::to_string(&summary).unwrap());
        }

        #[test]
        fn all_characters_are_escaped_as_serde_does(letters in prop::collection::vec(0_u8..160, 0..40)) {
            let word: String = letters.into_iter().map(char::from).collect();
            let mut text = String::new();
            word.write(&mut text);
            prop_assert_eq!(text, serde_json::to_string(&word).unwrap());
        }
    }
}
