//! Texts → checked [`Settings`], every problem noted and none of them fatal. Pure.

use url::Url;

use super::{Captures, OnLimit, Problem, Settings};
use crate::{
    azure::resource_id::{ResourceId, Scope},
    capture::name,
    report::Receiver,
    rules::Rules,
    text::quoted,
};

/// All variables, as declared in spin.toml.
pub(super) const NAMES: [&str; 40] = [
    "webhook_key",
    "webhook_secret",
    "webhook_audience",
    "webhook_tenants",
    "webhook_app_id",
    "webhook_requires",
    "operator_key",
    "sweep_key",
    "tenant_id",
    "client_id",
    "client_secret",
    "client_certificate",
    "federated_token",
    "managed_identity",
    "imds_endpoint",
    "login_endpoint",
    "arm_endpoint",
    "allowed_scopes",
    "storage_account_id",
    "time_limit_seconds",
    "bytes_per_packet",
    "bytes_per_session",
    "name_prefix",
    "session_limit",
    "on_limit",
    "history_days",
    "dedupe_window_seconds",
    "notify_url",
    "notify_host",
    "notify_secret",
    "teams_url",
    "teams_host",
    "slack_url",
    "slack_host",
    "storage_endpoint",
    "summary",
    "share_links",
    "rules",
    "network_api_version",
    "compute_api_version",
];

/// The values that are set, and the problems found so far.
#[derive(Default)]
pub(super) struct Raw {
    pub(super) values: Vec<(&'static str, String)>,
    problems: Vec<Problem>,
}

impl Raw {
    /// What the values make.
    pub(super) fn into_settings(mut self) -> Settings {
        let endpoints = self.endpoints();
        let callers = self.callers(endpoints.as_ref());
        let azure = self.azure(endpoints, &callers);
        let mut captures = self.captures();
        captures.rules = self.rules(&captures);
        let files = self.files();
        let people = self.people();
        self.tells_only_who_is_set_up(&captures);
        Settings { callers, azure, captures, files, people, problems: self.problems }
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone())
    }

    pub(super) fn problem<T>(&mut self, variable: &'static str, problem: impl Into<String>) -> Option<T> {
        self.problems.push(Problem { variable, problem: problem.into() });
        None
    }

    pub(super) fn required(&mut self, name: &'static str, what: &str) -> Option<String> {
        match self.get(name) {
            Some(value) => Some(value),
            None => self.problem(name, format!("not set; it is {what}")),
        }
    }

    fn number(&mut self, name: &'static str, low: u32, high: u32) -> Option<u32> {
        let value = self.get(name)?;
        match value.parse() {
            Ok(n) if (low..=high).contains(&n) => Some(n),
            _ => self.problem(name, format!("not a whole number from {low} to {high}")),
        }
    }

    fn captures(&mut self) -> Captures {
        let storage_accounts = self.storage_accounts();
        let name_prefix = match self.get("name_prefix") {
            Some(prefix) if !name::is_readable_part(&prefix) => self
                .problem("name_prefix", "not 1 to 24 of A-Z a-z 0-9 . _ - beginning with a letter or digit"),
            other => other,
        };
        Captures {
            allowed_scopes: self.scopes(),
            storage_accounts,
            time_limit_seconds: self.number("time_limit_seconds", 1, 18_000),
            bytes_per_packet: self.number("bytes_per_packet", 0, u32::MAX),
            bytes_per_session: self.number("bytes_per_session", 0, u32::MAX),
            name_prefix: name_prefix.unwrap_or_else(|| "alertcap".to_owned()),
            session_limit: self.number("session_limit", 1, 10_000).unwrap_or(10_000),
            on_limit: self.on_limit(),
            history_days: self.number("history_days", 1, 3_650).unwrap_or(90),
            dedupe_window_seconds: self.number("dedupe_window_seconds", 1, 86_400).unwrap_or(300),
            receivers: self.receivers(),
            rules: Rules::default(),
        }
    }

    fn on_limit(&mut self) -> OnLimit {
        match self.get("on_limit").as_deref() {
            None | Some("fail") => OnLimit::Fail,
            Some("evict") => OnLimit::Evict,
            Some(_) => self.problem("on_limit", "neither fail nor evict").unwrap_or_default(),
        }
    }

    /// A wrong entry is left out, which can only narrow what is allowed.
    fn scopes(&mut self) -> Vec<Scope> {
        let Some(text) = self.get("allowed_scopes") else {
            self.problem::<()>(
                "allowed_scopes",
                "not set, so no machine may be captured; set ARM ids such as /subscriptions/<id>/resourceGroups/<group>",
            );
            return Vec::new();
        };
        self.entries("allowed_scopes", &text, |entry| Scope::parse(entry).map_err(|why| why.to_string()))
    }

    fn storage_accounts(&mut self) -> Vec<ResourceId> {
        let Some(text) =
            self.required("storage_account_id", "the ARM id of the storage account for the files")
        else {
            return Vec::new();
        };
        let accounts = self.entries("storage_account_id", &text, |entry| match ResourceId::parse(entry) {
            Ok(id) if id.is_type("Microsoft.Storage/storageAccounts") => Ok(id),
            Ok(_) => Err("is not the ARM id of a storage account".to_owned()),
            Err(why) => Err(why.to_string()),
        });
        for (index, account) in accounts.iter().enumerate() {
            let name = account.name();
            if accounts.iter().take(index).any(|other| other.name().eq_ignore_ascii_case(name)) {
                self.problem::<()>(
                    "storage_account_id",
                    format!("entry {} has an earlier one's name", index.saturating_add(1)),
                );
            }
        }
        accounts
    }

    /// The entries of a list that are right; the others are named by their number.
    pub(super) fn entries<T>(
        &mut self,
        name: &'static str,
        text: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for (number, entry) in split(text).enumerate().map(|(index, entry)| (index.saturating_add(1), entry))
        {
            match parse(entry) {
                Ok(parsed) => all.push(parsed),
                // Not the entry itself: this is shown to anyone, and something else may have been pasted there.
                Err(why) => _ = self.problem::<()>(name, format!("entry {number} {why}")),
            }
        }
        all
    }

    /// Wrong rules are none, and then an alert's capture fails with the reason: none is taken on a guess.
    fn rules(&mut self, captures: &Captures) -> Rules {
        let Some(text) = self.get("rules") else { return Rules::default() };
        let rules = match Rules::parse(&text, &Receiver::NAMES) {
            Ok(rules) => rules,
            Err(problems) => {
                for problem in problems {
                    self.problem::<()>("rules", problem.to_string());
                }
                return Rules::default();
            }
        };
        for rule in &rules.rules {
            for scope in rule.terms.allowed_scopes.iter().flatten() {
                if !captures.allowed_scopes.iter().any(|allowed| allowed.holds(scope)) {
                    let problem = format!(
                        "the rule {} has a scope outside the variable allowed_scopes",
                        quoted(&rule.name)
                    );
                    self.problem::<()>("rules", problem);
                }
            }
            for account in rule.terms.storage_accounts.iter().flatten() {
                if captures.account(account).is_none() {
                    let problem = format!(
                        "the rule {} names a storage account that storage_account_id does not",
                        quoted(&rule.name)
                    );
                    self.problem::<()>("rules", problem);
                }
            }
        }
        rules
    }
}

/// The entries of a list: separated by spaces, commas, semicolons or lines.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', ' ', '\n', '\r', '\t']).filter(|entry| !entry.is_empty())
}

pub(super) fn is_protected(url: &Url) -> bool {
    let local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    url.scheme() == "https" || (url.scheme() == "http" && local)
}
