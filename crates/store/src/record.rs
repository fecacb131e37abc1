//! Rows of tables as documents (D8), and edits of them.
//!
//! Edits of rows are no operations: they stand in no history, need no lease, and make no saved plan stale. A view of
//! the past shows a row as it was when the next operation began.

use std::collections::BTreeMap;

use serde_json::Value;
use strata_model::id::Operation;

use crate::StoreError;

/// Values by the folded names of their columns; a column without a value is not there.
pub type Values = BTreeMap<String, Value>;

/// A row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: String,
    pub values: Values,
}

/// Columns whose values, taken together, find the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordIndex {
    /// Folded names.
    pub columns: Vec<String>,
    /// No two rows may agree in all of them, as long as each of them has a value.
    pub is_unique: bool,
}

/// One change of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordEdit {
    /// No row of that id may be there.
    Insert(Record),
    /// The row must be there, with exactly these values before.
    Replace { id: String, before: Values, after: Values },
    /// The row must be there, and no row that stays may refer to it by a value `table(id)`.
    Delete { id: String },
}

impl RecordEdit {
    /// Returns the id of the row.
    pub fn id(&self) -> &str {
        match self {
            Self::Insert(record) => &record.id,
            Self::Replace { id, .. } | Self::Delete { id } => id,
        }
    }
}

/// A row that must be there when all edits of a write are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Which edit refers to it.
    pub edit: usize,
    pub column: String,
    pub table: String,
    pub id: String,
}

/// Changes of the rows of one table, all of them or none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordWrite {
    pub table: String,
    /// The indexes that the table has afterwards; those it lacks are built.
    pub indexes: Vec<RecordIndex>,
    pub edits: Vec<RecordEdit>,
    pub references: Vec<Reference>,
    /// Checks everything and changes nothing.
    pub is_trial: bool,
}

/// Why one edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Position among the edits.
    pub edit: usize,
    pub kind: ViolationKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViolationKind {
    /// A row of that id is there.
    Exists,
    /// No row of that id is there.
    Missing,
    /// The row has other values than the edit expects.
    Changed,
    /// Another row agrees in the columns of a unique index.
    Duplicate { columns: Vec<String>, id: String },
    /// The row that a value refers to is not there.
    NoTarget { column: String, table: String, id: String },
    /// A row refers to the one that would be deleted.
    Referenced { table: String, id: String },
}

/// Rows were not changed, none of them.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The columns may have changed since they were looked at.
    #[error("the environment has moved from revision {expected} to {revision}")]
    Moved { expected: Operation, revision: Operation },
    #[error("{} of the edits cannot be made", .0.len())]
    Refused(Vec<Violation>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for RecordError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
