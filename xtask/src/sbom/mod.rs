//! `cargo xtask sbom`: what the components are made of, as `CycloneDX` has it.
//!
//! From what cargo itself resolves for the components' target and nothing else: the crates that are in a wasm file
//! are `required`; what only runs while it is made (macros, build scripts, wasm-opt) is `excluded`. cargo-cyclonedx
//! tells neither apart, has this machine's paths in what it writes, and writes it beside every crate's manifest.
//! The same lock file gives the same bytes: there is no time and no serial number in it.

mod bill;
mod crates;

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::{ui, workspace::Workspace};
use crates::Crates;

/// A wasm file that users get.
pub(crate) struct Product {
    /// Its name, without `.wasm`.
    pub(crate) name: &'static str,
    /// The workspace's packages in it.
    packages: &'static [&'static str],
}

/// The component for Spin.
pub(crate) const SPIN: Product = Product { name: "alertcap", packages: &["alertcap"] };
/// The one that is composed with the adapter, for other hosts.
pub(crate) const WASI: Product = Product { name: "alertcap-wasi", packages: &["alertcap", "wasi-adapter"] };

/// Writes both, without the files themselves.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    fs::create_dir_all(&workspace.target_dir).ok();
    for product in [SPIN, WASI] {
        let file = workspace.target_dir.join(product.bom());
        let (inside, more) = product.write(workspace, None, &file)?;
        ui::done(format!(
            "{inside} crates in {}.wasm, {more} more while it is compiled: {}",
            product.name,
            file.display()
        ));
    }
    Ok(())
}

impl Product {
    /// The name of its bill's file.
    pub(crate) fn bom(&self) -> String {
        format!("{}.cdx.json", self.name)
    }

    /// Writes its bill, of the wasm file that has this SHA-256; returns how many crates are in it, and how many more
    /// have to do with it.
    pub(crate) fn write(
        &self,
        workspace: &Workspace,
        sha256: Option<&str>,
        to: &Path,
    ) -> Result<(usize, usize)> {
        let crates = Crates::of(workspace, self.packages)?;
        let bom = bill::bill(self, &crates, sha256)?;
        fs::write(to, format!("{bom:#}\n")).with_context(|| format!("cannot write {}", to.display()))?;
        Ok((crates.inside.len() - self.packages.len(), crates.all.len() - crates.inside.len()))
    }
}
