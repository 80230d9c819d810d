//! Whether an inventory holds together; each complaint says what to do.

mod network;
mod principals;

use std::collections::HashSet;

use anyhow::{Result, bail, ensure};

use super::{Inventory, OsType, Subscription};

impl Inventory {
    /// Refuses what could only lead to puzzles later.
    pub(super) fn check(&self) -> Result<()> {
        ensure!(!self.tenants.is_empty(), "there is no tenant: add a [[tenants]] table with an id");
        ensure!(!self.subscriptions.is_empty(), "there is no subscription: add a [[subscriptions]] table");
        ensure!(self.limits.page_size > 0, "limits.page_size is 0: a page holds at least one entry");
        ensure!(
            self.timings.status_stale_s.is_none_or(|stale| stale.is_finite() && stale >= 0.0),
            "timings.status_stale_s is negative or not a number: give seconds, such as 20 or 0.5"
        );
        principals::check(self)?;
        let mut subscriptions = HashSet::new();
        let mut accounts = HashSet::new();
        for subscription in &self.subscriptions {
            guid("subscriptions.id", &subscription.id)?;
            ensure!(
                subscriptions.insert(subscription.id.to_lowercase()),
                "the subscription {} stands there twice: merge the two",
                subscription.id
            );
            ensure!(
                self.tenant(&subscription.tenant_id).is_some(),
                "the subscription {} names the tenant {}, which is not there: add it to [[tenants]] or correct tenant_id",
                subscription.id,
                subscription.tenant_id
            );
            check_resources(subscription)?;
            network::check(subscription)?;
            for account in &subscription.storage_accounts {
                let name = &account.name;
                ensure!(
                    (3..=24).contains(&name.len())
                        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
                    "the storage account name {name:?} is not one: 3 to 24 lower-case letters and digits"
                );
                ensure!(
                    accounts.insert(name.clone()),
                    "two storage accounts are called {name}: their names are unique in all of Azure"
                );
                ensure!(
                    account.has_valid_bypass(),
                    "{name}: bypass = {:?} is not None, nor made of Logging, Metrics and AzureServices with commas",
                    account.bypass
                );
            }
        }
        Ok(())
    }
}

fn check_resources(subscription: &Subscription) -> Result<()> {
    let mut regions = HashSet::new();
    for watcher in &subscription.watchers {
        ensure!(
            regions.insert(watcher.location.to_lowercase()),
            "the region {} has two network watchers in the subscription {}: Azure allows one",
            watcher.location,
            subscription.id
        );
    }
    let mut machines = HashSet::new();
    for machine in &subscription.machines {
        ensure!(
            machines.insert((machine.resource_group.to_lowercase(), machine.name.to_lowercase())),
            "two machines are called {} in {}: rename one",
            machine.name,
            machine.resource_group
        );
        ensure!(
            machine.traffic_bytes_per_second > 0,
            "{}: traffic_bytes_per_second is 0: even a quiet wire carries something",
            machine.name
        );
        ensure!(
            machine.os_type == OsType::Linux || machine.computer_name().len() <= 15,
            "{}: a Windows machine's computer_name has at most 15 characters",
            machine.name
        );
    }
    let mut sets = HashSet::new();
    for set in &subscription.scale_sets {
        ensure!(
            sets.insert((set.resource_group.to_lowercase(), set.name.to_lowercase())),
            "two scale sets are called {} in {}: rename one",
            set.name,
            set.resource_group
        );
        ensure!(
            !set.instances.is_empty(),
            "the scale set {} has no instances: give it at least one",
            set.name
        );
        ensure!(set.traffic_bytes_per_second > 0, "{}: traffic_bytes_per_second is 0", set.name);
        let mut ids = HashSet::new();
        for instance in &set.instances {
            ensure!(
                instance.id.parse::<u32>().is_ok() && ids.insert(&instance.id),
                "the scale set {} has the instance id {:?}: ids are numbers, each used once",
                set.name,
                instance.id
            );
        }
    }
    Ok(())
}

fn guid(field: &str, value: &str) -> Result<()> {
    if uuid::Uuid::parse_str(value).is_err() {
        bail!("{field} = {value:?} is not a GUID: write it as 00000000-0000-0000-0000-000000000000");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{DEFAULT, Inventory};

    #[test]
    fn the_built_in_inventory_holds_together() {
        let inventory = Inventory::built_in().expect("valid");
        let sample = inventory.sample().expect("a sample");
        assert!(sample.machine_id.ends_with("/virtualMachines/web-01"));
        assert!(sample.storage_account_id.ends_with("/storageAccounts/stshopcaptures"));
    }

    #[test]
    fn a_complaint_says_what_to_do() {
        for (find, replace, complaint) in [
            (
                "tenant_id = \"7e57ab1e",
                "tenant_id = \"7e57ab1f",
                "add it to [[tenants]] or correct tenant_id",
            ),
            ("name = \"stshopnorth\"", "name = \"st-shop\"", "3 to 24 lower-case letters and digits"),
            ("name = \"stshopnorth\"", "name = \"stshopcaptures\"", "unique in all of Azure"),
            ("location = \"northeurope\"", "location = \"westeurope\"", "Azure allows one"),
            ("page_size = 100", "page_size = 0", "at least one entry"),
            ("page_size = 100", "pagesize = 100", "unknown field `pagesize`"),
            ("[[tenants]]\nid = \"7e57", "[[tenants]]\nid = \"x7e57", "is not a GUID"),
            ("actions = [\"*/read\"]", "actions = [\"read all\"]", "with * for anything"),
            ("issuer = \"https://oidc", "issuer = \"http://oidc", "an https URL"),
            ("key = \"test-cluster\"", "key = \"my-cluster\"", "or the name test-cluster"),
            ("audiences = [\"api://AzureADTokenExchange\"]", "audiences = []", "names no audience"),
            ("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nA", "give one PEM block"),
            ("name = \"id-nothing\"", "name = \"id-alertcap\"", "are called id-alertcap"),
            (
                "1de47171-0000-4000-8000-0000000000d3",
                "c11e47ab-0000-4000-8000-0000000000b1",
                "give each its own",
            ),
            (
                "type = \"UserAssigned\"",
                "type = \"SystemAssigned\"",
                "has one system-assigned identity at most",
            ),
            ("computer_name = \"FS01\"", "computer_name = \"a-file-server-01\"", "at most 15 characters"),
            ("{ id = \"3\", private_ip", "{ id = \"0\", private_ip", "each used once"),
            ("bypass = \"None\"", "bypass = \"Everyone\"", "Logging, Metrics and AzureServices"),
            ("default_action = \"Deny\"", "default_action = \"Refuse\"", "unknown variant `Refuse`"),
            (
                "public_ip = \"pip-web-01\"",
                "public_ip = \"pip-web-99\"",
                "add it to [[subscriptions.public_ips]]",
            ),
            ("public_ip = \"pip-web-01\"", "public_ip = \"pip-lb-shop\"", "used twice"),
            ("name = \"nic-spare\"", "name = \"WEB-01-nic\"", "two network interfaces are called"),
            ("{ machine = \"db-01\" }", "{ machine = \"db-99\" }", "names the machine db-99"),
            ("{ machine = \"db-01\" }", "{ ip = \"10.9.9.9\" }", "give it two pools"),
            ("{ machine = \"db-01\" }", "{ fqdn = \"a.example\" }", "takes no fqdn"),
            ("{ machine = \"db-01\" }", "{ machine = \"db-01\", ip = \"10.9.9.9\" }", "exactly one of"),
            ("instance = \"0\"", "instance = \"7\"", "names the instance vmss-api/7"),
            ("public_ips = [\"pip-lb-shop\"]", "public_ips = []", "no frontend"),
        ] {
            assert!(DEFAULT.contains(find), "{find}");
            let error = format!("{:#}", Inventory::parse(&DEFAULT.replacen(find, replace, 1)).unwrap_err());
            assert!(error.contains(complaint), "{complaint:?} not in {error:?}");
        }
    }
}
