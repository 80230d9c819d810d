//! HTTP as it is written, for what no client sends: two headers of one name, bytes that are no text, a body that never
//! comes.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use crate::Answer;

/// Sends `line` (`POST /path HTTP/1.1`), the headers as they are, and `body`, and reads the answer. A body's length is
/// a header like any other.
///
/// # Panics
/// When there is no answer.
#[must_use]
pub fn raw(base: &str, line: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Answer {
    let address = base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
    let mut request = format!("{line}\r\nhost: {address}\r\nconnection: close\r\n").into_bytes();
    for (name, value) in headers {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    // Whoever is refused may find the door shut while it is still speaking; what it was told can be read all the same.
    _ = stream.write_all(&request).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    _ = stream.read_to_end(&mut answer);
    parse(&answer).unwrap_or_else(|| panic!("{line}: no answer: {:?}", String::from_utf8_lossy(&answer)))
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&answer[..end]).ok()?, answer[end + 4..].to_vec());
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?);
    }
    Some(Answer { status, headers, json: serde_json::from_slice(&body).unwrap_or_default(), bytes: body })
}
