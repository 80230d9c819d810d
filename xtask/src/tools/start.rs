//! How a program that is unpacked below a folder of ours is started: a script that finds what belongs to it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Writes a script that starts `program` with the libraries in `folders` and with `variables`. All of them are relative
/// to the folder above the script's own, wherever that is.
pub(super) fn write(
    file: &Path,
    program: &str,
    folders: &[PathBuf],
    variables: &[(&str, &str)],
) -> Result<()> {
    let folders: Vec<_> = folders.iter().map(|folder| format!("$here/{}", folder.display())).collect();
    let mut set = if folders.is_empty() {
        String::new()
    } else {
        format!("export LD_LIBRARY_PATH=\"{}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n", folders.join(":"))
    };
    for (name, below) in variables {
        set.push_str(&format!("export {name}=\"$here/{below}\"\n"));
    }
    let script = format!(
        "#!/bin/sh\nhere=$(cd \"$(dirname \"$0\")/..\" && pwd)\n{set}exec \"$here/{program}\" \"$@\"\n"
    );
    fs::create_dir_all(file.parent().context("no folder")?)?;
    fs::write(file, script)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).context("cannot make the script executable")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_script_hands_on_arguments_and_finds_its_libraries_and_data_where_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let (script, program) = (folder.path().join("bin/server"), folder.path().join("usr/bin/server"));
        let data = [("SERVER_DATA", "usr/share/server")];
        write(&script, "usr/bin/server", &["usr/lib/a".into(), "lib/b".into()], &data).unwrap();
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, "#!/bin/sh\necho \"$LD_LIBRARY_PATH $SERVER_DATA $*\"\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let said =
            Command::new(&script).args(["--port", "0"]).env_remove("LD_LIBRARY_PATH").output().unwrap();
        let here = folder.path().canonicalize().unwrap();
        let here = here.display();
        assert_eq!(
            String::from_utf8_lossy(&said.stdout),
            format!("{here}/usr/lib/a:{here}/lib/b {here}/usr/share/server --port 0\n")
        );
    }
}
