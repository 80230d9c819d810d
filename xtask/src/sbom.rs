//! `cargo xtask sbom`: what the component is made of, as `CycloneDX` has it.
//!
//! From what cargo itself resolves for the component's target and nothing else: the crates that are in the wasm file
//! are `required`; those that only run while it is compiled (macros, build scripts) are `excluded`. cargo-cyclonedx
//! tells neither apart, has this machine's paths in what it writes, and writes it beside every crate's manifest.
//! The same lock file gives the same bytes: there is no time and no serial number in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use toml::Table;

use crate::{
    ui,
    workspace::{WASM_TARGET, Workspace},
};

const COMPONENT: &str = "alertcap";
/// One line of `cargo tree`: depth, package, licence, repository.
const LINE: &str = "|{p}|{l}|{r}";

/// A crate, as cargo shows it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Package {
    license: String,
    repository: String,
    needs: BTreeSet<Id>,
}

/// Name and version.
type Id = (String, String);
type Packages = BTreeMap<Id, Package>;

/// Writes it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let all = packages(&tree(workspace, "normal,build")?)?;
    let inside = packages(&tree(workspace, "normal,no-proc-macro")?)?;
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let bom = bom(&all, &inside, &checksums(&lock)?)?;
    let file = workspace.target_dir.join("alertcap.cdx.json");
    fs::create_dir_all(&workspace.target_dir).ok();
    fs::write(&file, format!("{bom:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    ui::done(format!(
        "{} crates in the component, {} more while it is compiled: {}",
        inside.len() - 1,
        all.len() - inside.len(),
        file.display()
    ));
    Ok(())
}

fn tree(workspace: &Workspace, edges: &str) -> Result<String> {
    let mut cargo = workspace.cargo();
    cargo.args(["tree", "--locked", "--package", COMPONENT, "--target", WASM_TARGET, "--edges", edges]);
    let said =
        cargo.args(["--prefix", "depth", "--format", LINE]).output().context("cannot run `cargo tree`")?;
    if !said.status.success() {
        bail!("`cargo tree` failed:\n{}", String::from_utf8_lossy(&said.stderr));
    }
    String::from_utf8(said.stdout).context("`cargo tree` printed no text")
}

/// Reads the tree: what stands one deeper is needed by what stands above it.
fn packages(tree: &str) -> Result<Packages> {
    let mut packages = Packages::new();
    let mut above: Vec<Id> = Vec::new();
    for line in tree.lines() {
        let parts: Vec<&str> = line.split('|').collect();
        let [depth, package, license, repository] = parts[..] else {
            bail!("`cargo tree` printed a line that is not understood: {line}");
        };
        let depth: usize = depth.parse().with_context(|| format!("no depth in {line}"))?;
        let mut words = package.split_whitespace();
        let (name, version) = (words.next(), words.next().and_then(|version| version.strip_prefix('v')));
        let (Some(name), Some(version)) = (name, version) else { bail!("no name and version in {line}") };
        let id = (name.to_owned(), version.to_owned());
        let known = packages.entry(id.clone()).or_default();
        known.license = license.replace('/', " OR ");
        // What has been shown with all its crates before is marked.
        known.repository = repository.trim_end_matches("(*)").trim().to_owned();
        above.truncate(depth);
        if let Some(parent) = above.last().and_then(|parent| packages.get_mut(parent)) {
            parent.needs.insert(id.clone());
        }
        above.push(id);
    }
    Ok(packages)
}

/// SHA-256 of each crate's archive, as the lock file has it.
fn checksums(lock: &str) -> Result<BTreeMap<Id, String>> {
    let lock: Table = lock.parse().context("Cargo.lock is no TOML")?;
    let packages =
        lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock has no packages")?;
    let text = |package: &toml::Value, key: &str| package.get(key)?.as_str().map(str::to_owned);
    let checksum =
        |package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    Ok(packages.iter().filter_map(checksum).collect())
}

fn bom(all: &Packages, inside: &Packages, checksums: &BTreeMap<Id, String>) -> Result<Value> {
    let (own, component) =
        all.iter().find(|((name, _), _)| name == COMPONENT).context("no component in the tree")?;
    let mut components = Vec::new();
    for (id, package) in all.iter().filter(|(id, _)| *id != own) {
        let checksum =
            checksums.get(id).with_context(|| format!("{} is not from a registry", reference(id)))?;
        let mut component = json!({
            "type": "library", "bom-ref": reference(id), "name": id.0, "version": id.1,
            "scope": if inside.contains_key(id) { "required" } else { "excluded" },
            "hashes": [{"alg": "SHA-256", "content": checksum}],
            "licenses": [{"expression": package.license}],
            "purl": reference(id),
        });
        if package.repository.starts_with("https://") {
            component["externalReferences"] = json!([{"type": "vcs", "url": package.repository}]);
        }
        components.push(component);
    }
    let needs = |package: &Package| package.needs.iter().map(reference).collect::<Vec<_>>();
    let dependencies: Vec<_> =
        all.iter().map(|(id, package)| json!({"ref": reference(id), "dependsOn": needs(package)})).collect();
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": reference(own), "name": own.0, "version": own.1,
                // No package URL: it is in no registry, and what bears its name in one is somebody else's.
                "licenses": [{"expression": component.license}],
            },
            "properties": [{"name": "cdx:rustc:sbom:target:triple", "value": WASM_TARGET}],
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// The package URL, which is each crate's reference too; `+` means a space in a URL.
fn reference((name, version): &Id) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0|alertcap v0.1.0 (/somewhere)|Apache-2.0|\n\
                        1|derive v1.0.0 (proc-macro)|MIT/Apache-2.0|https://example.com/derive\n\
                        2|quote v2.0.0|MIT|https://example.com/quote\n\
                        1|toml v1.2.1+spec-1.1.0|MIT|https://example.com/toml\n\
                        2|quote v2.0.0|MIT|https://example.com/quote (*)\n";
    const LOCK: &str = "[[package]]\nname = 'alertcap'\nversion = '0.1.0'\n\
                        [[package]]\nname = 'derive'\nversion = '1.0.0'\nchecksum = 'aa'\n\
                        [[package]]\nname = 'quote'\nversion = '2.0.0'\nchecksum = 'bb'\n\
                        [[package]]\nname = 'toml'\nversion = '1.2.1+spec-1.1.0'\nchecksum = 'cc'\n";

    fn example() -> Value {
        let all = packages(TREE).unwrap();
        let inside =
            packages(&TREE.lines().filter(|line| !line.contains("derive")).collect::<Vec<_>>().join("\n"));
        let mut inside = inside.unwrap();
        inside.remove(&("quote".to_owned(), "2.0.0".to_owned()));
        bom(&all, &inside, &checksums(LOCK).unwrap()).unwrap()
    }

    #[test]
    fn what_only_runs_while_the_component_is_compiled_is_told_apart() {
        let bom = example();
        let of = |name: &str| {
            let components = bom["components"].as_array().unwrap();
            components.iter().find(|component| component["name"] == name).unwrap().clone()
        };
        assert_eq!((&of("toml")["scope"], &of("derive")["scope"]), (&json!("required"), &json!("excluded")));
        assert_eq!(of("toml")["purl"], "pkg:cargo/toml@1.2.1%2Bspec-1.1.0");
        assert_eq!(of("derive")["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(of("quote")["hashes"][0]["content"], "bb");
        assert_eq!(of("quote")["externalReferences"][0]["url"], "https://example.com/quote");
    }

    #[test]
    fn each_crate_names_what_it_needs_and_no_machine_is_in_it() {
        let bom = example();
        let needs: Vec<_> = bom["dependencies"].as_array().unwrap().iter().collect();
        assert_eq!(needs[0]["ref"], "pkg:cargo/alertcap@0.1.0");
        assert_eq!(
            needs[0]["dependsOn"],
            json!(["pkg:cargo/derive@1.0.0", "pkg:cargo/toml@1.2.1%2Bspec-1.1.0"])
        );
        assert_eq!(needs[3]["dependsOn"], json!(["pkg:cargo/quote@2.0.0"]));
        assert!(!bom.to_string().contains("somewhere"));
    }

    #[test]
    fn a_crate_that_is_from_no_registry_is_not_passed_over() {
        let all = packages(TREE).unwrap();
        let error = bom(&all, &all, &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("pkg:cargo/derive@1.0.0 is not from a registry"), "{error}");
    }
}
