//! What is read from spin.toml, and what is refused by name.

use std::path::{Path, PathBuf};

use alertcap_host::manifest::Manifest;

const GOOD: &str = r#"
spin_manifest_version = 2

[application]
name = "app"
version = "0.1.0"

[variables]
key = { default = "", secret = true }
place = { required = true }

[[trigger.http]]
route = "/..."
component = "app"

[component.app]
source = "target/app.wasm"
allowed_outbound_hosts = ["https://{{ place }}"]
key_value_stores = ["default"]

[component.app.variables]
key = "{{ key }}"

[component.app.build]
command = "cargo build"
"#;

fn refusal(text: &str) -> String {
    format!("{:#}", Manifest::parse(text, Path::new("")).expect_err("should be refused"))
}

/// The refusal after one change to the good manifest.
fn changed(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is not in the manifest");
    refusal(&GOOD.replacen(from, to, 1))
}

#[test]
fn reads_what_a_component_needs() {
    let manifest = Manifest::parse(GOOD, Path::new("/app")).unwrap();
    assert!(manifest.variables["key"].secret);
    assert_eq!(manifest.variables["key"].default.as_deref(), Some(""));
    assert_eq!(manifest.variables["place"].default, None);
    let component = &manifest.component;
    assert_eq!(component.id, "app");
    assert_eq!(component.source, Some(PathBuf::from("/app/target/app.wasm")));
    assert_eq!(component.allowed_outbound_hosts, ["https://{{ place }}"]);
    assert!(component.key_value_stores.contains("default"));
    assert_eq!(component.variables["key"], "{{ key }}");
}

#[test]
fn reads_the_projects_own_manifest() {
    Manifest::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spin.toml"))).unwrap();
}

#[test]
fn a_source_elsewhere_is_no_file() {
    let text =
        GOOD.replace(r#""target/app.wasm""#, r#"{ url = "https://x.example/a.wasm", digest = "sha256:0" }"#);
    assert_eq!(Manifest::parse(&text, Path::new("")).unwrap().component.source, None);
}

#[test]
fn refuses_by_name_what_it_does_not_have() {
    let table = [
        ("spin_manifest_version = 2", "spin_manifest_version = 1", "spin_manifest_version 1"),
        ("[[trigger.http]]", "[[trigger.redis]]\nchannel = \"c\"\n[[trigger.http]]", "trigger.redis"),
        (
            "[[trigger.http]]",
            "[[trigger.http]]\nroute = \"/a\"\n[[trigger.http]]",
            "exactly one [[trigger.http]]",
        ),
        (r#""/...""#, r#""/api/...""#, r#"trigger.http.route "/api/...""#),
        ("route = \"/...\"\n", "", "trigger.http.route is missing"),
        (r#"component = "app""#, r#"component = "other""#, r#"trigger.http.component "other""#),
        (
            r#"component = "app""#,
            "component = \"app\"\nexecutor = { type = \"wagi\" }",
            "trigger.http.executor",
        ),
        ("[component.app]", "[component.b]\nsource = \"b\"\n[component.app]", "has 2: app, b"),
        ("key_value_stores", "files = [\"a\"]\nkey_value_stores", "component.app.files"),
        (
            "key_value_stores",
            "sqlite_databases = [\"a\"]\nkey_value_stores",
            "component.app.sqlite_databases",
        ),
        ("key_value_stores", "environment = { A = \"b\" }\nkey_value_stores", "component.app.environment"),
        ("place = { required = true }", "place = {}", "\"place\" must either be required or have a default"),
        ("required = true", "required = true, default = \"x\"", "\"place\" must either"),
        ("place = {", "Place = {", "\"Place\" must be lower-case"),
    ];
    for (from, to, expected) in table {
        let refusal = changed(from, to);
        assert!(refusal.contains(expected), "{from:?} → {to:?}: {refusal}");
    }
}

#[test]
fn what_is_empty_is_not_asked_for() {
    let text = GOOD.replace("key_value_stores", "files = []\nenvironment = {}\nkey_value_stores");
    Manifest::parse(&text, Path::new("")).unwrap();
}

#[test]
fn a_syntax_error_names_the_line_and_does_not_quote_it() {
    let refusal = changed(r#"default = "", secret"#, r#"default = "s3cret" oops, secret"#);
    assert!(refusal.starts_with("line 9: "), "{refusal}");
    assert!(!refusal.contains("s3cret"), "{refusal}");
}
