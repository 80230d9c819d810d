//! The `az` commands, as a script for any POSIX shell.

use super::{KEY, Plan, guest, secure};
use crate::azure::shell::word;

/// All of it.
pub(super) fn script(plan: &Plan) -> String {
    let mut script = head(plan);
    script += &guest::commands(plan);
    if plan.tenant.is_some() {
        script += &secure::commands(plan);
    }
    script += &action_group(plan);
    script += &rules(plan);
    if plan.tenant.is_some() {
        script += secure::epilogue();
    }
    script
}

fn head(plan: &Plan) -> String {
    let mut head = "#!/bin/sh\nset -eu\n\n".to_owned();
    if plan.has_key {
        head += &format!(
            "# The key comes from the environment and goes into `az` through a pipe: a shell remembers what is typed, and\n\
             # everybody on a machine can list its processes' arguments.\n\
             #   read -rs {KEY} && export {KEY}\n\
             : \"${{{KEY}:?set it to one of the webhook keys}}\"\n\
             case ${KEY} in\n  *[!A-Za-z0-9._~-]*) echo '{KEY}: letters, digits, . _ ~ and - only, as openssl rand -hex 24 makes' >&2; exit 1 ;;\n\
             esac\n\n"
        );
    }
    head + &format!("az account set --subscription {}\n\n", word(&plan.subscription))
}

fn action_group(plan: &Plan) -> String {
    let (uri, key) = match plan.has_key {
        true => (format!("{}?code=%s", plan.url), format!(" \"${KEY}\"")),
        false => (plan.url.clone(), String::new()),
    };
    let (token, ids) = match &plan.tenant {
        Some(tenant) => (
            format!(
                r#","use-aad-auth":true,"object-id":"%s","identifier-uri":"api://%s","tenant-id":"{tenant}""#
            ),
            " \"$object_id\" \"$app_id\"",
        ),
        None => (String::new(), ""),
    };
    let receiver =
        format!(r#"[{{"name":"alertcap","service-uri":"{uri}","use-common-alert-schema":true{token}}}]\n"#);
    format!(
        "# The webhook, with the common alert schema.\n\
         printf '{receiver}'{key}{ids} |\n  \
           az monitor action-group create --resource-group {} --name {} --short-name {} --webhook-receivers @- --output none\n\n",
        word(&plan.group),
        word(&plan.name),
        word(plan.short_name()),
    )
}

fn rules(plan: &Plan) -> String {
    let mut rules = String::from("# One rule for each machine.\n");
    for machine in &plan.machines {
        // A guest's metric need not have been sent yet.
        let (namespace, unseen) = match plan.metric.is_guest() {
            true => (format!("{}.", plan.metric.namespace(machine.kind)), " with skipmetricvalidation"),
            false => (String::new(), ""),
        };
        let (aggregation, metric) = (plan.metric.short_aggregation(), plan.metric.name());
        let condition = format!("{aggregation} {namespace}{metric} > {}{unseen}", plan.threshold);
        let properties: String = plan
            .properties
            .iter()
            .map(|(name, value)| format!(" {}", word(&format!("{name}={value}"))))
            .collect();
        rules += &format!(
            "az monitor metrics alert create --resource-group {} --name {} --scopes {} \\\n  \
               --condition {} --window-size {}m --evaluation-frequency 1m --severity {} \\\n  \
               --description {} \\\n  \
               --action {}{properties} --output none\n",
            word(&plan.group),
            word(&machine.rule),
            word(&machine.id.to_string()),
            word(&condition),
            plan.window,
            plan.severity,
            word(&plan.description(machine)),
            word(&plan.action_group()),
        );
    }
    rules
}
