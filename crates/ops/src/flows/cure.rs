//! `flow repair`: the documented way out of a collision, as one operation and what is left to do after it (DF36).

use strata_engine::desktop_flow;
use strata_engine::desktop_flow::repair::{self, Cure};
use strata_model::component::{ComponentKey, ComponentRef};
use strata_model::environment::{ComponentState, Environment, Snapshot};
use strata_model::history::{HistoryEntry, HistoryKind, Outcome};
use strata_model::plan::{Action, Change};
use strata_model::rules::Rules;
use strata_store::StoreBodies;

use super::view::{Next, RepairView, Step};
use super::{FlowWish, refused};
use crate::by_hand::ByHand;
use crate::{OpsError, Request, Workspace, prepare, silent};

/// What is to be done for a flow.
#[derive(Debug)]
pub struct Repair {
    /// `None` where the flow runs.
    pub request: Option<Request>,
    pub view: RepairView,
}

/// Chooses what is documented for the case; changes nothing.
pub fn repair(workspace: &Workspace, environment: &Environment, flow: &ComponentKey) -> Result<Repair, OpsError> {
    let store = workspace.store();
    let seen = store.snapshot(environment, None, &desktop_flow::footprint(flow))?;
    let bodies = StoreBodies::new(store);
    let rules = Rules::OURS;
    let removal = match repair::solution_to_delete(&seen, flow, &rules, &bodies) {
        Some(solution) => Request::Uninstall { solution },
        None => Request::ByHand(ByHand::Delete { component: flow.clone() }),
    };
    let planned = prepare(workspace, environment, &removal, &silent)?.plan;
    let cure = repair::choose(&seen, flow, &planned, &rules, &bodies);
    if let Some(error) = bodies.take_error() {
        return Err(error.into());
    }
    let cure = cure.map_err(|finding| refused(*finding))?;
    let Some(state) = seen.components.get(flow) else { return Err(super::unknown(flow.as_str(), &[])) };
    let component = reference(&seen, state);
    let flow = flow.clone();
    let (case, request, because) = match cure {
        Cure::Nothing => return Ok(Repair { request: None, view: RepairView::new(component, "runs") }),
        Cure::DeleteSolution { .. } => ("managed", removal, Vec::new()),
        Cure::DeleteFlow => ("unmanaged", removal, Vec::new()),
        Cure::RemoveUnmanaged { because } => {
            ("managed-held", Request::Flow(FlowWish::RemoveUnmanaged { flow }), because)
        }
        Cure::RemoveStale { because } => ("unmanaged-held", Request::Flow(FlowWish::RemoveStale { flow }), because),
    };
    let steps = match &request {
        Request::Flow(_) => {
            let changes = prepare(workspace, environment, &request, &silent)?.plan.changes;
            changes.into_iter().zip(1..).map(|(change, step)| step_of(change, step)).collect()
        }
        Request::Uninstall { solution } => vec![solution_goes(solution)],
        _ => vec![flow_goes(&component)],
    };
    let next = match &request {
        Request::Flow(_) => None,
        Request::Uninstall { solution } => next(&seen, &store.history(environment, None)?, &[solution.as_str()]),
        _ => next(&seen, &store.history(environment, None)?, &unmanaged_solutions(&seen, state)),
    };
    let view = RepairView { steps, next, because, ..RepairView::new(component, case) };
    Ok(Repair { request: Some(request), view })
}

fn solution_goes(solution: &str) -> Step {
    Step {
        step: 1,
        text: format!("delete the managed solution {solution}, and with it its flows and its data"),
        command: format!("strata solution delete --solution-name {solution}"),
        component: None,
        solution: Some(solution.to_owned()),
    }
}

fn flow_goes(flow: &ComponentRef) -> Step {
    Step {
        step: 1,
        text: "delete the flow and its binaries; deleting its solution would leave them".to_owned(),
        command: format!("strata component delete workflow:{}", flow.name),
        component: Some(flow.clone()),
        solution: None,
    }
}

/// What becomes of one component, as the command that would do it alone.
fn step_of(change: Change, step: usize) -> Step {
    let name = format!("{}:{}", change.component.type_name, change.component.name);
    let (text, command) = match change.action {
        Action::Delete => (
            format!("delete the unmanaged binary {}", change.component.name),
            format!("strata component delete {name}"),
        ),
        Action::Create | Action::Modify | Action::Detach | Action::Unchanged => {
            ("remove the unmanaged layer of the flow".to_owned(), format!("strata component remove-active {name}"))
        }
    };
    Step { step, text, command, component: Some(change.component), solution: None }
}

fn reference(snapshot: &Snapshot, state: &ComponentState) -> ComponentRef {
    let display = super::display_name(state);
    ComponentRef::new(snapshot.environment.id, &state.component.key, &state.component.name, state.component.id, display)
}

fn unmanaged_solutions<'a>(snapshot: &'a Snapshot, flow: &ComponentState) -> Vec<&'a str> {
    let members = flow.members.iter().filter_map(|member| snapshot.solution(member.solution));
    members.filter(|solution| !solution.is_managed).map(|solution| solution.unique_name.as_str()).collect()
}

/// Returns the import to run afterwards: the package last imported of these solutions.
fn next(snapshot: &Snapshot, history: &[HistoryEntry], solutions: &[&str]) -> Option<Next> {
    let is_import = |entry: &&HistoryEntry| {
        let is_one = |name: &str| solutions.iter().any(|solution| solution.eq_ignore_ascii_case(name));
        entry.kind == HistoryKind::Import
            && entry.outcome == Outcome::Succeeded
            && entry.solution.as_deref().is_some_and(is_one)
    };
    let mut imports: Vec<_> = history.iter().filter(is_import).collect();
    imports.sort_by_key(|entry| std::cmp::Reverse(entry.operation));
    // What was undone since does not count: the version that is there does.
    let is_there = |entry: &&&HistoryEntry| {
        let installed = entry.solution.as_deref().and_then(|name| snapshot.solution_named(name));
        installed.is_some_and(|solution| entry.to_version.as_deref() == Some(&solution.version.to_string()))
    };
    let entry = imports.iter().find(is_there).or(imports.first())?;
    let package = entry.facts.as_ref().and_then(|facts| facts.package_name.clone());
    Some(Next {
        solution: entry.solution.clone()?,
        version: entry.to_version.clone(),
        command: format!("strata import {}", package.as_deref().unwrap_or("FILE")),
        package,
    })
}
