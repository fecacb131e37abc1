//! `serve` from outside: what it says, whom it answers, how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use strata_testkit::generator::{self, Recipe};

use crate::sandbox::Sandbox;

/// A server that ends with its test.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn new(sandbox: &Sandbox, line: &str) -> Self {
        let words = line.split_whitespace();
        let mut command = sandbox.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--format", "json"]).args(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut first).expect("a line");
        let said: Value = serde_json::from_str(&first).expect("JSON in one line");
        let url = said["listening"][0].as_str().expect("a URL").to_owned();
        Self { child, address: url.strip_prefix("http://").expect("plain HTTP").to_owned() }
    }

    /// Sends a request without a body and returns the whole answer.
    fn send(&self, request: &str) -> String {
        self.send_with(request, "")
    }

    /// Sends a request and returns the whole answer; what is no text in it is replaced.
    fn send_with(&self, request: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let (line, headers) = request.split_once('\n').unwrap_or((request, ""));
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let headers: String = headers.lines().map(|header| format!("{header}\r\n")).collect();
        write!(stream, "{line} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n{body}").expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn status(&self, request: &str) -> u16 {
        let answer = self.send(request);
        answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// Asks it to end.
    fn ask_to_end(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(asked.success());
    }

    /// Asks it to end and returns its exit code.
    fn end(mut self) -> Option<i32> {
        self.ask_to_end();
        self.child.wait().expect("an end").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn r18_on_loopback_anybody_is_answered_and_a_signal_ends_it() {
    let sandbox = Sandbox::new();
    let served = Served::new(&sandbox, "");
    assert_eq!(served.status("GET /healthz"), 200);
    assert_eq!(served.status("GET /api/data/v9.2/WhoAmI\nAuthorization: Bearer anything"), 200);
    assert_eq!(served.status("GET /api/data/v9.0/WhoAmI()"), 200);
    assert!(served.send("GET /metrics").contains("strata_requests_total{status=\"2xx\"} 3"));
    assert_eq!(served.end(), Some(0));
}

#[test]
fn r18_a_token_is_needed_where_one_is_set() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("tokens"), "ci maker s3cret\neyes reader look\n").expect("a file");
    let served = Served::new(&sandbox, "--token-file tokens");
    let answer = served.send("GET /api/data/v9.2/WhoAmI");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.to_lowercase().contains("www-authenticate: bearer authorization_uri="), "{answer}");
    assert_eq!(served.status("GET /api/data/v9.2/WhoAmI\nAuthorization: Bearer s3cret"), 200);
    assert_eq!(served.status("GET /api/data/v9.2/WhoAmI\nAuthorization: Bearer look"), 200);
    assert_eq!(served.status("POST /api/data/v9.2/PublishAllXml\nAuthorization: Bearer look\nContent-Length: 0"), 403);
    assert_eq!(
        served.status("POST /api/data/v9.2/PublishAllXml\nAuthorization: Bearer s3cret\nContent-Length: 0"),
        204
    );
    assert_eq!(served.status("GET /healthz"), 200);
}

#[test]
fn r18_other_names_and_other_pages_are_refused() {
    let sandbox = Sandbox::new();
    let served = Served::new(&sandbox, "--allow-host strata.example --allow-origin https://maker.example");
    assert_eq!(served.status("GET /api/data/v9.2/WhoAmI\nHost: evil.example"), 403);
    assert_eq!(served.status("GET /api/data/v9.2/WhoAmI\nHost: strata.example"), 200);
    assert_eq!(served.status("GET /api/data/v9.2/WhoAmI\nOrigin: https://evil.example"), 403);
    let answer = served.send("GET /api/data/v9.2/WhoAmI\nOrigin: https://maker.example");
    assert!(answer.contains("access-control-allow-origin: https://maker.example"), "{answer}");
    assert_eq!(served.status("OPTIONS /api/data/v9.2/accounts\nOrigin: https://maker.example"), 204);
}

#[test]
fn t5_a_body_over_the_limit_is_413() {
    let sandbox = Sandbox::new();
    let served = Served::new(&sandbox, "--max-body 1");
    assert_eq!(served.status("POST /api/data/v9.2/accounts\nContent-Length: 1048577"), 413);
}

#[test]
fn t5_answers_are_compressed_for_those_who_take_it() {
    let sandbox = Sandbox::new();
    let served = Served::new(&sandbox, "");
    let definitions = "GET /api/data/v9.2/EntityDefinitions?$select=LogicalName&$top=50";
    let plain = served.send(definitions);
    let compressed = served.send(&format!("{definitions}\nAccept-Encoding: gzip"));
    assert!(compressed.contains("content-encoding: gzip"), "{compressed}");
    assert!(!compressed.contains("accountid") && !compressed.contains("LogicalName"), "{compressed}");
    assert!(plain.contains("LogicalName") && !plain.contains("content-encoding"), "{plain}");
}

#[test]
fn t5_http_2_is_spoken_without_tls_too() {
    let sandbox = Sandbox::new();
    let served = Served::new(&sandbox, "");
    let mut stream = TcpStream::connect(&served.address).expect("a connection");
    let frame = |kind: u8, flags: u8, id: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).expect("a short frame");
        [&[0, 0, length, kind, flags, 0, 0, 0, id], payload].concat()
    };
    // GET, http, then path and authority as texts behind their places in the static table.
    let mut headers = vec![0x82, 0x86];
    for (name, text) in [(4_u8, "/api/data/v9.2/WhoAmI"), (1, served.address.as_str())] {
        headers.extend([name, u8::try_from(text.len()).expect("a short text")]);
        headers.extend(text.as_bytes());
    }
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("the preface");
    stream.write_all(&[frame(4, 0, 0, &[]), frame(1, 5, 1, &headers)].concat()).expect("settings and a request");
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).expect("a frame");
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).expect("its payload");
        if head[3] == 1 {
            assert_eq!((head[8], payload[0]), (1, 0x88), "200 to the first request");
            return;
        }
    }
}

#[test]
fn t7_an_import_that_runs_comes_to_its_end_before_the_server_does() {
    let sandbox = Sandbox::new();
    let mut served = Served::new(&sandbox, "");
    let recipe =
        Recipe { components: 4_000, version: "1.0.0.0".to_owned(), managed: true, seed: 3, changed_permille: 0 };
    let package = strata_ops::base64::encode(&generator::package(&recipe));
    let body = format!(
        "{{\"OverwriteUnmanagedCustomizations\":false,\"PublishWorkflows\":false,\"CustomizationFile\":\"{package}\",\
         \"ImportJobId\":\"11111111-2222-4333-8444-555555555555\"}}"
    );
    let request = format!("POST /api/data/v9.2/ImportSolution\nContent-Length: {}", body.len());
    let answer = std::thread::scope(|scope| {
        let importing = scope.spawn(|| served.send_with(&request, &body));
        std::thread::sleep(std::time::Duration::from_millis(200));
        served.ask_to_end();
        importing.join().expect("no panic")
    });
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(served.child.wait().expect("an end").code(), Some(0));
    assert_eq!(sandbox.json("solution list").as_array().map(Vec::len), Some(1));
}

#[test]
fn r18_beyond_loopback_a_token_is_needed() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("serve --listen 0.0.0.0:0");
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("--allow-anonymous"), "{}", run.stderr);
}

#[test]
fn an_address_in_use_is_exit_5() {
    let sandbox = Sandbox::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let run = sandbox.run(&format!("serve --listen {address}"));
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.stderr.contains("cannot listen"), "{}", run.stderr);
}

#[test]
fn a_seed_is_imported_before_the_first_request() {
    let sandbox = Sandbox::new();
    let package = strata_testkit::examples::path("contoso-core-1.0");
    let served = Served::new(&sandbox, &format!("--seed {}", package.display()));
    assert_eq!(served.status("GET /healthz"), 200);
    assert_eq!(served.end(), Some(0));
    let solutions = sandbox.json("solution list");
    assert_eq!(solutions.as_array().map(Vec::len), Some(1), "{solutions}");
}
