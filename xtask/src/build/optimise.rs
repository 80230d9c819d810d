//! What the compiler leaves, made smaller by wasm-opt, in the place where cargo puts it: whoever builds with cargo alone
//! has the same component there, a seventh larger.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::component;
use crate::{
    tools::WasmOpt,
    ui::{self, Step},
    workspace::{WASM_TARGET, Workspace},
};

/// For size first: -O2 and -O3 are 25 KB larger and, compiled by a host, a little faster at most. The features are those that
/// rustc writes for this target and no others, for hosts need not have more; wasm-opt refuses a module that has.
const ARGUMENTS: [&str; 8] = [
    "--merge-similar-functions",
    "-Oz",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Whether what is built has to be optimised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Optimise {
    /// An error where wasm-opt cannot be had: for what is given away, and for the test that says how large it is.
    Surely,
    /// Said and gone without: the component does the same.
    IfPossible,
}

impl Optimise {
    /// wasm-opt, if there is one.
    pub(super) fn tool(self, workspace: &Workspace) -> Result<Option<WasmOpt>> {
        match (WasmOpt::ensure(workspace), self) {
            (Ok(tool), _) => Ok(Some(tool)),
            (Err(error), Self::Surely) => Err(error.context("the component has to be optimised for this")),
            (Err(error), Self::IfPossible) => {
                let why = format!("{error:#}");
                let why = why.lines().next().unwrap_or_default().trim_end_matches(':');
                ui::warn(format!("not optimised, so a seventh larger: {why}"));
                Ok(None)
            }
        }
    }
}

/// Puts the optimised component in the place of the compiler's.
pub(super) fn optimise(workspace: &Workspace, tool: &WasmOpt, what: &str, file: &Path) -> Result<()> {
    let component = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let module = component::main_module(&component).with_context(|| file.display().to_string())?;
    let folder = workspace.target_dir.join(WASM_TARGET).join("optimised");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // The same as last time, mostly.
    let kept = folder.join(kept_as(file, module)?);
    let optimised = match fs::read(&kept) {
        Ok(optimised) => optimised,
        Err(_) => {
            let step = Step::start(format!("Optimise the {what}"));
            let optimised = shrunk(module, tool, &folder, &step)?;
            forget_others(&kept);
            replace(&kept, &optimised)?;
            let less = module.len().saturating_sub(optimised.len());
            step.done(format!("{what} optimised: {} less", ui::size(less as u64)));
            optimised
        }
    };
    // By a new file: the old one is cargo's own under another name.
    replace(file, &component::with_main_module(&component, &optimised)?)
}

/// wasm-opt checks what it reads and what it writes. The whole is checked where it is composed, and by each host.
fn shrunk(module: &[u8], tool: &WasmOpt, folder: &Path, step: &Step) -> Result<Vec<u8>> {
    let work = tempfile::tempdir_in(folder).context("cannot make a folder to work in")?;
    let (input, output) = (work.path().join("in.wasm"), work.path().join("out.wasm"));
    fs::write(&input, module)?;
    let mut arguments: Vec<&OsStr> = ARGUMENTS.iter().map(OsStr::new).collect();
    arguments.extend([input.as_os_str(), "-o".as_ref(), output.as_os_str()]);
    tool.run(&arguments, step)?;
    fs::read(&output).context("wasm-opt wrote nothing")
}

/// By what it is made from, and how: `alertcap-6b86b273ff34fce1.wasm`.
fn kept_as(file: &Path, module: &[u8]) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(WasmOpt::integrity()?);
    hash.update(ARGUMENTS.join(" "));
    hash.update(module);
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{}-{hash}.wasm", stem(file)))
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Removes what was optimised of earlier ones.
fn forget_others(kept: &Path) {
    let name = stem(kept);
    let Some((of, _)) = name.rsplit_once('-') else { return };
    let entries = kept.parent().into_iter().flat_map(fs::read_dir).flatten().flatten();
    for other in entries.map(|entry| entry.path()) {
        if stem(&other).rsplit_once('-').is_some_and(|(name, _)| name == of) {
            fs::remove_file(other).ok();
        }
    }
}

/// Whoever reads meanwhile finds the old one or the new one, whole.
fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> Result<()> {
        let new: PathBuf = file.with_extension(format!("{}.new", std::process::id()));
        fs::write(&new, bytes)?;
        Ok(fs::rename(&new, file)?)
    };
    write().with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_optimised_is_known_again_by_its_bytes_alone() {
        let file = Path::new("release/alertcap.wasm");
        let name = kept_as(file, b"one").unwrap();
        assert!(name.starts_with("alertcap-") && name.ends_with(".wasm"), "{name}");
        assert_eq!(kept_as(Path::new("elsewhere/alertcap.wasm"), b"one").unwrap(), name);
        assert_ne!(kept_as(file, b"two").unwrap(), name);
    }

    #[test]
    fn of_each_component_the_last_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["alertcap-1.wasm", "alertcap-2.wasm", "wasi_adapter-3.wasm"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let kept = folder.path().join("alertcap-4.wasm");
        forget_others(&kept);
        replace(&kept, b"optimised").unwrap();
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["alertcap-4.wasm", "wasi_adapter-3.wasm"]);
    }

    #[test]
    fn cargos_own_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (cargos, file) = (folder.path().join("deps.wasm"), folder.path().join("alertcap.wasm"));
        fs::write(&cargos, "compiled").unwrap();
        fs::hard_link(&cargos, &file).unwrap();
        replace(&file, b"optimised").unwrap();
        assert_eq!(fs::read(&cargos).unwrap(), b"compiled");
        assert_eq!(fs::read(&file).unwrap(), b"optimised");
    }
}
