//! Desktop flows: where they keep their content, and which binaries answer for what (DF1–DF36).
//!
//! A desktop flow is a process of category 6. In schema v1 everything is inside its own row and its member file; in
//! schema v2 the row keeps the script, and what the script uses stands in *binaries*, components of their own that
//! are parts of the flow. A flow of schema v2 runs only where at most one binary answers for each reference; two
//! environments that convert the same flow make two sets, and an import that brings them together makes a flow that
//! cannot run. Dataverse sees nothing wrong with that: [`binding`] does what the runtime does.
//!
//! Not here: what an import says about flows beforehand, which is `import::desktop_flows`.

mod archive;
pub mod binding;
pub mod content;
mod document;
mod given;
pub mod repair;
pub mod save;
mod store;

use strata_model::code::ErrorCode;
use strata_model::component::{Component, ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::plan::{Bodies, Finding, FindingKind};
use strata_model::rules::Rules;
use strata_model::version::Version;

use crate::effect::Lens;
use crate::names;
use binding::{Binary, Binding};
use document::Document;

/// `Category` of a desktop flow (DF1).
pub const CATEGORY: i32 = 6;
/// Component type of a binary.
pub const BINARY: &str = "desktopflowbinary";

/// The client of February 2023, the first that knows schema v2 (DF9).
const FIRST_CLIENT_OF_V2: &str = "2.29";

/// Tells whether a component is a desktop flow.
pub fn is_desktop_flow(component: &Component) -> bool {
    component.key.component_type.is("workflow") && component.category == Some(CATEGORY)
}

/// Returns what must be seen of a flow: itself and every binary of it, whoever brought it.
pub fn footprint(flow: &ComponentKey) -> Footprint {
    Footprint { keys: vec![flow.clone()], parts_of: vec![flow.clone()], ..Footprint::default() }
}

/// Returns the flows among what has been seen; an operation that may change them must see their binaries too.
pub fn flows_seen(snapshot: &Snapshot) -> Vec<ComponentKey> {
    let flows = snapshot.components.values().filter(|state| is_desktop_flow(&state.component));
    flows.map(|state| state.component.key.clone()).collect()
}

/// Returns what must be seen to list the flows of an environment.
pub fn listing_footprint() -> Footprint {
    let types = vec![ComponentType::named("workflow"), ComponentType::named(BINARY)];
    Footprint { types, ..Footprint::default() }
}

/// A desktop flow of an environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub component: ComponentRef,
    pub is_managed: bool,
    /// A draft counts.
    pub has_unmanaged_layer: bool,
    /// The designer it was made with (DF1).
    pub ui_flow_type: Option<i32>,
    /// The solutions that list it, by their numbers.
    pub solutions: Vec<String>,
    pub binding: Binding,
}

/// Returns the desktop flows that have been seen, in the order of their ids.
pub fn list(snapshot: &Snapshot, rules: &Rules, bodies: &dyn Bodies) -> Vec<Listed> {
    let lens = Lens::new(snapshot, rules, bodies);
    let exists = |state: &&ComponentState| is_desktop_flow(&state.component) && !state.layers.is_empty();
    let listed = |state: &ComponentState| {
        let mut members: Vec<_> = state.members.iter().map(|member| member.solution).collect();
        members.sort_unstable();
        Listed {
            component: names::installed(snapshot.environment.id, state),
            is_managed: state.managed().next().is_some(),
            has_unmanaged_layer: state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE),
            ui_flow_type: content::as_saved(state, bodies).and_then(|content| content.ui_flow_type()),
            solutions: members.into_iter().map(|no| names::solution(snapshot, no)).collect(),
            binding: binding::bind(&lens, state),
        }
    };
    snapshot.components.values().filter(exists).map(listed).collect()
}

/// What people start a flow from, and with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub mode: Mode,
    /// Of Power Automate for desktop; the newest where it is not said.
    pub version: Option<Version>,
}

/// Where a run is started (DF27: it makes no difference).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Local,
    Cloud,
}

impl Client {
    /// DF9: clients from before February 2023 know schema v1 only.
    pub(crate) fn is_old(&self) -> bool {
        let first = Version::parse(FIRST_CLIENT_OF_V2).expect("the constant is a version");
        self.version.as_ref().is_some_and(|version| *version < first)
    }
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub flow: ComponentRef,
    pub binding: Binding,
    pub error: Option<Finding>,
}

/// Binds a flow and its binaries as the runtime would; the script is not carried out, and the flow need not be
/// switched on (DF36).
pub fn run(
    snapshot: &Snapshot,
    flow: &ComponentKey,
    client: &Client,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Result<Run, Box<Finding>> {
    let lens = Lens::new(snapshot, rules, bodies);
    let state = find(&lens, flow)?;
    let component = names::installed(snapshot.environment.id, state);
    let binding = binding::bind(&lens, state);
    let error = refusal_of_client(&lens, &component, &binding, client)
        .or_else(|| unpublished(&lens, state, &component))
        .or_else(|| failure(&component, &binding));
    Ok(Run { flow: component, binding, error })
}

/// Finds an installed desktop flow.
pub(crate) fn find<'a>(lens: &Lens<'a>, flow: &ComponentKey) -> Result<&'a ComponentState, Box<Finding>> {
    let state = lens.snapshot.components.get(flow).filter(|state| !state.layers.is_empty());
    let Some(state) = state else {
        let message = format!("there is no {} {} in the environment", flow.component_type.label(), flow.as_str());
        let finding = Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, "DF1", message);
        return Err(Box::new(finding.hint("see what there is with `strata flow list`")));
    };
    if is_desktop_flow(&state.component) {
        return Ok(state);
    }
    let component = names::installed(lens.snapshot.environment.id, state);
    let message = format!("{} is no desktop flow", names::describe(&component, flow.component_type.label()));
    let finding = Finding::error(FindingKind::Component, ErrorCode::NOT_A_DESKTOP_FLOW, "DF1", message);
    Err(Box::new(finding.about(component).hint("see the desktop flows with `strata flow list`")))
}

/// DF9, DF21, OQ 16: which clients run which schema where.
fn refusal_of_client(lens: &Lens<'_>, flow: &ComponentRef, binding: &Binding, client: &Client) -> Option<Finding> {
    use strata_model::environment::DesktopFlowSchema::{V1, V2};
    let described = names::describe(flow, "desktop flow");
    if binding.schema == V1 {
        return None;
    }
    if client.is_old() {
        let message = format!("{described} is of schema v2, which clients before {FIRST_CLIENT_OF_V2} cannot run");
        let code = ErrorCode::DESKTOP_FLOW_CLIENT_TOO_OLD;
        let finding = Finding::error(FindingKind::Component, code, "DF9", message).about(flow.clone());
        return Some(finding.hint(format!("update the client to {FIRST_CLIENT_OF_V2} or later")));
    }
    let is_on = lens.snapshot.environment.settings.desktop_flow_schema == V2;
    if is_on || lens.rules.v2_runs_where_it_is_off {
        return None;
    }
    let message = format!("{described} is of schema v2, which is switched off in the environment");
    let finding = Finding::error(FindingKind::Component, ErrorCode::DESKTOP_FLOW_SCHEMA_OFF, "DF21", message);
    Some(finding.about(flow.clone()).hint("switch it on with `strata env set --desktop-flow-schema v2`"))
}

/// The reading by which a flow runs as published; ours is that it runs as it was last saved.
fn unpublished(lens: &Lens<'_>, state: &ComponentState, flow: &ComponentRef) -> Option<Finding> {
    if lens.rules.desktop_flows_run_as_saved || state.published().next().is_some() {
        return None;
    }
    let message = format!("{} exists as a draft only", names::describe(flow, "desktop flow"));
    let finding = Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, "DF1", message);
    Some(finding.about(flow.clone()).hint("publish it with `strata solution publish`"))
}

/// DF27, DF34: says why a binding does not run.
pub(crate) fn failure(flow: &ComponentRef, binding: &Binding) -> Option<Finding> {
    let described = names::describe(flow, "desktop flow");
    let repair = format!("see the documented way out with `strata flow repair {} --plan`", flow.name);
    if !binding.collisions.is_empty() {
        let colliding = binding.colliding().map(|binary| binary.component.clone()).collect();
        let message = format!("{described} cannot run: {}", binding.describe_collisions(Binary::describe_owner));
        let finding = Finding::error(FindingKind::Collision, ErrorCode::BINARY_COLLISION, "DF27", message);
        return Some(finding.about(flow.clone()).related(colliding).hint(repair));
    }
    if binding.missing.is_empty() {
        return None;
    }
    let message = match binding.missing.as_slice() {
        [only] => format!("{described} cannot run: its binary {} is not in the environment", only.name),
        many => {
            let names: Vec<_> = many.iter().map(|binary| binary.name.as_str()).collect();
            format!("{described} cannot run: its binaries {} are not in the environment", names.join(", "))
        }
    };
    let finding = Finding::error(FindingKind::MissingDependency, ErrorCode::BINARY_MISSING, "DF34", message);
    let finding = finding.about(flow.clone()).related(binding.missing.clone());
    Some(finding.hint("add them to the solution where the flow comes from, export it again and import that"))
}

/// Returns the script of a flow as it was last saved, wherever its schema keeps it.
pub fn script(snapshot: &Snapshot, flow: &ComponentKey, bodies: &dyn Bodies) -> Option<String> {
    let state = snapshot.components.get(flow).filter(|state| is_desktop_flow(&state.component))?;
    let content = content::as_saved(state, bodies)?;
    Document::read(&content, Vec::new()).ok().map(|document| document.script)
}

/// Returns the binaries of a flow that a solution does not list, for the warning of its export (DF16).
pub fn binaries_outside(
    snapshot: &Snapshot,
    flow: &ComponentKey,
    solution: &str,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Vec<ComponentRef> {
    let Some(solution) = snapshot.solution_named(solution) else { return Vec::new() };
    let lens = Lens::new(snapshot, rules, bodies);
    let is_listed =
        |binary: &Binary| snapshot.components.get(&binary.key).is_some_and(|state| state.is_member_of(solution.no));
    let binaries = binding::binaries(&lens, flow);
    binaries.into_iter().filter(|binary| !is_listed(binary)).map(|binary| binary.component).collect()
}
