//! The shapes of answers, as scripts read them (spec `cli.md` §5 and R20).
//!
//! A key named there is never renamed or dropped; keys may be added.

mod diff;
mod files;
mod jobs;

use std::collections::BTreeMap;

use jiff::fmt::temporal::DateTimePrinter;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use strata_model::component::ComponentRef;
use strata_model::dependency::DependencyKind;
use strata_model::environment::DesktopFlowSchema;
use strata_model::history::{HistoryEntry, HistoryKind, Outcome};
use strata_model::id::{Guid, Operation};
use strata_model::layer::LayerKind;
use strata_model::options::ImportOptions;
use strata_model::package::Container;
use strata_model::plan::{Action, Change, Finding, OperationKind, Plan, PlanSolution, Summary, VariableOutcome};
use strata_model::rules::Rules;

pub use diff::{ComponentContents, ContentValue, DiffChange, DiffProperty, DiffSide, DiffSummary, DiffView};
pub use files::{ConflictView, MergeView, VersionView};
pub use jobs::{ComponentResult, ImportLog, JobResult, SolutionHistoryEntry};

/// An entry of `env list`, and the answer of `env show`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EnvironmentEntry {
    pub name: String,
    #[serde(rename = "displayname")]
    pub display_name: String,
    #[serde(rename = "platformversion")]
    pub platform_version: String,
    #[serde(rename = "desktopflowschema")]
    pub desktop_flow_schema: DesktopFlowSchema,
    #[serde(rename = "blockunmanaged")]
    pub block_unmanaged: bool,
    pub languages: Vec<u32>,
    /// Number of the last operation.
    pub operation: Operation,
    /// Commands that name no environment use this one.
    pub selected: bool,
}

/// An entry of `solution list`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SolutionEntry {
    #[serde(rename = "solutionid")]
    pub id: Guid,
    #[serde(rename = "uniquename")]
    pub unique_name: String,
    #[serde(rename = "friendlyname")]
    pub friendly_name: String,
    pub version: String,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    pub publisher: Option<String>,
    #[serde(rename = "parentsolution")]
    pub parent_solution: Option<String>,
    /// RFC 3339, UTC.
    #[serde(rename = "installedon")]
    pub installed_on: Option<String>,
    #[serde(rename = "pendingupgrade")]
    pub pending_upgrade: bool,
    /// It is a holding solution, and the one it would take the place of is gone (L81).
    #[serde(rename = "lostbase")]
    pub lost_base: bool,
    pub assumed: bool,
}

/// The answer of `solution show`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SolutionDetail {
    #[serde(flatten)]
    pub solution: SolutionEntry,
    pub components: Vec<ComponentEntry>,
    #[serde(rename = "missingdependencies")]
    pub missing_dependencies: Vec<MissingDependencyEntry>,
}

/// The answer of `solution show --path`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PackageDetail {
    #[serde(flatten)]
    pub solution: SolutionEntry,
    #[serde(rename = "solutionpackageversion")]
    pub package_version: Option<String>,
    pub container: Container,
    #[serde(rename = "rootcomponents")]
    pub root_components: Vec<RootEntry>,
    pub components: Vec<ComponentEntry>,
    #[serde(rename = "missingdependencies")]
    pub missing_dependencies: Vec<MissingDependencyEntry>,
    pub files: Vec<FileEntry>,
    /// Oddities that were tolerated.
    pub notes: Vec<strata_model::package::PackageNote>,
}

/// A declared root component.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RootEntry {
    #[serde(flatten)]
    pub component: ComponentRef,
    pub behavior: u8,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileEntry {
    pub path: String,
    /// In bytes, inflated.
    pub size: u64,
    pub digest: String,
}

/// A dependency that a package declares missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MissingDependencyEntry {
    pub required: ComponentRef,
    pub dependent: ComponentRef,
    /// `Name (version)`, `Active` or `System`.
    pub solution: Option<String>,
    pub application: Option<String>,
}

/// An entry of `component dependencies` and `solution dependencies`: one component needs another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DependencyEntry {
    pub required: ComponentRef,
    pub dependent: ComponentRef,
    pub kind: DependencyKind,
    /// Who brought the component that the answer is about: a solution, `Active` or `System`.
    pub solution: String,
    /// Where the dependent names the required; `part` where it is a part of it.
    pub place: &'static str,
    /// What the platform's rows say besides (DP32).
    #[serde(skip)]
    pub required_in: DependencyHome,
    #[serde(skip)]
    pub dependent_in: DependencyHome,
}

/// Where one side of a dependency belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DependencyHome {
    /// The component that it is a part of.
    pub parent: Option<ComponentRef>,
    /// The solution that brought it first.
    pub solution: BaseSolution,
}

/// A solution as dependencies name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseSolution {
    pub id: Guid,
    pub unique_name: String,
    pub friendly_name: String,
    pub version: String,
}

/// An entry of `component list`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentEntry {
    #[serde(flatten)]
    pub component: ComponentRef,
    /// The component it is a part of, where its own name does not say so: a form's table.
    #[serde(rename = "partof")]
    pub part_of: Option<String>,
    pub solutions: Vec<String>,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    #[serde(rename = "hasunmanagedlayer")]
    pub has_unmanaged_layer: bool,
    /// Null for types that cannot be turned on or off.
    pub active: Option<bool>,
    /// Made up by `--assume-missing`.
    pub assumed: bool,
}

/// The answer of `component show`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComponentDetail {
    pub component: ComponentRef,
    pub properties: BTreeMap<String, String>,
    pub solutions: Vec<String>,
    pub state: ComponentWord,
    pub active: Option<bool>,
    /// Whether others may customise it (MP16).
    #[serde(rename = "iscustomizable")]
    pub is_customizable: bool,
}

/// Component state (L49).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ComponentWord {
    Published,
    Unpublished,
    /// Deleted, and the deletion not yet published.
    Deleted,
    /// The same, of something that never was published.
    DeletedUnpublished,
}

/// The answer of `component layers`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayersView {
    pub component: ComponentRef,
    /// Bottom to top.
    pub layers: Vec<LayerEntry>,
    pub resolved: BTreeMap<String, String>,
    #[serde(rename = "decidedby")]
    pub decided_by: BTreeMap<String, String>,
    #[serde(rename = "setby")]
    pub set_by: BTreeMap<String, String>,
    /// Of forms, site maps, apps and ribbons: what they hold, in order, and which layer put it there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outline: Vec<OutlineEntry>,
    /// What the layers of such a component cannot all have their way with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<ConflictEntry>,
}

/// One tab, section, control, area, part or button.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlineEntry {
    pub level: &'static str,
    pub depth: usize,
    pub name: String,
    /// The component that an app's part stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentRef>,
    pub path: String,
    /// The layer that put it there.
    pub solution: String,
    /// The topmost layer that has changed it since.
    #[serde(rename = "changedby")]
    pub changed_by: Option<String>,
}

/// Something that a merge could not do as its layers say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConflictEntry {
    pub reason: &'static str,
    pub element: String,
    pub layers: Vec<String>,
    pub message: String,
}

/// One layer of a stack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerEntry {
    pub order: usize,
    pub kind: LayerKind,
    pub solution: String,
    pub version: Option<String>,
    pub publisher: Option<String>,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    pub state: ComponentWord,
    pub assumed: bool,
    pub properties: BTreeMap<String, String>,
    pub changes: BTreeMap<String, LeafChangeEntry>,
}

/// How a layer changes a property of what is resolved below it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeafChangeEntry {
    pub below: Option<String>,
    pub here: Option<String>,
}

/// An entry of `solution check-settings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingsProblem {
    /// `environmentvariable`, `connectionreference` or `section`.
    pub kind: &'static str,
    pub name: String,
    /// `missing`, `unknown`, `empty`, `duplicate`, `type` or `connector`.
    pub problem: &'static str,
    pub message: String,
}

/// A plan, or what an operation did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanView {
    pub format_version: &'static str,
    pub operation: OperationKind,
    pub solution: Option<PlanSolution>,
    pub base: Operation,
    /// Of an import; other operations have none.
    #[serde(serialize_with = "object")]
    pub options: Option<ImportOptions>,
    pub rules: Rules,
    pub outcome: PlanOutcome,
    pub findings: Vec<Finding>,
    pub summary: Summary,
    /// Of an upgrade: whether an update would come to the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additive: Option<bool>,
    pub changes: Vec<Change>,
    /// What environment variables come to.
    #[serde(rename = "environmentvariables", skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<VariableOutcome>,
    /// The import job, once it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Guid>,
    /// The operation in history, once it ran.
    #[serde(rename = "applied_as", skip_serializing_if = "Option::is_none")]
    pub applied_as: Option<Operation>,
}

/// What each action would make of one package (`plan --compare`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    pub update: PlanView,
    pub upgrade: PlanView,
    pub stage: PlanView,
    /// An update would give the same result as the upgrade.
    pub additive: bool,
}

/// Whether the rules let an operation through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanOutcome {
    Succeed,
    Fail,
}

impl PlanView {
    /// Shows a plan; `verbose` lists unchanged components too.
    pub fn of(plan: &Plan, verbose: bool) -> Self {
        let listed = |change: &&Change| verbose || change.action != Action::Unchanged;
        Self {
            format_version: "1.0",
            operation: plan.operation,
            solution: plan.solution.clone(),
            base: plan.base,
            options: plan.options.clone(),
            rules: plan.rules,
            outcome: if plan.is_refused() { PlanOutcome::Fail } else { PlanOutcome::Succeed },
            findings: plan.findings.clone(),
            summary: plan.summary(),
            additive: plan.additive,
            changes: plan.changes.iter().filter(listed).cloned().collect(),
            variables: plan.variables.clone(),
            job: None,
            applied_as: None,
        }
    }

    /// Tells whether a rule refuses it.
    pub fn is_refused(&self) -> bool {
        self.outcome == PlanOutcome::Fail
    }
}

/// An entry of `history`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryView {
    pub operation: Operation,
    /// RFC 3339, UTC.
    pub time: String,
    pub kind: HistoryKind,
    pub solution: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub suboperation: Option<OperationKind>,
    pub result: Outcome,
    /// Components whose layers changed.
    pub changes: u64,
    pub job: Option<Guid>,
    /// For undo and restore: the operation whose state came back.
    #[serde(rename = "stateof")]
    pub state_of: Option<Operation>,
}

impl HistoryView {
    /// Shows an entry.
    pub fn of(entry: &HistoryEntry) -> Self {
        Self {
            operation: entry.operation,
            time: rfc3339(entry.time),
            kind: entry.kind,
            solution: entry.solution.clone(),
            from: entry.from_version.clone(),
            to: entry.to_version.clone(),
            suboperation: entry.suboperation,
            result: entry.outcome,
            changes: entry.changes,
            job: entry.job,
            state_of: entry.state_of,
        }
    }
}

/// The answer of `history show`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryDetail {
    #[serde(flatten)]
    pub entry: HistoryView,
    /// Milliseconds it took.
    pub duration: i64,
    pub options: Option<ImportOptions>,
    pub findings: Vec<Finding>,
    #[serde(rename = "layerchanges")]
    pub layer_changes: Vec<LayerChangeEntry>,
}

/// What an operation did to one layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerChangeEntry {
    pub action: Action,
    pub component: ComponentRef,
    pub layer: String,
}

/// Writes an object where there is nothing, too.
fn object<S: Serializer>(options: &Option<ImportOptions>, serializer: S) -> Result<S::Ok, S::Error> {
    match options {
        Some(options) => options.serialize(serializer),
        None => serializer.serialize_map(Some(0))?.end(),
    }
}

/// Writes a time as RFC 3339 in UTC; `millis` since 1970-01-01. Always with milliseconds, so that texts sort as times do.
pub fn rfc3339(millis: i64) -> String {
    let written = DateTimePrinter::new().precision(Some(3));
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| millis.to_string(), |time| written.timestamp_to_string(&time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_texts() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_500), "1970-01-01T00:00:01.500Z");
        assert!(rfc3339(1_000) < rfc3339(1_009) && rfc3339(i64::MAX) == i64::MAX.to_string());
    }
}
