//! The table of `allowed_outbound_hosts`: which entries open what, and which are refused.

mod common;

use alertcap_host::allow::{AllowList, Destination};
use alertcap_host::variables::Variables;

const VARIABLES: &str = "host = { default = 'api.example' }\nempty = { default = '' }\nport = { default = '8080' }\n\
                         key = { default = 's3cret', secret = true }\nurl = { default = 'https://s.example' , secret = true }";

fn list(entries: &[&str]) -> anyhow::Result<AllowList> {
    let variables = Variables::resolve(&common::manifest(VARIABLES, ""), &[], |_| None).unwrap();
    AllowList::resolve(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>(), &variables)
}

fn allows(list: &AllowList, url: &str) -> bool {
    Destination::of(&url.parse().unwrap()).is_some_and(|destination| list.allows(&destination))
}

#[test]
fn an_entry_opens_what_it_says_and_nothing_else() {
    #[rustfmt::skip]
    let table = [
        ("https://a.example", &["https://a.example/x?y", "https://a.example:443/", "https://A.Example/"][..],
            &["http://a.example/", "https://a.example:8443/", "https://b.a.example/", "https://a.example.evil/"][..]),
        ("http://a.example:8080/", &["http://a.example:8080/"], &["http://a.example/", "https://a.example:8080/"]),
        ("http://a.example:*", &["http://a.example/", "http://a.example:1/"], &["https://a.example/"]),
        ("http://a.example:8000..8002", &["http://a.example:8000/", "http://a.example:8001/"],
            &["http://a.example:7999/", "http://a.example:8002/"]),
        ("*://a.example:443", &["https://a.example/", "http://a.example:443/"], &["http://a.example/"]),
        ("*://*:*", &["http://127.0.0.1:1/", "https://a.example/"], &[]),
        ("https://*", &["https://a.example/", "https://10.0.0.1/"], &["http://a.example/", "https://a.example:1/"]),
        ("https://*.a.example", &["https://b.a.example/", "https://c.b.a.example/"],
            &["https://a.example/", "https://xa.example/", "https://a.example.evil/"]),
        ("https://*.Blob.Example:444", &["https://b.blob.example:444/"], &["https://b.blob.example/"]),
        ("http://127.0.0.1", &["http://127.0.0.1/"], &["http://localhost/", "http://127.0.0.2/", "http://[::1]/"]),
        ("http://localhost", &["http://localhost/"], &["http://127.0.0.1/"]),
        ("http://10.1.2.3/8", &["http://10.255.0.1/"], &["http://11.0.0.1/", "http://ten.example/", "http://[::1]/"]),
        ("http://0.0.0.0/0:81", &["http://8.8.8.8:81/"], &["http://8.8.8.8/"]),
        ("http://[::1]", &["http://[::1]/"], &["http://[::2]/", "http://[::1]:81/"]),
        ("http://[::1]:81", &["http://[::1]:81/"], &["http://[::1]/"]),
        ("http://2001:db8::/32", &["http://[2001:db8:1::1]/"], &["http://[2001:db9::1]/"]),
        ("http://2001:db8::/32:81", &["http://[2001:db8::1]:81/"], &["http://[2001:db8::1]/"]),
        ("https://{{ host }}", &["https://api.example/"], &["https://host/"]),
        ("http://{{ host }}:{{ port }}", &["http://api.example:8080/"], &["http://api.example/"]),
        ("{{ url }}", &["https://s.example/"], &["http://s.example/"]),
        ("{{ empty }}", &[], &["http://a.example/"]),
        ("https://{{ empty }}", &[], &["https://a.example/"]),
    ];
    for (entry, open, closed) in table {
        let list = list(&[entry]).unwrap_or_else(|error| panic!("{entry}: {error:#}"));
        for url in open {
            assert!(allows(&list, url), "{entry} should open {url}");
        }
        for url in closed {
            assert!(!allows(&list, url), "{entry} should not open {url}");
        }
    }
}

#[test]
fn nothing_is_open_without_an_entry() {
    assert!(!allows(&list(&[]).unwrap(), "https://a.example/"));
}

#[test]
fn mistakes_are_refused_at_the_start() {
    for entry in [
        "",
        " ",
        "*",
        "a.example",
        "a.example:80",
        "[::1]",
        "insecure:allow-all",
        "https://",
        "https://a.example/path",
        "https://a.example//",
        "https://a.example:80/p",
        "http://10.0.0.0/8/p",
        "https://a.example:port",
        "https://a.example:99999",
        "https://a.example:1..x",
        "https://a.example:80:90",
        "*://a.example",
        "tcp://a.example",
        "ht-tp://a.example",
        "{http,https}://a.example",
        "https://a.*.example",
        "https://a.*",
        "https://*.",
        "https://*.*.example",
        "https://*.127.0.0.1",
        "https://[::1",
        "http://::1",
        "http://exa mple.com",
        "http://self",
        "http://self.alt",
        "{{ nobody }}",
        "{{ host",
        "https://{{ host }}/path",
    ] {
        assert!(list(&[entry]).is_err(), "{entry:?} should be refused");
    }
}

#[test]
fn a_refusal_names_the_entry_but_no_secret() {
    let refusal = |entry| format!("{:#}", list(&[entry]).unwrap_err());
    assert!(refusal("").contains("\"\" is not an allowed outbound host"), "{}", refusal(""));
    assert!(refusal("{{ host }}").contains("\"api.example\" is not an allowed outbound host"));
    let secret = refusal("https://{{ key }}:x");
    assert!(secret.contains("\"https://{{ key }}:x\"") && !secret.contains("s3cret"), "{secret}");
}
