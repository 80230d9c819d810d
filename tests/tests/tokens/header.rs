//! Tokens whose header lies about how and by whom they were signed.

use serde_json::json;

use crate::Bad;

pub(crate) const ROWS: &[Bad] = &[
    Bad("alg none, not signed", 401, |m| m.signed(json!({"alg": "none"}), json!({"key": "none"}))),
    Bad("alg None, not signed", 401, |m| m.signed(json!({"alg": "None"}), json!({"key": "none"}))),
    Bad("alg NONE, not signed", 401, |m| m.signed(json!({"alg": "NONE"}), json!({"key": "none"}))),
    Bad("alg none, signed all the same", 401, |m| m.signed(json!({"alg": "none"}), json!({}))),
    Bad("alg RS256, not signed", 401, |m| m.signed(json!({}), json!({"key": "none"}))),
    Bad("HS256 keyed with the public key", 401, |m| {
        m.signed(json!({"alg": "HS256"}), json!({"key": "hmac-public"}))
    }),
    Bad("RS256 claimed, HS256 keyed with the public key", 401, |m| {
        m.signed(json!({}), json!({"key": "hmac-public"}))
    }),
    Bad("RS384", 401, |m| m.signed(json!({"alg": "RS384"}), json!({"alg_signed": "RS384"}))),
    Bad("RS512", 401, |m| m.signed(json!({"alg": "RS512"}), json!({"alg_signed": "RS512"}))),
    Bad("PS256", 401, |m| m.signed(json!({"alg": "PS256"}), json!({"alg_signed": "PS256"}))),
    Bad("RS256 claimed, signed with RS512", 401, |m| m.signed(json!({}), json!({"alg_signed": "RS512"}))),
    Bad("RS256 claimed, signed with PS256", 401, |m| m.signed(json!({}), json!({"alg_signed": "PS256"}))),
    Bad("PS256 claimed, signed with RS256", 401, |m| m.signed(json!({"alg": "PS256"}), json!({}))),
    Bad("ES256 claimed", 401, |m| m.signed(json!({"alg": "ES256"}), json!({}))),
    Bad("rs256 in small letters", 401, |m| m.signed(json!({"alg": "rs256"}), json!({}))),
    Bad("alg missing", 401, |m| m.signed(json!({"alg": null}), json!({}))),
    Bad("alg a list", 401, |m| m.signed(json!({"alg": ["RS256"]}), json!({}))),
    Bad("alg a number", 401, |m| m.signed(json!({"alg": 256}), json!({}))),
    Bad("alg twice, none last", 401, |m| m.with_header_text(r#""alg":"RS256","alg":"none","#)),
    Bad("alg twice, the same", 401, |m| m.with_header_text(r#""alg":"RS256","#)),
    Bad("alg twice, once in escapes", 401, |m| m.with_header_text(r#""\u0061lg":"none","#)),
    Bad("kid missing", 401, |m| m.signed(json!({"kid": null}), json!({}))),
    Bad("kid empty", 401, |m| m.signed(json!({"kid": ""}), json!({}))),
    Bad("kid a number", 401, |m| m.signed(json!({"kid": 1}), json!({}))),
    Bad("kid a list", 401, |m| m.signed(json!({"kid": ["$current"]}), json!({}))),
    Bad("kid unknown", 401, |m| m.signed(json!({"kid": "unknown"}), json!({}))),
    Bad("kid a path", 401, |m| m.signed(json!({"kid": "../../../../dev/null"}), json!({}))),
    Bad("kid with an injection", 401, |m| m.signed(json!({"kid": "x' UNION SELECT 'k"}), json!({}))),
    Bad("kid twice", 401, |m| m.with_header_text(r#""kid":"unknown","#)),
    Bad("a stranger's key under its own kid", 401, |m| {
        m.signed(json!({"kid": "$stranger", "x5t": "$stranger"}), json!({"key": "stranger"}))
    }),
    Bad("a stranger's key under the tenant's kid", 401, |m| m.signed(json!({}), json!({"key": "stranger"}))),
    Bad("a cluster's key under the tenant's kid", 401, |m| m.signed(json!({}), json!({"key": "cluster"}))),
    Bad("a key that is no longer served", 401, |m| m.rotated_out.clone()),
    Bad("a stranger's key by jku", 401, |m| {
        let jku = format!("{}/attacker/keys", m.entra());
        m.signed(json!({"kid": "$stranger", "jku": jku}), json!({"key": "stranger"}))
    }),
    Bad("a stranger's key by jku under the tenant's kid", 401, |m| {
        let jku = format!("{}/attacker/keys", m.entra());
        m.signed(json!({"jku": jku}), json!({"key": "stranger"}))
    }),
    Bad("a stranger's key by x5u", 401, |m| {
        let x5u = format!("{}/attacker/chain.pem", m.entra());
        m.signed(json!({"x5u": x5u}), json!({"key": "stranger"}))
    }),
    Bad("a stranger's key in jwk", 401, |m| {
        let jwk = json!({"kty": "RSA", "use": "sig", "e": "AQAB", "n": "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw"});
        m.signed(json!({"jwk": jwk}), json!({"key": "stranger"}))
    }),
    Bad("a stranger's certificate in x5c", 401, |m| {
        m.signed(json!({"x5c": ["MIIBszCCAVmgAwIBAgIUQ"]}), json!({"key": "stranger"}))
    }),
    Bad("crit", 401, |m| m.signed(json!({"crit": ["exp"]}), json!({}))),
    Bad("crit, empty", 401, |m| m.signed(json!({"crit": []}), json!({}))),
    Bad("b64 false", 401, |m| m.signed(json!({"b64": false, "crit": ["b64"]}), json!({}))),
    Bad("b64 false, its claims not encoded", 401, |m| {
        let token = m.signed(json!({"b64": false}), json!({}));
        token.replace(&m.part(&token, 1), &m.v1().to_string().replace('.', "%2e"))
    }),
    Bad("cty JWT: a token in a token", 401, |m| {
        let inner = format!("\"{}\"", m.good());
        let how = json!({"claims": null, "claims_text": inner});
        m.signed(json!({"cty": "JWT"}), how)
    }),
    Bad("cty JWT, over good claims", 401, |m| m.signed(json!({"cty": "JWT"}), json!({}))),
    Bad("typ of another kind of token", 401, |m| m.signed(json!({"typ": "at+jwt"}), json!({}))),
    Bad("typ a number", 401, |m| m.signed(json!({"typ": 1}), json!({}))),
    Bad("typ of an encrypted one", 401, |m| m.signed(json!({"typ": "JWE", "enc": "A256GCM"}), json!({}))),
    Bad("a header that is a list", 401, |m| {
        let how = json!({"header": null, "header_text": "[\"RS256\"]"});
        m.signed(json!({}), how)
    }),
    Bad("a header after a byte-order mark", 401, |m| {
        let header = format!("\u{feff}{}", m.header());
        m.signed(json!({}), json!({"header": null, "header_text": header}))
    }),
    Bad("a header with something behind it", 401, |m| {
        let header = format!("{}{{}}", m.header());
        m.signed(json!({}), json!({"header": null, "header_text": header}))
    }),
];
