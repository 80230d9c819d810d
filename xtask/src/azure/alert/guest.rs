//! Switching on what a machine's own agent counts, before a rule can look at it.

use serde_json::{Value, json};

use super::{
    Machine, Plan,
    metric::{Metric, TELEGRAF, WINDOWS_COUNTER},
};
use crate::azure::shell::word;

/// Of Microsoft.Insights/dataCollectionRules and their associations.
pub(super) const API_VERSION: &str = "2022-06-01";
/// The built-in role that lets a machine send metrics of its own.
const METRICS_PUBLISHER: &str = "Monitoring Metrics Publisher";

/// The commands for it; nothing for what Azure counts by itself.
pub(super) fn commands(plan: &Plan) -> String {
    match plan.metric {
        Metric::NetworkOut => String::new(),
        Metric::TcpSegmentsWindows => windows(plan),
        Metric::TcpSegmentsLinux => linux(plan),
    }
}

/// What the Azure Monitor Agent is to collect, and that it goes to the machine's own metrics.
pub(super) fn collection() -> Value {
    let streams = ["Microsoft-InsightsMetrics"];
    let destination = "azureMonitorMetrics-default";
    json!({
        "dataSources": {"performanceCounters": [{
            "name": "tcpSegments", "streams": streams, "samplingFrequencyInSeconds": 30,
            "counterSpecifiers": [WINDOWS_COUNTER],
        }]},
        "destinations": {"azureMonitorMetrics": {"name": destination}},
        "dataFlows": [{"streams": streams, "destinations": [destination]}],
    })
}

/// The data collection rule's name and id.
pub(super) fn rule(plan: &Plan) -> (String, String) {
    let name = format!("{}-tcp-segments", plan.name);
    let id = format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Insights/dataCollectionRules/{name}",
        plan.subscription, plan.group
    );
    (name, id)
}

fn windows(plan: &Plan) -> String {
    let (name, rule) = rule(plan);
    let location = plan.location.as_deref().unwrap_or_default();
    let body = json!({ "location": location, "kind": "Windows", "properties": collection() });
    let association = json!({ "properties": { "dataCollectionRuleId": rule } });
    let mut script = format!(
        "# The counter is not one that Azure has by itself: the Azure Monitor Agent on the machine sends it.\n\
         az rest --method put --url {} --body @- --output none <<'JSON'\n{body:#}\nJSON\n",
        word(&format!("{rule}?api-version={API_VERSION}"))
    );
    for Machine { id, .. } in &plan.machines {
        let association_id = format!(
            "{id}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{name}?api-version={API_VERSION}"
        );
        script += &format!(
            "az vm identity assign --ids {machine} --output none\n\
             az vm extension set --ids {machine} --publisher Microsoft.Azure.Monitor --name AzureMonitorWindowsAgent \
             --enable-auto-upgrade true --output none\n\
             az rest --method put --url {} --body @- --output none <<'JSON'\n{association}\nJSON\n",
            word(&association_id),
            machine = word(&id.to_string()),
        );
    }
    script + "\n"
}

fn linux(plan: &Plan) -> String {
    let mut script = format!(
        "# The Azure Monitor Agent on Linux counts no TCP segments; Telegraf does. Install it on the machines first: the\n\
         # package telegraf, from InfluxData or your distribution. It sends in the machine's own name.\n\
         telegraf=$(cat <<'SCRIPT'\n\
         cat > /etc/telegraf/telegraf.d/{name}.conf <<'CONF'\n{TELEGRAF}CONF\nsystemctl restart telegraf\nSCRIPT\n)\n",
        name = plan.name
    );
    for Machine { id, .. } in &plan.machines {
        let machine = word(&id.to_string());
        script += &format!(
            "az vm identity assign --ids {machine} --output none\n\
             machine_identity=$(az vm show --ids {machine} --query identity.principalId --output tsv)\n\
             az role assignment create --role '{METRICS_PUBLISHER}' --assignee-object-id \"$machine_identity\" \
             --assignee-principal-type ServicePrincipal --scope {machine} --output none\n\
             az vm run-command invoke --ids {machine} --command-id RunShellScript --scripts \"$telegraf\" --output none\n"
        );
    }
    script + "\n"
}
