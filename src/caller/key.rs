//! Shared keys, in `?code=` or in the header `x-functions-key`, as users of Azure Functions expect.
//!
//! Two can be good at a time, so that they can be exchanged without a gap.

use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::route::query;

/// The keys that are good; without any, nobody is let in.
#[derive(Debug, Default)]
pub struct Keys(pub Vec<SecretString>);

/// What a request's keys are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// There is none.
    None,
    /// There are some, and none of them is good.
    Wrong,
    /// One is good.
    Right,
}

impl Keys {
    /// What the request's keys are worth; where none is set, nothing that is given is a key.
    #[must_use]
    pub fn check(&self, request: &Parts) -> Given {
        let given = if self.0.is_empty() { Vec::new() } else { given(request) };
        let mut is_right = Choice::from(0);
        for given in &given {
            for key in &self.0 {
                is_right |= is_same(given, key);
            }
        }
        match (given.is_empty(), bool::from(is_right)) {
            (true, _) => Given::None,
            (false, true) => Given::Right,
            (false, false) => Given::Wrong,
        }
    }

    /// The one that was given, if it is good.
    #[must_use]
    pub fn matching(&self, given: &str) -> Option<&SecretString> {
        // Both are compared whatever comes of the first.
        let same: Vec<bool> = self.0.iter().map(|key| is_same(given, key).into()).collect();
        self.0.iter().zip(same).find_map(|(key, is_same)| is_same.then_some(key))
    }

    /// Whether a key of the one is a key of the other.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> bool {
        let is_other =
            |key: &SecretString| other.0.iter().any(|other| other.expose_secret() == key.expose_secret());
        self.0.iter().any(is_other)
    }
}

/// Hashes have one length, so that not even the key's length shows in the time taken.
fn is_same(given: &str, key: &SecretString) -> Choice {
    let key = Sha256::digest(key.expose_secret().as_bytes());
    Sha256::digest(given.as_bytes()).as_slice().ct_eq(key.as_slice())
}

/// The keys the request carries; a wrong one in one place does not spoil a right one in the other.
fn given(request: &Parts) -> Vec<String> {
    let in_query = query(request, "code");
    let in_header = request.headers.get("x-functions-key").and_then(|v| v.to_str().ok()).map(str::to_owned);
    [in_header, in_query].into_iter().flatten().filter(|key| !key.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, header: Option<&str>) -> Parts {
        let mut builder = http::Request::builder().uri(uri);
        if let Some(header) = header {
            builder = builder.header("x-functions-key", header);
        }
        builder.body(()).unwrap().into_parts().0
    }

    fn keys(keys: &[&str]) -> Keys {
        Keys(keys.iter().map(|key| SecretString::from(*key)).collect())
    }

    #[test]
    fn a_key_is_taken_from_the_query_or_the_header() {
        let keys = keys(&["key+with/odd=chars"]);
        for request in [
            request("/api/alerts?code=key%2Bwith%2Fodd%3Dchars", None),
            request("/api/alerts?a=b&code=key%2Bwith/odd=chars&c", None),
            request("/api/alerts", Some("key+with/odd=chars")),
            request("http://host/api/alerts?code=wrong", Some("key+with/odd=chars")),
        ] {
            assert_eq!(keys.check(&request), Given::Right, "{}", request.uri);
        }
    }

    #[test]
    fn of_two_keys_either_is_taken() {
        let keys = keys(&["the-old-key-0123456", "the-new-key-0123456"]);
        for (code, given) in [
            ("the-old-key-0123456", Given::Right),
            ("the-new-key-0123456", Given::Right),
            ("the-old-key-0123456 the-new-key-0123456", Given::Wrong),
        ] {
            assert_eq!(keys.check(&request("/", Some(code))), given, "{code}");
        }
    }

    #[test]
    fn the_key_that_was_given_is_known_by_itself_alone() {
        let keys = keys(&["the-old-key-0123456", "the-new-key-0123456"]);
        for given in ["the-old-key-0123456", "the-new-key-0123456"] {
            assert_eq!(keys.matching(given).unwrap().expose_secret(), given);
        }
        for given in ["", "the-old-key-012345", "the-old-key-0123456 the-new-key-0123456"] {
            assert!(keys.matching(given).is_none(), "{given}");
        }
    }

    #[test]
    fn a_wrong_key_no_key_or_none_configured_lets_nobody_in() {
        let some = keys(&["0123456789abcdef"]);
        for (request, given) in [
            (request("/api/alerts", None), Given::None),
            (request("/api/alerts?code=", None), Given::None),
            (request("/api/alerts?code=0123456789abcde", None), Given::Wrong),
            (request("/api/alerts?code=0123456789ABCDEF", None), Given::Wrong),
            (request("/api/alerts?code=x&code=0123456789abcdef", None), Given::Wrong),
            (request("/api/alerts?kode=0123456789abcdef", Some("")), Given::None),
        ] {
            assert_eq!(some.check(&request), given, "{}", request.uri);
        }
        for code in ["/?code=", "/?code=x", "/"] {
            assert_eq!(keys(&[]).check(&request(code, Some("x"))), Given::None);
        }
    }
}
