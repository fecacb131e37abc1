//! What a solution holds, as the maker portal lists it: `msdyn_solutioncomponentsummaries` and their counts.
//!
//! Nobody can list them all: a query says which solution it is about.

use std::collections::BTreeMap;

use serde_json::Value;
use strata_engine::{catalogue, managed_property};
use strata_model::code::ErrorCode;
use strata_model::component::ComponentType;
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::id::{Guid, SolutionNo};
use strata_model::rules::Rules;
use strata_store::{Record, StoreBodies};

use super::document::{Document, Known};
use super::types;
use crate::schema::Schema;
use crate::{OpsError, Workspace, components};

/// Which components a solution's rows are.
enum Of {
    Members(SolutionNo),
    /// The Default solution lists everything.
    All,
    Active,
}

pub(super) fn rows(
    workspace: &Workspace,
    environment: &Environment,
    schema: &Schema,
    wanted: &[(String, Value)],
) -> Result<Vec<Record>, OpsError> {
    let Some((solution, seen, states)) = listed(workspace, environment, wanted)? else { return Ok(Vec::new()) };
    let known = Known::new(workspace.store(), environment);
    let bodies = StoreBodies::new(workspace.store());
    let mut rows = Vec::new();
    for state in states.iter().filter_map(|key| seen.components.get(key)) {
        let mut row = row(&known, &seen, state, solution, schema)?;
        let customizable = managed_property::is_customizable(&seen, &state.component.key, &Rules::OURS, &bodies);
        row.values.insert("msdyn_iscustomizable".to_owned(), customizable.into());
        row.values.insert("msdyn_iscustomizablename".to_owned(), word(customizable).into());
        rows.push(row);
    }
    bodies.take_error().map_or(Ok(rows), |error| Err(error.into()))
}

pub(super) fn counts(
    workspace: &Workspace,
    environment: &Environment,
    _schema: &Schema,
    wanted: &[(String, Value)],
) -> Result<Vec<Record>, OpsError> {
    let Some((solution, seen, states)) = listed(workspace, environment, wanted)? else { return Ok(Vec::new()) };
    let mut totals: BTreeMap<&ComponentType, u64> = BTreeMap::new();
    for state in states.iter().filter_map(|key| seen.components.get(key)) {
        *totals.entry(&state.component.key.component_type).or_default() += 1;
    }
    let row = |(component_type, total): (&ComponentType, u64)| {
        let mut row = Document::default();
        row.set("msdyn_componenttype", types::number(environment.id, component_type))
            .set("msdyn_componentlogicalname", types::table(component_type))
            .set("msdyn_solutionid", solution.to_string())
            .set("msdyn_total", total);
        row.record(Guid::minted(solution, "solutioncomponentcountsummary", component_type.name()))
    };
    Ok(totals.into_iter().map(row).collect())
}

type Listed = (Guid, Snapshot, Vec<strata_model::component::ComponentKey>);

/// The components of the solution that a query names; `None` where there is no such solution.
fn listed(
    workspace: &Workspace,
    environment: &Environment,
    wanted: &[(String, Value)],
) -> Result<Option<Listed>, OpsError> {
    let given = wanted.iter().find(|(name, _)| name == "msdyn_solutionid").and_then(|(_, value)| value.as_str());
    let Some(given) = given else {
        let message = "summaries are asked for by `msdyn_solutionid`, with eq";
        return Err(OpsError::request(ErrorCode::INVALID_FILTER, message));
    };
    let Some(id) = Guid::parse(given) else { return Ok(None) };
    let store = workspace.store();
    let headers = store.snapshot(environment, None, &Footprint::default())?;
    let own = |name: &str| Guid::minted(environment.id, "solution", name) == id;
    let of = match headers.solutions.iter().find(|solution| solution.id == id) {
        Some(solution) => Of::Members(solution.no),
        None if own("default") => Of::All,
        None if own("active") => Of::Active,
        None => return Ok(None),
    };
    let footprint = match of {
        Of::Members(no) => Footprint { solutions: vec![no], ..Footprint::default() },
        Of::All | Of::Active => Footprint { everything: true, ..Footprint::default() },
    };
    let seen = store.snapshot(environment, None, &footprint)?;
    let number = wanted.iter().find(|(name, _)| name == "msdyn_componenttype").and_then(|(_, value)| value.as_i64());
    let is_listed = |state: &ComponentState| {
        let own_type = number.is_none_or(|n| types::number(environment.id, &state.component.key.component_type) == n);
        let is_in = match of {
            Of::Members(no) => state.is_member_of(no),
            Of::All => !state.layers.is_empty(),
            Of::Active => state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE),
        };
        own_type && is_in
    };
    let keys = seen.components.iter().filter(|(_, state)| is_listed(state)).map(|(key, _)| key.clone()).collect();
    Ok(Some((id, seen, keys)))
}

fn row(
    known: &Known<'_>,
    seen: &Snapshot,
    state: &ComponentState,
    solution: Guid,
    schema: &Schema,
) -> Result<Record, OpsError> {
    let component_type = &state.component.key.component_type;
    let reference = components::reference(seen.environment.id, state);
    let is_system = catalogue::contains(&state.component.key, &Rules::OURS);
    let is_managed = is_system || state.managed().next().is_some();
    let has_active = state.layers.iter().any(|layer| layer.solution == SolutionNo::ACTIVE);
    let parent = state.component.parent();
    let table = parent.filter(|parent| parent.component_type.is("entity"));
    let table = if component_type.is("entity") { Some(state.component.key.clone()) } else { table };
    let first = state.layers.iter().map(|layer| layer.from).min();
    let last = state.layers.iter().map(|layer| layer.from).max();
    let time = |operation: Option<_>| operation.map_or(Ok(None), |operation| known.time(operation));
    let mut row = Document::default();
    row.set("msdyn_objectid", reference.id.to_string())
        .set("msdyn_solutionid", solution.to_string())
        .set("msdyn_componenttype", types::number(seen.environment.id, component_type))
        .set("msdyn_componenttypename", component_type.label())
        .set("msdyn_componentlogicalname", types::table(component_type))
        .set("msdyn_name", reference.name.as_str())
        .set("msdyn_displayname", reference.display_name.as_deref().unwrap_or(&reference.name))
        .set("msdyn_schemaname", state.component.name.as_str())
        .set("msdyn_ismanaged", is_managed)
        .set("msdyn_ismanagedname", word(is_managed))
        .set("msdyn_iscustom", !is_system)
        .set("msdyn_iscustomname", word(!is_system))
        .set("msdyn_hasactivecustomization", has_active)
        .text("msdyn_primaryentityname", table.as_ref().map(|table| table.as_str()))
        .time("msdyn_createdon", time(first)?)
        .time("msdyn_modifiedon", time(last)?);
    if component_type.is("entity") {
        let entry = schema.by_name(state.component.key.as_str());
        row.text("msdyn_logicalcollectionname", entry.map(|entry| entry.set.as_str()));
    }
    if component_type.can_activate() {
        row.set("msdyn_status", i64::from(state.is_on).to_string());
        row.set("msdyn_statusname", if state.is_on { "On" } else { "Off" });
    }
    if let Some(category) = state.component.category {
        row.set("msdyn_workflowcategory", category.to_string());
        row.text("msdyn_workflowcategoryname", CATEGORIES.get(category as usize).copied());
        row.set("msdyn_subtype", category.to_string());
    }
    // Live rows have no id of their own; one is needed to tell them apart.
    Ok(row.record(Guid::minted(solution, "solutioncomponentsummary", &reference.id.to_string())))
}

/// Categories of processes, by number (web-api §11).
const CATEGORIES: [&str; 8] = [
    "Workflow",
    "Dialog",
    "Business Rule",
    "Action",
    "Business Process Flow",
    "Modern Flow",
    "Desktop Flow",
    "AI Flow",
];

fn word(flag: bool) -> &'static str {
    if flag { "Yes" } else { "No" }
}
