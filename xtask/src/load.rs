//! The server under load on loopback: how it compares with a bare axum handler that returns the same bytes, what reads
//! feel of an import, whether errors appear or memory grows. Needs `wrk` and `curl`.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use clap::Args;
use strata_testkit::generator::{self, Recipe};

use crate::{cargo, root, run as run_command};

#[derive(Args)]
pub(crate) struct Options {
    /// Seconds per figure
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rows of the table that is read
    #[arg(long, default_value_t = 20_000)]
    rows: usize,
    /// Components of the package that is imported meanwhile
    #[arg(long, default_value_t = 50_000)]
    components: usize,
    /// Rows of the table that a page is filtered out of
    #[arg(long, default_value_t = 1_000_000)]
    many_rows: usize,
    /// Requests over which memory is watched
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
}

/// Connections of most figures; the errors of [`MANY`] are counted.
const CONNECTIONS: usize = 16;
const MANY: usize = 200;
/// Takes of what is measured by its time.
const ROUNDS: usize = 15;

/// Gives each request a header of its own, so that no answer can be given again.
const ANEW: &str = "local n = 0\nrequest = function()\n  n = n + 1\n  \
    return wrk.format(\"GET\", nil, { [\"x-number\"] = tostring(n) })\nend\n";

pub(crate) fn run(options: &Options) -> Result<(), String> {
    run_command(cargo().args(["build", "--quiet", "--release", "--package", "xtask", "--package", "strata-cli"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let programs = target.join("release");
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let strata = programs.join("strata");
    let id = fill(&strata, folder.path(), options.rows)?;
    let server = Server::start(Command::new(&strata).current_dir(folder.path()).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--quiet",
    ]))?;
    let script = folder.path().join("anew.lua");
    std::fs::write(&script, ANEW).map_err(|error| error.to_string())?;
    println!("| measurement | result | goal |\n|---|---|---|");
    for (what, path) in [
        ("one row, all columns", format!("accounts({id})")),
        ("one row, two columns", format!("accounts({id})?$select=name,telephone1")),
        ("a page of 50 rows, all columns", "accounts?$top=50".to_owned()),
        ("a page of 50 rows, two columns", "accounts?$top=50&$select=name,telephone1".to_owned()),
    ] {
        let url = format!("{}/api/data/v9.2/{path}", server.url);
        let ours = wrk(&url, CONNECTIONS, options.seconds)?;
        let anew = wrk_with(&url, CONNECTIONS, options.seconds, Some(&script))?;
        let body = folder.path().join("body");
        succeed(Command::new("curl").args(["--silent", "--fail", "--output"]).arg(&body).arg(&url))?;
        let bare = Server::start(Command::new(programs.join("xtask")).arg("bare").arg(&body))?;
        let theirs = wrk(&bare.url, CONNECTIONS, options.seconds)?;
        let theirs_anew = wrk_with(&bare.url, CONNECTIONS, options.seconds, Some(&script))?;
        let (again, anew) = (ours.rate / theirs.rate, anew.rate / theirs_anew.rate);
        println!("| {what}: requests per second | {again:.2} × a bare handler with the same bytes | ≥ 0.4 × |");
        println!("| the same, each request another one to the server | {anew:.2} × | – |");
    }
    let row = format!("{}/api/data/v9.2/accounts({id})?$select=name", server.url);
    let many = wrk(&row, MANY, options.seconds)?;
    println!("| errors with {MANY} connections | {} of {} | 0 |", many.errors, many.requests);
    meanwhile(options, &server, &row, folder.path())?;
    flat(options, &server, &row)?;
    drop(server);
    filtered(options, &strata)
}

/// Rows of a page that is filtered out of many.
const PAGE: usize = 5_000;

/// Compares a page of a filter along an index with the SQL that one would write by hand.
fn filtered(options: &Options, strata: &Path) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let groups = (options.many_rows / PAGE).max(1);
    let mut csv = "name,telephone1,numberofemployees\n".to_owned();
    for number in 0..options.many_rows {
        let group = number % groups;
        writeln!(csv, "G{group:04} {number},+49 30 {number:07},{}", number % 1000).expect("texts grow");
    }
    std::fs::write(folder.path().join("rows.csv"), csv).map_err(|error| error.to_string())?;
    let mut import = Command::new(strata);
    succeed(import.current_dir(&folder).args(["row", "import", "account", "--csv", "rows.csv", "--quiet"]))?;
    let mut serve = Command::new(strata);
    let server = Server::start(serve.current_dir(&folder).args(["serve", "--listen", "127.0.0.1:0", "--quiet"]))?;
    let group = groups / 2;
    let path = format!("accounts?$filter=startswith(name,'G{group:04}')&$select=name,telephone1&$top={PAGE}");
    let url = format!("{}/api/data/v9.2/{path}", server.url);
    let store = rusqlite::Connection::open(folder.path().join("strata.db")).map_err(|error| error.to_string())?;
    // As much memory as the server gives itself.
    store.pragma_update(None, "cache_size", -64_000).map_err(|error| error.to_string())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut get = Command::new("curl");
        get.args(["--silent", "--fail", "--globoff", "--output"]).arg(folder.path().join("page"));
        let told = output(get.args(["--write-out", "%{time_total}"]).arg(&url))?;
        ours.push(told.trim().parse::<f64>().map_err(|error| format!("{told}: {error}"))?);
        let begun = Instant::now();
        let count = by_hand(&store, &format!("3g{group:04}")).map_err(|error| error.to_string())?;
        theirs.push(begun.elapsed().as_secs_f64());
        if count != options.many_rows.min(PAGE) {
            return Err(format!("{count} rows are in the group"));
        }
    }
    let text = std::fs::read_to_string(folder.path().join("page")).map_err(|error| error.to_string())?;
    let count = text.matches("\"@odata.etag\"").count();
    if count != options.many_rows.min(PAGE) {
        return Err(format!("{count} rows are on the page"));
    }
    let ratio = median(ours) / median(theirs);
    println!("| a page of {PAGE} rows of {}, filtered | {ratio:.2} × raw SQL | ≤ 3 × |", options.many_rows);
    Ok(())
}

/// Reads the rows whose names begin so; returns how many.
fn by_hand(store: &rusqlite::Connection, prefix: &str) -> rusqlite::Result<usize> {
    let sql = "SELECT r.id, r.version, r.json FROM record_index i CROSS JOIN record r ON r.id = i.id \
         AND r.environment_id = 1 AND r.table_name = 'account' AND r.to_op = 9223372036854775807 \
         WHERE i.environment_id = 1 AND i.table_name = 'account' AND i.column_name = 'name' \
         AND i.value >= ?1 AND i.value < ?1 || '~' ORDER BY i.id LIMIT 5000";
    let mut statement = store.prepare_cached(sql)?;
    let rows = statement
        .query_map([prefix], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.len())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Fills the table that is read, and returns the id of a row.
fn fill(strata: &Path, folder: &Path, rows: usize) -> Result<String, String> {
    let mut csv = "name,telephone1,numberofemployees\n".to_owned();
    for number in 0..rows {
        writeln!(csv, "Account {number},+49 30 {number:07},{}", number % 1000).expect("texts grow");
    }
    std::fs::write(folder.join("rows.csv"), csv).map_err(|error| error.to_string())?;
    let mut import = Command::new(strata);
    succeed(import.current_dir(folder).args(["row", "import", "account", "--csv", "rows.csv", "--quiet"]))?;
    let mut list = Command::new(strata);
    list.current_dir(folder).args(["row", "list", "account", "--filter", "name eq 'Account 7'", "--format", "json"]);
    let text = output(&mut list)?;
    let after = text.split("\"accountid\": \"").nth(1).ok_or("no row was made")?;
    Ok(after.chars().take_while(|character| *character != '"').collect())
}

/// Reads while a large package is imported.
fn meanwhile(options: &Options, server: &Server, row: &str, folder: &Path) -> Result<(), String> {
    let idle = wrk(row, CONNECTIONS, options.seconds)?;
    let recipe = Recipe {
        components: options.components,
        version: "1.0.0.0".into(),
        managed: true,
        seed: 7,
        changed_permille: 0,
    };
    let package = folder.join("package.zip");
    std::fs::write(&package, generator::package(&recipe)).map_err(|error| error.to_string())?;
    let encoded = output(Command::new("base64").args(["--wrap=0"]).arg(&package))?;
    let body = format!(
        "{{\"OverwriteUnmanagedCustomizations\":false,\"PublishWorkflows\":false,\"CustomizationFile\":\"{}\",\
         \"ImportJobId\":\"11111111-2222-4333-8444-555555555555\"}}",
        encoded.trim()
    );
    let request = folder.join("request.json");
    std::fs::write(&request, body).map_err(|error| error.to_string())?;
    let mut import = Command::new("curl");
    import.args(["--silent", "--fail", "--header", "Content-Type: application/json", "--data-binary"]);
    import.arg(format!("@{}", request.display())).arg(format!("{}/api/data/v9.2/ImportSolution", server.url));
    let mut import = Running(import.stdout(Stdio::null()).spawn().map_err(|error| error.to_string())?);
    let mut worst: f64 = 0.0;
    let mut errors = 0;
    let mut is_over = false;
    while !is_over {
        let busy = wrk(row, CONNECTIONS, 2)?;
        worst = worst.max(busy.p99);
        errors += busy.errors;
        is_over = import.0.try_wait().map_err(|error| error.to_string())?.is_some();
    }
    let is_met = import.0.wait().map_err(|error| error.to_string())?.success();
    let remark = if is_met { "" } else { " (the import failed)" };
    let ratio = worst / idle.p99;
    println!(
        "| p99 of reads while {} components are imported{remark} | {ratio:.1} × the idle p99, {errors} errors | ≤ 5 × |",
        options.components
    );
    Ok(())
}

/// Watches memory over many requests.
fn flat(options: &Options, server: &Server, row: &str) -> Result<(), String> {
    wrk(row, CONNECTIONS, options.seconds)?;
    let before = server.resident()?;
    let mut requests = 0;
    while requests < options.requests {
        requests += wrk(row, CONNECTIONS, 10)?.requests;
    }
    let after = server.resident()?;
    println!("| memory after {requests} requests | {:+.1} MB of {before:.0} MB | flat |", after - before);
    Ok(())
}

/// A server as a process that ends with the value; its first line says where it listens.
struct Server {
    child: Running,
    url: String,
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Server {
    fn start(command: &mut Command) -> Result<Self, String> {
        let child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let mut child = Running(child);
        let mut url = String::new();
        let stdout = child.0.stdout.as_mut().ok_or("no pipe")?;
        BufReader::new(stdout).read_line(&mut url).map_err(|error| error.to_string())?;
        Ok(Self { child, url: url.trim().to_owned() })
    }

    /// Megabytes that it keeps in memory.
    fn resident(&self) -> Result<f64, String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.0.id()));
        let status = status.map_err(|error| error.to_string())?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse().map_err(|_| "no number")?;
        Ok(kilobytes / 1024.0)
    }
}

/// What `wrk` found.
struct Load {
    rate: f64,
    requests: u64,
    errors: u64,
    /// Milliseconds.
    p99: f64,
}

fn wrk(url: &str, connections: usize, seconds: u64) -> Result<Load, String> {
    wrk_with(url, connections, seconds, None)
}

fn wrk_with(url: &str, connections: usize, seconds: u64, script: Option<&Path>) -> Result<Load, String> {
    let mut command = Command::new("wrk");
    if let Some(script) = script {
        command.arg("--script").arg(script);
    }
    command.args(["--threads", "1", "--latency", "--connections", &connections.to_string()]);
    let text = output(command.args(["--duration", &format!("{seconds}s"), url]))?;
    read_load(&text).ok_or_else(|| format!("wrk says what cannot be read: {text}"))
}

fn read_load(text: &str) -> Option<Load> {
    let after = |start: &str| text.lines().find_map(|line| line.trim().strip_prefix(start)).map(str::trim);
    let rate = after("Requests/sec:")?.parse().ok()?;
    let requests = text.lines().find_map(|line| line.split_once(" requests in ")).map(|(count, _)| count.trim())?;
    let numbers = |text: &str| text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u64>().ok()).sum();
    let refused: u64 = after("Non-2xx or 3xx responses:").map_or(0, numbers);
    let socket: u64 = after("Socket errors:").map_or(0, numbers);
    Some(Load { rate, requests: requests.parse().ok()?, errors: refused + socket, p99: milliseconds(after("99%")?)? })
}

fn milliseconds(text: &str) -> Option<f64> {
    let (number, factor) = match text {
        _ if text.ends_with("us") => (text.trim_end_matches("us"), 0.001),
        _ if text.ends_with("ms") => (text.trim_end_matches("ms"), 1.0),
        _ => (text.trim_end_matches('s'), 1000.0),
    };
    Some(number.parse::<f64>().ok()? * factor)
}

fn succeed(command: &mut Command) -> Result<(), String> {
    output(command).map(drop)
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Serves one body with axum and nothing else.
pub(crate) fn bare(body: &Path) -> Result<(), String> {
    let bytes = axum::body::Bytes::from(std::fs::read(body).map_err(|error| error.to_string())?);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let answer = move || {
            let bytes = bytes.clone();
            async move { ([("content-type", "application/json; odata.metadata=minimal")], bytes) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        println!("http://{}/", listener.local_addr().map_err(|error| error.to_string())?);
        let routes = axum::Router::new().fallback(answer);
        axum::serve(listener, routes).await.map_err(|error| error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Running 5s test @ http://127.0.0.1:1/\n  1 threads and 200 connections\n  Latency Distribution\n     \
        50%    1.90ms\n     99%    4.36ms\n  12345 requests in 5.01s, 9.87MB read\n  Socket errors: connect 0, read 1, \
        write 0, timeout 2\n  Non-2xx or 3xx responses: 4\nRequests/sec:   2464.07\nTransfer/sec:      1.97MB\n";

    #[test]
    fn what_wrk_says_is_read() {
        let load = read_load(SAID).expect("a report");
        assert_eq!((load.requests, load.errors), (12_345, 7));
        assert!((load.rate - 2464.07).abs() < 0.001 && (load.p99 - 4.36).abs() < 0.001);
        for (text, expected) in [("950.00us", 0.95), ("1.50s", 1500.0)] {
            assert!(milliseconds(text).is_some_and(|found| (found - expected).abs() < 1e-9), "{text}");
        }
    }
}
