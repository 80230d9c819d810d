//! Microsoft.Storage: what an account says of its keys and its firewall, and what comes of it.

use serde_json::{Value, json};

use crate::client::{Azure, account, send, web_01};

async fn read(azure: &Azure, name: &str) -> Value {
    azure.get(&format!("{}?api-version=2025-01-01", account(name))).await.json()
}

#[tokio::test]
async fn an_account_says_what_was_set_and_leaves_out_what_never_was() {
    let azure = Azure::start().await;
    let body = read(&azure, "stshopcaptures").await;
    assert_eq!((&body["kind"], &body["location"]), (&json!("StorageV2"), &json!("westeurope")));
    assert_eq!(body["sku"], json!({ "name": "Standard_LRS", "tier": "Standard" }));
    let properties = body["properties"].as_object().expect("properties");
    assert!(
        !properties.contains_key("allowSharedKeyAccess") && !properties.contains_key("publicNetworkAccess")
    );
    assert_eq!(properties["networkAcls"]["defaultAction"], "Allow");
    assert_eq!(properties["networkAcls"]["bypass"], "AzureServices");
    assert_eq!(properties["primaryEndpoints"]["blob"], format!("{}/stshopcaptures/", azure.base));

    let keyless = read(&azure, "stshopkeyless").await;
    assert_eq!(keyless["properties"]["allowSharedKeyAccess"], false);
    assert_eq!(read(&azure, "stshoppremium").await["sku"]["tier"], "Premium");
    let walled = read(&azure, "stshopfirewalled").await;
    let rules = &walled["properties"]["networkAcls"];
    assert_eq!((&rules["defaultAction"], &rules["bypass"]), (&json!("Deny"), &json!("None")));
}

#[tokio::test]
async fn an_account_that_is_missing_is_not_found_and_its_versions_are_its_own() {
    let azure = Azure::start().await;
    let answer = azure.get(&format!("{}?api-version=2023-05-01", account("stgone"))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "ResourceNotFound"));
    for (version, status) in [("2024-01-01", 200), ("2026-09-01", 200), ("2022-01-01", 400)] {
        let path = format!("{}?api-version={version}", account("stshopcaptures"));
        assert_eq!(azure.get(&path).await.status.as_u16(), status, "{version}");
    }
}

#[tokio::test]
async fn a_firewall_keeps_out_the_upload_and_the_download() {
    let azure = Azure::start().await;
    let mut properties = web_01(1);
    properties["storageLocation"]["storageId"] = json!(account("stshopfirewalled"));
    assert_eq!(azure.put_capture("walled", properties).await.status, 201);
    azure.session("walled", |one| one["errors"] == json!(["StorageFailed"])).await;
    assert_eq!(download(&azure, "stshopfirewalled").await, (403, "AuthorizationFailure".into()));
}

#[tokio::test]
async fn a_firewall_with_a_door_for_azure_takes_the_file_and_gives_it_to_nobody_outside() {
    let azure = Azure::with(&[("bypass = \"None\"", "public_network_access = \"Disabled\"")]).await;
    let body = read(&azure, "stshopfirewalled").await;
    assert_eq!(body["properties"]["publicNetworkAccess"], "Disabled");
    let mut properties = web_01(1);
    properties["storageLocation"]["storageId"] = json!(account("stshopfirewalled"));
    azure.put_capture("inside", properties).await;
    azure.session("inside", |one| one["files"][0]["written"] == true).await;
    assert_eq!(download(&azure, "stshopfirewalled").await, (403, "AuthorizationFailure".into()));
    assert_eq!(download(&azure, "stshopcaptures").await, (404, "BlobNotFound".into()), "the others are open");
}

async fn download(azure: &Azure, name: &str) -> (u16, String) {
    let token = azure.sign_in("https://storage.azure.com/.default").await;
    let url = format!("{}/{name}/network-watcher-logs/any.cap", azure.base);
    let answer = send(azure.http.get(url).bearer_auth(token).header("x-ms-version", "2025-05-05")).await;
    (answer.status.as_u16(), answer.header("x-ms-error-code"))
}
