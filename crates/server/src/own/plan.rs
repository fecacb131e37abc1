//! `strata.Plan`: what any operation would do; `strata.ComparePlans`: what each way to import a package would.
//!
//! An action is planned from its parameters. What is asked by a verb and a URL is carried out in a transaction that is
//! taken back, and the plans that were made on the way are the answer; in the same way several operations are planned
//! that stand on each other.

use serde_json::{Map, Value, json};
use strata_odata::path::Segment;
use strata_ops::export::{self, Target};
use strata_ops::view::PlanView;
use strata_ops::{OpsError, Request, Whole, prepare, silent};

use super::shape;
use crate::access::Role;
use crate::answer::Answer;
use crate::ask::{Ask, Verb};
use crate::body::Body;
use crate::fault::Fault;
use crate::given::Given;
use crate::message::{Call, Kind, Level, Message, REST, Shape, optional, required};
use crate::{actions, metadata, rows};

pub(super) static PLAN: Message = Message {
    name: "strata.Plan",
    level: Level::Own,
    role: Role::Reader,
    parameters: &[
        required("Operation", Kind::Text),
        optional("ListUnchanged", Kind::Boolean),
        optional("Body", Kind::Any),
        REST,
    ],
    answer: Shape::Open,
    summary: "says what an action would do, and does nothing: its name as `Operation`, its own parameters beside it; or \
              what a request would do that writes sets or definitions: `POST solutions` as `Operation`, and its `Body`",
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
        let Request::Import { package, options } = inner(call, "ImportSolutionAsync")?.request()? else {
            return Err(Fault::payload("ImportSolutionAsync imports a package"));
        };
        let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
        Ok(shape(call, &strata_ops::compare(workspace, environment, &package, &options, &silent)?))
    },
    request: None,
};

fn plan(call: &Call<'_>) -> Result<Answer, Fault> {
    let operation = call.given.name("Operation");
    if let Some((verb, url)) = operation.split_once(' ') {
        return plan_request(call, verb, url.trim());
    }
    if metadata::serves(operation) {
        return plan_definitions(call, operation);
    }
    let inner = inner(call, operation)?;
    match inner.message.name {
        "ExportSolution" | "ExportSolutionAsync" => plan_export(call, &inner),
        "AddComponentsToSolutionAsync" => plan_several(call, &inner),
        _ => {
            let prepared = prepare(call.ask.workspace, &call.ask.environment, &inner.request()?, &silent)?;
            Ok(shape(call, &PlanView::of(&prepared.plan, call.given.flag("ListUnchanged"))))
        }
    }
}

/// Reads the parameters of an action from the same body.
fn inner<'a>(call: &'a Call<'_>, operation: &str) -> Result<Call<'a>, Fault> {
    let Some(message) = actions::find(operation) else {
        return Err(Fault::payload(format!("parameter 'Operation': there is no action {operation}")));
    };
    Ok(Call { ask: call.ask, message, given: Given::of_body(message, rest(call)?, call.ask.body)? })
}

/// What stands in the body beside the parameters of `strata.Plan`.
fn rest(call: &Call<'_>) -> Result<Map<String, Value>, Fault> {
    let own = |name: &str| PLAN.parameters.iter().any(|parameter| parameter.name == name);
    Ok(call.ask.json()?.into_iter().filter(|(name, _)| !own(name)).collect())
}

fn plan_export(call: &Call<'_>, inner: &Call<'_>) -> Result<Answer, Fault> {
    let options = actions::export_options(inner)?;
    // No file is written: the name is the one that the package would have.
    let target = Target { path: None, overwrite: true };
    Ok(shape(call, &export::plan(call.ask.workspace, None, &options, &target)?))
}

fn plan_several(call: &Call<'_>, inner: &Call<'_>) -> Result<Answer, Fault> {
    let (requests, goes_on) = (actions::add_several(inner)?, inner.given.flag("ContinueOnError"));
    let plans = taken_back(call, || {
        for request in &requests {
            let environment = call.ask.workspace.environment()?;
            let done = strata_ops::carry_out(call.ask.workspace, &environment, request, &silent);
            match done {
                Err(OpsError::Refused(_)) if !goes_on => break,
                Ok(_) | Err(OpsError::Refused(_)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    })?;
    Ok(shape(call, &json!({ "plans": plans })))
}

/// Plans an action that makes or changes definitions; its parameters stand beside `Operation`.
fn plan_definitions(call: &Call<'_>, name: &str) -> Result<Answer, Fault> {
    let body = Value::Object(rest(call)?);
    plan_ask(call, Verb::Post, name, &body)
}

fn plan_request(call: &Call<'_>, verb: &str, url: &str) -> Result<Answer, Fault> {
    if let Some(stray) = rest(call)?.keys().find(|name| !name.contains('@')) {
        return Err(Fault::payload(format!("parameter '{stray}': what a request writes stands in 'Body'")));
    }
    let verb = Verb::parse(verb).filter(|verb| verb.writes());
    let verb = verb.ok_or_else(|| Fault::payload("parameter 'Operation': POST, PATCH, PUT or DELETE is expected"))?;
    let body = call.given.any("Body").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    plan_ask(call, verb, url, &body)
}

/// Carries out what a request asks of sets or definitions, takes it back, and answers with its plan.
fn plan_ask(call: &Call<'_>, verb: Verb, url: &str, body: &Value) -> Result<Answer, Fault> {
    let body = Body::from(body.to_string().into_bytes());
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = strata_odata::path::parse(&strata_odata::url::decoded_path(path.trim_start_matches('/'))?)?;
    refuse_others(&path)?;
    let options = strata_odata::url::options(query)?;
    let plans = taken_back(call, || {
        let ask = Ask {
            environment: call.ask.workspace.environment()?,
            verb,
            path,
            options,
            body: &body,
            is_tentative: true,
            ..*call.ask
        };
        match metadata::serves(&ask.path[0].name) {
            true => metadata::answer(&ask),
            false => rows::answer(&ask),
        }
        .map(|_| ())
    })?;
    let mut plans = plans.into_iter();
    match (plans.next(), plans.next()) {
        (None, _) => Err(Fault::payload(format!("{url} is a row of a table: no plan speaks of rows"))),
        (Some(plan), None) => Ok(shape(call, &plan)),
        (Some(first), Some(second)) => {
            let plans: Vec<_> = [first, second].into_iter().chain(plans).collect();
            Ok(shape(call, &json!({ "plans": plans })))
        }
    }
}

/// Refuses what does more than write to the store, and what has a plan by its name.
fn refuse_others(path: &[Segment]) -> Result<(), Fault> {
    let first = path.first().map_or("", |segment| segment.name.as_str());
    let is_other = first.is_empty() || first == "$batch" || first == "asyncoperations" || first.starts_with("strata.");
    if is_other || actions::find(first).is_some() {
        let message = "parameter 'Operation': a set, or definitions, are expected behind the verb; actions go by name";
        return Err(Fault::payload(message));
    }
    Ok(())
}

/// Carries something out, takes it back, and returns the plans of what it did. What a rule refuses has a plan; what is
/// refused for another reason has none.
fn taken_back(call: &Call<'_>, work: impl FnOnce() -> Result<(), Fault>) -> Result<Vec<PlanView>, Fault> {
    // It is never kept.
    let _whole = Whole::begin(call.ask.workspace.store()).map_err(OpsError::from)?;
    let listening = call.ask.workspace.listen();
    let done = work();
    let plans = listening.heard();
    match done {
        Err(fault) if !plans.last().is_some_and(PlanView::is_refused) => Err(fault),
        Ok(()) | Err(_) => Ok(plans),
    }
}
