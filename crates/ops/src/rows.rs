//! Rows of tables: create, read, change, delete, import (D8).
//!
//! A row belongs to a table that the environment has, and what its columns may hold comes from their resolved
//! definitions. Edits of rows are no operations: nothing here takes the lease or writes history. What was looked up is
//! checked again where the rows are written, and looked up anew when the environment has moved in between.
//!
//! A row that another one refers to cannot be deleted (DP15); nothing cascades.

mod edits;
mod import;
pub mod pairs;
mod table;
pub(crate) mod value;
mod write;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Map, Value};
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Operation;
use strata_odata::expression;
use strata_store::query::{Relation, RowQuery};
use strata_store::{RecordError, ViolationKind};

use crate::{OpsError, Workspace};
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
    let mut query = asked(&mut table, filter)?;
    query.order.push(table.by_id());
    let page = workspace.store().query(&table.environment, at, &query)?;
    Ok(page.rows.iter().map(|record| table.shown(record)).collect())
}

/// Counts the rows that pass a filter.
pub fn count(workspace: &Workspace, at: Option<Operation>, table: &str, filter: Option<&str>) -> Result<u64, OpsError> {
    let mut table = TableAt::load(workspace, &workspace.environment()?, at, table)?;
    let query = asked(&mut table, filter)?;
    Ok(workspace.store().query_count(&table.environment, at, &query, None)?)
}

/// Asks for the rows of a table that pass a filter.
fn asked(table: &mut TableAt<'_>, filter: Option<&str>) -> Result<RowQuery, OpsError> {
    let mut query = RowQuery::all(Relation::Records(table.table.name.clone()));
    let Some(text) = filter else { return Ok(query) };
    let expression = expression::parse(text).map_err(|error| {
        OpsError::request(ErrorCode::INVALID_FILTER, format!("the filter cannot be read: {error}"))
            .hint("write it as in `contoso_name eq 'Ada' and contoso_total gt 5`")
    })?;
    query.filter = Some(table.filter(&expression)?);
    Ok(query)
}
