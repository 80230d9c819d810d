//! What must hold for any bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a check that fails panics"
)]

use crate::{About, AtEnd, Reading, Summary, summary::Outcome};

/// Reads any bytes as a file, at once and in pieces whose lengths the first eight of them draw.
///
/// # Panics
///
/// If the summaries differ, a checkpoint is too long, or sums do not agree.
pub fn capture(bytes: &[u8]) {
    let (draw, file) = bytes.split_at_checked(8).unwrap_or((bytes, &[]));
    let mut draw = draw.iter().fold(1_u64, |draw, byte| draw << 8 | u64::from(*byte)) | 1;
    let mut next = move |bound: u64| {
        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        draw % bound
    };
    let mut whole = Reading::new();
    whole.push(file);
    let whole = whole.finish(AtEnd::Whole, &About::default());
    check(&whole, file.len());

    let mut broken = Reading::new();
    let mut at = 0;
    while at < file.len() && broken.wants_more() {
        let longest = [3, 70, 2_000][next(3) as usize];
        let end = file.len().min(at + 1 + next(longest) as usize);
        broken.push(&file[at..end]);
        at = end;
        if next(4) == 0 {
            let checkpoint = broken.checkpoint();
            assert!(checkpoint.len() <= 400_000, "a checkpoint of {} bytes", checkpoint.len());
            assert!(broken.offset() <= at as u64);
            broken = Reading::resume(&checkpoint).expect("a checkpoint can be read");
            at = broken.offset() as usize;
        }
    }
    assert_eq!(broken.finish(AtEnd::Whole, &About::default()), whole, "in pieces");
    // Bytes that never were a checkpoint are refused, or are one by chance.
    let _ = Reading::resume(bytes);
}

/// Reads any bytes as a checkpoint, and goes on from it.
///
/// # Panics
///
/// If what goes on from it breaks a bound.
pub fn checkpoint(bytes: &[u8]) {
    let mut kept = b"wir2".to_vec();
    kept.extend_from_slice(bytes);
    if let Ok(mut reading) = Reading::resume(&kept) {
        reading.push(bytes);
        assert!(reading.checkpoint().len() <= 400_000);
        reading.finish(AtEnd::Whole, &About::default());
    }
}

/// What a summary says in two places is the same.
fn check(summary: &Summary, length: usize) {
    let packets = summary.file.packets;
    assert!(summary.file.bytes <= length as u64);
    let links: u64 =
        summary.protocols.iter().filter(|row| !row.path.contains(':')).map(|row| row.packets).sum();
    assert_eq!(links, packets, "links");
    let points = &summary.timeline.points;
    assert!(points.len() <= 120);
    let on_line: u64 = points.iter().map(|it| it.packets_in + it.packets_out + it.packets_other).sum();
    assert!(on_line <= packets && (on_line == packets || summary.file.format == "pcapng"), "on the timeline");
    let segments: u64 =
        summary.conversations.largest.iter().filter_map(|row| row.tcp).map(|tcp| tcp.segments).sum();
    assert!(segments <= summary.tcp.segments);
    assert!(summary.tcp.segments <= packets);
    let listed: u64 = summary.conversations.largest.iter().map(|row| row.packets_in + row.packets_out).sum();
    assert!(listed + summary.exactness.unattributed_packets <= packets, "attributed");
    if let Outcome::Partial { at, .. } = summary.reading {
        assert!(at <= length as u64);
    }
}
