//! Has the linker write the component's calls and addresses no longer than they are: 130 KB less. And packs what the page
//! loads, as browsers take it anyway: 8 KB less.

use std::{
    env,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};

/// What the page loads, and where it is.
const ASSETS: &str = "src/page/assets";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ASSETS}");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    // Otherwise each takes the five bytes that the longest may need. The linker does not do it beside debug
    // information, which a release build has none of (`strip` in Cargo.toml).
    if is("CARGO_CFG_TARGET_FAMILY", "wasm") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    for name in ["page.css", "page.js", "page.svg"] {
        pack(&Path::new(ASSETS).join(name), &out.join(format!("{name}.gz")))?;
    }
    Ok(())
}

/// With no time and no name in it: the same text is the same file, wherever and whenever.
fn pack(from: &Path, to: &Path) -> io::Result<()> {
    let mut file = GzBuilder::new().write(File::create(to)?, Compression::best());
    file.write_all(&fs::read(from)?)?;
    file.finish().map(drop)
}
