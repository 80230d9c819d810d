//! A manifest for tests, short to write.

use std::path::Path;

use alertcap_host::manifest::Manifest;

/// A manifest with these lines in `[variables]` and in `[component.app.variables]`.
pub(crate) fn manifest(variables: &str, component: &str) -> Manifest {
    let text = format!(
        "spin_manifest_version = 2\n[variables]\n{variables}\n[[trigger.http]]\nroute = '/...'\ncomponent = 'app'\n\
         [component.app]\nsource = 'app.wasm'\n[component.app.variables]\n{component}\n"
    );
    Manifest::parse(&text, Path::new("")).unwrap()
}
