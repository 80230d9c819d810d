//! Proof that the target works: a program and a library, compiled and linked.

use std::{fs, process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use super::toolchain::Toolchain;
use crate::{
    run::{Show, run},
    ui::Step,
    workspace::WASM_TARGET,
};

/// Touches what needs std, the allocator and libc's start-up object.
const PROGRAM: &str = r#"fn main() { println!("{:?} {:?}", std::env::args().collect::<Vec<_>>(), std::time::SystemTime::now()); }"#;
/// A component like ours is a cdylib: linked with the reactor's start-up object.
const LIBRARY: &str =
    r#"#[unsafe(no_mangle)] pub extern "C" fn f(n: u32) -> u32 { format!("{n}").len() as u32 }"#;
/// The first bytes of a component, as against a module.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Compiles both and looks at what came out.
pub(super) fn compiles(toolchain: &Toolchain) -> Result<()> {
    let step = Step::start(format!("Compile a program and a library for {WASM_TARGET}"));
    let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
    for (kind, source) in [("bin", PROGRAM), ("cdylib", LIBRARY)] {
        let (from, to) =
            (folder.path().join(format!("{kind}.rs")), folder.path().join(format!("{kind}.wasm")));
        fs::write(&from, source)?;
        let mut command = Command::new(&toolchain.rustc);
        command.args([
            "--edition",
            "2024",
            "--crate-name",
            "probe",
            "--crate-type",
            kind,
            "--target",
            WASM_TARGET,
        ]);
        command.args(["-C", "panic=abort", "-o"]).arg(&to).arg(&from);
        run(&mut command, &step, Show::Note, Duration::from_secs(120))?;
        if !fs::read(&to)?.starts_with(COMPONENT) {
            bail!("what rustc made of a {kind} for {WASM_TARGET} is no component");
        }
    }
    step.done(format!("A program and a library compile for {WASM_TARGET}"));
    Ok(())
}
