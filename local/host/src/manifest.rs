//! spin.toml, as far as one component behind HTTP needs it.
//!
//! What does not change how the component runs (build commands, descriptions, tools) is ignored. What the manifest
//! asks for and this host does not have is refused by name, so that nobody debugs a component for the host's sake.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::Deserialize;
use toml::{Table, Value};

/// Settings of a component that Spin would act upon and this host cannot.
const UNSUPPORTED: [&str; 6] =
    ["files", "environment", "sqlite_databases", "ai_models", "dependencies", "allowed_http_hosts"];

/// A checked manifest.
#[derive(Debug, PartialEq)]
pub struct Manifest {
    /// The application's variables by name.
    pub variables: BTreeMap<String, Variable>,
    /// The one component.
    pub component: Component,
}

/// An entry of `[variables]`.
#[derive(Debug, PartialEq)]
pub struct Variable {
    /// The value if none is given from outside; none means that one must be given.
    pub default: Option<String>,
    /// Whether the value must never be printed.
    pub secret: bool,
}

/// The component that answers every request.
#[derive(Debug, PartialEq)]
pub struct Component {
    /// Its name in the manifest.
    pub id: String,
    /// The wasm file, found from the manifest's folder; none if the manifest names a registry or a URL.
    pub source: Option<PathBuf>,
    /// Templates of the hosts it may talk to.
    pub allowed_outbound_hosts: Vec<String>,
    /// Labels of the key-value stores it may open.
    pub key_value_stores: BTreeSet<String>,
    /// Templates of the variables it can see, by name.
    pub variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RawManifest {
    spin_manifest_version: Value,
    #[serde(default)]
    variables: BTreeMap<String, RawVariable>,
    #[serde(default)]
    trigger: BTreeMap<String, Vec<Table>>,
    #[serde(default)]
    component: BTreeMap<String, RawComponent>,
}

#[derive(Deserialize)]
struct RawVariable {
    default: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    secret: bool,
}

#[derive(Deserialize)]
struct RawComponent {
    source: Value,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    key_value_stores: BTreeSet<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(flatten)]
    rest: Table,
}

impl Manifest {
    /// Reads and checks the manifest at `path`.
    pub fn load(path: &Path) -> Result<Self> {
        let what = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(what)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).with_context(what)
    }

    /// Checks a manifest's text; `folder` is where its relative paths start.
    pub fn parse(text: &str, folder: &Path) -> Result<Self> {
        let raw: RawManifest = toml::from_str(text).map_err(|error| {
            // The full message quotes the line, and a line can hold a secret's default.
            let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
            anyhow!("line {line}: {}", error.message())
        })?;
        ensure!(
            raw.spin_manifest_version.as_integer() == Some(2),
            "spin_manifest_version {} is not supported: only 2 is",
            raw.spin_manifest_version
        );
        let id = only_component(&raw)?;
        check_trigger(&raw.trigger, &id)?;
        let variables = raw
            .variables
            .into_iter()
            .map(|(name, raw)| check_variable(&name, raw).map(|variable| (name, variable)))
            .collect::<Result<_>>()?;
        let raw = raw.component.into_iter().next().map(|(_, raw)| raw).context("no component")?;
        for name in UNSUPPORTED {
            ensure!(
                raw.rest.get(name).is_none_or(is_empty),
                "component.{id}.{name} is not supported by this host"
            );
        }
        let component = Component {
            id,
            source: raw.source.as_str().map(|path| folder.join(path)),
            allowed_outbound_hosts: raw.allowed_outbound_hosts,
            key_value_stores: raw.key_value_stores,
            variables: raw.variables,
        };
        Ok(Self { variables, component })
    }
}

fn only_component(raw: &RawManifest) -> Result<String> {
    let ids: Vec<_> = raw.component.keys().map(String::as_str).collect();
    match ids[..] {
        [id] => Ok(id.to_owned()),
        [] => bail!("there is no [component.…]"),
        _ => bail!("this host runs one component, and the manifest has {}: {}", ids.len(), ids.join(", ")),
    }
}

fn check_trigger(triggers: &BTreeMap<String, Vec<Table>>, id: &str) -> Result<()> {
    if let Some(other) = triggers.keys().find(|kind| *kind != "http") {
        bail!("trigger.{other} is not supported: only trigger.http is");
    }
    let [trigger] = triggers.get("http").map_or(&[][..], Vec::as_slice) else {
        bail!("exactly one [[trigger.http]] is supported");
    };
    for (name, value) in trigger {
        let is = |text| value.as_str() == Some(text);
        match name.as_str() {
            "route" => ensure!(is("/..."), "trigger.http.route {value} is not supported: only \"/...\" is"),
            "component" => ensure!(is(id), "trigger.http.component {value} is not the component {id:?}"),
            "id" => {}
            "executor" if value.get("type").and_then(Value::as_str) == Some("http") => {}
            _ => bail!("trigger.http.{name} is not supported by this host"),
        }
    }
    for name in ["route", "component"] {
        ensure!(trigger.contains_key(name), "trigger.http.{name} is missing");
    }
    Ok(())
}

fn check_variable(name: &str, raw: RawVariable) -> Result<Variable> {
    crate::variables::check_name(name).map_err(|reason| anyhow!("variable {name:?} {reason}"))?;
    ensure!(
        raw.required != raw.default.is_some(),
        "variable {name:?} must either be required or have a default"
    );
    Ok(Variable { default: raw.default, secret: raw.secret })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Table(items) => items.is_empty(),
        _ => false,
    }
}
