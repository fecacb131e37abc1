//! Plans what makers do to desktop flows in their designer: make one, save one (DF7–DF15, DF33).
//!
//! A flow is saved in the environment's schema. A save that converts it from v1 to v2 mints a new binary for each of
//! its files, in this environment (DF6, DF10); one that converts it back takes the binaries away. New binaries join the
//! unmanaged solutions that hold the flow (DF15). A managed flow of schema v2 takes no save (DF11); one of schema v1
//! gets an Active layer, and unmanaged binaries where v2 is on (DF12).

use std::collections::BTreeMap;

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef, ComponentType};
use strata_model::environment::{Behavior, ComponentState, DesktopFlowSchema, Footprint, Membership, Snapshot};
use strata_model::id::{Guid, SolutionNo};
use strata_model::plan::{Bodies, Edit, Finding, FindingKind, OperationKind, Plan, PlanSolution};
use strata_model::rules::Rules;
use strata_model::version::Version;

use super::binding::{self, Binary};
use super::content;
use super::document::{Document, FlowFile};
use super::given::Given;
use super::store::{Flow, Reference, Saving};
use super::{CATEGORY, Client, Mode};
use crate::by_hand::{open_solution, refuse_blocked};
use crate::effect::Lens;
use crate::managed_property::{Base, Customization};
use crate::names;

/// `UIFlowType` of flows made with Power Automate for desktop (DF1).
const DESIGNER: i32 = 2;

/// What a caller says of a new flow.
#[derive(Debug, Clone)]
pub struct NewFlow {
    pub name: String,
    pub solution: String,
    /// A script, a row or a member file; an empty flow where there is none.
    pub definition: Option<Vec<u8>>,
}

/// What a caller saves.
#[derive(Debug, Clone)]
pub struct Save {
    pub flow: ComponentKey,
    /// A script, a row or a member file; the flow as it is where there is none.
    pub definition: Option<Vec<u8>>,
    /// Of Power Automate for desktop; the newest where it is not said.
    pub client: Option<Version>,
}

/// Returns what planning a new flow must see.
pub fn create_footprint(snapshot: &Snapshot, new: &NewFlow) -> Footprint {
    let given = new.definition.as_deref().and_then(Given::read);
    Footprint { keys: vec![flow_key(new_id(snapshot, new, given.as_ref()))], ..Footprint::default() }
}

/// Plans a new flow in the environment's schema (DF7).
pub fn create(snapshot: &Snapshot, new: &NewFlow, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::CreateFlow, snapshot.environment.revision, *rules);
    refuse_blocked(snapshot, &mut plan);
    let solution = open_solution(snapshot, &new.solution, &mut plan);
    plan.solution = solution.map(|solution| PlanSolution {
        unique_name: solution.unique_name.clone(),
        from: None,
        to: None,
        is_managed: false,
    });
    let given = match &new.definition {
        Some(bytes) => match Given::read(bytes) {
            Some(given) => Some(given),
            None => {
                plan.findings.push(unfit_definition());
                None
            }
        },
        None => None,
    };
    let name = new.name.trim();
    if name.is_empty() {
        let message = "a desktop flow needs a name";
        plan.findings.push(Finding::error(FindingKind::Component, ErrorCode::INVALID_DEFINITION, "DF1", message));
    }
    let id = new_id(snapshot, new, given.as_ref());
    let key = flow_key(id);
    let state = snapshot.components.get(&key);
    if state.is_some_and(|state| !state.layers.is_empty()) {
        let component = ComponentRef::new(snapshot.environment.id, &key, key.as_str(), None, Some(name));
        let message = format!("there is a {} already", names::describe(&component, "desktop flow"));
        let finding = Finding::error(FindingKind::Component, ErrorCode::ALREADY_EXISTS, "DF1", message);
        plan.findings.push(finding.about(component).hint(format!("save it with `strata flow save {id}`")));
    }
    let language = snapshot.environment.settings.languages.first().copied().unwrap_or(1033);
    let mut document = Document::new(id, name, language);
    if given.is_some_and(|given| document.take(given).is_err()) {
        plan.findings.push(unreadable(&ComponentRef::new(
            snapshot.environment.id,
            &key,
            key.as_str(),
            None,
            Some(name),
        )));
    }
    let Some(solution) = solution.filter(|_| !plan.is_refused()) else { return plan };
    document.tree.set_attribute("Name", name);
    let mut saving = Saving { lens: Lens::new(snapshot, rules, bodies), plan, next: snapshot.next_component.0 };
    let no = state.map_or_else(|| saving.add(&key, Some(CATEGORY), None), |state| state.component.no);
    saving.plan.edits.push(Edit::MemberOpen(Membership {
        component: no,
        solution: solution.no,
        behavior: Some(Behavior::IncludeSubcomponents),
    }));
    let schema = snapshot.environment.settings.desktop_flow_schema;
    let flow = Flow { key, id, no, state: None, name: name.to_owned(), solutions: vec![solution.no] };
    saving.store(&flow, document, schema, &BTreeMap::new(), None);
    saving.plan
}

/// Plans a save.
pub fn save(snapshot: &Snapshot, save: &Save, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::SaveFlow, snapshot.environment.revision, *rules);
    let lens = Lens::new(snapshot, rules, bodies);
    let state = match super::find(&lens, &save.flow) {
        Ok(state) => state,
        Err(finding) => {
            plan.findings.push(*finding);
            return plan;
        }
    };
    let component = names::installed(snapshot.environment.id, state);
    let Some(content) = content::as_saved(state, bodies) else {
        plan.findings.push(unreadable(&component));
        return plan;
    };
    let client = Client { mode: Mode::Local, version: save.client.clone() };
    let before = content.schema();
    // Recorders and Selenium IDE know schema v1 only.
    let is_of_designer = content.ui_flow_type().is_none_or(|designer| designer == DESIGNER);
    let after = match is_of_designer {
        true => schema_after(before, snapshot.environment.settings.desktop_flow_schema, &client),
        false => before,
    };
    check_save(&lens, state, &client, before, &mut plan);
    let given = save.definition.as_deref().map(Given::read);
    if let Some(refusal) = refusal_of_definition(given.as_ref(), &save.flow, &component) {
        plan.findings.push(refusal);
    }
    if plan.is_refused() {
        return plan;
    }
    let is_given = given.is_some();
    let binaries = if before == DesktopFlowSchema::V2 { binding::binaries(&lens, &save.flow) } else { Vec::new() };
    let files: Vec<_> = binaries.iter().map(|binary| file_of(&lens, binary)).collect();
    let taken = Document::read(&content, files).and_then(|mut document| {
        given.flatten().map_or(Ok(()), |given| document.take(given))?;
        Ok(document)
    });
    let Ok(mut document) = taken else {
        plan.findings.push(unreadable(&component));
        return plan;
    };
    if after == DesktopFlowSchema::V2 {
        document.complete();
    }
    check_conversion(&lens, state, &document, &binaries, (before, after), &mut plan);
    if plan.is_refused() {
        return plan;
    }
    if before == DesktopFlowSchema::V1 && after == DesktopFlowSchema::V2 {
        plan.findings.extend(left_over(&lens, &save.flow, &document, &component));
    }
    let known: BTreeMap<_, _> = binaries.iter().map(|binary| (reference_of(binary), binary)).collect();
    let is_complete = after == DesktopFlowSchema::V1 || document.files.len() == binaries.len();
    let unmanaged = |no: &SolutionNo| snapshot.solution(*no).is_some_and(|solution| !solution.is_managed);
    let solutions = state.members.iter().map(|member| member.solution).filter(unmanaged).collect();
    let name = component.display_name.clone().unwrap_or_default();
    let Some(id) = save.flow.guid() else { return plan };
    let flow = Flow { key: save.flow.clone(), id, no: state.component.no, state: Some(state), name, solutions };
    let mut saving = Saving { lens, plan, next: snapshot.next_component.0 };
    if !is_given && before == after && is_complete {
        // Nothing was changed: a managed flow gets its Active layer all the same (DF12).
        saving.repeat(&flow);
        return saving.plan;
    }
    if before == DesktopFlowSchema::V2 && after == DesktopFlowSchema::V1 {
        saving.remove(&binaries);
    }
    saving.store(&flow, document, after, &known, Some(&content));
    saving.plan
}

/// DF27: binaries that an earlier save left behind collide with the new ones.
fn left_over(lens: &Lens<'_>, flow: &ComponentKey, document: &Document, component: &ComponentRef) -> Option<Finding> {
    let answers = |binary: &Binary| document.files.iter().any(|file| file.answers_as(&file_of(lens, binary)));
    let left: Vec<_> = binding::binaries(lens, flow).into_iter().filter(answers).collect();
    let described = names::describe(component, "desktop flow");
    let message = match left.len() {
        0 => return None,
        1 => format!("{described} will not run: a binary that an earlier save left collides with a new one"),
        many => {
            format!("{described} will not run: {many} binaries that an earlier save left collide with the new ones")
        }
    };
    let code = Some(ErrorCode::BINARY_COLLISION);
    let finding = Finding::warning(FindingKind::Collision, code, "DF27", message).about(component.clone());
    let related = left.into_iter().map(|binary| binary.component).collect();
    Some(finding.related(related).hint("delete them first with `strata component delete desktopflowbinary:ID`"))
}

/// DF9: what a save makes of a flow, by the environment's setting and the client.
fn schema_after(before: DesktopFlowSchema, setting: DesktopFlowSchema, client: &Client) -> DesktopFlowSchema {
    match before {
        DesktopFlowSchema::V1 if client.is_old() => DesktopFlowSchema::V1,
        DesktopFlowSchema::V1 | DesktopFlowSchema::V2 => setting,
    }
}

/// DF9, DF11, DF27, DF33: what forbids a save whatever is saved.
fn check_save(lens: &Lens<'_>, state: &ComponentState, client: &Client, before: DesktopFlowSchema, plan: &mut Plan) {
    let component = names::installed(lens.snapshot.environment.id, state);
    let described = names::describe(&component, "desktop flow");
    let is_newer = before == DesktopFlowSchema::V2;
    if let Some(base) = Base::of(lens, state) {
        refuse_blocked(lens.snapshot, plan);
        let refusal = base.refusal(lens, Customization::Edit, if is_newer { "DF11" } else { "MP6" });
        plan.findings.extend(refusal.map(|finding| finding.hint("import a new version of its solution instead")));
    }
    if is_newer && client.is_old() {
        let message = format!("{described} is of schema v2, which clients before 2.29 cannot save");
        let code = ErrorCode::DESKTOP_FLOW_CLIENT_TOO_OLD;
        let finding = Finding::error(FindingKind::Component, code, "DF9", message).about(component.clone());
        plan.findings.push(finding.hint("update the client to 2.29 or later"));
    }
    let binding = binding::bind(lens, state);
    if !binding.collisions.is_empty() {
        plan.findings.extend(super::failure(&component, &binding));
    }
}

/// DF8, DF33, OQ 28: what forbids storing it in the other schema.
fn check_conversion(
    lens: &Lens<'_>,
    state: &ComponentState,
    document: &Document,
    binaries: &[Binary],
    (before, after): (DesktopFlowSchema, DesktopFlowSchema),
    plan: &mut Plan,
) {
    let is_managed = state.managed().next().is_some();
    let makes_binaries = after == DesktopFlowSchema::V2 && document.files.len() > binaries.len();
    if makes_binaries && !is_managed && lens.rules.blocking_stops_binaries {
        refuse_blocked(lens.snapshot, plan);
    }
    let features = document.newer_features();
    if before == DesktopFlowSchema::V2 && after == DesktopFlowSchema::V1 && !features.is_empty() {
        let component = names::installed(lens.snapshot.environment.id, state);
        let described = names::describe(&component, "desktop flow");
        let message = format!("{described} cannot go back to schema v1: it uses {}", features.join(" and "));
        let finding = Finding::error(FindingKind::Component, ErrorCode::DESKTOP_FLOW_NEEDS_V2, "DF8", message);
        plan.findings.push(
            finding.about(component).hint("switch schema v2 on again with `strata env set --desktop-flow-schema v2`"),
        );
    }
}

fn flow_key(id: Guid) -> ComponentKey {
    ComponentKey::new(ComponentType::named("workflow"), &id.to_string())
}

/// The id that a given row has, else one minted from the name (D4).
fn new_id(snapshot: &Snapshot, new: &NewFlow, given: Option<&Given>) -> Guid {
    let minted = || Guid::minted(snapshot.environment.id, "desktopflow", &new.name.trim().to_lowercase());
    given.and_then(Given::id).unwrap_or_else(minted)
}

fn reference_of(binary: &Binary) -> Reference {
    (binary.binary_type.to_lowercase(), binary.reference.to_lowercase())
}

/// Reads the file of a binary.
fn file_of(lens: &Lens<'_>, binary: &Binary) -> FlowFile {
    let state = lens.snapshot.components.get(&binary.key);
    let layers = state.into_iter().flat_map(ComponentState::published).rev();
    let files = layers.filter_map(|layer| lens.bodies.definition(&layer.digest)).map(|body| body.files);
    let file = files.into_iter().find_map(|files| files.into_iter().next());
    FlowFile {
        binary_type: binary.binary_type.clone(),
        reference: binary.reference.clone(),
        name: binary.name.clone().unwrap_or_default(),
        content: file.and_then(|(_, digest)| lens.bodies.file(&digest).map(|bytes| bytes.into_owned())),
    }
}

fn refusal_of_definition(
    given: Option<&Option<Given>>,
    flow: &ComponentKey,
    component: &ComponentRef,
) -> Option<Finding> {
    let Some(given) = given? else { return Some(unfit_definition().about(component.clone())) };
    let other = given.id().filter(|id| flow.guid() != Some(*id))?;
    let message = format!("the definition is of another flow: its id is {other}");
    let finding = Finding::error(FindingKind::Component, ErrorCode::INVALID_DEFINITION, "DF1", message);
    Some(finding.about(component.clone()).hint(format!("leave its WorkflowId out, or save {other} itself")))
}

fn unfit_definition() -> Finding {
    let message = "the file holds neither a script nor a desktop flow as a package has it";
    Finding::error(FindingKind::Component, ErrorCode::INVALID_DEFINITION, "DF1", message)
        .hint("give a script, a <Workflow> element of category 6, or the JSON file that belongs to one")
}

fn unreadable(component: &ComponentRef) -> Finding {
    let message = format!("what {} has packed cannot be read", names::describe(component, "desktop flow"));
    Finding::error(FindingKind::Component, ErrorCode::DESKTOP_FLOW_UNREADABLE, "DF2", message).about(component.clone())
}
