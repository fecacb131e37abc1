//! Edits of rows: all of a write or none, checked against what is there.

use rusqlite::params;
use strata_model::environment::Environment;
use strata_model::id::{EnvironmentNo, Operation};

use super::record::{self, key_of};
use super::record_close::{Opened, close_version, open_version};
use super::record_index::{self, Indexed, Shelf};
use super::rows::{self, OPEN, json_of};
use super::transaction::Transaction;
use super::{Inner, environment};
use crate::{RecordEdit, RecordError, RecordWrite, StoreError, Values, Violation, ViolationKind};

pub(super) fn write(inner: &Inner, of: &Environment, write: &RecordWrite) -> Result<(), RecordError> {
    let transaction = inner.transaction()?;
    let now = rows::environment_now(transaction.conn, of.no)?.ok_or_else(|| environment::missing(&of.name))?;
    if now.revision != of.revision {
        return Err(RecordError::Moved { expected: of.revision, revision: now.revision });
    }
    let indexed = Indexed { transaction: &transaction, no: of.no, shelf: Shelf::Records, table: key_of(&write.table) };
    indexed.ensure(&write.indexes, || record::now(transaction.conn, of.no, &write.table))?;
    let version = environment::next_version(&transaction, of.no)?;
    let rows = Rows { transaction: &transaction, no: of.no, operation: now.operation, version, write, indexed };
    let mut violations = Vec::new();
    for (edit, kind) in rows.edits()? {
        violations.push(Violation { edit, kind });
    }
    violations.extend(rows.duplicates()?);
    violations.extend(rows.broken_references()?);
    violations.extend(rows.references_to_deleted()?);
    if !violations.is_empty() {
        violations.sort_by_key(|violation| violation.edit);
        return Err(RecordError::Refused(violations));
    }
    if !write.is_trial {
        transaction.commit()?;
    }
    Ok(())
}

/// The rows of one table inside a write.
struct Rows<'t> {
    transaction: &'t Transaction<'t>,
    no: EnvironmentNo,
    /// The operation before, whose number the versions carry.
    operation: Operation,
    /// The number of the write, which its rows bear.
    version: i64,
    write: &'t RecordWrite,
    indexed: Indexed<'t>,
}

impl Rows<'_> {
    /// Makes the edits that can be made and returns why the others cannot.
    fn edits(&self) -> Result<Vec<(usize, ViolationKind)>, StoreError> {
        let mut refused = Vec::new();
        for (position, edit) in self.write.edits.iter().enumerate() {
            if let Some(kind) = self.edit(edit)? {
                refused.push((position, kind));
            }
        }
        Ok(refused)
    }

    fn edit(&self, edit: &RecordEdit) -> Result<Option<ViolationKind>, StoreError> {
        let before = record::get_now(self.transaction.conn, self.no, &self.write.table, edit.id())?;
        let before = before.map(|record| record.values);
        Ok(match (edit, before) {
            (RecordEdit::Insert(record), None) => {
                self.put(&record.id, None, Some(&record.values))?;
                None
            }
            (RecordEdit::Insert(_), Some(_)) => Some(ViolationKind::Exists),
            (RecordEdit::Replace { id, before: expected, after }, Some(before)) if before == *expected => {
                self.put(id, Some(&before), Some(after))?;
                None
            }
            (RecordEdit::Replace { .. }, Some(_)) => Some(ViolationKind::Changed),
            (RecordEdit::Delete { id }, Some(before)) => {
                self.put(id, Some(&before), None)?;
                None
            }
            (RecordEdit::Replace { .. } | RecordEdit::Delete { .. }, None) => Some(ViolationKind::Missing),
        })
    }

    /// Replaces what a row holds, and what indexes say of it.
    fn put(&self, id: &str, before: Option<&Values>, after: Option<&Values>) -> Result<(), StoreError> {
        let table = &self.indexed.table;
        let is_open_since_now = "DELETE FROM record WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 \
             AND from_op = ?4 AND to_op = ?5";
        // A version that would hold from an operation to the same one was never seen.
        self.transaction.execute(is_open_since_now, params![self.no.0, table, id, self.operation.0, OPEN])?;
        close_version(self.transaction, self.no, table, id, self.operation)?;
        if let Some(after) = after {
            let opened = Opened { id, json: &json_of(after), version: self.version };
            open_version(self.transaction, self.no, table, self.operation, &opened)?;
        }
        for index in &self.write.indexes {
            if let Some(before) = before {
                self.indexed.remove(index, id, before)?;
            }
            if let Some(after) = after {
                self.indexed.add(index, id, after)?;
            }
        }
        Ok(())
    }

    /// Looks at unique indexes when all edits are made, so that rows may exchange values.
    fn duplicates(&self) -> Result<Vec<Violation>, StoreError> {
        let mut found = Vec::new();
        for (position, edit) in self.write.edits.iter().enumerate() {
            let (id, values) = match edit {
                RecordEdit::Insert(record) => (&record.id, &record.values),
                RecordEdit::Replace { id, after, .. } => (id, after),
                RecordEdit::Delete { .. } => continue,
            };
            for index in self.write.indexes.iter().filter(|index| index.is_unique) {
                let Some(value) = index.value(values) else { continue };
                let ids = record_index::ids(self.transaction.conn, self.no, &self.write.table, &index.name(), &value)?;
                if let Some(other) = ids.into_iter().find(|other| other != id) {
                    let kind = ViolationKind::Duplicate { columns: index.columns.clone(), id: other };
                    found.push(Violation { edit: position, kind });
                }
            }
        }
        Ok(found)
    }

    /// Looks for the rows that values refer to when all edits are made, so that rows may come together.
    fn broken_references(&self) -> Result<Vec<Violation>, StoreError> {
        let mut found = Vec::new();
        for reference in &self.write.references {
            let target = record::get_now(self.transaction.conn, self.no, &reference.table, &reference.id)?;
            if target.is_none() {
                let kind = ViolationKind::NoTarget {
                    column: reference.column.clone(),
                    table: reference.table.clone(),
                    id: reference.id.clone(),
                };
                found.push(Violation { edit: reference.edit, kind });
            }
        }
        Ok(found)
    }

    /// Looks for rows that stay and refer to a row that goes.
    fn references_to_deleted(&self) -> Result<Vec<Violation>, StoreError> {
        let mut found = Vec::new();
        for (position, edit) in self.write.edits.iter().enumerate() {
            let RecordEdit::Delete { id } = edit else { continue };
            let reference = format!("{}({id})", key_of(&self.write.table));
            for (table, id) in record_index::referring(self.transaction.conn, self.no, &reference)? {
                found.push(Violation { edit: position, kind: ViolationKind::Referenced { table, id } });
            }
        }
        Ok(found)
    }
}
