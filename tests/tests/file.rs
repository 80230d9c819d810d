//! The file of a capture, on a real host: byte for byte, in parts, and what is said where there is none.

use std::path::Path;

use alertcap_tests::{METRIC, OPERATOR_KEY, Options, Stack, get, note, post, raw, until};
use serde_json::{Value, json};

/// More than any buffer on the way holds.
const LARGE: usize = 20_000_000;

fn stack(variables: &[(&str, &str)], inventory: &[(&str, &str, i64)]) -> Stack {
    // How files are read has a test of its own.
    let variables: Vec<_> = [("summary", "off")].into_iter().chain(variables.iter().copied()).collect();
    Stack::start(&Options { variables: &variables, inventory, clocks: true, ..Options::default() })
}

fn captured(stack: &Stack, alert: &str) -> (String, Value) {
    let answer = stack.alert(alert);
    let name = answer.json["captures"][0]["name"].as_str().expect("a name").to_owned();
    let record = stack.wait_for(&name, "reported");
    (name, record)
}

/// The file, with headers of the test's.
fn file(stack: &Stack, name: &str, headers: &[(&str, &str)]) -> alertcap_tests::Answer {
    let key = [("x-functions-key", OPERATOR_KEY)];
    let headers: Vec<_> = key.into_iter().chain(headers.iter().copied()).collect();
    get(&format!("{}/api/captures/{name}/file", stack.url()), &headers)
}

fn header<'a>(answer: &'a alertcap_tests::Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().expect("text"))
}

/// Bytes that no shift or repetition leaves as they are.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| random.u8(..)).collect()
}

/// Puts `content` where Azure said that the file goes.
fn upload(stack: &Stack, record: &Value, content: &[u8]) {
    let kept = stack.host_state().join("upload");
    std::fs::write(&kept, content).expect("written");
    upload_file(stack, record, &kept);
}

fn upload_file(stack: &Stack, record: &Value, file: &Path) {
    let path = record["storagePath"].as_str().expect("a path");
    let rest = path.strip_prefix(&format!("{}/", stack.azure_url())).expect("at the stand-in");
    let [account, container, name] = rest.splitn(3, '/').collect::<Vec<_>>()[..] else { panic!("{rest}") };
    stack.control("blob", &json!({"account": account, "container": container, "name": name, "file": file}));
}

#[test]
fn the_file_is_byte_for_byte_the_blob_and_can_be_had_in_parts() {
    let stack = stack(&[], &[]);
    let (name, record) = captured(&stack, METRIC);
    let content = bytes(LARGE, 7);
    upload(&stack, &record, &content);

    let whole = file(&stack, &name, &[]);
    assert_eq!(whole.status, 200, "{:?}", whole.json);
    assert!(whole.bytes == content, "{} bytes", whole.bytes.len());
    assert_eq!(header(&whole, "content-length"), LARGE.to_string());
    assert_eq!(header(&whole, "content-type"), "application/vnd.tcpdump.pcap");
    let saved_as = header(&whole, "content-disposition");
    assert!(saved_as.starts_with("attachment; filename=\"web-01-20"), "{saved_as}");
    assert_eq!((header(&whole, "accept-ranges"), header(&whole, "cache-control")), ("bytes", "no-store"));
    let etag = header(&whole, "etag");

    let part = file(&stack, &name, &[("range", "bytes=1000-1999999")]);
    assert_eq!(part.status, 206);
    assert!(part.bytes == content[1_000..2_000_000]);
    assert_eq!(header(&part, "content-range"), format!("bytes 1000-1999999/{LARGE}"));
    for (headers, status) in [
        (&[("if-none-match", etag)][..], 304),
        (&[("if-match", "\"0xOTHER\"")], 412),
        (&[("range", "bytes=20000000-")], 416),
        (&[("range", "bytes=0-0,5-6")], 200),
        (&[("range", "bytes=5-"), ("if-range", etag)], 206),
        (&[("range", "bytes=5-"), ("if-range", "\"0xOTHER\"")], 200),
        (&[("range", "bytes=5-"), ("if-range", header(&whole, "last-modified"))], 206),
        (&[("range", "bytes=5-"), ("if-range", "Sun, 22 Nov 2015 02:00:20 GMT")], 200),
    ] {
        let answer = file(&stack, &name, headers);
        assert_eq!(answer.status, status, "{headers:?} {:?}", answer.json);
    }
    let beyond = file(&stack, &name, &[("range", "bytes=20000000-")]);
    assert_eq!(header(&beyond, "content-range"), format!("bytes */{LARGE}"));

    let path = format!("HEAD /api/captures/{name}/file HTTP/1.1");
    let head = raw(&stack.url(), &path, &[("x-functions-key", OPERATOR_KEY.as_bytes())], b"");
    assert_eq!((head.status, head.bytes.len(), header(&head, "etag")), (200, 0, etag));
    assert_eq!(header(&head, "content-length"), LARGE.to_string());
}

#[test]
fn a_download_that_broke_off_is_seen_and_taken_up_unless_the_file_has_changed() {
    let stack = stack(&[], &[]);
    let (name, record) = captured(&stack, METRIC);
    let content = bytes(3_000_000, 8);
    upload(&stack, &record, &content);
    stack.fault("blob.get", &json!({"kind": "body_breaks", "after_bytes": 1_000_000}), 1);
    let path = format!("GET /api/captures/{name}/file HTTP/1.1");
    let begun = raw(&stack.url(), &path, &[("x-functions-key", OPERATOR_KEY.as_bytes())], b"");
    assert_eq!(begun.status, 200);
    assert!(begun.bytes.len() <= 1_000_000 && begun.bytes == content[..begun.bytes.len()]);
    note(&format!("{} of 3000000 bytes came before it broke off", begun.bytes.len()));
    let client = std::panic::catch_unwind(|| {
        stack.fault("blob.get", &json!({"kind": "body_breaks", "after_bytes": 1_000_000}), 1);
        file(&stack, &name, &[])
    });
    assert!(client.is_err(), "a client took a part for the whole");

    // As curl --continue-at and browsers do.
    let (range, etag) = (format!("bytes={}-", begun.bytes.len()), header(&begun, "etag"));
    let rest = file(&stack, &name, &[("range", &range), ("if-range", etag)]);
    assert_eq!(rest.status, 206);
    assert!([begun.bytes.clone(), rest.bytes].concat() == content);
    let changed = bytes(2_000_000, 9);
    upload(&stack, &record, &changed);
    let anew = file(&stack, &name, &[("range", &range), ("if-range", etag)]);
    assert!(anew.status == 200 && anew.bytes == changed, "{}", anew.status);
}

/// `ALERTCAP_FILE_MB` says how large the file is, if not 200 MB.
#[test]
fn a_large_file_is_passed_on_in_constant_memory() {
    let stack = stack(&[], &[]);
    let (name, record) = captured(&stack, METRIC);
    upload(&stack, &record, &bytes(5_000_000, 11));
    assert_eq!(file(&stack, &name, &[]).bytes.len(), 5_000_000);
    let before = stack.peak_memory();

    let megabytes = std::env::var("ALERTCAP_FILE_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    let length = megabytes * 1_000_000;
    let large = stack.host_state().join("large");
    std::fs::File::create(&large).and_then(|file| file.set_len(length)).expect("a file");
    upload_file(&stack, &record, &large);
    let begin = std::time::Instant::now();
    let url = format!("{}/api/captures/{name}/file", stack.url());
    let mut answer = ureq::get(&url).header("x-functions-key", OPERATOR_KEY).call().expect("an answer");
    let read = std::io::copy(&mut answer.body_mut().as_reader(), &mut std::io::sink()).expect("the whole");
    let rate = length as f64 / 1e6 / begin.elapsed().as_secs_f64();
    assert_eq!(read, length);
    let (Some(before), Some(after)) = (before, stack.peak_memory()) else { return };
    let more = (after - before) / 1_000_000;
    note(&format!("{megabytes} MB passed on at {rate:.0} MB/s; the host's peak memory grew by {more} MB"));
    assert!(more < 50, "{more} MB more than for 5 MB");
}

#[test]
fn a_slow_storage_makes_a_slow_download_and_nobody_else_waits() {
    let stack = stack(&[], &[]);
    let (name, record) = captured(&stack, METRIC);
    let content = bytes(1_000_000, 10);
    upload(&stack, &record, &content);
    stack.fault("blob.get", &json!({"kind": "slow_body", "bytes": 20_000, "ms": 40}), 1);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| file(&stack, &name, &[]));
        let begin = std::time::Instant::now();
        assert_eq!(stack.read("/api/captures").status, 200);
        assert!(begin.elapsed().as_millis() < 1_500, "{:?}", begin.elapsed());
        assert!(slow.join().expect("no panic").bytes == content);
    });
}

#[test]
fn a_file_that_is_not_there_yet_is_404_with_a_time_to_ask_again() {
    let stack = stack(&[("time_limit_seconds", "60")], &[("timings", "upload_delay_ms", 5_000)]);
    let answer = stack.alert(METRIC);
    let name = answer.json["captures"][0]["name"].as_str().expect("a name").to_owned();
    stack.wait_for(&name, "running");
    let running = file(&stack, &name, &[]);
    assert_eq!(running.status, 404);
    let again: u64 = header(&running, "retry-after").parse().expect("seconds");
    assert!((30..=62).contains(&again), "{again}");
    stack.advance(62);
    stack.follow(&name, "reported", |record| record["state"] == "reported");
    let uploading = file(&stack, &name, &[]);
    if uploading.status == 404 {
        assert_eq!(header(&uploading, "retry-after"), "30", "{:?}", uploading.json);
    }
    let there = until(20, "the file", || Some(file(&stack, &name, &[])).filter(|file| file.status == 200));
    assert!(there.bytes.len() > 24);
}

#[test]
fn each_file_of_a_scale_set_is_served() {
    let stack = stack(&[], &[]);
    let set = "Microsoft.Compute/virtualMachineScaleSets/vmss-api";
    let alert = METRIC.replace("Microsoft.Compute/virtualMachines/web-01", set);
    let alert = alert.replace("microsoft.compute/virtualmachines/web-01", set);
    let (name, record) = captured(&stack, &alert);
    assert_eq!(record["targetType"], "AzureVMSS", "{record}");
    let nth = |number: usize| stack.read(&format!("/api/captures/{name}/file?file={number}"));
    let [one, other] = [0, 1].map(|number| {
        until(10, "an instance's file", || Some(nth(number)).filter(|answer| answer.status == 200))
    });
    assert!(one.bytes.len() > 24 && other.bytes.len() > 24 && one.bytes != other.bytes);
    let names = [&one, &other].map(|answer| header(answer, "content-disposition").to_owned());
    assert!(names[0].contains("vmss-api-0-20") && names[1].contains("vmss-api-3-20"), "{names:?}");
    assert_eq!(nth(2).status, 404);
}

#[test]
fn what_storage_refuses_is_said_with_advice_and_without_secrets() {
    let stack = stack(&[], &[]);
    let (name, _) = captured(&stack, METRIC);
    until(10, "the file", || Some(file(&stack, &name, &[])).filter(|file| file.status == 200));
    let fault = |status: u16, code: &str| {
        let fault = json!({"kind": "status", "status": status, "code": code, "message": "Not now."});
        stack.fault("blob.get", &fault, 1);
        file(&stack, &name, &[])
    };
    for (status, code, answered, advice) in [
        (403, "AuthorizationPermissionMismatch", 409, "Storage Blob Data Reader"),
        (403, "AuthorizationFailure", 409, "firewall"),
        (503, "ServerBusy", 503, "Try again"),
        (409, "BlobArchived", 409, "archive"),
    ] {
        let answer = fault(status, code);
        let detail = answer.json["detail"].as_str().expect("words");
        assert_eq!(answer.status, answered, "{detail}");
        assert!(detail.contains(code) && detail.contains(advice), "{detail}");
        assert!(!detail.contains("http") && !detail.contains("eyJ"), "{detail}");
    }
    // A token that storage no longer takes is replaced.
    let again = fault(401, "InvalidAuthenticationInfo");
    assert_eq!(again.status, 200);
    let closed = get(&format!("{}/api/captures/{name}/file", stack.url()), &[("x-functions-key", "wrong")]);
    assert_eq!(closed.status, 401);
}

#[test]
fn a_report_carries_a_link_that_opens_the_file_until_it_ends() {
    let variables = [("share_links", "1h"), ("teams_url", "{http}/teams/x"), ("teams_host", "{http}")];
    let chat = [("slack_url", "{http}/slack/services/x"), ("slack_host", "{http}")];
    let stack = stack(&[&variables[..], &chat[..]].concat(), &[]);
    let (name, record) = captured(&stack, METRIC);
    let content =
        until(10, "the file", || Some(file(&stack, &name, &[])).filter(|file| file.status == 200)).bytes;
    let told = stack.told();
    let ended = told.iter().find(|one| one["body"]["id"] == format!("{name}.ended")).expect("told");
    let link = ended["body"]["data"]["shareLink"]["url"].as_str().expect("a link").to_owned();
    assert!(link.starts_with(record["storagePath"].as_str().unwrap()));
    let opened = get(&link, &[]);
    assert!(opened.status == 200 && opened.bytes == content, "{:?}", String::from_utf8_lossy(&opened.bytes));
    for chat in ["teams", "slack"] {
        let told = told.iter().filter(|one| one["name"] == *chat || one["path"].to_string().contains(chat));
        let signed = told.filter(|one| one["body"].to_string().contains("sig=")).count();
        assert_eq!(signed, 1, "{chat}");
    }

    // No more than to read this one, as signed.
    let elsewhere = link.replacen(".cap?", "2.cap?", 1);
    let longer = link.replacen("se=20", "se=21", 1);
    for other in [elsewhere, longer, link.replacen("sp=r", "sp=rw", 1)] {
        assert_eq!(get(&other, &[]).status, 403, "{other}");
    }
    assert!(post(&link, &[], b"").status >= 400);
    let everything = format!("{}{}", stack.logs(), stack.record(&name));
    let store = std::fs::read(stack.host_state().join("sqlite_key_value.db")).unwrap();
    assert!(!everything.contains("sig=") && !String::from_utf8_lossy(&store).contains("sig="));
    stack.advance(3_700);
    assert_eq!(get(&link, &[]).status, 403);
}

#[test]
fn a_report_without_a_link_says_why() {
    let stack = stack(&[("share_links", "24h")], &[]);
    let refusal =
        json!({"kind": "status", "status": 403, "code": "AuthorizationPermissionMismatch", "message": "No."});
    stack.fault("blob.delegationKey", &refusal, 100);
    let (name, _) = captured(&stack, METRIC);
    let told = stack.told();
    let ended = told.iter().find(|one| one["body"]["id"] == format!("{name}.ended")).expect("told");
    assert_eq!(ended["body"]["data"]["shareLink"], Value::Null);
    let why = ended["body"]["data"]["noShareLink"].as_str().expect("why");
    assert!(why.contains("AuthorizationPermissionMismatch") && why.contains("Storage Blob"), "{why}");
}
