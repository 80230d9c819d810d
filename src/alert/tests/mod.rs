//! Every schema, from the fixtures in `tests/fixtures`; by what they prove.

mod fixtures;
mod identity;
pub(crate) mod mutations;
mod refusals;
mod samples;
mod targets;
mod tutorial;

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{identity::Span, *};

/// The file's bytes.
fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name).with_extension("json");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The file, changed.
fn changed(name: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(&fixture(name)).unwrap();
    change(&mut body);
    serde_json::to_vec(&body).unwrap()
}

/// The file with one field changed, which need not be there.
fn with(name: &str, pointer: &str, value: Value) -> Vec<u8> {
    changed(name, |body| {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value;
    })
}

fn alert(body: &[u8]) -> Alert {
    match read(body).unwrap() {
        Reading::Alert(alert) => *alert,
        other @ Reading::NotForUs { .. } => panic!("{other:?}"),
    }
}

/// The names of a folder's JSON files, without `.json`, sorted.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// A reading in a line: schema, condition, severity | signal, service | targets | properties.
fn in_a_line(reading: &Result<Reading, Unreadable>) -> String {
    match reading {
        Err(why) => format!("unreadable: {why:?}"),
        Ok(Reading::NotForUs { schema, reason, .. }) => format!("{} not for us: {reason}", schema.word()),
        Ok(Reading::Alert(alert)) => {
            let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let targets: Vec<String> = alert.targets.iter().map(short).collect();
            let properties: Vec<String> = alert.properties.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!(
                "{} {:?} {} | {}, {} | {} | {}",
                alert.schema.word(),
                alert.condition,
                or_none(&alert.severity),
                or_none(&alert.signal_type),
                or_none(&alert.monitoring_service),
                targets.join(" "),
                properties.join(" "),
            )
            .trim_end_matches([' ', '|'])
            .to_owned()
        }
    }
}

/// The last type and name of an id, or a computer's name in quotes.
fn short(target: &Target) -> String {
    match target {
        Target::Computer(name) => format!("{name:?}"),
        Target::Resource(id) => {
            let mut segments: Vec<&str> = id.rsplitn(3, '/').take(2).collect();
            segments.reverse();
            segments.join("/")
        }
    }
}
