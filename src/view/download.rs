//! A file for whoever asks for it: what storage is asked, and what is said of its answer. Pure.

use http::{
    HeaderMap, HeaderValue,
    header::{
        ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName,
        IF_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
    },
};

use super::files::CaptureFile;
use crate::capture::Record;

/// What of storage's answer goes on.
const PASSED_BACK: [HeaderName; 5] = [ETAG, LAST_MODIFIED, ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE];

/// What storage is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The conditions and the range.
    pub headers: HeaderMap,
    /// What it is asked for instead if a condition of these does not hold: the whole file.
    pub or_else: Option<HeaderMap>,
}

/// What a request for a file means to storage, which does not know `If-Range`: the part on that condition, or the whole.
///
/// RFC 9110, section 13.1.5: tags are compared strongly, and a range may always be ignored.
#[must_use]
pub fn wanted(asked: &HeaderMap) -> Wanted {
    let mut headers = asked.clone();
    let Some(unless_changed) = headers.remove(IF_RANGE).filter(|_| asked.contains_key(RANGE)) else {
        return Wanted { headers, or_else: None };
    };
    let mut whole = headers.clone();
    whole.remove(RANGE);
    let tag = unless_changed.as_bytes();
    let condition = if tag.starts_with(b"\"") { IF_MATCH } else { IF_UNMODIFIED_SINCE };
    // A weak tag never holds; two conditions of one kind are more than storage takes.
    if tag.starts_with(b"W/") || headers.contains_key(&condition) {
        return Wanted { headers: whole, or_else: None };
    }
    headers.insert(condition, unless_changed);
    Wanted { headers, or_else: Some(whole) }
}

/// The headers of an answer that holds the file, or a part of it.
#[must_use]
pub fn headers(from_storage: &HeaderMap, record: &Record, file: &CaptureFile) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in PASSED_BACK {
        if let Some(value) = from_storage.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.tcpdump.pcap"));
    let name = ["attachment; filename=\"", &name(record, file), "\""].concat();
    // It has no other characters than a header takes.
    headers.extend(HeaderValue::from_str(&name).ok().map(|name| (CONTENT_DISPOSITION, name)));
    headers
}

/// What a file is called where it is saved: the machine (of a scale set, and its instance) and when the capture began.
fn name(record: &Record, file: &CaptureFile) -> String {
    let mut name = record.machine.id.name().to_owned();
    let named = record.storage_path.as_deref().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    // What precedes or follows the name that Azure gave: an instance's name, a ring's number.
    let stem = named.strip_suffix(".cap").unwrap_or(named);
    let own = file.name();
    let own = own.strip_suffix(".cap").unwrap_or(own);
    if let Some((before, after)) = own.split_once(stem).filter(|_| !stem.is_empty()) {
        for part in [before, after].map(|part| part.trim_matches('_')) {
            if !part.is_empty() {
                name.push('-');
                name.push_str(part);
            }
        }
    }
    name.push('-');
    name.push_str(&record.started_at.unwrap_or(record.accepted_at).compact());
    // What is no part of a file's name everywhere, or of a header's text.
    let mut plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    plain.push_str(".cap");
    plain
}

#[cfg(test)]
#[path = "download_tests.rs"]
mod tests;
