//! Plans the removal of a solution (L97–L103).
//!
//! An unmanaged solution is only a list: removing it removes the list (L101). A managed one takes its layers
//! with it. A component whose base goes is deleted with its data, unless another layer of the same publisher
//! can take the base's place; where only other publishers are above, the whole removal is refused (L97).
//!
//! Not here: what becomes of a component whose layers go, see [`crate::removal`].

use std::collections::BTreeSet;

use strata_model::code::ErrorCode;
use strata_model::component::ComponentKey;
use strata_model::dependency::Dependency;
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::plan::{Bodies, Edit, Finding, FindingKind, NoRows, OperationKind, Plan, PlanSolution, RowCounts};
use strata_model::rules::Rules;
use strata_model::solution::{RESERVED_NAMES, Solution, SolutionKind};

use crate::dependency::blocks::{blocks, uninstall_findings};
use crate::dependency::recipe;
use crate::dependency::{self, World};
use crate::effect::Lens;
use crate::fallback;
use crate::family::Family;
use crate::names;
use crate::removal::Removal;

/// Returns the components that planning this removal must see.
///
/// Made in two steps: `snapshot` holds the solutions first, then the components of the footprint, after which
/// [`tables`] names the tables whose columns must be seen too.
pub fn footprint(snapshot: &Snapshot, unique_name: &str) -> Footprint {
    let solutions = leaving(snapshot, unique_name).into_iter().collect();
    Footprint { solutions, ..Footprint::default() }
}

/// Returns the tables among the components that leave with the solution: others may have columns on them.
pub fn tables(snapshot: &Snapshot, unique_name: &str, rules: &Rules) -> Vec<String> {
    let leaving = leaving(snapshot, unique_name);
    let layered = |state: &&ComponentState| state.managed().any(|layer| leaving.contains(&layer.solution));
    let states = snapshot.components.values().filter(layered);
    let keys = states.clone().map(|state| &state.component.key);
    let own = keys.filter(|key| key.component_type.is("entity")).map(|key| key.as_str().to_owned());
    // L48: what other forms there are decides whether forms may go.
    let mut tables = fallback::tables(states, rules);
    tables.extend(own);
    tables.into_iter().collect()
}

/// Returns the components that may go with the solution: whoever names one of them must be seen too.
pub fn at_risk(snapshot: &Snapshot, unique_name: &str) -> BTreeSet<ComponentKey> {
    let leaving = leaving(snapshot, unique_name);
    let is_held = |state: &&ComponentState| {
        let has_layer = state.managed().any(|layer| leaving.contains(&layer.solution));
        // A placeholder in Active has no managed layer to go by.
        has_layer
            || state
                .members
                .iter()
                .any(|member| leaving.contains(&member.solution) && is_assumed(snapshot, member.solution))
    };
    snapshot.components.values().filter(is_held).map(|state| state.component.key.clone()).collect()
}

fn is_assumed(snapshot: &Snapshot, no: SolutionNo) -> bool {
    snapshot.solution(no).is_some_and(|solution| solution.assumed)
}

/// Plans the removal; `rows` counts the data that would go (L99).
pub fn plan(snapshot: &Snapshot, unique_name: &str, rows: &dyn RowCounts, rules: &Rules, bodies: &dyn Bodies) -> Plan {
    let mut plan = Plan::empty(OperationKind::Uninstall, snapshot.environment.revision, *rules);
    if RESERVED_NAMES.iter().any(|name| name.eq_ignore_ascii_case(unique_name)) {
        let message = format!("`{unique_name}` is a solution of the platform's own");
        plan.findings.push(Finding::error(
            FindingKind::DeleteBlocked,
            ErrorCode::CANNOT_DELETE_RESTRICTED,
            "L4",
            message,
        ));
        return plan;
    }
    let Some(solution) = snapshot.solution_named(unique_name) else {
        let message = format!("there is no solution named `{unique_name}`");
        plan.findings.push(Finding::error(FindingKind::DeleteBlocked, ErrorCode::NOT_FOUND, "L97", message));
        return plan;
    };
    plan.solution = Some(PlanSolution {
        unique_name: solution.unique_name.clone(),
        from: Some(solution.version.to_string()),
        to: None,
        is_managed: solution.is_managed,
    });
    check_patches(snapshot, solution, &mut plan);
    if !solution.is_managed && !plan.is_refused() {
        let message = format!("only the list goes: the components of {} stay in the environment", solution.unique_name);
        plan.findings.push(Finding::info(FindingKind::Package, "L101", message));
    }
    let lens = Lens::new(snapshot, rules, bodies);
    let leaving = leaving(snapshot, unique_name);
    let gone: Vec<_> = snapshot.solutions.iter().filter(|solution| leaving.contains(&solution.no)).cloned().collect();
    let going = leaving.clone();
    let mut removal = Removal::new(lens, rows, leaving, "L99");
    snapshot.components.values().for_each(|state| removal.take(state));
    let removed = removal.finish(&BTreeSet::new());
    plan.findings.extend(removed.findings);
    plan.changes.extend(removed.changes.into_iter().map(|(_, change)| change));
    plan.edits.extend(removed.edits);
    plan.edits.extend(gone.into_iter().map(Edit::SolutionClose));
    let found = blocks(&World::after(lens, &plan), &removed.deleted);
    plan.findings.extend(uninstall_findings(&lens, &found));
    recipe::attach(&lens, &going, &found, &|_| false, &mut plan.findings);
    if plan.is_refused() {
        // What would happen stays to be shown; there is nothing to carry out.
        plan.edits.clear();
    }
    plan
}

/// Lists the edges that keep a solution from being uninstalled (DP16, DP29).
pub fn blocking(snapshot: &Snapshot, unique_name: &str, rules: &Rules, bodies: &dyn Bodies) -> Vec<Dependency> {
    let lens = Lens::new(snapshot, rules, bodies);
    let mut removal = Removal::new(lens, &NoRows, leaving(snapshot, unique_name), "L99");
    snapshot.components.values().for_each(|state| removal.take(state));
    let removed = removal.finish(&BTreeSet::new());
    let mut plan = Plan::empty(OperationKind::Uninstall, snapshot.environment.revision, *rules);
    plan.edits = removed.edits;
    let after = World::after(lens, &plan);
    dependency::edges(&after, &blocks(&after, &removed.deleted))
}

/// The solution, its patches (L100), and the placeholders that nobody else relies on (R4).
pub(crate) fn leaving(snapshot: &Snapshot, unique_name: &str) -> BTreeSet<SolutionNo> {
    let Some(solution) = snapshot.solution_named(unique_name) else { return BTreeSet::new() };
    let mut leaving = BTreeSet::from([solution.no]);
    if solution.is_managed && solution.kind == SolutionKind::Base {
        leaving.extend(Family::of(snapshot, solution).installed());
    }
    let (going, staying): (Vec<_>, Vec<_>) = snapshot.solutions.iter().partition(|other| leaving.contains(&other.no));
    let still_needed: BTreeSet<_> = staying.iter().flat_map(|other| other.assumes.iter().copied()).collect();
    let placeholder = |no: &SolutionNo| snapshot.solution(*no).is_some_and(|solution| solution.assumed);
    let assumed: BTreeSet<_> = going.iter().flat_map(|other| other.assumes.iter().copied()).collect();
    leaving.extend(assumed.into_iter().filter(|no| placeholder(no) && !still_needed.contains(no)));
    leaving
}

/// L100, L101: what becomes of the patches of a solution that goes.
fn check_patches(snapshot: &Snapshot, solution: &Solution, plan: &mut Plan) {
    let family = Family::of(snapshot, solution);
    if solution.kind != SolutionKind::Base || family.patches.is_empty() {
        return;
    }
    let patches: Vec<_> = family.patches.iter().rev().map(|patch| patch.unique_name.clone()).collect();
    if solution.is_managed {
        let message = format!("its patches go first: {}", patches.join(", then "));
        plan.findings.push(Finding::info(FindingKind::Package, "L100", message));
        return;
    }
    let message = format!("{} has patches, which have to be deleted first", solution.unique_name);
    plan.findings.push(
        Finding::error(FindingKind::DeleteBlocked, ErrorCode::CANNOT_MODIFY_PATCHED, "L101", message)
            .hint(names::uninstall_first(&patches)),
    );
}
