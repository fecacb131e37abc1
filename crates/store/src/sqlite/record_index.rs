//! Finds rows by what they hold: primary names, alternate keys, lookups (D8).
//!
//! An index is complete or not there. Writes of rows keep the indexes they are given; operations that take or bring
//! back data drop those of the table, which costs no more than its rows.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde_json::Value;
use strata_model::id::EnvironmentNo;

use super::record::{self, key_of};
use super::rows::json_of;
use super::sort_key;
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
    if !complete(conn, no, Shelf::Records, &key_of(table))?.contains_key(&name) {
        return Ok(None);
    }
    let mut records = Vec::new();
    for id in ids(conn, no, table, &name, &entry(values))? {
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
    let value = sort_key::of(&Value::String(reference.to_owned()));
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

/// The indexes that are complete, each with whether it is total.
pub(super) fn complete(
    conn: &Connection,
    no: EnvironmentNo,
    shelf: Shelf,
    table: &str,
) -> Result<BTreeMap<String, bool>, StoreError> {
    let sql = format!(
        "SELECT column_name, is_total FROM {} WHERE environment_id = ?1 AND table_name = ?2 AND column_name <> ?3",
        shelf.indexed()
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let found = statement.query_map(params![no.0, table, DROPPED], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Where documents lie: those that are kept, or those that are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    Records,
    Projections,
}

impl Shelf {
    /// The table of the index's entries.
    pub(super) fn index(self) -> &'static str {
        match self {
            Self::Records => "record_index",
            Self::Projections => "projection_index",
        }
    }

    fn indexed(self) -> &'static str {
        match self {
            Self::Records => "record_indexed",
            Self::Projections => "projection_indexed",
        }
    }
}

/// The indexes of one table inside a transaction.
pub(super) struct Indexed<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    pub(super) no: EnvironmentNo,
    pub(super) shelf: Shelf,
    /// Folded.
    pub(super) table: String,
}

impl Indexed<'_> {
    /// Builds the indexes that the table lacks over its rows, and drops those that are not wanted.
    pub(super) fn ensure(
        &self,
        indexes: &[RecordIndex],
        rows: impl FnOnce() -> Result<Vec<Record>, StoreError>,
    ) -> Result<(), StoreError> {
        let wanted: BTreeMap<_, _> = indexes.iter().map(|index| (index.name(), index.is_total)).collect();
        let there = complete(self.transaction.conn, self.no, self.shelf, &self.table)?;
        for (name, _) in there.iter().filter(|(name, is_total)| wanted.get(*name) != Some(is_total)) {
            self.forget(name)?;
        }
        let unmark = format!(
            "DELETE FROM {} WHERE environment_id = ?1 AND table_name = ?2 AND column_name = ?3",
            self.shelf.indexed()
        );
        self.transaction.execute(&unmark, params![self.no.0, self.table, DROPPED])?;
        let is_missing = |index: &&RecordIndex| there.get(&index.name()) != Some(&index.is_total);
        let missing: Vec<_> = indexes.iter().filter(is_missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        for record in rows()? {
            for index in &missing {
                self.add(index, &record.id, &record.values)?;
            }
        }
        missing.into_iter().try_for_each(|index| self.mark(&index.name(), index.is_total))
    }

    fn mark(&self, name: &str, is_total: bool) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO {} (environment_id, table_name, column_name, is_total) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT DO NOTHING",
            self.shelf.indexed()
        );
        self.transaction.execute(&sql, params![self.no.0, self.table, name, is_total])?;
        Ok(())
    }

    /// Enters a row into an index, unless it lacks one of the values and the index is not total.
    pub(super) fn add(&self, index: &RecordIndex, id: &str, values: &Values) -> Result<(), StoreError> {
        if let Some(value) = index.value(values) {
            let sql = match self.shelf {
                Shelf::Records => {
                    "INSERT INTO record_index (environment_id, table_name, column_name, value, id) \
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"
                }
                Shelf::Projections => {
                    "INSERT INTO projection_index (environment_id, table_name, column_name, value, id) \
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"
                }
            };
            self.transaction.execute(sql, params![self.no.0, self.table, index.name(), value, id])?;
        }
        Ok(())
    }

    /// Takes a row out of an index.
    pub(super) fn remove(&self, index: &RecordIndex, id: &str, values: &Values) -> Result<(), StoreError> {
        if let Some(value) = index.value(values) {
            let sql = format!(
                "DELETE FROM {} WHERE environment_id = ?1 AND table_name = ?2 AND column_name = ?3 \
                 AND value = ?4 AND id = ?5",
                self.shelf.index()
            );
            self.transaction.execute(&sql, params![self.no.0, self.table, index.name(), value, id])?;
        }
        Ok(())
    }

    /// Drops every index of the table.
    pub(super) fn drop_all(&self) -> Result<(), StoreError> {
        for name in complete(self.transaction.conn, self.no, self.shelf, &self.table)?.keys() {
            self.forget(name)?;
        }
        self.mark(DROPPED, false)
    }

    fn forget(&self, name: &str) -> Result<(), StoreError> {
        for of in [self.shelf.index(), self.shelf.indexed()] {
            let sql = format!("DELETE FROM {of} WHERE environment_id = ?1 AND table_name = ?2 AND column_name = ?3");
            self.transaction.execute(&sql, params![self.no.0, self.table, name])?;
        }
        Ok(())
    }
}

impl RecordIndex {
    pub(super) fn name(&self) -> String {
        self.columns.join(",")
    }

    /// Returns what a row is found by, or `None` where it is not in the index.
    pub(super) fn value(&self, values: &Values) -> Option<String> {
        let held = |column: &String| values.get(column).filter(|value| !value.is_null()).cloned();
        match self.columns.as_slice() {
            [column] if self.is_total => Some(sort_key::of(&held(column).unwrap_or_default())),
            columns => columns.iter().map(held).collect::<Option<Vec<_>>>().map(|values| entry(&values)),
        }
    }
}

/// Writes values so that equal ones are equal texts, and the texts of single ones sort as they do.
fn entry(values: &[Value]) -> String {
    match values {
        [value] => sort_key::of(value),
        values => json_of(&values.iter().map(sort_key::of).collect::<Vec<_>>()),
    }
}
