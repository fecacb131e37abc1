//! Bytes that belong to rows, under ids of their own.

use rusqlite::{Connection, OptionalExtension, params};
use strata_model::id::EnvironmentNo;

use super::Inner;
use crate::StoreError;

pub(super) fn put(inner: &Inner, no: EnvironmentNo, id: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    transaction.execute(
        "INSERT INTO blob (environment_id, id, bytes) VALUES (?1, ?2, ?3) \
         ON CONFLICT (environment_id, id) DO UPDATE SET bytes = excluded.bytes",
        params![no.0, id, bytes],
    )?;
    Ok(transaction.commit()?)
}

pub(super) fn get(conn: &Connection, no: EnvironmentNo, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT bytes FROM blob WHERE environment_id = ?1 AND id = ?2";
    Ok(conn.prepare_cached(sql)?.query_row(params![no.0, id], |row| row.get(0)).optional()?)
}

pub(super) fn delete(inner: &Inner, no: EnvironmentNo, id: &str) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    transaction.execute("DELETE FROM blob WHERE environment_id = ?1 AND id = ?2", params![no.0, id])?;
    Ok(transaction.commit()?)
}
