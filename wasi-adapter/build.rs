//! Has the linker write the adapter's calls and addresses no longer than they are, as the component's build.rs does.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    // The linker does not do it beside debug information, which a release build has none of.
    if is("CARGO_CFG_TARGET_FAMILY", "wasm") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
    }
}
