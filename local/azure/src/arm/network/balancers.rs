//! Load balancers and application gateways.

use http::StatusCode;
use serde_json::{Value, json};

use super::{part, resource};
use crate::answer;
use crate::arm::Call;
use crate::arm::compute::stable_guid;
use crate::arm::error::{ArmError, ArmResult};
use crate::inventory::{Balancer, BalancerKind, Member, Pool, Subscription};
use crate::route::ResourcePath;

/// `GET …/loadBalancers/{name}`
pub(in crate::arm) fn load_balancer(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let kind = BalancerKind::LoadBalancer;
    let (subscription, balancer) = find(call, path, kind)?;
    let mut body = body(subscription, kind, balancer, load_balancer_pool);
    body["sku"] = json!({ "name": "Standard", "tier": "Regional" });
    for field in ["loadBalancingRules", "probes", "inboundNatRules", "outboundRules", "inboundNatPools"] {
        body["properties"][field] = json!([]);
    }
    Ok(answer::json(StatusCode::OK, &body))
}

/// `GET …/applicationGateways/{name}`
pub(in crate::arm) fn application_gateway(call: &Call<'_>, path: &ResourcePath) -> ArmResult {
    let kind = BalancerKind::ApplicationGateway;
    let (subscription, gateway) = find(call, path, kind)?;
    let mut body = body(subscription, kind, gateway, gateway_pool);
    body["properties"]["sku"] = json!({ "name": "Standard_v2", "tier": "Standard_v2", "capacity": 1 });
    body["properties"]["operationalState"] = json!("Running");
    Ok(answer::json(StatusCode::OK, &body))
}

fn find<'a>(
    call: &Call<'a>,
    path: &ResourcePath,
    kind: BalancerKind,
) -> ArmResult<(&'a Subscription, &'a Balancer)> {
    let subscription = call.place(path, &format!("{}/read", kind.as_str()))?;
    let balancer = subscription.balancers(kind).iter().find(|balancer| {
        balancer.resource_group.eq_ignore_ascii_case(&path.group)
            && balancer.name.eq_ignore_ascii_case(&path.name)
    });
    Ok((subscription, balancer.ok_or_else(|| ArmError::not_here(kind.as_str(), path))?))
}

fn body(
    subscription: &Subscription,
    kind: BalancerKind,
    balancer: &Balancer,
    pool_properties: fn(&[Member<'_>]) -> Value,
) -> Value {
    let id = subscription.balancer_id(kind, balancer);
    let frontends: Vec<Value> = balancer
        .frontends()
        .map(|(name, public, private)| {
            let mut properties = json!({ "privateIPAllocationMethod": "Dynamic" });
            if let Some(address) =
                public.and_then(|name| subscription.public_ip(&balancer.resource_group, name))
            {
                properties["publicIPAddress"] = json!({ "id": subscription.public_ip_id(address) });
            }
            if let Some(ip) = private {
                properties["privateIPAddress"] = json!(ip);
                properties["privateIPAllocationMethod"] = json!("Static");
            }
            let id = format!("{id}/frontendIPConfigurations/{name}");
            part(&id, &name, &format!("{}/frontendIPConfigurations", kind.as_str()), properties)
        })
        .collect();
    let pool = |pool: &Pool| {
        let members: Vec<Member<'_>> =
            pool.backends.iter().filter_map(|backend| subscription.member(balancer, backend).ok()).collect();
        let id = format!("{id}/backendAddressPools/{}", pool.name);
        part(&id, &pool.name, &format!("{}/backendAddressPools", kind.as_str()), pool_properties(&members))
    };
    let pools: Vec<Value> = balancer.pools.iter().map(pool).collect();
    let properties = json!({ "frontendIPConfigurations": frontends, "backendAddressPools": pools });
    let mut body = resource(&id, &balancer.name, kind.as_str(), &balancer.location, properties);
    body["tags"] = json!(balancer.tags);
    body
}

/// A load balancer tells its members twice: by their IP configurations, and as addresses that lead to them. That a scale
/// set's instances stand in the second list too is invented.
fn load_balancer_pool(members: &[Member<'_>]) -> Value {
    let address = |member: &Member<'_>| match member {
        Member::Configuration(id) => json!({
            // How the service makes these names up is not told: invented.
            "name": stable_guid(id),
            "properties": { "networkInterfaceIPConfiguration": { "id": id } },
        }),
        Member::Address(ip) => json!({ "name": format!("address-{ip}"), "properties": { "ipAddress": ip } }),
        Member::Name(_) => Value::Null,
    };
    let addresses: Vec<Value> = members.iter().map(address).filter(|one| !one.is_null()).collect();
    let mut properties = json!({ "loadBalancerBackendAddresses": addresses });
    put_configurations(&mut properties, members);
    properties
}

/// An application gateway tells interfaces by their IP configurations, everything else as it was given.
fn gateway_pool(members: &[Member<'_>]) -> Value {
    let address = |member: &Member<'_>| match member {
        Member::Configuration(_) => None,
        Member::Address(ip) => Some(json!({ "ipAddress": ip })),
        Member::Name(name) => Some(json!({ "fqdn": name })),
    };
    let addresses: Vec<Value> = members.iter().filter_map(address).collect();
    let mut properties = json!({ "backendAddresses": addresses });
    put_configurations(&mut properties, members);
    properties
}

/// `backendIPConfigurations`, which is left out when there are none.
fn put_configurations(properties: &mut Value, members: &[Member<'_>]) {
    let id = |member: &Member<'_>| match member {
        Member::Configuration(id) => Some(json!({ "id": id })),
        Member::Address(_) | Member::Name(_) => None,
    };
    let ids: Vec<Value> = members.iter().filter_map(id).collect();
    if !ids.is_empty() {
        properties["backendIPConfigurations"] = Value::Array(ids);
    }
}
