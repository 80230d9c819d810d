//! The keys of local use: random, made once per state folder, readable by their owner only.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

/// One key per kind of caller.
pub(crate) struct Keys {
    /// For POST /api/alerts.
    pub(crate) webhook: String,
    /// For the records.
    pub(crate) operator: String,
    /// For POST /api/sweep.
    pub(crate) sweep: String,
}

impl Keys {
    /// Reads the state folder's keys, or makes them.
    pub(crate) fn of(state: &Path) -> Result<Self> {
        let file = state.join("keys.json");
        match fs::read(&file) {
            Ok(text) => {
                let keys: Value = serde_json::from_slice(&text).unwrap_or_default();
                let key = |name: &str| keys[name].as_str().filter(|key| !key.is_empty()).map(str::to_owned);
                match (key("webhook_key"), key("operator_key"), key("sweep_key")) {
                    (Some(webhook), Some(operator), Some(sweep)) => Ok(Self { webhook, operator, sweep }),
                    _ => Err(anyhow!(
                        "{} does not hold the three keys; remove it to have new ones",
                        file.display()
                    )),
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let keys = Self { webhook: random()?, operator: random()?, sweep: random()? };
                let text = json!({
                    "webhook_key": keys.webhook,
                    "operator_key": keys.operator,
                    "sweep_key": keys.sweep,
                });
                let mut options = OpenOptions::new();
                let made = options.write(true).create_new(true).mode(0o600).open(&file);
                let mut made = made.with_context(|| format!("cannot create {}", file.display()))?;
                writeln!(made, "{text:#}").with_context(|| format!("cannot write {}", file.display()))?;
                Ok(keys)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }
}

/// A random number of so many hexadecimal digits, at most 64.
pub(crate) fn random_digits(digits: usize) -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system has no random numbers: {error}"))?;
    let all: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(all.chars().take(digits).collect())
}

fn random() -> Result<String> {
    random_digits(40)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_made_once_and_kept_for_their_owner_alone() {
        let state = tempfile::tempdir().unwrap();
        let made = Keys::of(state.path()).unwrap();
        let read = Keys::of(state.path()).unwrap();
        assert_eq!(
            (&made.webhook, &made.operator, &made.sweep),
            (&read.webhook, &read.operator, &read.sweep)
        );
        assert!(made.webhook != made.operator && made.webhook.len() == 40);
        let mode = fs::metadata(state.path().join("keys.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_spoilt_file_of_keys_is_not_overwritten() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join("keys.json"), "{}").unwrap();
        assert!(Keys::of(state.path()).is_err());
    }
}
