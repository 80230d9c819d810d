//! What the pages and the files in `deploy/` name is there: links, variables, commands.
//!
//! Hosts and clusters check the files themselves; this holds them to what changes here.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clap::CommandFactory;

use crate::Arguments;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below these folders, and the pages at the top.
fn files() -> Vec<PathBuf> {
    fn below(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, files);
            } else {
                files.push(path);
            }
        }
    }
    let mut files: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "SECURITY.md"].map(|page| root().join(page)).to_vec();
    for folder in ["deploy", "docs"] {
        below(&root().join(folder), &mut files);
    }
    files
}

/// All of it that is text: a component that somebody put there for a trial is not.
fn texts() -> Vec<(PathBuf, String)> {
    files().into_iter().filter_map(|path| fs::read_to_string(&path).ok().map(|text| (path, text))).collect()
}

/// Whether each variable of spin.toml is a secret.
fn variables() -> BTreeMap<String, bool> {
    let manifest: toml::Table = read("spin.toml").parse().unwrap();
    let variables = manifest["variables"].as_table().unwrap();
    let is_secret = |of: &toml::Value| of.get("secret").and_then(toml::Value::as_bool).unwrap_or_default();
    variables.iter().map(|(name, of)| (name.clone(), is_secret(of))).collect()
}

/// The names on the left of `=`, as in an environment file; what is commented out for an example too.
fn names(text: &str) -> Vec<&str> {
    let name = |line| -> Option<&str> {
        let (name, _) = str::trim_start_matches(line, "# ").split_once('=')?;
        let name = name.trim_end();
        (!name.is_empty() && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')))
            .then_some(name)
    };
    text.lines().filter_map(name).collect()
}

/// The heading's anchor, as pages are shown with.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let mut links = 0;
    for (page, text) in texts() {
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.contains("://") {
                continue;
            }
            links += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", page.display());
            if !heading.is_empty() {
                let there = fs::read_to_string(&target).unwrap();
                let mut headings = there.lines().filter_map(|line| line.strip_prefix('#'));
                let is_there = headings.any(|line| anchor(line.trim_start_matches('#')) == heading);
                assert!(is_there, "{}: {link}", page.display());
            }
        }
    }
    assert!(links > 50, "{links}");
}

#[test]
fn every_variable_that_is_named_for_an_environment_exists() {
    let known = variables();
    let mut named = 0;
    for (page, text) in texts() {
        for rest in text.split("SPIN_VARIABLE_").skip(1) {
            let name: String =
                rest.chars().take_while(|c| c.is_ascii_uppercase() || matches!(c, '_' | '0'..='9')).collect();
            // Else it is the prefix alone: SPIN_VARIABLE_<NAME>.
            if !name.is_empty() {
                assert!(known.contains_key(&name.to_lowercase()), "{}: {name}", page.display());
                named += 1;
            }
        }
    }
    assert!(named > 20, "{named}");
}

#[test]
fn the_example_of_variables_is_toml_and_names_what_exists() {
    let text = read("deploy/variables.example.toml");
    let table: toml::Table = text.parse().unwrap();
    let known = variables();
    for (name, value) in &table {
        assert!(known.contains_key(name) && value.is_str(), "{name}");
    }
    // As it is once its examples are no comments any more.
    let filled: String =
        text.lines().skip(3).map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect();
    let written: Vec<&str> = names(&filled).into_iter().filter(|name| *name != "name").collect();
    assert!(written.len() > table.len(), "{written:?}");
    for name in written {
        assert!(known.contains_key(name), "{name}");
    }
}

#[test]
fn a_config_map_holds_no_secret_and_a_secret_nothing_else() {
    let known = variables();
    for folder in ["spinkube", "wasmcloud"] {
        for (file, secret) in [("settings.env", false), ("secrets.example.env", true)] {
            let text = read(&format!("deploy/{folder}/{file}"));
            assert!(names(&text).len() >= 4, "{folder}/{file}");
            for name in names(&text) {
                assert_eq!(known.get(name), Some(&secret), "{folder}/{file}: {name}");
            }
        }
    }
}

#[test]
fn the_spin_app_takes_every_variable_and_the_secret_ones_from_the_secret() {
    let app = read("deploy/spinkube/app.yaml");
    let (_, lines) = app.split_once("\n  variables:\n").unwrap();
    let expected: Vec<String> = {
        let manifest: toml::Table = read("spin.toml").parse().unwrap();
        let named = manifest["variables"].as_table().unwrap().keys().cloned().collect::<Vec<_>>();
        let known = variables();
        let line = |name: &String| {
            let kind = if known[name] { "secretKeyRef" } else { "configMapKeyRef" };
            format!(
                "    - {{ name: {name}, valueFrom: {{ {kind}: {{ name: alertcap, key: {name}, optional: true }} }} }}"
            )
        };
        named.iter().map(line).collect()
    };
    let mut written: Vec<&str> = lines.lines().collect();
    written.sort_unstable();
    let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(written, expected);
}

#[test]
fn wasm_clouds_lists_of_hosts_have_the_defaults_of_both_endpoints() {
    let manifest: toml::Table = read("spin.toml").parse().unwrap();
    for file in ["deploy/wasmcloud/workload.yaml", "deploy/wasmcloud/.wash/config.yaml"] {
        for endpoint in ["login_endpoint", "arm_endpoint"] {
            let host = manifest["variables"][endpoint]["default"].as_str().unwrap();
            assert!(read(file).lines().any(|line| line.trim() == format!("- {host}")), "{file}: {host}");
        }
    }
}

#[test]
fn images_bear_the_version_that_is_built() {
    let manifest: toml::Table = read("spin.toml").parse().unwrap();
    let version = manifest["application"]["version"].as_str().unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let mut named = 0;
    for (page, text) in texts() {
        for image in ["<registry>/alertcap:", "<registry>/alertcap-wasi:"] {
            for rest in text.split(image).skip(1) {
                assert!(rest.starts_with(version), "{}: {image}", page.display());
                named += 1;
            }
        }
    }
    assert!(named >= 4, "{named}");
}

#[test]
fn every_command_of_this_tool_that_is_named_exists() {
    let tool = Arguments::command();
    let mut named = 0;
    for (page, text) in texts() {
        for rest in text.split("cargo xtask ").skip(1) {
            let name: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            assert!(tool.find_subcommand(&name).is_some(), "{}: cargo xtask {name}", page.display());
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
