//! Rows of sets that show what the store keeps in another shape: computed above, kept here so that SQL can ask them.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use strata_model::environment::Environment;
use strata_model::id::{EnvironmentNo, Operation};

use super::record::{key_of, record};
use super::record_index::{Indexed, Shelf};
use super::rows::json_of;
use super::transaction::Transaction;
use super::{Inner, environment};
use crate::{Projection, Record, StoreError};

pub(super) fn revision(conn: &Connection, no: EnvironmentNo, set: &str) -> Result<Option<Operation>, StoreError> {
    let sql = "SELECT revision FROM projected WHERE environment_id = ?1 AND table_name = ?2";
    let found = conn.prepare_cached(sql)?.query_row(params![no.0, key_of(set)], |row| row.get(0)).optional()?;
    Ok(found.map(Operation))
}

pub(super) fn write(inner: &Inner, of: &Environment, projection: &Projection) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    // Somebody else may have shown a later state in the meantime.
    let shown = revision(transaction.conn, of.no, &projection.set)?;
    if shown.is_some_and(|shown| shown > projection.revision) {
        return Ok(());
    }
    let version = environment::next_version(&transaction, of.no)?;
    let indexed =
        Indexed { transaction: &transaction, no: of.no, shelf: Shelf::Projections, table: key_of(&projection.set) };
    let set = Set { transaction: &transaction, no: of.no, version, indexed, projection };
    set.indexed.ensure(&projection.indexes, || set.all())?;
    set.remove()?;
    projection.rows.iter().try_for_each(|row| set.put(row))?;
    transaction.execute(
        "INSERT INTO projected (environment_id, table_name, revision) VALUES (?1, ?2, ?3) \
         ON CONFLICT (environment_id, table_name) DO UPDATE SET revision = excluded.revision",
        params![of.no.0, set.indexed.table, projection.revision.0],
    )?;
    Ok(transaction.commit()?)
}

/// A set as it is brought up to date.
struct Set<'t> {
    transaction: &'t Transaction<'t>,
    no: EnvironmentNo,
    /// The number of the write, which rows bear that it changes.
    version: i64,
    indexed: Indexed<'t>,
    projection: &'t Projection,
}

impl Set<'_> {
    fn all(&self) -> Result<Vec<Record>, StoreError> {
        let sql = "SELECT id, json, version FROM projection WHERE environment_id = ?1 AND table_name = ?2";
        let mut statement = self.transaction.conn.prepare_cached(sql)?;
        let found = statement.query_map(params![self.no.0, self.indexed.table], record)?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn get(&self, id: &str) -> Result<Option<Record>, StoreError> {
        let sql = "SELECT id, json, version FROM projection WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3";
        let mut statement = self.transaction.conn.prepare_cached(sql)?;
        Ok(statement.query_row(params![self.no.0, self.indexed.table, id], record).optional()?)
    }

    fn remove(&self) -> Result<(), StoreError> {
        for id in &self.projection.removed {
            if let Some(row) = self.get(id)? {
                self.delete(&row)?;
            }
        }
        if !self.projection.replaces_all {
            return Ok(());
        }
        let stays: BTreeSet<_> = self.projection.rows.iter().map(|row| row.id.as_str()).collect();
        self.all()?.iter().filter(|row| !stays.contains(row.id.as_str())).try_for_each(|row| self.delete(row))
    }

    fn delete(&self, row: &Record) -> Result<(), StoreError> {
        let sql = "DELETE FROM projection WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3";
        self.transaction.execute(sql, params![self.no.0, self.indexed.table, row.id])?;
        self.projection.indexes.iter().try_for_each(|index| self.indexed.remove(index, &row.id, &row.values))
    }

    fn put(&self, row: &Record) -> Result<(), StoreError> {
        let before = self.get(&row.id)?;
        if before.as_ref() == Some(row) {
            return Ok(());
        }
        if let Some(before) = before {
            self.delete(&before)?;
        }
        self.transaction.execute(
            "INSERT INTO projection (environment_id, table_name, id, json, version) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![self.no.0, self.indexed.table, row.id, json_of(&row.values), self.version],
        )?;
        self.projection.indexes.iter().try_for_each(|index| self.indexed.add(index, &row.id, &row.values))
    }
}
