//! Where a capture's file goes: storage accounts by name or id, and a path on the machine itself.

use std::fmt;

use crate::{azure::resource_id::ResourceId, text::quoted_in};

/// A storage account as a rule names it; the settings say which ones there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRef {
    /// By its name, which no other account in Azure has.
    Name(String),
    /// By its ARM id.
    Id(ResourceId),
}

impl AccountRef {
    /// Reads a name (3 to 24 lower-case letters and digits) or the ARM id of a storage account.
    ///
    /// # Errors
    /// Why it is neither, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return match ResourceId::parse(text) {
                Ok(id) if id.is_type("Microsoft.Storage/storageAccounts") => Ok(Self::Id(id)),
                Ok(_) => Err("is the id of something else than a storage account".to_owned()),
                Err(why) => Err(why.to_string()),
            };
        }
        let is_name = (3..=24).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if is_name {
            Ok(Self::Name(text.to_owned()))
        } else {
            Err("is not a storage account's name (3 to 24 lower-case letters and digits) or ARM id"
                .to_owned())
        }
    }

    /// The account's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Id(id) => id.name(),
        }
    }

    /// Whether both can be the same account: names are enough where one of them is no more than a name.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Id(own), Self::Id(theirs)) => own == theirs,
            _ => self.name().eq_ignore_ascii_case(other.name()),
        }
    }
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// Stands for the capture's name in a local path.
const NAME: &str = "{name}";

/// Longer paths are refused; with the longest name in it, it stays below Windows' 260 characters.
const MAX_PATH_CHARS: usize = 160;

/// A capture file's path on the machine, with `{name}` where the capture's name goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// Reads a path that Azure takes: `/var/captures/….cap` on Linux, `C:\….cap` on Windows.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_windows = is_drive_path(text);
        let rest = match (text.strip_prefix("/var/captures/"), is_windows) {
            (Some(rest), _) => rest,
            (None, true) => text.get(3..).unwrap_or_default(),
            (None, false) => {
                return Err(
                    "does not begin with /var/captures/ (Linux) or a drive such as C:\\ (Windows)".to_owned()
                );
            }
        };
        if text.len() > MAX_PATH_CHARS || text.matches(NAME).nth(1).is_some() {
            return Err(format!("is longer than {MAX_PATH_CHARS} characters or has {NAME} more than once"));
        }
        let plain = rest.replace(NAME, "x");
        let fits = |c: char| {
            c.is_ascii_alphanumeric()
                || matches!(c, '-' | '_' | '.' | '/')
                || (is_windows && matches!(c, '\\' | ' '))
        };
        if let Some(odd) = plain.chars().find(|c| !fits(*c)) {
            return Err(format!(
                "has {}; only A-Z a-z 0-9 . _ - and separators may stand in it, and {NAME}",
                quoted_in('\'', odd.encode_utf8(&mut [0; 4]))
            ));
        }
        let mut segments = plain.split(['/', '\\']);
        if segments.any(|segment| segment.is_empty() || segment.chars().all(|c| c == '.')) {
            return Err("has an empty part, \".\" or \"..\"".to_owned());
        }
        let file = plain.rsplit(['/', '\\']).next().unwrap_or_default();
        if file == ".cap" || !file.ends_with(".cap") {
            return Err("does not end in a file name with .cap, which Azure asks for".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The path for one capture.
    #[must_use]
    pub fn for_capture(&self, name: &str) -> String {
        self.0.replace(NAME, name)
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_drive_path(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.next() == Some(':')
        && matches!(chars.next(), Some('\\' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/stshopcaptures";

    #[test]
    fn an_account_is_known_by_name_or_id() {
        let (name, id) = (AccountRef::parse("stshopcaptures").unwrap(), AccountRef::parse(ID).unwrap());
        assert!(name.is_same(&id) && id.is_same(&name));
        assert!(!id.is_same(&AccountRef::parse(&ID.replace("/g/", "/other/")).unwrap()));
        for bad in ["", "st", "StShop", "st-shop", "https://stshop.blob.core.windows.net", "/subscriptions/s"]
        {
            assert!(AccountRef::parse(bad).is_err(), "{bad}");
        }
        assert!(AccountRef::parse(&ID.replace("storageAccounts", "queues")).is_err());
    }

    #[test]
    fn a_local_path_is_one_that_azure_takes_and_stays_where_it_begins() {
        for good in
            ["/var/captures/x.cap", "/var/captures/a/{name}.cap", r"C:\captures\{name}.cap", "D:/x.cap"]
        {
            assert!(LocalPath::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x.cap",
            "/tmp/x.cap",
            "/var/captures/.cap",
            "/var/captures/../../etc/x.cap",
            "/var/captures//x.cap",
            "/var/captures/x.pcap",
            "/var/captures/{machine}.cap",
            "/var/captures/a b.cap",
            "/var/captures/a\\b.cap",
            "/var/captures/{name}/{name}.cap",
            "C:x.cap",
            r"C:\a\..\x.cap",
            r"C:\a:b.cap",
            r"\\server\share\x.cap",
            "ü:\\x.cap",
        ] {
            assert!(LocalPath::parse(bad).is_err(), "{bad}");
        }
        let path = LocalPath::parse("/var/captures/{name}.cap").unwrap();
        assert_eq!(path.for_capture("web-1"), "/var/captures/web-1.cap");
    }
}
