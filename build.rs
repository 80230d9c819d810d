//! Has the linker write the component's calls and addresses no longer than they are: 130 KB less.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    // Otherwise each takes the five bytes that the longest may need. The linker does not do it beside debug
    // information, which a release build has none of (`strip` in Cargo.toml).
    if is("CARGO_CFG_TARGET_FAMILY", "wasm") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
    }
}
