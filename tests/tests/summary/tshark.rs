//! What tshark says of a file: its protocol hierarchy, and fields of each frame that `counts.rs` and `streams.rs` add up.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Facts, counts,
    frames::{self, BETWEEN_VALUES, Frame},
    streams,
};

/// How Wireshark is set where it would make two things out of one: fragments stay what they are on the wire, else it
/// would count a datagram's transport on its last fragment.
const PREFERENCES: [&str; 2] = ["ip.defragment:FALSE", "ipv6.defragment:FALSE"];

/// A program that `cargo xtask test` has found.
pub(crate) fn program(variable: &str, name: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from)
}

/// All that is compared, of one run over the file.
pub(crate) fn facts(file: &Path) -> Facts {
    let mut tshark = Command::new(program("ALERTCAP_TSHARK_BIN", "tshark"));
    // No names are resolved; nobody's own settings count.
    tshark.arg("-n").env("WIRESHARK_CONFIG_DIR", env!("CARGO_TARGET_TMPDIR")).env("LC_ALL", "C");
    for preference in PREFERENCES {
        tshark.args(["-o", preference]);
    }
    tshark.args(["-T", "fields", "-E", "occurrence=a", "-E", "separator=/t"]);
    tshark.args(["-E", &format!("aggregator={BETWEEN_VALUES}")]);
    for field in frames::fields() {
        tshark.args(["-e", field]);
    }
    tshark.args(["-z", "io,phs", "-z", "conv,tcp", "-z", "conv,udp", "-r"]).arg(file);
    let said = tshark.output().expect("cannot run tshark");
    let said = format!("\n{}", String::from_utf8_lossy(&said.stdout));
    let (fields, statistics) = said.split_once("\n====").unwrap_or_default();
    let frames: Vec<Frame> = fields.lines().skip(1).map(Frame::parse).collect();
    let mut facts = counts::facts(&frames);
    facts.extend(streams::facts(&frames));
    facts.extend(hierarchy(statistics));
    // What is counted over frames is what tshark itself counts; but for packets within packets, and in its table there are
    // none whose header is cut.
    let has_tunnels = frames.iter().any(Frame::is_tunnel);
    for protocol in ["TCP", "UDP"] {
        let (_, table) = statistics.split_once(&format!("{protocol} Conversations")).unwrap_or_default();
        let rows = table.lines().skip(4).take_while(|line| line.contains("<->")).count();
        let counted = facts.remove(&format!("streams: {}", protocol.to_lowercase()));
        let counted: usize = counted.and_then(|count| count.parse().ok()).unwrap_or(0);
        let is_cut = frames.iter().any(Frame::is_cut);
        assert!(
            has_tunnels || counted == rows || (is_cut && counted > rows),
            "{protocol}: {counted} streams, {rows} rows"
        );
    }
    facts
}

/// `  eth                 frames:30 bytes:10574`: each row by its path from the link on.
fn hierarchy(statistics: &str) -> Facts {
    let mut rows: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut path: Vec<String> = Vec::new();
    for line in statistics.lines() {
        let Some((name, counts)) = line.split_once("frames:") else { continue };
        path.truncate((name.len() - name.trim_start().len()) / 2);
        path.push(name.trim().to_owned());
        let Some((packets, bytes)) = counts.split_once(" bytes:") else { continue };
        // The frame itself is above the link; packets with a comment stand under it, with the whole hierarchy again.
        let is_layer = |word: &&str| !["frame", "pkt_comment"].contains(word);
        let words: Vec<_> = path.iter().map(String::as_str).filter(is_layer).collect();
        // A second message in the same packet is not another layer.
        let is_again =
            words.ends_with(&["dns", "dns"]) || !path.last().is_some_and(|word| is_layer(&word.as_str()));
        if !is_again && words.iter().all(|word| frames::is_shown(word)) {
            let row = rows.entry(words.join(":")).or_default();
            row.0 += packets.trim().parse::<u64>().unwrap_or(0);
            row.1 += bytes.trim().parse::<u64>().unwrap_or(0);
        }
    }
    let row =
        |(path, (packets, bytes))| (format!("protocol {path}"), format!("{packets} packets, {bytes} bytes"));
    rows.into_iter().map(row).collect()
}
