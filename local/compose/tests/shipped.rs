//! The component and the adapter as they are shipped.

use std::{env, fs};

use alertcap_compose::{Interfaces, compose};

fn built(variable: &str) -> Vec<u8> {
    let file = env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run these tests by `cargo xtask test`"));
    fs::read(&file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()))
}

#[test]
fn the_composed_component_is_the_same_but_for_what_stands_in_for_spin() {
    let component = built("ALERTCAP_WASM");
    let composed = compose(&component, &built("ALERTCAP_ADAPTER_WASM")).unwrap();
    let (before, after) = (Interfaces::of(&component).unwrap(), Interfaces::of(&composed).unwrap());
    assert_eq!(before.of_spin(), ["spin:key-value/key-value@3.0.0", "spin:variables/variables@3.0.0"]);
    assert_eq!(after.of_spin(), [""; 0]);
    assert!(after.imports.contains("wasi:keyvalue/store@0.2.0-draft"), "{:?}", after.imports);
    assert!(after.imports.contains("wasi:config/store@0.2.0-rc.1"), "{:?}", after.imports);
    // Unchanged, as a whole.
    assert!(composed.windows(component.len()).any(|part| part == component));
}

#[test]
fn what_was_composed_before_the_tests_is_what_composing_gives_now() {
    let composed = compose(&built("ALERTCAP_WASM"), &built("ALERTCAP_ADAPTER_WASM")).unwrap();
    assert!(composed == built("ALERTCAP_WASI_WASM"), "composing twice gives two files");
}
