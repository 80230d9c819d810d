//! A summary for people at a terminal: what stands out first, then tables.

use std::{
    fmt::Display,
    time::{Duration, SystemTime},
};

use wire::{
    Summary,
    summary::{Endpoint, FileFacts, Outcome, Spread, TcpHealth, Top},
};

/// Writes it all; what the file has nothing of is left out.
pub(crate) fn tell(summary: &Summary) -> String {
    let mut out = Vec::new();
    match &summary.reading {
        Outcome::Declined { why } => return format!("{why}\n"),
        Outcome::Partial { at, why } => out.push(format!("Read up to byte {at} only: {why}\n")),
        Outcome::Whole => {}
    }
    out.push(file(&summary.file));
    let found: Vec<_> = summary.findings.iter().map(|finding| vec![finding.sentence.clone()]).collect();
    out.push(table("What stands out", &[], found));
    if summary.exactness.is_estimate {
        let limit = summary.exactness.limit;
        out.push(format!(
            "There were more than {limit} conversations at once: what follows about conversations, talkers, ports and TCP \
             is an estimate; {} packets are in none of them.\n",
            summary.exactness.unattributed_packets
        ));
    }
    out.push(table(
        "Protocols",
        &["", "packets", "bytes"],
        summary.protocols.iter().map(|row| {
            let depth = row.path.matches(':').count();
            let name = row.path.rsplit(':').next().unwrap_or_default();
            vec![format!("{}{name}", "  ".repeat(depth)), row.packets.to_string(), row.bytes.to_string()]
        }),
    ));
    out.extend(who(summary));
    out.extend(names(summary));
    out.retain(|part| !part.is_empty());
    out.join("\n")
}

fn file(file: &FileFacts) -> String {
    let mut rows = vec![
        ("format", [file.format.as_str(), &file.precision, &file.byte_order].join(" ").replace("  ", " ")),
        ("length", format!("{} bytes", file.bytes)),
        ("packets", file.packets.to_string()),
        ("on the wire", format!("{} bytes", file.wire_bytes)),
    ];
    if file.cut_packets > 0 {
        rows.push((
            "in the file",
            format!("{} bytes; {} packets are cut", file.captured_bytes, file.cut_packets),
        ));
    }
    if let (Some(first), Some(last)) = (file.first_packet_at, file.last_packet_at) {
        rows.push(("first packet", time(first)));
        rows.push(("last packet", format!("{}, {} later", time(last), span(last.saturating_sub(first)))));
    }
    if !file.in_time_order {
        rows.push(("order", "times go back here and there".to_owned()));
    }
    if let Some(dropped) = file.dropped {
        rows.push(("dropped", format!("{dropped} packets, as the capturing side says")));
    }
    for interface in &file.interfaces {
        let name = interface.name.as_deref().unwrap_or("interface");
        rows.push((name, format!("{}, {} packets", interface.link_type, interface.packets)));
    }
    table("File", &[], rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]))
}

/// Who spoke with whom, and how TCP fared.
fn who(summary: &Summary) -> Vec<String> {
    let is_machine =
        |address: &str| if summary.machine.as_deref() == Some(address) { " (the machine)" } else { "" };
    let talkers = table(
        &of("Talkers", &summary.talkers),
        &["", "packets sent", "bytes sent", "packets received", "bytes received"],
        summary.talkers.largest.iter().map(|talker| {
            let counts =
                [talker.packets_sent, talker.bytes_sent, talker.packets_received, talker.bytes_received];
            row(format!("{}{}", talker.address, is_machine(&talker.address)), &counts)
        }),
    );
    let conversations = table(
        &of("Conversations", &summary.conversations),
        &["", "packets there", "bytes there", "packets back", "bytes back", "seconds", "retransmissions"],
        summary.conversations.largest.iter().map(|it| {
            let name = it.server_name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
            let ends = format!("{} {} → {}{name}", it.protocol, end(&it.client), end(&it.server));
            let mut row = row(ends, &[it.packets_out, it.bytes_out, it.packets_in, it.bytes_in]);
            row.push(format!("{:.1}", seconds(it.last_at.saturating_sub(it.first_at))));
            row.push(it.tcp.map_or_else(String::new, |tcp| tcp.retransmissions.to_string()));
            row
        }),
    );
    let ports = table(
        &of("Servers' ports", &summary.ports),
        &["", "packets", "bytes", "conversations"],
        summary.ports.largest.iter().map(|port| {
            row(format!("{} {}", port.protocol, port.port), &[port.packets, port.bytes, port.conversations])
        }),
    );
    let attempts = table(
        &of("TCP connections tried", &summary.attempts),
        &["", "attempts", "unanswered", "refused", "ports"],
        summary.attempts.largest.iter().map(|it| {
            row(format!("{} → {}", it.client, it.server), &[it.attempts, it.unanswered, it.refused, it.ports])
        }),
    );
    vec![talkers, conversations, ports, health(&summary.tcp), attempts]
}

fn health(tcp: &TcpHealth) -> String {
    let counts = [
        ("segments", tcp.segments),
        ("with data", tcp.data_segments),
        ("payload bytes", tcp.payload_bytes),
        ("connections begun", tcp.attempts),
        ("unanswered", tcp.unanswered),
        ("refused", tcp.refused),
        ("handshakes seen whole", tcp.handshakes),
        ("resets", tcp.resets),
        ("retransmissions", tcp.retransmissions),
        ("fast ones", tcp.fast_retransmissions),
        ("spurious ones", tcp.spurious_retransmissions),
        ("out of order", tcp.out_of_order),
        ("lost before", tcp.lost_segments),
        ("acknowledged unseen", tcp.ack_lost_segments),
        ("duplicate acknowledgements", tcp.duplicate_acks),
        ("zero windows", tcp.zero_windows),
        ("full windows", tcp.full_windows),
        ("keep-alives", tcp.keep_alives),
    ];
    if tcp.segments == 0 {
        return String::new();
    }
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let mut rows: Vec<_> = counts.map(|(name, count)| row(name.to_owned(), &[count])).collect();
    rows.extend(spread("handshakes took", &tcp.round_trip));
    table("TCP", &[], rows)
}

/// What was asked by name, and what came back.
fn names(summary: &Summary) -> Vec<String> {
    let dns = &summary.dns;
    let mut rows =
        vec![row("queries".to_owned(), &[dns.queries]), row("responses".to_owned(), &[dns.responses])];
    rows.push(row("unanswered".to_owned(), &[dns.unanswered]));
    rows.push(row("failed".to_owned(), &[dns.failed]));
    rows.extend(spread("answers took", &dns.response_time));
    let told = if dns.queries + dns.responses == 0 { String::new() } else { table("DNS", &[], rows) };
    let count = |top: &Top<wire::summary::Name>| -> Vec<Vec<String>> {
        top.largest.iter().map(|name| row(name.name.clone(), &[name.count])).collect()
    };
    let failures = dns.failures.largest.iter().map(|it| row(format!("{} {}", it.code, it.name), &[it.count]));
    let fragments = summary.fragments;
    let pieces = [
        row("fragments".to_owned(), &[fragments.packets]),
        row("datagrams".to_owned(), &[fragments.datagrams]),
    ];
    vec![
        told,
        table(&of("Names asked for", &dns.names), &[], count(&dns.names)),
        table(&of("Names not resolved", &dns.failures), &[], failures),
        table(&of("TLS server names", &summary.tls.server_names), &[], count(&summary.tls.server_names)),
        table(&of("ICMP", &summary.icmp.kinds), &[], count(&summary.icmp.kinds)),
        if fragments.packets == 0 { String::new() } else { table("IP fragments", &[], pieces) },
    ]
}

/// A heading that says how many there were where not all are shown.
fn of<T>(what: &str, top: &Top<T>) -> String {
    if top.count > top.largest.len() as u64 {
        format!("{what} (the largest {} of {})", top.largest.len(), top.count)
    } else {
        what.to_owned()
    }
}

fn row(name: String, counts: &[u64]) -> Vec<String> {
    std::iter::once(name).chain(counts.iter().map(u64::to_string)).collect()
}

fn spread(name: &str, spread: &Spread) -> Option<Vec<String>> {
    let told =
        format!("{} (median; {} to {})", span(spread.median), span(spread.shortest), span(spread.longest));
    (spread.count > 0).then(|| vec![name.to_owned(), told])
}

fn end(end: &Endpoint) -> String {
    match end.port {
        Some(port) if end.address.contains(':') => format!("[{}]:{port}", end.address),
        Some(port) => format!("{}:{port}", end.address),
        None => end.address.clone(),
    }
}

fn time(at: u64) -> String {
    humantime::format_rfc3339_micros(SystemTime::UNIX_EPOCH + Duration::from_nanos(at)).to_string()
}

fn span(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000_000 => format!("{} µs", nanoseconds / 1000),
        1_000_000..1_000_000_000 => format!("{:.1} ms", seconds(nanoseconds) * 1000.0),
        _ => format!("{:.1} s", seconds(nanoseconds)),
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    Duration::from_nanos(nanoseconds).as_secs_f64()
}

/// A heading, and rows in columns: the first to the left, numbers to the right. Nothing without rows.
fn table(heading: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let head: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let rows: Vec<Vec<String>> = Some(head).filter(|head| !head.is_empty()).into_iter().chain(rows).collect();
    if rows.len() == usize::from(!columns.is_empty()) {
        return String::new();
    }
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let mut out = format!("{heading}\n");
    for row in &rows {
        let cells =
            row.iter().enumerate().map(|(column, cell)| cell_in(cell, column, width(column).unwrap_or(0)));
        let line = cells.collect::<Vec<_>>().join("  ");
        out.push_str(&format!("  {}\n", line.trim_end()));
    }
    out
}

fn cell_in(cell: &impl Display, column: usize, width: usize) -> String {
    if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_an_empty_table_is_none() {
        let rows = [vec!["a".to_owned(), "10".to_owned()], vec!["longer".to_owned(), "9".to_owned()]];
        assert_eq!(table("T", &["", "n"], rows), "T\n           n\n  a       10\n  longer   9\n");
        assert_eq!(table("T", &["", "n"], []), "");
        assert_eq!(table("T", &[], [vec!["a sentence".to_owned()]]), "T\n  a sentence\n");
    }

    #[test]
    fn what_was_declined_is_told_by_its_reason_alone() {
        let reading = Outcome::Declined { why: "This is a NetMon file.".to_owned() };
        assert_eq!(tell(&Summary { reading, ..Summary::default() }), "This is a NetMon file.\n");
    }

    #[test]
    fn times_and_spans_are_said_as_people_say_them() {
        assert_eq!(time(1_772_366_400_000_001_000), "2026-03-01T12:00:00.000001Z");
        assert_eq!([span(999_999), span(12_340_000), span(90_500_000_000)], ["999 µs", "12.3 ms", "90.5 s"]);
        let six = Endpoint { address: "2001:db8::1".to_owned(), port: Some(443) };
        assert_eq!(end(&six), "[2001:db8::1]:443");
    }
}
