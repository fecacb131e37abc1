//! What the store knows in other shapes than rows, shown as rows: solutions, publishers, members of solutions, jobs,
//! components as rows of their tables, layers (web-api §11).
//!
//! Most of it is kept as projections, which a query brings up to date for what operations touched since; what nobody
//! can list without saying of which component or solution is computed for that one. The rest are rows of tables.
//!
//! Not here: how rows are queried.

mod columns;
mod component_rows;
mod content;
mod dependencies;
mod document;
mod find;
mod jobs;
mod layers;
mod members;
mod seeds;
mod solutions;
mod summaries;
pub mod types;
pub mod write;

use std::collections::BTreeSet;

use serde_json::Value;
use strata_model::component::ComponentType;
use strata_model::environment::{ComponentState, Environment, Footprint, Snapshot};
use strata_model::id::{ComponentNo, Guid, Operation};
use strata_store::query::Relation;
use strata_store::{Projection, Record, RecordIndex};

use crate::schema::Schema;
use crate::{OpsError, Workspace};
pub use content::{Content, content_of};
pub use dependencies::dependency_id;
use document::Known;
pub use find::find_by_key;
pub use members::solution_component_id;
pub use write::{By, is_writable, write};

type SmallRows = fn(&Known<'_>, &Snapshot) -> Result<Vec<Record>, OpsError>;
type VirtualRows = fn(&Workspace, &Environment, &Schema, &[(String, Value)]) -> Result<Vec<Record>, OpsError>;
type RowsOf<'a> = &'a dyn Fn(&Known<'_>, &Snapshot, &ComponentState) -> Result<Vec<Record>, OpsError>;

/// How a set comes to be that is no table of rows.
enum Set {
    /// Few rows, written anew after each operation.
    Small(SmallRows, &'static [&'static str]),
    Members,
    Jobs(jobs::Of),
    /// Rows that every environment has, in a table like any other.
    Seeds,
    Components(ComponentType),
    Dependencies,
    /// Computed for what the conditions of a query name.
    Virtual(VirtualRows),
}

fn set_of(workspace: &Workspace, environment: &Environment, table: &str) -> Result<Option<Set>, OpsError> {
    Ok(Some(match table {
        "solution" => Set::Small(solutions::rows, &["uniquename", "publisherid", "parentsolutionid"]),
        "publisher" => Set::Small(solutions::publishers, &["uniquename"]),
        "solutioncomponentdefinition" => Set::Small(types::rows, &["name", "primaryentityname"]),
        "solutioncomponent" => Set::Members,
        "importjob" => Set::Jobs(jobs::Of::Imports),
        "msdyn_solutionhistory" => Set::Jobs(jobs::Of::History),
        "msdyn_componentlayer" => Set::Virtual(layers::rows),
        "msdyn_solutioncomponentsummary" => Set::Virtual(summaries::rows),
        "msdyn_solutioncomponentcountsummary" => Set::Virtual(summaries::counts),
        "dependency" => Set::Dependencies,
        _ if seeds::has(table) => Set::Seeds,
        _ => match types::shown_as(workspace, environment, table)? {
            Some(component_type) => Set::Components(component_type),
            None => return Ok(None),
        },
    }))
}

/// Tells whether the rows of a table are rows and nothing else is to be done to read them.
pub(crate) fn is_plain(workspace: &Workspace, environment: &Environment, table: &str) -> Result<bool, OpsError> {
    Ok(set_of(workspace, environment, table)?.is_none())
}

/// Tells whether the rows of a table are rows, not components or what else the store knows in another shape; those that
/// every environment has are there afterwards.
pub fn are_rows(workspace: &Workspace, environment: &Environment, table: &str) -> Result<bool, OpsError> {
    Ok(match set_of(workspace, environment, table)? {
        None => true,
        Some(Set::Seeds) => {
            seeds::plant(workspace, environment)?;
            true
        }
        Some(_) => false,
    })
}

/// Returns the component type whose components are the rows of a table.
pub fn component_type(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
) -> Result<Option<ComponentType>, OpsError> {
    Ok(match set_of(workspace, environment, table)? {
        Some(Set::Components(component_type)) => Some(component_type),
        Some(_) | None => None,
    })
}

/// Returns the relation that the rows of a table are in, brought up to date; `wanted` are the conditions that all rows
/// asked for meet.
pub fn relation(
    workspace: &Workspace,
    environment: &Environment,
    schema: &Schema,
    table: &str,
    wanted: &[(String, Value)],
) -> Result<Relation, OpsError> {
    let Some(set) = set_of(workspace, environment, table)? else { return Ok(Relation::Records(table.to_owned())) };
    match set {
        Set::Virtual(rows) => return Ok(Relation::Given(rows(workspace, environment, schema, wanted)?)),
        Set::Seeds => {
            seeds::plant(workspace, environment)?;
            return Ok(Relation::Records(table.to_owned()));
        }
        Set::Small(rows, columns) => small(workspace, environment, table, rows, columns)?,
        Set::Dependencies => return dependencies::relation(workspace, environment, wanted),
        Set::Members if members::are_of_own_solution(environment, wanted) => {
            return members::of_own_solutions(workspace, environment);
        }
        Set::Members => members::refresh(workspace, environment)?,
        Set::Jobs(of) => jobs::refresh(workspace, environment, table, of)?,
        Set::Components(component_type) => {
            component_rows::refresh(workspace, environment, schema, table, &component_type)?;
        }
    }
    Ok(Relation::Projection(table.to_owned()))
}

/// Returns the rows of a set of components with what is not published yet; `None` where it is no such set.
pub(crate) fn unpublished(
    workspace: &Workspace,
    environment: &Environment,
    schema: &Schema,
    table: &str,
) -> Result<Option<Relation>, OpsError> {
    let Some(component_type) = component_type(workspace, environment, table)? else { return Ok(None) };
    let rows = component_rows::unpublished(workspace, environment, schema, table, &component_type)?;
    Ok(Some(Relation::Given(rows)))
}

fn small(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
    rows: SmallRows,
    columns: &[&str],
) -> Result<(), OpsError> {
    match workspace.store().projected(environment, table)? {
        Some(shown) if shown >= environment.revision => Ok(()),
        Some(_) | None => write_small(workspace, environment, table, rows, columns),
    }
}

fn write_small(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
    rows: SmallRows,
    columns: &[&str],
) -> Result<(), OpsError> {
    let store = workspace.store();
    let seen = store.snapshot(environment, None, &Footprint::default())?;
    let rows = rows(&Known::new(store, environment), &seen)?;
    let projection = Projection {
        set: table.to_owned(),
        revision: seen.environment.revision,
        replaces_all: true,
        rows,
        removed: Vec::new(),
        indexes: indexes(columns),
    };
    Ok(store.project(environment, &projection)?)
}

fn indexes(columns: &[&str]) -> Vec<RecordIndex> {
    columns.iter().map(|column| RecordIndex::sorted(*column)).collect()
}

/// More components than these are read faster all at once.
const TOUCHED_MAX: usize = 20_000;

/// A set whose rows come from components, each from one.
struct OfComponents<'a> {
    set: &'a str,
    /// Where all of them are.
    all: Footprint,
    /// Columns that rows are found by.
    columns: Vec<&'a str>,
    rows: RowsOf<'a>,
    ids: &'a dyn Fn(&Snapshot, &ComponentState) -> Vec<Guid>,
    /// Rows that come from none.
    others: Vec<Record>,
}

/// Brings a projection of components up to date: rows of what operations touched since, or of all.
fn refresh_components(workspace: &Workspace, environment: &Environment, of: OfComponents<'_>) -> Result<(), OpsError> {
    let store = workspace.store();
    let shown = store.projected(environment, of.set)?;
    if shown.is_some_and(|shown| shown >= environment.revision) {
        return Ok(());
    }
    let touched = match shown {
        Some(shown) => store.touched_since(environment, shown)?.map(|touched| (shown, touched)),
        None => None,
    };
    let touched = touched.filter(|(_, touched)| touched.len() <= TOUCHED_MAX);
    let seen = match &touched {
        Some((_, touched)) => store.snapshot(environment, None, &of_numbers(touched))?,
        None => store.snapshot(environment, None, &of.all)?,
    };
    let known = Known::new(store, environment);
    let mut fresh = Vec::new();
    for state in seen.components.values() {
        fresh.extend((of.rows)(&known, &seen, state)?);
    }
    let removed = match &touched {
        Some((shown, touched)) => gone(workspace, environment, *shown, touched, of.ids, &fresh)?,
        None => Vec::new(),
    };
    if touched.is_none() {
        fresh.extend(of.others);
    }
    let projection = Projection {
        set: of.set.to_owned(),
        revision: seen.environment.revision,
        replaces_all: touched.is_none(),
        rows: fresh,
        removed,
        indexes: indexes(&of.columns),
    };
    Ok(store.project(environment, &projection)?)
}

fn of_numbers(touched: &BTreeSet<ComponentNo>) -> Footprint {
    Footprint { numbers: touched.iter().copied().collect(), ..Footprint::default() }
}

/// Lists the rows that touched components had and have no more.
fn gone(
    workspace: &Workspace,
    environment: &Environment,
    shown: Operation,
    touched: &BTreeSet<ComponentNo>,
    ids: &dyn Fn(&Snapshot, &ComponentState) -> Vec<Guid>,
    fresh: &[Record],
) -> Result<Vec<String>, OpsError> {
    let before = workspace.store().snapshot(environment, Some(shown), &of_numbers(touched))?;
    let kept: BTreeSet<_> = fresh.iter().map(|record| record.id.as_str()).collect();
    let had = before.components.values().flat_map(|state| ids(&before, state)).map(|id| id.to_string());
    Ok(had.filter(|id| !kept.contains(id.as_str())).collect())
}

/// Returns the value that all rows asked for have in a column, as a text.
fn wanted_text<'a>(wanted: &'a [(String, Value)], column: &str) -> Option<&'a str> {
    wanted.iter().find(|(name, _)| name == column).and_then(|(_, value)| value.as_str())
}
