//! A plan: what an operation would do, complete before it starts (D1).
//!
//! [`Plan::changes`] is for people and gates, [`Plan::edits`] is for the store; both are made by the same planner
//! from the same facts. Numbers are already chosen and nothing is left for `apply` to decide.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::code::ErrorCode;
use crate::component::{Component, ComponentRef};
use crate::environment::{Membership, Settings};
use crate::id::{ComponentNo, Digest, Operation, SolutionNo};
use crate::layer::{Layer, LayerState};
use crate::options::ImportOptions;
use crate::publisher::Publisher;
use crate::reference::DefinitionNames;
use crate::rules::Rules;
use crate::solution::Solution;

/// What an operation would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub operation: OperationKind,
    pub solution: Option<PlanSolution>,
    /// The revision this plan was made for; `apply` refuses another.
    pub base: Operation,
    pub options: Option<ImportOptions>,
    pub rules: Rules,
    pub findings: Vec<Finding>,
    /// One entry for each component that the operation concerns, in key order.
    pub changes: Vec<Change>,
    /// Components that stay as they are and are not listed.
    pub unchanged: u64,
    /// Of an upgrade: whether an update would come to the same.
    pub additive: Option<bool>,
    pub edits: Vec<Edit>,
    /// What the environment variables that the operation concerns come to (L118).
    pub variables: Vec<VariableOutcome>,
    /// What the definitions that the plan brings name, for the store's indexes; in the order of components.
    pub names: Vec<DefinitionNames>,
    /// Definitions that the plan itself makes (edits of Active, placeholders), by digest.
    pub definitions: BTreeMap<Digest, Body<'static>>,
    /// Member files of those definitions, by digest.
    pub files: BTreeMap<Digest, Vec<u8>>,
}

/// What is asked (`operation` of a plan, `suboperation` of history).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    New,
    Update,
    Upgrade,
    Stage,
    Patch,
    ApplyUpgrade,
    Uninstall,
    Export,
    /// Version equal or higher is installed and `--skip-lower-version` was given (R15).
    Skip,
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
    Undo,
    Restore,
}

/// The solution that an operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanSolution {
    #[serde(rename = "uniquename")]
    pub unique_name: String,
    pub from: Option<String>,
    pub to: Option<String>,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
}

/// What happens to one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub action: Action,
    pub component: ComponentRef,
    /// The solution whose layer changes (`Active` for the unmanaged one).
    pub layer: String,
    pub effect: Effect,
    /// Layers above that decide instead.
    #[serde(rename = "maskedby")]
    pub masked_by: Vec<String>,
    /// Not listed for components that are new or go away.
    pub properties: Vec<PropertyChange>,
    pub rows_lost: u64,
}

/// What happens to a component, or to this solution's layer on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Modify,
    /// The component, and its data, leaves the environment.
    Delete,
    /// Only the solution's layer goes.
    Detach,
    Unchanged,
}

/// Whether a change can be seen in the resolved definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Visible,
    Masked,
    None,
}

/// One leaf that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PropertyChange {
    pub path: String,
    /// In the solution's own layer, or in what lies below when it had none.
    pub before: Option<String>,
    pub after: Option<String>,
    pub resolved_before: Option<String>,
    pub resolved_after: Option<String>,
}

/// What an environment variable has after an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariableOutcome {
    #[serde(rename = "schemaname")]
    pub schema_name: String,
    #[serde(rename = "type")]
    pub variable_type: VariableType,
    /// `None` where there is neither value nor default; hidden where the variable is a secret.
    pub value: Option<String>,
    pub from: VariableSource,
    /// The layer that decides it.
    #[serde(rename = "decidedby")]
    pub decided_by: Option<String>,
}

/// What a variable's value comes from (OQ 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableSource {
    Value,
    Default,
    None,
}

/// The type of an environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariableType {
    Text,
    Number,
    YesNo,
    Json,
    DataSource,
    Secret,
}

/// Stands in plans for what a secret names.
pub const HIDDEN: &str = "••••••";

/// Something the rules say about a plan; errors refuse it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub severity: Severity,
    pub kind: FindingKind,
    pub code: Option<String>,
    pub name: Option<String>,
    /// The rule that says so (`L64`, `DP19`, `R4`).
    pub rule: String,
    pub message: String,
    pub component: Option<ComponentRef>,
    pub related: Vec<ComponentRef>,
    /// Of missing dependencies: the solution that would provide the component.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider: Option<FindingProvider>,
    pub hints: Vec<String>,
    /// Of what dependencies forbid: the shortest way to make it legal, in order (R20).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recipe: Vec<RecipeStep>,
}

/// One step of a way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeStep {
    /// Counted from 1.
    pub step: u32,
    pub text: String,
    /// What to type; `None` where the cure lies in another environment or file.
    pub command: Option<String>,
    /// The component that the step changes, where it is about one.
    pub component: Option<ComponentRef>,
    /// The solution that the component is changed in, or that goes.
    pub solution: Option<String>,
}

/// Who provides a missing component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingProvider {
    pub solution: String,
    pub version: Option<String>,
    /// The application that brings the solution (`<package>`).
    pub application: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

/// What a finding is about; gates choose by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    MissingDependency,
    DeleteBlocked,
    Masked,
    Collision,
    Dataloss,
    Version,
    Platform,
    Mode,
    Publisher,
    RootComponent,
    Component,
    Blocked,
    Assumed,
    Unsupported,
    Package,
    /// A row of a table, or a value of one.
    Row,
    /// What the caller's front end does or does not offer.
    Caller,
    /// Environment variables and connections (L117–L121).
    Settings,
    /// What could be done instead.
    Advice,
}

impl Finding {
    /// Makes an error: the rules refuse the operation.
    pub fn error(kind: FindingKind, code: ErrorCode, rule: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, kind, Some(code), rule, message.into())
    }

    /// Makes a warning, with a code where the platform has one.
    pub fn warning(kind: FindingKind, code: Option<ErrorCode>, rule: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, kind, code, rule, message.into())
    }

    /// Makes a remark.
    pub fn info(kind: FindingKind, rule: &str, message: impl Into<String>) -> Self {
        Self::new(Severity::Info, kind, None, rule, message.into())
    }

    /// Names the component this is about.
    #[must_use]
    pub fn about(mut self, component: ComponentRef) -> Self {
        self.component = Some(component);
        self
    }

    /// Names other components concerned.
    #[must_use]
    pub fn related(mut self, related: Vec<ComponentRef>) -> Self {
        self.related = related;
        self
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    fn new(severity: Severity, kind: FindingKind, code: Option<ErrorCode>, rule: &str, message: String) -> Self {
        Self {
            severity,
            kind,
            code: code.and_then(|code| code.hex).map(str::to_owned),
            name: code.map(|code| code.name.to_owned()),
            rule: rule.to_owned(),
            message,
            component: None,
            related: Vec::new(),
            provider: None,
            hints: Vec::new(),
            recipe: Vec::new(),
        }
    }
}

/// One row that opens or closes; each closing states what it expects to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    SettingsReplace {
        before: Settings,
        after: Settings,
    },
    PublisherOpen(Publisher),
    PublisherClose(Publisher),
    SolutionOpen(Solution),
    SolutionClose(Solution),
    /// A component that the environment has never seen; identity only.
    ComponentAdd(Component),
    LayerOpen(Layer),
    LayerClose {
        component: ComponentNo,
        solution: SolutionNo,
        state: LayerState,
        digest: Digest,
    },
    MemberOpen(Membership),
    MemberClose(Membership),
    /// A component is switched on (L92).
    ActivationOpen(ComponentNo),
    /// A component is switched off.
    ActivationClose(ComponentNo),
    /// Every row of a table goes.
    RowsClose {
        table: String,
    },
    /// The rows of a table that an operation closed come back, but for those whose ids are in use again.
    RowsReopen {
        table: String,
        closed_at: Operation,
    },
    /// Every value of a column goes; the rows stay.
    ColumnClose {
        table: String,
        column: String,
    },
    /// The values of a column that an operation closed come back into rows that are there and hold none.
    ColumnReopen {
        table: String,
        column: String,
        closed_at: Operation,
    },
}

impl Edit {
    /// Returns the component whose layers this changes.
    pub fn layered_component(&self) -> Option<ComponentNo> {
        match self {
            Self::LayerOpen(layer) => Some(layer.component),
            Self::LayerClose { component, .. } => Some(*component),
            Self::SettingsReplace { .. }
            | Self::PublisherOpen(_)
            | Self::PublisherClose(_)
            | Self::SolutionOpen(_)
            | Self::SolutionClose(_)
            | Self::ComponentAdd(_)
            | Self::MemberOpen(_)
            | Self::MemberClose(_)
            | Self::ActivationOpen(_)
            | Self::ActivationClose(_)
            | Self::RowsClose { .. }
            | Self::RowsReopen { .. }
            | Self::ColumnClose { .. }
            | Self::ColumnReopen { .. } => None,
        }
    }
}

/// How many components each action concerns, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    pub create: u64,
    pub modify: u64,
    pub delete: u64,
    pub detach: u64,
    pub unchanged: u64,
    pub masked: u64,
    pub rows_lost: u64,
}

impl Summary {
    /// Tells whether any component changes.
    pub fn touches(&self) -> bool {
        self.create + self.modify + self.delete + self.detach > 0
    }
}

impl Plan {
    /// Returns a plan that does nothing yet.
    pub fn empty(operation: OperationKind, base: Operation, rules: Rules) -> Self {
        Self {
            operation,
            solution: None,
            base,
            options: None,
            rules,
            findings: Vec::new(),
            changes: Vec::new(),
            unchanged: 0,
            additive: None,
            edits: Vec::new(),
            variables: Vec::new(),
            names: Vec::new(),
            definitions: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// Tells whether the rules refuse the operation.
    pub fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Returns the first error, which is the one the platform would report (OQ 34).
    pub fn first_error(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.severity == Severity::Error)
    }

    /// Counts the changes.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary { unchanged: self.unchanged, ..Summary::default() };
        for change in &self.changes {
            match change.action {
                Action::Create => summary.create += 1,
                Action::Modify => summary.modify += 1,
                Action::Delete => summary.delete += 1,
                Action::Detach => summary.detach += 1,
                Action::Unchanged => summary.unchanged += 1,
            }
            if change.effect == Effect::Masked {
                summary.masked += 1;
            }
            summary.rows_lost += change.rows_lost;
        }
        summary
    }

    /// Tells whether applying the plan would change anything.
    pub fn has_changes(&self) -> bool {
        !self.edits.is_empty()
    }
}

/// Definitions and files by digest: what the store holds, what a package brings, what a plan makes.
pub trait Bodies {
    /// Returns a definition, or `None` when the digest is unknown here.
    fn definition(&self, digest: &Digest) -> Option<Body<'_>>;

    /// Returns the content of a member file, or `None` when the digest is unknown here.
    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>>;
}

/// A definition's bytes and files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Where the definition lives when the type does not say, see [`crate::package::Definition::home`].
    pub home: Option<String>,
    /// Path and digest of each member file, in path order.
    pub files: Vec<(String, Digest)>,
}

impl Body<'_> {
    /// Returns the digest under which this definition is kept.
    pub fn digest(&self) -> Digest {
        let files = self.files.iter().map(|(path, digest)| (path.as_str(), *digest));
        Digest::of_definition([self.bytes.as_ref()], self.home.as_deref(), files)
    }
}

/// How much data stands in tables and columns (D8); names are folded.
pub trait RowCounts {
    /// Counts the rows of a table.
    fn rows(&self, table: &str) -> u64;

    /// Counts the rows of a table that hold a value in a column.
    fn values(&self, table: &str, column: &str) -> u64;
}

/// An environment without rows, for planning without a store.
#[derive(Debug, Clone, Copy)]
pub struct NoRows;

impl RowCounts for NoRows {
    fn rows(&self, _: &str) -> u64 {
        0
    }

    fn values(&self, _: &str, _: &str) -> u64 {
        0
    }
}

/// Definitions alone, without files.
impl Bodies for BTreeMap<Digest, Body<'static>> {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.get(digest).cloned()
    }

    fn file(&self, _: &Digest) -> Option<Cow<'_, [u8]>> {
        None
    }
}

impl Bodies for Plan {
    fn definition(&self, digest: &Digest) -> Option<Body<'_>> {
        self.definitions.get(digest).cloned()
    }

    fn file(&self, digest: &Digest) -> Option<Cow<'_, [u8]>> {
        self.files.get(digest).map(|bytes| Cow::Borrowed(bytes.as_slice()))
    }
}
