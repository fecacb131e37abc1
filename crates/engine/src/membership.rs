//! Plans which components an unmanaged solution lists (L16–L21, MP9).
//!
//! Adding and removing change the list and nothing else: no layer opens, no component goes (L21). A table is added
//! with all its parts, with none, or as a shell (L20); a part needs its table there (L19). What a component requires
//! comes along when that is asked for, see [`required`].

mod required;

use strata_model::code::ErrorCode;
use strata_model::component::{Component, ComponentKey};
use strata_model::environment::{Behavior, ComponentState, Footprint, Membership, Snapshot};
use strata_model::id::{ComponentNo, SolutionNo};
use strata_model::plan::{Bodies, Edit, Finding, FindingKind, OperationKind, Plan, PlanSolution};
use strata_model::rules::Rules;

pub use required::required_footprint;

use crate::by_hand::open_solution;
use crate::effect::Lens;
use crate::{catalogue, names};
use required::Required;

/// What a caller asks of a solution's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    pub solution: String,
    /// Of tables; `None` takes the default (OQ 31).
    pub behavior: Option<Behavior>,
    /// Bring along what the component requires.
    pub required_components: bool,
}

/// Returns what must be seen of a component; `seen` holds the component itself where it is stored.
pub fn footprint(seen: &Snapshot, key: &ComponentKey) -> Footprint {
    let parent = seen.components.get(key).and_then(|state| state.component.parent()).or_else(|| key.parent());
    let children_of = if key.component_type.is("entity") { vec![key.as_str().to_owned()] } else { Vec::new() };
    // A desktop flow leaves a list with its binaries (L18).
    let parts_of = if key.component_type.is("workflow") { vec![key.clone()] } else { Vec::new() };
    Footprint { keys: [key.clone()].into_iter().chain(parent).collect(), children_of, parts_of, ..Footprint::default() }
}

/// Returns the unmanaged solutions that hold a table with all its parts, which later parts join by themselves (L20).
pub(crate) fn with_all_parts(snapshot: &Snapshot, table: &ComponentState) -> Vec<SolutionNo> {
    let holds_all = |member: &&Membership| member.behavior == Some(Behavior::IncludeSubcomponents);
    let is_unmanaged = |no: &SolutionNo| snapshot.solution(*no).is_some_and(|solution| !solution.is_managed);
    table.members.iter().filter(holds_all).map(|member| member.solution).filter(is_unmanaged).collect()
}

/// Returns the identity of a system component that is not stored yet.
pub(crate) fn system_component(key: &ComponentKey, no: ComponentNo, rules: &Rules) -> Component {
    let name = catalogue::component(key, rules).map_or_else(|| key.as_str().to_owned(), |system| system.name);
    Component { no, key: key.clone(), name, id: None, category: None, parent: None }
}

/// Plans an addition (L19, L20, MP9, DF16).
pub fn add(snapshot: &Snapshot, key: &ComponentKey, addition: &Addition, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::AddComponent, snapshot.environment.revision, *rules);
    let solution = open_solution(snapshot, &addition.solution, &mut plan);
    let state = snapshot.components.get(key).filter(|state| !state.layers.is_empty());
    if state.is_none() && !catalogue::contains(key, rules) {
        plan.findings.push(absent(key));
    }
    let Some(solution) = solution else { return plan };
    plan.solution =
        Some(PlanSolution { unique_name: solution.unique_name.clone(), from: None, to: None, is_managed: false });
    let stored = snapshot.components.get(key);
    let table = table_of(snapshot, key);
    let behavior = behavior(key, table.as_ref(), addition, rules);
    let takes_parts = key.component_type.is("entity") && behavior == Some(Behavior::IncludeSubcomponents);
    let required = match addition.required_components {
        true => {
            let start = required::start(snapshot, key, takes_parts);
            required::find(Lens::new(snapshot, rules, bodies), solution.no, &start)
        }
        false => Required::default(),
    };
    if !required.joining.iter().any(|joining| Some(&joining.key) == table.as_ref()) {
        check_root(snapshot, key, table.as_ref(), solution.no, &solution.unique_name, &mut plan);
    }
    let before = stored.and_then(|state| state.members.iter().find(|member| member.solution == solution.no));
    check_narrowing(key, before, behavior, &mut plan);
    if plan.is_refused() {
        return plan;
    }
    let mut listing =
        Listing { snapshot, solution: solution.no, rules, next: snapshot.next_component, edits: Vec::new() };
    listing.list(key, behavior);
    let parts: Vec<_> = snapshot
        .components
        .values()
        .filter(|state| takes_parts && state.component.parent().as_ref() == Some(key))
        .filter(|state| !state.layers.is_empty() && !state.is_member_of(solution.no))
        .map(|state| Membership { component: state.component.no, solution: solution.no, behavior: None })
        .collect();
    if takes_parts {
        plan.findings.push(Finding::info(
            FindingKind::Component,
            "L20",
            joined(key, &solution.unique_name, parts.len()),
        ));
    }
    listing.edits.extend(parts.into_iter().map(Edit::MemberOpen));
    required.joining.iter().for_each(|joining| listing.list(&joining.key, joining.behavior));
    plan.edits = listing.edits;
    plan.findings.extend(required::findings(snapshot, &solution.unique_name, &required));
    plan
}

/// Returns the table that a component is a part of.
fn table_of(snapshot: &Snapshot, key: &ComponentKey) -> Option<ComponentKey> {
    let stored = snapshot.components.get(key).and_then(|state| state.component.parent());
    stored.or_else(|| key.parent()).filter(|parent| parent.component_type.is("entity"))
}

/// Returns how much of itself a component brings into the list (L20).
fn behavior(key: &ComponentKey, table: Option<&ComponentKey>, addition: &Addition, rules: &Rules) -> Option<Behavior> {
    let default = match rules.added_tables_include_subcomponents {
        true => Behavior::IncludeSubcomponents,
        false => Behavior::IncludeAsShellOnly,
    };
    match (key.component_type.is("entity"), table) {
        (true, _) => Some(addition.behavior.unwrap_or(default)),
        (false, None) => Some(Behavior::IncludeSubcomponents),
        (false, Some(_)) => None,
    }
}

/// The edits that make a list longer.
struct Listing<'a> {
    snapshot: &'a Snapshot,
    solution: SolutionNo,
    rules: &'a Rules,
    /// Of the next component that is not stored yet.
    next: ComponentNo,
    edits: Vec<Edit>,
}

impl Listing<'_> {
    fn list(&mut self, key: &ComponentKey, behavior: Option<Behavior>) {
        let stored = self.snapshot.components.get(key);
        let component = match stored {
            Some(state) => state.component.no,
            None => {
                let no = self.next;
                self.next = ComponentNo(no.0 + 1);
                self.edits.push(Edit::ComponentAdd(system_component(key, no, self.rules)));
                no
            }
        };
        let before = stored.and_then(|state| state.members.iter().find(|member| member.solution == self.solution));
        if before.is_none_or(|before| before.behavior != behavior) {
            self.edits.extend(before.cloned().map(Edit::MemberClose));
            self.edits.push(Edit::MemberOpen(Membership { component, solution: self.solution, behavior }));
        }
    }
}

fn joined(key: &ComponentKey, solution: &str, parts: usize) -> String {
    let name = key.as_str();
    match parts {
        0 => format!("later parts of {name} join {solution} by themselves"),
        1 => format!("1 part of {name} joins {solution}, and later ones by themselves"),
        many => format!("{many} parts of {name} join {solution}, and later ones by themselves"),
    }
}

fn absent(key: &ComponentKey) -> Finding {
    let message = format!("there is no {} {} in the environment", key.component_type.label(), key.as_str());
    let code = match key.parent() {
        Some(_) => ErrorCode::SUBCOMPONENT_NOT_EXIST,
        None => ErrorCode::COMPONENT_NOT_EXIST,
    };
    Finding::error(FindingKind::Component, code, "L19", message)
        .hint(format!("see what there is with `strata component list --type {}`", key.component_type))
}

/// L19: a part needs its table in the solution.
fn check_root(
    snapshot: &Snapshot,
    key: &ComponentKey,
    table: Option<&ComponentKey>,
    solution: SolutionNo,
    solution_name: &str,
    plan: &mut Plan,
) {
    let Some(table) = table else { return };
    if snapshot.components.get(table).is_some_and(|state| state.is_member_of(solution)) {
        return;
    }
    let label = key.component_type.label();
    let message =
        format!("{label} {} is a part of table {}, which {solution_name} does not hold", key.as_str(), table.as_str());
    plan.findings.push(
        Finding::error(FindingKind::RootComponent, ErrorCode::SUBCOMPONENT_MISSING_ROOT, "L19", message)
            .about(names::keyed(snapshot.environment.id, table))
            .hint(format!(
                "add the table first: `strata solution add-solution-component -sn {solution_name} --component {table} --behavior 2`"
            )),
    );
}

/// L20: a table that came with all its parts cannot be narrowed.
fn check_narrowing(key: &ComponentKey, before: Option<&Membership>, after: Option<Behavior>, plan: &mut Plan) {
    let had_all = before.is_some_and(|before| before.behavior == Some(Behavior::IncludeSubcomponents));
    if key.component_type.is("entity") && had_all && after != Some(Behavior::IncludeSubcomponents) {
        let message =
            format!("table {} is in the solution with all its parts, which cannot be taken back", key.as_str());
        plan.findings.push(
            Finding::error(FindingKind::Component, ErrorCode::ALREADY_EXISTS, "L20", message)
                .hint("remove the table from the solution and add it again with the behavior you want"),
        );
    }
}

/// Plans how much of a listed table's own definition goes out (UpdateSolutionComponent): all of it, or the shell. A
/// table with all its parts stays as it is, and other components have nothing of the kind.
pub fn update(
    snapshot: &Snapshot,
    key: &ComponentKey,
    solution_name: &str,
    with_settings: bool,
    rules: &Rules,
) -> Plan {
    let mut plan = Plan::empty(OperationKind::AddComponent, snapshot.environment.revision, *rules);
    let Some(member) = listed(snapshot, key, solution_name, &mut plan) else { return plan };
    let wanted = match with_settings {
        true => Behavior::DoNotIncludeSubcomponents,
        false => Behavior::IncludeAsShellOnly,
    };
    let is_part_of_list = key.component_type.is("entity") && member.behavior != Some(Behavior::IncludeSubcomponents);
    if is_part_of_list && member.behavior != Some(wanted) {
        plan.edits.push(Edit::MemberClose(member.clone()));
        plan.edits.push(Edit::MemberOpen(Membership { behavior: Some(wanted), ..member }));
    }
    plan
}

/// Returns how an open solution lists a component, or says that it does not.
fn listed(snapshot: &Snapshot, key: &ComponentKey, solution_name: &str, plan: &mut Plan) -> Option<Membership> {
    let solution = open_solution(snapshot, solution_name, plan)?;
    plan.solution =
        Some(PlanSolution { unique_name: solution.unique_name.clone(), from: None, to: None, is_managed: false });
    let state = snapshot.components.get(key);
    let member = state.and_then(|state| state.members.iter().find(|member| member.solution == solution.no).cloned());
    if member.is_none() {
        let message = format!("{} {} is not in {}", key.component_type.label(), key.as_str(), solution.unique_name);
        plan.findings.push(
            Finding::error(FindingKind::Component, ErrorCode::CANNOT_REMOVE_COMPONENT, "L19", message)
                .about(names::keyed(snapshot.environment.id, key))
                .hint(format!(
                    "see what is in it with `strata solution show --solution-name {}`",
                    solution.unique_name
                )),
        );
    }
    member
}

/// Plans a removal from the list; the component stays (L21), its parts leave the list with it (L18).
pub fn remove(snapshot: &Snapshot, key: &ComponentKey, solution_name: &str, rules: &Rules) -> Plan {
    let mut plan = Plan::empty(OperationKind::RemoveComponent, snapshot.environment.revision, *rules);
    let fixed = match solution_name.to_lowercase().as_str() {
        "default" => Some(ErrorCode::CANNOT_REMOVE_FROM_DEFAULT),
        "system" => Some(ErrorCode::CANNOT_REMOVE_FROM_SYSTEM),
        _ => None,
    };
    if let Some(code) = fixed {
        let message = format!("every component is in `{solution_name}`, and none can be removed from it");
        plan.findings.push(Finding::error(FindingKind::Package, code, "L4", message));
        return plan;
    }
    let Some(member) = listed(snapshot, key, solution_name, &mut plan) else { return plan };
    let solution = member.solution;
    plan.edits.push(Edit::MemberClose(member));
    let parts = snapshot.components.values().filter(|state| state.component.parent().as_ref() == Some(key));
    let members = parts.flat_map(|state| &state.members).filter(|member| member.solution == solution);
    plan.edits.extend(members.cloned().map(Edit::MemberClose));
    plan
}
