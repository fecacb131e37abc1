//! Rows of tables: create, read, change, delete, import (D8).
//!
//! A row belongs to a table that the environment has, and what its columns may hold comes from their resolved
//! definitions. Edits of rows are no operations: nothing here takes the lease or writes history. What was looked up is
//! checked again where the rows are written, and looked up anew when the environment has moved in between.
//!
//! A row that another one refers to cannot be deleted (DP15); nothing cascades.

mod edits;
mod filter;
mod import;
mod table;
pub(crate) mod value;
mod write;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::{Guid, Operation};
use strata_odata::expression;
use strata_store::{Record, RecordError, ViolationKind};

use crate::{OpsError, Workspace};
use filter::Test;
use table::TableAt;
pub(crate) use table::unknown_table;
pub(crate) use value::{Written, read as read_text, reference};
pub use write::{Author, Existing, Input, Outcome, RowWrite, write};
pub(crate) use write::{missing_row, refuse_other, taken, try_write};

/// A change of rows.
#[derive(Debug, Clone)]
pub enum RowRequest {
    /// Values by column; an empty text is no value.
    Create {
        table: String,
        values: Vec<(String, String)>,
    },
    /// An empty text takes the value away; columns that are not named keep theirs.
    Update {
        table: String,
        id: String,
        values: Vec<(String, String)>,
    },
    Delete {
        table: String,
        id: String,
    },
    /// One row for each line of a CSV file, whose first line names the columns.
    Import {
        table: String,
        path: PathBuf,
    },
}

/// A row as answers show it: the id first, then each column that holds a value, by name.
pub type Row = Map<String, Value>;

/// What a request does, or would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowChanges {
    pub action: RowAction,
    pub table: String,
    pub count: usize,
    /// The rows as they are afterwards; deleted ones as they were.
    pub rows: Vec<Row>,
    #[serde(skip)]
    pub ids: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowAction {
    Create,
    Update,
    Delete,
    Import,
}

/// How often an edit is tried again when somebody else was faster.
const TRIES_MAX: usize = 5;

/// Checks a request against everything there is and changes nothing.
pub fn plan(workspace: &Workspace, environment: &Environment, request: &RowRequest) -> Result<RowChanges, OpsError> {
    change(workspace, environment, request, true)
}

/// Carries a request out: all of it or nothing.
pub fn carry_out(
    workspace: &Workspace,
    environment: &Environment,
    request: &RowRequest,
) -> Result<RowChanges, OpsError> {
    change(workspace, environment, request, false)
}

fn change(
    workspace: &Workspace,
    environment: &Environment,
    request: &RowRequest,
    is_trial: bool,
) -> Result<RowChanges, OpsError> {
    let mut environment = environment.clone();
    let mut tries = 0;
    loop {
        tries += 1;
        let prepared = edits::prepare(workspace, &environment, request, is_trial)?;
        let error = match workspace.store().record_write(&environment, &prepared.write) {
            Ok(()) => return Ok(prepared.changes),
            Err(error) => error,
        };
        if tries < TRIES_MAX && is_overtaken(&error) {
            environment = workspace.environment_named(&environment.name)?;
            continue;
        }
        return Err(prepared.refusal(error));
    }
}

/// Tells whether an edit may succeed when it is made anew from what is there now.
fn is_overtaken(error: &RecordError) -> bool {
    match error {
        RecordError::Moved { .. } => true,
        RecordError::Refused(violations) => violations.iter().all(|found| found.kind == ViolationKind::Changed),
        RecordError::Store(_) => false,
    }
}

/// Returns one row.
pub fn get(workspace: &Workspace, at: Option<Operation>, table: &str, id: &str) -> Result<Row, OpsError> {
    let table = TableAt::load(workspace, &workspace.environment()?, at, table)?;
    Ok(table.shown(&table.row(id)?))
}

/// Lists the rows that pass a filter, by id.
pub fn list(
    workspace: &Workspace,
    at: Option<Operation>,
    table: &str,
    filter: Option<&str>,
) -> Result<Vec<Row>, OpsError> {
    let mut table = TableAt::load(workspace, &workspace.environment()?, at, table)?;
    let records = passing(&mut table, filter)?;
    Ok(records.iter().map(|record| table.shown(record)).collect())
}

/// Counts the rows that pass a filter.
pub fn count(workspace: &Workspace, at: Option<Operation>, table: &str, filter: Option<&str>) -> Result<u64, OpsError> {
    let mut table = TableAt::load(workspace, &workspace.environment()?, at, table)?;
    match filter {
        None => Ok(workspace.store().record_count(&table.environment, at, &table.table.name)?),
        Some(_) => Ok(passing(&mut table, filter)?.len() as u64),
    }
}

fn passing(table: &mut TableAt<'_>, filter: Option<&str>) -> Result<Vec<Record>, OpsError> {
    let Some(text) = filter else { return table.records() };
    let expression = expression::parse(text).map_err(|error| {
        OpsError::request(ErrorCode::INVALID_FILTER, format!("the filter cannot be read: {error}"))
            .hint("write it as in `contoso_name eq 'Ada' and contoso_total gt 5`")
    })?;
    let test = table.test(&expression)?;
    let primary_id = table.table.primary_id.clone();
    let mut records = candidates(table, &test)?;
    records.retain(|record| {
        let id = Value::String(record.id.clone());
        test.passes(&|column| if column == primary_id { Some(&id) } else { record.values.get(column) })
    });
    Ok(records)
}

/// Rows among which are all that pass: those that an index or their id finds, else every row.
fn candidates(table: &TableAt<'_>, test: &Test) -> Result<Vec<Record>, OpsError> {
    if table.at.is_some() {
        return table.records();
    }
    let store = table.workspace.store();
    for (column, value) in test.required() {
        if column == table.table.primary_id {
            let id = value.as_str().and_then(Guid::parse).map(|id| id.to_string()).unwrap_or_default();
            return Ok(store.record_get(&table.environment, None, &table.table.name, &id)?.into_iter().collect());
        }
        let columns = [column.to_owned()];
        let found = store.records_by(&table.environment, &table.table.name, &columns, std::slice::from_ref(value))?;
        if let Some(found) = found {
            return Ok(found);
        }
    }
    table.records()
}
