//! Which components an unmanaged solution lists: Add-, Remove- and UpdateSolutionComponent (web-api §8, L16 to L21).

use serde_json::{Value, json};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::environment::Behavior;
use strata_model::id::Guid;
use strata_ops::by_hand::{Addition, ByHand};
use strata_ops::sets::{solution_component_id, types};
use strata_ops::{OpsError, Request, Workspace, components, solutions};

use crate::access::Role;
use crate::answer::Answer;
use crate::fault::{Fault, NO_CODE};
use crate::jobs::{NewJob, accepted};
use crate::message::{Call, Kind, Level, Message, Shape, optional, required};

const ANSWER: Shape = Shape::Properties(&[("id", "Edm.Guid")]);
const JOB: Shape = Shape::Properties(&[("AsyncOperationId", "Edm.Guid")]);

pub(super) static ADD: Message = Message {
    name: "AddSolutionComponent",
    level: Level::Must,
    role: Role::Maker,
    parameters: &[
        required("ComponentId", Kind::Guid),
        required("ComponentType", Kind::Int32),
        required("SolutionUniqueName", Kind::Text),
        required("AddRequiredComponents", Kind::Boolean),
        optional("DoNotIncludeSubcomponents", Kind::Boolean),
        optional("IncludedComponentSettingsValues", Kind::Texts),
    ],
    answer: ANSWER,
    summary: "lists a component in an unmanaged solution",
    carry_out: |call| {
        call.carry_out(&add(call)?)?;
        row_id(call, call.given.id("ComponentId"))
    },
    request: Some(add),
};

pub(super) static REMOVE: Message = Message {
    name: "RemoveSolutionComponent",
    level: Level::Must,
    role: Role::Maker,
    parameters: &[
        required("SolutionComponent", Kind::Row("solutioncomponent")),
        required("ComponentType", Kind::Int32),
        required("SolutionUniqueName", Kind::Text),
    ],
    answer: ANSWER,
    summary: "takes a component off the list of an unmanaged solution",
    carry_out: |call| {
        let key = removed(call)?;
        let id = components::show(call.ask.workspace, None, &key.to_string(), true)?.component.id;
        call.carry_out(&remove(call)?)?;
        row_id(call, id)
    },
    request: Some(remove),
};

pub(super) static UPDATE: Message = Message {
    name: "UpdateSolutionComponent",
    level: Level::Should,
    role: Role::Maker,
    parameters: &[
        required("ComponentId", Kind::Guid),
        required("ComponentType", Kind::Int32),
        required("SolutionUniqueName", Kind::Text),
        optional("IncludedComponentSettingsValues", Kind::Texts),
    ],
    answer: ANSWER,
    summary: "says how much of its own definition a listed table brings: all settings, or with an empty list none",
    carry_out: |call| {
        call.carry_out(&update(call)?)?;
        row_id(call, call.given.id("ComponentId"))
    },
    request: Some(update),
};

pub(super) static ADD_ASYNC: Message = Message {
    name: "AddComponentToSolutionAsync",
    level: Level::Later,
    role: Role::Maker,
    parameters: &[
        required("LogicalName", Kind::Text),
        required("Id", Kind::Guid),
        required("SolutionUniqueName", Kind::Text),
        optional("AddRequiredComponents", Kind::Boolean),
        optional("IncludeChildComponents", Kind::Boolean),
        optional("IncludeEntityMetadata", Kind::Boolean),
    ],
    answer: JOB,
    summary: "lists a component in an unmanaged solution, as a job",
    carry_out: |call| start(call, vec![add_one(call)?], false),
    request: Some(add_one),
};

pub(super) static ADD_SEVERAL_ASYNC: Message = Message {
    name: "AddComponentsToSolutionAsync",
    level: Level::Later,
    role: Role::Maker,
    parameters: &[
        required(PARAMETERS, Kind::Object("AddComponentToSolutionParametersCollection")),
        required("SolutionUniqueName", Kind::Text),
        optional("ContinueOnError", Kind::Boolean),
    ],
    answer: JOB,
    summary: "lists components in an unmanaged solution, as a job",
    carry_out: |call| start(call, add_several(call)?, call.given.flag("ContinueOnError")),
    request: None,
};

fn add_one(call: &Call<'_>) -> Result<Request, Fault> {
    let flag = |name: &str| call.given.has(name).then(|| call.given.flag(name));
    let wish = Wish {
        name: call.given.name("LogicalName"),
        id: call.given.id("Id"),
        required: call.given.flag("AddRequiredComponents"),
        children: flag("IncludeChildComponents"),
        metadata: flag("IncludeEntityMetadata"),
    };
    wish.request(call, call.given.name("SolutionUniqueName"))
}

/// What `AddComponentsToSolutionAsync` asks, one component after the other.
pub(crate) fn add_several(call: &Call<'_>) -> Result<Vec<Request>, Fault> {
    let collection = call.given.object(PARAMETERS).and_then(|object| object.get("ParameterCollection"));
    let Some(Value::Array(rows)) = collection else {
        return Err(Fault::payload(format!("parameter '{PARAMETERS}': a list is expected for ParameterCollection")));
    };
    let solution = call.given.name("SolutionUniqueName");
    let rows = rows.iter().zip(1..);
    rows.map(|(row, position)| Wish::read(row, position)?.request(call, solution)).collect()
}

const PARAMETERS: &str = "SolutionComponentParameters";

/// A component as the asynchronous actions name it.
struct Wish<'a> {
    name: &'a str,
    id: Guid,
    required: bool,
    children: Option<bool>,
    metadata: Option<bool>,
}

impl<'a> Wish<'a> {
    fn read(row: &'a Value, position: usize) -> Result<Self, Fault> {
        let lacks = |name: &str| {
            let message = format!("parameter '{PARAMETERS}': position {position} lacks '{name}'");
            Fault::payload(message)
        };
        let flag = |name: &str| row.get(name).and_then(Value::as_bool);
        Ok(Self {
            name: row.get("LogicalName").and_then(Value::as_str).ok_or_else(|| lacks("LogicalName"))?,
            id: row.get("Id").and_then(Value::as_str).and_then(Guid::parse).ok_or_else(|| lacks("Id"))?,
            required: flag("AddRequiredComponents").unwrap_or(false),
            children: flag("IncludeChildComponents"),
            metadata: flag("IncludeEntityMetadata"),
        })
    }

    fn request(&self, call: &Call<'_>, solution: &str) -> Result<Request, Fault> {
        let component_type = types::of_layer_name(self.name);
        let component =
            components::find_identified(call.ask.workspace, &call.ask.environment, &component_type, self.id)?;
        let behavior = match (component.component_type.is("entity"), self.children, self.metadata) {
            (false, ..) | (true, None, _) => None,
            (true, Some(true), _) => Some(Behavior::IncludeSubcomponents),
            (true, Some(false), Some(false)) => Some(Behavior::IncludeAsShellOnly),
            (true, Some(false), _) => Some(Behavior::DoNotIncludeSubcomponents),
        };
        let addition = Addition { solution: solution.to_owned(), behavior, required_components: self.required };
        Ok(Request::ByHand(ByHand::Add { component, addition }))
    }
}

fn start(call: &Call<'_>, requests: Vec<Request>, goes_on: bool) -> Result<Answer, Fault> {
    let work = move |workspace: &Workspace, environment: &str, progress: strata_ops::Progress<'_>| {
        let mut first = None;
        for request in &requests {
            let environment = workspace.environment_named(environment)?;
            match strata_ops::carry_out(workspace, &environment, request, progress) {
                Ok(_) => {}
                Err(error) if goes_on => first = first.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        first.map_or(Ok::<(), OpsError>(()), Err)
    };
    let new = NewJob {
        name: "AddComponentToSolution",
        message: call.message.name,
        // Execute Async Request.
        number: 54,
        title: "AddSolutionComponent",
        import_job: None,
        export_job: None,
        work: Box::new(move |task| work(task.workspace, &task.environment.name, task.progress)),
    };
    Ok(call.object(accepted(call.ask.service.jobs().start(call.ask, new)?, None)))
}

fn add(call: &Call<'_>) -> Result<Request, Fault> {
    let component = component(call, call.given.id("ComponentId"))?;
    let is_alone = call.given.flag("DoNotIncludeSubcomponents");
    if is_alone && !component.component_type.is("entity") {
        let message = "DoNotIncludeSubcomponents is for tables: other components have no parts to leave out";
        return Err(Fault::new(400, NO_CODE, message));
    }
    let addition = Addition {
        solution: call.given.name("SolutionUniqueName").to_owned(),
        behavior: is_alone.then_some(match is_without_settings(call) {
            true => Behavior::IncludeAsShellOnly,
            false => Behavior::DoNotIncludeSubcomponents,
        }),
        required_components: call.given.flag("AddRequiredComponents"),
    };
    Ok(Request::ByHand(ByHand::Add { component, addition }))
}

fn remove(call: &Call<'_>) -> Result<Request, Fault> {
    let solution = call.given.name("SolutionUniqueName").to_owned();
    Ok(Request::ByHand(ByHand::Remove { component: removed(call)?, solution }))
}

/// Finds the component that is named by its own id, or by that of the row that lists it.
fn removed(call: &Call<'_>) -> Result<ComponentKey, Fault> {
    let object = call.given.object("SolutionComponent");
    let id = object.and_then(|object| object.get("solutioncomponentid")).and_then(Value::as_str).and_then(Guid::parse);
    let Some(id) = id else {
        return Err(Fault::payload("parameter 'SolutionComponent': a GUID is expected for solutioncomponentid"));
    };
    let missing = match component(call, id) {
        Ok(found) => return Ok(found),
        Err(missing) => missing,
    };
    let workspace = call.ask.workspace;
    let solution = solutions::entry_of(workspace, call.given.name("SolutionUniqueName"))?;
    let filter = components::Filter { solution: Some(solution.unique_name), ..components::Filter::default() };
    let listed = components::list(workspace, None, &filter)?;
    let found = listed.into_iter().find(|entry| solution_component_id(solution.id, entry.component.id) == id);
    found
        .map(|entry| ComponentKey::new(ComponentType::named(&entry.component.type_name), &entry.component.name))
        .ok_or(missing)
}

/// Finds a component by the number of its type and its id.
pub(crate) fn component(call: &Call<'_>, id: Guid) -> Result<ComponentKey, Fault> {
    numbered(call, call.given.number("ComponentType").unwrap_or_default().into(), id)
}

/// Finds a component by a number and an id, which stand where they may.
pub(super) fn numbered(call: &Call<'_>, number: i64, id: Guid) -> Result<ComponentKey, Fault> {
    let (workspace, environment) = (call.ask.workspace, &call.ask.environment);
    match types::of_number(workspace, environment, number)? {
        Some(component_type) => Ok(components::find_identified(workspace, environment, &component_type, id)?),
        None => Err(Fault::new(400, UNKNOWN_TYPE, format!("there is no component type {number}"))),
    }
}

/// ComponentDefinitionDoesNotExists (`errors.md`).
const UNKNOWN_TYPE: &str = "0x8004F019";

/// Settings that are named are all of them: the platform knows no choice among them yet.
fn update(call: &Call<'_>) -> Result<Request, Fault> {
    Ok(Request::ByHand(ByHand::Relist {
        component: component(call, call.given.id("ComponentId"))?,
        solution: call.given.name("SolutionUniqueName").to_owned(),
        with_settings: !is_without_settings(call),
    }))
}

/// An empty list asks for no settings, none at all for every one.
fn is_without_settings(call: &Call<'_>) -> bool {
    call.given.has(SETTINGS) && call.given.texts(SETTINGS).is_empty()
}

const SETTINGS: &str = "IncludedComponentSettingsValues";

fn row_id(call: &Call<'_>, component: Guid) -> Result<Answer, Fault> {
    let solution = solutions::entry_of(call.ask.workspace, call.given.name("SolutionUniqueName"))?;
    Ok(call.object(json!({ "id": solution_component_id(solution.id, component) })))
}
