//! What the store cannot do, and why.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use strata_model::id::{Digest, Operation};

/// The store did not cooperate.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no store at `{}`", path.display())]
    Absent { path: PathBuf },
    #[error("`{}` is not a store", path.display())]
    NotAStore { path: PathBuf },
    #[error("store `{}` has format {found}, and this build reads formats up to {supported}", path.display())]
    Newer { path: PathBuf, found: i64, supported: i64 },
    #[error("store `{}` cannot be reached", path.display())]
    Unreachable { path: PathBuf, source: io::Error },
    #[error("the store is locked by another process")]
    Locked,
    /// Another operation holds the environment's lease (R3); times are milliseconds since 1970-01-01 UTC.
    #[error("environment `{environment}` is busy with operation `{operation}`")]
    Busy { environment: String, operation: String, since: i64, expires: i64 },
    #[error("the lease on the environment has passed to another operation")]
    LeaseLost,
    #[error("environment `{name}` already exists")]
    EnvironmentExists { name: String },
    #[error("there is no environment `{name}`")]
    MissingEnvironment { name: String },
    /// Operations before the oldest kept one have been pruned.
    #[error("environment `{environment}` has no operation {operation}: {oldest} to {newest} are kept")]
    MissingOperation { environment: String, operation: Operation, oldest: Operation, newest: Operation },
    /// Of a query that is to begin behind a row.
    #[error("the place to begin at is none that this query has given")]
    NoPlace,
    #[error("a stored value cannot be read")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database reported an error")]
    Sqlite(#[source] rusqlite::Error),
}

/// What SQLite says of a statement that is larger than it takes.
const TOO_LARGE: [&str; 4] =
    ["Expression tree is too large", "parser stack overflow", "tables in a join", "too many SQL variables"];

impl StoreError {
    /// Tells whether a question was larger than the database takes.
    pub fn is_too_large(&self) -> bool {
        let Self::Sqlite(rusqlite::Error::SqliteFailure(_, Some(message))) = self else { return false };
        TOO_LARGE.iter().any(|part| message.contains(part))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::FromSqlConversionFailure(_, _, source) = error {
            return Self::Damaged(source);
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Damaged(Box::new(error))
    }
}

/// A plan was not applied; the environment is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("the plan was made after operation {base}, and the environment has come to operation {revision}")]
    StalePlan { base: Operation, revision: Operation },
    #[error("{subject} is not as the plan expects")]
    Conflict { subject: String },
    #[error("definition or file {digest} is neither in the store nor at hand")]
    MissingBody { digest: Digest },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for ApplyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
