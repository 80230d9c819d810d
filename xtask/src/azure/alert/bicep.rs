//! The same as Bicep, for a resource group.

use anyhow::{Result, bail};
use serde_json::Value;

use super::{KEY, Machine, Plan, guest, metric::Metric};
use crate::azure::bicep::text;

/// What the template cannot do.
pub(super) fn remarks(plan: &Plan) -> Vec<String> {
    let mut remarks = Vec::new();
    if plan.tenant.is_some() {
        remarks.push(
            "the application is made by the same command with --format az; whoever deploys has to own it"
                .to_owned(),
        );
    }
    match plan.metric {
        Metric::NetworkOut => {}
        Metric::TcpSegmentsWindows => {
            remarks.push(
                "the machines need an identity first: az vm identity assign --ids <machine>".to_owned(),
            );
        }
        Metric::TcpSegmentsLinux => {
            remarks
                .push("Telegraf is set up on the machines by the same command with --format az".to_owned());
        }
    }
    remarks
}

/// All of it.
pub(super) fn template(plan: &Plan) -> Result<String> {
    let mut template = head(plan);
    if plan.metric == Metric::TcpSegmentsWindows {
        template += &windows(plan)?;
    }
    template += &action_group(plan);
    for (number, machine) in plan.machines.iter().enumerate() {
        template += &rule(plan, machine, number);
    }
    Ok(template)
}

fn head(plan: &Plan) -> String {
    let mut head = format!(
        "// az deployment group create --subscription {} --resource-group {} --parameters alert.bicepparam\n",
        plan.subscription, plan.group
    );
    let mut parameters = String::new();
    head += "//\n// alert.bicepparam:\n//   using './alert.bicep'\n";
    if plan.has_key {
        head += &format!(
            "//   param webhookKey = readEnvironmentVariable('{KEY}') // neither typed nor written to a file\n"
        );
        parameters += "@secure()\nparam webhookKey string\n";
    }
    if plan.tenant.is_some() {
        head += "//   param applicationId = '<the secure webhook application: its client id>'\n\
                 //   param applicationObjectId = '<its object id>'\n";
        parameters += "param applicationId string\nparam applicationObjectId string\n";
    }
    format!("{head}\n{parameters}\n")
}

fn action_group(plan: &Plan) -> String {
    let uri = match plan.has_key {
        true => {
            let url = text(&format!("{}?code=", plan.url));
            format!("{}${{uriComponent(webhookKey)}}'", url.trim_end_matches('\''))
        }
        false => text(&plan.url),
    };
    let token = plan.tenant.as_ref().map_or(String::new(), |tenant| {
        format!(
            "        useAadAuth: true\n        objectId: applicationObjectId\n        \
             identifierUri: 'api://${{applicationId}}'\n        tenantId: {}\n",
            text(tenant)
        )
    });
    format!(
        "resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {{\n  \
           name: {}\n  location: 'global'\n  \
           properties: {{\n    \
             groupShortName: {}\n    enabled: true\n    \
             webhookReceivers: [\n      {{\n        \
               name: 'alertcap'\n        serviceUri: {uri}\n        useCommonAlertSchema: true\n{token}      \
             }}\n    ]\n  }}\n}}\n",
        text(&plan.name),
        text(plan.short_name()),
    )
}

fn rule(plan: &Plan, machine: &Machine, number: usize) -> String {
    let properties: String = plan
        .properties
        .iter()
        .map(|(name, value)| format!("          {}: {}\n", text(name), text(value)))
        .collect();
    let properties = if properties.is_empty() {
        String::new()
    } else {
        format!("        webHookProperties: {{\n{properties}        }}\n")
    };
    format!(
        "\nresource rule{number} 'Microsoft.Insights/metricAlerts@2018-03-01' = {{\n  \
           name: {name}\n  location: 'global'\n  \
           properties: {{\n    \
             description: {description}\n    severity: {severity}\n    enabled: true\n    autoMitigate: true\n    \
             scopes: [\n      {machine}\n    ]\n    \
             evaluationFrequency: 'PT1M'\n    windowSize: 'PT{window}M'\n    \
             criteria: {{\n      \
               'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'\n      \
               allOf: [\n        {{\n          \
                 criterionType: 'StaticThresholdCriterion'\n          name: 'sent'\n          \
                 metricNamespace: {namespace}\n          metricName: {metric}\n          \
                 timeAggregation: '{aggregation}'\n          operator: 'GreaterThan'\n          \
                 threshold: {threshold}\n          skipMetricValidation: {guest}\n        \
               }}\n      ]\n    }}\n    \
             actions: [\n      {{\n        actionGroupId: actionGroup.id\n{properties}      }}\n    ]\n  \
           }}\n}}\n",
        name = text(&machine.rule),
        description = text(&plan.description(machine)),
        severity = plan.severity,
        machine = text(&machine.id.to_string()),
        window = plan.window,
        namespace = text(plan.metric.namespace(machine.kind)),
        metric = text(plan.metric.name()),
        aggregation = plan.metric.aggregation(),
        threshold = plan.threshold,
        guest = plan.metric.is_guest(),
    )
}

fn windows(plan: &Plan) -> Result<String> {
    let (name, _) = guest::rule(plan);
    let location = text(plan.location.as_deref().unwrap_or_default());
    let mut template = format!(
        "resource collection 'Microsoft.Insights/dataCollectionRules@{version}' = {{\n  \
           name: {}\n  location: {location}\n  kind: 'Windows'\n  properties: {}\n}}\n\n",
        text(&name),
        object(&guest::collection(), 2),
        version = guest::API_VERSION,
    );
    for (number, machine) in plan.machines.iter().enumerate() {
        if !machine.id.group().is_some_and(|group| group.eq_ignore_ascii_case(&plan.group)) {
            bail!(
                "{} is not in {}: a template reaches the machines of its own resource group only; print it for each group, \
                 or --format az",
                machine.id,
                plan.group
            );
        }
        template += &format!(
            "resource machine{number} 'Microsoft.Compute/virtualMachines@2024-07-01' existing = {{\n  name: {}\n}}\n\n\
             resource agent{number} 'Microsoft.Compute/virtualMachines/extensions@2024-07-01' = {{\n  \
               parent: machine{number}\n  name: 'AzureMonitorWindowsAgent'\n  location: {location}\n  \
               properties: {{\n    \
                 publisher: 'Microsoft.Azure.Monitor'\n    type: 'AzureMonitorWindowsAgent'\n    \
                 typeHandlerVersion: '1.0'\n    autoUpgradeMinorVersion: true\n    enableAutomaticUpgrade: true\n  }}\n}}\n\n\
             resource collected{number} 'Microsoft.Insights/dataCollectionRuleAssociations@{version}' = {{\n  \
               scope: machine{number}\n  name: {}\n  \
               properties: {{\n    dataCollectionRuleId: collection.id\n  }}\n}}\n\n",
            text(machine.id.name().unwrap_or_default()),
            text(&name),
            version = guest::API_VERSION,
        );
    }
    Ok(template)
}

/// JSON as Bicep writes it; its keys are all identifiers.
fn object(value: &Value, indent: usize) -> String {
    let (space, inner) = (" ".repeat(indent), " ".repeat(indent + 2));
    match value {
        Value::Object(fields) => {
            let lines: String = fields
                .iter()
                .map(|(key, value)| format!("{inner}{key}: {}\n", object(value, indent + 2)))
                .collect();
            format!("{{\n{lines}{space}}}")
        }
        Value::Array(items) => {
            let lines: String =
                items.iter().map(|item| format!("{inner}{}\n", object(item, indent + 2))).collect();
            format!("[\n{lines}{space}]")
        }
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}
