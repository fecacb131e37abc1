//! What `serve` takes.

use std::path::PathBuf;

use clap::Args;
use strata_server::trouble::Trouble;

/// Where the server listens when nothing else is said.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:5870";

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen at; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = DEFAULT_LISTEN)]
    pub(crate) listen: Vec<String>,
    /// Answer only requests that bear this token
    #[arg(long, value_name = "T", env = "STRATA_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// Answer only requests that bear a token of this file: lines of name, role (reader, maker, admin) and token
    #[arg(long, value_name = "F", conflicts_with = "token")]
    pub(crate) token_file: Option<PathBuf>,
    /// Answer anybody, beyond this machine too
    #[arg(long, conflicts_with_all = ["token", "token_file"])]
    pub(crate) allow_anonymous: bool,
    /// Answer to this host name too
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Let pages of this origin ask (CORS)
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Certificate chain to speak TLS with, as PEM
    #[arg(long, value_name = "F", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Key of the certificate, as PEM
    #[arg(long, value_name = "F", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Speak TLS with a certificate for this machine, made in this folder on first use
    #[arg(long, value_name = "DIR", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) tls_self_signed: Option<PathBuf>,
    /// Import this package before the first request, unless that version is installed; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) seed: Vec<PathBuf>,
    /// Let an operation go wrong on purpose, as OPERATION:KIND[:TIMES[:VALUE]]; KIND is delay (VALUE in ms), throttle
    /// (VALUE in s), concurrent or fail. `DeleteAndPromote:fail:1` refuses the next promote, `Job.NAME` fails a job
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<Trouble>,
    /// Largest body of a request, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub(crate) max_body: usize,
    /// Asynchronous operations that run at the same time in all environments; others wait
    #[arg(long, value_name = "N", default_value_t = strata_server::jobs::RUNNING_MAX)]
    pub(crate) max_jobs: usize,
}
