//! Environments as rows: create, list, copy, delete, select, lease.

use rusqlite::{Connection, OptionalExtension, params};
use strata_model::environment::{Environment, Settings};
use strata_model::id::{EnvironmentNo, Guid};

use super::Inner;
use super::rows::{self, ENVIRONMENT, OPEN, json_of};
use super::transaction::Transaction;
use crate::lease::is_gone;
use crate::{LEASE_MS, Lease, StoreError};

/// Every table whose rows belong to an environment and go along with a copy of it, with its other columns.
const TABLES: [(&str, &str); 16] = [
    (
        "operation",
        "operation, time, duration, kind, solution, from_version, to_version, suboperation, outcome, changes, job, \
         state_of, options, findings, facts",
    ),
    ("job", "operation, components"),
    ("setting", "from_op, to_op, json"),
    ("publisher", "publisher_no, from_op, to_op, id, unique_name, friendly_name, prefix, option_value_prefix, details"),
    (
        "solution",
        "solution_no, from_op, to_op, id, unique_name, friendly_name, version, is_managed, publisher_no, kind, \
         parent_no, assumed, assumes, residue",
    ),
    ("component", "component_no, type, key, name, id, category, parent"),
    ("layer", "component_no, solution_no, state, from_op, to_op, slot, digest, is_diff, display_name"),
    ("member", "component_no, solution_no, from_op, to_op, behavior"),
    ("activation", "component_no, from_op, to_op"),
    ("mention", "target, component_no, definition"),
    ("answer", "target, component_no, definition"),
    ("record", "table_name, id, from_op, to_op, json, version"),
    ("record_change", "operation, table_name, column_name, closed_at"),
    ("record_indexed", "table_name, column_name, is_total"),
    ("record_index", "table_name, column_name, value, id"),
    ("blob", "id, bytes"),
];

/// Tables that an environment computes for itself: a copy begins without.
const COMPUTED: [&str; 4] = ["projection", "projected", "projection_indexed", "projection_index"];

pub(super) fn list(conn: &Connection) -> Result<Vec<Environment>, StoreError> {
    let sql = format!("SELECT {ENVIRONMENT} ORDER BY e.name_key");
    Ok(conn.prepare_cached(&sql)?.query_map([], rows::environment)?.collect::<Result<_, _>>()?)
}

pub(super) fn find(conn: &Connection, name: &str) -> Result<Option<Environment>, StoreError> {
    let sql = format!("SELECT {ENVIRONMENT} WHERE e.name_key = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([key_of(name)], rows::environment).optional()?)
}

pub(super) fn create(inner: &Inner, name: &str, settings: &Settings) -> Result<Environment, StoreError> {
    let transaction = inner.transaction()?;
    let no = add(&transaction, name)?;
    transaction.execute(
        "INSERT INTO setting (environment_id, from_op, to_op, json) VALUES (?1, 0, ?2, ?3)",
        params![no.0, OPEN, json_of(settings)],
    )?;
    transaction.commit()?;
    find(&inner.conn, name)?.ok_or_else(|| missing(name))
}

pub(super) fn copy(inner: &Inner, from: EnvironmentNo, to_name: &str) -> Result<Environment, StoreError> {
    let transaction = inner.transaction()?;
    let no = add(&transaction, to_name)?;
    let columns =
        "current_op, oldest_op, revision, next_publisher_no, next_solution_no, next_component_no, next_version";
    let found = transaction.execute(
        &format!(
            "UPDATE environment SET ({columns}) = (SELECT {columns} FROM environment WHERE environment_id = ?1) \
             WHERE environment_id = ?2 AND EXISTS (SELECT 1 FROM environment WHERE environment_id = ?1)"
        ),
        [from.0, no.0],
    )?;
    if found == 0 {
        return Err(missing(&format!("number {from}")));
    }
    for (table, columns) in TABLES {
        let sql = format!(
            "INSERT INTO {table} (environment_id, {columns}) SELECT ?2, {columns} FROM {table} WHERE environment_id = ?1"
        );
        transaction.execute(&sql, [from.0, no.0])?;
    }
    transaction.commit()?;
    inner.checkpoint();
    find(&inner.conn, to_name)?.ok_or_else(|| missing(to_name))
}

pub(super) fn delete(inner: &Inner, no: EnvironmentNo) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    for table in TABLES.iter().map(|(table, _)| *table).chain(COMPUTED) {
        transaction.execute(&format!("DELETE FROM {table} WHERE environment_id = ?1"), [no.0])?;
    }
    transaction.execute(
        "DELETE FROM meta WHERE name = 'selected' \
         AND value = (SELECT name_key FROM environment WHERE environment_id = ?1)",
        [no.0],
    )?;
    if transaction.execute("DELETE FROM environment WHERE environment_id = ?1", [no.0])? == 0 {
        return Err(missing(&format!("number {no}")));
    }
    transaction.commit()?;
    inner.checkpoint();
    Ok(())
}

pub(super) fn selected(conn: &Connection) -> Result<Option<String>, StoreError> {
    let sql = "SELECT e.name FROM meta m JOIN environment e ON e.name_key = m.value WHERE m.name = 'selected'";
    Ok(conn.query_row(sql, [], |row| row.get(0)).optional()?)
}

pub(super) fn select(inner: &Inner, name: &str) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    if find(transaction.conn, name)?.is_none() {
        return Err(missing(name));
    }
    transaction.execute(
        "INSERT INTO meta (name, value) VALUES ('selected', ?1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [key_of(name)],
    )?;
    Ok(transaction.commit()?)
}

pub(super) fn lease(inner: &Inner, environment: &Environment, operation: &str, now: i64) -> Result<Lease, StoreError> {
    let transaction = inner.transaction()?;
    let held = transaction
        .conn
        .query_row(
            "SELECT lease_operation, lease_since, lease_expires, lease_holder FROM environment \
             WHERE environment_id = ?1 AND lease_holder IS NOT NULL AND lease_expires > ?2",
            [environment.no.0, now],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?)),
        )
        .optional()?;
    if let Some((operation, since, expires, holder)) = held
        && !is_gone(&holder)
    {
        return Err(StoreError::Busy { environment: environment.name.clone(), operation, since, expires });
    }
    let lease = Lease::new(environment.no, operation, now);
    let found = transaction.execute(
        "UPDATE environment SET lease_holder = ?2, lease_operation = ?3, lease_since = ?4, lease_expires = ?5 \
         WHERE environment_id = ?1",
        params![environment.no.0, lease.holder, operation, now, now + LEASE_MS],
    )?;
    if found == 0 {
        return Err(missing(&environment.name));
    }
    transaction.commit()?;
    Ok(lease)
}

pub(super) fn renew(transaction: &Transaction<'_>, lease: &Lease) -> Result<(), StoreError> {
    let found = transaction.execute(
        "UPDATE environment SET lease_expires = ?3 WHERE environment_id = ?1 AND lease_holder = ?2",
        params![lease.environment.0, lease.holder, lease.now() + LEASE_MS],
    )?;
    if found == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

pub(super) fn release(inner: &Inner, lease: &Lease) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    transaction.execute(
        "UPDATE environment SET lease_holder = NULL, lease_operation = NULL, lease_since = NULL, \
         lease_expires = NULL WHERE environment_id = ?1 AND lease_holder = ?2",
        params![lease.environment.0, lease.holder],
    )?;
    Ok(transaction.commit()?)
}

/// Returns the number of the next write of rows, which no other write has.
pub(super) fn next_version(transaction: &Transaction<'_>, no: EnvironmentNo) -> Result<i64, StoreError> {
    let next = "UPDATE environment SET next_version = next_version + 1 WHERE environment_id = ?1";
    transaction.execute(next, [no.0])?;
    let sql = "SELECT next_version - 1 FROM environment WHERE environment_id = ?1";
    Ok(transaction.conn.prepare_cached(sql)?.query_row([no.0], |row| row.get(0))?)
}

/// Adds the row of an environment under a number that was never used.
fn add(transaction: &Transaction<'_>, name: &str) -> Result<EnvironmentNo, StoreError> {
    if find(transaction.conn, name)?.is_some() {
        return Err(StoreError::EnvironmentExists { name: name.to_owned() });
    }
    let number = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'next_environment'";
    let no: i64 = transaction.conn.query_row(number, [], |row| row.get(0))?;
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'next_environment'", [(no + 1).to_string()])?;
    transaction.execute(
        "INSERT INTO environment (environment_id, id, name, name_key, current_op, oldest_op, revision, \
         next_publisher_no, next_solution_no, next_component_no) VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 1, 1, 1)",
        params![no, Guid::of_environment(name).to_string(), name, key_of(name)],
    )?;
    Ok(EnvironmentNo(no))
}

fn key_of(name: &str) -> String {
    name.to_lowercase()
}

pub(super) fn missing(name: &str) -> StoreError {
    StoreError::MissingEnvironment { name: name.to_owned() }
}
