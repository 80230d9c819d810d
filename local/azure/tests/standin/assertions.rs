//! Credentials that are assertions: an outside issuer's token, and one signed with the key of the app's certificate.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::client::{Azure, CLIENT, TENANT, send};

#[tokio::test]
async fn an_outside_issuers_token_is_a_credential_of_the_app_that_trusts_it() {
    let azure = Azure::start().await;
    let sample = azure.control("sample").await;
    let trusted = json!({ "issuer": sample["federated_issuer"], "subject": sample["federated_subject"] });
    let token = azure.made("federated-token", trusted.clone()).await;
    let answer = azure.ask_token(TENANT, &asserted(CLIENT, &token)).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert!(answer.json()["access_token"].is_string());

    let reader = "c11e47ab-0000-4000-8000-0000000000b4";
    for (client, changes, code) in [
        (reader, json!({}), 70025),
        (CLIENT, json!({ "subject": "system:serviceaccount:alertcap:ALERTCAP" }), 7002138),
        (CLIENT, json!({ "subject": "system:serviceaccount:other:other" }), 700213),
        (CLIENT, json!({ "audience": "https://kubernetes.default.svc" }), 700212),
        (CLIENT, json!({ "lifetime_s": -301 }), 700024),
    ] {
        let mut asked = trusted.clone();
        for (name, value) in changes.as_object().expect("an object") {
            asked[name] = value.clone();
        }
        let token = azure.made("federated-token", asked).await;
        azure.refuses(client, &token, code).await;
    }
    let claims = json!({
        "iss": trusted["issuer"], "sub": trusted["subject"], "aud": "api://AzureADTokenExchange",
        "exp": 99_999_999_999_u64,
    });
    let foreign = json!({
        "iss": "https://oidc.cluster.example/other/", "sub": trusted["subject"],
        "aud": "api://AzureADTokenExchange", "exp": 99_999_999_999_u64,
    });
    for (claims, header, key, code) in [
        (&foreign, json!({ "alg": "RS256", "kid": "$cluster" }), "cluster", 700211),
        (&claims, json!({ "alg": "RS256", "kid": "$current" }), "current", 7000272),
        (&claims, json!({ "alg": "RS256", "kid": "$cluster" }), "stranger", 50013),
        (&claims, json!({ "alg": "HS256", "kid": "$cluster" }), "hmac-public", 5002738),
        (&claims, json!({ "alg": "none" }), "none", 5002738),
    ] {
        let token = azure.made("sign", json!({ "header": header, "claims": claims, "key": key })).await;
        azure.refuses(CLIENT, &token, code).await;
    }
    let unknown = azure.post("/_standin/federated-token").json(&json!({ "issuer": "x", "subject": "y" }));
    assert_eq!(send(unknown).await.status, 400, "an issuer that nobody trusts");
    assert_eq!(azure.control("calls").await["calls"]["token"], 11);
}

#[tokio::test]
async fn an_assertion_that_names_the_apps_certificate_must_be_signed_with_its_key() {
    let azure = Azure::start().await;
    let sample = azure.control("sample").await;
    let pem = sample["client_certificate_pem"].as_str().expect("PEM");
    let (_, certificate) = pem.split_at(pem.find("-----BEGIN CERTIFICATE").expect("a certificate"));
    let (_, certificate) = x509_parser::pem::parse_x509_pem(certificate.as_bytes()).expect("PEM");
    let thumbprint =
        URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, &certificate.contents));
    let claims = json!({
        "aud": format!("{}/{TENANT}/oauth2/v2.0/token", azure.base), "iss": CLIENT, "sub": CLIENT,
        "exp": 99_999_999_999_u64,
    });
    for (thumbprint, code) in [(thumbprint.as_str(), 50012), ("another", 700027)] {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint });
        let asked = json!({ "header": header, "claims": claims, "key": "stranger", "alg_signed": "PS256" });
        let token = azure.made("sign", asked).await;
        azure.refuses(CLIENT, &token, code).await;
    }
    azure.refuses(CLIENT, "not.a-jwt", 50027).await;
}

fn asserted<'a>(client: &'a str, assertion: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "client_credentials"),
        ("scope", "https://management.azure.com/.default"),
        ("client_id", client),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ]
}

impl Azure {
    /// A token that a control route makes.
    async fn made(&self, route: &str, body: Value) -> String {
        let answer = send(self.post(&format!("/_standin/{route}")).json(&body)).await.json();
        answer["token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    async fn refuses(&self, client: &str, assertion: &str, code: u32) {
        let answer = self.ask_token(TENANT, &asserted(client, assertion)).await;
        let body = answer.json();
        assert_eq!((answer.status.as_u16(), &body["error"]), (401, &json!("invalid_client")), "{body}");
        assert_eq!(body["error_codes"], json!([code]), "{body}");
    }
}
