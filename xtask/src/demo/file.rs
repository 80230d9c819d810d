//! The capture file: fetched from blob storage as an operator would, and its packets counted.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};
use serde_json::Value;

use crate::api::Client;

/// Azure shows the file a little after the capture's end.
const LIMIT: Duration = Duration::from_secs(20);

/// Fetches the file that a capture's record names.
pub(super) fn fetch(client: &Client, azure: &Value, storage_path: &str) -> Result<Vec<u8>> {
    let of = |value: &'_ Value, name: &str| -> Result<String> {
        Ok(value[name].as_str().with_context(|| format!("the stand-in does not say its {name}"))?.to_owned())
    };
    let (base, sample) = (of(azure, "http")?, &azure["sample"]);
    let (client_id, secret) = (of(sample, "client_id")?, of(sample, "client_secret")?);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id.as_str()),
        ("client_secret", secret.as_str()),
        ("scope", "https://storage.azure.com/.default"),
    ];
    let url = format!("{base}/{}/oauth2/v2.0/token", of(sample, "tenant_id")?);
    let answer = client.post_form(&url, &form)?;
    let Some(token) = answer.json["access_token"].as_str() else {
        bail!("no token for blob storage: {} {}", answer.status, answer.text.trim());
    };
    let url = local_url(&base, storage_path).with_context(|| format!("{storage_path} is no blob's URL"))?;
    let deadline = Instant::now() + LIMIT;
    loop {
        match client.get_blob(&url, token) {
            Ok(bytes) => return Ok(bytes),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(300)),
        }
    }
}

/// Where the stand-in serves what in Azure is `https://<account>.blob.core.windows.net/<container>/<name>`.
fn local_url(base: &str, storage_path: &str) -> Option<String> {
    let (host, path) = storage_path.split_once("://")?.1.split_once('/')?;
    match host.split_once(".blob.") {
        Some((account, _)) => Some(format!("{base}/{account}/{path}")),
        None => Some(format!("{base}/{path}")),
    }
}

/// Reads the whole file, pcap or pcapng.
pub(super) fn count_packets(bytes: &[u8]) -> Result<usize> {
    let mut reader = create_reader(1 << 20, bytes).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let mut packets = 0;
    loop {
        match reader.next() {
            Ok((length, block)) => {
                packets += usize::from(!matches!(block, PcapBlockOwned::LegacyHeader(_)));
                reader.consume(length);
            }
            Err(PcapError::Eof) => return Ok(packets),
            Err(PcapError::Incomplete(_)) => {
                reader.refill().map_err(|error| anyhow::anyhow!("{error:?}"))?;
            }
            Err(error) => bail!("after {packets} packets: {error:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(packets: &[&[u8]]) -> Vec<u8> {
        let mut file =
            vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
        for packet in packets {
            let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
            file.extend([0; 8].iter().chain(&length).chain(&length));
            file.extend_from_slice(packet);
        }
        file
    }

    #[test]
    fn packets_are_counted() {
        assert_eq!(count_packets(&capture(&[b"one", b"two"])).unwrap(), 2);
        assert_eq!(count_packets(&capture(&[])).unwrap(), 0);
    }

    #[test]
    fn what_is_no_capture_file_is_refused() {
        assert!(count_packets(b"<html>this is a login page of some proxy</html>").is_err());
    }

    #[test]
    fn a_file_cut_off_in_a_packet_is_refused() {
        let whole = capture(&[b"one", b"two"]);
        assert!(count_packets(&whole[..whole.len() - 1]).is_err());
    }

    #[test]
    fn azures_url_and_the_stand_ins_own_lead_to_the_same_place() {
        let base = "http://127.0.0.1:3100";
        let want = Some("http://127.0.0.1:3100/acc/logs/a/b.cap".to_owned());
        assert_eq!(local_url(base, "https://acc.blob.core.windows.net/logs/a/b.cap"), want);
        assert_eq!(local_url(base, "http://127.0.0.1:3100/acc/logs/a/b.cap"), want);
    }
}
