//! Chooses the documented way out of a collision, and plans the one that no other operation is (DF24, DF28, DF36).
//!
//! A managed flow: its solution is deleted and imported again. Where that solution cannot go because others need it,
//! the flow loses its Active layer and its unmanaged binaries instead, both (DF28). An unmanaged flow is deleted, and
//! its package imported again; deleting its solution would leave the flow (L101). Where others need the flow, it loses
//! the binaries that its definition does not ask for: that is ours, after the example of DF28.

use strata_model::code::ErrorCode;
use strata_model::component::ComponentKey;
use strata_model::environment::{ComponentState, Snapshot};
use strata_model::plan::{Action, Bodies, Finding, FindingKind, NoRows, OperationKind, Plan, Severity};
use strata_model::rules::Rules;

use super::binding::{self, Binary, Binding};
use super::content::{self, binary_key};
use crate::effect::Lens;
use crate::loss::Going;
use crate::{active, names};

/// What is documented for a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Cure {
    /// The flow runs.
    Nothing,
    /// Delete the managed solution, and import it again.
    DeleteSolution { solution: String },
    /// The solution has to stay: remove the Active layer and the unmanaged binaries.
    RemoveUnmanaged {
        /// Why the solution has to stay.
        because: Vec<Finding>,
    },
    /// Delete the unmanaged flow, and import it again.
    DeleteFlow,
    /// The flow has to stay: delete the binaries that collide and that it does not ask for.
    RemoveStale {
        /// Why the flow has to stay.
        because: Vec<Finding>,
    },
}

/// Returns the managed solution that the documents ask to delete, where the flow's binaries collide.
pub fn solution_to_delete(
    snapshot: &Snapshot,
    flow: &ComponentKey,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Option<String> {
    let lens = Lens::new(snapshot, rules, bodies);
    let state = super::find(&lens, flow).ok()?;
    let base = state.managed().next()?;
    let collides = !binding::bind(&lens, state).collisions.is_empty();
    collides.then(|| names::solution(snapshot, base.solution))
}

/// Chooses; `removal` is the plan of deleting [`solution_to_delete`], or of deleting the flow where there is none.
pub fn choose(
    snapshot: &Snapshot,
    flow: &ComponentKey,
    removal: &Plan,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Result<Cure, Box<Finding>> {
    let lens = Lens::new(snapshot, rules, bodies);
    let state = super::find(&lens, flow)?;
    let component = names::installed(snapshot.environment.id, state);
    let binding = binding::bind(&lens, state);
    if binding.collisions.is_empty() {
        // A binary that nobody has comes back only from where the flow was made (DF34).
        return super::failure(&component, &binding).map_or(Ok(Cure::Nothing), |finding| Err(Box::new(finding)));
    }
    let errors = removal.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let because: Vec<_> = errors.cloned().collect();
    if state.managed().next().is_none() {
        return unmanaged_cure(&lens, state, &binding, because);
    }
    let goes = removal.changes.iter().any(|change| change.action == Action::Delete && change.component == component);
    if let (Some(solution), true, true) = (&removal.solution, goes, because.is_empty()) {
        return Ok(Cure::DeleteSolution { solution: solution.unique_name.clone() });
    }
    if managed_ones_collide(&binding) {
        let mut solutions: Vec<_> = binding.colliding().map(|binary| binary.owner.clone()).collect();
        solutions.dedup();
        let message = format!(
            "{} would still have binaries that collide without the unmanaged ones: of {}",
            names::describe(&component, "desktop flow"),
            solutions.join(" and of ")
        );
        let finding = Finding::error(FindingKind::Collision, ErrorCode::BINARY_COLLISION, "DF28", message);
        let hint = "delete one of these solutions, or import a version of it that brings no binaries of the flow";
        return Err(Box::new(finding.about(component).hint(hint)));
    }
    Ok(Cure::RemoveUnmanaged { because })
}

/// An unmanaged flow is deleted, where nothing needs it.
fn unmanaged_cure(
    lens: &Lens<'_>,
    flow: &ComponentState,
    binding: &Binding,
    because: Vec<Finding>,
) -> Result<Cure, Box<Finding>> {
    let Some(first) = because.first() else { return Ok(Cure::DeleteFlow) };
    let stale = stale(lens, flow);
    let is_left = |binary: &&Binary| !stale.contains(&binary.key);
    let is_cured = binding.collisions.iter().all(|group| group.iter().filter(is_left).count() == 1);
    if is_cured { Ok(Cure::RemoveStale { because }) } else { Err(Box::new(first.clone())) }
}

/// Returns the unmanaged binaries that collide and that the flow's definition does not ask for.
fn stale(lens: &Lens<'_>, flow: &ComponentState) -> Vec<ComponentKey> {
    let content = content::as_saved(flow, lens.bodies);
    let required = content.map(|content| content::required(&content.tree)).unwrap_or_default();
    let required: Vec<_> = required.into_iter().map(binary_key).collect();
    let binding = binding::bind(lens, flow);
    let is_stale = |binary: &&Binary| !binary.is_managed && !required.contains(&binary.key);
    binding.colliding().filter(is_stale).map(|binary| binary.key.clone()).collect()
}

/// Tells whether managed binaries alone collide.
fn managed_ones_collide(binding: &Binding) -> bool {
    binding.collisions.iter().any(|group| group.iter().filter(|binary| binary.is_managed).count() > 1)
}

/// Plans the removal of the flow's Active layer and of its unmanaged binaries (DF28).
pub fn remove_unmanaged(snapshot: &Snapshot, flow: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = active::remove(snapshot, flow, rules, bodies);
    plan.operation = OperationKind::RepairFlow;
    if plan.is_refused() {
        return plan;
    }
    delete(snapshot, unmanaged_binaries(snapshot, flow), &mut plan);
    plan
}

/// Plans the deletion of the binaries that collide and that the flow does not ask for.
pub fn remove_stale(snapshot: &Snapshot, flow: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::RepairFlow, snapshot.environment.revision, *rules);
    let lens = Lens::new(snapshot, rules, bodies);
    match super::find(&lens, flow) {
        Ok(state) => {
            let stale = stale(&lens, state);
            delete(snapshot, stale.iter().filter_map(|key| snapshot.components.get(key)), &mut plan);
        }
        Err(finding) => plan.findings.push(*finding),
    }
    plan
}

fn delete<'a>(snapshot: &Snapshot, binaries: impl Iterator<Item = &'a ComponentState>, plan: &mut Plan) {
    for state in binaries {
        let environment = snapshot.environment.id;
        let going = Going { environment, layer: "Active".to_owned(), with_table: false, rule: "DF28" };
        let gone = going.delete(state, &NoRows);
        plan.edits.extend(gone.edits);
        plan.findings.extend(gone.findings);
        plan.changes.push(gone.change);
    }
}

fn unmanaged_binaries<'a>(snapshot: &'a Snapshot, flow: &'a ComponentKey) -> impl Iterator<Item = &'a ComponentState> {
    let is_unmanaged = move |state: &&ComponentState| {
        let is_binary = state.component.key.component_type.is(super::BINARY);
        is_binary
            && state.component.parent.as_ref() == Some(flow)
            && !state.layers.is_empty()
            && state.managed().next().is_none()
    };
    snapshot.components.values().filter(is_unmanaged)
}
