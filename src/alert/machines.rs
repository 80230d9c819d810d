//! Which machines an alert is about, where its own targets are none.
//!
//! A log alert's target is the workspace it asked, a Prometheus alert's the workspace of the metrics. The machine then
//! stands in dimensions or labels, in rows of the result, or among the configuration items: as an ARM id or, less sure,
//! as a computer's name. The first of these places that names any is believed.

use serde_json::Value;

use super::{MAX_TARGETS, Target, field};
use crate::azure::types;

/// So many criteria, dimensions, tables, rows and items are looked at, of each list.
const MOST: usize = 64;
/// Interesting columns of one table.
const MOST_COLUMNS: usize = 8;
/// What dimensions, labels and columns with the machine's ARM id are called.
const ID_NAMES: [&str; 3] = ["_ResourceId", "ResourceId", "microsoft.resourceid"];
/// What those with the computer's name are called: by Log Analytics, OpenTelemetry, and Prometheus' node exporter.
const COMPUTER_NAMES: [&str; 3] = ["Computer", "host.name", "nodename"];

/// Names with their values.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// Where to look for machines.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    /// What holds `condition`, `labels`, `Dimensions`, `SearchResults` and `AffectedConfigurationItems`.
    pub(super) context: &'a Value,
    /// What holds `configurationItems`.
    pub(super) essentials: &'a Value,
    /// Whether configuration items that are names are computers' names; otherwise they are those of other targets.
    pub(super) items_are_computers: bool,
}

/// The targets: `own` if there is a machine among them, or else the machines found, or else `own`.
pub(super) fn targets<'a>(own: impl Iterator<Item = &'a str>, places: Places<'_>) -> Vec<Target> {
    let mut kept = Kept::default();
    let mut names = Vec::new();
    let mut any_machine = false;
    for id in own.take(MOST) {
        let machine = machine(id);
        any_machine |= machine.is_some();
        names.extend(id.rsplit('/').next());
        kept.add(Target::Resource(machine.unwrap_or(id).to_owned()));
    }
    if any_machine {
        return kept.0;
    }
    let found = search(places, &names);
    if found.is_empty() { kept.0 } else { found }
}

/// `target_names` are of targets that are no machines, so that they are not taken for computers.
fn search(places: Places<'_>, target_names: &[&str]) -> Vec<Target> {
    let dimensions = dimensions(places.context);
    let cells = cells(places.context);
    let items = || {
        field::list(places.essentials, "/configurationItems", MOST)
            .chain(field::list(places.context, "/AffectedConfigurationItems", MOST))
            .filter_map(field::as_text)
    };
    for pairs in [&dimensions, &cells] {
        let found = resources(pairs.iter().filter(|(name, _)| is_one(name, &ID_NAMES)).map(|(_, id)| *id));
        if !found.is_empty() {
            return found;
        }
    }
    let found = resources(items());
    if !found.is_empty() {
        return found;
    }
    for pairs in [&dimensions, &cells] {
        let computers = pairs.iter().filter(|(name, _)| is_one(name, &COMPUTER_NAMES));
        let found = computers_of(computers.map(|(_, computer)| *computer));
        if !found.is_empty() {
            return found;
        }
    }
    if places.items_are_computers {
        computers_of(items().filter(|item| !is_one(item, target_names)))
    } else {
        Vec::new()
    }
}

/// `condition.allOf[].dimensions` of metric and log alerts, `labels` of Prometheus, `Dimensions` of log alerts,
/// version 1.
fn dimensions(context: &Value) -> Pairs<'_> {
    let mut pairs = Vec::new();
    for criterion in field::list(context, "/condition/allOf", MOST) {
        add_pairs(&mut pairs, criterion.get("dimensions"));
    }
    add_pairs(&mut pairs, context.get("labels"));
    add_pairs(&mut pairs, context.get("Dimensions"));
    pairs
}

/// A list of `{"name": …, "value": …}`, or an object of names and values.
fn add_pairs<'a>(pairs: &mut Pairs<'a>, value: Option<&'a Value>) {
    match value {
        Some(Value::Array(list)) => pairs.extend(list.iter().take(MOST).filter_map(|pair| {
            let of = |lower, upper| field::text(pair, lower).or_else(|| field::text(pair, upper));
            Some((of("/name", "/Name")?, of("/value", "/Value")?))
        })),
        Some(Value::Object(object)) => pairs.extend(
            object
                .iter()
                .take(MOST)
                .filter_map(|(name, value)| Some((name.as_str(), field::as_text(value)?))),
        ),
        _ => {}
    }
}

/// What stands in the result's columns that may name a machine, with the columns' names.
fn cells(context: &Value) -> Pairs<'_> {
    let mut pairs = Vec::new();
    for table in ["/SearchResults/tables", "/SearchResult/tables"]
        .iter()
        .flat_map(|pointer| field::list(context, pointer, MOST))
    {
        let columns: Vec<(usize, &str)> = field::list(table, "/columns", usize::MAX)
            .enumerate()
            .filter_map(|(at, column)| Some((at, field::text(column, "/name")?)))
            .filter(|(_, name)| is_one(name, &ID_NAMES) || is_one(name, &COMPUTER_NAMES))
            .take(MOST_COLUMNS)
            .collect();
        for row in field::list(table, "/rows", MOST) {
            pairs
                .extend(columns.iter().filter_map(|&(at, name)| Some((name, field::as_text(row.get(at)?)?))));
        }
    }
    pairs
}

fn is_one(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Those of the ids that are of machines.
fn resources<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<Target> {
    let mut kept = Kept::default();
    ids.filter_map(machine).for_each(|id| kept.add(Target::Resource(id.to_owned())));
    kept.0
}

/// Those of the names that may be a computer's: letters, digits, `-`, `_`, `.`.
fn computers_of<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Target> {
    let mut kept = Kept::default();
    for name in names {
        let is_name = name.len() <= 255
            && name.starts_with(char::is_alphanumeric)
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if is_name {
            kept.add(Target::Computer(name.to_owned()));
        }
    }
    kept.0
}

/// The id, up to the machine in it: a virtual machine, a scale set or one of its instances, or what stands before
/// machines on the network. An extension of a machine is that machine.
pub(super) fn machine(id: &str) -> Option<&str> {
    const TYPES: [&str; 6] = [
        types::VIRTUAL_MACHINE,
        types::SCALE_SET,
        types::NETWORK_INTERFACE,
        types::PUBLIC_ADDRESS,
        types::LOAD_BALANCER,
        types::APPLICATION_GATEWAY,
    ];
    let mut segments = id.split('/');
    let mut next = || segments.next().unwrap_or_default();
    let (root, subscriptions, _, groups, _, providers) = (next(), next(), next(), next(), next(), next());
    let is_resource = root.is_empty()
        && subscriptions.eq_ignore_ascii_case("subscriptions")
        && groups.eq_ignore_ascii_case("resourceGroups")
        && providers.eq_ignore_ascii_case("providers");
    let (namespace, kind, name) = (next(), next(), next());
    let is_machine = is_one(&format!("{namespace}/{kind}"), &TYPES);
    if !is_resource || !is_machine || name.is_empty() {
        return None;
    }
    let (child, instance) = (next(), next());
    let is_instance = kind.eq_ignore_ascii_case("virtualMachineScaleSets")
        && child.eq_ignore_ascii_case("virtualMachines")
        && !instance.is_empty();
    // Which slash is the one after the machine, counted from 0.
    let end = if is_instance { 10 } else { 8 };
    match id.match_indices('/').nth(end) {
        Some((end, _)) => id.get(..end),
        None => Some(id),
    }
}

/// Targets without repetitions, up to a number.
#[derive(Default)]
struct Kept(Vec<Target>);

impl Kept {
    fn add(&mut self, target: Target) {
        let same = |kept: &Target| match (kept, &target) {
            (Target::Resource(a), Target::Resource(b)) | (Target::Computer(a), Target::Computer(b)) => {
                a.eq_ignore_ascii_case(b)
            }
            _ => false,
        };
        if self.0.len() < MAX_TARGETS && !self.0.iter().any(same) {
            self.0.push(target);
        }
    }
}
