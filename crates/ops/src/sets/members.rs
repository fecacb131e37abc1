//! What solutions list, a row for each component (L18).

use serde_json::Value;
use strata_model::environment::{ComponentState, Environment, Footprint, Membership, Snapshot};
use strata_model::id::Guid;
use strata_store::Record;

use super::document::{Document, Known};
use super::{OfComponents, refresh_components, types};
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

fn rows(known: &Known<'_>, seen: &Snapshot, state: &ComponentState) -> Result<Vec<Record>, OpsError> {
    let object = components::reference(seen.environment.id, state).id;
    let number = types::number(seen.environment.id, &state.component.key.component_type);
    let is_metadata = METADATA.iter().any(|metadata| state.component.key.component_type.is(metadata));
    let first = state.layers.iter().map(|layer| layer.from).min();
    let time = first.map_or(Ok(None), |first| known.time(first))?;
    let mut rows = Vec::new();
    for (member, solution, id) in rows_of(seen, state) {
        let mut row = Document::default();
        row.set("objectid", object.to_string())
            .set("componenttype", number)
            .set("ismetadata", is_metadata)
            .lookup("solutionid", "solution", Some(solution))
            .times(time, None);
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
