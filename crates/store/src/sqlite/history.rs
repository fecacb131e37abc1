//! What happened: entries, and the layers each operation closed and opened.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row, params};
use strata_model::environment::Environment;
use strata_model::history::{HistoryEntry, NewHistoryEntry};
use strata_model::id::{EnvironmentNo, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};

use super::rows::{self, COMPONENT, LAYER, OPEN, TypeNames, damaged, json, json_of, word, word_of};
use super::transaction::Transaction;
use super::{Inner, environment, job};
use crate::{LayerChange, StoreError};

const ENTRY: &str = "operation, time, duration, kind, solution, from_version, to_version, suboperation, outcome, \
     changes, job, state_of, options, findings, facts";

/// Records an operation that leaves the state as it is.
pub(super) fn record(inner: &Inner, of: &Environment, entry: &NewHistoryEntry) -> Result<Operation, StoreError> {
    let transaction = inner.transaction()?;
    let now = rows::environment_now(transaction.conn, of.no)?.ok_or_else(|| environment::missing(&of.name))?;
    let operation = Operation(now.operation.0 + 1);
    insert(&transaction, of.no, operation, entry)?;
    transaction.execute("UPDATE environment SET current_op = ?2 WHERE environment_id = ?1", [of.no.0, operation.0])?;
    transaction.commit()?;
    Ok(operation)
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    no: EnvironmentNo,
    operation: Operation,
    entry: &NewHistoryEntry,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO operation (environment_id, {ENTRY}) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    );
    transaction.execute(
        &sql,
        params![
            no.0,
            operation.0,
            entry.time,
            entry.duration,
            word_of(entry.kind),
            entry.solution,
            entry.from_version,
            entry.to_version,
            entry.suboperation.map(word_of),
            word_of(entry.outcome),
            entry.changes,
            entry.job.map(|job| job.to_string()),
            entry.state_of.map(|operation| operation.0),
            entry.options,
            json_of(&entry.findings),
            entry.facts.as_ref().map(json_of)
        ],
    )?;
    job::insert(transaction, no, operation, &entry.components)
}

pub(super) fn list(
    conn: &Connection,
    of: &Environment,
    at: Option<Operation>,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let moment = rows::moment(conn, of, at)?;
    let sql =
        format!("SELECT {ENTRY} FROM operation WHERE environment_id = ?1 AND operation <= ?2 ORDER BY operation DESC");
    Ok(conn.prepare_cached(&sql)?.query_map([of.no.0, moment], read)?.collect::<Result<_, _>>()?)
}

pub(super) fn entry(
    conn: &Connection,
    of: &Environment,
    operation: Operation,
) -> Result<Option<HistoryEntry>, StoreError> {
    let sql = format!("SELECT {ENTRY} FROM operation WHERE environment_id = ?1 AND operation = ?2");
    Ok(conn.prepare_cached(&sql)?.query_row([of.no.0, operation.0], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<HistoryEntry> {
    let what = NewHistoryEntry {
        time: row.get(1)?,
        duration: row.get(2)?,
        kind: word(row, 3)?.ok_or_else(|| damaged(3, "no kind"))?,
        solution: row.get(4)?,
        from_version: row.get(5)?,
        to_version: row.get(6)?,
        suboperation: word(row, 7)?,
        outcome: word(row, 8)?.ok_or_else(|| damaged(8, "no outcome"))?,
        changes: row.get(9)?,
        job: rows::guid_or_null(row, 10)?,
        state_of: row.get::<_, Option<i64>>(11)?.map(Operation),
        options: row.get(12)?,
        findings: json(row, 13)?,
        facts: rows::json_or_null(row, 14)?,
        components: Vec::new(),
    };
    Ok(HistoryEntry { operation: Operation(row.get(0)?), what })
}

pub(super) fn changes_of(
    conn: &Connection,
    of: &Environment,
    operation: Operation,
) -> Result<Vec<LayerChange>, StoreError> {
    // An operation that has been pruned has lost what it closed, so half an answer is none.
    rows::moment(conn, of, Some(operation))?;
    let mut changes = Vec::new();
    let mut types = TypeNames::default();
    let component_sql = format!("SELECT {COMPONENT} FROM component WHERE environment_id = ?1 AND component_no = ?2");
    let mut component = conn.prepare_cached(&component_sql)?;
    let rows_sql = format!("SELECT {LAYER}, to_op FROM layer WHERE environment_id = ?1 AND component_no = ?2");
    let mut layer_rows = conn.prepare_cached(&rows_sql)?;
    for number in numbers(conn, of.no, operation)? {
        let layers = layer_rows
            .query_map([of.no.0, number], |row| Ok((rows::layer(row)?, row.get::<_, i64>(8)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        let existed_before = layers.iter().any(|(layer, to)| layer.from < operation && operation.0 <= *to);
        let exists_after = layers.iter().any(|(layer, to)| layer.from <= operation && operation.0 < *to);
        let component = component.query_row([of.no.0, number], |row| rows::component(row, &mut types))?;
        changes.extend(pairs(layers, operation).into_iter().map(|((solution, _), (closed, opened))| LayerChange {
            component: component.clone(),
            solution,
            closed,
            opened,
            existed_before,
            exists_after,
        }));
    }
    changes.sort_by(|left, right| left.component.key.cmp(&right.component.key));
    Ok(changes)
}

/// Lists the components whose layers an operation closed or opened.
fn numbers(conn: &Connection, no: EnvironmentNo, operation: Operation) -> Result<BTreeSet<i64>, StoreError> {
    let mut numbers = BTreeSet::new();
    for sql in [
        "SELECT component_no FROM layer WHERE environment_id = ?1 AND from_op = ?2",
        "SELECT component_no FROM layer WHERE environment_id = ?1 AND to_op = ?2 AND to_op <> 9223372036854775807",
    ] {
        let mut statement = conn.prepare_cached(sql)?;
        for number in statement.query_map([no.0, operation.0], |row| row.get(0))? {
            numbers.insert(number?);
        }
    }
    Ok(numbers)
}

type Pairs = BTreeMap<(SolutionNo, LayerState), (Option<Layer>, Option<Layer>)>;

/// Joins what an operation closed with what it opened in its place.
fn pairs(layers: Vec<(Layer, i64)>, operation: Operation) -> Pairs {
    let mut pairs = Pairs::new();
    for (layer, to) in layers {
        let key = (layer.solution, layer.state);
        if to == operation.0 && to != OPEN {
            pairs.entry(key).or_default().0 = Some(layer);
        } else if layer.from == operation {
            pairs.entry(key).or_default().1 = Some(layer);
        }
    }
    pairs
}
