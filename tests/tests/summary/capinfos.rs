//! What capinfos says of a file as a whole.

use std::{path::Path, process::Command};

use crate::{Facts, tshark};

/// What facts begin with that only capinfos tells.
pub(crate) const SAYS: [&str; 3] = ["format", "in time order", "interface"];

/// Packets, bytes, times, order, interfaces; nothing where it is no capture file for capinfos.
pub(crate) fn facts(file: &Path) -> Facts {
    // All that is asked for, exact (-M), times as seconds since the epoch (-S), one fact a line.
    let mut capinfos = Command::new(tshark::program("ALERTCAP_CAPINFOS_BIN", "capinfos"));
    capinfos.args(["-M", "-S", "-t", "-c", "-d", "-a", "-e", "-o", "-I", "-E", "-l"]).arg(file);
    let said = capinfos.env("LC_ALL", "C").output().expect("cannot run capinfos");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let mut facts = Facts::new();
    let mut interface: Option<usize> = None;
    for line in said.lines() {
        let Some((name, value)) = line.split_once([':', '=']) else { continue };
        let (name, value) = (name.trim(), value.trim());
        let mut add = |name: &str, value: String| facts.insert(name.to_owned(), value);
        match name {
            "File type" => drop(add("format", format(value))),
            "Number of packets" if interface.is_none() => drop(add("packets", value.to_owned())),
            "Data size" => drop(add("bytes on the wire", number(value))),
            "First packet time" | "Earliest packet time" => drop(add("first packet", time(value))),
            "Last packet time" | "Latest packet time" => drop(add("last packet", time(value))),
            "Strict time order" => drop(add("in time order", value.to_lowercase())),
            "Number of interfaces in file" => drop(add("interfaces", value.to_owned())),
            _ if name.starts_with("Interface #") => {
                interface =
                    name.trim_start_matches("Interface #").split(' ').next().and_then(|it| it.parse().ok());
            }
            _ => {
                let Some(number) = interface else { continue };
                match name {
                    "Name" => drop(add(&format!("interface {number}: name"), value.to_owned())),
                    "Encapsulation" => drop(add(&format!("interface {number}: link"), link(value))),
                    "Capture length" => drop(add(&format!("interface {number}: snap"), value.to_owned())),
                    "Number of packets" => {
                        drop(add(&format!("interface {number}: packets"), value.to_owned()))
                    }
                    _ => {}
                }
            }
        }
    }
    if !facts.is_empty() {
        // Of none it says nothing.
        facts.entry("interfaces".to_owned()).or_insert_with(|| "0".to_owned());
    }
    facts
}

/// `pcap`, `pcapng`, or what capinfos calls it: `nsecpcap`, `modpcap`.
fn format(value: &str) -> String {
    value.split_once(" - ").map_or(value, |(name, _)| name).to_owned()
}

fn time(value: &str) -> String {
    nanoseconds(value).map_or_else(|| "–".to_owned(), |time| time.to_string())
}

/// `10574 bytes`
fn number(value: &str) -> String {
    value.split(' ').next().unwrap_or_default().to_owned()
}

/// `Ethernet (1 - ether)`
fn link(value: &str) -> String {
    let name = value.rsplit_once(" - ").map_or(value, |(_, name)| name);
    name.trim_end_matches(')').to_owned()
}

/// `1772366400.373900`, as nanoseconds; nothing where there is no packet with a time.
pub(crate) fn nanoseconds(value: &str) -> Option<u64> {
    let (seconds, rest) = value.split_once('.')?;
    let rest: String = rest.chars().chain("000000000".chars()).take(9).collect();
    Some(seconds.parse::<u64>().ok()? * 1_000_000_000 + rest.parse::<u64>().ok()?)
}
