//! Where a file lies.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::settings::files::StorageEndpoint;

/// What a blob's name keeps of itself in a URL.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A blob of one of the accounts that files may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The account's name.
    pub account: String,
    /// The container's.
    pub container: String,
    /// The blob's, with its folders.
    pub name: String,
    /// Where the account's containers are.
    base: String,
}

impl Blob {
    /// The blob that a capture's `storagePath` names, if it lies at `endpoint` in one of `accounts` (their names). Anywhere
    /// else no token goes.
    #[must_use]
    pub fn parse<'a>(
        path: &str,
        endpoint: &StorageEndpoint,
        mut accounts: impl Iterator<Item = &'a str>,
    ) -> Option<Self> {
        let url = Url::parse(path).ok()?;
        accounts.find_map(|account| {
            let account = account.to_ascii_lowercase();
            let base = endpoint.of(&account);
            let at = Url::parse(&base).ok().filter(|at| at.origin() == url.origin())?;
            let rest = url.path().strip_prefix(at.path().trim_end_matches('/'))?.strip_prefix('/')?;
            let rest = percent_decode_str(rest).decode_utf8().ok()?;
            let (container, name) = rest.split_once('/')?;
            let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(char::is_control);
            let is_container =
                container.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-$".contains(&byte));
            (is_container && !container.is_empty() && name.split('/').all(is_plain)).then(|| Self {
                account,
                container: container.to_owned(),
                name: name.to_owned(),
                base,
            })
        })
    }

    /// Its URL, without a signature.
    #[must_use]
    pub fn url(&self) -> String {
        let name = utf8_percent_encode(&self.name, ESCAPED).to_string();
        [self.container_url().as_str(), "/", &name].concat()
    }

    /// Its container's URL.
    #[must_use]
    pub fn container_url(&self) -> String {
        [self.base.as_str(), "/", &self.container].concat()
    }

    /// Its account's URL.
    #[must_use]
    pub fn account_url(&self) -> String {
        [self.base.as_str(), "/"].concat()
    }

    /// The blob of this name beside it.
    #[must_use]
    pub fn beside(&self, name: String) -> Self {
        Self { name, ..self.clone() }
    }

    /// The folder that it lies in, with a slash at its end, and its name there.
    #[must_use]
    pub fn in_folder(&self) -> (&str, &str) {
        self.name.rsplit_once('/').map_or(("", self.name.as_str()), |(folder, file)| {
            (self.name.get(..folder.len().saturating_add(1)).unwrap_or(folder), file)
        })
    }
}
