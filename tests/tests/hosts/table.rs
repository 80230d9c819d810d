//! What works where, as a table in docs/hosts.md.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::page;

/// By host and sentence, how it is done there.
pub(crate) type Outcomes = BTreeMap<(String, String), String>;

const BEGIN: &str = "<!-- what works where: made by `cargo xtask hosts`, not by hand -->\n";
/// Spin is on few machines: without it, its columns stay as they were seen last.
const MAY_BE_ABSENT: &str = "Spin";

/// A table with a row for each sentence and a column for each host.
pub(crate) struct Table {
    /// Name and version of each host.
    columns: Vec<(String, String)>,
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    /// The table of what was seen.
    pub(crate) fn new(columns: &[(String, String)], sentences: &[&str], outcomes: &Outcomes) -> Self {
        let rows = sentences.iter().map(|sentence| {
            let cell = |(name, _): &(String, String)| {
                outcomes.get(&(name.clone(), (*sentence).to_owned())).cloned().unwrap_or_default()
            };
            ((*sentence).to_owned(), columns.iter().map(cell).collect())
        });
        Self { columns: columns.to_vec(), rows: rows.collect() }
    }

    /// Compares it with the page, or writes it there if `ALERTCAP_WRITE_TABLE` is set.
    pub(crate) fn into_page(mut self) -> Result<(), String> {
        let (_, old, _) = page::part(BEGIN)?;
        let is_written = std::env::var_os("ALERTCAP_WRITE_TABLE").is_some();
        self.keep_what_is_absent(&old);
        if !is_written {
            self.keep_versions_of_what_may_be_absent(&old);
        }
        let new = self.markdown();
        if new == old {
            return Ok(());
        }
        if !is_written {
            return Err(format!(
                "docs/hosts.md does not say what was seen; `cargo xtask hosts` writes it down:\n{new}"
            ));
        }
        page::replace(BEGIN, &new)?;
        eprintln!("written to docs/hosts.md:\n{new}");
        Ok(())
    }

    /// Takes over the columns of hosts that were not there this time, where their rows still are the same.
    fn keep_what_is_absent(&mut self, old: &str) {
        if self.columns.iter().any(|(name, _)| name.starts_with(MAY_BE_ABSENT)) {
            return;
        }
        let mut lines = old.lines().map(cells);
        let (Some(head), Some(_)) = (lines.next(), lines.next()) else { return };
        let old: Vec<Vec<String>> = lines.collect();
        for (index, title) in head.iter().enumerate().filter(|(_, title)| title.starts_with(MAY_BE_ABSENT)) {
            let (name, version) = title.split_once("<br>").unwrap_or((title, ""));
            self.columns.push((name.to_owned(), version.to_owned()));
            for (sentence, row) in &mut self.rows {
                let was = old.iter().find(|cells| cells.first() == Some(sentence));
                row.push(
                    was.and_then(|cells| cells.get(index)).cloned().unwrap_or_else(|| "not tried".to_owned()),
                );
            }
        }
    }

    /// Which Spin somebody has is not pinned: another one has to do the same, and need not be in the page.
    fn keep_versions_of_what_may_be_absent(&mut self, old: &str) {
        let head = old.lines().next().map(cells).unwrap_or_default();
        for (name, version) in &mut self.columns {
            let was =
                head.iter().filter_map(|title| title.split_once("<br>")).find(|(title, _)| title == name);
            if let (true, Some((_, was))) = (name.starts_with(MAY_BE_ABSENT), was) {
                was.clone_into(version);
            }
        }
    }

    fn markdown(&self) -> String {
        let mut text = String::from("|");
        for (name, version) in &self.columns {
            let space = if version.is_empty() { "" } else { "<br>" };
            _ = write!(text, " | {name}{space}{version}");
        }
        text.push_str(" |\n| ---");
        text.push_str(&" | ---".repeat(self.columns.len()));
        text.push_str(" |\n");
        for (sentence, row) in &self.rows {
            _ = writeln!(text, "| {sentence} | {} |", row.join(" | "));
        }
        text
    }
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|').trim_end_matches('|');
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}
