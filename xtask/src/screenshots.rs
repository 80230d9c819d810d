//! `cargo xtask screenshots`: what docs/page.md shows of the page, as it is now.

use anyhow::Result;

use crate::{run::pass_through, test, ui, workspace::Workspace};

/// Below the repository's root.
const FOLDER: &str = "docs/images";

/// Builds and fetches what is missing, and takes them.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut cargo = test::prepared(workspace, true)?;
    cargo.args(["test", "-p", test::BLACK_BOX, "--test", "page", "--", "screenshots"]);
    pass_through(cargo.env("ALERTCAP_SCREENSHOTS", workspace.root.join(FOLDER)))?;
    ui::done(format!("what was seen stands in {FOLDER}"));
    Ok(())
}
