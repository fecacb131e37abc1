//! Forgets old history and collects what nothing refers to any more.
//!
//! Staged bodies have no row that refers to them yet. So a prune that collects counts itself, and an `apply` whose
//! staging began before that count stages again.

use std::collections::BTreeSet;

use rusqlite::Connection;
use strata_model::environment::Environment;
use strata_model::id::{Digest, Operation};

use super::stage::{RawPack, insert, pack};
use super::transaction::Transaction;
use super::{Inner, names, pack as packs, rows};
use crate::{Pruned, StoreError};

/// Tables whose rows hold from one operation to another.
const TEMPORAL: [&str; 7] = ["setting", "publisher", "solution", "layer", "member", "activation", "record"];

/// Everything a row of any environment, at any kept moment, says to be a definition.
const ROOTS: &str = "SELECT digest FROM layer UNION SELECT residue FROM solution WHERE residue IS NOT NULL";

pub(super) fn prune(inner: &mut Inner, environment: &Environment, keep_from: Operation) -> Result<Pruned, StoreError> {
    let transaction = inner.transaction()?;
    rows::moment(transaction.conn, environment, Some(keep_from))?;
    let mut pruned = Pruned::default();
    forget(&transaction, environment, keep_from, &mut pruned)?;
    collect(&transaction, &mut pruned)?;
    transaction.commit()?;
    inner.packs.clear();
    inner.checkpoint();
    Ok(pruned)
}

/// Deletes entries before an operation and rows that ceased to hold before or with it.
fn forget(
    transaction: &Transaction<'_>,
    environment: &Environment,
    keep_from: Operation,
    pruned: &mut Pruned,
) -> Result<(), StoreError> {
    let key = [environment.no.0, keep_from.0];
    let sql = "DELETE FROM operation WHERE environment_id = ?1 AND operation < ?2";
    pruned.operations += transaction.execute(sql, key)? as u64;
    transaction.execute("DELETE FROM job WHERE environment_id = ?1 AND operation < ?2", key)?;
    let sql = "DELETE FROM record_change WHERE environment_id = ?1 AND operation <= ?2";
    pruned.rows += transaction.execute(sql, key)? as u64;
    for table in TEMPORAL {
        let sql =
            format!("DELETE FROM {table} WHERE environment_id = ?1 AND to_op <= ?2 AND to_op <> 9223372036854775807");
        let deleted = transaction.execute(&sql, key)? as u64;
        pruned.rows += deleted;
        if table == "layer" && deleted > 0 {
            names::forget(transaction, environment.no)?;
        }
    }
    transaction.execute("UPDATE environment SET oldest_op = ?2 WHERE environment_id = ?1", key)?;
    Ok(())
}

/// Deletes bodies that nothing refers to, and packs that hold mostly such.
fn collect(transaction: &Transaction<'_>, pruned: &mut Pruned) -> Result<(), StoreError> {
    let files = format!("DELETE FROM definition_file WHERE definition_digest NOT IN ({ROOTS})");
    transaction.execute(&files, [])?;
    let bodies = format!(
        "DELETE FROM body WHERE digest NOT IN ({ROOTS} \
         UNION SELECT file_digest FROM definition_file WHERE file_digest IS NOT NULL)"
    );
    let deleted = transaction.execute(&bodies, [])?;
    if deleted == 0 {
        return Ok(());
    }
    pruned.bodies = deleted as u64;
    let count = "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'collections'";
    transaction.execute(count, [])?;
    let sparse = sparse_packs(transaction.conn)?;
    pruned.packs = sparse.len() as u64;
    repack(transaction, &sparse)
}

/// Lists the packs less than half of whose bytes belong to bodies.
fn sparse_packs(conn: &Connection) -> Result<BTreeSet<i64>, StoreError> {
    let sql = "SELECT p.pack_no FROM pack p \
         LEFT JOIN (SELECT pack_no, SUM(length) AS used FROM body GROUP BY pack_no) b ON b.pack_no = p.pack_no \
         WHERE b.used IS NULL OR b.used * 2 < p.raw_size";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Moves the bodies of some packs to new ones and deletes the old.
fn repack(transaction: &Transaction<'_>, sparse: &BTreeSet<i64>) -> Result<(), StoreError> {
    let mut open = RawPack::default();
    let mut full = Vec::new();
    let mut delete_body = transaction.writer("DELETE FROM body WHERE digest = ?1")?;
    let mut old: Option<(i64, Vec<u8>)> = None;
    for (no, digest, start, length) in bodies_of(transaction.conn, sparse)? {
        let raw = match old.take() {
            Some((kept, raw)) if kept == no => raw,
            Some(_) | None => packs::unpack(transaction.conn, no)?,
        };
        open.push_body(digest, packs::piece(&raw, start, length)?);
        old = Some((no, raw));
        delete_body.run([digest.0])?;
        if open.is_full() {
            full.push(pack(std::mem::take(&mut open))?);
        }
    }
    if !open.is_empty() {
        full.push(pack(open)?);
    }
    insert(transaction, &full)?;
    let mut delete_pack = transaction.writer("DELETE FROM pack WHERE pack_no = ?1")?;
    for no in sparse {
        delete_pack.run([no])?;
    }
    Ok(())
}

/// Lists what lies in some packs, in the order in which it lies there.
fn bodies_of(conn: &Connection, packs: &BTreeSet<i64>) -> Result<Vec<(i64, Digest, usize, usize)>, StoreError> {
    let sql = "SELECT pack_no, digest, start, length FROM body ORDER BY pack_no, start";
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query([])?;
    let mut bodies = Vec::new();
    while let Some(row) = found.next()? {
        let no = row.get(0)?;
        if packs.contains(&no) {
            bodies.push((no, Digest(row.get(1)?), row.get(2)?, row.get(3)?));
        }
    }
    Ok(bodies)
}
