//! Rows against a plain model, under random edits of rows, deletions of tables and columns, and returns.
//!
//! Edits of rows are no operations and nothing undoes them. So a return goes no further than the last of them, where
//! it must bring back exactly what was there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;
use strata_model::id::Operation;
use strata_model::plan::Edit;
use strata_store::sqlite::SqliteStore;
use strata_store::{Record, RecordEdit, RecordIndex, RecordWrite, Store, Values};

use crate::fixture::{Shelf, apply, create, current, digest};

const TABLES: u8 = 2;
const COLUMNS: u8 = 3;
const IDS: u8 = 4;

#[derive(Debug, Clone)]
enum Step {
    /// Gives a row of a table a value in a column, makes the row where there is none; without a value it goes.
    Write(u8, u8, Option<(u8, u8)>),
    /// Deletes tables, and columns of tables.
    Delete(BTreeSet<u8>, BTreeSet<(u8, u8)>),
    Restore(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop::option::weighted(0.8, (0..COLUMNS, any::<u8>()));
    let column = (0..TABLES, 0..COLUMNS);
    prop_oneof![
        4 => (0..TABLES, 0..IDS, value).prop_map(|(table, id, value)| Step::Write(table, id, value)),
        3 => (prop::collection::btree_set(0..TABLES, 0..2), prop::collection::btree_set(column, 0..3))
            .prop_map(|(tables, columns)| Step::Delete(tables, columns)),
        4 => any::<prop::sample::Index>().prop_map(Step::Restore),
    ]
}

/// Tables, columns and rows as plain values.
#[derive(Debug, Clone, Default, PartialEq)]
struct Plain {
    rows: BTreeMap<(u8, u8), Values>,
    deleted_tables: BTreeSet<u8>,
    deleted_columns: BTreeSet<(u8, u8)>,
}

fn table_name(table: u8) -> String {
    format!("t{table}")
}

fn column_name(column: u8) -> String {
    format!("c{column}")
}

fn close_rows(table: u8) -> Edit {
    Edit::RowsClose { table: table_name(table) }
}

fn close_column((table, column): (u8, u8)) -> Edit {
    Edit::ColumnClose { table: table_name(table), column: column_name(column) }
}

impl Plain {
    /// Deletes what is there; the columns of a table go with it, which needs no edit of their own.
    fn delete(&mut self, tables: &BTreeSet<u8>, columns: &BTreeSet<(u8, u8)>) -> Vec<Edit> {
        let before = self.clone();
        for table in tables {
            self.deleted_tables.insert(*table);
            self.deleted_columns.extend((0..COLUMNS).map(|column| (*table, column)));
        }
        self.deleted_columns.extend(columns);
        self.rows.retain(|(table, _), _| !tables.contains(table));
        for ((table, _), values) in &mut self.rows {
            values.retain(|name, _| !columns.iter().any(|(of, column)| of == table && *name == column_name(*column)));
        }
        before.closings(self)
    }

    /// What a planner closes: the data of tables that are there now and are not then, and of such columns where the
    /// table stays.
    fn closings(&self, then: &Self) -> Vec<Edit> {
        let tables = then.deleted_tables.difference(&self.deleted_tables).map(|table| close_rows(*table));
        let columns = then.deleted_columns.difference(&self.deleted_columns);
        let columns = columns.filter(|(table, _)| !then.deleted_tables.contains(table));
        tables.chain(columns.map(|at| close_column(*at))).collect()
    }

    fn fits(&self, edit: &Edit) -> bool {
        let has_table = |name: &str| !self.deleted_tables.iter().any(|table| table_name(*table) == name);
        let has_column = |table: &str, name: &str| {
            !self.deleted_columns.iter().any(|at| table_name(at.0) == table && column_name(at.1) == name)
        };
        match edit {
            Edit::RowsReopen { table, .. } => has_table(table),
            Edit::ColumnReopen { table, column, .. } => has_column(table, column),
            Edit::ColumnClose { table, column } => !has_column(table, column),
            _ => true,
        }
    }

    /// Returns the edit that a write comes to, where the table is there, and makes it here.
    fn write(&mut self, table: u8, id: u8, value: Option<(u8, u8)>) -> Option<RecordEdit> {
        let name = format!("id{id}");
        let before = self.rows.get(&(table, id)).cloned();
        let Some((column, value)) = value else {
            self.rows.remove(&(table, id))?;
            return Some(RecordEdit::Delete { id: name });
        };
        if self.deleted_tables.contains(&table) || self.deleted_columns.contains(&(table, column)) {
            return None;
        }
        let mut after = before.clone().unwrap_or_default();
        after.insert(column_name(column), json!(value));
        self.rows.insert((table, id), after.clone());
        Some(match before {
            Some(before) => RecordEdit::Replace { id: name, before, after },
            None => RecordEdit::Insert(Record::new(name, after)),
        })
    }

    fn assert_is(&self, store: &dyn Store, at: Option<Operation>) {
        let environment = current(store, "dev");
        for table in 0..TABLES {
            let of_table = self.rows.iter().filter(|((of, _), _)| *of == table);
            let expected: Vec<_> =
                of_table.map(|((_, id), values)| Record::new(format!("id{id}"), values.clone())).collect();
            assert_eq!(store.records(&environment, at, &table_name(table)).expect("a list"), expected);
            let count = store.record_count(&environment, at, &table_name(table)).expect("a count");
            assert_eq!(count, expected.len() as u64);
        }
    }

    /// Checks that an index finds what a scan finds.
    fn assert_found(&self, store: &dyn Store, table: u8) {
        let environment = current(store, "dev");
        let columns = [column_name(0)];
        for values in self.rows.iter().filter(|((of, _), _)| *of == table).map(|(_, values)| values) {
            let Some(value) = values.get(&columns[0]) else { continue };
            let found = store.records_by(&environment, &table_name(table), &columns, std::slice::from_ref(value));
            let found: Vec<_> =
                found.expect("an answer").expect("an index").into_iter().map(|row| row.values).collect();
            let scanned = self.rows.iter().filter(|((of, _), row)| *of == table && row.get(&columns[0]) == Some(value));
            assert_eq!(found, scanned.map(|(_, values)| values.clone()).collect::<Vec<_>>());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn d8_rows_agree_with_a_plain_model(steps in prop::collection::vec(step(), 1..24)) {
        let store = SqliteStore::in_memory().expect("a store in memory");
        let environment = create(&store, "dev");
        let indexes = vec![RecordIndex::sorted(column_name(0))];
        let mut states = vec![Plain::default()];
        let mut digests = vec![digest(&store, &environment, None)];
        let mut last_edited = 0;

        for step in steps {
            let last = states.len() - 1;
            let mut state = states[last].clone();
            let edits = match &step {
                Step::Write(table, id, value) => {
                    if let Some(edit) = state.write(*table, *id, *value) {
                        let write = RecordWrite {
                            table: table_name(*table), indexes: indexes.clone(), edits: vec![edit], ..RecordWrite::default()
                        };
                        store.record_write(&current(&store, "dev"), &write).expect("an edit that can be made");
                        state.assert_found(&store, *table);
                        last_edited = last;
                    }
                    state.assert_is(&store, None);
                    digests[last] = digest(&store, &environment, None);
                    states[last] = state;
                    continue;
                }
                Step::Delete(tables, columns) => state.delete(tables, columns),
                Step::Restore(index) => {
                    let then = last_edited + index.index(states.len() - last_edited);
                    let back = store.edits_back_to(&environment, Operation(then as i64)).expect("a way back");
                    let closings = state.closings(&states[then]);
                    state = states[then].clone();
                    back.into_iter().filter(|edit| state.fits(edit)).chain(closings).collect()
                }
            };
            apply(&store, "dev", edits, &Shelf::default());
            state.assert_is(&store, None);
            states.push(state);
            digests.push(digest(&store, &environment, None));
        }

        for (at, (state, expected)) in states.iter().zip(&digests).enumerate() {
            let at = Some(Operation(at as i64));
            state.assert_is(&store, at);
            prop_assert_eq!(digest(&store, &environment, at), *expected);
        }
    }
}
