//! The capture files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use alertcap_tests::note;

/// A file, by the name that its test has.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// All of them: made, or found where packages have put them.
pub(crate) fn all() -> Vec<Capture> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("captures");
    make(&folder);
    let mut captures = found("", &folder);
    captures.extend(found("pcap-parser/", &parsers_own()));
    match std::env::var_os("ALERTCAP_GOPACKET") {
        Some(folder) => captures.extend(found("gopacket/", Path::new(&folder))),
        None => {
            note("the files of Debian's gopacket are not there: this is no Debian, or not `cargo xtask test`")
        }
    }
    captures
}

/// Made by scapy, the same each time.
fn make(folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/make.py");
    let scapy = std::env::var_os("ALERTCAP_SCAPY")
        .expect("there is no scapy: run these tests by `cargo xtask test`, which fetches it");
    // What is not made any more is not to be tested.
    _ = fs::remove_dir_all(folder);
    let made = Command::new("python3").arg(script).arg(folder).env("PYTHONPATH", scapy).output();
    let made = made.expect("there is no python3");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Beside the sources of the library that reads pcap.
fn parsers_own() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--format-version", "1", "--offline", "--manifest-path"]);
    metadata.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let said = metadata.output().expect("cannot run `cargo metadata`");
    let said: serde_json::Value =
        serde_json::from_slice(&said.stdout).expect("cargo metadata printed no JSON");
    let packages = said["packages"].as_array().expect("no packages");
    let parser = packages.iter().find(|package| package["name"] == "pcap-parser").expect("no pcap-parser");
    let manifest = parser["manifest_path"].as_str().expect("no path");
    Path::new(manifest).parent().expect("no folder").join("assets")
}

fn found(prefix: &str, folder: &Path) -> Vec<Capture> {
    let (mut captures, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("cannot read the folder").map(Result::unwrap) {
            let path = entry.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let above = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // gopacket has the same names for both byte orders.
            let name = if ["le", "be"].contains(&above.as_str()) { format!("{above}-{name}") } else { name };
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => open.push(path),
                Some("pcap" | "pcapng") => captures.push(Capture { name: format!("{prefix}{name}"), path }),
                _ => {}
            }
        }
    }
    captures.sort_by(|a, b| a.name.cmp(&b.name));
    captures
}
