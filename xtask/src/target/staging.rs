//! What the target's parts are prepared in, and how they are taken back.

use std::{fs, io::ErrorKind};

use anyhow::{Context, Result};

use super::toolchain::{Toolchain, stamp_in};
use crate::{staging::Staging, workspace::WASM_TARGET};

/// The staging folder beside the toolchain's libraries.
pub(super) fn claim(toolchain: &Toolchain) -> Result<Staging> {
    let rustlib = toolchain.rustlib();
    Staging::claim(&rustlib).map_err(|error| {
        let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if !matches!(kind, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)) {
            return error;
        }
        error.context(format!(
            "{} is not writable for you. A Rust of the distribution needs the distribution's own package (on Debian: \
             libstd-rust-dev-wasm32); a Rust of your own from rustup can be set up here",
            rustlib.display()
        ))
    })
}

/// Takes back what we once installed, and only that: folders without our stamp are somebody else's.
pub(crate) fn remove_what_we_installed(toolchain: &Toolchain) -> Result<()> {
    let staging = claim(toolchain)?;
    for folder in [toolchain.target_folder(), toolchain.sources_folder()] {
        if stamp_in(&folder).is_some() {
            let name = folder.file_name().unwrap_or(WASM_TARGET.as_ref());
            let aside = staging.subfolder("removed")?.join(name);
            fs::rename(&folder, aside).with_context(|| format!("cannot remove {}", folder.display()))?;
            // The folder above it, if it was there for ours only.
            fs::remove_dir(toolchain.rustlib().join("src")).ok();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::toolchain::STAMP;

    #[test]
    fn only_what_carries_our_stamp_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("lib/rustlib")).unwrap();
        let toolchain = Toolchain {
            rustc: "rustc".into(),
            release: "1.95.0".to_owned(),
            banner: "rustc 1.95.0".to_owned(),
            sysroot: folder.path().to_owned(),
        };
        for place in [toolchain.target_folder(), toolchain.sources_folder()] {
            fs::create_dir_all(place).unwrap();
        }
        fs::write(toolchain.target_folder().join(STAMP), "rustc 1.94.0").unwrap();
        remove_what_we_installed(&toolchain).unwrap();
        assert!(!toolchain.target_folder().exists() && toolchain.sources_folder().exists());
    }
}
