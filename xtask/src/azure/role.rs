//! `cargo xtask azure role`: the custom role, and where it is to be assigned.

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use serde_json::json;

use super::{
    actions::{Action, Choice, Feature, Part, chosen},
    bicep,
    resource::{Scope, scopes},
    shell::word,
};
use crate::{ui, variables};

const STORAGE_ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
/// Azure's own bound of a role's name.
const LONGEST_NAME: usize = 512;

/// Print the custom role that alertcap needs on Azure, and where to assign it
///
/// The role goes to standard output and into `az`, where to assign it to standard error:
///
///     cargo xtask azure role --scope /subscriptions/<id>/resourceGroups/<group> | az role definition create --role-definition @-
///
/// One role on one scope is the simplest; a role for each part (`--part`) is the narrowest, for the right to use a
/// storage account's keys is then held on that account alone. docs/azure.md says what each action is for.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// What captures may be taken on, as `allowed_scopes`: a subscription, a resource group or a machine; repeatable
    /// [default: `SPIN_VARIABLE_ALLOWED_SCOPES`]
    #[arg(long = "scope", value_name = "ARM ID")]
    scopes: Vec<String>,
    /// A storage account that files go to; repeatable [default: `SPIN_VARIABLE_STORAGE_ACCOUNT_ID`]
    #[arg(long = "storage-account", value_name = "ARM ID")]
    storage_accounts: Vec<String>,
    /// The resource group of the Network Watchers (Azure's own is `NetworkWatcherRG`); without it the role is to be
    /// assigned on the whole subscription, whose watchers alertcap lists
    #[arg(long, value_name = "NAME")]
    watcher_group: Option<String>,
    /// Only what is needed on one part
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// Leave out what only this needs; repeatable
    #[arg(long, value_enum, value_name = "FEATURE")]
    without: Vec<Feature>,
    /// Leave out what only Microsoft's documents ask for, and the component never calls by itself
    #[arg(long)]
    only_called: bool,
    /// The role's name; that of a part has the part's behind it
    #[arg(long, default_value = "alertcap")]
    name: String,
    /// Who gets it: the application's client id, or a managed identity's [default: `SPIN_VARIABLE_CLIENT_ID`]
    #[arg(long, value_name = "CLIENT ID")]
    assignee: Option<String>,
    /// JSON for `az role definition create`, Bicep for `az deployment sub create`, or the `az role assignment` commands
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Json,
    Bicep,
    Assignments,
}

/// A role and the places for it.
#[derive(Debug)]
struct Role {
    name: String,
    actions: Vec<Action>,
    assignable: Vec<String>,
    /// Each with what is said of it.
    places: Vec<(String, &'static str)>,
    assignee: String,
    remarks: Vec<String>,
}

/// What is printed on standard output; the rest has been said then.
pub(crate) fn text(arguments: &Arguments) -> Result<String> {
    let role = role(arguments)?;
    if arguments.format == Format::Assignments {
        role.remarks.iter().for_each(ui::warn);
        return Ok(role.assignments());
    }
    ui::line("Once the role is there (Azure may take some minutes), assign it:");
    ui::line(role.assignments().trim_end());
    role.remarks.iter().for_each(ui::warn);
    Ok(if arguments.format == Format::Bicep { role.bicep() } else { role.json() })
}

/// The simplest one, for a subscription that is not known yet; nothing of this machine's environment is in it.
pub(super) fn to_fill_in() -> Result<String> {
    let role = Role {
        name: "alertcap".to_owned(),
        actions: chosen(&Choice { part: None, without: Vec::new(), only_called: false })?,
        assignable: vec!["/subscriptions/<subscription>".to_owned()],
        places: Vec::new(),
        assignee: String::new(),
        remarks: Vec::new(),
    };
    Ok(role.json())
}

fn role(arguments: &Arguments) -> Result<Role> {
    let scopes = given(&arguments.scopes, "allowed_scopes")?;
    ensure!(
        !scopes.is_empty(),
        "no scope: name what captures may be taken on with --scope /subscriptions/<id>[/resourceGroups/<name>], or set {}",
        variables::environment_name("allowed_scopes")
    );
    let accounts = given(&arguments.storage_accounts, "storage_account_id")?;
    if let Some(wrong) = accounts.iter().find(|account| !account.is_type(STORAGE_ACCOUNT)) {
        bail!("{wrong} is not a storage account: …/providers/{STORAGE_ACCOUNT}/<name>");
    }
    let name = arguments.name.trim();
    ensure!(
        !name.is_empty() && name.len() <= LONGEST_NAME,
        "--name has to have 1 to {LONGEST_NAME} characters"
    );
    let watchers = watchers(&scopes, arguments.watcher_group.as_deref())?;

    let without = arguments.without.clone();
    ensure!(
        !(without.contains(&Feature::Vm) && without.contains(&Feature::Vmss)),
        "without virtual machines and without scale sets nothing can be captured: leave out one of them"
    );
    let choice = Choice { part: arguments.part, without, only_called: arguments.only_called };
    let mut assignable = Vec::new();
    for scope in scopes.iter().chain(&accounts) {
        // A role can be assigned in its assignable scopes, which grant nothing by themselves; a resource cannot be one.
        push_new(&mut assignable, format!("/subscriptions/{}", scope.subscription()));
    }
    let assignee = arguments.assignee.clone().or_else(|| variables::value("client_id"));
    Ok(Role {
        name: match arguments.part.and_then(|part| part.to_possible_value()) {
            Some(part) => format!("{name} {}", part.get_name()),
            None => name.to_owned(),
        },
        actions: chosen(&choice)?,
        assignable,
        remarks: remarks(arguments, &accounts),
        places: places(arguments.part, &watchers, &scopes, &accounts),
        assignee: assignee.unwrap_or_else(|| "<client id>".to_owned()),
    })
}

fn given(options: &[String], variable: &str) -> Result<Vec<Scope>> {
    if options.is_empty() {
        let name = variables::environment_name(variable);
        return scopes(&variables::value(variable).unwrap_or_default()).with_context(|| format!("in {name}"));
    }
    options.iter().map(|list| scopes(list)).collect::<Result<Vec<_>>>().map(|lists| lists.concat())
}

/// Where the watchers are: in a group of each subscription, or anywhere in it.
fn watchers(scopes: &[Scope], group: Option<&str>) -> Result<Vec<Scope>> {
    let mut watchers: Vec<Scope> = Vec::new();
    for scope in scopes {
        let subscription = format!("/subscriptions/{}", scope.subscription());
        let place =
            group.map_or(subscription.clone(), |group| format!("{subscription}/resourceGroups/{group}"));
        let place: Scope = place.parse().context("--watcher-group")?;
        if !watchers.iter().any(|known| known.contains(&place)) {
            watchers.push(place);
        }
    }
    Ok(watchers)
}

fn places(
    part: Option<Part>,
    watchers: &[Scope],
    scopes: &[Scope],
    accounts: &[Scope],
) -> Vec<(String, &'static str)> {
    let parts = [
        (Part::Watcher, watchers, "the Network Watchers"),
        (Part::Machines, scopes, "the machines, and what stands before them"),
        (Part::Storage, accounts, "the storage accounts"),
    ];
    let wanted = parts.into_iter().filter(|(own, ..)| part.is_none_or(|part| part == *own));
    let all: Vec<_> =
        wanted.flat_map(|(_, scopes, what)| scopes.iter().map(move |scope| (scope, what))).collect();
    let is_covered = |at: usize, scope: &Scope| {
        let others = all.iter().enumerate().filter(|(other, _)| *other != at);
        // Of two that are the same, the first stays.
        others
            .into_iter()
            .any(|(other, (wider, _))| wider.contains(scope) && (!scope.contains(wider) || other < at))
    };
    let open = all.iter().enumerate().filter(|(at, (scope, _))| !is_covered(*at, scope));
    open.map(|(_, (scope, what))| (scope.to_string(), *what)).collect()
}

fn remarks(arguments: &Arguments, accounts: &[Scope]) -> Vec<String> {
    let mut remarks = Vec::new();
    let part = arguments.part;
    let is_everywhere = part.is_none() && arguments.watcher_group.is_none();
    if part.is_none_or(|part| part == Part::Storage) && accounts.is_empty() && !is_everywhere {
        remarks.push("no storage account is named (--storage-account): it needs the role too".to_owned());
    }
    if is_everywhere {
        remarks.push(
            "on a whole subscription this role may use the keys of all its storage accounts: --watcher-group, or a role \
             for each --part, is narrower"
                .to_owned(),
        );
    }
    if part != Some(Part::Machines) && arguments.watcher_group.is_some() {
        remarks.push(
            "alertcap lists the watchers of the whole subscription; Microsoft does not document whether ARM shows them \
             to a role on their group alone. `POST /api/alerts?dry_run=probe` says whether it does"
                .to_owned(),
        );
    }
    if part.is_none_or(|part| part == Part::Machines) && !arguments.only_called {
        remarks.push(
            "write on machines and their extensions, which Microsoft's documents ask for, lets whoever has alertcap's \
             credential run programs on them: try whether captures start --without install, or with --only-called"
                .to_owned(),
        );
    }
    let has_behind =
        part.is_none_or(|part| part == Part::Machines) && !arguments.without.contains(&Feature::Behind);
    if has_behind && !is_everywhere {
        remarks.push(
            "load balancers, gateways, addresses and interfaces in other groups need the role there too, or --without behind"
                .to_owned(),
        );
    }
    remarks
}

fn push_new(list: &mut Vec<String>, value: String) {
    if !list.iter().any(|known| known.eq_ignore_ascii_case(&value)) {
        list.push(value);
    }
}

impl Role {
    fn description(&self) -> &'static str {
        "Start, follow, stop and delete Network Watcher packet captures"
    }

    fn names(&self, are_data: bool) -> Vec<&str> {
        let of_kind = self.actions.iter().filter(|action| action.is_data == are_data);
        of_kind.map(|action| action.name.as_str()).collect()
    }

    fn json(&self) -> String {
        let role = json!({
            "Name": self.name,
            "Description": self.description(),
            "Actions": self.names(false),
            "NotActions": [],
            "DataActions": self.names(true),
            "NotDataActions": [],
            "AssignableScopes": self.assignable,
        });
        format!("{role:#}\n")
    }

    fn bicep(&self) -> String {
        let listed = |are_data| -> String {
            let of_kind = self.actions.iter().filter(|action| action.is_data == are_data);
            of_kind
                .map(|action| {
                    format!("          // {}\n          {}\n", action.why, bicep::text(&action.name))
                })
                .collect()
        };
        let (actions, data_actions) = (listed(false), listed(true));
        let (name, description) = (bicep::text(&self.name), bicep::text(self.description()));
        let assignable = bicep::list(self.assignable.iter().map(String::as_str), 4);
        format!(
            "// az deployment sub create --location <region> --template-file <this file>\n\
             targetScope = 'subscription'\n\n\
             resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {{\n  \
               name: guid(subscription().id, {name})\n  \
               properties: {{\n    \
                 roleName: {name}\n    \
                 description: {description}\n    \
                 type: 'CustomRole'\n    \
                 permissions: [\n      {{\n        \
                   actions: [\n{actions}        ]\n        \
                   notActions: []\n        \
                   dataActions: [\n{data_actions}        ]\n        \
                   notDataActions: []\n      }}\n    ]\n    \
                 assignableScopes: {assignable}\n  \
               }}\n}}\n\n\
             output roleDefinitionId string = role.id\n"
        )
    }

    fn assignments(&self) -> String {
        let (name, assignee) = (word(&self.name), word(&self.assignee));
        let line = |(scope, what): &(String, &str)| {
            format!(
                "# {what}\naz role assignment create --role {name} --assignee {assignee} --scope {}\n",
                word(scope)
            )
        };
        self.places.iter().map(line).collect()
    }
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
