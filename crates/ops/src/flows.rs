//! Desktop flows: list them, find one by name, bind one as its runtime would, make and save and repair one.

mod cure;
mod view;
mod wish;

use strata_engine::desktop_flow;
pub use strata_engine::desktop_flow::{Client, Mode};
use strata_model::code::ErrorCode;
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::{ComponentState, Environment, Footprint};
use strata_model::id::{Guid, Operation};
use strata_model::plan::Finding;
use strata_model::rules::Rules;
use strata_store::StoreBodies;

pub use cure::{Repair, repair};
pub use strata_engine::desktop_flow::save::{NewFlow, Save};
pub use view::{BinaryEntry, FlowEntry, Next, RepairView, RunError, RunView, Step};
pub use wish::FlowWish;

use crate::names::did_you_mean;
use crate::{OpsError, Workspace};

/// Lists the desktop flows, by name.
pub fn list(workspace: &Workspace, at: Option<Operation>) -> Result<Vec<FlowEntry>, OpsError> {
    let environment = workspace.environment()?;
    let snapshot = workspace.store().snapshot(&environment, at, &desktop_flow::listing_footprint())?;
    let bodies = StoreBodies::new(workspace.store());
    let flows = desktop_flow::list(&snapshot, &Rules::OURS, &bodies);
    if let Some(error) = bodies.take_error() {
        return Err(error.into());
    }
    let mut entries: Vec<_> = flows.into_iter().map(FlowEntry::of).collect();
    let name = |entry: &FlowEntry| (entry.component.display_name.clone().unwrap_or_default(), entry.component.id);
    entries.sort_by_key(name);
    Ok(entries)
}

/// Binds a flow and its binaries as the runtime would; nothing is carried out and nothing recorded.
pub fn run(workspace: &Workspace, at: Option<Operation>, name: &str, client: &Client) -> Result<RunView, OpsError> {
    let environment = workspace.environment()?;
    let flow = find(workspace, &environment, at, name)?;
    let snapshot = workspace.store().snapshot(&environment, at, &desktop_flow::footprint(&flow))?;
    let bodies = StoreBodies::new(workspace.store());
    let run = desktop_flow::run(&snapshot, &flow, client, &Rules::OURS, &bodies);
    if let Some(error) = bodies.take_error() {
        return Err(error.into());
    }
    Ok(RunView::of(run.map_err(|finding| refused(*finding))?, client))
}

/// Finds a desktop flow by its name or id; a type before it may be left out.
pub fn find(
    workspace: &Workspace,
    environment: &Environment,
    at: Option<Operation>,
    text: &str,
) -> Result<ComponentKey, OpsError> {
    let workflow = ComponentType::named("workflow");
    let typed = text.split_once(':').filter(|(prefix, _)| ComponentType::written(prefix) == workflow);
    let name = typed.map_or(text, |(_, name)| name).trim();
    if name.is_empty() {
        return Err(OpsError::request(ErrorCode::COMPONENT_NOT_EXIST, "a name or an id of a desktop flow is needed"));
    }
    let key = ComponentKey::new(workflow.clone(), name);
    let footprint = match Guid::parse(name) {
        Some(_) => Footprint { keys: vec![key.clone()], ..Footprint::default() },
        None => Footprint { types: vec![workflow], ..Footprint::default() },
    };
    let snapshot = workspace.store().snapshot(environment, at, &footprint)?;
    let exists = |state: &&ComponentState| !state.layers.is_empty();
    if snapshot.components.get(&key).filter(exists).is_some() {
        return Ok(key);
    }
    let known: Vec<_> = snapshot.components.values().filter(exists).collect();
    let called = |state: &ComponentState| display_name(state).is_some_and(|own| own.eq_ignore_ascii_case(name));
    let called: Vec<&ComponentState> = known.iter().copied().filter(|state| called(state)).collect();
    let (flows, others): (Vec<_>, Vec<_>) =
        called.into_iter().partition(|state| desktop_flow::is_desktop_flow(&state.component));
    match (flows.as_slice(), others.as_slice()) {
        ([flow], _) | ([], [flow, ..]) => Ok(flow.component.key.clone()),
        ([], []) => Err(unknown(name, &known)),
        (many, _) => {
            let ids: Vec<_> = many.iter().map(|state| state.component.key.as_str()).collect();
            let message = format!("{} desktop flows are called `{name}`", many.len());
            Err(OpsError::request(ErrorCode::COMPONENT_NOT_EXIST, message)
                .hint(format!("name one by its id: {}", ids.join(", "))))
        }
    }
}

fn display_name(state: &ComponentState) -> Option<&str> {
    state.layers.iter().rev().find_map(|layer| layer.display_name.as_deref())
}

fn unknown(name: &str, known: &[&ComponentState]) -> OpsError {
    let flows = known.iter().filter(|state| desktop_flow::is_desktop_flow(&state.component));
    let error = OpsError::request(ErrorCode::COMPONENT_NOT_EXIST, format!("there is no desktop flow `{name}`"));
    match did_you_mean(name, flows.filter_map(|state| display_name(state))) {
        Some(guess) => error.hint(guess),
        None => error.hint("see them with `strata flow list`"),
    }
}

/// Turns a finding about a request into an error of the same code.
fn refused(finding: Finding) -> OpsError {
    let code = finding.name.as_deref().and_then(ErrorCode::named).unwrap_or(ErrorCode::NOT_FOUND);
    let error = OpsError::request(code, finding.message);
    finding.hints.into_iter().fold(error, OpsError::hint)
}
