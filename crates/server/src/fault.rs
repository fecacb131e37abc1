//! Refusals as clients read them: a status, the platform's code, a text (web-api §5).

use serde_json::json;
use strata_odata::SyntaxError;
use strata_ops::{OpsError, StoreError};

use crate::answer::Answer;

/// A request that is not met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    pub status: u16,
    /// `0x` and eight hexadecimal digits.
    pub code: String,
    pub message: String,
    /// What else the error body holds, by name, for clients that ask for annotations.
    pub details: Vec<(String, String)>,
    pub headers: Vec<(&'static str, String)>,
}

/// A row that is not there.
pub const ROW_MISSING: &str = "0x80040217";
/// A payload or parameter that does not fit.
pub const BAD_PAYLOAD: &str = "0x80048d19";
/// A URL that cannot be read, or that names what is not there.
pub const BAD_URL: &str = "0x80060888";
/// A segment that names nothing.
pub const NO_SEGMENT: &str = "0x8006088a";
/// A key whose values another row has.
pub const DUPLICATE: &str = "0x80040237";
/// Something the caller may not do.
pub const NO_PRIVILEGE: &str = "0x80040220";
/// No token, or one that opens nothing.
pub const NO_TOKEN: &str = "0x80048306";
/// A refusal that has no code of the platform.
pub const NO_CODE: &str = "0x80040216";

impl Fault {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    /// A body or a parameter that does not fit: 400.
    pub fn payload(message: impl Into<String>) -> Self {
        Self::new(400, BAD_PAYLOAD, message)
    }

    /// A URL that does not fit: 400.
    pub fn url(message: impl Into<String>) -> Self {
        Self::new(400, BAD_URL, message)
    }

    /// A set, action or function that is not there: 404.
    pub fn segment(name: &str) -> Self {
        Self::new(404, NO_SEGMENT, format!("Resource not found for the segment '{name}'."))
    }

    /// A row that is not there: 404.
    pub fn row(set: &str, id: &str) -> Self {
        Self::new(404, ROW_MISSING, format!("{set} With Id = {id} Does Not Exist"))
    }

    /// A verb that the resource does not have: 405.
    pub fn verb(message: impl Into<String>) -> Self {
        Self::new(405, BAD_URL, message)
    }

    /// The store cannot be read or written just now: 503, and the log says why.
    fn of_the_machine(error: &StoreError) -> Self {
        tracing::error!(%error, source = std::error::Error::source(error).map(ToString::to_string), "the store");
        let mut fault = Self::new(503, NO_CODE, "the store of this server cannot be read or written just now");
        fault.headers.push(("Retry-After", "1".to_owned()));
        fault
    }

    /// What the platform documents and this server leaves out: 501.
    pub fn not_built(what: &str) -> Self {
        Self::new(501, "0x80048d0b", format!("{what} is not supported by this server"))
    }

    /// Returns the answer.
    pub fn answer(&self) -> Answer {
        let mut error = json!({ "code": self.code, "message": self.message });
        for (name, text) in &self.details {
            error[name] = text.as_str().into();
        }
        let mut answer = Answer::json(&json!({ "error": error })).status(self.status);
        answer.headers.clone_from(&self.headers);
        answer
    }
}

impl From<SyntaxError> for Fault {
    fn from(error: SyntaxError) -> Self {
        Self::url(error.to_string())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        OpsError::from(error).into()
    }
}

impl From<OpsError> for Fault {
    fn from(error: OpsError) -> Self {
        if let OpsError::Store(error) = &error
            && is_of_the_machine(error)
        {
            return Self::of_the_machine(error);
        }
        let report = error.report();
        let code = report.code.unwrap_or_else(|| code_of(&report.name).to_owned());
        let status = status_of(&report.name, &code);
        let mut fault = Self::new(status, &code, report.message);
        if !report.hints.is_empty() {
            fault.details.push(("@strata.hints".to_owned(), report.hints.join("; ")));
        }
        if let Some(rule) = report.rule {
            fault.details.push(("@strata.rule".to_owned(), rule));
        }
        fault
    }
}

/// Tells whether a store's error speaks of files and databases, which are no client's concern.
fn is_of_the_machine(error: &StoreError) -> bool {
    match error {
        StoreError::Absent { .. }
        | StoreError::NotAStore { .. }
        | StoreError::Newer { .. }
        | StoreError::Unreachable { .. }
        | StoreError::Locked
        | StoreError::Damaged(_)
        | StoreError::Sqlite(_) => true,
        StoreError::Busy { .. }
        | StoreError::LeaseLost
        | StoreError::EnvironmentExists { .. }
        | StoreError::MissingEnvironment { .. }
        | StoreError::MissingOperation { .. }
        | StoreError::NoPlace => false,
    }
}

/// The code of a refusal that has none of its own (web-api §5).
fn code_of(name: &str) -> &'static str {
    match name {
        "UnknownColumn" | "InvalidValue" => BAD_PAYLOAD,
        "InvalidFilter" => BAD_URL,
        _ => NO_CODE,
    }
}

fn status_of(name: &str, code: &str) -> u16 {
    match (name, code.to_ascii_lowercase().as_str()) {
        (_, ROW_MISSING) | ("RowNotExist" | "NotFound", _) => 404,
        (_, DUPLICATE | "0x80060892" | "0x80060882") => 412,
        (_, "0x80040227") => 405,
        ("Unsupported", _) => 501,
        ("Internal" | "Damaged", _) => 500,
        _ => 400,
    }
}
