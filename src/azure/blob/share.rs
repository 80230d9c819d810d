//! Links that open one file for whoever has them, to read it and for a while: shared access signatures made with a user
//! delegation key, for which no account key is needed.
//!
//! Source: the Blob service's reference (Get User Delegation Key, Create a user delegation SAS), and for the text that is
//! signed azure-storage-blob 12.31.1: it depends on [`SIGNED_VERSION`], so that is pinned.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{HeaderMap, Method, StatusCode};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;
use url::Url;

use super::{Blob, MOST_XML, Storage, list, xml};
use crate::{
    azure::arm::ArmError,
    platform::{Platform, read_whole},
    time::Timestamp,
};

/// `sv`.
const SIGNED_VERSION: &str = "2026-10-06";
/// Clocks may be apart by so many seconds.
const SKEW: i64 = 300;

/// What links are signed with, in storage's words.
pub(super) struct DelegationKey {
    oid: String,
    tid: String,
    start: String,
    expiry: String,
    service: String,
    version: String,
    value: SecretSlice<u8>,
}

/// A link, and when it ends. It opens the file: nobody but who is told may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where the file is, signed.
    pub url: Url,
    /// When it stops being good.
    pub until: Timestamp,
}

impl<P: Platform> Storage<'_, P> {
    /// A link to a blob that is good until then, at most seven days from now.
    ///
    /// # Errors
    /// [`ArmError`] where storage gives no key to sign it with.
    pub async fn link(&self, blob: &Blob, until: Timestamp) -> Result<Link, ArmError> {
        let key = self.delegation_key(blob, until).await?;
        key.sign(blob, until).ok_or_else(list::unreadable)
    }

    async fn delegation_key(&self, blob: &Blob, until: Timestamp) -> Result<DelegationKey, ArmError> {
        let from = self.app.platform.now().after(-SKEW);
        let body = [
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>",
            &in_seconds(from),
            "</Start><Expiry>",
            &in_seconds(until),
            "</Expiry></KeyInfo>",
        ];
        let url = [blob.account_url().as_str(), "?restype=service&comp=userdelegationkey"].concat();
        let is_good = |status| status == StatusCode::OK;
        let body = Bytes::from(body.concat());
        let answer = self.send(&Method::POST, &url, &HeaderMap::new(), body, is_good).await?;
        let body = read_whole(&mut answer.into_body(), MOST_XML).await;
        let body = body.map_err(|error| ArmError::unanswered("blob storage", &error))?;
        DelegationKey::read(&body).ok_or_else(list::unreadable)
    }
}

impl DelegationKey {
    fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let part = |name| xml::text(text, name);
        Some(Self {
            oid: part("SignedOid")?,
            tid: part("SignedTid")?,
            start: part("SignedStart")?,
            expiry: part("SignedExpiry")?,
            service: part("SignedService")?,
            version: part("SignedVersion")?,
            value: BASE64_STANDARD.decode(part("Value")?).ok()?.into(),
        })
    }

    /// A link to read one blob; over TLS, except where storage itself is without (on this machine).
    fn sign(&self, blob: &Blob, until: Timestamp) -> Option<Link> {
        let mut url = Url::parse(&blob.url()).ok()?;
        let expiry = in_seconds(until);
        let protocol = if url.scheme() == "https" { "https" } else { "https,http" };
        let resource = ["/blob/", &blob.account, "/", &blob.container, "/", &blob.name].concat();
        let key = [&self.oid, &self.tid, &self.start, &self.expiry, &self.service, &self.version];
        let mut signed = vec!["r", "", &expiry, &resource];
        signed.extend(key.map(String::as_str));
        // Other users, correlation, their tenant and theirs; addresses.
        signed.extend([""; 6]);
        signed.extend([protocol, SIGNED_VERSION, "b"]);
        // Snapshot, encryption scope, headers and queries that must come, five headers of the answer.
        signed.extend([""; 9]);
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(self.value.expose_secret()).ok()?;
        mac.update(signed.join("\n").as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let mut query = url.query_pairs_mut();
        let names = ["skoid", "sktid", "skt", "ske", "sks", "skv"];
        query.extend_pairs([
            ("sv", SIGNED_VERSION),
            ("sr", "b"),
            ("sp", "r"),
            ("se", &expiry),
            ("spr", protocol),
        ]);
        query.extend_pairs(names.iter().zip(key));
        query.append_pair("sig", &signature);
        drop(query);
        Some(Link { url, until })
    }
}

/// As storage takes times: whole seconds.
fn in_seconds(time: Timestamp) -> String {
    Timestamp::from_unix(time.unix()).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::settings::files::StorageEndpoint;

    fn key() -> DelegationKey {
        let body = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey>\
            <SignedOid>0a1e47ca-0000-4000-8000-0000000000aa</SignedOid>\
            <SignedTid>0a1e47ca-0000-4000-8000-0000000000bb</SignedTid>\
            <SignedStart>2026-11-22T01:55:20Z</SignedStart><SignedExpiry>2026-11-23T02:00:20Z</SignedExpiry>\
            <SignedService>b</SignedService><SignedVersion>2023-11-03</SignedVersion>\
            <Value>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</Value></UserDelegationKey>";
        DelegationKey::read(body.as_bytes()).unwrap()
    }

    fn query(path: &str, endpoint: &StorageEndpoint) -> BTreeMap<String, String> {
        let blob = Blob::parse(path, endpoint, ["stshopcaptures"].into_iter()).unwrap();
        let link = key().sign(&blob, "2026-11-23T02:00:20.5Z".parse().unwrap()).unwrap();
        assert!(link.url.as_str().starts_with(path), "{}", link.url);
        link.url.query_pairs().into_owned().collect()
    }

    // Made by azure-storage-blob 12.31.1: `generate_blob_sas(account, container, name, user_delegation_key=UserDelegationKey
    // with the fields above, permission="r", expiry="2026-11-23T02:00:20Z", protocol=…)`, which signs as of sv 2026-10-06.
    #[test]
    fn a_link_is_signed_as_azure_storage_blob_signs_it() {
        let hosts = StorageEndpoint::Hosts {
            before: "https://".to_owned(),
            after: ".blob.core.windows.net".to_owned(),
        };
        let paths = StorageEndpoint::Paths("http://127.0.0.1:10000/".parse().unwrap());
        let base = "https://stshopcaptures.blob.core.windows.net/network-watcher-logs";
        for (path, endpoint, protocol, signature) in [
            (format!("{base}/x.cap"), &hosts, "https", "0AzMXsZI6hVRtXFroBdmx1KVqKEHfVwlP1yxTHSwwas="),
            (
                format!(
                    "{base}/subscriptions/0a1e/2026/11/22/web%20%C3%BC-01_packetcapture_02_00_21_123.cap"
                ),
                &hosts,
                "https",
                "ffBltQ7BfBAx2vYHSKnXg9iqMQGUu93UXA/cMeedFWI=",
            ),
            (
                "http://127.0.0.1:10000/stshopcaptures/logs/x.cap".to_owned(),
                &paths,
                "https,http",
                "Ftq3YBfCR23pdiWRd4pNLtH6zYykP2EzGx6HWKQagh8=",
            ),
        ] {
            let query = query(&path, endpoint);
            let expected = [
                ("se", "2026-11-23T02:00:20Z"),
                ("sig", signature),
                ("ske", "2026-11-23T02:00:20Z"),
                ("skoid", "0a1e47ca-0000-4000-8000-0000000000aa"),
                ("sks", "b"),
                ("skt", "2026-11-22T01:55:20Z"),
                ("sktid", "0a1e47ca-0000-4000-8000-0000000000bb"),
                ("skv", "2023-11-03"),
                ("sp", "r"),
                ("spr", protocol),
                ("sr", "b"),
                ("sv", SIGNED_VERSION),
            ];
            let query: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(query, expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        for body in ["", "<UserDelegationKey/>", "<Error><Code>x</Code></Error>", "\u{1}"] {
            assert!(DelegationKey::read(body.as_bytes()).is_none(), "{body}");
        }
    }
}
