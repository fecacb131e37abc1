//! Reads rows of tables.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use strata_model::environment::Environment;
use strata_model::id::{EnvironmentNo, Operation};

use super::rows::{self, NOW};
use crate::{Record, StoreError, Values};

pub(super) fn count(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
    table: &str,
) -> Result<u64, StoreError> {
    let moment = rows::moment(conn, of, at)?;
    let sql = "SELECT COUNT(*) FROM record \
         WHERE environment_id = ?1 AND table_name = ?2 AND from_op <= ?3 AND ?3 < to_op";
    Ok(conn.prepare_cached(sql)?.query_row(params![of.no.0, key_of(table), moment], |row| row.get(0))?)
}

pub(super) fn value_counts(
    conn: &Connection,
    of: &Environment,
    table: &str,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut counts = BTreeMap::new();
    for record in now(conn, of.no, table)? {
        for (column, _) in record.values {
            *counts.entry(column).or_default() += 1;
        }
    }
    Ok(counts)
}

pub(super) fn get(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
    table: &str,
    id: &str,
) -> Result<Option<Record>, StoreError> {
    let moment = rows::moment(conn, of, at)?;
    let sql = "SELECT id, json, version FROM record \
         WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 AND from_op <= ?4 AND ?4 < to_op";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row(params![of.no.0, key_of(table), id, moment], record).optional()?)
}

pub(super) fn list(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
    table: &str,
) -> Result<Vec<Record>, StoreError> {
    let moment = rows::moment(conn, of, at)?;
    at_moment(conn, of.no, table, moment)
}

/// Returns the rows of a table that are there now, by id.
pub(super) fn now(conn: &Connection, no: EnvironmentNo, table: &str) -> Result<Vec<Record>, StoreError> {
    at_moment(conn, no, table, NOW)
}

/// Returns one row that is there now.
pub(super) fn get_now(
    conn: &Connection,
    no: EnvironmentNo,
    table: &str,
    id: &str,
) -> Result<Option<Record>, StoreError> {
    let sql = "SELECT id, json, version FROM record \
         WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 AND from_op <= ?4 AND ?4 < to_op";
    Ok(conn.prepare_cached(sql)?.query_row(params![no.0, key_of(table), id, NOW], record).optional()?)
}

fn at_moment(conn: &Connection, no: EnvironmentNo, table: &str, moment: i64) -> Result<Vec<Record>, StoreError> {
    let sql = "SELECT id, json, version FROM record \
         WHERE environment_id = ?1 AND table_name = ?2 AND from_op <= ?3 AND ?3 < to_op ORDER BY id";
    let mut statement = conn.prepare_cached(sql)?;
    let records = statement.query_map(params![no.0, key_of(table), moment], record)?;
    Ok(records.collect::<Result<_, _>>()?)
}

pub(super) fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { id: row.get(0)?, values: rows::json::<Values>(row, 1)?, version: row.get(2)? })
}

pub(super) fn key_of(table: &str) -> String {
    table.to_lowercase()
}
