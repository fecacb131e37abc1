//! Stories of real clients, unmodified, over sockets. `cargo xtask test` installs them; without them a story is skipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use strata_ops::environments::{self, SettingsChange};
use strata_ops::{Location, Workspace};
use strata_server::access::Tokens;
use strata_server::http::{self, Config, Limits, Running};
use strata_server::service::Service;
use strata_server::tls::Tls;
use tempfile::TempDir;

/// A store with the environments `default` and `target`, and a server on a free port for each: this is how clients
/// that allow no path in front of `/api` reach both.
struct Served {
    running: Vec<Running>,
    url: String,
    target: String,
    certificate: Option<PathBuf>,
    _folder: TempDir,
}

impl Served {
    fn new(with_tls: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("strata.db").display().to_string();
        let location = Location { store, environment: None };
        let workspace = Workspace::open_or_create(&location).expect("a store");
        workspace.environment_to_write().expect("the default environment");
        environments::create(&workspace, "target", &SettingsChange::default()).expect("another environment");
        let tls = with_tls.then(|| Tls::self_signed(folder.path(), &[]).expect("a certificate"));
        let certificate = tls.as_ref().map(|tls| tls.certificate.clone());
        let start = |environment: Option<&str>| {
            let location = Location { environment: environment.map(str::to_owned), ..location.clone() };
            let config = Config {
                location: location.clone(),
                listen: vec!["127.0.0.1:0".to_owned()],
                tokens: Tokens::default(),
                hosts: Vec::new(),
                origins: Vec::new(),
                tls: tls.clone(),
                limits: Limits::default(),
            };
            let running = http::start(&config, Service::new(location).expect("a service")).expect("a server");
            let url = running.urls()[0].clone();
            (running, url)
        };
        let ((one, url), (other, target)) = (start(None), start(Some("target")));
        Self { running: vec![one, other], url, target, certificate, _folder: folder }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.running.drain(..).for_each(Running::stop);
    }
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Runs a story to its end; tells how it went where it failed.
fn play(command: &mut Command) {
    let output = command.output().expect("the client's runtime");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("\"steps\""), "{}", text(&output.stdout));
}

#[test]
fn w12_the_story_of_dynamics_web_api() {
    let folder = clients().join("dynamics-web-api");
    if !folder.join("node_modules").exists() {
        skipped("dynamics-web-api is not installed (`cargo xtask test` does)");
        return;
    }
    let served = Served::new(false);
    play(Command::new("node").arg(folder.join("story.mjs")).arg(&served.url).arg(&served.target));
}

#[test]
fn w12_the_story_of_the_python_client() {
    let folder = clients().join("python");
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        skipped("the Python client is not installed (`cargo xtask test` does)");
        return;
    }
    let served = Served::new(true);
    let certificate = served.certificate.as_ref().expect("a certificate");
    // The certificate is for names; an address is one of them.
    play(Command::new(python).arg(folder.join("story.py")).arg(&served.url).env("REQUESTS_CA_BUNDLE", certificate));
}

/// The flows of tools that have no client library, as scripts of curl.
#[test]
fn w10_the_flows_of_terraform_and_of_the_build_tools_by_curl() {
    if Command::new("curl").arg("--version").output().is_err() {
        writeln!(std::io::stderr(), "skipped: curl is not installed").expect("written");
        return;
    }
    let packages = tempfile::tempdir().expect("a folder");
    let keep = |name: &str, package: String| std::fs::write(packages.path().join(name), package).expect("written");
    for name in ["contoso-core-1.0", "contoso-core-1.1"] {
        keep(name, crate::packages::example(name));
    }
    keep("own", crate::packages::package("Contoso 1.0.0.0 unmanaged contoso\nentity contoso_own"));
    for flow in ["terraform.sh", "build-tools.sh"] {
        let served = Served::new(false);
        play(Command::new("sh").arg(clients().join("curl").join(flow)).arg(&served.url).arg(packages.path()));
    }
}

#[test]
fn w1_the_story_of_a_client_generated_from_the_metadata() {
    let folder = clients().join("odata2ts");
    let modules = folder.join("node_modules");
    if !modules.exists() {
        writeln!(std::io::stderr(), "skipped: odata2ts is not installed (`cargo xtask test` does)").expect("written");
        return;
    }
    let served = Served::new(false);
    let output = tempfile::tempdir().expect("a folder");
    let mut story = Command::new("node");
    play(story.arg(folder.join("story.cjs")).arg(&served.url).arg(output.path()).env("NODE_PATH", modules));
}

#[expect(clippy::print_stderr, reason = "a skipped test should say so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
