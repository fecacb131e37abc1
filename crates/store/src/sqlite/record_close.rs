//! What operations do to rows of tables: take them, or the values of a column, and bring them back.
//!
//! Each taking and each return is noted, so the way back to a moment needs to look at nothing else: what was there
//! then is what the first taking since took, or a later one where that was taken back in between.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use strata_model::id::{EnvironmentNo, Operation};
use strata_model::plan::Edit;

use super::environment::next_version;
use super::record::{self, key_of};
use super::record_index::{Indexed, Shelf};
use super::rows::{OPEN, json_of};
use super::transaction::Transaction;
use crate::{Record, StoreError, Values};

/// Stands for a taking where the operation whose taking was taken back is expected.
const TAKEN: i64 = 0;

/// The rows of an environment inside an operation.
pub(super) struct Data<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    pub(super) no: EnvironmentNo,
    pub(super) operation: Operation,
}

impl Data<'_> {
    /// Closes every row of a table.
    pub(super) fn close_rows(&self, table: &str) -> Result<(), StoreError> {
        self.transaction.execute(
            "UPDATE record SET to_op = ?3 WHERE environment_id = ?1 AND table_name = ?2 AND to_op = ?4",
            params![self.no.0, key_of(table), self.operation.0, OPEN],
        )?;
        self.note(table, "", TAKEN)
    }

    /// Brings back the rows that an operation closed, but for ids that are in use again.
    pub(super) fn reopen_rows(&self, table: &str, closed_at: Operation) -> Result<(), StoreError> {
        let version = next_version(self.transaction, self.no)?;
        self.transaction.execute(
            "INSERT INTO record (environment_id, table_name, id, from_op, to_op, json, version) \
             SELECT c.environment_id, c.table_name, c.id, ?3, ?5, c.json, ?6 FROM record c \
             WHERE c.environment_id = ?1 AND c.table_name = ?2 AND c.to_op = ?4 \
             AND NOT EXISTS (SELECT 1 FROM record o WHERE o.environment_id = c.environment_id \
             AND o.table_name = c.table_name AND o.id = c.id AND o.to_op = ?5)",
            params![self.no.0, key_of(table), self.operation.0, closed_at.0, OPEN, version],
        )?;
        self.note(table, "", closed_at.0)
    }

    /// Takes the values of a column out of every row that holds one.
    pub(super) fn close_column(&self, table: &str, column: &str) -> Result<(), StoreError> {
        let version = next_version(self.transaction, self.no)?;
        for mut record in record::now(self.transaction.conn, self.no, table)? {
            if record.values.remove(&key_of(column)).is_some() {
                self.replace(table, &record, version)?;
            }
        }
        self.note(table, column, TAKEN)
    }

    /// Brings the values of a column back that an operation took, into rows that are there and hold none.
    pub(super) fn reopen_column(&self, table: &str, column: &str, closed_at: Operation) -> Result<(), StoreError> {
        let column = key_of(column);
        let version = next_version(self.transaction, self.no)?;
        let mut taken = self.taken(table, closed_at)?;
        for mut record in record::now(self.transaction.conn, self.no, table)? {
            let value = taken.get_mut(&record.id).and_then(|values| values.remove(&column));
            if let Some(value) = value.filter(|_| !record.values.contains_key(&column)) {
                record.values.insert(column.clone(), value);
                self.replace(table, &record, version)?;
            }
        }
        self.note(table, &column, closed_at.0)
    }

    /// Returns the rows of a table as an operation found them or had brought them back when it took values of them.
    fn taken(&self, table: &str, closed_at: Operation) -> Result<BTreeMap<String, Values>, StoreError> {
        let sql = "SELECT id, json, version FROM record WHERE environment_id = ?1 AND table_name = ?2 AND (to_op = ?3 \
             OR to_op IN (SELECT closed_at FROM record_change WHERE environment_id = ?1 AND operation = ?3 \
             AND table_name = ?2 AND column_name = '')) ORDER BY to_op";
        let mut statement = self.transaction.conn.prepare_cached(sql)?;
        let found = statement.query_map(params![self.no.0, key_of(table), closed_at.0], record::record)?;
        // What the operation found stands last and counts.
        Ok(found.map(|record| record.map(|record| (record.id, record.values))).collect::<Result<_, _>>()?)
    }

    /// Closes the open version of a row and opens one that holds something else; one that this operation opened is changed
    /// where it stands.
    fn replace(&self, table: &str, to: &Record, version: i64) -> Result<(), StoreError> {
        let key = key_of(table);
        let json = json_of(&to.values);
        let changed = self.transaction.execute(
            "UPDATE record SET json = ?5, version = ?7 WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 AND from_op = ?4 \
             AND to_op = ?6",
            params![self.no.0, key, to.id, self.operation.0, json, OPEN, version],
        )?;
        if changed == 0 {
            close_version(self.transaction, self.no, &key, &to.id, self.operation)?;
            let opened = Opened { id: &to.id, json: &json, version };
            open_version(self.transaction, self.no, &key, self.operation, &opened)?;
        }
        Ok(())
    }

    /// Notes what was done, and drops the table's indexes: the next write of a row builds them anew.
    fn note(&self, table: &str, column: &str, closed_at: i64) -> Result<(), StoreError> {
        self.transaction.execute(
            "INSERT INTO record_change (environment_id, operation, table_name, column_name, closed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![self.no.0, self.operation.0, key_of(table), key_of(column), closed_at],
        )?;
        let (transaction, no, table) = (self.transaction, self.no, key_of(table));
        Indexed { transaction, no, shelf: Shelf::Records, table }.drop_all()
    }
}

pub(super) fn close_version(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    table: &str,
    id: &str,
    operation: Operation,
) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE record SET to_op = ?4 WHERE environment_id = ?1 AND table_name = ?2 AND id = ?3 AND to_op = ?5",
        params![no.0, table, id, operation.0, OPEN],
    )?;
    Ok(())
}

/// What a row holds from now on.
pub(super) struct Opened<'r> {
    pub(super) id: &'r str,
    pub(super) json: &'r str,
    pub(super) version: i64,
}

pub(super) fn open_version(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    table: &str,
    operation: Operation,
    row: &Opened<'_>,
) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO record (environment_id, table_name, id, from_op, to_op, json, version) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![no.0, table, row.id, operation.0, OPEN, row.json, row.version],
    )?;
    Ok(())
}

/// What an operation did to the rows of a table or the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Taken(Operation),
    /// What an operation had taken came back.
    Returned(Operation),
}

/// Returns the edits that bring back what was there after an operation and has gone since, and take the values of
/// columns out of rows that come back with more than they held then.
pub(super) fn way_back(conn: &Connection, no: EnvironmentNo, target: Operation) -> Result<Vec<Edit>, StoreError> {
    // A taking stands before a return of the same operation, as they are carried out.
    let sql = "SELECT table_name, column_name, operation, closed_at FROM record_change \
         WHERE environment_id = ?1 AND operation > ?2 ORDER BY operation, closed_at";
    let mut subjects: BTreeMap<(String, String), Vec<Event>> = BTreeMap::new();
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query([no.0, target.0])?;
    while let Some(row) = found.next()? {
        let (operation, closed_at) = (Operation(row.get(2)?), row.get(3)?);
        let event = if closed_at == TAKEN { Event::Taken(operation) } else { Event::Returned(Operation(closed_at)) };
        subjects.entry((row.get(0)?, row.get(1)?)).or_default().push(event);
    }
    let (mut reopened, mut edits) = (BTreeSet::new(), Vec::new());
    // The rows of a table stand before its columns: their name is empty.
    for ((table, column), events) in subjects {
        let taken_at = taken_at(&events);
        match (column.is_empty(), taken_at) {
            (true, Some(closed_at)) => {
                reopened.insert(table.clone());
                edits.push(Edit::RowsReopen { table, closed_at });
            }
            (false, Some(closed_at)) => edits.push(Edit::ColumnReopen { table, column, closed_at }),
            (false, None) if is_later(&events) && reopened.contains(&table) => {
                edits.push(Edit::ColumnClose { table, column });
            }
            (_, None) => {}
        }
    }
    Ok(edits)
}

/// Returns the operation that has taken what was there before these events, unless it is there.
fn taken_at(events: &[Event]) -> Option<Operation> {
    let mut taken_at = match events.first() {
        Some(Event::Taken(operation)) => Some(*operation),
        Some(Event::Returned(_)) | None => return None,
    };
    for event in &events[1..] {
        match (event, taken_at) {
            (Event::Returned(closed_at), Some(at)) if *closed_at == at => taken_at = None,
            (Event::Taken(operation), None) => taken_at = Some(*operation),
            (Event::Taken(_) | Event::Returned(_), _) => {}
        }
    }
    taken_at
}

/// Tells whether nothing was there before these events.
fn is_later(events: &[Event]) -> bool {
    matches!(events.first(), Some(Event::Returned(_)))
}

#[cfg(test)]
mod tests {
    use super::Event::{Returned, Taken};
    use super::*;

    #[test]
    fn what_was_there_is_what_the_first_taking_took_or_a_later_one_after_its_return() {
        let op = Operation;
        assert_eq!(taken_at(&[]), None);
        assert_eq!(taken_at(&[Taken(op(3))]), Some(op(3)));
        assert_eq!(taken_at(&[Taken(op(3)), Returned(op(3))]), None);
        assert_eq!(taken_at(&[Taken(op(3)), Returned(op(3)), Taken(op(5))]), Some(op(5)));
        // Made anew after 3 and taken again: what 5 took was not there.
        assert_eq!(taken_at(&[Taken(op(3)), Taken(op(5))]), Some(op(3)));
        // What 1 took was brought back over what 3 has taken.
        assert_eq!(taken_at(&[Taken(op(3)), Returned(op(1))]), Some(op(3)));
        // Nothing was there then.
        assert_eq!(taken_at(&[Returned(op(1)), Taken(op(5))]), None);
        assert!(is_later(&[Returned(op(1))]) && !is_later(&[Taken(op(1))]) && !is_later(&[]));
    }
}
