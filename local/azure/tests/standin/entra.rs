//! The token endpoint and discovery.

use serde_json::json;

use crate::client::{Azure, CLIENT, Pairs, SECRET, TENANT, send};

const ARM: &str = "https://management.azure.com/.default";

fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("scope", ARM),
    ];
    for (name, value) in changes {
        form.retain(|(field, _)| field != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    form
}

#[tokio::test]
async fn every_scope_that_microsofts_clients_ask_for_is_granted() {
    let azure = Azure::start().await;
    let own = format!("{}/.default", azure.base);
    let own_https = own.replace("http://", "https://");
    for scope in [
        ARM,
        "https://management.azure.com//.default",
        "https://management.core.windows.net//.default",
        "https://storage.azure.com/.default",
        &own,
        &own_https,
    ] {
        let answer = azure.ask_token(TENANT, &form(&[("scope", scope)])).await;
        assert_eq!(answer.status, 200, "{scope}: {}", answer.json());
        assert_eq!(answer.json()["token_type"], "Bearer");
        assert_eq!(answer.json()["expires_in"], 3599);
    }
    assert_eq!(azure.ask_token("shop.example", &form(&[])).await.status, 200, "by the tenant's domain");
}

#[tokio::test]
async fn every_wrong_field_is_refused_with_its_code_in_entras_shape() {
    let azure = Azure::start().await;
    let cases: &[(&str, Pairs<'_>, u16, &str, u32)] = &[
        (TENANT, &[("client_secret", "wrong")], 401, "invalid_client", 7000215),
        (TENANT, &[("client_secret", "standin-secret-old~0")], 401, "invalid_client", 7000222),
        (TENANT, &[("client_secret", "")], 401, "invalid_client", 7000218),
        (
            TENANT,
            &[("client_id", "c11e47ab-0000-4000-8000-0000000000b3")],
            400,
            "unauthorized_client",
            7000112,
        ),
        (
            TENANT,
            &[("client_id", "c11e47ab-0000-4000-8000-00000000ffff")],
            400,
            "unauthorized_client",
            700016,
        ),
        (TENANT, &[("client_id", "")], 400, "invalid_request", 900144),
        (TENANT, &[("grant_type", "")], 400, "invalid_request", 900144),
        (TENANT, &[("grant_type", "password")], 400, "unsupported_grant_type", 70003),
        (TENANT, &[("scope", "")], 400, "invalid_request", 900144),
        (TENANT, &[("scope", "https://management.azure.com")], 400, "invalid_scope", 70011),
        (
            TENANT,
            &[("scope", "https://management.azure.com/.default https://storage.azure.com/.default")],
            400,
            "invalid_scope",
            70011,
        ),
        (TENANT, &[("scope", "https://unknown.example/.default")], 400, "invalid_resource", 500011),
        (TENANT, &[("client_secret", ""), ("client_assertion", "a.b.c")], 400, "invalid_request", 900144),
        ("00000000-0000-4000-8000-000000000000", &[], 400, "invalid_request", 90002),
        ("common", &[], 400, "invalid_request", 9001023),
    ];
    for (tenant, changes, status, error, code) in cases {
        let answer = azure.ask_token(tenant, &form(changes)).await;
        let body = answer.json();
        assert_eq!(answer.status, *status, "{changes:?}: {body}");
        assert_eq!(body["error"], *error, "{changes:?}: {body}");
        assert_eq!(body["error_codes"], json!([code]), "{changes:?}: {body}");
        let text = body["error_description"].as_str().expect("a description");
        assert!(text.starts_with(&format!("AADSTS{code}: ")), "{text}");
        for line in ["\r\nTrace ID: ", "\r\nCorrelation ID: ", "\r\nTimestamp: "] {
            assert!(text.contains(line), "{text}");
        }
        assert_eq!(body["error_uri"], format!("https://login.microsoftonline.com/error?code={code}"));
        assert!(
            body["trace_id"].is_string()
                && body["correlation_id"].is_string()
                && body["timestamp"].is_string()
        );
    }
}

/// The codes of Entra's that no inventory leads to.
#[tokio::test]
async fn every_other_code_can_be_had_as_an_error_on_request() {
    let azure = Azure::start().await;
    for (status, error, code) in [
        (400, "invalid_request", 90038),
        (400, "invalid_request", 900382),
        (400, "invalid_request", 900432),
        (500, "server_error", 90033),
        (503, "temporarily_unavailable", 90024),
        (503, "temporarily_unavailable", 90012),
        (429, "temporarily_unavailable", 90055),
    ] {
        let fault = json!({
            "kind": "status", "status": status, "code": error, "message": format!("AADSTS{code}: in words."),
        });
        azure.fault(json!({ "operation": "token", "fault": fault })).await;
        let answer = azure.ask_token(TENANT, &form(&[])).await;
        let body = answer.json();
        assert_eq!((answer.status.as_u16(), &body["error"]), (status, &json!(error)));
        assert_eq!(body["error_codes"], json!([code]));
        let text = body["error_description"].as_str().expect("a description");
        assert!(text.starts_with(&format!("AADSTS{code}: in words.\r\nTrace ID: ")), "{text}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_lacks_its_first_field() {
    let azure = Azure::start().await;
    let request = azure
        .post(&format!("/{TENANT}/oauth2/v2.0/token"))
        .json(&json!({ "grant_type": "client_credentials" }));
    let answer = send(request).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error_codes"]), (400, &json!([900144])));
}

#[tokio::test]
async fn discovery_names_urls_of_the_host_and_scheme_it_was_asked_on() {
    let azure = Azure::start().await;
    let url = format!("{}/{TENANT}/v2.0/.well-known/openid-configuration", azure.base);
    let body = send(azure.http.get(&url)).await.json();
    assert_eq!(body["token_endpoint"], format!("{}/{TENANT}/oauth2/v2.0/token", azure.base));
    assert!(body["authorization_endpoint"].as_str().is_some_and(|url| url.starts_with(&azure.base)));

    let named = send(azure.http.get(&url).header("host", "azure.test:8443")).await.json();
    assert_eq!(named["token_endpoint"], format!("http://azure.test:8443/{TENANT}/oauth2/v2.0/token"));

    let pem = std::fs::read(azure.standin.ca_file()).expect("the authority's file");
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).expect("PEM")])
        .build()
        .expect("a client");
    let https = azure.standin.https_url();
    for tenant in ["organizations", TENANT] {
        let url = format!("{https}/{tenant}/v2.0/.well-known/openid-configuration");
        let body = send(client.get(url)).await.json();
        assert_eq!(body["token_endpoint"], format!("{https}/{tenant}/oauth2/v2.0/token"));
    }
    let body = send(client.get(format!("{https}/metadata/endpoints?api-version=2022-09-01"))).await.json();
    assert_eq!(body["authentication"]["loginEndpoint"], https);
    assert_eq!(body["resourceManager"], format!("{https}/"));
    assert!(body["suffixes"].is_object() && body["name"].is_string());

    let answer =
        send(client.get(format!(
            "{https}/00000000-0000-4000-8000-00000000beef/v2.0/.well-known/openid-configuration"
        )))
        .await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error_codes"]), (400, &json!([90002])));
}
