//! Fills the indexes of names for the definitions that a store of an older format brought along.
//!
//! The migration leaves a mark that says how far this has come: environment and component. Each batch moves it in
//! the transaction that writes the batch's rows, so after a crash the next opening goes on from there, and two
//! processes at once write the same rows. What the mark has not reached may have rows already, from operations
//! since; they are written again and stay.

use rusqlite::{Connection, OptionalExtension};
use strata_model::component::Component;
use strata_model::id::{Digest, EnvironmentNo};
use strata_model::reference::DefinitionNames;

use super::names::{self, Sorted};
use super::rows::{self, COMPONENT, TypeNames};
use super::transaction::Transaction;
use super::{Inner, SqliteStore};
use crate::StoreError;

/// Definitions of one transaction.
const BATCH: usize = 10_000;

/// How far the indexes are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    environment: i64,
    component: i64,
}

/// Definitions of neighbouring components of one environment; all of each.
struct Batch {
    environment: EnvironmentNo,
    definitions: Vec<(Component, Vec<Digest>)>,
    last: Mark,
}

pub(super) fn name_definitions(
    store: &SqliteStore,
    read: &dyn Fn(&Component, &Digest) -> Result<DefinitionNames, StoreError>,
) -> Result<u64, StoreError> {
    let mut named = 0;
    loop {
        let Some(mark) = store.lock().read(mark)? else { return Ok(named) };
        let Some(batch) = store.lock().read(|conn| next(conn, mark))? else {
            finish(&store.lock(), mark)?;
            continue;
        };
        // The store is not locked while definitions are read, for they come from it.
        let mut names = Vec::new();
        for (component, digests) in &batch.definitions {
            for digest in digests {
                names.push(read(component, digest)?);
            }
        }
        named += names.len() as u64;
        write(&store.lock(), &batch, &Sorted::new(names.iter()))?;
    }
}

fn mark(conn: &Connection) -> Result<Option<Mark>, StoreError> {
    let text = conn
        .prepare_cached("SELECT value FROM meta WHERE name = 'named'")?
        .query_row([], |row| row.get::<_, String>(0))
        .optional()?;
    let parse = |text: &str| {
        let (environment, component) = text.split_once(' ')?;
        Some(Mark { environment: environment.parse().ok()?, component: component.parse().ok()? })
    };
    match text {
        Some(text) => parse(&text).map(Some).ok_or_else(|| rows::damaged(0, format!("`{text}` is no mark")).into()),
        None => Ok(None),
    }
}

/// Returns the definitions after the mark; `None` when there are no more.
fn next(conn: &Connection, mark: Mark) -> Result<Option<Batch>, StoreError> {
    let environments: Vec<i64> = conn
        .prepare_cached("SELECT environment_id FROM environment WHERE environment_id >= ?1 ORDER BY environment_id")?
        .query_map([mark.environment], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for environment in environments {
        let after = if environment == mark.environment { mark.component } else { i64::MIN };
        let batch = batch(conn, EnvironmentNo(environment), after)?;
        if batch.is_some() {
            return Ok(batch);
        }
    }
    Ok(None)
}

fn batch(conn: &Connection, environment: EnvironmentNo, after: i64) -> Result<Option<Batch>, StoreError> {
    let sql = "SELECT component_no, digest FROM layer WHERE environment_id = ?1 AND component_no > ?2 \
         ORDER BY component_no";
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query([environment.0, after])?;
    let mut layers: Vec<(i64, Digest)> = Vec::new();
    while let Some(row) = found.next()? {
        let component = row.get(0)?;
        if layers.len() >= BATCH && layers.last().is_some_and(|(last, _)| *last != component) {
            break;
        }
        layers.push((component, Digest(row.get(1)?)));
    }
    layers.sort_unstable();
    layers.dedup();
    let Some(&(last, _)) = layers.last() else { return Ok(None) };
    let sql = format!("SELECT {COMPONENT} FROM component WHERE environment_id = ?1 AND component_no = ?2");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut types = TypeNames::default();
    let mut definitions = Vec::new();
    for of_one in layers.chunk_by(|left, right| left.0 == right.0) {
        let component = statement.query_row([environment.0, of_one[0].0], |row| rows::component(row, &mut types))?;
        definitions.push((component, of_one.iter().map(|(_, digest)| *digest).collect()));
    }
    Ok(Some(Batch { environment, definitions, last: Mark { environment: environment.0, component: last } }))
}

/// Writes the names of a batch and moves the mark behind it.
fn write(inner: &Inner, batch: &Batch, names: &Sorted) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    let sql = "SELECT 1 FROM environment WHERE environment_id = ?1";
    // It may have been deleted since its definitions were listed.
    if transaction.conn.prepare_cached(sql)?.exists([batch.environment.0])? {
        names::insert(&transaction, batch.environment, names)?;
    }
    // Another process may be ahead, or done.
    if mark(transaction.conn)?.is_some_and(|mark| mark < batch.last) {
        let Mark { environment, component } = batch.last;
        set_mark(&transaction, &format!("{environment} {component}"))?;
    }
    Ok(transaction.commit()?)
}

fn set_mark(transaction: &Transaction<'_>, text: &str) -> Result<(), StoreError> {
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'named'", [text])?;
    Ok(())
}

/// Takes the mark away, if nobody has moved it.
fn finish(inner: &Inner, seen: Mark) -> Result<(), StoreError> {
    let transaction = inner.transaction()?;
    if mark(transaction.conn)? == Some(seen) {
        transaction.execute("DELETE FROM meta WHERE name = 'named'", [])?;
    }
    transaction.commit()?;
    inner.checkpoint();
    Ok(())
}
