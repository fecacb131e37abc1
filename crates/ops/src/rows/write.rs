//! Writes of several rows of a table at once, with values that have types: what the Web API asks.
//!
//! All of them are made or none. Each may say whether its row must be there already, and which version of it.

use serde_json::Value;
use strata_model::code::ErrorCode;
use strata_model::environment::Environment;
use strata_model::id::Guid;
use strata_store::Record;

use super::edits::{Draft, Origin, Prepared};
use super::table::TableAt;
use super::value::Given;
use super::{RowAction, TRIES_MAX, is_overtaken};
use crate::organization::Organization;
use crate::{OpsError, Workspace};

/// Whoever writes: the platform's columns say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    pub user: Guid,
    pub business_unit: Guid,
}

impl Author {
    /// Returns the one user of an environment.
    pub fn of(environment: &Environment) -> Self {
        let Organization { business_unit, user, .. } = Organization::of(environment);
        Self { user, business_unit }
    }
}

/// A value that a write gives a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    Value(Value),
    /// The row that a lookup is to lead to.
    Row {
        table: String,
        id: Guid,
    },
}

/// Whether the row that a write is about must be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Must,
    MustNot,
    May,
}

/// A write of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowWrite {
    Create { id: Option<Guid>, values: Vec<(String, Input)> },
    Change { id: Guid, values: Vec<(String, Input)>, existing: Existing, version: Option<i64> },
    Delete { id: Guid, version: Option<i64> },
}

/// What a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub id: Guid,
    pub is_new: bool,
}

/// Makes writes: all of them or none.
pub fn write(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
    writes: &[RowWrite],
    author: Author,
) -> Result<Vec<Outcome>, OpsError> {
    try_write(workspace, environment, table, writes, author, false)
}

/// Makes writes, or only looks whether they could be made.
pub(crate) fn try_write(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
    writes: &[RowWrite],
    author: Author,
    is_trial: bool,
) -> Result<Vec<Outcome>, OpsError> {
    let mut environment = environment.clone();
    let mut tries = 0;
    loop {
        tries += 1;
        let (prepared, outcomes) = prepare(workspace, &environment, table, writes, author, is_trial)?;
        let error = match workspace.store().record_write(&environment, &prepared.write) {
            Ok(()) => return Ok(outcomes),
            Err(error) => error,
        };
        if tries < TRIES_MAX && is_overtaken(&error) {
            environment = workspace.environment_named(&environment.name)?;
            continue;
        }
        return Err(prepared.refusal(error));
    }
}

fn prepare(
    workspace: &Workspace,
    environment: &Environment,
    table: &str,
    writes: &[RowWrite],
    author: Author,
    is_trial: bool,
) -> Result<(Prepared, Vec<Outcome>), OpsError> {
    let mut draft = Draft::new(TableAt::load(workspace, environment, None, table)?);
    draft.author = Some(author);
    let mut is_new = Vec::new();
    for write in writes {
        is_new.push(add(&mut draft, write)?);
    }
    let prepared = draft.finish(RowAction::Update, Origin::nowhere(), is_trial)?;
    let ids = prepared.changes.ids.iter().filter_map(|id| Guid::parse(id));
    let outcomes = ids.zip(is_new).map(|(id, is_new)| Outcome { id, is_new }).collect();
    Ok((prepared, outcomes))
}

/// Adds one write to the draft; tells whether it makes a row.
fn add(draft: &mut Draft<'_>, write: &RowWrite) -> Result<bool, OpsError> {
    let nowhere = |_: Option<&str>| None;
    match write {
        RowWrite::Create { id, values } => {
            draft.create(*id, &given(values), &nowhere)?;
            Ok(true)
        }
        RowWrite::Change { id, values, existing, version } => match (found(draft, *id)?, existing) {
            (Some(_), Existing::MustNot) => Err(taken()),
            (Some(before), Existing::Must | Existing::May) => {
                refuse_other(&before, *version)?;
                draft.update(before, &given(values))?;
                Ok(false)
            }
            (None, Existing::Must) => Err(missing_row(&draft.table.table.name, *id)),
            (None, _) if version.is_some() => Err(missing_row(&draft.table.table.name, *id)),
            (None, Existing::May | Existing::MustNot) => {
                draft.create(Some(*id), &given(values), &nowhere)?;
                Ok(true)
            }
        },
        RowWrite::Delete { id, version } => {
            let before = found(draft, *id)?.ok_or_else(|| missing_row(&draft.table.table.name, *id))?;
            refuse_other(&before, *version)?;
            draft.delete_row(before);
            Ok(false)
        }
    }
}

fn found(draft: &Draft<'_>, id: Guid) -> Result<Option<Record>, OpsError> {
    let TableAt { workspace, environment, table, .. } = &draft.table;
    Ok(workspace.store().record_get(environment, None, &table.name, &id.to_string())?)
}

/// The text is the platform's (web-api §5).
pub(crate) fn missing_row(table: &str, id: Guid) -> OpsError {
    OpsError::request(ErrorCode::ROW_NOT_EXIST, format!("{table} With Id = {id} Does Not Exist"))
}

/// The text is the platform's (web-api §2).
pub(crate) fn taken() -> OpsError {
    OpsError::request(ErrorCode::ROW_EXISTS, "A record with matching key values already exists.")
}

/// The text is the platform's (web-api §2).
pub(crate) fn refuse_other(before: &Record, version: Option<i64>) -> Result<(), OpsError> {
    match version {
        Some(version) if version != before.version => {
            let message = "The version of the existing record doesn't match the RowVersion property provided.";
            Err(OpsError::request(ErrorCode::ROW_VERSION, message))
        }
        Some(_) | None => Ok(()),
    }
}

fn given(values: &[(String, Input)]) -> Vec<(&str, Given<'_>)> {
    let mut given = Vec::with_capacity(values.len());
    for (column, input) in values {
        let value = match input {
            Input::Value(value) => Given::Typed(value),
            Input::Row { table, id } => Given::Row { table, id: *id },
        };
        given.push((column.as_str(), value));
    }
    given
}
