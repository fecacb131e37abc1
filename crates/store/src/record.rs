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

/// A row of a table. Rows are equal that hold the same, whenever they were written.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: String,
    pub values: Values,
    /// The number of the write that made the row what it is, higher than those of all writes of its environment
    /// before. Of a row that is yet to be written it says nothing.
    pub version: i64,
}

impl Record {
    /// Makes a row that is yet to be written.
    pub fn new(id: impl Into<String>, values: Values) -> Self {
        Self { id: id.into(), values, version: 0 }
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.values == other.values
    }
}

/// Columns whose values, taken together, find the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordIndex {
    /// Folded names.
    pub columns: Vec<String>,
    /// No two rows may agree in all of them, as long as each of them has a value.
    pub is_unique: bool,
    /// Of one column: rows without a value are in it too, so that rows can be read in its order.
    pub is_total: bool,
}

impl RecordIndex {
    /// An index of a column by which rows are found and sorted.
    pub fn sorted(column: impl Into<String>) -> Self {
        Self { columns: vec![column.into()], is_unique: false, is_total: true }
    }

    /// An index of a column by which rows are found that hold something: lookups.
    pub fn found(column: impl Into<String>) -> Self {
        Self { columns: vec![column.into()], is_unique: false, is_total: false }
    }

    /// An alternate key.
    pub fn unique(columns: Vec<String>) -> Self {
        Self { columns, is_unique: true, is_total: false }
    }
}

/// Rows of a set that shows what the store keeps in another shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// Folded: the logical name of the table whose rows these are.
    pub set: String,
    /// What they show.
    pub revision: Operation,
    /// The rows given are all there are; else others stay.
    pub replaces_all: bool,
    pub rows: Vec<Record>,
    /// Ids of rows that go.
    pub removed: Vec<String>,
    /// The indexes that the set has afterwards.
    pub indexes: Vec<RecordIndex>,
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
