//! Where a request comes from: over what, and from whose page.

use http::{
    header::{self, AsHeaderName},
    request::Parts,
};

/// The cookie's name where only https may carry it: the prefix has browsers take it from this host alone.
const PROTECTED: &str = "__Host-alertcap";
/// The same on this very machine, where there is no https.
const LOCAL: &str = "alertcap";

/// Whether the cookie may travel without TLS: only where nothing leaves the machine. Whoever ends TLS before alertcap says
/// so in `X-Forwarded-Proto`; where nobody does, the host's name tells.
fn is_local(request: &Parts) -> bool {
    let forwarded = text(request, "x-forwarded-proto");
    let is_https = forwarded.is_some_and(|scheme| scheme.trim_start().starts_with("https"))
        || request.uri.scheme_str() == Some("https");
    !is_https && is_loopback(host(request).unwrap_or_default())
}

fn is_loopback(authority: &str) -> bool {
    let name = match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    };
    name == "localhost" || name == "127.0.0.1" || name == "[::1]"
}

/// The name of the cookie that this request has to bring.
#[must_use]
pub fn cookie_name(request: &Parts) -> &'static str {
    if is_local(request) { LOCAL } else { PROTECTED }
}

/// `Set-Cookie` for `value`, to be kept for so many seconds; none removes it.
#[must_use]
pub fn set_cookie(request: &Parts, value: &str, seconds: i64) -> String {
    let name = cookie_name(request);
    let secure = if name == PROTECTED { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// Whether a form comes from a page of ours.
///
/// Browsers say so in `Sec-Fetch-Site`; those that do not, and all over plain http, say in `Origin` which page it was. What
/// says neither is no browser of this decade: the token decides alone.
#[must_use]
pub fn is_same_site(request: &Parts) -> bool {
    if let Some(site) = text(request, "sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(request, header::ORIGIN) else { return true };
    let page = origin.split_once("://").map(|(_, authority)| authority);
    page.is_some() && page == host(request)
}

fn host(request: &Parts) -> Option<&str> {
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    authority.or_else(|| text(request, header::HOST))
}

fn text(request: &Parts, name: impl AsHeaderName) -> Option<&str> {
    // What is there and no text must not count as not there.
    request.headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(http::Request::builder().uri(uri), |r, (n, v)| r.header(*n, *v));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_cookie_travels_without_tls_only_where_nothing_leaves_the_machine() {
        for (uri, headers, name) in [
            ("http://127.0.0.1:3000/", &[][..], LOCAL),
            ("http://localhost/", &[], LOCAL),
            ("http://[::1]:80/", &[], LOCAL),
            ("/", &[("host", "localhost:3000")], LOCAL),
            ("https://localhost/", &[], PROTECTED),
            ("http://localhost/", &[("x-forwarded-proto", "https")], PROTECTED),
            ("http://localhost/", &[("x-forwarded-proto", "http")], LOCAL),
            ("http://alertcap.example/", &[], PROTECTED),
            ("http://10.0.0.5:3000/", &[], PROTECTED),
            ("http://localhost.evil.example/", &[], PROTECTED),
            ("http://127.0.0.1.evil.example/", &[], PROTECTED),
            ("/", &[], PROTECTED),
        ] {
            let request = request(uri, headers);
            assert_eq!(cookie_name(&request), name, "{uri} {headers:?}");
            let set = set_cookie(&request, "v", 7);
            assert_eq!(set.contains("; Secure"), name == PROTECTED, "{set}");
            assert!(set.starts_with(&format!("{name}=v; Path=/; Max-Age=7; HttpOnly; SameSite=Strict")));
        }
    }

    #[test]
    fn a_form_of_another_sites_is_known() {
        for (headers, is_ours) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://alertcap.example")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "")], false),
            (&[("origin", "https://alertcap.example")], true),
            (&[("origin", "http://alertcap.example")], true),
            (&[("origin", "https://alertcap.example:8443")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
        ] {
            let request = request("https://alertcap.example/sign-in", headers);
            assert_eq!(is_same_site(&request), is_ours, "{headers:?}");
        }
    }
}
