//! The component's variables: what the stand-in's Azure needs, or what the environment says of the real one.

use std::{env, ffi::OsString};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::keys::Keys;

/// What spin.toml's variables are called in a host's environment.
const PREFIX: &str = "SPIN_VARIABLE_";
/// Without these no capture can be taken in a real Azure; what spin.toml has defaults for is not among them.
const REQUIRED: [(&str, &str); 5] = [
    ("tenant_id", "the Entra tenant's id"),
    ("client_id", "the application's client id"),
    ("client_secret", "the application's secret"),
    ("allowed_scopes", "what captures may be taken on: ARM id prefixes, such as /subscriptions/<id>"),
    ("storage_account_id", "the ARM id of the storage account that takes the files"),
];

/// Variables by their names in spin.toml.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// For the stand-in. These win over the environment: a real secret has no business there.
pub(crate) fn for_standin(base: &str, sample: &Value, keys: &Keys) -> Result<Variables> {
    let of = |name: &str| -> Result<String> {
        let value = sample[name].as_str();
        Ok(value.with_context(|| format!("the stand-in's sample has no {name}"))?.to_owned())
    };
    let mut variables = vec![
        ("tenant_id", of("tenant_id")?),
        ("client_id", of("client_id")?),
        ("client_secret", of("client_secret")?),
        ("login_endpoint", base.to_owned()),
        ("arm_endpoint", base.to_owned()),
        ("storage_endpoint", base.to_owned()),
        ("allowed_scopes", format!("/subscriptions/{}", of("subscription_id")?)),
        ("storage_account_id", of("storage_account_id")?),
        ("notify_url", format!("{base}/notify/local")),
        ("notify_host", base.to_owned()),
    ];
    variables.extend(local_keys(keys));
    Ok(variables)
}

/// For the real Azure: the environment's, and local keys where it has none. Keys that are set are used, here too.
pub(crate) fn for_azure(keys: &mut Keys) -> Result<Variables> {
    let missing = missing(&REQUIRED, is_set);
    if !missing.is_empty() {
        bail!(
            "--no-azure needs the real Azure's settings in the environment; not set:\n{}",
            missing.join("\n")
        );
    }
    let own = [
        ("webhook_key", &mut keys.webhook),
        ("operator_key", &mut keys.operator),
        ("sweep_key", &mut keys.sweep),
    ];
    for (name, key) in own {
        if let Some(value) = value(name) {
            *key = value;
        }
    }
    Ok(local_keys(keys))
}

/// The environment's value of a variable, unless it is empty.
pub(crate) fn value(name: &str) -> Option<String> {
    env::var(environment_name(name)).ok().filter(|value| !value.trim().is_empty())
}

/// All that the environment sets.
pub(crate) fn in_environment() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with(PREFIX))
}

/// `SPIN_VARIABLE_TENANT_ID` of `tenant_id`.
pub(crate) fn environment_name(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

fn is_set(name: &str) -> bool {
    value(name).is_some()
}

fn local_keys(keys: &Keys) -> Variables {
    vec![
        ("webhook_key", keys.webhook.clone()),
        ("operator_key", keys.operator.clone()),
        ("sweep_key", keys.sweep.clone()),
    ]
}

fn missing(required: &[(&str, &str)], is_set: impl Fn(&str) -> bool) -> Vec<String> {
    let missing = required.iter().filter(|(name, _)| !is_set(name));
    missing.map(|(name, what)| format!("  {}: {what}", environment_name(name))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys() -> Keys {
        Keys { webhook: "w".to_owned(), operator: "o".to_owned(), sweep: "s".to_owned() }
    }

    #[test]
    fn the_stand_ins_azure_is_described_by_its_own_sample() {
        let sample = json!({
            "tenant_id": "T", "client_id": "C", "client_secret": "secret", "subscription_id": "S",
            "storage_account_id": "/subscriptions/S/storage",
        });
        let variables = for_standin("http://127.0.0.1:3100", &sample, &keys()).unwrap();
        let of = |name: &str| variables.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
        assert_eq!(of("allowed_scopes"), "/subscriptions/S");
        assert_eq!(of("notify_url"), "http://127.0.0.1:3100/notify/local");
        assert_eq!(of("sweep_key"), "s");
    }

    #[test]
    fn every_missing_setting_is_named_at_once() {
        let missing = missing(&REQUIRED, |name| name == "client_id");
        assert_eq!(missing.len(), 4);
        assert!(missing[0].contains("SPIN_VARIABLE_TENANT_ID"), "{missing:?}");
    }
}
