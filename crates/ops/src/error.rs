//! Why a request was not met, and the exit code that says so (spec `cli.md` §2).

use std::io;
use std::path::PathBuf;

use serde::Serialize;
use strata_model::code::ErrorCode;
use strata_model::plan::{Finding, Plan, Severity};
use strata_package::ReadPackageError;
use strata_store::{ApplyError, StoreError};

/// Stands as rule in findings about rows that no rule of the platform speaks of.
pub(crate) const OWN_RULE: &str = "D8";

/// A request that was not met.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// The rules refuse; the plan's findings say why.
    #[error("{}", first_message(.0))]
    Refused(Box<Plan>),
    /// The request does not fit what is there.
    #[error("{message}")]
    Request { code: ErrorCode, message: String, hints: Vec<String> },
    /// Another operation runs in the environment (L116).
    #[error("cannot start another [{asked}] because there is a previous [{running}] running at this moment")]
    Concurrent { asked: &'static str, running: String },
    /// Rows or values of rows do not fit; `findings` are the first of `total`.
    #[error("{}", rows_message(findings, *total))]
    Rows { findings: Vec<Finding>, total: usize, place: Option<Place> },
    #[error("{}: {source}", path.display())]
    Package { path: PathBuf, source: Box<ReadPackageError> },
    /// A mapping file that says something else than it may.
    #[error("{0}")]
    Map(Box<ReadPackageError>),
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("cannot write {}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Apply(ApplyError),
}

/// Where in a file the first thing that does not fit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    pub line: u32,
    /// Position among the fields of the line, from 1.
    pub column: Option<u32>,
}

impl From<ApplyError> for OpsError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => Self::Store(error),
            other @ (ApplyError::StalePlan { .. } | ApplyError::Conflict { .. } | ApplyError::MissingBody { .. }) => {
                Self::Apply(other)
            }
        }
    }
}

/// An error as scripts read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorReport {
    pub code: Option<String>,
    pub name: String,
    pub message: String,
    pub rule: Option<String>,
    pub hints: Vec<String>,
    pub details: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl OpsError {
    /// Makes a refusal of a request that names something absent or unfit.
    pub fn request(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Request { code, message: message.into(), hints: Vec::new() }
    }

    /// Adds what the reader can do about it; only requests carry hints of their own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Request { hints, .. } = &mut self {
            hints.push(hint.into());
        }
        self
    }

    /// Returns the exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(_)
            | Self::Concurrent { .. }
            | Self::Request { .. }
            | Self::Rows { .. }
            | Self::Map(_)
            | Self::Apply(_)
            | Self::Unwritable { .. } => 1,
            Self::Package { .. } | Self::Unreadable { .. } => 4,
            Self::Store(error) => match error {
                StoreError::Absent { .. }
                | StoreError::Busy { .. }
                | StoreError::LeaseLost
                | StoreError::NoPlace
                | StoreError::EnvironmentExists { .. }
                | StoreError::MissingEnvironment { .. }
                | StoreError::MissingOperation { .. } => 1,
                StoreError::NotAStore { .. }
                | StoreError::Newer { .. }
                | StoreError::Unreachable { .. }
                | StoreError::Locked
                | StoreError::Damaged(_)
                | StoreError::Sqlite(_) => 5,
            },
        }
    }

    /// Returns the error as scripts read it.
    pub fn report(&self) -> ErrorReport {
        let mut report = match self {
            Self::Refused(plan) => refused_report(plan),
            Self::Request { code, message, hints } => {
                let mut report = plain(*code, message.clone());
                report.hints.clone_from(hints);
                report
            }
            Self::Concurrent { .. } => concurrent(self.to_string()),
            Self::Rows { findings, place, .. } => {
                let mut report = first_report(findings, self.to_string());
                // What a row may hold is for its table to say, not for a rule of the platform.
                report.rule = report.rule.filter(|rule| rule != OWN_RULE);
                if let Some(place) = place {
                    report.part = Some(place.path.display().to_string());
                    (report.line, report.column) = (Some(place.line), place.column);
                }
                report
            }
            Self::Package { source, .. } | Self::Map(source) => {
                let mut report = plain(source.code, self.to_string());
                report.part.clone_from(&source.part);
                (report.line, report.column) = (source.line, source.column);
                report.hints.extend(source.hint.clone());
                report
            }
            Self::Unreadable { source, .. } => plain(ErrorCode::UNREADABLE_FILE, format!("{self}: {source}")),
            Self::Unwritable { source, .. } => plain(ErrorCode::UNREADABLE_FILE, format!("{self}: {source}")),
            Self::Apply(error) => {
                let code = match error {
                    ApplyError::StalePlan { .. } | ApplyError::Conflict { .. } => ErrorCode::STALE_PLAN,
                    ApplyError::MissingBody { .. } | ApplyError::Store(_) => ErrorCode::STORE_UNAVAILABLE,
                };
                plain(code, error.to_string())
            }
            Self::Store(error) => store_report(error),
        };
        if let Self::Apply(ApplyError::StalePlan { .. }) = self {
            report.hints.push("the environment has moved on: plan again".to_owned());
        }
        report
    }
}

fn plain(code: ErrorCode, message: String) -> ErrorReport {
    ErrorReport {
        code: code.hex.map(str::to_owned),
        name: code.name.to_owned(),
        message,
        rule: None,
        hints: Vec::new(),
        details: Vec::new(),
        part: None,
        line: None,
        column: None,
    }
}

fn refused_report(plan: &Plan) -> ErrorReport {
    let errors: Vec<_> = plan.findings.iter().filter(|finding| finding.severity == Severity::Error).cloned().collect();
    first_report(&errors, first_message(plan))
}

/// Reports errors under the code of the first.
fn first_report(errors: &[Finding], message: String) -> ErrorReport {
    let Some(first) = errors.first() else { return plain(ErrorCode::UNSUPPORTED, message) };
    ErrorReport {
        code: first.code.clone(),
        name: first.name.clone().unwrap_or_default(),
        message,
        rule: Some(first.rule.clone()),
        hints: first.hints.clone(),
        details: errors.to_vec(),
        part: None,
        line: None,
        column: None,
    }
}

fn store_report(error: &StoreError) -> ErrorReport {
    let message = with_sources(error);
    let (code, hint) = match error {
        StoreError::Absent { .. } => {
            (ErrorCode::NOT_FOUND, Some("a command that writes makes it, `strata import FILE` for example".to_owned()))
        }
        StoreError::MissingEnvironment { name } => {
            (ErrorCode::NOT_FOUND, Some(format!("make it with `strata env create {name}`")))
        }
        StoreError::MissingOperation { .. } => {
            (ErrorCode::NOT_FOUND, Some("see the operations with `strata history`".to_owned()))
        }
        StoreError::EnvironmentExists { .. } => (ErrorCode::ALREADY_EXISTS, None),
        StoreError::Busy { operation, .. } => {
            let message =
                format!("cannot start another operation because a previous [{operation}] is running at this moment");
            return concurrent(message);
        }
        StoreError::LeaseLost => (ErrorCode::CONCURRENCY, None),
        StoreError::NoPlace => (ErrorCode::INVALID_FILTER, None),
        StoreError::NotAStore { .. }
        | StoreError::Newer { .. }
        | StoreError::Unreachable { .. }
        | StoreError::Locked
        | StoreError::Damaged(_)
        | StoreError::Sqlite(_) => (ErrorCode::STORE_UNAVAILABLE, None),
    };
    let mut report = plain(code, message);
    report.hints.extend(hint);
    report
}

/// L116: one solution operation at a time in an environment; a second is refused, not queued.
fn concurrent(message: String) -> ErrorReport {
    let mut report = plain(ErrorCode::CONCURRENCY, message);
    report.rule = Some("L116".to_owned());
    report.hints.push(
        "try again when it has ended; what a crash on another machine has left ends by itself in 30 seconds".into(),
    );
    report.hints.push("see what has run with `strata solution history`".into());
    report
}

fn rows_message(findings: &[Finding], total: usize) -> String {
    let first = findings.first().map_or("", |finding| finding.message.as_str());
    if total > 1 { format!("{first} (and {} more)", total - 1) } else { first.to_owned() }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message.push_str(": ");
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    message
}

fn first_message(plan: &Plan) -> String {
    let errors: Vec<_> = plan.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    match errors.as_slice() {
        [] => "the operation was refused".to_owned(),
        [one] => one.message.clone(),
        [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
    }
}
