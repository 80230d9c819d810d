//! `cargo xtask release`: all that a user without Rust needs to run alertcap, in one folder with checksums.
//!
//! The same sources, built by the same rustc with the same standard library and optimised by the same wasm-opt, give the
//! same bytes: what git does not know stays out, and there is no time and no folder of this machine in it.

mod manifest;
mod sources;
mod sums;

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result};

use crate::{
    azure,
    build::{self, Optimise},
    sbom,
    staging::Staging,
    target,
    tools::WasmOpt,
    ui::{self, Step},
    workspace::Workspace,
};

/// All packages of the workspace have this one.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What stands in the repository and belongs to a release as it is.
const AS_IT_IS: [&str; 6] =
    ["ARCHITECTURE.md", "LICENSE", "SECURITY.md", "deploy", "docs", "runtime-config.toml"];
const README: &str = include_str!("README.md");

/// Builds both components and puts the folder together.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let started = Instant::now();
    let changed = sources::changed(workspace)?;
    target::ensure(workspace)?;
    build::composed(workspace, Optimise::Surely)?;

    let step = Step::start("Put the release together");
    let dist = workspace.target_dir.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;
    let name = format!("alertcap-{VERSION}");
    let staging = Staging::claim(&dist)?;
    let folder = staging.subfolder(&name)?;
    sources::copy(workspace, &AS_IT_IS, &folder)?;
    for (product, from) in [(sbom::SPIN, workspace.component()), (sbom::WASI, workspace.composed())] {
        let wasm = folder.join(format!("{}.wasm", product.name));
        fs::copy(&from, &wasm).with_context(|| format!("cannot copy {}", from.display()))?;
        product.write(workspace, Some(&sums::sha256(&wasm)?), &folder.join(product.bom()))?;
    }
    let manifest = fs::read_to_string(workspace.manifest()).context("cannot read spin.toml")?;
    write(&folder, "spin.toml", &manifest::released(&manifest).context("spin.toml")?)?;
    write(&folder, "azure-role.json", &azure::role_to_fill_in()?)?;
    write(&folder, "README.md", &readme(&target::rustc(workspace)?)?)?;
    let sums = sums::of(&folder)?;
    write(&folder, sums::FILE, &sums)?;
    let to = dist.join(&name);
    staging.install(&folder, &to)?;
    step.done(format!("{} files and their checksums", sums.lines().count()));
    drop(staging);

    if changed {
        ui::warn(
            "the sources have changes that git does not know yet: nobody else can make these files again",
        );
    }
    for line in sums.lines().filter(|line| line.ends_with(".wasm")) {
        ui::line(format!("  {line}"));
    }
    ui::done_in(format!("release {VERSION}: {}", to.display()), started.elapsed());
    Ok(())
}

fn readme(rustc: &str) -> Result<String> {
    let with = [("{version}", VERSION), ("{rustc}", rustc), ("{binaryen}", &WasmOpt::version()?)];
    Ok(with.iter().fold(README.to_owned(), |text, (name, value)| text.replace(name, value)))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
    }

    /// Links to files, out of Markdown: `[…](deploy/README.md#…)`
    fn links(text: &str) -> impl Iterator<Item = &str> {
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        targets.filter(|target| !target.is_empty() && !target.contains("://"))
    }

    fn markdown_below(path: &Path) -> Vec<PathBuf> {
        if path.is_dir() {
            let entries = fs::read_dir(path).unwrap();
            return entries.flat_map(|entry| markdown_below(&entry.unwrap().path())).collect();
        }
        let is_markdown = path.extension().is_some_and(|extension| extension == "md");
        if is_markdown { vec![path.to_owned()] } else { Vec::new() }
    }

    #[test]
    fn the_page_says_what_the_files_were_built_by() {
        let page = readme("rustc 1.95.0").unwrap();
        assert!(page.contains("rustc 1.95.0") && page.contains(&WasmOpt::version().unwrap()), "{page}");
        assert!(!page.contains('{') && !page.contains('}'), "{page}");
    }

    #[test]
    fn every_link_in_a_release_leads_to_something_that_is_in_it() {
        let root = root();
        let made = ["README.md", "spin.toml"].map(PathBuf::from);
        let is_there = |path: &Path| {
            let first = path.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            made.iter().any(|own| own == path)
                || AS_IT_IS.contains(&first.as_str()) && root.join(path).exists()
        };
        let mut texts = vec![(PathBuf::from("README.md"), README.to_owned())];
        for page in AS_IT_IS.iter().flat_map(|name| markdown_below(&root.join(name))) {
            let text = fs::read_to_string(&page).unwrap();
            texts.push((page.strip_prefix(&root).unwrap().to_owned(), text));
        }
        for (page, text) in &texts {
            for link in links(text) {
                let mut path = page.parent().unwrap().to_owned();
                for step in Path::new(link).components() {
                    match step.as_os_str().to_str().unwrap() {
                        ".." => assert!(path.pop(), "{}: {link}", page.display()),
                        step => path.push(step),
                    }
                }
                assert!(is_there(&path), "{}: {link}", page.display());
            }
        }
    }
}
