//! The files that captures leave: read into summaries, told of, and kept beside the record.

use serde_json::{Value, json};

use super::*;
use crate::{platform::Clock, time::Timestamp};

/// Where Azure says that the file goes.
pub(super) const PATH: &str =
    "https://stshopcaptures.blob.core.windows.net/network-watcher-logs/vm/packetcapture_02_00.cap";

/// A world in which files are read.
pub(super) fn world() -> Sim {
    let sim = Sim::new();
    sim.set("summary", "on");
    sim.0.azure.borrow_mut().storage_path = PATH;
    sim
}

/// A capture file with so many packets: UDP from one machine to another.
pub(super) fn file(packets: u32) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1_u32] {
        file.extend(word.to_le_bytes());
    }
    let mut packet = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    packet.extend([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 4, 10, 0, 0, 5]);
    packet.extend([0x30, 0x39, 0x13, 0x88, 0, 26, 0, 0]);
    packet.resize(60, 0);
    for nth in 0..packets {
        for word in [1_795_312_821 + nth / 1_000, nth % 1_000 * 1_000, 60, 60] {
            file.extend(word.to_le_bytes());
        }
        file.extend(&packet);
    }
    file
}

/// Uploads it so many seconds after the alert.
pub(super) fn upload(sim: &Sim, seconds: i64, url: &str, bytes: Vec<u8>) {
    let at = sim.now().after(seconds);
    sim.0.azure.borrow_mut().blobs.insert(url.to_owned(), (at, bytes));
}

/// What people were told at the end.
fn told(sim: &Sim) -> Value {
    let azure = sim.0.azure.borrow();
    let ends: Vec<&Value> =
        azure.told.iter().filter(|event| event["type"] == "alertcap.capture.ended.v1").collect();
    assert_eq!(ends.len(), 1, "{:?}", azure.told);
    ends[0].clone()
}

fn kept(sim: &Sim, kind: &str) -> usize {
    sim.0.store.borrow().keys().filter(|key| key.starts_with(kind)).count()
}

#[test]
fn a_file_is_read_once_it_is_uploaded_and_people_are_told_what_it_shows() {
    let sim = world();
    upload(&sim, 90, PATH, file(50));
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!(record["state"], "reported");
    let read = &record["files"][0];
    assert_eq!((&read["summary"], &read["packets"]), (&json!("done"), &json!(50)));
    assert_eq!(read["size"], 24 + 50 * 76);
    let headlines = told(&sim)["data"]["headlines"].clone();
    assert_eq!(headlines, read["headlines"]);
    assert!(!headlines.as_array().unwrap().is_empty());
    let (status, summary) =
        send(&sim, get(&format!("/api/captures/{}/summary", record["name"].as_str().unwrap())));
    assert_eq!((status, &summary["file"]["packets"]), (StatusCode::OK, &json!(50)));
    assert_eq!(kept(&sim, "reading."), 0);
}

#[test]
fn a_large_file_is_read_in_pieces_and_taken_up_where_it_was_left() {
    let sim = world();
    // Ten milliseconds for each kilobyte: 30 s, at six seconds a piece.
    upload(&sim, 0, PATH, file(40_000));
    send_all(&sim, alert(METRIC));
    let read = &record(&sim)["files"][0];
    assert_eq!((&read["summary"], &read["packets"]), (&json!("done"), &json!(40_000)));
    let ranges: Vec<String> = sim
        .0
        .sent
        .borrow()
        .iter()
        .filter(|sent| sent.operation == "blob")
        .map(|sent| {
            sent.headers.get("range").map(|range| range.to_str().unwrap().to_owned()).unwrap_or_default()
        })
        .collect();
    assert!(ranges.len() >= 4, "{ranges:?}");
    assert!(
        ranges[0].is_empty() && ranges[1..].iter().all(|range| range.starts_with("bytes=")),
        "{ranges:?}"
    );
}

#[test]
fn a_reading_that_broke_off_with_its_instance_is_taken_up_by_a_sweep() {
    let sim = world();
    upload(&sim, 0, PATH, file(40_000));
    send(&sim, alert(METRIC));
    // Each instance lives as long as its sweep.
    for _ in 0..20 {
        sim.pass(30);
        send(&sim, sweep());
    }
    let record = record(&sim);
    assert_eq!((&record["state"], &record["files"][0]["packets"]), (&json!("reported"), &json!(40_000)));
}

#[test]
fn a_body_that_breaks_off_is_read_on_from_there() {
    let sim = world();
    upload(&sim, 0, PATH, file(2_000));
    sim.0.breaks_off_after.set(Some(20));
    send_all(&sim, alert(METRIC));
    let read = &record(&sim)["files"][0];
    assert_eq!((&read["summary"], &read["packets"]), (&json!("done"), &json!(2_000)));
    assert!(sim.count("blob") >= 7, "{}", sim.count("blob"));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_read_anew() {
    let sim = world();
    upload(&sim, 0, PATH, file(5_000));
    sim.0.breaks_off_after.set(Some(50));
    let app = sim.app();
    let changing = sim.clone();
    sim.run_all(async move {
        answer(&app, alert(METRIC)).await;
        while changing.count("blob") < 2 {
            changing.sleep(Duration::from_millis(50)).await;
        }
        // The second try has broken off too by then.
        changing.sleep(Duration::from_secs(1)).await;
        changing.0.azure.borrow_mut().etag = "\"0x9E\"";
        changing.0.breaks_off_after.set(None);
    });
    let read = &record(&sim)["files"][0];
    assert_eq!((&read["summary"], &read["packets"]), (&json!("done"), &json!(5_000)), "{read}");
    assert_eq!(read["etag"], "\"0x9E\"");
}

#[test]
fn who_may_not_read_is_told_at_once_what_to_do_and_nobody_waits() {
    let sim = world();
    let refusal = json!({"error": {"code": "AuthorizationPermissionMismatch", "message": "no"}});
    sim.0.azure.borrow_mut().fault("blob", Fault::Answer(403, refusal, None));
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!((&record["state"], &record["files"][0]["summary"]), (&json!("reported"), &json!("failed")));
    assert_eq!(record["outcome"], "captured", "the capture itself is well");
    let notes = record["notes"].to_string();
    assert!(notes.contains("could not be read"), "{notes}");
    let waited: Timestamp = told(&sim)["time"].as_str().unwrap().parse().unwrap();
    let ended: Timestamp = record["endedAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(waited, ended);
    let (status, problem) =
        send(&sim, get(&format!("/api/captures/{}/summary", record["name"].as_str().unwrap())));
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(problem["detail"].as_str().unwrap().contains("could not be read"), "{problem}");
}

#[test]
fn a_file_that_never_comes_is_given_up_and_people_are_told_without_it() {
    let sim = world();
    send_all(&sim, alert(METRIC));
    let record = record(&sim);
    assert_eq!((&record["state"], &record["files"][0]["summary"]), (&json!("reported"), &json!("failed")));
    assert_eq!(told(&sim)["data"]["headlines"], json!([]));
    let asked = sim.count("blob");
    assert!((5..40).contains(&asked), "{asked}");
}

#[test]
fn every_instance_of_a_scale_set_has_a_summary_of_its_own() {
    let sim = world();
    let beside = |name: &str| PATH.replace("packetcapture", &format!("{name}_packetcapture"));
    upload(&sim, 80, &beside("vmss_0"), file(10));
    upload(&sim, 80, &beside("vmss_1"), file(20));
    upload(&sim, 95, &beside("vmss_2"), file(30));
    upload(&sim, 0, &PATH.replace("packetcapture", "another"), file(40));
    let body =
        String::from_utf8_lossy(METRIC).replace("virtualmachines/web-01", "virtualmachinescalesets/web");
    send_all(&sim, alert(body.as_bytes()));
    let record = record(&sim);
    let packets: Vec<u64> =
        record["files"].as_array().unwrap().iter().map(|file| file["packets"].as_u64().unwrap()).collect();
    assert_eq!(packets, [10, 20, 30], "{record}");
    let name = record["name"].as_str().unwrap();
    let (_, summary) = send(&sim, get(&format!("/api/captures/{name}/summary?file=2")));
    assert_eq!(summary["file"]["packets"], 30);
    let (status, problem) = send(&sim, get(&format!("/api/captures/{name}/summary?file=3")));
    assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
    let (status, _) = send(&sim, get(&format!("/api/captures/{name}/summary?file=x")));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(told(&sim)["data"]["headlines"].as_array().unwrap().len(), 3);
}

#[test]
fn a_summary_that_is_not_there_yet_says_when_to_ask_again() {
    let sim = world();
    let (_, accepted) = send(&sim, alert(METRIC));
    let path = format!("/api/captures/{}/summary", name(&accepted));
    let app = sim.app();
    let request = get(&path);
    let answer = sim.run(async move { answer(&app, request).await });
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let after: i64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((10..=90).contains(&after), "{after}");
    let (status, _) = send(&sim, super::request(Method::GET, &path, b""));
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = send(&sim, get("/api/captures/none/summary"));
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[test]
fn what_is_kept_of_files_goes_with_the_record() {
    let sim = world();
    upload(&sim, 0, PATH, file(10));
    send_all(&sim, alert(METRIC));
    assert_eq!(kept(&sim, "summary."), 1);
    sim.pass(91 * 86_400);
    send_all(&sim, sweep());
    assert_eq!((records(&sim).len(), kept(&sim, "summary.")), (0, 0));
}

#[test]
fn a_token_goes_to_no_account_that_files_may_not_go_to() {
    let sim = world();
    sim.0.azure.borrow_mut().storage_path = "https://other.blob.core.windows.net/network-watcher-logs/x.cap";
    send_all(&sim, alert(METRIC));
    assert_eq!((sim.count("blob"), sim.count("blobs")), (0, 0));
    let record = record(&sim);
    assert_eq!((&record["state"], &record["files"]), (&json!("reported"), &Value::Null));
    assert!(record["notes"].to_string().contains("storage_endpoint"), "{record}");
}

#[test]
fn with_summaries_off_nothing_asks_storage() {
    let sim = world();
    sim.set("summary", "off");
    upload(&sim, 0, PATH, file(10));
    send_all(&sim, alert(METRIC));
    assert_eq!((sim.count("blob"), kept(&sim, "summary.")), (0, 0));
    let record = record(&sim);
    let path = format!("/api/captures/{}/summary", record["name"].as_str().unwrap());
    assert!(send(&sim, get(&path)).1["detail"].as_str().unwrap().contains("off"));
    assert_eq!(record["state"], "reported");
}
