//! Whether the network hangs together: every name is there once, and whatever is named is there.

use std::collections::HashSet;

use anyhow::{Result, bail, ensure};

use crate::inventory::{Balancer, BalancerKind, Member, Pool, Subscription};

/// Refuses references into nothing, and what Azure would not let be attached twice.
pub(super) fn check(subscription: &Subscription) -> Result<()> {
    let interfaces = subscription.interfaces().map(|one| (one.resource_group.to_owned(), one.name));
    unique("network interfaces", interfaces)?;
    let named = |group: &String, name: &String| (group.clone(), name.clone());
    unique("public_ips", subscription.public_ips.iter().map(|one| named(&one.resource_group, &one.name)))?;
    for (kind, what) in [
        (BalancerKind::LoadBalancer, "load_balancers"),
        (BalancerKind::ApplicationGateway, "application_gateways"),
    ] {
        let balancers = subscription.balancers(kind);
        unique(what, balancers.iter().map(|one| named(&one.resource_group, &one.name)))?;
        for balancer in balancers {
            check_balancer(subscription, kind, balancer)?;
        }
    }
    check_public_ips(subscription)
}

fn unique(what: &str, names: impl Iterator<Item = (String, String)>) -> Result<()> {
    let mut seen = HashSet::new();
    for (group, name) in names {
        ensure!(
            seen.insert((group.to_lowercase(), name.to_lowercase())),
            "two {what} are called {name} in {group}: rename one (a machine's own interface is called as it is, with -nic)"
        );
    }
    Ok(())
}

fn check_public_ips(subscription: &Subscription) -> Result<()> {
    let mut used = HashSet::new();
    for (group, name, user) in subscription.uses_of_public_ips() {
        let Some(address) = subscription.public_ip(group, name) else {
            bail!(
                "{user} names the public address {name}, which is not in {group}: add it to [[subscriptions.public_ips]]"
            );
        };
        ensure!(
            used.insert((group.to_lowercase(), name.to_lowercase())),
            "the public address {name} is used twice, the second time by {user}: Azure attaches it once"
        );
        ensure!(
            address.nat_gateway.is_none(),
            "the public address {name} is used by {user} and has a nat_gateway: it is one or the other"
        );
    }
    Ok(())
}

fn check_balancer(subscription: &Subscription, kind: BalancerKind, balancer: &Balancer) -> Result<()> {
    let name = &balancer.name;
    ensure!(
        balancer.frontends().next().is_some(),
        "{name} has no frontend: give it public_ips or a private_ip"
    );
    let mut pools = HashSet::new();
    for pool in &balancer.pools {
        ensure!(
            pools.insert(pool.name.to_lowercase()),
            "{name} has two pools called {}: rename one",
            pool.name
        );
        check_pool(subscription, kind, balancer, pool)?;
    }
    Ok(())
}

fn check_pool(
    subscription: &Subscription,
    kind: BalancerKind,
    balancer: &Balancer,
    pool: &Pool,
) -> Result<()> {
    let place = format!("the pool {} of {}", pool.name, balancer.name);
    let (mut configurations, mut addresses) = (false, false);
    for backend in &pool.backends {
        match subscription.member(balancer, backend) {
            Err(complaint) => bail!("{place} {complaint}"),
            Ok(Member::Configuration(_)) => configurations = true,
            Ok(Member::Address(_)) => addresses = true,
            Ok(Member::Name(_)) if kind == BalancerKind::LoadBalancer => {
                bail!("{place} takes no fqdn: only an application gateway does")
            }
            Ok(Member::Name(_)) => {}
        }
    }
    ensure!(
        kind == BalancerKind::ApplicationGateway || !(configurations && addresses),
        "{place} mixes interfaces and addresses, which Azure refuses: give it two pools"
    );
    Ok(())
}
