//! What leads to machines: interfaces, public addresses, load balancers and application gateways.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Deserialize;

/// A network interface that no machine has.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkInterface {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its region.
    pub location: String,
    /// Its address.
    pub private_ip: Ipv4Addr,
    /// Its public address, by name, in the same group.
    #[serde(default)]
    pub public_ip: Option<String>,
}

/// A public address. What it belongs to says so itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicAddress {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its region.
    pub location: String,
    /// The address.
    pub address: Ipv4Addr,
    /// The NAT gateway it belongs to, by name, in the same group; the gateway itself is not played.
    #[serde(default)]
    pub nat_gateway: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A load balancer or an application gateway: frontends, and pools of what stands behind them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balancer {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its region.
    pub location: String,
    /// The public addresses of its frontends, by name, in the same group.
    #[serde(default)]
    pub public_ips: Vec<String>,
    /// The address of its private frontend.
    #[serde(default)]
    pub private_ip: Option<Ipv4Addr>,
    /// What stands behind it.
    #[serde(default)]
    pub pools: Vec<Pool>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A pool of backends.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Who is in it.
    #[serde(default)]
    pub backends: Vec<Backend>,
}

/// One of a pool: exactly one of machine, scale set with instance, interface, address, domain name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// A machine's name.
    #[serde(default)]
    pub machine: Option<String>,
    /// A scale set's name.
    #[serde(default)]
    pub scale_set: Option<String>,
    /// The id of one of its instances.
    #[serde(default)]
    pub instance: Option<String>,
    /// An interface's name.
    #[serde(default)]
    pub interface: Option<String>,
    /// An address, whoever has it.
    #[serde(default)]
    pub ip: Option<Ipv4Addr>,
    /// A domain name; application gateways only.
    #[serde(default)]
    pub fqdn: Option<String>,
    /// The group of machine, scale set or interface, if it is not the balancer's.
    #[serde(default)]
    pub resource_group: Option<String>,
}

impl Balancer {
    /// Its frontends: name, public address, private address.
    pub(crate) fn frontends(&self) -> impl Iterator<Item = (String, Option<&str>, Option<Ipv4Addr>)> {
        let public = self
            .public_ips
            .iter()
            .enumerate()
            .map(|(index, name)| (format!("frontend-{}", index + 1), Some(name.as_str()), None));
        public.chain(self.private_ip.map(|ip| ("frontend-private".to_owned(), None, Some(ip))))
    }
}
