//! `$batch`: several requests in one body, and their answers (web-api §6).
//!
//! Clients differ in blank lines, line ends and preambles, and all of that is read. Answers are written in the one form
//! that every client understands: the text begins with its delimiter, lines end with CRLF, and a change set stands inside
//! a part of its own.

use memchr::memmem;

use crate::SyntaxError;

/// Requests of one batch, those in change sets counted (web-api §6).
const REQUESTS_MAX: usize = 1_000;

/// Names and values, in their order.
pub type Headers = Vec<(String, String)>;

/// A part of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Request(Request),
    /// All of them or none.
    ChangeSet(Vec<Request>),
}

/// One request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// An absolute URL, a rooted path, a path below the service, or `$n` with what follows.
    pub target: String,
    /// Names as they were written.
    pub headers: Headers,
    pub body: Vec<u8>,
    /// The name by which others refer to what this one creates.
    pub content_id: Option<String>,
}

/// The answer to a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Response(Response),
    ChangeSet { boundary: String, responses: Vec<Response> },
}

/// The answer to one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Letters and blanks only: a client takes the first `{` for the body.
    pub reason: String,
    pub headers: Headers,
    pub body: Vec<u8>,
    pub content_id: Option<String>,
}

/// Returns the boundary that a content type names; `None` where it is not `multipart/mixed`.
pub fn boundary(content_type: &str) -> Option<String> {
    let mut pieces = content_type.split(';').map(str::trim);
    if !pieces.next()?.eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let value = pieces.find_map(|piece| {
        let (name, value) = piece.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })?;
    (!value.is_empty()).then_some(value)
}

/// Reads the body of a batch.
pub fn parse(boundary: &str, body: &[u8]) -> Result<Vec<Part>, SyntaxError> {
    let mut parts = Vec::new();
    let mut count = 0;
    for section in sections(boundary, body)? {
        let part = part(section, count)?;
        count += match &part {
            Part::Request(_) => 1,
            Part::ChangeSet(requests) => requests.len(),
        };
        if count > REQUESTS_MAX {
            return Err(SyntaxError::new(format!("a batch holds {REQUESTS_MAX} requests at the most")));
        }
        parts.push(part);
    }
    Ok(parts)
}

fn part(section: &[u8], before: usize) -> Result<Part, SyntaxError> {
    let (headers, content) = headers(section)?;
    let content_type = header(&headers, "Content-Type").unwrap_or("application/http");
    let Some(inner) = boundary(content_type) else {
        return request(&headers, content, before).map(Part::Request);
    };
    let mut requests = Vec::new();
    for section in sections(&inner, content)? {
        let (headers, content) = self::headers(section)?;
        if header(&headers, "Content-Type").is_some_and(|inner| boundary(inner).is_some()) {
            return Err(SyntaxError::new("a change set holds requests, not change sets"));
        }
        let request = request(&headers, content, before + requests.len())?;
        if request.method == "GET" {
            return Err(SyntaxError::new(format!("GET {} stands in a change set", request.target)));
        }
        requests.push(request);
        if before + requests.len() > REQUESTS_MAX {
            return Err(SyntaxError::new(format!("a batch holds {REQUESTS_MAX} requests at the most")));
        }
    }
    Ok(Part::ChangeSet(requests))
}

fn request(outer: &[(String, String)], content: &[u8], before: usize) -> Result<Request, SyntaxError> {
    let number = before + 1;
    let content = trimmed_start(content);
    let (line, rest) = line(content);
    let line = std::str::from_utf8(line)
        .map_err(|_| SyntaxError::new(format!("the request line of part {number} is not UTF-8")))?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target), version, None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(SyntaxError::new(format!("part {number} does not begin with a request line")));
    };
    if version.is_some_and(|version| !version.starts_with("HTTP/")) {
        return Err(SyntaxError::new(format!("part {number} does not begin with a request line")));
    }
    let (headers, body) = headers(rest)?;
    let content_id = header(outer, "Content-ID").or_else(|| header(&headers, "Content-ID")).map(str::to_owned);
    Ok(Request {
        method: method.to_ascii_uppercase(),
        target: target.to_owned(),
        body: trimmed_end(body).to_vec(),
        headers,
        content_id,
    })
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Splits off headers, up to a blank line or the end.
fn headers(section: &[u8]) -> Result<(Headers, &[u8]), SyntaxError> {
    let mut headers = Vec::new();
    let mut rest = section;
    loop {
        let (line, after) = line(rest);
        if line.trim_ascii().is_empty() {
            return Ok((headers, after));
        }
        let text = std::str::from_utf8(line).map_err(|_| SyntaxError::new("a header is not UTF-8"))?;
        let (name, value) =
            text.split_once(':').ok_or_else(|| SyntaxError::new(format!("`{}` is no header", text.trim())))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
        rest = after;
    }
}

/// Splits off a line, without its end.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', bytes) {
        Some(end) => (bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]), &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}

fn trimmed_start(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &bytes[blank..]
}

fn trimmed_end(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &bytes[..bytes.len() - blank]
}

/// Returns what stands between delimiters; what comes before the first and after the last is nobody's.
fn sections<'b>(boundary: &str, body: &'b [u8]) -> Result<Vec<&'b [u8]>, SyntaxError> {
    let delimiter = format!("--{boundary}");
    let mut sections = Vec::new();
    let mut start = None;
    for at in memmem::find_iter(body, delimiter.as_bytes()) {
        let after = &body[at + delimiter.len()..];
        let (rest, following) = line(after);
        let is_last = rest.starts_with(b"--");
        let is_delimiter = (at == 0 || body[at - 1] == b'\n') && (is_last || rest.trim_ascii().is_empty());
        if !is_delimiter {
            continue;
        }
        sections.extend(start.map(|start| &body[start..at.max(start)]));
        if is_last {
            return Ok(sections);
        }
        start = Some(body.len() - following.len());
    }
    match start {
        None => Err(SyntaxError::new(format!("the boundary {boundary} is not in the body"))),
        Some(_) => Err(SyntaxError::new(format!("the body does not end with --{boundary}--"))),
    }
}

/// Writes the answers of a batch.
pub fn write(boundary: &str, answers: &[Answer]) -> Vec<u8> {
    let mut out = Vec::new();
    for answer in answers {
        out.extend(format!("--{boundary}\r\n").as_bytes());
        match answer {
            Answer::Response(response) => write_response(response, &mut out),
            Answer::ChangeSet { boundary, responses } => {
                out.extend(format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n").as_bytes());
                for response in responses {
                    out.extend(format!("--{boundary}\r\n").as_bytes());
                    write_response(response, &mut out);
                }
                out.extend(format!("--{boundary}--\r\n").as_bytes());
            }
        }
    }
    out.extend(format!("--{boundary}--\r\n").as_bytes());
    out
}

fn write_response(response: &Response, out: &mut Vec<u8>) {
    let mut head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n".to_owned();
    if let Some(id) = &response.content_id {
        head.push_str(&format!("Content-ID: {id}\r\n"));
    }
    head.push_str(&format!("\r\nHTTP/1.1 {} {}\r\n", response.status, response.reason));
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    out.extend(head.as_bytes());
    out.extend(b"\r\n");
    out.extend(&response.body);
    out.extend(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: &str = "\r\n--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
        GET http://localhost/api/data/v9.2/accounts?$top=1 HTTP/1.1\r\nAccept: application/json\r\n\r\n\
        --b\r\nContent-Type: multipart/mixed;boundary=\"c\"\r\n\r\n\
        --c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\n\
        POST /api/data/v9.2/accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"name\":\"--b\"}\r\n\r\n\
        --c\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\nPATCH $1 HTTP/1.1\r\n\r\n{}\r\n--c--\r\n\
        --b\r\nContent-Type: application/http\r\n\r\nget accounts(1) HTTP/1.1\r\n--b--\r\n";

    #[test]
    fn a_batch_is_requests_and_change_sets() {
        for text in [BATCH.to_owned(), BATCH.replace("\r\n", "\n")] {
            let parts = parse("b", text.as_bytes()).expect("a batch");
            let [Part::Request(first), Part::ChangeSet(set), Part::Request(last)] = parts.as_slice() else {
                panic!("{parts:?}");
            };
            assert_eq!((first.method.as_str(), first.body.len()), ("GET", 0));
            assert_eq!(first.target, "http://localhost/api/data/v9.2/accounts?$top=1");
            assert_eq!(first.headers, [("Accept".to_owned(), "application/json".to_owned())]);
            assert_eq!(set[0].body, b"{\"name\":\"--b\"}", "a boundary inside of a line is text");
            assert_eq!((set[0].content_id.as_deref(), set[1].content_id.as_deref()), (Some("1"), Some("2")));
            assert_eq!((set[1].target.as_str(), set[1].body.as_slice()), ("$1", b"{}".as_slice()));
            assert_eq!((last.method.as_str(), last.target.as_str()), ("GET", "accounts(1)"));
        }
    }

    #[test]
    fn content_types_name_their_boundary() {
        for (text, expected) in [
            ("multipart/mixed;boundary=batch_1", Some("batch_1")),
            ("Multipart/Mixed; charset=utf-8; Boundary=\"a b\"", Some("a b")),
            ("multipart/mixed", None),
            ("multipart/mixed; boundary=", None),
            ("application/json; boundary=x", None),
        ] {
            assert_eq!(boundary(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_batch_says_why() {
        let part = |content: &str| format!("--b\r\nContent-Type: application/http\r\n\r\n{content}\r\n--b--");
        let set =
            |content: &str| format!("--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n{content}\n--c--\n--b--\n");
        for (text, expected) in [
            (String::new(), "the boundary b is not in the body"),
            ("--b\r\n".to_owned(), "does not end with --b--"),
            (part(""), "part 1 does not begin with a request line"),
            (part("GET"), "part 1 does not begin with a request line"),
            (part("GET a b c"), "part 1 does not begin with a request line"),
            (part("GET a b"), "part 1 does not begin with a request line"),
            (part("GET a HTTP/1.1\r\nno header\r\n\r\n"), "`no header` is no header"),
            (set("Content-Type: application/http\n\nGET a HTTP/1.1\n"), "GET a stands in a change set"),
            (set("Content-Type: multipart/mixed; boundary=d\n\n--d--\n"), "not change sets"),
            ("--b\nContent-Type: multipart/mixed; boundary=c\n\nx\n--b--".to_owned(), "boundary c is not in the body"),
        ] {
            let error = parse("b", text.as_bytes()).expect_err(&text).message;
            assert!(error.contains(expected), "{text}: {error}");
        }
        let one = "--b\n\nGET a HTTP/1.1\n\n";
        assert_eq!(parse("b", format!("{}--b--", one.repeat(1_000)).as_bytes()).map(|parts| parts.len()), Ok(1_000));
        assert!(parse("b", format!("{}--b--", one.repeat(1_001)).as_bytes()).is_err());
    }

    #[test]
    fn answers_are_written_as_clients_split_them() {
        let created = Response {
            status: 204,
            reason: "No Content".to_owned(),
            headers: vec![("OData-EntityId".to_owned(), "http://localhost/api/data/v9.2/accounts(1)".to_owned())],
            body: Vec::new(),
            content_id: Some("1".to_owned()),
        };
        let read = Response { status: 200, reason: "OK".to_owned(), body: b"{}".to_vec(), ..Response::default() };
        let answers = [
            Answer::ChangeSet { boundary: "changesetresponse_2".to_owned(), responses: vec![created] },
            Answer::Response(read),
        ];
        let expected = "--batchresponse_1\r\n\
            Content-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n\
            --changesetresponse_2\r\n\
            Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: 1\r\n\r\n\
            HTTP/1.1 204 No Content\r\nOData-EntityId: http://localhost/api/data/v9.2/accounts(1)\r\n\r\n\r\n\
            --changesetresponse_2--\r\n\
            --batchresponse_1\r\n\
            Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
            HTTP/1.1 200 OK\r\n\r\n{}\r\n\
            --batchresponse_1--\r\n";
        assert_eq!(String::from_utf8(write("batchresponse_1", &answers)).as_deref(), Ok(expected));
    }
}
