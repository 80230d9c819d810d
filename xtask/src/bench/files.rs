//! The capture files that are measured by: made once below the target folder, the same on every machine.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::ui::{self, Step};

/// A file, and how much of it there is.
pub(super) struct Made {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) packets: u64,
}

/// What a file is made of.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// In words, for the table.
    pub(super) words: &'static str,
    /// At least so many bytes.
    bytes: u64,
    connections: u32,
    /// Lengths of the TCP payloads that follow each other in a connection.
    payloads: &'static [u16],
}

/// Downloads and requests: two thirds of the segments are full, the mean is 800 bytes.
pub(super) const LARGE: Kind = Kind {
    name: "large",
    words: "packets of all sizes",
    bytes: 1_000_000_000,
    connections: 1_500,
    payloads: &[1448, 0, 1448, 1448, 0, 300, 1448, 0, 1448, 620, 0, 1448, 1448, 0, 90],
};

/// Next to no payload: as many packets as a file can have for its length.
pub(super) const SMALL: Kind = Kind {
    name: "small",
    words: "packets of 66 to 90 bytes",
    bytes: 460_000_000,
    connections: 1_500,
    payloads: &[0, 24, 0, 12, 0, 0, 8, 0],
};

/// Ethernet, IPv4 and TCP with a timestamp.
const HEADERS: usize = 14 + 20 + 32;
const RECORD: usize = 16;
/// 2026-03-01 12:00:00 UTC
const START: u64 = 1_772_366_400_000_000;

/// The two sides' next sequence numbers.
struct Connection {
    next: [u32; 2],
    turn: usize,
}

impl Kind {
    /// Makes it if it is not there.
    pub(super) fn ensure(&self, folder: &Path) -> Result<Made> {
        let path = folder.join(format!("{}.pcap", self.name));
        let (bytes, packets) = self.length();
        if std::fs::metadata(&path).is_ok_and(|there| there.len() == bytes) {
            return Ok(Made { path, bytes, packets });
        }
        let step = Step::start(format!("Make {} MB of {}", bytes / 1_000_000, self.words));
        std::fs::create_dir_all(folder)?;
        self.write(&path, packets).with_context(|| format!("cannot write {}", path.display()))?;
        step.done(format!("Made {}: {packets} packets, {}", path.display(), ui::size(bytes)));
        Ok(Made { path, bytes, packets })
    }

    /// The payloads come round and round.
    fn length(&self) -> (u64, u64) {
        let round: usize = self.payloads.iter().map(|payload| RECORD + HEADERS + usize::from(*payload)).sum();
        // Every connection has the same rounds, so that the file ends with one.
        let rounds = self.bytes.div_ceil(round as u64 * u64::from(self.connections));
        let packets = rounds * self.payloads.len() as u64 * u64::from(self.connections);
        (24 + rounds * round as u64 * u64::from(self.connections), packets)
    }

    fn write(&self, path: &Path, packets: u64) -> io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
            file.write_all(&word.to_le_bytes())?;
        }
        let mut connections: Vec<_> = (0..self.connections)
            .map(|number| Connection { next: [number, number ^ 0xffff], turn: 0 })
            .collect();
        let body = [0x5a; 1500];
        let mut chance = 1_u64;
        // What has been drawn in this round: none is drawn twice before all were.
        let mut order: Vec<u32> = (0..self.connections).collect();
        for number in 0..packets {
            let place = (number % u64::from(self.connections)) as usize;
            if place == 0 {
                // Another order each time, as packets come.
                for at in (1..order.len()).rev() {
                    chance = chance
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    order.swap(at, (chance >> 33) as usize % (at + 1));
                }
            }
            let which = order[place];
            let connection = &mut connections[which as usize];
            let payload = usize::from(self.payloads[connection.turn % self.payloads.len()]);
            connection.turn += 1;
            file.write_all(&record(number, which, connection, payload))?;
            file.write_all(&body[..payload])?;
            // Data comes from the server, but for short requests.
            let side = usize::from(payload > 400);
            connection.next[side] = connection.next[side].wrapping_add(payload as u32);
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()
    }
}

/// A record's header and the packet's.
fn record(number: u64, which: u32, connection: &Connection, payload: usize) -> [u8; RECORD + HEADERS] {
    let mut out = [0; RECORD + HEADERS];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        out[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    let time = START + number * 20;
    let length = (HEADERS + payload) as u32;
    for word in [(time / 1_000_000) as u32, (time % 1_000_000) as u32, length, length] {
        put(&word.to_le_bytes());
    }
    let side = usize::from(payload > 400);
    let client = [10, 0, (which / 250) as u8, (which % 250 + 4) as u8];
    let server = [203, 0, 113, (which % 40 + 1) as u8];
    let ports = [(20_000 + which % 30_000) as u16, [443, 8443, 5432][which as usize % 3]];
    let ends = [client, server];
    put(&[0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0, 0x0d, 0x3a, 0x20, 0, 4, 8, 0]);
    put(&[0x45, 0]);
    put(&((HEADERS - 14 + payload) as u16).to_be_bytes());
    put(&[0, 1, 0x40, 0, 64, 6, 0, 0]);
    put(&ends[side]);
    put(&ends[1 - side]);
    put(&ports[side].to_be_bytes());
    put(&ports[1 - side].to_be_bytes());
    put(&connection.next[side].to_be_bytes());
    put(&connection.next[1 - side].to_be_bytes());
    put(&[0x80, 0x10, 0xfa, 0xf0, 0, 0, 0, 0, 1, 1, 8, 10]);
    put(&(time as u32).to_be_bytes());
    put(&(time as u32).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_long_as_was_said_before() {
        let folder = tempfile::tempdir().unwrap();
        let kind = Kind { bytes: 100_000, connections: 7, ..LARGE };
        let made = kind.ensure(folder.path()).unwrap();
        assert_eq!(std::fs::metadata(&made.path).unwrap().len(), made.bytes);
        assert_eq!(made.packets % (7 * LARGE.payloads.len() as u64), 0);
    }
}
