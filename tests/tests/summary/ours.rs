//! What the summary says of a file, in the names of `frames.rs` and `capinfos.rs`.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::Facts;

/// The summary as `alertcap-tool` prints it, which runs the component's own code.
///
/// Lists of a summary are cut: of what `theirs` has in longer ones, only what is in ours can be compared, and what is
/// taken out of it was no larger than the smallest of ours.
pub(crate) fn facts(file: &Path, theirs: &mut Facts) -> Facts {
    let mut tool = Command::new(alertcap_tests::tool());
    let said = tool.args(["summary", "--json", "--"]).arg(file).output().expect("cannot run the tool");
    assert!(said.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&said.stderr));
    let summary: Value = serde_json::from_slice(&said.stdout).expect("the summary is no JSON");
    let mut facts = Facts::new();
    of_file(&summary["file"], &mut facts);
    for row in list(&summary["protocols"]) {
        let counts = format!("{} packets, {} bytes", row["packets"], row["bytes"]);
        facts.insert(format!("protocol {}", text(&row["path"])), counts);
    }
    tcp(&summary["tcp"], &mut facts);
    talkers(&summary["talkers"], theirs, &mut facts);
    conversations(&summary["conversations"], theirs, &mut facts);
    for (key, value) in [
        ("dns: queries", &summary["dns"]["queries"]),
        ("dns: responses", &summary["dns"]["responses"]),
        ("dns: failed", &summary["dns"]["failed"]),
        ("dns: unanswered", &summary["dns"]["unanswered"]),
        ("dns: longest answer", &summary["dns"]["responseTime"]["longest"]),
        ("tls: client hellos", &summary["tls"]["clientHellos"]),
        ("tls: server hellos", &summary["tls"]["serverHellos"]),
        ("tls: alerts", &summary["tls"]["alerts"]),
        ("icmp: echo requests", &summary["icmp"]["echoRequests"]),
        ("icmp: echo replies", &summary["icmp"]["echoReplies"]),
        ("icmp: errors", &summary["icmp"]["errors"]),
        ("fragments", &summary["fragments"]["packets"]),
        ("fragments: first ones", &summary["fragments"]["datagrams"]),
    ] {
        count(key, value, &mut facts);
    }
    for (what, names) in
        [("tls: name", &summary["tls"]["serverNames"]), ("dns: name", &summary["dns"]["names"])]
    {
        for name in list(&names["largest"]) {
            facts.insert(format!("{what} {}", text(&name["name"])), name["count"].to_string());
        }
        keep_listed(&format!("{what} "), names, theirs, &facts);
    }
    facts
}

fn of_file(file: &Value, facts: &mut Facts) {
    facts.insert("packets".to_owned(), file["packets"].to_string());
    if file["format"] == "unknown" || file["format"] == "netmon" {
        return;
    }
    let format = match (text(&file["format"]).as_str(), text(&file["precision"]).as_str()) {
        // As capinfos calls it.
        ("pcap", "nanoseconds") => "nsecpcap".to_owned(),
        (format, _) => format.to_owned(),
    };
    facts.insert("format".to_owned(), format);
    facts.insert("in time order".to_owned(), file["inTimeOrder"].to_string());
    facts.insert("bytes on the wire".to_owned(), file["wireBytes"].to_string());
    count("bytes in the file", &file["capturedBytes"], facts);
    count("cut packets", &file["cutPackets"], facts);
    for (key, field) in [("first packet", "firstPacketAt"), ("last packet", "lastPacketAt")] {
        facts.insert(key.to_owned(), file[field].as_u64().map_or("–".to_owned(), |at| at.to_string()));
    }
    let interfaces = list(&file["interfaces"]);
    facts.insert("interfaces".to_owned(), interfaces.len().to_string());
    for (number, interface) in interfaces.iter().enumerate() {
        let mut add = |what: &str, value: String| facts.insert(format!("interface {number}: {what}"), value);
        // capinfos' words for links, where ours differ.
        add("link", text(&interface["linkType"]).replace("ethernet", "ether").replace("raw-ip", "rawip"));
        add("snap", interface["snapLength"].to_string());
        add("packets", interface["packets"].to_string());
        if let Some(name) = interface["name"].as_str() {
            add("name", name.to_owned());
        }
    }
}

fn tcp(tcp: &Value, facts: &mut Facts) {
    for (key, field) in [
        ("segments", "segments"),
        ("data segments", "dataSegments"),
        ("payload bytes", "payloadBytes"),
        ("attempts", "attempts"),
        ("unanswered", "unanswered"),
        ("refused", "refused"),
        ("handshakes", "handshakes"),
        ("resets", "resets"),
        ("fins", "fins"),
        ("retransmissions", "retransmissions"),
        ("fast retransmissions", "fastRetransmissions"),
        ("spurious retransmissions", "spuriousRetransmissions"),
        ("out of order", "outOfOrder"),
        ("lost segments", "lostSegments"),
        ("ack lost segments", "ackLostSegments"),
        ("duplicate acks", "duplicateAcks"),
        ("zero windows", "zeroWindows"),
        ("full windows", "fullWindows"),
        ("keep-alives", "keepAlives"),
    ] {
        count(&format!("tcp: {key}"), &tcp[field], facts);
    }
    if tcp["roundTrip"]["count"] != 0 {
        count("tcp: shortest handshake", &tcp["roundTrip"]["shortest"], facts);
        count("tcp: longest handshake", &tcp["roundTrip"]["longest"], facts);
    }
}

fn talkers(talkers: &Value, theirs: &mut Facts, facts: &mut Facts) {
    for talker in list(&talkers["largest"]) {
        let address = text(&talker["address"]);
        for (key, field) in [
            ("packets sent", "packetsSent"),
            ("bytes sent", "bytesSent"),
            ("packets received", "packetsReceived"),
            ("bytes received", "bytesReceived"),
        ] {
            count(&format!("talker {address}: {key}"), &talker[field], facts);
        }
    }
    keep_listed("talker ", talkers, theirs, facts);
}

fn conversations(conversations: &Value, theirs: &mut Facts, facts: &mut Facts) {
    facts.insert("conversations".to_owned(), conversations["count"].to_string());
    let mut by_ends: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for one in list(&conversations["largest"]) {
        let end = |end: &Value| match end["port"].as_u64() {
            Some(port) => format!("{} {port}", text(&end["address"])),
            None => text(&end["address"]),
        };
        let mut ends = [end(&one["client"]), end(&one["server"])];
        ends.sort();
        let sum = |out: &str, back: &str| one[out].as_u64().unwrap_or(0) + one[back].as_u64().unwrap_or(0);
        let counts =
            format!("{} packets, {} bytes", sum("packetsOut", "packetsIn"), sum("bytesOut", "bytesIn"));
        by_ends.entry(format!("{} {}", text(&one["protocol"]), ends.join(" – "))).or_default().push(counts);
    }
    for (ends, mut all) in by_ends {
        all.sort();
        facts.insert(format!("conversation {ends}"), all.join("; "));
    }
    keep_listed("conversation ", conversations, theirs, facts);
}

/// Takes out of theirs what a list of ours was cut before.
fn keep_listed(prefix: &str, list: &Value, theirs: &mut Facts, ours: &Facts) {
    let listed = list["largest"].as_array().map_or(0, Vec::len) as u64;
    if list["count"].as_u64().unwrap_or(0) > listed {
        theirs.retain(|key, _| !key.starts_with(prefix) || ours.contains_key(key));
    }
}

/// A count that is there, as theirs are.
fn count(key: &str, value: &Value, facts: &mut Facts) {
    if value.as_u64().is_some_and(|count| count > 0) {
        facts.insert(key.to_owned(), value.to_string());
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
