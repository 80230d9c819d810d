//! What is made of capture files. What is wrong with it keeps nothing from being captured.

use std::time::Duration;

use url::Url;

use super::parse::{Raw, is_protected};
use crate::rules::duration;

/// The variables that are read here.
pub(super) const VARIABLES: [&str; 3] = ["storage_endpoint", "summary", "share_links"];

/// What stands for an account's name in `storage_endpoint`.
const ANY: &str = "*.";
/// What stands there while the rest is checked.
const SOME: &str = "account.";

/// What is made of capture files.
#[derive(Debug, Clone)]
pub struct Files {
    /// Where blobs are; none if that is wrong.
    pub storage: Option<StorageEndpoint>,
    /// Whether a summary is made of each.
    pub summary: bool,
    /// How long the links are good that reports carry; none = they carry none.
    pub share_links: Option<Duration>,
}

/// Where the blobs of an account are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StorageEndpoint {
    /// Each account has a host of its own.
    Hosts {
        /// What precedes the account's name: `https://`.
        before: String,
        /// What follows it: `.blob.core.windows.net`, with the port if there is one.
        after: String,
    },
    /// All are on one host, the account first in the path: an emulator, a stand-in, a proxy.
    Paths(Url),
}

impl Raw {
    pub(super) fn files(&mut self) -> Files {
        let summary = match self.get("summary").as_deref() {
            None | Some("on") => true,
            Some("off") => false,
            Some(_) => self.problem::<bool>("summary", "neither \"on\" nor \"off\"").is_some(),
        };
        Files { storage: self.storage_endpoint(), summary, share_links: self.share_links() }
    }

    fn share_links(&mut self) -> Option<Duration> {
        let value = self.get("share_links").filter(|value| value != "off")?;
        match duration::parse(&value) {
            Ok(duration) => Some(duration),
            Err(_) => {
                self.problem("share_links", "neither \"off\" nor a duration such as \"24h\", at most \"7d\"")
            }
        }
    }

    fn storage_endpoint(&mut self) -> Option<StorageEndpoint> {
        let value =
            self.get("storage_endpoint").unwrap_or_else(|| "https://*.blob.core.windows.net".to_owned());
        let endpoint = StorageEndpoint::parse(&value);
        if endpoint.is_none() {
            let problem =
                "not of the form https://*.blob.<cloud>, where * is the account, or https://host[:port]";
            return self.problem("storage_endpoint", problem);
        }
        endpoint
    }
}

impl StorageEndpoint {
    fn parse(value: &str) -> Option<Self> {
        let sample = value.replacen(ANY, SOME, 1);
        let url = Url::parse(&sample).ok().filter(|url| {
            let has_rest = url.query().is_some() || url.fragment().is_some() || url.path() != "/";
            let has_user = !url.username().is_empty() || url.password().is_some();
            url.has_host() && is_protected(url) && !has_rest && !has_user && !sample.contains('*')
        })?;
        if sample == value {
            return Some(Self::Paths(url));
        }
        let (before, after) = value.trim_end_matches('/').split_once('*')?;
        before.ends_with("://").then(|| Self::Hosts { before: before.to_owned(), after: after.to_owned() })
    }

    /// Where the containers of `account` are: a URL without a slash at its end.
    #[must_use]
    pub fn of(&self, account: &str) -> String {
        match self {
            Self::Hosts { before, after } => format!("{before}{account}{after}"),
            Self::Paths(url) => format!("{url}{account}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_a_host_of_its_own_or_the_first_place_in_the_path() {
        for (value, of) in [
            ("https://*.blob.core.windows.net", "https://stshop.blob.core.windows.net"),
            ("https://*.blob.core.chinacloudapi.cn/", "https://stshop.blob.core.chinacloudapi.cn"),
            ("https://*.blob.example:8443", "https://stshop.blob.example:8443"),
            ("http://127.0.0.1:10000", "http://127.0.0.1:10000/stshop"),
            ("https://proxy.example/", "https://proxy.example/stshop"),
        ] {
            assert_eq!(StorageEndpoint::parse(value).unwrap().of("stshop"), of, "{value}");
        }
    }
}
