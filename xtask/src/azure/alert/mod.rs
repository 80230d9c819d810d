//! `cargo xtask azure alert`: the action group that calls alertcap, and the rules that call the action group.

mod az;
mod bicep;
mod guest;
mod metric;
mod secure;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;

use super::resource::{Scope, is_guid, scopes};
use crate::{ui, variables};
use metric::Metric;

/// What the printed script or template takes the webhook key from: not the shell's history, not a file.
const KEY: &str = "ALERTCAP_WEBHOOK_KEY";
const MACHINE: &str = "Microsoft.Compute/virtualMachines";
const SCALE_SET: &str = "Microsoft.Compute/virtualMachineScaleSets";
/// What Azure evaluates a metric over, in minutes.
const WINDOWS: [u16; 8] = [1, 5, 15, 30, 60, 360, 720, 1440];

/// Print the action group and the alert rules that call alertcap
///
/// The webhook key is never part of what is printed: the script reads it from the environment variable
/// `ALERTCAP_WEBHOOK_KEY`, so that it comes neither into the shell's history nor into a list of processes.
///
///     read -rs ALERTCAP_WEBHOOK_KEY && export ALERTCAP_WEBHOOK_KEY
///     cargo xtask azure alert --resource-group <group> --url https://<host>/api/alerts --machine <id> | sh
///
/// Read the script before you run it. It can be run again: what is there is changed to what it says.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// The resource group that the action group and the rules are made in, in the machines' subscription
    #[arg(long, value_name = "NAME")]
    resource_group: String,
    /// Where alertcap takes alerts: https://<host>/api/alerts, without the key
    #[arg(long, value_name = "URL")]
    url: String,
    /// A virtual machine (or, for network-out, a scale set) to watch; repeatable, one rule each
    #[arg(long = "machine", value_name = "ARM ID", required = true)]
    machines: Vec<String>,
    /// What the rules look at
    #[arg(long, value_enum, default_value_t)]
    metric: Metric,
    /// Above which value the alert fires [default: 1000000000 bytes; 5000 segments a second]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=i64::MAX.unsigned_abs()))]
    threshold: Option<u64>,
    /// Over how many minutes the values are put together: 1, 5, 15, 30, 60, 360, 720 or 1440
    #[arg(long, value_name = "MINUTES", default_value_t = 5)]
    window: u16,
    /// From 0, critical, to 4, verbose
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=4))]
    severity: u8,
    /// A custom property of the alerts, such as `time_limit_seconds=300`, if a rule of alertcap opens it; repeatable
    #[arg(long = "property", value_name = "NAME=VALUE")]
    properties: Vec<String>,
    /// What names begin with
    #[arg(long, default_value = "alertcap")]
    name: String,
    /// A secure webhook: Azure Monitor shows a token of this tenant's instead of a key
    #[arg(long)]
    secure: bool,
    /// With --secure, the key too; for `webhook_requires = "key token"`
    #[arg(long, requires = "secure")]
    with_key: bool,
    /// The tenant of the secure webhook's application [default: `SPIN_VARIABLE_TENANT_ID`]
    #[arg(long, value_name = "ID", requires = "secure")]
    tenant_id: Option<String>,
    /// The machines' region, such as westeurope; needed for tcp-segments-windows
    #[arg(long, value_name = "REGION")]
    location: Option<String>,
    /// `az` commands as a script for sh, or Bicep for `az deployment group create`
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Az,
    Bicep,
}

/// What is to be there, checked.
#[derive(Debug)]
struct Plan {
    name: String,
    subscription: String,
    group: String,
    url: String,
    machines: Vec<Machine>,
    metric: Metric,
    threshold: u64,
    window: u16,
    severity: u8,
    properties: Vec<(String, String)>,
    has_key: bool,
    /// Of a secure webhook.
    tenant: Option<String>,
    location: Option<String>,
}

/// A machine and the rule about it.
#[derive(Debug)]
struct Machine {
    id: Scope,
    kind: &'static str,
    rule: String,
}

/// What is printed on standard output; the rest has been said then.
pub(crate) fn text(arguments: &Arguments) -> Result<String> {
    let plan = plan(arguments)?;
    if plan.has_key {
        ui::line(format!("The key is read from {KEY} when this is run, and only then."));
    }
    match arguments.format {
        Format::Az => Ok(az::script(&plan)),
        Format::Bicep => {
            bicep::remarks(&plan).into_iter().for_each(ui::warn);
            bicep::template(&plan)
        }
    }
}

fn plan(arguments: &Arguments) -> Result<Plan> {
    let ids: Vec<Scope> =
        arguments.machines.iter().map(|list| scopes(list)).collect::<Result<Vec<_>>>()?.concat();
    let first = ids.first().context("--machine names no machine")?;
    if let Some(other) = ids.iter().find(|id| !id.subscription().eq_ignore_ascii_case(first.subscription())) {
        bail!(
            "{other} is in another subscription than {first}: rules stand in their machines' subscription, so print them for each"
        );
    }
    let (subscription, group) = (first.subscription().to_owned(), arguments.resource_group.clone());
    let place: Scope = format!("/subscriptions/{subscription}/resourceGroups/{group}")
        .parse()
        .context("--resource-group")?;
    let name = name(&arguments.name)?;
    ensure!(WINDOWS.contains(&arguments.window), "--window has to be one of {WINDOWS:?} minutes");
    let metric = arguments.metric;
    if metric == Metric::TcpSegmentsWindows {
        ensure!(
            arguments.location.is_some(),
            "tcp-segments-windows needs a data collection rule in a region: --location <region>"
        );
    }
    if let Some(location) = &arguments.location {
        let is_region = !location.is_empty() && location.chars().all(|c| c.is_ascii_alphanumeric());
        ensure!(
            is_region,
            "--location has to be a region's short name, such as westeurope, not {location:?}"
        );
    }
    let machines = machines(&ids, &name, metric)?;
    let plan = Plan {
        name,
        subscription,
        group: place.group().unwrap_or_default().to_owned(),
        url: url(&arguments.url)?,
        machines,
        metric,
        threshold: arguments.threshold.unwrap_or(metric.usual_threshold()),
        window: arguments.window,
        severity: arguments.severity,
        properties: arguments.properties.iter().map(|text| property(text)).collect::<Result<_>>()?,
        has_key: !arguments.secure || arguments.with_key,
        tenant: arguments.secure.then(|| tenant(arguments.tenant_id.as_deref())).transpose()?,
        location: arguments.location.clone(),
    };
    Ok(plan)
}

fn machines(ids: &[Scope], name: &str, metric: Metric) -> Result<Vec<Machine>> {
    let mut machines: Vec<Machine> = Vec::new();
    for id in ids {
        let kind = match (id.is_type(MACHINE), id.is_type(SCALE_SET)) {
            (true, _) => MACHINE,
            (_, true) if !metric.is_guest() => SCALE_SET,
            (_, true) => bail!(
                "{id} is a scale set, and tcp-segments is set up for virtual machines; network-out is for both"
            ),
            _ => bail!("{id} is neither a virtual machine nor a scale set"),
        };
        let (own, group) = (id.name().unwrap_or_default(), id.group().unwrap_or_default());
        if machines.iter().any(|known| known.id.contains(id)) {
            continue;
        }
        let mut rule = format!("{name}-{}-{own}", metric.label());
        if machines.iter().any(|known| known.rule.eq_ignore_ascii_case(&rule)) {
            rule = format!("{rule}-{group}");
        }
        machines.push(Machine { id: id.clone(), kind, rule });
    }
    Ok(machines)
}

fn name(text: &str) -> Result<String> {
    let is_name = (1..=60).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    ensure!(is_name, "--name has to have 1 to 60 letters, digits, - and _, not {text:?}");
    Ok(text.to_owned())
}

/// Azure Monitor calls what it can reach over the internet.
fn url(text: &str) -> Result<String> {
    let rest = text
        .strip_prefix("https://")
        .with_context(|| format!("--url has to begin with https://, not {text:?}"))?;
    ensure!(!rest.contains(['?', '#']), "--url is without the key: leave away everything from ? on");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c));
    ensure!(is_host, "--url has no host: https://<host>/api/alerts");
    ensure!(
        path == "api/alerts",
        "--url has to end in /api/alerts, where alertcap takes alerts, not in /{path}"
    );
    Ok(text.to_owned())
}

fn property(text: &str) -> Result<(String, String)> {
    let (name, value) =
        text.split_once('=').with_context(|| format!("--property is NAME=VALUE, not {text:?}"))?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    ensure!(is_name, "a property's name has letters, digits, _ - and ., not {name:?}");
    ensure!(!value.chars().any(char::is_control), "the property {name} has a control character in it");
    Ok((name.to_owned(), value.to_owned()))
}

fn tenant(option: Option<&str>) -> Result<String> {
    let tenant = option.map(str::to_owned).or_else(|| variables::value("tenant_id"));
    let tenant = tenant.with_context(|| {
        format!(
            "--secure needs the tenant: --tenant-id <id> (az account show --query tenantId), or {}",
            variables::environment_name("tenant_id")
        )
    })?;
    ensure!(is_guid(&tenant), "{tenant:?} is not a tenant's id, which is a GUID");
    Ok(tenant)
}

impl Plan {
    fn action_group(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Insights/actionGroups/{}",
            self.subscription, self.group, self.name
        )
    }

    /// `alertcap` cut to what Azure takes as a short name.
    fn short_name(&self) -> &str {
        &self.name[..self.name.len().min(12)]
    }

    fn description(&self, machine: &Machine) -> String {
        let what = match self.metric {
            Metric::NetworkOut => {
                format!("more than {} bytes sent in {} minutes", self.threshold, self.window)
            }
            _ => format!(
                "more than {} TCP segments sent a second over {} minutes",
                self.threshold, self.window
            ),
        };
        format!("{}: {what}", machine.id.name().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
