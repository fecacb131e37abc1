//! Finds rows by what they hold: primary names, alternate keys, lookups (D8).
//!
//! An index is complete or not there. Writes of rows keep the indexes they are given; operations that take or bring
//! back data drop those of the table, which costs no more than its rows.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use serde_json::Value;
use strata_model::id::EnvironmentNo;

use super::record::{self, key_of};
use super::rows::json_of;
use super::transaction::Transaction;
use crate::{Record, RecordIndex, StoreError, Values};

/// Lists the rows that hold these values, by id; `None` without such an index.
pub(super) fn find(
    conn: &Connection,
    no: EnvironmentNo,
    table: &str,
    columns: &[String],
    values: &[Value],
) -> Result<Option<Vec<Record>>, StoreError> {
    let name = columns.join(",");
    if !complete(conn, no, table)?.contains(&name) {
        return Ok(None);
    }
    let mut records = Vec::new();
    for id in ids(conn, no, table, &name, &folded(values))? {
        records.extend(record::get_now(conn, no, table, &id)?);
    }
    Ok(Some(records))
}

/// Marks a table whose indexes were dropped, in place of a column.
const DROPPED: &str = "";

/// Lists the rows that hold a reference to a row, as table and id: found by the indexes of lookups, and in tables
/// whose indexes were dropped by looking at each row.
pub(super) fn referring(
    conn: &Connection,
    no: EnvironmentNo,
    reference: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let by_value = "SELECT table_name, id FROM record_index WHERE environment_id = ?1 AND value = ?2";
    let mut statement = conn.prepare_cached(by_value)?;
    let value = folded(&[Value::String(reference.to_owned())]);
    let indexed = statement.query_map(params![no.0, value], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut rows = indexed.collect::<Result<BTreeSet<_>, _>>()?;
    let dropped = "SELECT table_name FROM record_indexed WHERE environment_id = ?1 AND column_name = ?2";
    let mut statement = conn.prepare_cached(dropped)?;
    let tables = statement.query_map(params![no.0, DROPPED], |row| row.get::<_, String>(0))?;
    for table in tables.collect::<Result<Vec<_>, _>>()? {
        let refers = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(reference));
        let found = record::now(conn, no, &table)?;
        let found = found.into_iter().filter(|record| record.values.values().any(refers));
        rows.extend(found.map(|record| (table.clone(), record.id)));
    }
    Ok(rows.into_iter().collect())
}

/// Returns the ids of the rows under one value of an index, in order.
pub(super) fn ids(
    conn: &Connection,
    no: EnvironmentNo,
    table: &str,
    name: &str,
    value: &str,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT id FROM record_index \
         WHERE environment_id = ?1 AND table_name = ?2 AND column_name = ?3 AND value = ?4 ORDER BY id";
    let mut statement = conn.prepare_cached(sql)?;
    let ids = statement.query_map(params![no.0, key_of(table), name, value], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Builds the indexes that a table lacks and drops those that are not wanted.
pub(super) fn ensure(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    table: &str,
    indexes: &[RecordIndex],
) -> Result<(), StoreError> {
    let wanted: BTreeSet<_> = indexes.iter().map(RecordIndex::name).collect();
    let there = complete(transaction.conn, no, table)?;
    for name in there.difference(&wanted) {
        forget(transaction, no, table, name)?;
    }
    let unmark = "DELETE FROM record_indexed WHERE environment_id = ?1 AND table_name = ?2 AND column_name = ?3";
    transaction.execute(unmark, params![no.0, key_of(table), DROPPED])?;
    let missing: Vec<_> = indexes.iter().filter(|index| !there.contains(&index.name())).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for record in record::now(transaction.conn, no, table)? {
        for index in &missing {
            add(transaction, no, table, index, &record.id, &record.values)?;
        }
    }
    missing.into_iter().try_for_each(|index| mark(transaction, no, table, &index.name()))
}

fn mark(transaction: &Transaction<'_>, no: EnvironmentNo, table: &str, name: &str) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO record_indexed (environment_id, table_name, column_name) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO NOTHING",
        params![no.0, key_of(table), name],
    )?;
    Ok(())
}

/// Enters a row into an index, unless it lacks one of the values.
pub(super) fn add(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    table: &str,
    index: &RecordIndex,
    id: &str,
    values: &Values,
) -> Result<(), StoreError> {
    if let Some(value) = index.value(values) {
        transaction.execute(
            "INSERT INTO record_index (environment_id, table_name, column_name, value, id) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![no.0, key_of(table), index.name(), value, id],
        )?;
    }
    Ok(())
}

/// Takes a row out of an index.
pub(super) fn remove(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    table: &str,
    index: &RecordIndex,
    id: &str,
    values: &Values,
) -> Result<(), StoreError> {
    if let Some(value) = index.value(values) {
        transaction.execute(
            "DELETE FROM record_index WHERE environment_id = ?1 AND table_name = ?2 AND column_name = ?3 \
             AND value = ?4 AND id = ?5",
            params![no.0, key_of(table), index.name(), value, id],
        )?;
    }
    Ok(())
}

/// Drops every index of a table.
pub(super) fn drop_all(transaction: &Transaction<'_>, no: EnvironmentNo, table: &str) -> Result<(), StoreError> {
    for name in complete(transaction.conn, no, table)? {
        forget(transaction, no, table, &name)?;
    }
    mark(transaction, no, table, DROPPED)
}

fn forget(transaction: &Transaction<'_>, no: EnvironmentNo, table: &str, name: &str) -> Result<(), StoreError> {
    for of in ["record_index", "record_indexed"] {
        let sql = format!("DELETE FROM {of} WHERE environment_id = ?1 AND table_name = ?2 AND column_name = ?3");
        transaction.execute(&sql, params![no.0, key_of(table), name])?;
    }
    Ok(())
}

fn complete(conn: &Connection, no: EnvironmentNo, table: &str) -> Result<BTreeSet<String>, StoreError> {
    let sql =
        "SELECT column_name FROM record_indexed WHERE environment_id = ?1 AND table_name = ?2 AND column_name <> ?3";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_map(params![no.0, key_of(table), DROPPED], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

impl RecordIndex {
    pub(super) fn name(&self) -> String {
        self.columns.join(",")
    }

    /// Returns what a row is found by, or `None` where it lacks one of the values.
    pub(super) fn value(&self, values: &Values) -> Option<String> {
        let values: Option<Vec<_>> = self.columns.iter().map(|column| values.get(column).cloned()).collect();
        values.map(|values| folded(&values))
    }
}

/// Writes values so that equal ones are equal texts; texts compare without case.
fn folded(values: &[Value]) -> String {
    let fold = |value: &Value| match value {
        Value::String(text) => Value::String(text.to_lowercase()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.clone(),
    };
    json_of(&values.iter().map(fold).collect::<Vec<_>>())
}
