//! The ordinary way: rustup.

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use super::{
    toolchain::{State, Toolchain},
    verify,
};
use crate::{
    run::{Show, run},
    ui::Step,
    workspace::{WASM_TARGET, on_path},
};

/// rustup's own retries end well before this where the server refuses; a slow line gets its time.
const LIMIT: Duration = Duration::from_secs(300);

/// `rustup target add`, and proof that it is our toolchain that has the target now.
pub(super) fn add(toolchain: &Toolchain) -> Result<()> {
    if on_path("rustup").is_none() {
        bail!("there is no rustup on the PATH");
    }
    let step = Step::start(format!("rustup target add {WASM_TARGET}"));
    let mut command = Command::new("rustup");
    command.args(["target", "add", WASM_TARGET]).env("RUST_BACKTRACE", "0").env("RUSTUP_MAX_RETRIES", "2");
    match run(&mut command, &step, Show::Lines, LIMIT) {
        Ok(_) => step.done(format!("rustup target add {WASM_TARGET}")),
        Err(error) => {
            step.failed(format!("rustup target add {WASM_TARGET} failed; trying the Debian archive"));
            return Err(error);
        }
    }
    if toolchain.state() != State::Complete {
        bail!(
            "rustup is content, but {} is still incomplete: it installed into another toolchain, or files were removed \
             (then `rustup target remove {WASM_TARGET}` first)",
            toolchain.target_folder().display()
        );
    }
    verify::compiles(toolchain).context("rustup installed the target, but it does not compile")
}
