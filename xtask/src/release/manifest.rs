//! The released `spin.toml`: the repository's, with the component beside it and nothing to build.

use anyhow::{Context, Result, ensure};
use toml::{Table, Value};

const SOURCE: &str = "alertcap.wasm";
const BUILD: &str = "[component.alertcap.build]";

/// Changes these two things and nothing else, comments included.
pub(super) fn released(manifest: &str) -> Result<String> {
    let mut lines = Vec::new();
    let mut is_build = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_build = line.trim() == BUILD;
        }
        if !is_build {
            let is_source = line.starts_with("source = ");
            lines.push(if is_source { format!("source = \"{SOURCE}\"") } else { line.to_owned() });
        }
    }
    let released = format!("{}\n", lines.join("\n").trim_end());

    let mut wanted: Table = manifest.parse().context("is no TOML")?;
    let component = wanted.get_mut("component").and_then(|all| all.get_mut("alertcap"));
    let component = component.and_then(Value::as_table_mut).context("has no component alertcap")?;
    component.insert("source".to_owned(), SOURCE.into());
    component.remove("build");
    let is: Table = released.parse().context("would be no TOML once it is released")?;
    ensure!(
        is == wanted,
        "is not written as the release expects: one line `source = …`, and {BUILD} for itself"
    );
    Ok(released)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = include_str!("../../../spin.toml");

    #[test]
    fn the_released_manifest_has_the_component_beside_it_and_nothing_to_build() {
        let released = released(MANIFEST).unwrap();
        assert!(released.contains("\nsource = \"alertcap.wasm\"\n"));
        assert!(!released.contains("build") && !released.contains("cargo") && !released.contains("target/"));
        assert!(released.contains("# Who may call."));
        assert_eq!(released.lines().count() + 5, MANIFEST.trim_end().lines().count() + 1);
    }

    #[test]
    fn a_manifest_that_is_written_in_another_way_is_not_released_by_halves() {
        for other in [
            MANIFEST.replace("[component.alertcap.build]", "[component.alertcap.'build']"),
            MANIFEST.replace("source = ", "source= "),
            MANIFEST.replace(
                "[component.alertcap]",
                "[component.other]\nsource = \"other.wasm\"\n[component.alertcap]",
            ),
        ] {
            assert_ne!(other, MANIFEST);
            let error = format!("{:#}", released(&other).unwrap_err());
            assert!(error.contains("is not written as the release expects"), "{error}");
        }
    }
}
