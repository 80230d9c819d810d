//! A tenant's signing keys, and tokens on request.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

use crate::client::{Azure, TENANT, send};

const WEBHOOK_APP: &str = "461e8683-5575-4561-ac7f-899cc907d62a";

impl Azure {
    async fn keys(&self, path: &str) -> Vec<Value> {
        let answer = send(self.http.get(format!("{}{path}", self.base))).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["keys"].as_array().expect("keys").clone()
    }

    async fn told(&self, route: &str, body: Value) -> Value {
        let answer = send(self.post(&format!("/_standin/{route}")).json(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()
    }

    async fn token(&self, route: &str, body: Value) -> String {
        self.told(route, body).await["token"].as_str().expect("a token").to_owned()
    }
}

fn decoded(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("text")).expect("base64url")
}

/// Header and claims of a token.
fn parts(token: &str) -> (Value, Value) {
    let part = |index| {
        let bytes = decoded(&json!(token.split('.').nth(index).expect("three parts")));
        serde_json::from_slice(&bytes).expect("JSON")
    };
    (part(0), part(1))
}

/// Whether a served key signed it.
fn verifies(token: &str, key: &Value, how: &'static RsaParameters) -> bool {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let key = RsaPublicKeyComponents { n: decoded(&key["n"]), e: decoded(&key["e"]) };
    key.verify(how, signed.as_bytes(), &decoded(&json!(signature))).is_ok()
}

#[tokio::test]
async fn a_tenants_keys_are_laid_out_as_entra_does_it() {
    let azure = Azure::start().await;
    for (path, tenant) in [(TENANT, TENANT), ("shop.example", TENANT), ("common", "{tenantid}")] {
        let keys = azure.keys(&format!("/{path}/discovery/v2.0/keys")).await;
        assert!(keys.len() > 1, "never one only");
        for key in &keys {
            assert_eq!((&key["kty"], &key["use"], &key["e"]), (&json!("RSA"), &json!("sig"), &json!("AQAB")));
            assert_eq!(decoded(&key["n"]).len(), 256, "2048 bits, without a leading zero");
            let der = STANDARD.decode(key["x5c"][0].as_str().expect("a certificate")).expect("base64");
            let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der));
            assert_eq!((&key["kid"], &key["x5t"]), (&json!(thumbprint), &json!(thumbprint)));
            assert_eq!(key["issuer"], format!("{}/{tenant}/v2.0", azure.base));
            assert!(key["cloud_instance_name"].is_string());
        }
        let first = azure.keys(&format!("/{path}/discovery/keys")).await;
        assert_eq!((first.len(), &first[0]["kid"]), (keys.len(), &keys[0]["kid"]));
        assert!(first[0]["issuer"].is_null(), "the first layout does not say whose");
    }
    let unknown = format!("{}/00000000-0000-4000-8000-00000000beef/discovery/v2.0/keys", azure.base);
    let answer = send(azure.http.get(unknown)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error_codes"]), (400, &json!([90002])));

    let calls = azure.control("calls").await;
    assert_eq!((&calls["calls"]["keys"], &calls["total"]), (&json!(7), &json!(7)));
    azure.fault(json!({ "operation": "keys", "fault": { "kind": "status", "status": 503 } })).await;
    let answer = send(azure.http.get(format!("{}/{TENANT}/discovery/v2.0/keys", azure.base))).await;
    assert_eq!((answer.status.as_u16(), answer.json()["error"].is_string()), (503, true));
}

#[tokio::test]
async fn an_action_groups_token_is_signed_with_the_key_that_is_served_under_its_name() {
    let azure = Azure::start().await;
    let keys = azure.keys(&format!("/{TENANT}/discovery/v2.0/keys")).await;
    for version in ["1.0", "2.0"] {
        let asked = json!({ "audience": "api://alertcap", "version": version });
        let token = azure.token("action-group-token", asked).await;
        let (header, claims) = parts(&token);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("JWT"), &json!("RS256")));
        let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("it is served");
        assert!(verifies(&token, key, &RSA_PKCS1_2048_8192_SHA256));

        let one = version == "1.0";
        assert_eq!(header["x5t"], if one { header["kid"].clone() } else { Value::Null });
        let v1 = format!("https://sts.windows.net/{TENANT}/");
        let issuer = if one { v1.clone() } else { format!("{}/{TENANT}/v2.0", azure.base) };
        assert_eq!((&claims["iss"], &claims["ver"]), (&json!(issuer), &json!(version)));
        assert_eq!((&claims["aud"], &claims["tid"]), (&json!("api://alertcap"), &json!(TENANT)));
        assert_eq!(claims["roles"], json!(["ActionGroupsSecureWebhook"]));
        assert_eq!(claims["sub"], claims["oid"]);
        let (name, strength, others) =
            if one { ("appid", "appidacr", "azp") } else { ("azp", "azpacr", "appid") };
        assert_eq!((&claims[name], &claims[strength]), (&json!(WEBHOOK_APP), &json!("2")));
        assert!(claims[others].is_null());
        assert_eq!(claims["idp"], if one { json!(v1) } else { Value::Null });
        let number = |name: &str| claims[name].as_i64().expect("whole seconds");
        assert_eq!((number("nbf"), number("exp") - number("nbf")), (number("iat"), 3_900));
    }
    let before = parts(&azure.token("action-group-token", json!({ "audience": "a" })).await).1;
    azure.told("clock", json!({ "advance_s": 86_400 })).await;
    let after = parts(&azure.token("action-group-token", json!({ "audience": "a" })).await).1;
    let moved = after["exp"].as_i64().zip(before["exp"].as_i64()).expect("times");
    assert!(moved.0 - moved.1 >= 86_400, "by the stand-in's clock");
    let unknown = azure.post("/_standin/action-group-token").json(&json!({ "audience": "a", "tenant": "b" }));
    assert_eq!(send(unknown).await.status, 400);
}

#[tokio::test]
async fn keys_are_rotated_and_the_old_ones_served_on_only_if_told() {
    let azure = Azure::start().await;
    let path = format!("/{TENANT}/discovery/v2.0/keys");
    let kids =
        async || -> Vec<Value> { azure.keys(&path).await.iter().map(|key| key["kid"].clone()).collect() };
    let start = kids().await;
    let kept = azure.told("signing-keys", json!({ "rotate": true, "keep_old": true })).await;
    assert_eq!(kept["kids"], json!(kids().await));
    assert!(start.iter().all(|kid| kids_of(&kept).contains(kid) && *kid != kept["current"]));
    let token = azure.token("action-group-token", json!({ "audience": "a" })).await;
    assert_eq!(parts(&token).0["kid"], kept["current"]);

    let alone = azure.told("signing-keys", json!({ "rotate": true, "keep_old": false })).await;
    assert_eq!(kids().await, [alone["current"].clone()]);
    send(azure.post("/_standin/reset")).await;
    assert_eq!(kids().await, start, "a reset begins anew");
}

fn kids_of(told: &Value) -> Vec<Value> {
    told["kids"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn whatever_it_is_given_is_signed_in_any_wrong_way() {
    let azure = Azure::start().await;
    let keys = azure.keys(&format!("/{TENANT}/discovery/v2.0/keys")).await;
    let named = |header: &Value| keys.iter().find(|key| key["kid"] == header["kid"]).cloned();
    for (alg, how) in [
        ("RS256", &RSA_PKCS1_2048_8192_SHA256),
        ("RS384", &RSA_PKCS1_2048_8192_SHA384),
        ("RS512", &RSA_PKCS1_2048_8192_SHA512),
        ("PS256", &RSA_PSS_2048_8192_SHA256),
    ] {
        let asked = json!({
            "header": { "alg": "RS256", "kid": "$current" }, "claims": { "any": [1] }, "alg_signed": alg,
        });
        let token = azure.token("sign", asked).await;
        let (header, claims) = parts(&token);
        assert_eq!((&header["alg"], &claims), (&json!("RS256"), &json!({ "any": [1] })), "as given");
        assert!(verifies(&token, &named(&header).expect("served"), how), "{alg}");
    }
    let with = |header: Value, key: &str| json!({ "header": header, "claims": {}, "key": key });
    let stranger = azure.token("sign", with(json!({ "kid": "$stranger" }), "stranger")).await;
    assert!(named(&parts(&stranger).0).is_none(), "the stranger's key is not served");
    let posing = azure.token("sign", with(json!({ "kid": "$current" }), "stranger")).await;
    assert!(!verifies(&posing, &named(&parts(&posing).0).expect("served"), &RSA_PKCS1_2048_8192_SHA256));
    assert!(azure.token("sign", with(json!({ "alg": "none" }), "none")).await.ends_with('.'));

    let token = azure.token("sign", with(json!({ "alg": "HS256", "kid": "$current" }), "hmac-public")).await;
    let key = named(&parts(&token).0).expect("served");
    let der = STANDARD.decode(key["x5c"][0].as_str().expect("a certificate")).expect("base64");
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).expect("X.509");
    let text = STANDARD.encode(certificate.public_key().raw);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, pem.as_bytes());
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    ring::hmac::verify(&secret, signed.as_bytes(), &decoded(&json!(signature))).expect("keyed with the PEM");

    let twice = "{\"aud\":\"a\",\"aud\":\"b\"}";
    let token = azure.token("sign", json!({ "header_text": "not JSON", "claims_text": twice })).await;
    let middle = token.split('.').nth(1).expect("three parts");
    assert_eq!(decoded(&json!(middle)), twice.as_bytes(), "raw text stays as it is");
    for wrong in [json!({ "claims": {} }), json!({ "header": {}, "header_text": "", "claims": {} })] {
        assert_eq!(send(azure.post("/_standin/sign").json(&wrong)).await.status, 400);
    }
}
