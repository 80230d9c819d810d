//! What every ARM request passes, and what is read.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{
    Azure, SUBSCRIPTION, TENANT, VERSION, account, capture, group, machine, scale_set, send, watcher, web_01,
};

#[tokio::test]
async fn a_missing_forged_expired_or_foreign_token_is_refused_with_a_challenge() {
    let azure = Azure::with(&[("retry_after_s = 1", "retry_after_s = 1\ntoken_lifetime_s = 0")]).await;
    let storage = azure.sign_in("https://storage.azure.com/.default").await;
    let url = format!("{}{}?api-version={VERSION}", azure.base, watcher());
    let cases = [
        (None, "AuthenticationFailed"),
        (Some("a.b.c"), "InvalidAuthenticationToken"),
        (Some(azure.token.as_str()), "ExpiredAuthenticationToken"),
        (Some(storage.as_str()), "ExpiredAuthenticationToken"),
    ];
    for (token, code) in cases {
        let request = azure.http.get(&url);
        let answer = send(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, code));
        assert!(answer.header("www-authenticate").starts_with("Bearer authorization_uri="));
    }
    let azure = Azure::start().await;
    let storage = azure.sign_in("https://storage.azure.com/.default").await;
    let answer = send(
        azure.http.get(format!("{}{}?api-version={VERSION}", azure.base, watcher())).bearer_auth(storage),
    )
    .await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "InvalidAuthenticationTokenAudience"));
}

#[tokio::test]
async fn an_app_without_a_role_may_sign_in_and_do_nothing() {
    let azure = Azure::start().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "c11e47ab-0000-4000-8000-0000000000b2"),
        ("client_secret", "standin-secret-none~1"),
        ("scope", "https://management.azure.com/.default"),
    ];
    let token =
        azure.ask_token(TENANT, &form).await.json()["access_token"].as_str().expect("a token").to_owned();
    let url = format!("{}{}?api-version=2026-04-01", azure.base, machine("web-01"));
    let answer = send(azure.http.get(url).bearer_auth(token)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "AuthorizationFailed"));
    let message = answer.json()["error"]["message"].to_string();
    assert!(message.contains("Microsoft.Compute/virtualMachines/read"), "{message}");
}

#[tokio::test]
async fn the_api_version_must_be_there_and_known_to_the_resource_type() {
    let azure = Azure::start().await;
    for (version, code) in [
        ("", "MissingApiVersionParameter"),
        ("?api-version=", "MissingApiVersionParameter"),
        ("?api-version=2016-03-30", "NoRegisteredProviderFound"),
        ("?api-version=2999-01-01", "NoRegisteredProviderFound"),
        ("?api-version=newest", "InvalidApiVersionParameter"),
    ] {
        let url = format!("{}{}{version}", azure.base, capture("any"));
        let answer = send(azure.http.get(url).bearer_auth(&azure.token)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{version}");
    }
    for version in ["2016-09-01", "2022-01-01", "2025-05-01", "2026-03-01"] {
        let answer = azure.get(&format!("{}/packetCaptures?api-version={version}", watcher())).await;
        assert_eq!(answer.status, 200, "{version}");
    }
}

#[tokio::test]
async fn what_is_missing_is_told_apart() {
    let azure = Azure::start().await;
    let other =
        "/subscriptions/00000000-0000-4000-8000-000000000000/providers/Microsoft.Network/networkWatchers";
    let nowhere = machine("web-01").replace("rg-shop", "rg-nowhere");
    for (path, code) in [
        (other.to_owned(), "SubscriptionNotFound"),
        (format!("{nowhere}?api-version=2026-04-01"), "ResourceGroupNotFound"),
        (format!("{}?api-version=2026-04-01", machine("web-99")), "ResourceNotFound"),
        (watcher().replace("_westeurope", "_mars"), "ResourceNotFound"),
        (capture("never-was"), "ResourceNotFound"),
    ] {
        let answer = azure.get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, code), "{path}");
    }
}

#[tokio::test]
async fn a_machine_shows_its_place_its_system_and_its_extensions_in_any_case_of_its_id() {
    let azure = Azure::start().await;
    let path = format!("{}?api-version=2026-04-01", machine("web-01").to_uppercase());
    let body = azure.get(&path).await.json();
    assert_eq!((&body["name"], &body["location"]), (&json!("web-01"), &json!("westeurope")));
    assert_eq!(body["id"], machine("web-01"));
    assert_eq!(body["properties"]["storageProfile"]["osDisk"]["osType"], "Linux");
    assert_eq!(body["properties"]["instanceView"], Value::Null);
    let extension = &body["resources"][0]["properties"];
    assert_eq!(extension["publisher"], "Microsoft.Azure.NetworkWatcher");
    assert_eq!(extension["type"], "NetworkWatcherAgentLinux");

    let asleep = azure
        .get(&format!("{}?api-version=2026-04-01&$expand=instanceView", machine("asleep-01")))
        .await
        .json();
    assert_eq!(asleep["properties"]["instanceView"]["statuses"][1]["code"], "PowerState/deallocated");
    let bare = azure.get(&format!("{}?api-version=2026-04-01", machine("bare-01"))).await.json();
    assert_eq!(bare["resources"], Value::Null);

    let set = scale_set("vmss-api");
    let set = azure.get(&format!("{set}?api-version=2026-04-01")).await.json();
    assert_eq!((&set["location"], &set["sku"]["capacity"]), (&json!("westeurope"), &json!(2)));
}

#[tokio::test]
async fn watchers_are_listed_for_the_subscription_and_for_one_group() {
    let azure = Azure::start().await;
    let list = azure
        .get(&format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/networkWatchers"))
        .await;
    let names: Vec<Value> =
        list.json()["value"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["NetworkWatcher_westeurope", "watch-the-north"]);
    let list =
        azure.get(&format!("{}/providers/Microsoft.Network/networkWatchers", group("RG-NET"))).await.json();
    assert_eq!(list["value"][0]["location"], "northeurope");
    assert_eq!(azure.get(&watcher()).await.json()["location"], "westeurope");
    let subscriptions = azure.get("/subscriptions?api-version=2022-12-01").await.json();
    assert_eq!(subscriptions["value"][0]["subscriptionId"], SUBSCRIPTION);
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let azure = Azure::with(&[("page_size = 100", "page_size = 2")]).await;
    let seed = json!({ "watcher_id": watcher(), "count": 5 });
    assert_eq!(send(azure.post("/_standin/captures").json(&seed)).await.status, 201);
    let mut sizes = Vec::new();
    let mut next = Some(format!("{}/packetCaptures", watcher()));
    while let Some(path) = next {
        let page = azure.get(&path).await.json();
        sizes.push(page["value"].as_array().map_or(0, Vec::len));
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn answers_carry_the_headers_of_arm() {
    let azure = Azure::start().await;
    let request = azure
        .arm(Method::PUT, &capture("headers"))
        .header("x-ms-client-request-id", "mine")
        .header("x-ms-return-client-request-id", "true")
        .header("x-ms-correlation-request-id", "together")
        .json(&json!({ "properties": web_01(60) }));
    let answer = send(request).await;
    for name in [
        "x-ms-request-id",
        "x-ms-routing-request-id",
        "x-ms-arm-service-request-id",
        "x-ms-ratelimit-remaining-subscription-writes",
    ] {
        assert!(!answer.header(name).is_empty(), "{name}");
    }
    assert_eq!(answer.header("x-ms-client-request-id"), "mine");
    assert_eq!(answer.header("x-ms-correlation-request-id"), "together");
    assert_eq!(answer.header("azure-asyncnotification"), "Enabled");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("location"), "", "a PUT gives none");
    let get = azure.get(&capture("headers")).await;
    assert_eq!(get.json()["etag"], get.header("etag"));
    assert!(!get.header("x-ms-ratelimit-remaining-subscription-reads").is_empty());
}

#[tokio::test]
async fn a_capture_is_refused_for_what_azure_would_refuse() {
    let azure = Azure::start().await;
    let set = scale_set("vmss-api");
    let with = |field: &str, value: Value| {
        let mut properties = web_01(60);
        properties[field] = value;
        properties
    };
    let stored = |storage: Value| with("storageLocation", storage);
    for (name, properties, status, code) in [
        ("misspelt", with("bytestToCapturePerPacket", json!(0)), 400, "InvalidRequestFormat"),
        ("too-long", with("timeLimitInSeconds", json!(18_001)), 400, "PacketCaptureParameterOutOfRange"),
        (
            "instance",
            with("target", json!(format!("{set}/virtualMachines/0"))),
            400,
            "UnsupportedTargetResourceId",
        ),
        ("a-watcher", with("target", json!(watcher())), 400, "UnsupportedTargetResourceId"),
        ("no-type", with("target", json!(set)), 400, "InvalidTargetType"),
        ("no-machine", with("target", json!(machine("web-99"))), 400, "InvalidResourceReference"),
        ("far", with("target", json!(machine("web-02"))), 400, "InvalidResourceReference"),
        ("nowhere", stored(json!({})), 400, "InvalidPacketCaptureStorageLocation"),
        ("no-account", stored(json!({ "storageId": account("gone") })), 400, "InvalidResourceReference"),
        (
            "far-account",
            stored(json!({ "storageId": account("stshopnorth") })),
            400,
            "InvalidPacketCaptureStorageLocation",
        ),
        (
            "premium",
            stored(json!({ "storageId": account("stshoppremium") })),
            400,
            "InvalidPacketCaptureStorageLocation",
        ),
        (
            "no-uri",
            stored(json!({ "storageId": account("stshopcaptures"), "storagePath": "captures/a.cap" })),
            400,
            "InvalidPacketCaptureStorageLocation",
        ),
        (
            "elsewhere",
            stored(
                json!({ "storageId": account("stshopcaptures"), "storagePath": "https://other.blob.core.windows.net/c/a.cap" }),
            ),
            400,
            "InvalidPacketCaptureStorageLocation",
        ),
        (
            "not-cap",
            stored(json!({ "filePath": "/var/captures/a.pcap" })),
            400,
            "InvalidPacketCaptureStorageLocation",
        ),
        ("not-var", stored(json!({ "filePath": "/tmp/a.cap" })), 400, "InvalidPacketCaptureStorageLocation"),
        (
            "local",
            stored(json!({ "localPath": "/var/captures/a.cap" })),
            400,
            "InvalidPacketCaptureStorageLocation",
        ),
        (
            "ring-not-var",
            {
                let mut ring = stored(json!({ "localPath": "/tmp/a.cap" }));
                ring["continuousCapture"] = json!(true);
                ring
            },
            400,
            "InvalidPacketCaptureStorageLocation",
        ),
        (".dot-first", web_01(60), 400, "InvalidResourceName"),
    ] {
        let answer = azure.put_capture(name, properties).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{name}: {}",
            answer.json()
        );
    }
    assert_eq!(azure.control("captures").await["captures"], json!([]));
    let not_json = azure.arm(Method::PUT, &capture("broken")).body("{");
    assert_eq!(send(not_json).await.code(), "InvalidRequestFormat");
}
