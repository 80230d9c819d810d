//! Network interfaces.

use http::StatusCode;
use serde_json::{Value, json};

use super::{part, resource};
use crate::answer;
use crate::arm::Call;
use crate::arm::error::{ArmError, ArmResult};
use crate::inventory::{BalancerKind, IP_CONFIGURATION, Interface, Member, Subscription};
use crate::route::ResourcePath;

const KIND: &str = "Microsoft.Network/networkInterfaces";

/// `GET …/networkInterfaces/{name}`
pub(in crate::arm) fn get(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let subscription = call.place(path, &format!("{KIND}/read"))?;
    let interface =
        subscription.interface(&path.group, &path.name).ok_or_else(|| ArmError::not_here(KIND, path))?;
    let id = subscription.interface_id(interface.resource_group, &interface.name);
    let [_, b, c, d] = interface.private_ip.octets();
    let mut properties = json!({
        "ipConfigurations": [configuration(subscription, &interface)],
        "dnsSettings": { "dnsServers": [], "appliedDnsServers": [] },
        "macAddress": format!("00-0D-3A-{b:02X}-{c:02X}-{d:02X}"),
        "enableAcceleratedNetworking": false,
        "enableIPForwarding": false,
        "nicType": "Standard",
    });
    // Without a machine the service leaves both out.
    if let Some(machine) = interface.machine {
        properties["virtualMachine"] = json!({ "id": subscription.machine_id(machine) });
        properties["primary"] = json!(true);
    }
    let body = resource(&id, &interface.name, KIND, interface.location, properties);
    Ok(answer::json(StatusCode::OK, &body))
}

fn configuration(subscription: &Subscription, interface: &Interface<'_>) -> Value {
    let group = interface.resource_group;
    let id = subscription.configuration_id(interface);
    // The network itself is not played, its name is invented.
    let network = format!("vnet-{}", interface.location);
    let network = subscription.resource_id(group, "Microsoft.Network/virtualNetworks", &network);
    let mut properties = json!({
        "privateIPAddress": interface.private_ip,
        "privateIPAllocationMethod": "Dynamic",
        "privateIPAddressVersion": "IPv4",
        "subnet": { "id": format!("{network}/subnets/default") },
        "primary": true,
    });
    if let Some(name) = interface.public_ip.and_then(|name| subscription.public_ip(group, name)) {
        properties["publicIPAddress"] = json!({ "id": subscription.public_ip_id(name) });
    }
    for (kind, field) in [
        (BalancerKind::LoadBalancer, "loadBalancerBackendAddressPools"),
        (BalancerKind::ApplicationGateway, "applicationGatewayBackendAddressPools"),
    ] {
        let pools = pools_with(subscription, kind, &id);
        if !pools.is_empty() {
            properties[field] = Value::Array(pools);
        }
    }
    part(&id, IP_CONFIGURATION, &format!("{KIND}/ipConfigurations"), properties)
}

/// The pools that an IP configuration is in.
fn pools_with(subscription: &Subscription, kind: BalancerKind, configuration: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for balancer in subscription.balancers(kind) {
        let is_in = |member: Member<'_>| matches!(member, Member::Configuration(id) if id == configuration);
        for pool in &balancer.pools {
            if pool
                .backends
                .iter()
                .filter_map(|backend| subscription.member(balancer, backend).ok())
                .any(is_in)
            {
                let id = subscription.balancer_id(kind, balancer);
                found.push(json!({ "id": format!("{id}/backendAddressPools/{}", pool.name) }));
            }
        }
    }
    found
}
