//! A small HTTP client over plain sockets: one request, one connection, JSON in and out.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any request takes on a busy machine: a server that does not answer by then hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The answer to a request.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body; null if it is empty.
    pub(crate) body: Value,
}

/// Sends a request and reads the whole answer.
///
/// # Errors
/// When the connection cannot be made or ends before the answer does: the server may or may not have acted.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> io::Result<Answer> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let headers: &[&str] = if body.is_empty() { &[] } else { &["Content-Type: application/json"] };
    send(address, method, path, headers, body.as_bytes())
}

/// The same with any body and the headers that describe it.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_nodelay(true)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for header in headers {
        head += header;
        head += "\r\n";
    }
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    head += "\r\n";
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is cut short"))
}

/// Takes an answer apart; none if it is not whole.
fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = &answer[end + 4..];
    let header = |name: &str| {
        let lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next_back()
    };
    let body = match (header("transfer-encoding"), header("content-length")) {
        (Some(_), _) => unchunk(body)?,
        (None, Some(length)) => body.get(..length.parse().ok()?)?.to_vec(),
        (None, None) => body.to_vec(),
    };
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).ok()? };
    Some(Answer { status, body })
}

/// Joins the chunks of a body; none if the last one is missing.
fn unchunk(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    loop {
        let line_end = body.windows(2).position(|bytes| bytes == b"\r\n")?;
        let length = std::str::from_utf8(&body[..line_end]).ok()?;
        let length = usize::from_str_radix(length.split(';').next()?.trim(), 16).ok()?;
        let chunk = body.get(line_end + 2..)?;
        if length == 0 {
            return Some(joined);
        }
        joined.extend_from_slice(chunk.get(..length)?);
        body = chunk.get(length + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_cut_answers() {
        let check = |answer: &str, expected: Option<&str>| {
            let body = parse(answer.as_bytes()).map(|answer| answer.body.to_string());
            assert_eq!(body.as_deref(), expected, "{answer}");
        };
        check("HTTP/1.1 202 Accepted\r\nContent-Length: 7\r\n\r\n{\"a\":1}", Some("{\"a\":1}"));
        check("HTTP/1.1 202 Accepted\r\ncontent-length: 7\r\n\r\n{\"a\"", None);
        check(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n",
            Some("[1]"),
        );
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[1\r\n", None);
        check("HTTP/1.1 204 No Content\r\n\r\n", Some("null"));
        check("HTTP/1.1 200", None);
    }
}
