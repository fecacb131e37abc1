//! Rows that the product itself keeps in the platform's tables: asynchronous operations, import jobs that run, uploads.
//!
//! They are rows as others are (D8), written without asking what their columns may hold: the table is the platform's and
//! the writer is this product. A row that somebody else has changed meanwhile is read again.

use serde_json::Value;
use strata_store::query::{Field, FieldKind, Filter, Operator, Relation, RowQuery};
pub use strata_store::{Record, Values, is_another, this_process};
use strata_store::{RecordEdit, RecordError, RecordIndex, RecordWrite, StoreError, ViolationKind};

use crate::{OpsError, Workspace};

/// How often a write is tried again when the environment has moved, or the row.
const TRIES_MAX: usize = 50;

/// Makes a row; one of that id that is there is replaced.
pub fn put(workspace: &Workspace, environment: &str, table: &str, id: &str, values: &Values) -> Result<(), OpsError> {
    edit(workspace, environment, table, id, |before| match before {
        None => Some(RecordEdit::Insert(Record::new(id, values.clone()))),
        Some(before) if before.values == *values => None,
        Some(before) => Some(RecordEdit::Replace { id: id.to_owned(), before: before.values, after: values.clone() }),
    })?;
    Ok(())
}

/// Changes a row where it is there, and tells whether it was.
pub fn change(
    workspace: &Workspace,
    environment: &str,
    table: &str,
    id: &str,
    change: impl Fn(&mut Values),
) -> Result<bool, OpsError> {
    edit(workspace, environment, table, id, |before| {
        let before = before?.values;
        let mut after = before.clone();
        change(&mut after);
        Some(RecordEdit::Replace { id: id.to_owned(), before, after })
    })
}

/// Takes a row away where it is there.
pub fn remove(workspace: &Workspace, environment: &str, table: &str, id: &str) -> Result<bool, OpsError> {
    edit(workspace, environment, table, id, |before| before.map(|_| RecordEdit::Delete { id: id.to_owned() }))
}

/// Takes rows away whose time in a column lies before another one, up to a number of them.
pub fn remove_before(
    workspace: &Workspace,
    environment: &str,
    table: &str,
    (column, time): (&str, &str),
    max: u64,
) -> Result<(), OpsError> {
    let environment = workspace.environment_named(environment)?;
    let field = Field { source: 0, column: column.to_owned(), kind: FieldKind::Time };
    let filter = Filter::Compare { field, operator: Operator::Lt, value: time.into() };
    let from = Relation::Records(table.to_owned());
    let asked = RowQuery { filter: Some(filter), limit: Some(max), ..RowQuery::all(from) };
    let found = workspace.store().query(&environment, None, &asked)?.rows;
    let edits: Vec<_> = found.into_iter().map(|row| RecordEdit::Delete { id: row.id }).collect();
    if edits.is_empty() {
        return Ok(());
    }
    let write = RecordWrite { edits, indexes: indexes(table), ..write(table) };
    match workspace.store().record_write(&environment, &write) {
        Err(RecordError::Store(error)) => Err(error.into()),
        // What somebody else changes just now goes another time.
        Ok(()) | Err(RecordError::Moved { .. } | RecordError::Refused(_)) => Ok(()),
    }
}

/// Returns a row.
pub fn get(workspace: &Workspace, environment: &str, table: &str, id: &str) -> Result<Option<Record>, OpsError> {
    let environment = workspace.environment_named(environment)?;
    Ok(workspace.store().record_get(&environment, None, table, id)?)
}

/// Lists the rows of a table.
pub fn all(workspace: &Workspace, environment: &str, table: &str) -> Result<Vec<Record>, OpsError> {
    let environment = workspace.environment_named(environment)?;
    Ok(workspace.store().records(&environment, None, table)?)
}

/// Lists the rows that hold a value in a column, which clients may ask for often.
pub fn by(
    workspace: &Workspace,
    environment: &str,
    table: &str,
    column: &str,
    value: &Value,
) -> Result<Vec<Record>, OpsError> {
    let environment = workspace.environment_named(environment)?;
    let (columns, values) = ([column.to_owned()], std::slice::from_ref(value));
    if let Some(found) = workspace.store().records_by(&environment, table, &columns, values)? {
        return Ok(found);
    }
    let mut records = workspace.store().records(&environment, None, table)?;
    records.retain(|record| record.values.get(column) == Some(value));
    Ok(records)
}

/// Writes a time as rows keep it: UTC, to the second (T9).
pub fn time(millis: i64) -> String {
    jiff::Timestamp::from_second(millis.div_euclid(1000)).map_or_else(|_| millis.to_string(), |time| time.to_string())
}

/// Reads a time with its offset, in milliseconds since 1970-01-01 UTC.
pub fn millis(text: &str) -> Option<i64> {
    text.trim().parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Makes one edit from what is there now, and tells whether there was one to make.
fn edit(
    workspace: &Workspace,
    environment: &str,
    table: &str,
    id: &str,
    edit: impl Fn(Option<Record>) -> Option<RecordEdit>,
) -> Result<bool, OpsError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let environment = workspace.environment_named(environment)?;
        let before = workspace.store().record_get(&environment, None, table, id)?;
        let Some(edit) = edit(before) else { return Ok(false) };
        let write = RecordWrite { edits: vec![edit], indexes: indexes(table), ..write(table) };
        match workspace.store().record_write(&environment, &write) {
            Ok(()) => return Ok(true),
            Err(RecordError::Store(error)) => return Err(error.into()),
            Err(RecordError::Moved { .. }) if tries < TRIES_MAX => {}
            Err(RecordError::Refused(violations)) if tries < TRIES_MAX && violations.iter().all(is_overtaken) => {}
            Err(RecordError::Moved { .. } | RecordError::Refused(_)) => {
                return Err(StoreError::Locked.into());
            }
        }
    }
}

fn is_overtaken(violation: &strata_store::Violation) -> bool {
    matches!(violation.kind, ViolationKind::Exists | ViolationKind::Missing | ViolationKind::Changed)
}

fn write(table: &str) -> RecordWrite {
    RecordWrite { table: table.to_owned(), ..RecordWrite::default() }
}

/// Clients poll by id; these are what they filter by besides. Whoever writes such a row keeps these, and no others.
pub(crate) fn indexes(table: &str) -> Vec<RecordIndex> {
    match table {
        "asyncoperation" => ["correlationid", "statecode", "completedon"].map(RecordIndex::found).to_vec(),
        _ => Vec::new(),
    }
}
