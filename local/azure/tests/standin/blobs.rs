//! Downloading capture files.

use std::io::Cursor;
use std::process::Command;

use pcap_file::pcap::PcapReader;
use reqwest::Method;
use serde_json::json;

use crate::client::{Answer, Azure, Pairs, account, send, web_01};

/// Captures a second of web-01; gives the file's URL and a token for it.
async fn file(azure: &Azure) -> (String, String) {
    let answer = azure.put_capture("file", web_01(1)).await;
    let url =
        answer.json()["properties"]["storageLocation"]["storagePath"].as_str().expect("a path").to_owned();
    let token = azure.sign_in("https://storage.azure.com/.default").await;
    let early = read(azure, Method::GET, &url, &token, &[]).await;
    assert_eq!(
        (early.status.as_u16(), early.header("x-ms-error-code").as_str()),
        (404, "BlobNotFound"),
        "not yet"
    );
    azure.session("file", |one| one["files"][0]["written"] == true).await;
    (url, token)
}

async fn read(azure: &Azure, method: Method, url: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = azure.http.request(method, url).bearer_auth(token);
    if headers.iter().all(|(name, _)| *name != "x-ms-version") {
        request = request.header("x-ms-version", "2025-05-05");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request).await
}

#[tokio::test]
async fn a_finished_captures_file_is_a_pcap_that_others_read() {
    let azure = Azure::start().await;
    let (url, token) = file(&azure).await;
    let whole = read(&azure, Method::GET, &url, &token, &[]).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.header("x-ms-blob-type"), "BlockBlob");

    let truth = azure.session("file", |_| true).await;
    let time = |field: &str| {
        truth[field].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).expect("a time")
    };
    let (since, until) = (time("since").as_duration(), time("until").as_duration());
    let mut reader = PcapReader::new(Cursor::new(&whole.bytes)).expect("a pcap");
    let mut packets = 0;
    while let Some(packet) = reader.next_packet() {
        let at = jiff::SignedDuration::try_from(packet.expect("a packet").timestamp).expect("a time");
        assert!(since <= at && at <= until, "{since:?} {at:?} {until:?}");
        packets += 1;
    }
    assert!(packets > 20, "{packets}");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.cap");
    std::fs::write(&path, &whole.bytes).expect("written");
    match Command::new("capinfos").arg("-M").arg(&path).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains(&format!("{packets}")), "{text}");
        }
        Err(_) => crate::note("skipped: capinfos is not on the PATH; pcap-file has read the file"),
    }
}

#[tokio::test]
async fn ranges_and_conditions_are_honoured() {
    let azure = Azure::start().await;
    let (url, token) = file(&azure).await;
    let whole = read(&azure, Method::GET, &url, &token, &[]).await;
    let (size, etag) = (whole.bytes.len(), whole.header("etag"));
    let get = async |headers: &[(&str, &str)]| read(&azure, Method::GET, &url, &token, headers).await;

    let part = get(&[("range", "bytes=4-9")]).await;
    assert_eq!((part.status.as_u16(), part.bytes.as_slice()), (206, &whole.bytes[4..10]));
    assert_eq!(part.header("content-range"), format!("bytes 4-9/{size}"));
    let part = get(&[("range", "bytes=0-0"), ("x-ms-range", "bytes=24-")]).await;
    assert_eq!(part.header("content-range"), format!("bytes 24-{}/{size}", size - 1), "x-ms-range wins");
    let part = get(&[("x-ms-range", "bytes=0-33554431")]).await;
    assert_eq!((part.status.as_u16(), part.bytes.len()), (206, size));
    let past = get(&[("range", &format!("bytes={size}-"))]).await;
    assert_eq!((past.status.as_u16(), past.header("x-ms-error-code").as_str()), (416, "InvalidRange"));
    assert_eq!(get(&[("if-match", &etag)]).await.status, 200);
    let changed = get(&[("if-match", "\"0x0\"")]).await;
    assert_eq!(
        (changed.status.as_u16(), changed.header("x-ms-error-code").as_str()),
        (412, "ConditionNotMet")
    );
    assert_eq!(get(&[("if-none-match", &etag)]).await.status, 304);

    let head = read(&azure, Method::HEAD, &url, &token, &[]).await;
    assert_eq!((head.status.as_u16(), head.header("content-length")), (200, size.to_string()));
    assert!(head.bytes.is_empty());
}

#[tokio::test]
async fn a_read_needs_a_storage_token_a_version_and_a_right() {
    let azure = Azure::start().await;
    let url = format!("{}/stshopcaptures/network-watcher-logs/none.cap", azure.base);
    let token = azure.sign_in("https://storage.azure.com/.default").await;
    let anonymous = send(azure.http.get(&url).header("x-ms-version", "2025-05-05")).await;
    assert_eq!(
        (anonymous.status.as_u16(), anonymous.header("x-ms-error-code").as_str()),
        (401, "NoAuthenticationInformation")
    );
    assert!(anonymous.header("www-authenticate").contains("resource_id=https://storage.azure.com"));
    let text = String::from_utf8_lossy(&anonymous.bytes).into_owned();
    assert!(text.contains("<Error><Code>NoAuthenticationInformation</Code><Message>"), "{text}");

    let cases: &[(&str, &str, Pairs<'_>, u16, &str)] = &[
        (&url, &azure.token, &[], 401, "InvalidAuthenticationInfo"),
        (&url, "forged", &[], 401, "InvalidAuthenticationInfo"),
        (&url, &token, &[("x-ms-version", "2015-01-01")], 400, "InvalidHeaderValue"),
        (&url, &token, &[], 404, "BlobNotFound"),
        (&url.replace("network-watcher-logs", "elsewhere"), &token, &[], 404, "ContainerNotFound"),
        (&url.replace("stshopcaptures", "stunknown"), &token, &[], 404, "ResourceNotFound"),
    ];
    for (url, token, headers, status, code) in cases {
        let answer = read(&azure, Method::GET, url, token, headers).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("x-ms-error-code").as_str()),
            (*status, *code),
            "{url}"
        );
    }
    let answer = send(azure.http.get(&url).bearer_auth(&token)).await;
    assert_eq!(answer.header("x-ms-error-code"), "MissingRequiredHeader");

    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "c11e47ab-0000-4000-8000-0000000000b2"),
        ("client_secret", "standin-secret-none~1"),
        ("scope", "https://storage.azure.com/.default"),
    ];
    let other = azure.ask_token(crate::client::TENANT, &form).await.json()["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let answer = read(&azure, Method::GET, &url, &other, &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-ms-error-code").as_str()),
        (403, "AuthorizationPermissionMismatch")
    );
}

#[tokio::test]
async fn a_storage_path_of_ones_own_is_kept_as_it_was_given() {
    let azure = Azure::start().await;
    let mut properties = web_01(1);
    let path = "https://stshopcaptures.blob.core.windows.net/mine/a/b.cap";
    properties["storageLocation"] = json!({ "storageId": account("stshopcaptures"), "storagePath": path });
    let answer = azure.put_capture("own-path", properties).await;
    assert_eq!(answer.json()["properties"]["storageLocation"]["storagePath"], path);
    azure.session("own-path", |one| one["files"][0]["written"] == true).await;
    let token = azure.sign_in("https://storage.azure.com/.default").await;
    let url = format!("{}/stshopcaptures/mine/a/b.cap", azure.base);
    assert_eq!(read(&azure, Method::GET, &url, &token, &[]).await.status, 200);
}

#[tokio::test]
async fn a_body_breaks_off_or_comes_slowly_on_request() {
    let azure = Azure::start().await;
    let (url, token) = file(&azure).await;
    azure.fault(json!({"operation": "blob.get", "fault": {"kind": "body_breaks", "after_bytes": 100}})).await;
    let request = azure.http.get(&url).bearer_auth(&token).header("x-ms-version", "2025-05-05");
    let answer = request.send().await.expect("a head");
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err(), "it is not whole");
    azure
        .fault(json!({"operation": "blob.get", "fault": {"kind": "slow_body", "bytes": 50, "ms": 20}}))
        .await;
    let begin = std::time::Instant::now();
    let answer = read(&azure, Method::GET, &url, &token, &[("range", "bytes=0-199")]).await;
    assert_eq!((answer.status.as_u16(), answer.bytes.len()), (206, 200));
    assert!(begin.elapsed().as_millis() >= 80, "four pieces");
}

#[tokio::test]
async fn a_list_shows_what_begins_with_a_prefix_page_by_page() {
    let azure = Azure::start().await;
    let (url, token) = file(&azure).await;
    let base = url.split("/network-watcher-logs/").next().expect("a container").to_owned();
    let kept = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(kept.path(), b"12345").expect("written");
    for name in ["a/0_x.cap", "a/1_<x>.cap", "a/2_x.cap", "b/x.cap"] {
        let place = json!({"account": "stshopcaptures", "container": "network-watcher-logs", "name": name, "file": kept.path()});
        assert_eq!(send(azure.post("/_standin/blob").json(&place)).await.status, 204);
    }
    let list = async |marker: &str| {
        let query = format!("restype=container&comp=list&prefix=a%2F&maxresults=2&marker={marker}");
        let answer =
            read(&azure, Method::GET, &format!("{base}/network-watcher-logs?{query}"), &token, &[]).await;
        assert_eq!(answer.status, 200);
        String::from_utf8_lossy(&answer.bytes).into_owned()
    };
    let first = list("").await;
    assert!(
        first.contains("<Name>a/1_&lt;x&gt;.cap</Name>") && first.contains("<Content-Length>5<"),
        "{first}"
    );
    assert!(first.contains("<NextMarker>a/2_x.cap</NextMarker>"), "{first}");
    let rest = list("a%2F2_x.cap").await;
    assert!(rest.contains("<Name>a/2_x.cap</Name>") && rest.contains("<NextMarker></NextMarker>"), "{rest}");
    assert!(!rest.contains("b/x.cap"), "{rest}");
}
