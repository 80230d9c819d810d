//! wasmCloud's `wash dev`: a fresh instance for each request, and nothing goes on after its answer.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use serde_json::json;

use super::{Launch, Running, Store, composed, seed, when_it_answers};
use crate::{built, child::Process, http::try_get};

pub(super) fn program() -> PathBuf {
    built("ALERTCAP_WASH_BIN", "tools/hosts/wash")
}

pub(super) fn start(launch: &Launch, store: &Store, port: u16) -> Result<Running, String> {
    let variables: BTreeMap<_, _> = launch.variables.iter().cloned().collect();
    let mut configuration = json!({
        "version": "2.10.3",
        "build": { "command": "true", "component_path": composed() },
        "dev": { "address": format!("127.0.0.1:{port}") },
        "workload": { "allowedHosts": allowed_hosts(&variables, launch.forbidden), "config": variables },
    });
    let (field, value) = match store {
        Store::Own => {
            seed::files(launch.shared, launch.kept);
            ("wasi_keyvalue_path", json!(launch.shared.join("store")))
        }
        Store::Redis(server) => {
            seed::redis(&server.url(), "default:", launch.kept);
            ("wasi_keyvalue_redis_url", json!(server.url()))
        }
        Store::Nats(server) => ("wasi_keyvalue_nats_url", json!(server.url())),
        // What it has if it is told nothing.
        Store::Memory => ("wasi_keyvalue_path", json!(null)),
    };
    configuration["dev"][field] = value;
    let folder = launch.own.join("project");
    fs::create_dir_all(folder.join(".wash")).map_err(|error| error.to_string())?;
    // JSON is YAML.
    fs::write(folder.join(".wash/config.yaml"), configuration.to_string())
        .map_err(|error| error.to_string())?;
    let mut command = Command::new(program());
    command.arg("--non-interactive").arg("-C").arg(&folder).arg("dev");
    for (name, place) in [("HOME", "home"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")] {
        command.env(name, launch.own.join(place));
    }
    let running = when_it_answers(Process::start(&mut command), format!("http://127.0.0.1:{port}"))?;
    if let (Store::Nats(server), false) = (store, launch.kept.is_empty()) {
        // The component asks for its store, and wash makes the bucket.
        _ = try_get(&format!("{}/readyz", running.url), &[]);
        seed::nats(&server.url(), launch.kept);
    }
    Ok(running)
}

/// Where requests may go: what spin.toml allows by the same variables.
fn allowed_hosts<'a>(variables: &'a BTreeMap<String, String>, forbidden: &[String]) -> Vec<&'a String> {
    let names = [
        "login_endpoint",
        "arm_endpoint",
        "imds_endpoint",
        "storage_endpoint",
        "notify_host",
        "teams_host",
        "slack_host",
    ];
    let allowed = names.into_iter().filter(|name| !forbidden.iter().any(|one| one == name));
    allowed.filter_map(|name| variables.get(name)).collect()
}
