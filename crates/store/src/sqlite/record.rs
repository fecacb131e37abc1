//! Rows of tables as documents (D8).
//!
//! Edits of rows are no operations: a row says since when it is there so that views of the past agree, but only
//! what an operation closed or brought back belongs to that operation.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde_json::Value;
use strata_model::environment::Environment;
use strata_model::id::{EnvironmentNo, Operation};

use super::rows::{self, OPEN};
use super::transaction::Transaction;
use super::{Inner, environment};
use crate::{Record, StoreError};

pub(super) fn count(conn: &Connection, of: &Environment, table: &str) -> Result<u64, StoreError> {
    let sql = "SELECT COUNT(*) FROM record WHERE environment_id = ?1 AND table_name = ?2 AND to_op = ?3";
    Ok(conn.prepare_cached(sql)?.query_row(params![of.no.0, key_of(table), OPEN], |row| row.get(0))?)
}

pub(super) fn list(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
    table: &str,
) -> Result<Vec<Record>, StoreError> {
    let moment = rows::moment(conn, of, at)?;
    let sql = "SELECT id, json FROM record \
         WHERE environment_id = ?1 AND table_name = ?2 AND from_op <= ?3 AND ?3 < to_op ORDER BY id";
    let mut statement = conn.prepare_cached(sql)?;
    let records = statement
        .query_map(params![of.no.0, key_of(table), moment], |row| Ok(Record { id: row.get(0)?, json: row.get(1)? }))?;
    Ok(records.collect::<Result<_, _>>()?)
}

pub(super) fn insert(inner: &Inner, of: &Environment, table: &str, record: &Record) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    let now = rows::environment_now(transaction.conn, of.no)?.ok_or_else(|| environment::missing(&of.name))?;
    let replaced = transaction.execute(
        "UPDATE record SET json = ?4 WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 AND to_op = ?5",
        params![of.no.0, key_of(table), record.id, record.json, OPEN],
    )?;
    if replaced == 0 {
        transaction.execute(
            "INSERT INTO record (environment_id, table_name, id, from_op, to_op, reopened, json) \
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
            params![of.no.0, key_of(table), record.id, now.operation.0, OPEN, record.json],
        )?;
    }
    Ok(transaction.commit()?)
}

/// Closes every row of a table.
pub(super) fn close(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    table: &str,
) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE record SET to_op = ?3 WHERE environment_id = ?1 AND table_name = ?2 AND to_op = ?4",
        params![no.0, key_of(table), operation.0, OPEN],
    )?;
    Ok(())
}

/// Brings back the rows that an operation closed, but for ids that are in use again.
pub(super) fn reopen(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    table: &str,
    closed_at: Operation,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO record (environment_id, table_name, id, from_op, to_op, reopened, json) \
         SELECT c.environment_id, c.table_name, c.id, ?3, ?5, 1, c.json FROM record c \
         WHERE c.environment_id = ?1 AND c.table_name = ?2 AND c.to_op = ?4 AND c.to_op <> 9223372036854775807 \
         AND NOT EXISTS (SELECT 1 FROM record o WHERE o.environment_id = c.environment_id \
         AND o.table_name = c.table_name AND o.id = c.id AND o.to_op = ?5)",
        params![no.0, key_of(table), operation.0, closed_at.0, OPEN],
    )?;
    Ok(())
}

pub(super) fn value_counts(
    conn: &Connection,
    of: &Environment,
    table: &str,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut counts = BTreeMap::new();
    for (_, document) in open_documents(conn, of.no, table)? {
        for (column, value) in document {
            if !value.is_null() {
                *counts.entry(column).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

/// Takes the values of a column out of every row that holds one.
pub(super) fn close_column(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    table: &str,
    column: &str,
) -> Result<(), StoreError> {
    for (id, mut document) in open_documents(transaction.conn, no, table)? {
        if document.remove(&key_of(column)).is_some_and(|value| !value.is_null()) {
            replace(transaction, no, operation, table, &id, &document)?;
        }
    }
    Ok(())
}

/// Brings the values of a column back that an operation took, into rows that are there and hold none.
pub(super) fn reopen_column(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    (table, column): (&str, &str),
    closed_at: Operation,
) -> Result<(), StoreError> {
    let column = key_of(column);
    let mut lost: BTreeMap<String, Value> = documents(transaction.conn, no, table, closed_at.0)?
        .into_iter()
        .filter_map(|(id, mut document)| Some((id, document.remove(&column).filter(|value| !value.is_null())?)))
        .collect();
    for (id, mut document) in open_documents(transaction.conn, no, table)? {
        let is_empty = document.get(&column).is_none_or(Value::is_null);
        if let Some(value) = lost.remove(&id).filter(|_| is_empty) {
            document.insert(column.clone(), value);
            replace(transaction, no, operation, table, &id, &document)?;
        }
    }
    Ok(())
}

/// Closes the open version of a row and opens one with another document, both by an operation.
fn replace(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    table: &str,
    id: &str,
    document: &Document,
) -> Result<(), StoreError> {
    let json = rows::json_of(document);
    // A version that this operation opened is changed where it stands.
    let changed = transaction.execute(
        "UPDATE record SET json = ?5 WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 AND from_op = ?4",
        params![no.0, key_of(table), id, operation.0, json],
    )?;
    if changed > 0 {
        return Ok(());
    }
    transaction.execute(
        "UPDATE record SET to_op = ?4 WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 AND to_op = ?5",
        params![no.0, key_of(table), id, operation.0, OPEN],
    )?;
    transaction.execute(
        "INSERT INTO record (environment_id, table_name, id, from_op, to_op, reopened, json) \
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)",
        params![no.0, key_of(table), id, operation.0, OPEN, json],
    )?;
    Ok(())
}

/// Values by the folded names of their columns.
type Document = serde_json::Map<String, Value>;

/// Reads the rows of a table that are there now, by id.
fn open_documents(conn: &Connection, no: EnvironmentNo, table: &str) -> Result<Vec<(String, Document)>, StoreError> {
    documents(conn, no, table, OPEN)
}

/// Reads the versions of rows that ceased to hold with an operation, or still hold, by id.
fn documents(
    conn: &Connection,
    no: EnvironmentNo,
    table: &str,
    to_op: i64,
) -> Result<Vec<(String, Document)>, StoreError> {
    let sql = "SELECT id, json FROM record \
         WHERE environment_id = ?1 AND table_name = ?2 AND to_op = ?3 ORDER BY id";
    let mut statement = conn.prepare_cached(sql)?;
    let found =
        statement.query_map(params![no.0, key_of(table), to_op], |row| Ok((row.get(0)?, rows::json(row, 1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(super) fn key_of(table: &str) -> String {
    table.to_lowercase()
}
