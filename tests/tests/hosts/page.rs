//! docs/hosts.md, and what is made in it.

use std::fs;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/hosts.md");
const END: &str = "<!-- end -->";

/// The page in three: what stands before, in and after the part that begins with `begin`.
pub(crate) fn part(begin: &str) -> Result<(String, String, String), String> {
    let page = fs::read_to_string(PAGE).map_err(|error| format!("{PAGE}: {error}"))?;
    let (before, rest) = page.split_once(begin).ok_or(format!("{PAGE} has no {begin}"))?;
    let (part, after) = rest.split_once(END).ok_or(format!("{PAGE}: {begin} has no end"))?;
    Ok((before.to_owned(), part.to_owned(), after.to_owned()))
}

/// Writes `text` where the part that begins with `begin` stood.
pub(crate) fn replace(begin: &str, text: &str) -> Result<(), String> {
    let (before, _, after) = part(begin)?;
    fs::write(PAGE, format!("{before}{begin}{text}{END}{after}")).map_err(|error| format!("{PAGE}: {error}"))
}
