//! Chooses the documented way out of a collision, and plans the one that no other operation is (DF24, DF28, DF36).
//!
//! A managed flow: its solution is deleted and imported again. Where that solution cannot go because others need it,
//! the flow loses its Active layer and its unmanaged binaries instead, both (DF28). An unmanaged flow is deleted, and
//! its package imported again; deleting its solution would leave the flow (L101).

use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::plan::{Action, Bodies, Finding, FindingKind, NoRows, OperationKind, Plan};
use strata_model::rules::Rules;

use super::binding::{self, Binding};
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

/// Chooses; `uninstall` is the plan of deleting [`solution_to_delete`].
pub fn choose(
    snapshot: &Snapshot,
    flow: &ComponentKey,
    uninstall: Option<&Plan>,
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
    let Some(uninstall) = uninstall else { return Ok(Cure::DeleteFlow) };
    let goes = uninstall.changes.iter().any(|change| change.action == Action::Delete && change.component == component);
    if let (Some(solution), true, false) = (&uninstall.solution, goes, uninstall.is_refused()) {
        return Ok(Cure::DeleteSolution { solution: solution.unique_name.clone() });
    }
    if still_collides(&binding) {
        let solutions: Vec<_> = binding.colliding().map(|binary| binary.owner.clone()).collect();
        let message = format!(
            "{} would still have binaries that collide without the unmanaged ones: of {}",
            names::describe(&component, "desktop flow"),
            solutions.join(" and of ")
        );
        let finding = Finding::error(FindingKind::Collision, ErrorCode::BINARY_COLLISION, "DF28", message);
        return Err(Box::new(
            finding.about(component).hint("delete one of these solutions, or import a version without it"),
        ));
    }
    let errors = uninstall.findings.iter().filter(|finding| finding.severity == strata_model::plan::Severity::Error);
    Ok(Cure::RemoveUnmanaged { because: errors.cloned().collect() })
}

/// Tells whether managed binaries alone collide.
fn still_collides(binding: &Binding) -> bool {
    binding.collisions.iter().any(|group| group.iter().filter(|binary| binary.is_managed).count() > 1)
}

/// Returns what must be seen to remove what is unmanaged of a flow.
pub fn footprint(flow: &ComponentKey) -> Footprint {
    super::footprint(flow)
}

/// Plans the removal of the flow's Active layer and of its unmanaged binaries (DF28).
pub fn remove_unmanaged(snapshot: &Snapshot, flow: &ComponentKey, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = active::remove(snapshot, flow, rules, bodies);
    plan.operation = OperationKind::RepairFlow;
    if plan.is_refused() {
        return plan;
    }
    for state in unmanaged_binaries(snapshot, flow) {
        let environment = snapshot.environment.id;
        let going = Going { environment, layer: "Active".to_owned(), with_table: false, rule: "DF28" };
        let gone = going.delete(state, &NoRows);
        plan.edits.extend(gone.edits);
        plan.findings.extend(gone.findings);
        plan.changes.push(gone.change);
    }
    plan
}

/// Returns the binaries of a flow that have no managed layer.
pub fn unmanaged(snapshot: &Snapshot, flow: &ComponentKey) -> Vec<ComponentRef> {
    let environment = snapshot.environment.id;
    unmanaged_binaries(snapshot, flow).map(|state| names::installed(environment, state)).collect()
}

/// Tells whether a flow has an Active layer.
pub fn has_active_layer(snapshot: &Snapshot, flow: &ComponentKey) -> bool {
    let state = snapshot.components.get(flow);
    state.is_some_and(|state| state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE))
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
