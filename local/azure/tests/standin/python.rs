//! Microsoft's own Python clients, unmodified.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use azure_standin::{Config, Standin};
use serde_json::json;

use crate::client::inventory;

/// Short enough that the clients have to follow `nextLink`.
const PAGES: (&str, &str) = ("page_size = 100", "page_size = 4");
const REQUIREMENTS: &str = include_str!("../requirements.txt");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn microsofts_python_clients_live_a_captures_whole_life() {
    let python = match tokio::task::spawn_blocking(environment).await.expect("no panic") {
        Ok(python) => python,
        Err(why) => {
            crate::note(&format!("skipped: Microsoft's Python clients cannot be had here: {why}"));
            return;
        }
    };
    let standin = Standin::start(Config::new(inventory(&[PAGES]))).await.expect("started");

    let folder = tempfile::tempdir().expect("a folder");
    let certificate_file = folder.path().join("app.pem");
    let mut settings = standin.listening();
    let certificate = settings["sample"]["client_certificate_pem"].as_str().expect("the sample certificate");
    std::fs::write(&certificate_file, certificate).expect("written");
    settings["certificate_file"] = json!(certificate_file);

    let mut command = Command::new(python);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python_sdk.py"))
        .arg(settings.to_string())
        .env("REQUESTS_CA_BUNDLE", standin.ca_file())
        .env("NO_PROXY", "*");
    let output =
        tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("python runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{out}");
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("its file is still there"), "{out}");
}

/// A virtual environment with the pinned clients, made once per target folder; its python.
fn environment() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-sdk");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let done = folder.join("requirements-installed.txt");
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/requirements.txt");
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r"];
    run(Command::new(&python).args(pip).arg(requirements))?;
    std::fs::write(&done, REQUIREMENTS).map_err(|error| error.to_string())?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
