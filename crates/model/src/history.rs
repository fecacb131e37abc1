//! History: what happened, one entry per operation, refused ones included.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::component::ComponentKey;
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
    /// What solution history says besides, for operations that stand in it (L115).
    pub facts: Option<SolutionFacts>,
    /// What an import's package held; written with the entry, and read on their own.
    pub components: Vec<JobComponent>,
}

/// What an entry of solution history says of its solution (L115).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SolutionFacts {
    pub publisher: Option<String>,
    pub is_managed: bool,
    pub is_patch: bool,
    /// Unmanaged customizations were overwritten.
    pub overwrites: bool,
    /// File name of the package.
    pub package_name: Option<String>,
    pub package_version: Option<String>,
}

/// A component that an import's package held: the job has a result for each (L113).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobComponent {
    pub key: ComponentKey,
    pub name: String,
    /// An id that travelled in the package.
    pub id: Option<Guid>,
    pub display_name: Option<String>,
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
    Export,
    ClonePatch,
    CloneSolution,
    Settings,
    CreatePublisher,
    CreateSolution,
    OnlineVersion,
    EditSolution,
    EditPublisher,
    DeletePublisher,
    Set,
    RemoveActive,
    ImportTranslation,
    CreateComponent,
    DeleteComponent,
    AddComponent,
    RemoveComponent,
    Activate,
    Deactivate,
    CreateFlow,
    SaveFlow,
    RepairFlow,
    Publish,
    /// Of components that were named.
    PublishComponents,
    Undo,
    Restore,
}
