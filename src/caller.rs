//! Who may call what: a shared key in `?code=` or in the header `x-functions-key`, as users of Azure Functions expect.

use http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

/// Whether the request carries `key`. No key configured: nobody does.
#[must_use]
pub fn has_key(request: &Parts, key: Option<&SecretString>) -> bool {
    let Some(key) = key else { return false };
    let expected = Sha256::digest(key.expose_secret().as_bytes());
    given(request).iter().any(|given| {
        // Hashes have one length, so that not even the key's length shows in the time taken.
        Sha256::digest(given.as_bytes()).as_slice().ct_eq(expected.as_slice()).into()
    })
}

/// The keys the request carries; a wrong one in one place does not spoil a right one in the other.
fn given(request: &Parts) -> Vec<String> {
    let query = request.uri.query().unwrap_or_default();
    let in_query = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "code")
        .map(|(_, value)| value.into_owned());
    let in_header = request.headers.get("x-functions-key").and_then(|v| v.to_str().ok()).map(str::to_owned);
    [in_header, in_query].into_iter().flatten().collect()
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

    #[test]
    fn a_key_is_taken_from_the_query_or_the_header() {
        let key = SecretString::from("key+with/odd=chars");
        for request in [
            request("/api/alerts?code=key%2Bwith%2Fodd%3Dchars", None),
            request("/api/alerts?a=b&code=key%2Bwith/odd=chars&c", None),
            request("/api/alerts", Some("key+with/odd=chars")),
            request("http://host/api/alerts?code=wrong", Some("key+with/odd=chars")),
        ] {
            assert!(has_key(&request, Some(&key)), "{}", request.uri);
        }
    }

    #[test]
    fn a_wrong_key_no_key_or_none_configured_lets_nobody_in() {
        let key = SecretString::from("0123456789abcdef");
        for request in [
            request("/api/alerts", None),
            request("/api/alerts?code=", None),
            request("/api/alerts?code=0123456789abcde", None),
            request("/api/alerts?code=0123456789ABCDEF", None),
            request("/api/alerts?kode=0123456789abcdef", Some("")),
        ] {
            assert!(!has_key(&request, Some(&key)), "{}", request.uri);
        }
        assert!(!has_key(&request("/api/alerts?code=", Some("")), None));
    }
}
