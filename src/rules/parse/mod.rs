//! TOML → checked [`Rules`], every problem with its place and what to do.
//!
//! The tree is walked by hand rather than by serde: serde ends at the first problem, and knows no places.

mod limits;
mod nearest;
mod position;
mod reader;
mod rule;
mod whole;

use std::fmt;

use serde::Serialize;
use toml::de::{DeTable, DeValue, Error};

use super::{Filter, Rules};
use crate::sort::sort_by;
use position::position;
use reader::{Keys, Reader};
pub(super) use rule::name_prefix;

/// Longer texts are refused before they are read.
pub const MAX_BYTES: usize = 64 * 1024;

/// More rules are refused: each is tried for each machine of an alert.
pub const MAX_RULES: usize = 200;

/// More problems are counted, but not told one by one.
const MAX_PROBLEMS: usize = 50;

/// One thing that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

pub(super) fn parse(text: &str, receivers: &[&str]) -> Result<Rules, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        let message =
            format!("the rules are longer than {MAX_BYTES} bytes; fold rules that differ little into one");
        return Err(vec![Problem { line: 1, column: 1, message }]);
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What stands in a text that is no TOML is anyone's guess: only that is told.
        return Err(problems(text, errors.iter().map(syntax).collect()));
    }
    let mut reader = Reader::new(text, receivers);
    let mut keys = Keys::new(tree.get_ref(), "the rules");
    let limits = keys.entry("limits").map(|entry| limits::read(&entry, &mut reader)).unwrap_or_default();
    let rules = keys.entry("rules").map(|entry| whole::read(&entry, &mut reader)).unwrap_or_default();
    keys.end(&mut reader);
    if reader.problems.is_empty() {
        Ok(Rules { limits, rules })
    } else {
        Err(problems(text, reader.problems))
    }
}

/// Reads the list of filters in a custom property, in TOML.
pub(super) fn filters(text: &str) -> Result<Vec<Filter>, String> {
    let value = DeValue::parse(text).map_err(|error| error.message().to_owned())?;
    let mut reader = Reader::new(text, &[]);
    let filters = rule::filters(&reader::Entry::of_value("filters", &value), &mut reader);
    match reader.problems.into_iter().next() {
        None => Ok(filters),
        Some((_, problem)) => Err(problem),
    }
}

fn syntax(error: &Error) -> (usize, String) {
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let hint = if message.contains("escape") {
        " (in \"…\" write \\\\ for a backslash, or put the text between '…')"
    } else {
        ""
    };
    (error.span().map_or(0, |span| span.start), format!("{message}{hint}"))
}

/// In the text's order, each once.
fn problems(text: &str, mut found: Vec<(usize, String)>) -> Vec<Problem> {
    sort_by(&mut found, Ord::cmp);
    found.dedup();
    let more = found.len().saturating_sub(MAX_PROBLEMS);
    found.truncate(MAX_PROBLEMS);
    if let (Some((at, _)), true) = (found.last(), more > 0) {
        found.push((*at, format!("and {more} more problems")));
    }
    let place = |(at, message)| {
        let (line, column) = position(text, at);
        Problem { line, column, message }
    };
    found.into_iter().map(place).collect()
}

#[cfg(test)]
#[path = "../parse_tests.rs"]
mod tests;
