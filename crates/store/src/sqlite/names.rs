//! The two indexes of names: which definitions mention a name, and which answer to one.
//!
//! Rows say what once was written, so nothing closes them: whether a definition is in force is for the layers of the
//! moment to say, which is why undo and views of the past need nothing from here. What must hold is the other
//! direction: each definition that a layer bears has its rows. So they are written in the transaction that opens the
//! layer, and not ahead of it like bodies. Of an operation that fails none stay, and the number that a component
//! would have had is free again without a trace.
//!
//! Targets are hashes, so plans bring rows in no order that the index knows; sorted first, they go in several times
//! faster.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, Rows, params, params_from_iter};
use strata_model::id::{ComponentNo, Digest, EnvironmentNo};
use strata_model::reference::{DefinitionNames, Mention, TargetId};

use super::transaction::Transaction;
use crate::StoreError;

/// How many rows of other names are read over before the next name is sought anew; about what seeking costs.
const STEPS: u32 = 24;

/// Rows of one statement: starting one costs more than adding a row.
const TOGETHER: usize = 64;

/// One of the two indexes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Index {
    Mention,
    Answer,
}

impl Index {
    const ALL: [Self; 2] = [Self::Mention, Self::Answer];

    fn table(self) -> &'static str {
        match self {
            Self::Mention => "mention",
            Self::Answer => "answer",
        }
    }

    fn of(self, names: &DefinitionNames) -> &[TargetId] {
        match self {
            Self::Mention => &names.mentions,
            Self::Answer => &names.answers,
        }
    }
}

/// Rows of both indexes, in the order in which they go in.
pub(super) struct Sorted([Vec<Mention>; 2]);

impl Sorted {
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n DefinitionNames> + Clone) -> Self {
        Self(Index::ALL.map(|index| {
            let mut rows = Vec::with_capacity(names.clone().map(|names| index.of(names).len()).sum());
            for names in names.clone() {
                let (component, definition) = (names.component, names.definition.prefix());
                rows.extend(index.of(names).iter().map(|&target| Mention { target, component, definition }));
            }
            rows.sort_unstable();
            rows.dedup();
            rows
        }))
    }
}

/// Adds rows; those that are there already stay.
pub(super) fn insert(transaction: &Transaction<'_>, no: EnvironmentNo, names: &Sorted) -> Result<(), StoreError> {
    for (index, rows) in Index::ALL.into_iter().zip(&names.0) {
        let (many, rest) = rows.as_chunks::<TOGETHER>();
        if !many.is_empty() {
            let mut add = transaction.writer(&insert_sql(index, TOGETHER))?;
            for rows in many {
                add.run(params_from_iter(values(no, rows)))?;
            }
        }
        let mut add = transaction.writer(&insert_sql(index, 1))?;
        for row in rest.chunks(1) {
            add.run(params_from_iter(values(no, row)))?;
        }
    }
    Ok(())
}

fn insert_sql(index: Index, rows: usize) -> String {
    let row = |row: usize| format!("(?1, ?{}, ?{}, ?{})", 3 * row + 2, 3 * row + 3, 3 * row + 4);
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO {} (environment_id, target, component_no, definition) VALUES {} ON CONFLICT DO NOTHING",
        index.table(),
        rows.join(", ")
    )
}

fn values(no: EnvironmentNo, rows: &[Mention]) -> impl Iterator<Item = i64> {
    let row = |row: &Mention| [row.target.0, row.component.0, row.definition];
    std::iter::once(no.0).chain(rows.iter().flat_map(row))
}

/// Finds the rows of some names, sorted.
///
/// Many names lie close together, few far apart: from one name to the next the index is read on for a while, then
/// sought.
pub(super) fn find(
    conn: &Connection,
    no: EnvironmentNo,
    index: Index,
    targets: &[TargetId],
) -> Result<Vec<Mention>, StoreError> {
    let wanted: BTreeSet<i64> = targets.iter().map(|target| target.0).collect();
    let mut wanted = wanted.into_iter().peekable();
    let sql = format!(
        "SELECT target, component_no, definition FROM {} WHERE environment_id = ?1 AND target >= ?2 \
         ORDER BY target, component_no, definition",
        index.table()
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut found = Vec::new();
    while let Some(&first) = wanted.peek() {
        let mut rows = statement.query([no.0, first])?;
        if read_on(&mut rows, &mut wanted, &mut found)? {
            break;
        }
    }
    Ok(found)
}

/// Reads rows until the next wanted name is too far away; tells whether the index ended before.
fn read_on(
    rows: &mut Rows<'_>,
    wanted: &mut std::iter::Peekable<impl Iterator<Item = i64>>,
    found: &mut Vec<Mention>,
) -> Result<bool, StoreError> {
    let mut steps = 0;
    while let Some(row) = rows.next()? {
        let target = row.get(0)?;
        while wanted.next_if(|&next| next < target).is_some() {}
        match wanted.peek() {
            Some(&next) if next == target => {
                steps = 0;
                let component = ComponentNo(row.get(1)?);
                found.push(Mention { target: TargetId(target), component, definition: row.get(2)? });
            }
            Some(_) if steps < STEPS => steps += 1,
            Some(_) => return Ok(false),
            None => return Ok(true),
        }
    }
    Ok(true)
}

/// Deletes the rows of definitions that no layer of the environment bears any more, at any kept moment.
pub(super) fn forget(transaction: &Transaction<'_>, no: EnvironmentNo) -> Result<(), StoreError> {
    let borne = borne(transaction.conn, no)?;
    for index in Index::ALL {
        let table = index.table();
        let sql = format!("SELECT target, component_no, definition FROM {table} WHERE environment_id = ?1");
        let mut statement = transaction.conn.prepare_cached(&sql)?;
        let mut rows = statement.query([no.0])?;
        let mut gone: Vec<[i64; 3]> = Vec::new();
        while let Some(row) = rows.next()? {
            let (component, definition) = (row.get(1)?, row.get(2)?);
            if !borne.contains(&(component, definition)) {
                gone.push([row.get(0)?, component, definition]);
            }
        }
        let mut delete = transaction.writer(&format!(
            "DELETE FROM {table} WHERE environment_id = ?1 AND target = ?2 AND component_no = ?3 AND definition = ?4"
        ))?;
        for [target, component, definition] in gone {
            delete.run(params![no.0, target, component, definition])?;
        }
    }
    Ok(())
}

/// Lists the definitions that layers bear, as the indexes name them.
fn borne(conn: &Connection, no: EnvironmentNo) -> Result<HashSet<(i64, i64)>, StoreError> {
    let sql = "SELECT component_no, digest FROM layer WHERE environment_id = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Digest(row.get(1)?).prefix()));
    Ok(statement.query_map([no.0], read)?.collect::<Result<_, _>>()?)
}
