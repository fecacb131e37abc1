//! The shapes of answers about desktop flows (spec `cli.md` §5).

use serde::Serialize;
use strata_engine::desktop_flow::binding::{Binary, Status};
use strata_engine::desktop_flow::{Client, Listed, Mode, Run};
use strata_model::component::ComponentRef;
use strata_model::environment::DesktopFlowSchema;
use strata_model::id::Guid;
use strata_model::plan::Finding;

use crate::view::PlanView;

/// An entry of `flow list`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowEntry {
    #[serde(flatten)]
    pub component: ComponentRef,
    pub schema: DesktopFlowSchema,
    /// The designer it was made with: 2 is Power Automate for desktop.
    #[serde(rename = "uiflowtype")]
    pub ui_flow_type: Option<i32>,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
    #[serde(rename = "hasunmanagedlayer")]
    pub has_unmanaged_layer: bool,
    pub solutions: Vec<String>,
    pub binaries: Vec<BinaryEntry>,
    /// Binaries that the flow requires and nobody has.
    pub missing: Vec<Guid>,
    pub status: &'static str,
}

/// A binary of a flow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BinaryEntry {
    pub id: Guid,
    #[serde(rename = "type")]
    pub binary_type: String,
    pub name: Option<String>,
    pub reference: String,
    /// The solution of its base layer, `Active` where that is unmanaged.
    pub solution: String,
    #[serde(rename = "ismanaged")]
    pub is_managed: bool,
}

/// The answer of `flow run`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunView {
    pub flow: ComponentRef,
    pub schema: DesktopFlowSchema,
    pub mode: &'static str,
    pub outcome: &'static str,
    pub error: Option<RunError>,
    /// What answers for the references of the script.
    pub bound: Vec<BinaryEntry>,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunError {
    pub name: String,
    pub code: Option<String>,
    pub rule: String,
    pub message: String,
    /// The binaries that collide or are missing.
    pub related: Vec<ComponentRef>,
    pub hints: Vec<String>,
}

impl FlowEntry {
    pub(super) fn of(flow: Listed) -> Self {
        let status = match flow.binding.status() {
            Status::Ok => "ok",
            Status::Collision => "collision",
            Status::MissingBinary => "missing-binary",
        };
        Self {
            component: flow.component,
            schema: flow.binding.schema,
            ui_flow_type: flow.ui_flow_type,
            is_managed: flow.is_managed,
            has_unmanaged_layer: flow.has_unmanaged_layer,
            solutions: flow.solutions,
            binaries: flow.binding.binaries.iter().map(BinaryEntry::of).collect(),
            missing: flow.binding.missing.iter().map(|binary| binary.id).collect(),
            status,
        }
    }
}

impl BinaryEntry {
    fn of(binary: &Binary) -> Self {
        Self {
            id: binary.component.id,
            binary_type: binary.binary_type.clone(),
            name: binary.name.clone(),
            reference: binary.reference.clone(),
            solution: binary.owner.clone(),
            is_managed: binary.is_managed,
        }
    }
}

impl RunView {
    pub(super) fn of(run: Run, client: &Client) -> Self {
        let bound = if run.error.is_none() { run.binding.bound() } else { &[] };
        Self {
            flow: run.flow,
            schema: run.binding.schema,
            mode: match client.mode {
                Mode::Local => "local",
                Mode::Cloud => "cloud",
            },
            outcome: if run.error.is_none() { "succeeded" } else { "failed" },
            bound: bound.iter().map(BinaryEntry::of).collect(),
            error: run.error.map(RunError::of),
        }
    }
}

impl RunError {
    fn of(finding: Finding) -> Self {
        let Finding { name, code, rule, message, related, hints, .. } = finding;
        Self { name: name.unwrap_or_default(), code, rule, message, related, hints }
    }
}

/// What `flow repair` does, and what is left to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RepairView {
    pub flow: ComponentRef,
    /// `runs`, `managed` or `unmanaged`; `managed-held` where the solution has to stay, `unmanaged-held` where the
    /// flow has to.
    pub case: &'static str,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// The import to run then.
    pub next: Option<Next>,
    /// Why the solution or the flow has to stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Finding>,
    /// What it comes to.
    #[serde(flatten)]
    pub plan: Option<PlanView>,
}

/// One step, and the command that does it alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub step: usize,
    pub text: String,
    pub command: String,
    pub component: Option<ComponentRef>,
    pub solution: Option<String>,
}

/// A package to import again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Next {
    pub solution: String,
    pub version: Option<String>,
    /// Name of the file that was imported last.
    pub package: Option<String>,
    pub command: String,
}

impl RepairView {
    pub(super) fn new(flow: ComponentRef, case: &'static str) -> Self {
        Self { flow, case, steps: Vec::new(), next: None, because: Vec::new(), plan: None }
    }
}
