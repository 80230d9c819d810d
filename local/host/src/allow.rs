//! Whom the component may talk to: `allowed_outbound_hosts`, read as Spin reads it.
//!
//! An entry is `<scheme>://<host>[:<port>]`; `*` may stand for each part. Names are compared as names: an entry for
//! `127.0.0.1` does not open `localhost`.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::ops::Range;

use anyhow::{Context as _, Result, bail, ensure};
use url::Host;

use crate::variables::Variables;

/// The hosts that are allowed; all others are not.
#[derive(Debug, Default)]
pub struct AllowList(Vec<Entry>);

/// One allowed set of addresses.
#[derive(Debug)]
struct Entry {
    /// None is any.
    scheme: Option<String>,
    host: HostRule,
    /// None is any.
    port: Option<Range<u32>>,
}

#[derive(Debug)]
enum HostRule {
    Any,
    /// Holds the suffix with its dot; the domain itself is not meant.
    Subdomains(String),
    Literal(Host),
    Network {
        address: IpAddr,
        bits: u8,
    },
}

/// Where a request wants to go.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    scheme: String,
    host: Host,
    port: u16,
}

impl AllowList {
    /// Fills in and reads the entries of the manifest.
    pub fn resolve(entries: &[String], variables: &Variables) -> Result<Self> {
        let mut list = Vec::new();
        for template in entries {
            let what = || format!("allowed_outbound_hosts: {template:?}");
            let filled = variables.fill(template).with_context(what)?;
            // As in Spin 4.1: an optional endpoint whose variable is empty is no entry. Plain "" stays a mistake.
            if !filled.literal && matches!(filled.text.as_str(), "" | "http://" | "https://") {
                continue;
            }
            match Entry::parse(&filled.text) {
                Ok(entry) => list.push(entry),
                Err(_) if filled.secret => {
                    bail!("{}: with its secret filled in, it is not <scheme>://<host>[:<port>]", what())
                }
                Err(error) => return Err(error.context(what())),
            }
        }
        Ok(Self(list))
    }

    /// Whether requests may go there.
    pub fn allows(&self, to: &Destination) -> bool {
        self.0.iter().any(|entry| {
            entry.scheme.as_ref().is_none_or(|scheme| *scheme == to.scheme)
                && entry.host.allows(&to.host)
                && entry.port.as_ref().is_none_or(|ports| ports.contains(&to.port.into()))
        })
    }
}

impl Entry {
    fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            bail!(
                "{text:?} is not an allowed outbound host: \
                 write <scheme>://<host>[:<port>], where '*' may stand for each part"
            );
        };
        ensure!(
            scheme == "*" || scheme.chars().all(char::is_alphabetic),
            "the scheme {scheme:?} must be '*' or letters only"
        );
        // The colons of a bare IPv6 network are not a port's, so a host alone is tried first.
        let (host, port) = match HostRule::parse(rest) {
            Ok(host) => (host, ""),
            Err(error) => {
                let (host, port) = rest.rsplit_once(':').ok_or(error)?;
                (HostRule::parse(host)?, port.strip_suffix('/').unwrap_or(port))
            }
        };
        let port = match port {
            "*" => None,
            "" => {
                let port = well_known_port(scheme).with_context(|| format!("{scheme}:// needs a port"))?;
                Some(port.into()..u32::from(port) + 1)
            }
            _ => Some(parse_ports(port)?),
        };
        Ok(Self { scheme: (scheme != "*").then(|| scheme.to_owned()), host, port })
    }
}

impl HostRule {
    fn parse(text: &str) -> Result<Self> {
        if text == "*" {
            return Ok(Self::Any);
        }
        ensure!(!matches!(text, "self" | "self.alt"), "requests to the application itself are not supported");
        if let Some(network) = parse_network(text) {
            return Ok(network);
        }
        let text = text.strip_suffix('/').unwrap_or(text);
        ensure!(!text.contains('/'), "{text:?} must not have a path");
        let invalid = || format!("{text:?} is not a host");
        if let Some(domain) = text.strip_prefix("*.") {
            let Host::Domain(domain) = Host::parse(domain).with_context(invalid)? else {
                bail!("{text:?} must be '*.' and a domain name");
            };
            ensure!(!domain.contains('*'), "{text:?} must have only one '*'");
            return Ok(Self::Subdomains(format!(".{domain}")));
        }
        ensure!(!text.contains('*'), "'*' in {text:?} must stand for the whole host or its front part");
        Ok(Self::Literal(Host::parse(text).with_context(invalid)?))
    }

    fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Subdomains(suffix), Host::Domain(domain)) => domain.ends_with(suffix),
            (Self::Literal(allowed), host) => allowed == host,
            (Self::Network { address: IpAddr::V4(address), bits }, Host::Ipv4(host)) => {
                (u32::from(*address) ^ u32::from(*host)).leading_zeros() >= (*bits).into()
            }
            (Self::Network { address: IpAddr::V6(address), bits }, Host::Ipv6(host)) => {
                (u128::from(*address) ^ u128::from(*host)).leading_zeros() >= (*bits).into()
            }
            _ => false,
        }
    }
}

fn parse_network(text: &str) -> Option<HostRule> {
    let (address, bits) = text.split_once('/')?;
    let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some(HostRule::Network { address, bits })
}

/// `80` or, without its end, `8000..9000`.
fn parse_ports(text: &str) -> Result<Range<u32>> {
    let number =
        |part: &str| part.parse::<u16>().with_context(|| format!("the port {text:?} is not a number"));
    match text.split_once("..") {
        Some((start, end)) => Ok(number(start)?.into()..number(end)?.into()),
        None => number(text).map(|port| port.into()..u32::from(port) + 1),
    }
}

fn well_known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

impl Destination {
    /// Where a request with this URI goes; none if that cannot be said.
    pub fn of(uri: &http::Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?.to_owned();
        let host = Host::parse(uri.host()?).ok()?;
        let port = uri.port_u16().or_else(|| well_known_port(&scheme))?;
        Some(Self { scheme, host, port })
    }
}

impl Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}
