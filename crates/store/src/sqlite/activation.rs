//! Which components are switched on: a row each, from the operation that switched it on (L92).

use rusqlite::Connection;
use strata_model::id::{ComponentNo, EnvironmentNo, Operation};

use super::rows::OPEN;
use super::transaction::Transaction;
use crate::StoreError;

/// Switches a component off; tells whether it was on.
pub(super) fn close(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    component: ComponentNo,
) -> rusqlite::Result<bool> {
    let found = transaction.execute(
        "UPDATE activation SET to_op = ?3 WHERE environment_id = ?1 AND component_no = ?2 AND to_op = ?4",
        [no.0, component.0, operation.0, OPEN],
    )?;
    Ok(found == 1)
}

/// Switches a component on; tells whether it was off.
pub(super) fn open(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    component: ComponentNo,
) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM activation WHERE environment_id = ?1 AND component_no = ?2 AND to_op = ?3";
    if transaction.conn.prepare_cached(sql)?.exists([no.0, component.0, OPEN])? {
        return Ok(false);
    }
    transaction.execute(
        "INSERT INTO activation (environment_id, component_no, from_op, to_op) VALUES (?1, ?2, ?3, ?4)",
        [no.0, component.0, operation.0, OPEN],
    )?;
    Ok(true)
}

/// Lists the components that have ever been on, up to a moment.
pub(super) fn ever(
    conn: &Connection,
    no: EnvironmentNo,
    at: Option<Operation>,
) -> Result<Vec<ComponentNo>, StoreError> {
    let until = at.map_or(i64::MAX, |at| at.0);
    let sql = "SELECT DISTINCT component_no FROM activation WHERE environment_id = ?1 AND from_op <= ?2 ORDER BY 1";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([no.0, until], |row| Ok(ComponentNo(row.get(0)?)))?;
    rows.map(|row| Ok(row?)).collect()
}
