//! The crates that a component is made of, as cargo resolves them for the component's target.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, bail};
use toml::Table;

use crate::workspace::{WASM_TARGET, Workspace};

/// One line of `cargo tree`: depth, package, licence, repository.
const LINE: &str = "|{p}|{l}|{r}";

/// Name and version.
pub(super) type Id = (String, String);
pub(super) type Packages = BTreeMap<Id, Package>;

/// A crate, as cargo shows it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) license: String,
    pub(super) repository: String,
    pub(super) needs: BTreeSet<Id>,
}

/// What some packages of the workspace are made of.
#[derive(Debug, Default)]
pub(super) struct Crates {
    /// All that is compiled, the packages themselves with it.
    pub(super) all: Packages,
    /// Of these, what is in the wasm file.
    pub(super) inside: BTreeSet<Id>,
    /// SHA-256 of each crate's archive.
    pub(super) checksums: BTreeMap<Id, String>,
}

impl Crates {
    /// Asks cargo.
    pub(super) fn of(workspace: &Workspace, packages: &[&str]) -> Result<Self> {
        let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
        let mut crates = Self { checksums: checksums(&lock)?, ..Self::default() };
        // One by one, as they are built: cargo would give a crate that both need the features of both.
        for package in packages {
            crates.add(
                &tree(workspace, package, "normal,build")?,
                &tree(workspace, package, "normal,no-proc-macro")?,
            )?;
        }
        Ok(crates)
    }

    /// Adds what a package's tree shows: of all that is compiled, and of what is in the file.
    pub(super) fn add(&mut self, all: &str, inside: &str) -> Result<()> {
        for (id, package) in read(all)? {
            self.all
                .entry(id)
                .and_modify(|known| known.needs.extend(package.needs.clone()))
                .or_insert(package);
        }
        self.inside.extend(read(inside)?.into_keys());
        Ok(())
    }
}

fn tree(workspace: &Workspace, package: &str, edges: &str) -> Result<String> {
    let mut cargo = workspace.cargo();
    cargo.args(["tree", "--locked", "--package", package, "--target", WASM_TARGET, "--edges", edges]);
    let said =
        cargo.args(["--prefix", "depth", "--format", LINE]).output().context("cannot run `cargo tree`")?;
    if !said.status.success() {
        bail!("`cargo tree` failed:\n{}", String::from_utf8_lossy(&said.stderr));
    }
    String::from_utf8(said.stdout).context("`cargo tree` printed no text")
}

/// Reads the tree: what stands one deeper is needed by what stands above it.
fn read(tree: &str) -> Result<Packages> {
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
pub(super) fn checksums(lock: &str) -> Result<BTreeMap<Id, String>> {
    let lock: Table = lock.parse().context("Cargo.lock is no TOML")?;
    let packages =
        lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock has no packages")?;
    let text = |package: &toml::Value, key: &str| package.get(key)?.as_str().map(str::to_owned);
    let checksum =
        |package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    Ok(packages.iter().filter_map(checksum).collect())
}
