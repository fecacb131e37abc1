//! Why a command ends without an answer, and with which exit code (spec `cli.md` §2).

use std::io;

use strata_model::code::ErrorCode;
use strata_ops::{ErrorReport, OpsError};
use strata_server::http::ServeError;

/// The exit code of a usage error.
pub(crate) const USAGE: u8 = 64;

/// How a command ends when it has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// The answer says what failed.
    Failed,
    /// `--detailed-exitcode` and there are changes.
    Changes,
    /// A gate tripped.
    Gate,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Gate => 3,
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments do not fit together.
    Usage {
        message: String,
        hints: Vec<String>,
    },
    Ops(OpsError),
    /// The server does not start.
    Serve(ServeError),
    /// The question was answered with no.
    Declined,
    /// The answer could not be written.
    Stdout(io::Error),
}

impl From<OpsError> for Failure {
    fn from(error: OpsError) -> Self {
        Self::Ops(error)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Ops(error) => Self::Ops(error),
            other @ (ServeError::Listen { .. } | ServeError::Tls(_) | ServeError::Start(_)) => Self::Serve(other),
        }
    }
}

impl Failure {
    /// Makes a usage error.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hints: Vec::new() }
    }

    /// Makes the answer to something this version cannot do.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::Ops(OpsError::request(ErrorCode::UNSUPPORTED, message))
    }

    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => USAGE,
            Self::Ops(error) => error.exit_code(),
            Self::Serve(ServeError::Tls(_)) => 4,
            Self::Serve(ServeError::Listen { .. } | ServeError::Start(_) | ServeError::Ops(_)) => 5,
            Self::Declined => 1,
            // Whoever reads has seen enough: `strata … | head` is no failure.
            Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Stdout(_) => 1,
        }
    }

    /// Returns the error as scripts read it; `None` where nothing is to be said.
    pub(crate) fn report(&self) -> Option<ErrorReport> {
        match self {
            Self::Usage { message, hints } => Some(report("UsageError", message.clone(), hints.clone())),
            Self::Ops(error) => Some(error.report()),
            Self::Serve(error) => Some(report(serve_name(error), error.to_string(), Vec::new())),
            Self::Declined => Some(report("Declined", "declined, nothing was changed".to_owned(), Vec::new())),
            Self::Stdout(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            Self::Stdout(error) => Some(report("OutputError", format!("cannot write the answer: {error}"), Vec::new())),
        }
    }
}

fn serve_name(error: &ServeError) -> &'static str {
    match error {
        ServeError::Listen { .. } => "CannotListen",
        ServeError::Tls(_) => "CannotSpeakTls",
        ServeError::Start(_) | ServeError::Ops(_) => "CannotServe",
    }
}

/// Makes a report without a platform code.
fn report(name: &str, message: String, hints: Vec<String>) -> ErrorReport {
    ErrorReport {
        code: None,
        name: name.to_owned(),
        message,
        rule: None,
        hints,
        details: Vec::new(),
        part: None,
        line: None,
        column: None,
    }
}
