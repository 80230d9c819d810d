//! Tokens as Entra makes them for an action group, with whatever is to be wrong with them.

use std::time::{SystemTime, UNIX_EPOCH};

use alertcap_tests::{Stack, post};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The webhook's application, by identifier URI and by client id.
pub(crate) const AUDIENCE: &str = "api://alertcap";
pub(crate) const CLIENT_ID: &str = "a11e47ca-0000-4000-8000-0000000000f1";
/// Another tenant that is taken, without a key of its own at the stand-in.
pub(crate) const OTHER_TENANT: &str = "7e57ab1e-0000-4000-8000-0000000000a2";
const ACTION_GROUPS: &str = "461e8683-5575-4561-ac7f-899cc907d62a";

/// Makes tokens; signed by the tenant's key, unless something else is asked for.
pub(crate) struct Mint<'a> {
    stack: &'a Stack,
    pub(crate) tenant: String,
    /// Good when it was made, with a key that may no longer be served.
    pub(crate) rotated_out: String,
    /// When it was opened.
    pub(crate) now: i64,
}

impl<'a> Mint<'a> {
    pub(crate) fn new(stack: &'a Stack) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let tenant = stack.sample("tenant_id");
        let mut mint =
            Self { stack, tenant, rotated_out: String::new(), now: i64::try_from(now).expect("a time") };
        mint.rotated_out = mint.good();
        mint
    }

    /// The stand-in's base URL, and so Entra's.
    pub(crate) fn entra(&self) -> String {
        self.stack.azure_url()
    }

    /// A version 1.0 token's header.
    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": "RS256", "x5t": "$current", "kid": "$current" })
    }

    /// A version 1.0 token's claims.
    pub(crate) fn v1(&self) -> Value {
        let issuer = format!("https://sts.windows.net/{}/", self.tenant);
        json!({
            "aud": AUDIENCE, "iss": issuer, "iat": self.now - 300, "nbf": self.now - 300,
            "exp": self.now + 3_600, "aio": "E2NgYPj", "appid": ACTION_GROUPS, "appidacr": "2", "idp": issuer,
            "oid": "0b1ec7ed-0000-4000-8000-0000000000e1", "roles": ["ActionGroupsSecureWebhook"],
            "sub": "0b1ec7ed-0000-4000-8000-0000000000e1", "tid": self.tenant, "uti": "zJ0", "ver": "1.0",
        })
    }

    /// A version 2.0 token's claims.
    pub(crate) fn v2(&self) -> Value {
        let mut claims = self.v1();
        let object = claims.as_object_mut().expect("claims");
        for of_v1 in ["appid", "appidacr", "idp"] {
            object.remove(of_v1);
        }
        let issuer = format!("{}/{}/v2.0", self.entra(), self.tenant);
        for (name, value) in
            [("iss", issuer.as_str()), ("ver", "2.0"), ("azp", ACTION_GROUPS), ("azpacr", "2")]
        {
            object.insert(name.to_owned(), value.into());
        }
        claims
    }

    /// A good one.
    pub(crate) fn good(&self) -> String {
        self.token(&self.header(), &self.v1())
    }

    /// Of this header and these claims.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        self.sign(json!({ "header": header, "claims": claims }))
    }

    /// A good one but for its header.
    pub(crate) fn with_header(&self, change: impl Fn(&mut Value)) -> String {
        let mut header = self.header();
        change(&mut header);
        self.token(&header, &self.v1())
    }

    /// The same, signed with a key of the stand-in's, or nothing, or in another way: `sign`'s own fields.
    pub(crate) fn signed(&self, header: Value, how: Value) -> String {
        let mut whole = self.header();
        merge(&mut whole, header);
        let mut asked = json!({ "header": whole, "claims": self.v1() });
        merge(&mut asked, how);
        self.sign(asked)
    }

    /// A good one but for some claims; null takes one away.
    pub(crate) fn with_claims(&self, changes: Value) -> String {
        self.token(&self.header(), &changed(self.v1(), changes))
    }

    /// The same in version 2.0.
    pub(crate) fn with_v2_claims(&self, changes: Value) -> String {
        self.token(&self.header(), &changed(self.v2(), changes))
    }

    /// A good one but for its header's text, after its first brace.
    pub(crate) fn with_header_text(&self, before: &str) -> String {
        let mut asked = json!({ "claims": self.v1() });
        let header = BASE64_URL_SAFE_NO_PAD.decode(self.part(&self.good(), 0)).expect("base64url");
        let header = String::from_utf8(header).expect("text");
        asked["header_text"] = format!("{{{before}{}", &header[1..]).into();
        self.sign(asked)
    }

    /// A good one but for its claims' text, after its first brace.
    pub(crate) fn with_claims_text(&self, before: &str) -> String {
        self.of_claims_text(&format!("{{{before}{}", &self.v1().to_string()[1..]))
    }

    /// A good one but for its claims, which are this text.
    pub(crate) fn of_claims_text(&self, text: &str) -> String {
        self.sign(json!({ "header": self.header(), "claims_text": text }))
    }

    /// One part of a token.
    pub(crate) fn part(&self, token: &str, number: usize) -> String {
        token.split('.').nth(number).expect("a part").to_owned()
    }

    /// A good one with its parts changed.
    pub(crate) fn with_parts(&self, change: impl Fn(&mut Vec<String>)) -> String {
        let mut parts = self.good().split('.').map(str::to_owned).collect();
        change(&mut parts);
        parts.join(".")
    }

    fn sign(&self, asked: Value) -> String {
        let url = format!("{}/_standin/sign", self.entra());
        let answer = post(&url, &[("content-type", "application/json")], asked.to_string().as_bytes());
        answer.json["token"].as_str().unwrap_or_else(|| panic!("{asked}: {answer:?}")).to_owned()
    }
}

fn changed(mut claims: Value, changes: Value) -> Value {
    merge(&mut claims, changes);
    claims
}

fn merge(into: &mut Value, changes: Value) {
    let into = into.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            into.remove(name);
        } else {
            into.insert(name.clone(), value.clone());
        }
    }
}
