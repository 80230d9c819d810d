//! An Azure that makes nobody wait: the inventory with shorter timings.

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow};
use toml::{Table, Value};

/// What is waited for in a real Azure, made short; that it has to be waited for stays.
const SHORT: [(&str, i64); 6] = [
    ("provisioning_ms", 4000),
    ("retry_after_s", 2),
    ("status_stale_s", 4),
    ("status_operation_ms", 1000),
    ("stop_ms", 1000),
    ("upload_delay_ms", 1000),
];

/// Copies an inventory, with the demo's timings in it.
pub(super) fn shorten(from: &Path, to: &Path) -> Result<()> {
    let text =
        fs::read_to_string(from).with_context(|| format!("cannot read the inventory {}", from.display()))?;
    let short = shortened(&text).with_context(|| format!("in the inventory {}", from.display()))?;
    fs::write(to, short).with_context(|| format!("cannot write {}", to.display()))
}

fn shortened(text: &str) -> Result<String> {
    let mut inventory: Table = text.parse()?;
    let timings = inventory.entry("timings").or_insert_with(|| Value::Table(Table::new()));
    let timings = timings.as_table_mut().ok_or_else(|| anyhow!("`timings` is no table"))?;
    for (name, value) in SHORT {
        timings.insert(name.to_owned(), Value::Integer(value));
    }
    Ok(toml::to_string(&inventory)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_timings_are_changed_and_those_not_shortened_stay() {
        let text = "[timings]\nprovisioning_ms = 10000\ntoken_lifetime_s = 3599\n\n[[tenants]]\nid = \"T\"\n";
        let short: Table = shortened(text).unwrap().parse().unwrap();
        assert_eq!(short["timings"]["provisioning_ms"], Value::Integer(4000));
        assert_eq!(short["timings"]["token_lifetime_s"], Value::Integer(3599));
        assert_eq!(short["tenants"][0]["id"], Value::String("T".to_owned()));
    }

    #[test]
    fn an_inventory_without_timings_gets_them() {
        let short: Table = shortened("[[tenants]]\nid = \"T\"\n").unwrap().parse().unwrap();
        assert_eq!(short["timings"]["retry_after_s"], Value::Integer(2));
    }
}
