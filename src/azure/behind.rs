//! Which machines are behind a network resource, and which one bears a computer's name: asked of ARM, with a bound.
//!
//! network interface → its machine; public IP address → what it belongs to; load balancer and application gateway → the
//! network interfaces in their pools. A pool's member that is only an address or a name is told of, not guessed at.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::{
    arm::{Arm, ArmError, ErrorKind},
    compute::{self, Listed},
    resource_id::{ResourceId, Scope},
};
use crate::{
    plan::{
        LeftOut, Machine,
        machine::{NetworkKind, network},
    },
    platform::Platform,
    settings::Captures,
    text::{clean, lower},
};

/// Resources that are read for one alert at most.
const MOST_READS: usize = 24;
/// Lists of machines that are read for the computers' names of one alert at most.
const MOST_LISTS: usize = 8;

/// What asking led to.
#[derive(Debug, Default)]
pub struct Found {
    /// Machines.
    pub machines: Vec<Machine>,
    /// What leads to none.
    pub left_out: Vec<LeftOut>,
    /// Tags that were seen on the way, by the machine's canonical id.
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
}

impl Found {
    /// Takes up what another question led to.
    pub fn take(&mut self, other: Self) {
        self.machines.extend(other.machines);
        self.left_out.extend(other.left_out);
        self.tags.extend(other.tags);
    }
}

/// The machines behind `resources`.
///
/// # Errors
/// [`ArmError`] of a read that may succeed later, or of the credential. What Azure refuses is left out: one that was
/// deleted keeps nobody from capturing the others.
pub async fn machines<P: Platform>(
    arm: &Arm<'_, P>,
    settings: &Captures,
    resources: Vec<ResourceId>,
) -> Result<Found, ArmError> {
    let mut found = Found::default();
    let (mut seen, mut unread) = (Vec::new(), Vec::new());
    let mut open: VecDeque<ResourceId> = resources.into();
    while let Some(id) = open.pop_front() {
        let left_out = |reason, detail: &str| LeftOut::new(clean(&id.to_string()), reason, detail);
        if let Some(machine) = Machine::of(&id) {
            found.machines.push(machine);
            continue;
        }
        let Some((kind, id)) = network(&id) else {
            found.left_out.push(left_out(
                "notAMachine",
                "what the address belongs to is no machine and stands before none",
            ));
            continue;
        };
        if seen.contains(&id) {
            continue;
        }
        if !settings.may_ask_in(&id) {
            found
                .left_out
                .push(left_out("outsideAllowedScopes", "it lies in no subscription of allowed_scopes"));
            continue;
        }
        if seen.len() >= MOST_READS {
            if !unread.contains(&id) {
                unread.push(id);
            }
            continue;
        }
        let url = id.url(&arm.azure.arm, &[], &arm.azure.network_api_version);
        seen.push(id.clone());
        let body = match arm.get(&url).await {
            Ok(answer) => answer.json::<Value>()?,
            Err(error) if matches!(error.kind, ErrorKind::Refused(_)) => {
                let reason = if error.is_not_found() { "notFound" } else { "notReadable" };
                found.left_out.push(left_out(reason, &error.failure.to_string()));
                continue;
            }
            Err(error) => return Err(error),
        };
        let (ids, addresses) = members(kind, &body);
        if ids.is_empty() {
            let (reason, detail) = nothing_behind(kind);
            found.left_out.push(left_out(reason, detail));
        }
        if !addresses.is_empty() {
            // How many, not which: whoever may send alerts need not learn addresses.
            let detail = format!(
                "{} members of its pools are known only by address or name, not by their network interface",
                addresses.len()
            );
            found.left_out.push(left_out("memberByAddress", &detail));
        }
        open.extend(ids);
    }
    if let Some(first) = unread.first() {
        // One line for all: a pool may have a thousand members, and a record is one value.
        let detail = format!(
            "this and {} more are not looked at: for one alert at most {MOST_READS} resources are read",
            unread.len().saturating_sub(1)
        );
        found.left_out.push(LeftOut::new(clean(&first.to_string()), "tooManyMachines", detail));
    }
    Ok(found)
}

fn nothing_behind(kind: NetworkKind) -> (&'static str, &'static str) {
    match kind {
        NetworkKind::Interface | NetworkKind::PublicAddress => ("notAttached", "it is attached to nothing"),
        NetworkKind::LoadBalancer | NetworkKind::ApplicationGateway => {
            ("nothingBehind", "no network interface of a machine is in its pools")
        }
    }
}

/// Where a resource leads to: ids, and members that have none.
fn members(kind: NetworkKind, body: &Value) -> (Vec<ResourceId>, Vec<String>) {
    let properties = body.get("properties").unwrap_or(&Value::Null);
    let parse = |id: &Value| id.get("id").and_then(Value::as_str).and_then(|id| ResourceId::parse(id).ok());
    match kind {
        NetworkKind::Interface => {
            (properties.get("virtualMachine").and_then(parse).into_iter().collect(), Vec::new())
        }
        NetworkKind::PublicAddress => {
            (properties.get("ipConfiguration").and_then(parse).into_iter().collect(), Vec::new())
        }
        NetworkKind::LoadBalancer | NetworkKind::ApplicationGateway => {
            let (mut ids, mut addresses) = (Vec::new(), Vec::new());
            for pool in array(properties.get("backendAddressPools")) {
                let pool = pool.get("properties").unwrap_or(&Value::Null);
                ids.extend(array(pool.get("backendIPConfigurations")).filter_map(parse));
                for member in array(pool.get("loadBalancerBackendAddresses")) {
                    let member = member.get("properties").unwrap_or(&Value::Null);
                    match member.get("networkInterfaceIPConfiguration").and_then(parse) {
                        Some(id) => ids.push(id),
                        None => addresses
                            .extend(member.get("ipAddress").and_then(Value::as_str).map(str::to_owned)),
                    }
                }
                for member in array(pool.get("backendAddresses")) {
                    let mut names = ["fqdn", "ipAddress"].into_iter();
                    let address = names.find_map(|name| member.get(name)?.as_str());
                    addresses.extend(address.map(str::to_owned));
                }
            }
            (ids, addresses)
        }
    }
}

fn array(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

/// The machines that bear the names `computers`, among those within the allowed scopes. A name that two bear is nobody's:
/// a capture of the wrong machine is worse than none.
///
/// # Errors
/// [`ArmError`] of any list.
pub async fn computers<P: Platform>(
    arm: &Arm<'_, P>,
    settings: &Captures,
    computers: &[String],
) -> Result<Found, ArmError> {
    let mut found = Found::default();
    let Some(first) = computers.first() else { return Ok(found) };
    let lists = lists(&settings.allowed_scopes);
    if lists.len() > MOST_LISTS {
        let detail = format!(
            "allowed_scopes lie in {} groups and subscriptions, and a computer's name is looked for in {MOST_LISTS} at \
             most; allow whole subscriptions, or let the log query return _ResourceId",
            lists.len()
        );
        found.left_out.push(LeftOut::new(first, "tooManyScopes", detail));
        return Ok(found);
    }
    let mut machines: Vec<Listed> = Vec::new();
    for scope in lists {
        let listed = compute::list(arm, scope).await?;
        machines.extend(
            listed
                .into_iter()
                .filter(|machine| settings.allowed_scopes.iter().any(|scope| scope.contains(&machine.id))),
        );
    }
    for computer in computers {
        bears(&mut found, &machines, computer);
    }
    Ok(found)
}

fn bears(found: &mut Found, machines: &[Listed], computer: &str) {
    let mut bearers: Vec<&Listed> = Vec::new();
    for listed in machines {
        let is_it = is_named(listed.id.name(), computer) || is_called(&listed.computer, computer);
        if is_it && !bearers.iter().any(|known| known.id == listed.id) {
            bearers.push(listed);
        }
    }
    match &bearers[..] {
        [one] => {
            found.tags.insert(one.id.canonical(), one.tags.clone());
            found.machines.extend(Machine::of(&one.id));
        }
        [] => found.left_out.push(LeftOut::new(
            computer,
            "unknownComputer",
            "no virtual machine within allowed_scopes bears this name (instances of scale sets are not looked for); let \
             the log query return _ResourceId",
        )),
        several => found.left_out.push(LeftOut::new(
            computer,
            "ambiguousComputer",
            format!("{} virtual machines within allowed_scopes bear this name; let the log query return _ResourceId", several.len()),
        )),
    }
}

/// The subscriptions and groups that the scopes are or lie in, none of them within another.
fn lists(scopes: &[Scope]) -> Vec<&Scope> {
    let mut lists: Vec<&Scope> = Vec::new();
    for scope in scopes {
        let same = |other: &&Scope| {
            other.subscription() == scope.subscription()
                && (other.resource_group().is_none() || other.resource_group() == scope.resource_group())
        };
        if !lists.iter().any(same) {
            if scope.resource_group().is_none() {
                lists.retain(|other| other.subscription() != scope.subscription());
            }
            lists.push(scope);
        }
    }
    lists
}

/// Whether a resource of this name may say of itself that it is `computer`, with a domain or without. A dot in the
/// resource's own name begins no domain.
fn is_named(name: &str, computer: &str) -> bool {
    let (name, computer) = (lower(name), lower(computer));
    !name.is_empty() && (name == computer || Some(&*name) == host(&computer))
}

/// Whether two host names are one's, each with its domain or without. Two domains are two hosts.
fn is_called(name: &str, computer: &str) -> bool {
    let (name, computer) = (lower(name), lower(computer));
    !name.is_empty()
        && (name == computer || Some(&*name) == host(&computer) || host(&name) == Some(&*computer))
}

/// A host name without its domain; none if it has none.
fn host(name: &str) -> Option<&str> {
    name.split_once('.').map(|(host, _)| host)
}

#[cfg(test)]
#[path = "behind_tests.rs"]
mod tests;
