//! A bill of materials, as `CycloneDX` writes it.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    Product,
    crates::{Crates, Id, Package},
};
use crate::{tools::WasmOpt, workspace::WASM_TARGET};

/// The bill of a product, whose wasm file has this SHA-256.
pub(super) fn bill(product: &Product, crates: &Crates, sha256: Option<&str>) -> Result<Value> {
    let own = |(name, _): &&Id| product.packages.contains(&name.as_str());
    let parts: Vec<&Id> = crates.all.keys().filter(own).collect();
    let main = parts.first().with_context(|| format!("nothing of {} is in the tree", product.name))?;
    let mut dependencies = Vec::new();
    let whole = if parts.len() > 1 {
        let whole = format!("{}@{}", product.name, main.1);
        dependencies.push(depends(&whole, parts.iter().copied()));
        whole
    } else {
        reference(main)
    };
    let mut file = json!({"type": "application", "bom-ref": whole, "name": product.name, "version": main.1});
    file["licenses"] = licenses(&crates.all[*main]);
    if let Some(sha256) = sha256 {
        file["hashes"] = hashes(sha256);
    }

    let mut components = Vec::new();
    for (id, package) in &crates.all {
        dependencies.push(depends(&reference(id), &package.needs));
        if reference(id) != whole {
            components.push(component(id, package, crates, own(&id))?);
        }
    }
    components.push(optimiser()?);
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": file,
            "properties": [{"name": "cdx:rustc:sbom:target:triple", "value": WASM_TARGET}],
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn component(id: &Id, package: &Package, crates: &Crates, is_own: bool) -> Result<Value> {
    let mut component = json!({
        "type": "library", "bom-ref": reference(id), "name": id.0, "version": id.1,
        "scope": if crates.inside.contains(id) { "required" } else { "excluded" },
    });
    // No package URL for what is ours: it is in no registry, and what bears its name in one is somebody else's.
    if !is_own {
        let checksum = crates.checksums.get(id);
        component["hashes"] =
            hashes(checksum.with_context(|| format!("{} is not from a registry", reference(id)))?);
        component["purl"] = reference(id).into();
    }
    component["licenses"] = licenses(package);
    if package.repository.starts_with("https://") {
        component["externalReferences"] = json!([{"type": "vcs", "url": package.repository}]);
    }
    Ok(component)
}

/// What goes over the wasm file once it is compiled, as `cargo xtask` builds it.
fn optimiser() -> Result<Value> {
    let version = WasmOpt::version()?;
    let purl = format!("pkg:npm/binaryen@{version}");
    Ok(json!({
        "type": "application", "bom-ref": purl, "name": "binaryen", "version": version, "scope": "excluded", "purl": purl,
        "licenses": [{"expression": "Apache-2.0"}],
    }))
}

fn depends<'a>(whole: &str, on: impl IntoIterator<Item = &'a Id>) -> Value {
    json!({"ref": whole, "dependsOn": on.into_iter().map(reference).collect::<Vec<_>>()})
}

fn licenses(package: &Package) -> Value {
    json!([{"expression": package.license}])
}

fn hashes(sha256: &str) -> Value {
    json!([{"alg": "SHA-256", "content": sha256}])
}

/// The package URL, which is each crate's reference too; `+` means a space in a URL.
fn reference((name, version): &Id) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sbom::{SPIN, WASI, crates::checksums};

    const TREE: &str = "0|alertcap v0.1.0 (/somewhere)|Apache-2.0|\n\
                        1|derive v1.0.0 (proc-macro)|MIT/Apache-2.0|https://example.com/derive\n\
                        2|quote v2.0.0|MIT|https://example.com/quote\n\
                        1|toml v1.2.1+spec-1.1.0|MIT|https://example.com/toml\n\
                        2|quote v2.0.0|MIT|https://example.com/quote (*)\n";
    const INSIDE: &str = "0|alertcap v0.1.0 (/somewhere)|Apache-2.0|\n1|toml v1.2.1+spec-1.1.0|MIT|\n";
    const ADAPTER: &str =
        "0|wasi-adapter v0.1.0 (/somewhere)|Apache-2.0|\n1|quote v2.0.0|MIT|\n2|bits v3.0.0|MIT|\n";
    const LOCK: &str = "[[package]]\nname = 'alertcap'\nversion = '0.1.0'\n\
                        [[package]]\nname = 'bits'\nversion = '3.0.0'\nchecksum = 'dd'\n\
                        [[package]]\nname = 'derive'\nversion = '1.0.0'\nchecksum = 'aa'\n\
                        [[package]]\nname = 'quote'\nversion = '2.0.0'\nchecksum = 'bb'\n\
                        [[package]]\nname = 'toml'\nversion = '1.2.1+spec-1.1.0'\nchecksum = 'cc'\n";

    fn crates() -> Crates {
        let mut crates = Crates { checksums: checksums(LOCK).unwrap(), ..Crates::default() };
        crates.add(TREE, INSIDE).unwrap();
        crates
    }

    fn of(bill: &Value, name: &str) -> Value {
        let components = bill["components"].as_array().unwrap();
        components.iter().find(|component| component["name"] == name).unwrap().clone()
    }

    fn needs(bill: &Value, whole: &str) -> Value {
        let dependencies = bill["dependencies"].as_array().unwrap();
        dependencies.iter().find(|one| one["ref"] == whole).unwrap()["dependsOn"].clone()
    }

    #[test]
    fn what_only_runs_while_the_component_is_compiled_is_told_apart() {
        let bill = bill(&SPIN, &crates(), None).unwrap();
        let (toml, derive, quote) = (of(&bill, "toml"), of(&bill, "derive"), of(&bill, "quote"));
        assert_eq!((&toml["scope"], &derive["scope"]), (&json!("required"), &json!("excluded")));
        assert_eq!(toml["purl"], "pkg:cargo/toml@1.2.1%2Bspec-1.1.0");
        assert_eq!(derive["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(quote["hashes"][0]["content"], "bb");
        assert_eq!(quote["externalReferences"][0]["url"], "https://example.com/quote");
        assert_eq!(of(&bill, "binaryen")["scope"], "excluded");
    }

    #[test]
    fn each_crate_names_what_it_needs_and_no_machine_is_in_it() {
        let bill = bill(&SPIN, &crates(), None).unwrap();
        assert_eq!(bill["metadata"]["component"]["bom-ref"], "pkg:cargo/alertcap@0.1.0");
        assert_eq!(
            needs(&bill, "pkg:cargo/alertcap@0.1.0"),
            json!(["pkg:cargo/derive@1.0.0", "pkg:cargo/toml@1.2.1%2Bspec-1.1.0"])
        );
        assert_eq!(needs(&bill, "pkg:cargo/toml@1.2.1%2Bspec-1.1.0"), json!(["pkg:cargo/quote@2.0.0"]));
        assert!(!bill.to_string().contains("somewhere"));
    }

    #[test]
    fn the_composed_file_is_made_of_the_component_and_of_the_adapter_and_of_the_crates_of_both() {
        let mut crates = crates();
        crates.add(ADAPTER, ADAPTER).unwrap();
        let bill = bill(&WASI, &crates, Some("ff")).unwrap();
        let file = &bill["metadata"]["component"];
        assert_eq!((&file["name"], &file["hashes"][0]["content"]), (&json!("alertcap-wasi"), &json!("ff")));
        let parts = json!(["pkg:cargo/alertcap@0.1.0", "pkg:cargo/wasi-adapter@0.1.0"]);
        assert_eq!(needs(&bill, "alertcap-wasi@0.1.0"), parts);
        for part in ["alertcap", "wasi-adapter"] {
            let part = of(&bill, part);
            assert_eq!((&part["scope"], part.get("purl")), (&json!("required"), None));
        }
        // In one only for its build, in the other for good; with what it needs there.
        assert_eq!(of(&bill, "quote")["scope"], "required");
        assert_eq!(needs(&bill, "pkg:cargo/quote@2.0.0"), json!(["pkg:cargo/bits@3.0.0"]));
    }

    #[test]
    fn a_crate_that_is_from_no_registry_is_not_passed_over() {
        let mut crates = crates();
        crates.checksums.clear();
        let error = bill(&SPIN, &crates, None).unwrap_err().to_string();
        assert!(error.contains("pkg:cargo/derive@1.0.0 is not from a registry"), "{error}");
    }
}
