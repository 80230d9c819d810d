//! The instance metadata service: tokens of managed identities.

use serde_json::{Value, json};

use crate::client::{Answer, Azure, Pairs, capture, send, watcher, web_01};

const PATH: &str = "/metadata/identity/oauth2/token";
const ARM: &str = "https://management.azure.com/";
const SYSTEM: &str = "1de47171-0000-4000-8000-0000000000d1";
const USER: &str = "1de47171-0000-4000-8000-0000000000d2";
const NOTHING: &str = "1de47171-0000-4000-8000-0000000000d3";

impl Azure {
    /// Asks with what is necessary, and with this.
    async fn identity(&self, query: Pairs<'_>) -> Answer {
        let url = format!("{}{PATH}?api-version=2018-02-01", self.base);
        let url = url::Url::parse_with_params(&url, query).expect("a URL");
        send(self.http.get(url).header("Metadata", "true")).await
    }

    async fn assign(&self, names: Value) {
        let answer = send(self.post("/_standin/identities").json(&json!({ "assigned": names }))).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }
}

fn refused(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text("error"), text("error_description"))
}

#[tokio::test]
async fn a_token_comes_as_the_service_writes_it_and_arm_takes_it_with_the_identitys_rights() {
    let mut azure = Azure::start().await;
    let resource_id =
        azure.control("sample").await["identity_resource_id"].as_str().expect("an id").to_owned();
    for (query, client) in [
        (&[("resource", ARM)][..], SYSTEM),
        (&[("resource", "https://management.core.windows.net/"), ("client_id", USER)], USER),
        (&[("resource", ARM), ("msi_res_id", &resource_id)], USER),
        (&[("resource", ARM), ("mi_res_id", &resource_id)], USER),
        (&[("resource", ARM), ("object_id", "0b1ec7ed-0000-4000-8000-0000000000d2")], USER),
        (&[("resource", ARM), ("client_id", NOTHING)], NOTHING),
    ] {
        let answer = azure.identity(query).await;
        let body = answer.json();
        assert_eq!(answer.status, 200, "{body}");
        assert!(answer.header("server").starts_with("IMDS/"));
        assert_eq!((&body["client_id"], &body["token_type"]), (&json!(client), &json!("Bearer")));
        assert_eq!(body["resource"], query[0].1);
        let number = |name: &str| body[name].as_str().expect("a text").parse::<i64>().expect("a number");
        assert_eq!(number("expires_on") - number("not_before"), number("expires_in"));
        assert!(number("expires_in") > 80_000 && number("ext_expires_in") > 80_000, "a day");

        azure.token = body["access_token"].as_str().expect("a token").to_owned();
        let expected = if client == NOTHING { (403, "AuthorizationFailed") } else { (200, "") };
        let answer = azure.get(&watcher()).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), expected, "{client}");
    }
}

#[tokio::test]
async fn an_identity_captures_and_downloads_with_tokens_for_arm_and_storage() {
    let mut azure = Azure::start().await;
    let token = async |azure: &Azure, client, resource| {
        let answer = azure.identity(&[("resource", resource), ("client_id", client)]).await.json();
        answer["access_token"].as_str().expect("a token").to_owned()
    };
    azure.token = token(&azure, USER, ARM).await;
    assert_eq!(azure.put_capture("mine", web_01(1)).await.status, 201);
    let path = azure.get(&capture("mine")).await.json()["properties"]["storageLocation"]["storagePath"]
        .as_str()
        .expect("a URL")
        .to_owned();
    for (client, expected) in [(USER, 404), (NOTHING, 403)] {
        let token = token(&azure, client, "https://storage.azure.com/").await;
        let read = azure.http.get(&path).bearer_auth(token).header("x-ms-version", "2023-11-03");
        assert_eq!(send(read).await.status, expected, "{client}");
    }
}

#[tokio::test]
async fn every_wrong_question_is_refused_as_the_service_does_it() {
    let azure = Azure::start().await;
    let url = format!("{}{PATH}?api-version=2018-02-01&resource={ARM}", azure.base);
    let answer = send(azure.http.get(&url)).await;
    let header = (400, "invalid_request".to_owned(), "Required metadata header not specified".to_owned());
    assert_eq!(refused(&answer), header);
    let forwarded = azure.http.get(&url).header("Metadata", "true").header("X-Forwarded-For", "10.0.0.1");
    let (status, error, _) = refused(&send(forwarded).await);
    assert_eq!((status, error.as_str()), (400, "invalid_request"));

    for version in ["", "?api-version=2017-01-01", "?api-version=latest"] {
        let request = azure.http.get(format!("{}{PATH}{version}", azure.base)).header("Metadata", "true");
        let answer = send(request).await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["error"].as_str().is_some_and(|error| error.contains("api-version")));
        assert!(answer.json()["newest-versions"].is_array());
    }
    let missing = refused(&azure.identity(&[]).await);
    assert_eq!((missing.0, missing.2.as_str()), (400, "Required query variable 'resource' is missing"));
    let unknown = refused(&azure.identity(&[("resource", "https://unknown.example")]).await);
    assert_eq!((unknown.0, unknown.1.as_str()), (400, "invalid_resource"));
    assert!(unknown.2.starts_with("AADSTS500011: "), "{}", unknown.2);

    let pem = std::fs::read(azure.standin.ca_file()).expect("the authority's file");
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).expect("PEM")])
        .build()
        .expect("a client");
    let https = url.replace(&azure.base, &azure.standin.https_url());
    assert_eq!(send(client.get(https).header("Metadata", "true")).await.status, 404, "it has no https");
}

#[tokio::test]
async fn an_identity_the_host_does_not_have_is_not_found_and_one_of_several_must_be_named() {
    let azure = Azure::start().await;
    let not_found = (400, "invalid_request".to_owned(), "Identity not found".to_owned());
    let foreign = ("client_id", "1de47171-0000-4000-8000-00000000ffff");
    assert_eq!(refused(&azure.identity(&[("resource", ARM), foreign]).await), not_found);
    let mixed = [("resource", ARM), ("client_id", USER), ("object_id", SYSTEM)];
    assert_eq!(refused(&azure.identity(&mixed).await), not_found, "two identities' names");

    azure.assign(json!(["id-alertcap", "id-nothing"])).await;
    let (status, error, text) = refused(&azure.identity(&[("resource", ARM)]).await);
    assert_eq!((status, error.as_str()), (400, "invalid_request"));
    assert!(text.starts_with("Multiple user assigned identities exist"), "{text}");
    assert_eq!(azure.identity(&[("resource", ARM), ("client_id", USER)]).await.status, 200);
    assert_eq!(refused(&azure.identity(&[("resource", ARM), ("client_id", SYSTEM)]).await), not_found);

    azure.assign(json!(["id-alertcap"])).await;
    assert_eq!(azure.identity(&[("resource", ARM)]).await.json()["client_id"], USER, "the only one");
    azure.assign(json!([])).await;
    assert_eq!(refused(&azure.identity(&[("resource", ARM)]).await), not_found);
    let unknown = azure.post("/_standin/identities").json(&json!({ "assigned": ["nobody"] }));
    assert_eq!(send(unknown).await.status, 400);
    send(azure.post("/_standin/reset")).await;
    let all = azure.control("identities").await;
    assert_eq!(all["assigned"], json!(["host", "id-alertcap", "id-nothing"]), "as the inventory says");
}

#[tokio::test]
async fn faults_reach_the_service_and_are_counted() {
    let azure = Azure::start().await;
    for status in [404, 410, 429, 500] {
        let fault = json!({ "kind": "status", "status": status, "code": "unknown", "message": "later" });
        azure.fault(json!({ "operation": "imds.token", "fault": fault })).await;
        let answer = azure.identity(&[("resource", ARM)]).await;
        assert_eq!(refused(&answer), (status, "unknown".to_owned(), "later".to_owned()));
    }
    assert_eq!(azure.identity(&[("resource", ARM)]).await.status, 200);
    assert_eq!(azure.control("calls").await["calls"]["imds.token"], 5);
}
