//! What solutions list, a row for each component (L18).
//!
//! The platform's own solutions list what nobody has put there: *Default* every component, *Active* those with
//! customizations. Their rows are as many as there are components, and made when somebody asks for one of these
//! solutions by its id; a query that names no solution does not see them.

use serde_json::Value;
use strata_model::environment::{ComponentState, Environment, Footprint, Membership, Snapshot};
use strata_model::id::{Guid, SolutionNo};
use strata_store::Record;
use strata_store::query::Relation;

use super::document::{Document, Known};
use super::{OfComponents, refresh_components, types, wanted_text};
use crate::rows::reference;
use crate::{OpsError, Workspace, components};

const COLUMNS: [&str; 3] = ["solutionid", "objectid", "componenttype"];

/// Types whose components are metadata, not rows of tables.
const METADATA: [&str; 8] = [
    "entity",
    "attribute",
    "entitykey",
    "entityrelationship",
    "optionset",
    "attributeimageconfig",
    "entityimageconfig",
    "ribboncustomization",
];

/// Returns the id of the row that says that a solution lists a component.
pub fn solution_component_id(solution: Guid, component: Guid) -> Guid {
    Guid::minted(solution, "solutioncomponent", &component.to_string())
}

pub(super) fn refresh(workspace: &Workspace, environment: &Environment) -> Result<(), OpsError> {
    let of = OfComponents {
        set: "solutioncomponent",
        all: Footprint { everything: true, ..Footprint::default() },
        columns: COLUMNS.to_vec(),
        rows: &rows,
        ids: &|seen, state| rows_of(seen, state).map(|(_, _, id)| id).collect(),
        others: Vec::new(),
    };
    refresh_components(workspace, environment, of)
}

/// The memberships of a component, each with its solution's id and that of its row.
fn rows_of<'a>(seen: &'a Snapshot, state: &'a ComponentState) -> impl Iterator<Item = (&'a Membership, Guid, Guid)> {
    let object = components::reference(seen.environment.id, state).id;
    state.members.iter().filter_map(move |member| {
        let solution = seen.solution(member.solution)?.id;
        Some((member, solution, solution_component_id(solution, object)))
    })
}

/// Where the members of the platform's own solutions are kept.
const OWN_SET: &str = "solutioncomponent.own";

/// The id of one of the platform's own solutions.
fn own_solution(environment: Guid, name: &str) -> Guid {
    Guid::minted(environment, "solution", name)
}

/// Tells whether a query wants the members of one of the platform's own solutions.
pub(super) fn are_of_own_solution(environment: &Environment, wanted: &[(String, Value)]) -> bool {
    let asked = wanted_text(wanted, "solutionid");
    let is_it = |name: &str| {
        let own = reference("solution", &own_solution(environment.id, name).to_string());
        asked == Some(own.as_str().unwrap_or_default())
    };
    is_it("default") || is_it("active")
}

/// Returns where the members of the platform's own solutions are, brought up to date.
pub(super) fn of_own_solutions(workspace: &Workspace, environment: &Environment) -> Result<Relation, OpsError> {
    let of = OfComponents {
        set: OWN_SET,
        all: Footprint { everything: true, ..Footprint::default() },
        columns: COLUMNS.to_vec(),
        rows: &own_rows,
        ids: &|seen, state| {
            let object = components::reference(seen.environment.id, state).id;
            own_lists(seen, state).map(|solution| solution_component_id(solution, object)).collect()
        },
        others: Vec::new(),
    };
    refresh_components(workspace, environment, of)?;
    Ok(Relation::Projection(OWN_SET.to_owned()))
}

/// Which of the platform's own solutions list a component.
fn own_lists(seen: &Snapshot, state: &ComponentState) -> impl Iterator<Item = Guid> {
    let environment = seen.environment.id;
    let is_there = !state.layers.is_empty() || !state.members.is_empty();
    let is_active = state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE);
    let default = is_there.then(|| own_solution(environment, "default"));
    default.into_iter().chain(is_active.then(|| own_solution(environment, "active")))
}

fn own_rows(known: &Known<'_>, seen: &Snapshot, state: &ComponentState) -> Result<Vec<Record>, OpsError> {
    let object = components::reference(seen.environment.id, state).id;
    let root = state.component.parent().map(|root| known.id(&root)).transpose()?;
    let mut rows = Vec::new();
    for solution in own_lists(seen, state) {
        let mut row = about(known, seen, state)?;
        row.lookup("solutionid", "solution", Some(solution));
        match root {
            None => drop(row.set("rootcomponentbehavior", 0)),
            Some(root) => {
                row.text("rootsolutioncomponentid", Some(&solution_component_id(solution, root).to_string()));
            }
        }
        rows.push(row.record(solution_component_id(solution, object)));
    }
    Ok(rows)
}

/// What each row of a component says.
fn about(known: &Known<'_>, seen: &Snapshot, state: &ComponentState) -> Result<Document, OpsError> {
    let object = components::reference(seen.environment.id, state).id;
    let number = types::number(seen.environment.id, &state.component.key.component_type);
    let is_metadata = METADATA.iter().any(|metadata| state.component.key.component_type.is(metadata));
    let first = state.layers.iter().map(|layer| layer.from).min();
    let time = first.map_or(Ok(None), |first| known.time(first))?;
    let mut row = Document::default();
    row.set("objectid", object.to_string())
        .set("componenttype", number)
        .set("ismetadata", is_metadata)
        .times(time, None);
    Ok(row)
}

fn rows(known: &Known<'_>, seen: &Snapshot, state: &ComponentState) -> Result<Vec<Record>, OpsError> {
    let mut rows = Vec::new();
    for (member, solution, id) in rows_of(seen, state) {
        let mut row = about(known, seen, state)?;
        row.lookup("solutionid", "solution", Some(solution));
        match member.behavior {
            Some(behavior) => drop(row.set("rootcomponentbehavior", Value::from(u8::from(behavior)))),
            None => {
                let root = state.component.parent().map(|root| known.id(&root)).transpose()?;
                let root = root.map(|root| solution_component_id(solution, root).to_string());
                row.text("rootsolutioncomponentid", root.as_deref());
            }
        }
        rows.push(row.record(id));
    }
    Ok(rows)
}
