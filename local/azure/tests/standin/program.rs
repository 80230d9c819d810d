//! The binary.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn the_program_says_in_one_line_where_it_listens_and_ends_when_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    let mut authorities = Vec::new();
    for _ in 0..2 {
        let mut program = Command::new(env!("CARGO_BIN_EXE_azure-standin"))
            .arg("--state-dir")
            .arg(&state)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(program.stdout.take().expect("a pipe")).lines();
        let line = lines.next_line().await.expect("a pipe").expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(line["event"], "listening");
        assert!(line["https"].as_str().is_some_and(|url| url.starts_with("https://localhost:")));
        assert!(
            line["sample"]["machine_id"].as_str().is_some_and(|id| id.ends_with("/virtualMachines/web-01"))
        );
        let url = format!("{}/_standin/requests", line["http"].as_str().expect("a URL"));
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert_eq!(
            reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client")
                .get(url)
                .send()
                .await
                .expect("it listens")
                .status(),
            200
        );
        authorities.push(std::fs::read(line["ca_file"].as_str().expect("a path")).expect("a file"));

        let id = program.id().expect("it runs").to_string();
        std::process::Command::new("kill").arg(&id).status().expect("told to end");
        let ended = tokio::time::timeout(Duration::from_secs(10), program.wait()).await.expect("it ends");
        assert!(ended.expect("an exit code").success());
        assert_eq!(lines.next_line().await.expect("a pipe"), None, "one line and no more");
    }
    assert_eq!(authorities[0], authorities[1], "the authority is reused");
}

#[tokio::test]
async fn an_inventory_that_is_wrong_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, "tenants = []\nsubscriptions = []\n").expect("written");
    for (path, complaint) in
        [(file.as_path(), "add a [[tenants]] table"), (folder.path(), "cannot read the inventory")]
    {
        let program = Command::new(env!("CARGO_BIN_EXE_azure-standin")).arg("--inventory").arg(path).output();
        let output = program.await.expect("started");
        assert!(!output.status.success() && output.stdout.is_empty());
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(complaint), "{text}");
    }
}
