//! Operations of this product's own, in the namespace `strata`: what the command line can say and the platform's API
//! cannot. Their answers are the JSON of the command line.

mod check;
mod environments;
mod flows;
mod history;
mod layers;
mod plan;
mod used_by;

use serde::Serialize;
use serde_json::Value;
use strata_model::component::ComponentKey;
use strata_model::id::Operation;
use strata_ops::view::PlanView;
use strata_ops::{Applied, components};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::message::{Call, Kind, Message, Parameter, optional};

/// Lists those that change something, and those whose parameters are too large for a URL.
pub(crate) fn actions() -> impl Iterator<Item = &'static Message> {
    ACTIONS.iter().chain(crate::operate::ALL).copied()
}

/// Lists those that only read.
pub(crate) fn functions() -> impl Iterator<Item = &'static Message> {
    FUNCTIONS.iter().copied()
}

const ACTIONS: &[&Message] = &[
    &plan::PLAN,
    &plan::COMPARE_PLANS,
    &check::CHECK,
    &check::DIFF,
    &history::UNDO,
    &history::RESTORE,
    &flows::REPAIR,
    &environments::CREATE,
    &environments::COPY,
    &environments::DELETE,
    &environments::CHANGE_SETTINGS,
];

const FUNCTIONS: &[&Message] = &[
    &layers::LAYERS,
    &used_by::USED_BY,
    &history::HISTORY,
    &history::HISTORY_ENTRY,
    &flows::FLOWS,
    &flows::RUN,
    &environments::ENVIRONMENTS,
    &environments::ENVIRONMENT,
];

/// The state after an operation, where one is named.
const AT: Parameter = optional("At", Kind::Int32);

fn at(call: &Call<'_>) -> Option<Operation> {
    call.given.number("At").map(|number| Operation(number.into()))
}

/// Finds the component that `Component` names, as `TYPE:NAME`.
fn component(call: &Call<'_>) -> Result<ComponentKey, Fault> {
    Ok(components::find(call.ask.workspace, &call.ask.environment, at(call), call.given.name("Component"))?)
}

/// Answers with a shape of the command line.
fn shape(call: &Call<'_>, shape: &impl Serialize) -> Answer {
    call.object(json(shape))
}

/// Answers with a list of such shapes.
fn shapes(call: &Call<'_>, shapes: &[impl Serialize]) -> Answer {
    call.list(call.message.name, shapes.iter().map(|shape| json(shape)).collect())
}

fn json(shape: &impl Serialize) -> Value {
    serde_json::to_value(shape).expect("shapes of answers have texts as keys")
}

/// Answers with what an operation did.
fn applied(call: &Call<'_>, applied: &Applied) -> Answer {
    let mut view = PlanView::of(&applied.plan, false);
    view.job = applied.job;
    view.applied_as = applied.recorded.then_some(applied.operation);
    shape(call, &view)
}
