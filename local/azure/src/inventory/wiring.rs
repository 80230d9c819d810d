//! How the network hangs together: whose interface, which address belongs to what, who is in a pool.

use std::net::Ipv4Addr;

use super::{Backend, Balancer, Machine, PublicAddress, ScaleSet, Subscription};

/// The name of every interface's only IP configuration.
pub(crate) const IP_CONFIGURATION: &str = "ipconfig1";

/// An interface, a machine's own or one that no machine has.
pub(crate) struct Interface<'a> {
    pub(crate) name: String,
    pub(crate) resource_group: &'a str,
    pub(crate) location: &'a str,
    pub(crate) private_ip: Ipv4Addr,
    pub(crate) public_ip: Option<&'a str>,
    pub(crate) machine: Option<&'a Machine>,
}

/// A load balancer or an application gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BalancerKind {
    /// `Microsoft.Network/loadBalancers`
    LoadBalancer,
    /// `Microsoft.Network/applicationGateways`
    ApplicationGateway,
}

/// Who is in a pool.
pub(crate) enum Member<'a> {
    /// An interface's IP configuration, by its id.
    Configuration(String),
    /// An address.
    Address(Ipv4Addr),
    /// A domain name.
    Name(&'a str),
}

impl BalancerKind {
    /// Its resource type.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::LoadBalancer => "Microsoft.Network/loadBalancers",
            Self::ApplicationGateway => "Microsoft.Network/applicationGateways",
        }
    }
}

impl Machine {
    /// The name of its interface.
    pub(crate) fn interface_name(&self) -> String {
        format!("{}-nic", self.name)
    }
}

impl Subscription {
    /// All interfaces that are resources; those of scale sets are not.
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = Interface<'_>> {
        let of_machines = self.machines.iter().map(|machine| Interface {
            name: machine.interface_name(),
            resource_group: &machine.resource_group,
            location: &machine.location,
            private_ip: machine.private_ip,
            public_ip: machine.public_ip.as_deref(),
            machine: Some(machine),
        });
        of_machines.chain(self.network_interfaces.iter().map(|interface| Interface {
            name: interface.name.clone(),
            resource_group: &interface.resource_group,
            location: &interface.location,
            private_ip: interface.private_ip,
            public_ip: interface.public_ip.as_deref(),
            machine: None,
        }))
    }

    /// The interface with this name.
    pub(crate) fn interface(&self, group: &str, name: &str) -> Option<Interface<'_>> {
        self.interfaces().find(|interface| {
            interface.resource_group.eq_ignore_ascii_case(group) && interface.name.eq_ignore_ascii_case(name)
        })
    }

    /// The public address with this name.
    pub(crate) fn public_ip(&self, group: &str, name: &str) -> Option<&PublicAddress> {
        self.public_ips.iter().find(|address| {
            address.resource_group.eq_ignore_ascii_case(group) && address.name.eq_ignore_ascii_case(name)
        })
    }

    /// All balancers of this kind.
    pub(crate) fn balancers(&self, kind: BalancerKind) -> &[Balancer] {
        match kind {
            BalancerKind::LoadBalancer => &self.load_balancers,
            BalancerKind::ApplicationGateway => &self.application_gateways,
        }
    }

    /// The ARM id of an interface.
    pub(crate) fn interface_id(&self, group: &str, name: &str) -> String {
        self.resource_id(group, "Microsoft.Network/networkInterfaces", name)
    }

    /// The ARM id of a public address.
    pub(crate) fn public_ip_id(&self, address: &PublicAddress) -> String {
        self.resource_id(&address.resource_group, "Microsoft.Network/publicIPAddresses", &address.name)
    }

    /// The ARM id of an interface's IP configuration.
    pub(crate) fn configuration_id(&self, interface: &Interface<'_>) -> String {
        let id = self.interface_id(interface.resource_group, &interface.name);
        format!("{id}/ipConfigurations/{IP_CONFIGURATION}")
    }

    /// The ARM id of a scale set instance's interface, which is below Microsoft.Compute.
    pub(crate) fn instance_interface_id(&self, set: &ScaleSet, instance: &str) -> String {
        format!("{}/virtualMachines/{instance}/networkInterfaces/{}-nic", self.scale_set_id(set), set.name)
    }

    /// The ARM id of a balancer.
    pub(crate) fn balancer_id(&self, kind: BalancerKind, balancer: &Balancer) -> String {
        self.resource_id(&balancer.resource_group, kind.as_str(), &balancer.name)
    }

    /// Every public address that is used: its group, its name, and the ARM id of what uses it.
    pub(crate) fn uses_of_public_ips(&self) -> Vec<(&str, &str, String)> {
        let mut uses = Vec::new();
        for interface in self.interfaces() {
            if let Some(name) = interface.public_ip {
                uses.push((interface.resource_group, name, self.configuration_id(&interface)));
            }
        }
        for kind in [BalancerKind::LoadBalancer, BalancerKind::ApplicationGateway] {
            for balancer in self.balancers(kind) {
                let id = self.balancer_id(kind, balancer);
                for (frontend, name, _) in balancer.frontends() {
                    let Some(name) = name else { continue };
                    let used_by = format!("{id}/frontendIPConfigurations/{frontend}");
                    uses.push((&balancer.resource_group, name, used_by));
                }
            }
        }
        uses
    }

    /// Who a backend is; the error says what is missing.
    pub(crate) fn member<'a>(&self, balancer: &Balancer, backend: &'a Backend) -> Result<Member<'a>, String> {
        let group = backend.resource_group.as_deref().unwrap_or(&balancer.resource_group);
        let missing = |what: &str, name: &str| format!("names the {what} {name}, which is not in {group}");
        let configuration = |name: &str, what: &str, shown: &str| {
            let interface = self.interface(group, name).ok_or_else(|| missing(what, shown))?;
            Ok(Member::Configuration(self.configuration_id(&interface)))
        };
        let Backend { machine, scale_set, instance, interface, ip, fqdn, resource_group } = backend;
        match (machine, scale_set, instance, interface, ip, fqdn) {
            (Some(name), None, None, None, None, None) => {
                let machine = self.machine(group, name).ok_or_else(|| missing("machine", name))?;
                configuration(&machine.interface_name(), "machine", name)
            }
            (None, Some(name), Some(id), None, None, None) => {
                let set = self.scale_set(group, name).ok_or_else(|| missing("scale set", name))?;
                set.instance(id).ok_or_else(|| missing("instance", &format!("{name}/{id}")))?;
                let interface = self.instance_interface_id(set, id);
                let id = format!("{interface}/ipConfigurations/{IP_CONFIGURATION}");
                Ok(Member::Configuration(id))
            }
            (None, None, None, Some(name), None, None) => configuration(name, "interface", name),
            (None, None, None, None, Some(ip), None) if resource_group.is_none() => Ok(Member::Address(*ip)),
            (None, None, None, None, None, Some(name)) if resource_group.is_none() => Ok(Member::Name(name)),
            _ => Err("has a backend that is not exactly one of machine, scale_set with instance, interface, ip, fqdn; resource_group goes with the first three".into()),
        }
    }
}
