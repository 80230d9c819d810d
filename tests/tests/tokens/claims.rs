//! Tokens that are the tenant's own, and not for this webhook: another issuer, audience, time, application or role.

use serde_json::json;

use crate::{
    Bad,
    mint::{AUDIENCE, Mint, OTHER_TENANT},
};

const STRANGE_TENANT: &str = "11111111-2222-4333-8444-555555555555";

fn v1_issuer(tenant: &str) -> String {
    format!("https://sts.windows.net/{tenant}/")
}

fn of_issuer(m: &Mint, issuer: impl Into<String>) -> String {
    m.with_claims(json!({ "iss": issuer.into() }))
}

pub(crate) const ISSUER: &[Bad] = &[
    Bad("another tenant's", 401, |m| {
        m.with_claims(json!({"iss": v1_issuer(STRANGE_TENANT), "tid": STRANGE_TENANT}))
    }),
    Bad("another tenant's issuer, this one's tid", 401, |m| of_issuer(m, v1_issuer(STRANGE_TENANT))),
    Bad("this tenant's issuer, another one's tid", 401, |m| m.with_claims(json!({"tid": STRANGE_TENANT}))),
    Bad("this tenant's issuer, tid of another that is taken", 401, |m| {
        m.with_claims(json!({"tid": OTHER_TENANT}))
    }),
    Bad("issuer of another tenant that is taken, this one's tid", 401, |m| {
        of_issuer(m, v1_issuer(OTHER_TENANT))
    }),
    Bad("tid missing", 401, |m| m.with_claims(json!({"tid": null}))),
    Bad("tid empty", 401, |m| m.with_claims(json!({"tid": ""}))),
    Bad("tid in braces", 401, |m| m.with_claims(json!({"tid": format!("{{{}}}", m.tenant)}))),
    Bad("tid a list", 401, |m| m.with_claims(json!({"tid": [m.tenant]}))),
    Bad("iss missing", 401, |m| m.with_claims(json!({"iss": null}))),
    Bad("iss a list", 401, |m| m.with_claims(json!({"iss": [v1_issuer(&m.tenant)]}))),
    Bad("version 1.0's issuer with ver 2.0", 401, |m| m.with_claims(json!({"ver": "2.0"}))),
    Bad("version 2.0's issuer with ver 1.0", 401, |m| m.with_v2_claims(json!({"ver": "1.0"}))),
    Bad("ver missing", 401, |m| m.with_claims(json!({"ver": null}))),
    Bad("ver a number", 401, |m| m.with_claims(json!({"ver": 1.0}))),
    Bad("version 1.0's issuer without its slash", 401, |m| {
        of_issuer(m, v1_issuer(&m.tenant).trim_end_matches('/'))
    }),
    Bad("version 2.0's issuer with a slash", 401, |m| {
        m.with_v2_claims(json!({"iss": format!("{}/{}/v2.0/", m.entra(), m.tenant)}))
    }),
    Bad("issuer over http", 401, |m| of_issuer(m, v1_issuer(&m.tenant).replace("https", "http"))),
    Bad("issuer in capitals", 401, |m| of_issuer(m, v1_issuer(&m.tenant).to_uppercase())),
    Bad("issuer with a suffix", 401, |m| of_issuer(m, v1_issuer(&m.tenant) + "v2.0")),
    Bad("issuer with a dot too many", 401, |m| {
        of_issuer(m, v1_issuer(&m.tenant).replace("windows.net", "windows.net.evil.example"))
    }),
    Bad("issuer with a user", 401, |m| {
        of_issuer(m, v1_issuer(&m.tenant).replace("sts.windows.net", "sts.windows.net@evil.example"))
    }),
    Bad("issuer after another host", 401, |m| {
        of_issuer(m, format!("https://evil.example/{}", v1_issuer(&m.tenant)))
    }),
    Bad("issuer with {tenantid}", 401, |m| of_issuer(m, v1_issuer("{tenantid}"))),
    Bad("issuer common", 401, |m| of_issuer(m, v1_issuer("common"))),
    Bad("issuer of the public cloud, version 2.0", 401, |m| {
        m.with_v2_claims(json!({"iss": format!("https://login.microsoftonline.com/{}/v2.0", m.tenant)}))
    }),
    Bad("issuer of Azure in China", 401, |m| {
        of_issuer(m, format!("https://sts.chinacloudapi.cn/{}/", m.tenant))
    }),
    Bad("issuer of Entra's consumers", 401, |m| {
        let consumers = "9188040d-6c67-4c5b-b112-36a304b66dad";
        m.with_v2_claims(json!({"iss": format!("{}/{consumers}/v2.0", m.entra()), "tid": consumers}))
    }),
];

pub(crate) const AUDIENCES: &[Bad] = &[
    Bad("another audience", 401, |m| m.with_claims(json!({"aud": "api://another"}))),
    Bad("ARM's audience", 401, |m| m.with_claims(json!({"aud": "https://management.azure.com/"}))),
    Bad("audiences in a list", 401, |m| m.with_claims(json!({"aud": [AUDIENCE]}))),
    Bad("this audience and another in a list", 401, |m| {
        m.with_claims(json!({"aud": ["api://another", AUDIENCE]}))
    }),
    Bad("audience missing", 401, |m| m.with_claims(json!({"aud": null}))),
    Bad("audience empty", 401, |m| m.with_claims(json!({"aud": ""}))),
    Bad("audience a number", 401, |m| m.with_claims(json!({"aud": 1}))),
    Bad("audience with a slash", 401, |m| m.with_claims(json!({"aud": format!("{AUDIENCE}/")}))),
    Bad("audience with a blank", 401, |m| m.with_claims(json!({"aud": format!("{AUDIENCE} ")}))),
    Bad("audience in capitals", 401, |m| m.with_claims(json!({"aud": AUDIENCE.to_uppercase()}))),
    Bad("audience as it is configured, all of it", 401, |m| {
        m.with_claims(json!({"aud": format!("{AUDIENCE} {}", crate::mint::CLIENT_ID)}))
    }),
    Bad("audience with more behind a NUL", 401, |m| {
        m.with_claims(json!({"aud": format!("{AUDIENCE}\u{0}.evil")}))
    }),
];

pub(crate) const TIMES: &[Bad] = &[
    Bad("expired an hour ago", 401, |m| m.with_claims(json!({"exp": m.now - 3_600}))),
    Bad("expired just beyond the skew", 401, |m| m.with_claims(json!({"exp": m.now - 61}))),
    Bad("exp missing", 401, |m| m.with_claims(json!({"exp": null}))),
    Bad("exp a text", 401, |m| m.with_claims(json!({"exp": (m.now + 3_600).to_string()}))),
    Bad("exp negative", 401, |m| m.with_claims(json!({"exp": -1}))),
    Bad("exp 0", 401, |m| m.with_claims(json!({"exp": 0}))),
    Bad("exp beyond 64 bits", 401, |m| m.with_claims(json!({"exp": 1e300}))),
    Bad("exp the largest number", 401, |m| m.with_claims(json!({"exp": i64::MAX}))),
    Bad("exp larger than that", 401, |m| m.with_claims(json!({"exp": u64::MAX}))),
    Bad("exp with a fraction, long ago", 401, |m| m.with_claims(json!({"exp": 1.5}))),
    Bad("exp in milliseconds, long ago", 401, |m| m.with_claims(json!({"exp": 1_700_000.5e3}))),
    Bad("exp a list", 401, |m| m.with_claims(json!({"exp": [m.now + 3_600]}))),
    Bad("nbf in an hour", 401, |m| m.with_claims(json!({"nbf": m.now + 3_600}))),
    Bad("nbf beyond the skew", 401, |m| m.with_claims(json!({"nbf": m.now + 200}))),
    Bad("nbf a text", 401, |m| m.with_claims(json!({"nbf": "yesterday"}))),
];

pub(crate) const CALLERS: &[Bad] = &[
    Bad("roles missing", 403, |m| m.with_claims(json!({"roles": null}))),
    Bad("roles empty", 403, |m| m.with_claims(json!({"roles": []}))),
    Bad("other roles", 403, |m| m.with_claims(json!({"roles": ["Reader", "Contributor"]}))),
    Bad("the role in small letters", 403, |m| m.with_claims(json!({"roles": ["actiongroupssecurewebhook"]}))),
    Bad("the role with more behind it", 403, |m| {
        m.with_claims(json!({"roles": ["ActionGroupsSecureWebhook.Read"]}))
    }),
    Bad("the role in scp", 403, |m| {
        m.with_claims(json!({"roles": null, "scp": "ActionGroupsSecureWebhook"}))
    }),
    Bad("the role in wids", 403, |m| {
        m.with_claims(json!({"roles": null, "wids": ["ActionGroupsSecureWebhook"]}))
    }),
    Bad("roles a text", 401, |m| m.with_claims(json!({"roles": "ActionGroupsSecureWebhook"}))),
    Bad("roles an object", 401, |m| m.with_claims(json!({"roles": {"ActionGroupsSecureWebhook": true}}))),
    Bad("another application, version 1.0", 403, |m| m.with_claims(json!({"appid": STRANGE_TENANT}))),
    Bad("another application, version 2.0", 403, |m| m.with_v2_claims(json!({"azp": STRANGE_TENANT}))),
    Bad("application missing, version 1.0", 403, |m| m.with_claims(json!({"appid": null}))),
    Bad("application missing, version 2.0", 403, |m| m.with_v2_claims(json!({"azp": null}))),
    Bad("application empty", 403, |m| m.with_claims(json!({"appid": ""}))),
    Bad("application a list", 401, |m| m.with_claims(json!({"appid": ["x"]}))),
    Bad("application in azp only, version 1.0", 403, |m| {
        m.with_claims(json!({"azp": m.v1()["appid"], "appid": null}))
    }),
    Bad("application in appid only, version 2.0", 403, |m| {
        m.with_v2_claims(json!({"appid": m.v1()["appid"], "azp": null}))
    }),
    Bad("azp right and appid another, version 1.0", 403, |m| {
        m.with_claims(json!({"azp": m.v1()["appid"], "appid": STRANGE_TENANT}))
    }),
    Bad("appid right and azp another, version 2.0", 403, |m| {
        m.with_v2_claims(json!({"appid": m.v1()["appid"], "azp": STRANGE_TENANT}))
    }),
];

pub(crate) const TEXTS: &[Bad] = &[
    Bad("aud twice", 401, |m| m.with_claims_text(r#""aud":"api://another","#)),
    Bad("iss twice", 401, |m| m.with_claims_text(r#""iss":"https://evil.example/","#)),
    Bad("tid twice", 401, |m| m.with_claims_text(r#""tid":"x","#)),
    Bad("ver twice", 401, |m| m.with_claims_text(r#""ver":"1.0","#)),
    Bad("roles twice", 401, |m| m.with_claims_text(r#""roles":[],"#)),
    Bad("appid twice", 401, |m| m.with_claims_text(r#""appid":"x","#)),
    Bad("exp twice", 401, |m| m.with_claims_text(r#""exp":1,"#)),
    Bad("nbf twice", 401, |m| m.with_claims_text(r#""nbf":1,"#)),
    Bad("exp twice, once in escapes", 401, |m| m.with_claims_text(r#""\u0065xp":1,"#)),
    Bad("aud twice, once in escapes", 401, |m| m.with_claims_text(r#""a\u0075d":"api://another","#)),
    Bad("all of it within another claim", 401, |m| m.of_claims_text(&json!({"claims": m.v1()}).to_string())),
    Bad("claims in a list", 401, |m| m.of_claims_text(&json!([m.v1()]).to_string())),
    Bad("claims a text", 401, |m| m.of_claims_text(&json!(m.v1().to_string()).to_string())),
    Bad("claims after a byte-order mark", 401, |m| m.of_claims_text(&format!("\u{feff}{}", m.v1()))),
    Bad("claims before a NUL", 401, |m| m.of_claims_text(&format!("{}\u{0}", m.v1()))),
    Bad("claims with a comment", 401, |m| m.of_claims_text(&format!("/* good */{}", m.v1()))),
    Bad("claims twice", 401, |m| m.of_claims_text(&format!("{}{}", m.v1(), m.v1()))),
    Bad("a claim 3,000 levels deep", 401, |m| {
        m.with_claims_text(&format!(r#""x":{}{},"#, "[".repeat(3_000), "]".repeat(3_000)))
    }),
    Bad("a claim 10,000 levels deep", 401, |m| {
        m.with_claims_text(&format!(r#""x":{}{},"#, "[".repeat(10_000), "]".repeat(10_000)))
    }),
    Bad("20 KB", 401, |m| m.with_claims(json!({"x": "x".repeat(15_000)}))),
    Bad("200 KB", 401, |m| m.with_claims(json!({"x": "x".repeat(150_000)}))),
];
