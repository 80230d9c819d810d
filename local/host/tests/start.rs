//! The program itself: how it refuses to start, and that it gives no secret away.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

const MANIFEST: &str = r#"
spin_manifest_version = 2
[variables]
key = { required = true, secret = true }
place = { default = "https://a.example" }
[[trigger.http]]
route = "/..."
component = "app"
[component.app]
source = "app.wasm"
allowed_outbound_hosts = ["{{ place }}"]
"#;

struct Start {
    folder: TempDir,
    command: Command,
}

fn start(manifest: &str) -> Start {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_alertcap-host"));
    command.current_dir(folder.path()).args(["--listen", "127.0.0.1:0"]);
    Start { folder, command }
}

impl Start {
    /// What it says on stderr when it refuses; on stdout it must say nothing.
    fn refusal(&mut self) -> String {
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!status.success(), "{stderr}");
        assert!(stdout.is_empty());
        assert!(!stderr.contains("s3cret"), "{stderr}");
        let (greeting, refusal): (Vec<_>, Vec<_>) =
            stderr.lines().partition(|line| line.contains("laptops and tests"));
        assert!(greeting.len() <= 1);
        assert_eq!(refusal.len(), 1, "one line says it: {stderr}");
        refusal.concat()
    }
}

#[test]
fn missing_variables_are_named() {
    let refusal = start(MANIFEST).refusal();
    assert!(refusal.contains("required variables without a value: key (SPIN_VARIABLE_KEY)"), "{refusal}");
}

#[test]
fn a_file_that_is_no_component_is_named() {
    let mut start = start(MANIFEST);
    fs::write(start.folder.path().join("app.wasm"), "not wasm").unwrap();
    start.command.env("SPIN_VARIABLE_KEY", "s3cret");
    let refusal = start.refusal();
    assert!(refusal.contains("app.wasm is not a component that this host can run"), "{refusal}");
}

#[test]
fn a_component_without_a_handler_is_told_what_is_missing() {
    let mut start = start(MANIFEST);
    // The smallest component: the magic number and the version.
    fs::write(start.folder.path().join("other.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
    start.command.args(["--variable", "key=s3cret", "--component", "other.wasm"]);
    let refusal = start.refusal();
    assert!(
        refusal.contains("other.wasm is not a component") && refusal.contains("wasi:http/handler"),
        "{refusal}"
    );
}

#[test]
fn a_missing_manifest_is_named() {
    let mut start = start(MANIFEST);
    start.command.args(["--manifest", "missing.toml"]);
    assert!(start.refusal().contains("missing.toml"));
}

#[test]
fn secrets_stay_secret() {
    let manifest = MANIFEST.replace("{{ place }}", "{{ key }}");
    for given in ["key=s3cret", "=s3cret", "s3cret", "other=s3cret"] {
        let mut start = start(&manifest);
        start.command.args(["--variable", given]);
        start.refusal();
    }
}
