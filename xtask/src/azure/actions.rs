//! The table of actions, `deploy/azure/actions.toml`: which of them a role has.

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use toml::Table;

const TABLE: &str = include_str!("../../../deploy/azure/actions.toml");

/// Where an action is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The Network Watcher and its captures
    Watcher,
    /// The machines, and what stands before them
    Machines,
    /// The storage accounts that files go to
    Storage,
}

/// What can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Feature {
    /// Captures on virtual machines
    Vm,
    /// Captures on scale sets
    Vmss,
    /// Alerts about network interfaces, public addresses, load balancers, application gateways
    Behind,
    /// Stopping a capture: `stop_on_resolve` in the rules, an operator's stop
    Stop,
    /// `dry_run=probe`: what would fail at night
    Probe,
    /// Installing the Network Watcher agent where it is missing; the same right runs anything on the machine
    Install,
    /// Downloads and summaries: reading what captures left
    Files,
    /// Links in reports that open a file: `share_links`
    Links,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: String,
    /// One of a role's `dataActions`.
    pub(crate) is_data: bool,
    /// None: each of them.
    part: Option<Part>,
    /// The component's own requests need it, for all of these features; for any capture if there are none.
    calls: Option<Vec<Feature>>,
    /// Microsoft's documents ask for it, for all of these.
    documents: Option<Vec<Feature>>,
    pub(crate) why: String,
}

/// Which actions are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// For this part only.
    pub(crate) part: Option<Part>,
    /// Not for these features.
    pub(crate) without: Vec<Feature>,
    /// Not those that only Microsoft's documents ask for.
    pub(crate) only_called: bool,
}

/// Those of the table that are wanted, in its order.
pub(crate) fn chosen(choice: &Choice) -> Result<Vec<Action>> {
    let mut actions = table()?;
    actions.retain(|action| choice.takes(action));
    Ok(actions)
}

impl Choice {
    fn takes(&self, action: &Action) -> bool {
        let is_part = match (self.part, action.part) {
            (Some(wanted), Some(part)) => wanted == part,
            _ => true,
        };
        let is_needed = |features: &Option<Vec<Feature>>| {
            features.as_ref().is_some_and(|all| !all.iter().any(|feature| self.without.contains(feature)))
        };
        is_part && (is_needed(&action.calls) || (!self.only_called && is_needed(&action.documents)))
    }
}

fn table() -> Result<Vec<Action>> {
    let table: Table = TABLE.parse().context("actions.toml is no TOML")?;
    let rows = table.get("actions").and_then(toml::Value::as_array).context("actions.toml has no actions")?;
    rows.iter().map(|row| action(row.as_table().context("an action is no table")?)).collect()
}

fn action(row: &Table) -> Result<Action> {
    let text = |key: &str| row.get(key).and_then(toml::Value::as_str);
    let name = text("action").context("an action has no name")?.to_owned();
    let need = |key: &str| text(key).map(features).transpose().with_context(|| format!("{key} of {name}"));
    let part = match text("part") {
        Some("every") => None,
        Some(part) => Some(Part::from_str(part, false).ok().with_context(|| format!("part of {name}"))?),
        None => bail!("{name} has no part"),
    };
    let (calls, documents) = (need("calls")?, need("documents")?);
    let why = text("why").with_context(|| format!("{name} does not say why"))?.to_owned();
    let is_data = row.get("data").and_then(toml::Value::as_bool).unwrap_or_default();
    Ok(Action { name, is_data, part, calls, documents, why })
}

fn features(words: &str) -> Result<Vec<Feature>> {
    let words = words.split_whitespace().filter(|word| *word != "capture");
    words
        .map(|word| Feature::from_str(word, false).map_err(|_| anyhow!("there is no feature {word}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    fn names(choice: &Choice) -> Vec<String> {
        chosen(choice).unwrap().into_iter().map(|action| action.name).collect()
    }

    #[test]
    fn each_action_stands_once_in_the_table_and_is_needed_for_something() {
        let names = names(&Choice::default());
        assert_eq!(names.len(), table().unwrap().len());
        let distinct: BTreeSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn what_is_left_out_is_not_in_the_role() {
        let has = |choice: &Choice, part: &str| names(choice).iter().any(|name| name.contains(part));
        let without = |feature| Choice { without: vec![feature], ..Choice::default() };
        assert!(
            !has(&without(Feature::Vmss), "ScaleSets") && has(&without(Feature::Vmss), "virtualMachines/")
        );
        assert!(!has(&without(Feature::Vm), "virtualMachines/") && has(&without(Feature::Vm), "ScaleSets"));
        assert!(
            !has(&without(Feature::Install), "extensions/write")
                && has(&without(Feature::Vm), "extensions/write")
        );
        assert!(!has(&without(Feature::Behind), "loadBalancers"));
        assert!(!has(&without(Feature::Stop), "stop/action"));
        // What the probe reads of an account, Network Watcher reads too.
        assert!(has(&without(Feature::Probe), "storageAccounts/read"));
        assert!(!has(&without(Feature::Files), "blobs/read"));
        assert!(!has(&without(Feature::Links), "generateUserDelegationKey"));
        let left_out = vec![Feature::Probe, Feature::Files, Feature::Links];
        let called = Choice { without: left_out, only_called: true, part: None };
        assert!(!has(&called, "Microsoft.Storage") && !has(&called, "Microsoft.Authorization"));
    }

    #[test]
    fn the_parts_together_are_the_whole() {
        let part = |part| names(&Choice { part: Some(part), ..Choice::default() });
        let parts = [part(Part::Watcher), part(Part::Machines), part(Part::Storage)];
        let all: BTreeSet<_> = parts.concat().into_iter().collect();
        assert_eq!(all, names(&Choice::default()).into_iter().collect());
        assert!(!parts[0].iter().chain(&parts[1]).any(|name| name.contains("listKeys")));
    }

    #[test]
    fn every_action_that_the_components_code_names_is_in_the_table() {
        let table = names(&Choice::default());
        let probe =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/probe.rs")).unwrap();
        let named: Vec<_> =
            probe.split('"').filter(|text| text.starts_with("Microsoft.") && text.contains('/')).collect();
        assert!(named.len() > 10, "{named:?}");
        for action in named {
            assert!(table.iter().any(|known| known == action), "{action} is not in actions.toml");
        }
    }
}
