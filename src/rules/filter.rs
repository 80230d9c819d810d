//! One packet filter, in Azure's field names, checked harder than Azure checks it: a range that it takes without a word
//! and then matches nothing (`1.1.1.1-255.255.255`) leads to an empty capture.
//!
//! Source: Network Watcher's REST reference, `PacketCaptureFilter`: one value, one `a-b` range, or a `a;b;` list; several
//! ranges, and ranges mixed with lists, are "currently not supported".

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::text::{clean, quoted};

/// Which packets are kept; what is absent is not sent and keeps all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Filter {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<Protocol>,
    #[serde(rename = "localIPAddress", skip_serializing_if = "Option::is_none")]
    local_ip_address: Option<String>,
    #[serde(rename = "remoteIPAddress", skip_serializing_if = "Option::is_none")]
    remote_ip_address: Option<String>,
    #[serde(rename = "localPort", skip_serializing_if = "Option::is_none")]
    local_port: Option<String>,
    #[serde(rename = "remotePort", skip_serializing_if = "Option::is_none")]
    remote_port: Option<String>,
}

/// A filter's protocol in Azure's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    TCP,
    /// UDP.
    UDP,
    /// Any, others than these two too.
    Any,
}

/// A filter that nobody has checked yet. An unknown field is an error: without it the filter would keep more.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parts {
    /// `TCP`, `UDP` or `Any`.
    pub protocol: Option<String>,
    /// The machine's own addresses.
    #[serde(rename = "localIPAddress")]
    pub local_ip_address: Option<String>,
    /// The other side's addresses.
    #[serde(rename = "remoteIPAddress")]
    pub remote_ip_address: Option<String>,
    /// The machine's own ports.
    pub local_port: Option<String>,
    /// The other side's ports.
    pub remote_port: Option<String>,
}

impl Filter {
    /// A filter of checked parts.
    ///
    /// # Errors
    /// What is wrong with which part, in words.
    pub fn new(parts: Parts) -> Result<Self, String> {
        fn part<T>(
            name: &str,
            text: Option<&String>,
            check: fn(&str) -> Result<T, String>,
        ) -> Result<Option<T>, String> {
            text.map(|text| check(text)).transpose().map_err(|why| format!("{name} {why}"))
        }
        let filter = Self {
            protocol: part("protocol", parts.protocol.as_ref(), protocol)?,
            local_ip_address: part("localIPAddress", parts.local_ip_address.as_ref(), addresses)?,
            remote_ip_address: part("remoteIPAddress", parts.remote_ip_address.as_ref(), addresses)?,
            local_port: part("localPort", parts.local_port.as_ref(), ports)?,
            remote_port: part("remotePort", parts.remote_port.as_ref(), ports)?,
        };
        if filter.protocol.is_none() && filter.texts().iter().all(|(_, text)| text.is_none()) {
            return Err(
                "a filter without any part would keep everything; say which packets, or leave it out"
                    .to_owned(),
            );
        }
        Ok(filter)
    }

    fn texts(&self) -> [(&'static str, Option<&String>); 4] {
        [
            ("local", self.local_ip_address.as_ref()),
            ("local port", self.local_port.as_ref()),
            ("remote", self.remote_ip_address.as_ref()),
            ("remote port", self.remote_port.as_ref()),
        ]
    }
}

impl TryFrom<Parts> for Filter {
    type Error = String;

    fn try_from(parts: Parts) -> Result<Self, String> {
        Self::new(parts)
    }
}

/// In words: `TCP, local port 80;443, remote 10.0.0.4`.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.protocol {
            Some(Protocol::TCP) => "TCP",
            Some(Protocol::UDP) => "UDP",
            Some(Protocol::Any) | None => "any protocol",
        })?;
        for (name, text) in self.texts() {
            if let Some(text) = text {
                write!(f, ", {name} {text}")?;
            }
        }
        Ok(())
    }
}

/// Reads a protocol, in any case.
pub(super) fn protocol(text: &str) -> Result<Protocol, String> {
    [("TCP", Protocol::TCP), ("UDP", Protocol::UDP), ("Any", Protocol::Any)]
        .into_iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
        .map(|(_, protocol)| protocol)
        .ok_or_else(|| format!("is {}; Azure filters \"TCP\", \"UDP\" or \"Any\"", quoted(&clean(text))))
}

/// Checks one address, a range of them or a list; the text itself is what Azure gets.
pub(super) fn addresses(text: &str) -> Result<String, String> {
    check(text, |one| one.parse::<IpAddr>().ok(), "an IP address", "10.0.0.4").map_err(|why| {
        match cidr_as_range(text) {
            Some(range) => format!("is a prefix, which Azure's filters do not know; write \"{range}\""),
            None => why,
        }
    })
}

/// Checks one port, a range of them or a list. 0 is a port here, because "0-65535" is how people write "all".
pub(super) fn ports(text: &str) -> Result<String, String> {
    let port = |one: &str| one.bytes().all(|b| b.is_ascii_digit()).then(|| one.parse::<u16>().ok()).flatten();
    check(text, port, "a port from 0 to 65535", "443")
}

fn check<T: PartialOrd + OneKind>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    what: &str,
    example: &str,
) -> Result<String, String> {
    let one = |part: &str| {
        parse(part).ok_or_else(|| match part {
            "" => format!("has an empty part; write {what} such as \"{example}\""),
            _ => format!("has {}, which is not {what}", quoted(&clean(part))),
        })
    };
    if text.contains(',') || text.contains(char::is_whitespace) {
        return Err("separates with a comma or a space; write a list as \"a;b;\" without spaces".to_owned());
    }
    if text.contains(';') {
        if text.contains('-') {
            return Err(
                "mixes a list with a range, which Azure does not support; write two filters".to_owned()
            );
        }
        for part in text.strip_suffix(';').unwrap_or(text).split(';') {
            one(part)?;
        }
    } else if let Some((low, high)) = text.split_once('-') {
        if high.contains('-') {
            return Err("has more than one range, which Azure does not support; write two filters".to_owned());
        }
        let (low, high) = (one(low)?, one(high)?);
        if !low.same_kind(&high) {
            return Err("is a range from IPv4 to IPv6".to_owned());
        }
        if low > high {
            return Err("is a range that ends before it begins; write the lower end first".to_owned());
        }
    } else {
        one(text)?;
    }
    Ok(text.to_owned())
}

/// Whether two values can be the ends of one range.
trait OneKind {
    fn same_kind(&self, other: &Self) -> bool;
}

impl OneKind for IpAddr {
    fn same_kind(&self, other: &Self) -> bool {
        self.is_ipv4() == other.is_ipv4()
    }
}

impl OneKind for u16 {
    fn same_kind(&self, _: &Self) -> bool {
        true
    }
}

/// `10.0.0.0-10.0.0.255` of `10.0.0.0/24`.
fn cidr_as_range(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/')?;
    let (address, bits): (IpAddr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    Some(match address {
        IpAddr::V4(v4) => {
            let hosts = u32::MAX.checked_shr(bits).unwrap_or(0);
            let low = (bits <= 32).then(|| v4.to_bits() & !hosts)?;
            format!("{}-{}", std::net::Ipv4Addr::from(low), std::net::Ipv4Addr::from(low | hosts))
        }
        IpAddr::V6(v6) => {
            let hosts = u128::MAX.checked_shr(bits).unwrap_or(0);
            let low = (bits <= 128).then(|| v6.to_bits() & !hosts)?;
            format!("{}-{}", std::net::Ipv6Addr::from(low), std::net::Ipv6Addr::from(low | hosts))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_a_range_or_a_list_is_taken_as_it_stands() {
        for good in [
            "127.0.0.1",
            "127.0.0.1-127.0.0.255",
            "127.0.0.1;127.0.0.5;",
            "127.0.0.1;::1",
            "fe80::1",
            "::-::ffff",
            "0.0.0.0-255.255.255.255",
        ] {
            assert_eq!(addresses(good), Ok(good.to_owned()));
        }
        for good in ["80", "80-85", "80;443;", "80;443", "0-65535", "7-7"] {
            assert_eq!(ports(good), Ok(good.to_owned()));
        }
    }

    #[test]
    fn what_azure_refuses_or_takes_for_nothing_is_refused_with_the_reason() {
        for (bad, why) in [
            ("1.1.1.1-255.255.255", "\"255.255.255\", which is not an IP address"),
            ("10.0.0.9-10.0.0.1", "ends before it begins"),
            ("10.0.0.1-::2", "from IPv4 to IPv6"),
            ("10.0.0.1-10.0.0.2-10.0.0.3", "more than one range"),
            ("10.0.0.1-10.0.0.2;10.0.0.5", "mixes a list with a range"),
            ("10.0.0.0/24", "write \"10.0.0.0-10.0.0.255\""),
            ("10.0.0.7/0", "write \"0.0.0.0-255.255.255.255\""),
            ("2001:db8::/126", "write \"2001:db8::-2001:db8::3\""),
            ("10.0.0.0/33", "not an IP address"),
            ("10.0.0.1,10.0.0.2", "comma"),
            ("10.0.0.1; 10.0.0.2", "space"),
            ("10.0.0.1;;10.0.0.2", "empty part"),
            ("web-01", "not an IP address"),
            ("010.0.0.1", "not an IP address"),
            ("fe80::1%eth0", "not an IP address"),
            ("", "empty part"),
            ("-", "empty part"),
            (";", "empty part"),
        ] {
            assert!(addresses(bad).unwrap_err().contains(why), "{bad}: {}", addresses(bad).unwrap_err());
        }
        for bad in ["65536", "http", "+80", "85-80", "80-85;443", "", "80-", "1-2-3", "８０"] {
            assert!(ports(bad).is_err(), "{bad}");
        }
        assert!(Filter::new(Parts::default()).is_err());
    }

    #[test]
    fn json_has_azures_names_and_only_what_is_set() {
        let text = r#"{"protocol":"TCP","localIPAddress":"10.0.0.4","localPort":"80;443;"}"#;
        let filter: Filter = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&filter).unwrap(), text);
        assert_eq!(filter.to_string(), "TCP, local 10.0.0.4, local port 80;443;");
        for bad in ["{}", r#"{"localIP":"10.0.0.4"}"#, r#"{"protocol":"ICMP"}"#, r#"{"remotePort":"x"}"#] {
            assert!(serde_json::from_str::<Filter>(bad).is_err(), "{bad}");
        }
    }
}
