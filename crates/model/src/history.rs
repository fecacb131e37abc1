//! History: what happened, one entry per operation, refused ones included.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::id::{Guid, Operation};
use crate::plan::{Finding, OperationKind};

/// One operation that was carried out or refused, under its number.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    pub operation: Operation,
    pub what: NewHistoryEntry,
}

impl Deref for HistoryEntry {
    type Target = NewHistoryEntry;

    fn deref(&self) -> &NewHistoryEntry {
        &self.what
    }
}

/// What a history entry records, before the store numbers it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHistoryEntry {
    /// Milliseconds since 1970-01-01 UTC.
    pub time: i64,
    /// Milliseconds it took.
    pub duration: i64,
    pub kind: HistoryKind,
    pub solution: Option<String>,
    pub from_version: Option<String>,
    pub to_version: Option<String>,
    /// `new`, `update`, … for imports.
    pub suboperation: Option<OperationKind>,
    pub outcome: Outcome,
    /// Components whose layers changed.
    pub changes: u64,
    /// The import job, for imports (L113).
    pub job: Option<Guid>,
    /// The operation whose state this one brought back, for undo and restore.
    pub state_of: Option<Operation>,
    /// Effective options, as JSON.
    pub options: Option<String>,
    /// Errors and warnings.
    pub findings: Vec<Finding>,
}

/// Whether an operation was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Succeeded,
    Failed,
}

/// What kind of operation it was (`kind` of `history`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryKind {
    Import,
    ApplyUpgrade,
    Uninstall,
    ClonePatch,
    CloneSolution,
    Settings,
    CreatePublisher,
    CreateSolution,
    Set,
    RemoveActive,
    CreateComponent,
    DeleteComponent,
    AddComponent,
    RemoveComponent,
    Activate,
    Deactivate,
    Publish,
    Undo,
    Restore,
}
