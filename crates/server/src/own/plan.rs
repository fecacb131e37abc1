//! `strata.Plan`: what any operation would do; `strata.ComparePlans`: what each way to import a package would.

use serde_json::{Map, Value};
use strata_ops::export::{self, Target};
use strata_ops::view::PlanView;
use strata_ops::{ExportOptions, Request, prepare, silent};

use super::shape;
use crate::access::Role;
use crate::actions;
use crate::answer::Answer;
use crate::fault::Fault;
use crate::given::Given;
use crate::message::{Call, Kind, Level, Message, REST, Shape, optional, required};

pub(super) static PLAN: Message = Message {
    name: "strata.Plan",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[required("Operation", Kind::Text), optional("ListUnchanged", Kind::Boolean), REST],
    answer: Shape::Open,
    summary: "says what an action would do, and does nothing: its name as `Operation`, its own parameters beside it",
    carry_out: plan,
    request: None,
};

pub(super) static COMPARE_PLANS: Message = Message {
    name: "strata.ComparePlans",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[REST],
    answer: Shape::Open,
    summary: "says what update, upgrade and stage would make of a package, given as to ImportSolutionAsync",
    carry_out: |call| {
        let Request::Import { package, options } = planned(call, "ImportSolutionAsync")? else {
            return Err(Fault::not_built(call.message.name));
        };
        let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
        Ok(shape(call, &strata_ops::compare(workspace, environment, &package, &options, &silent)?))
    },
    request: None,
};

fn plan(call: &Call<'_>) -> Result<Answer, Fault> {
    let operation = call.given.name("Operation");
    if operation.starts_with("ExportSolution") {
        return plan_export(call, operation);
    }
    let request = planned(call, operation)?;
    let prepared = prepare(call.ask.workspace, &call.ask.environment, &request, &silent)?;
    Ok(shape(call, &PlanView::of(&prepared.plan, call.given.flag("ListUnchanged"))))
}

/// Reads the parameters of an action from the same body, and returns what it asks.
fn planned(call: &Call<'_>, operation: &str) -> Result<Request, Fault> {
    let inner = inner(call, operation)?;
    inner.request()
}

fn inner<'a>(call: &'a Call<'_>, operation: &str) -> Result<Call<'a>, Fault> {
    let Some(message) = actions::find(operation) else {
        return Err(Fault::payload(format!("parameter 'Operation': there is no action {operation}")));
    };
    let own = |name: &str| PLAN.parameters.iter().any(|parameter| parameter.name == name);
    let body: Map<String, Value> = call.ask.json()?.into_iter().filter(|(name, _)| !own(name)).collect();
    Ok(Call { ask: call.ask, message, given: Given::of_body(message, body)? })
}

fn plan_export(call: &Call<'_>, operation: &str) -> Result<Answer, Fault> {
    let inner = inner(call, operation)?;
    let solution = inner.given.name("SolutionName").to_owned();
    let options = ExportOptions { solution, managed: inner.given.flag("Managed"), version: None };
    // No file is written: the name is the one that the package would have.
    let target = Target { path: None, overwrite: true };
    Ok(shape(call, &export::plan(call.ask.workspace, None, &options, &target)?))
}
