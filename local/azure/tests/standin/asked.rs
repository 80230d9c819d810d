//! What a PUT may ask for beyond one machine and one account.

use serde_json::json;

use crate::captures::created;
use crate::client::{Azure, account, capture, machine, scale_set, web_01};

#[tokio::test]
async fn a_scale_set_leaves_one_file_per_instance_of_its_scope() {
    let azure = Azure::start().await;
    let mut properties = web_01(1);
    properties["target"] = json!(scale_set("vmss-api"));
    properties["targetType"] = json!("AzureVMSS");
    created(&azure, "all", properties.clone()).await;
    let truth = azure.session("all", |one| one["files"][1]["written"] == true).await;
    assert_eq!(truth["files"].as_array().map(Vec::len), Some(2), "{truth}");
    properties["scope"] = json!({ "exclude": ["0"] });
    created(&azure, "one", properties.clone()).await;
    let truth = azure.session("one", |one| one["files"][0]["written"] == true).await;
    assert!(
        truth["files"][0]["path"].as_str().is_some_and(|path| path.contains("/3_packetcapture_")),
        "{truth}"
    );
    properties["scope"] = json!({ "include": ["0"] });
    created(&azure, "other", properties.clone()).await;
    let truth = azure.session("other", |one| one["files"][0]["written"] == true).await;
    assert_eq!(truth["files"].as_array().map(Vec::len), Some(1), "{truth}");
    assert!(
        truth["files"][0]["path"].as_str().is_some_and(|path| path.contains("/0_packetcapture_")),
        "{truth}"
    );
    let read = azure.get(&capture("other")).await.json();
    assert_eq!(read["properties"]["scope"], json!({ "include": ["0"], "exclude": [] }));
    assert_eq!(read["properties"]["targetType"], "AzureVMSS");
    for scope in [json!({ "include": ["9"] }), json!({ "include": ["0"], "exclude": ["0"] })] {
        properties["scope"] = scope;
        let answer = azure.put_capture("none", properties.clone()).await;
        assert_eq!(answer.code(), "InvalidPacketCaptureScope");
    }
}

#[tokio::test]
async fn a_scale_set_without_the_agent_fails_as_a_machine_does() {
    let azure = Azure::start().await;
    let mut properties = web_01(1);
    properties["target"] = json!(scale_set("vmss-bare"));
    properties["targetType"] = json!("AzureVMSS");
    let done = created(&azure, "bare", properties).await;
    assert_eq!(done["error"]["code"], "NetworkWatcherAgentNotInstalled");
}

#[tokio::test]
async fn everything_that_was_asked_is_read_back() {
    let azure = Azure::start().await;
    let properties = json!({
        "target": machine("web-01"),
        "bytesToCapturePerPacket": 96,
        "totalBytesPerSession": 4096,
        "timeLimitInSeconds": 60,
        "storageLocation": { "storageId": account("stshopcaptures"), "localPath": "/var/captures/ring.cap" },
        "filters": [{ "protocol": "TCP", "localIPAddress": "10.20.0.4", "remotePort": "80;443" }],
        "continuousCapture": true,
        "captureSettings": { "fileCount": 3, "fileSizeInBytes": 100_000, "sessionTimeLimitInSeconds": 60 },
    });
    assert_eq!(azure.put_capture("all-of-it", properties.clone()).await.status, 201);
    let read = azure.get(&capture("all-of-it")).await.json()["properties"].clone();
    for field in [
        "target",
        "bytesToCapturePerPacket",
        "totalBytesPerSession",
        "timeLimitInSeconds",
        "continuousCapture",
        "captureSettings",
    ] {
        assert_eq!(read[field], properties[field], "{field}");
    }
    assert_eq!(read["storageLocation"]["localPath"], "/var/captures/ring.cap");
    assert_eq!(
        read["filters"],
        json!([{ "protocol": "TCP", "localIPAddress": "10.20.0.4", "localPort": "", "remoteIPAddress": "", "remotePort": "80;443" }])
    );
}

#[tokio::test]
async fn a_capture_to_the_machine_leaves_no_blob() {
    let azure = Azure::start().await;
    let mut properties = web_01(1);
    properties["storageLocation"] = json!({ "filePath": "/var/captures/here.cap" });
    created(&azure, "local", properties).await;
    let truth = azure.session("local", |one| one["state"] == "Ended").await;
    assert_eq!(truth["files"], json!([]));
    let read = azure.get(&capture("local")).await.json();
    assert_eq!(
        read["properties"]["storageLocation"],
        json!({ "storagePath": "", "filePath": "/var/captures/here.cap" })
    );
}
