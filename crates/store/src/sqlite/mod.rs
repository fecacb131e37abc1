//! The embedded back end: one SQLite file, or memory.
//!
//! The SQL keeps to what PostgreSQL understands as well. One connection serves all threads in turn; other
//! processes meet it at the file, where readers never wait.

mod activation;
mod apply;
mod back;
mod blob;
mod digest;
mod environment;
mod history;
mod job;
mod names;
mod naming;
mod open;
mod pack;
mod projection;
mod prune;
mod query;
mod query_filter;
mod query_lineage;
mod query_place;
mod query_plan;
mod query_sql;
mod record;
mod record_close;
mod record_index;
mod record_write;
mod rows;
mod snapshot;
mod sort_key;
mod stage;
mod touched;
mod transaction;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use strata_model::component::{Component, ComponentKey, ComponentType};
use strata_model::environment::{Environment, Footprint, Settings, Snapshot};
use strata_model::history::{HistoryEntry, JobComponent, NewHistoryEntry};
use strata_model::id::{ComponentNo, Digest, EnvironmentNo, Operation};
use strata_model::plan::{Bodies, Body, Edit, Plan};
use strata_model::reference::DefinitionNames;

use crate::query::{FigureQuery, Found, RowQuery};
use crate::{
    ApplyError, ChangeMark, LayerChange, Lease, NamedComponent, Progress, Projection, Pruned, Record, RecordError,
    RecordWrite, Store, StoreError,
};
use pack::PackCache;
use transaction::{Failpoint, Transaction};

/// How long to wait for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A store in a SQLite file or in memory.
pub struct SqliteStore(Mutex<Inner>);

/// What one thread at a time may use.
struct Inner {
    conn: Connection,
    packs: PackCache,
    failpoint: Failpoint,
    /// How many wholes have begun, one inside the other.
    depth: u32,
    /// How many wholes have been taken back.
    taken_back: u64,
    /// One state of the file is held; a write gives it up.
    is_held: Cell<bool>,
    /// What others had done when it began to be held.
    others: Cell<i64>,
}

/// A transaction that reads, ended when it is dropped. Its statements are prepared once: compiling them anew would cost
/// as much as a small query.
struct Reading<'c>(&'c Connection);

impl<'c> Reading<'c> {
    fn begin(conn: &'c Connection) -> rusqlite::Result<Self> {
        conn.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(conn))
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        end_reading(self.0);
    }
}

fn end_reading(conn: &Connection) {
    // Nothing was written that could be lost.
    conn.prepare_cached("COMMIT").and_then(|mut end| end.execute([])).ok();
}

impl SqliteStore {
    /// Opens the store in that file.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_waiting(path, BUSY_TIMEOUT)
    }

    /// Opens the store in that file, and waits so long for other processes there and later.
    pub fn open_waiting(path: &Path, busy_timeout: Duration) -> Result<Self, StoreError> {
        open::file(path, false, busy_timeout).map(Self::over)
    }

    /// Opens the store in that file, or makes one where there is none.
    pub fn open_or_create(path: &Path) -> Result<Self, StoreError> {
        open::file(path, true, BUSY_TIMEOUT).map(Self::over)
    }

    /// Makes a store that vanishes with the value.
    pub fn in_memory() -> Result<Self, StoreError> {
        open::memory().map(Self::over)
    }

    /// Lets `writes` more write statements pass and fails all later ones; for tests of crashes.
    #[doc(hidden)]
    pub fn fail_after(&self, writes: u32) {
        self.lock().failpoint.after(writes.into());
    }

    /// Says how a query is gone about, step by step; for tests of what is read.
    #[doc(hidden)]
    pub fn explain(&self, environment: &Environment, query: &RowQuery) -> Result<Vec<String>, StoreError> {
        query::explain(&self.lock().conn, environment, query)
    }

    fn over(conn: Connection) -> Self {
        Self(Mutex::new(Inner {
            conn,
            packs: PackCache::default(),
            failpoint: Failpoint::never(),
            depth: 0,
            taken_back: 0,
            is_held: Cell::new(false),
            others: Cell::new(0),
        }))
    }

    /// A panic elsewhere has rolled its transaction back, so the connection stays good.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn transaction(&self) -> Result<Transaction<'_>, StoreError> {
        self.let_go();
        Ok(Transaction::begin(&self.conn, &self.failpoint)?)
    }

    /// Gives up the state of the file that is held, if one is.
    /// A number that changes when others have written.
    fn data_version(&self) -> Result<i64, StoreError> {
        Ok(self.conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
    }

    /// Tells whether what is written now belongs to a transaction within a larger one.
    fn is_part(&self) -> bool {
        self.depth > 1
    }

    fn let_go(&self) {
        if self.is_held.replace(false) {
            end_reading(&self.conn);
        }
    }

    /// Runs queries against one state of the file.
    fn read<T>(&self, queries: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if !self.conn.is_autocommit() {
            return queries(&self.conn);
        }
        let reading = Reading::begin(&self.conn)?;
        queries(reading.0)
    }

    /// Lets SQLite move the write-ahead log to its place at commits, or keeps it from doing so inside an operation.
    fn checkpoint_by_itself(&self, on: bool) -> Result<(), StoreError> {
        let pages = if on { 1000 } else { 0 };
        Ok(self.conn.pragma_update_and_check(None, "wal_autocheckpoint", pages, |_| Ok(()))?)
    }

    /// Moves what is in the write-ahead log to its place, as far as readers allow.
    fn checkpoint(&self) {
        // Nothing is lost when it does not happen: the log stays until the next time.
        self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).ok();
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SqliteStore").field(&self.lock().conn.path()).finish()
    }
}

impl Store for SqliteStore {
    fn environments(&self) -> Result<Vec<Environment>, StoreError> {
        environment::list(&self.lock().conn)
    }

    fn environment(&self, name: &str) -> Result<Option<Environment>, StoreError> {
        environment::find(&self.lock().conn, name)
    }

    fn environment_create(&self, name: &str, settings: &Settings) -> Result<Environment, StoreError> {
        environment::create(&self.lock(), name, settings)
    }

    fn environment_delete(&self, environment: EnvironmentNo) -> Result<(), StoreError> {
        environment::delete(&self.lock(), environment)
    }

    fn environment_copy(&self, from: EnvironmentNo, to_name: &str) -> Result<Environment, StoreError> {
        environment::copy(&self.lock(), from, to_name)
    }

    fn selected(&self) -> Result<Option<String>, StoreError> {
        environment::selected(&self.lock().conn)
    }

    fn select(&self, name: &str) -> Result<(), StoreError> {
        environment::select(&self.lock(), name)
    }

    fn snapshot(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        footprint: &Footprint,
    ) -> Result<Snapshot, StoreError> {
        self.lock().read(|conn| snapshot::snapshot(conn, environment, at, footprint))
    }

    fn component_names(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        component_type: &ComponentType,
    ) -> Result<Vec<NamedComponent>, StoreError> {
        self.lock().read(|conn| snapshot::component_names(conn, environment, at, component_type))
    }

    fn name_definitions(
        &self,
        read: &dyn Fn(&Component, &Digest) -> Result<DefinitionNames, StoreError>,
    ) -> Result<u64, StoreError> {
        naming::name_definitions(self, read)
    }

    fn once_on(&self, environment: &Environment, at: Option<Operation>) -> Result<Vec<ComponentNo>, StoreError> {
        activation::ever(&self.lock().conn, environment.no, at)
    }

    fn definition(&self, digest: &Digest) -> Result<Option<Body<'static>>, StoreError> {
        pack::definition(&mut self.lock(), digest)
    }

    fn file(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        pack::bytes(&mut self.lock(), digest)
    }

    fn lease(&self, environment: &Environment, operation: &str, now: i64) -> Result<Lease, StoreError> {
        environment::lease(&self.lock(), environment, operation, now)
    }

    fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        let inner = self.lock();
        let transaction = inner.transaction()?;
        environment::renew(&transaction, lease)?;
        Ok(transaction.commit()?)
    }

    fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        environment::release(&self.lock(), lease)
    }

    fn apply(
        &self,
        lease: &Lease,
        plan: &Plan,
        entry: NewHistoryEntry,
        bodies: &dyn Bodies,
        progress: &dyn Fn(Progress),
    ) -> Result<Operation, ApplyError> {
        apply::apply(self, lease, plan, &entry, bodies, progress)
    }

    fn record(&self, environment: &Environment, entry: NewHistoryEntry) -> Result<Operation, StoreError> {
        history::record(&self.lock(), environment, &entry)
    }

    fn history(&self, environment: &Environment, at: Option<Operation>) -> Result<Vec<HistoryEntry>, StoreError> {
        self.lock().read(|conn| history::list(conn, environment, at))
    }

    fn history_entry(
        &self,
        environment: &Environment,
        operation: Operation,
    ) -> Result<Option<HistoryEntry>, StoreError> {
        history::entry(&self.lock().conn, environment, operation)
    }

    fn job_components(&self, environment: &Environment, operation: Operation) -> Result<Vec<JobComponent>, StoreError> {
        job::components(&self.lock().conn, environment, operation)
    }

    fn changes_of(&self, environment: &Environment, operation: Operation) -> Result<Vec<LayerChange>, StoreError> {
        self.lock().read(|conn| history::changes_of(conn, environment, operation))
    }

    fn touched_since(
        &self,
        environment: &Environment,
        since: Operation,
    ) -> Result<Option<BTreeSet<ComponentNo>>, StoreError> {
        self.lock().read(|conn| touched::since(conn, environment, since))
    }

    fn layers_touched_since(
        &self,
        environment: &Environment,
        since: Operation,
        types: &[ComponentType],
    ) -> Result<Option<BTreeSet<ComponentKey>>, StoreError> {
        self.lock().read(|conn| touched::layers_since(conn, environment, since, types))
    }

    fn component_types(&self, environment: &Environment) -> Result<Vec<ComponentType>, StoreError> {
        touched::types(&self.lock().conn, environment.no)
    }

    fn edits_back_to(&self, environment: &Environment, target: Operation) -> Result<Vec<Edit>, StoreError> {
        self.lock().read(|conn| back::edits_back_to(conn, environment, target))
    }

    fn record_count(&self, environment: &Environment, at: Option<Operation>, table: &str) -> Result<u64, StoreError> {
        self.lock().read(|conn| record::count(conn, environment, at, table))
    }

    fn value_counts(&self, environment: &Environment, table: &str) -> Result<BTreeMap<String, u64>, StoreError> {
        self.lock().read(|conn| record::value_counts(conn, environment, table))
    }

    fn record_get(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        table: &str,
        id: &str,
    ) -> Result<Option<Record>, StoreError> {
        self.lock().read(|conn| record::get(conn, environment, at, table, id))
    }

    fn records(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        table: &str,
    ) -> Result<Vec<Record>, StoreError> {
        self.lock().read(|conn| record::list(conn, environment, at, table))
    }

    fn records_by(
        &self,
        environment: &Environment,
        table: &str,
        columns: &[String],
        values: &[Value],
    ) -> Result<Option<Vec<Record>>, StoreError> {
        self.lock().read(|conn| record_index::find(conn, environment.no, table, columns, values))
    }

    fn record_write(&self, environment: &Environment, write: &RecordWrite) -> Result<(), RecordError> {
        record_write::write(&self.lock(), environment, write)
    }

    fn projected(&self, environment: &Environment, set: &str) -> Result<Option<Operation>, StoreError> {
        projection::revision(&self.lock().conn, environment.no, set)
    }

    fn project(&self, environment: &Environment, projection: &Projection) -> Result<(), StoreError> {
        projection::write(&self.lock(), environment, projection)
    }

    fn query_each(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        query: &RowQuery,
        each: &mut dyn FnMut(Found<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<String>, StoreError> {
        self.lock().read(|conn| query::each(conn, environment, at, query, each))
    }

    fn query_count(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        query: &RowQuery,
        max: Option<u64>,
    ) -> Result<u64, StoreError> {
        self.lock().read(|conn| query::count(conn, environment, at, query, max))
    }

    fn query_figures(
        &self,
        environment: &Environment,
        at: Option<Operation>,
        query: &FigureQuery,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        self.lock().read(|conn| query::figures(conn, environment, at, query))
    }

    fn blob_put(&self, environment: &Environment, id: &str, bytes: &[u8]) -> Result<(), StoreError> {
        blob::put(&self.lock(), environment.no, id, bytes)
    }

    fn blob_get(&self, environment: &Environment, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        blob::get(&self.lock().conn, environment.no, id)
    }

    fn blob_delete(&self, environment: &Environment, id: &str) -> Result<(), StoreError> {
        blob::delete(&self.lock(), environment.no, id)
    }

    fn state_digest(&self, environment: &Environment, at: Option<Operation>) -> Result<Digest, StoreError> {
        self.lock().read(|conn| digest::state_digest(conn, environment, at))
    }

    fn prune(&self, environment: &Environment, keep_from: Operation) -> Result<Pruned, StoreError> {
        prune::prune(&mut self.lock(), environment, keep_from)
    }

    fn mark(&self) -> Result<ChangeMark, StoreError> {
        let inner = self.lock();
        let others = if inner.is_held.get() { inner.others.get() } else { inner.data_version()? };
        Ok(ChangeMark { others, own: inner.conn.total_changes(), taken_back: inner.taken_back })
    }

    fn hold(&self) -> Result<(), StoreError> {
        let inner = self.lock();
        if inner.conn.is_autocommit() {
            inner.conn.prepare_cached("BEGIN")?.execute([])?;
            inner.is_held.set(true);
            inner.others.set(inner.data_version()?);
        }
        Ok(())
    }

    fn let_go(&self) {
        self.lock().let_go();
    }

    fn begin(&self) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.let_go();
        transaction::begin_all(&inner.conn, inner.depth)?;
        inner.depth += 1;
        Ok(())
    }

    fn end(&self, keep: bool) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.depth = inner.depth.saturating_sub(1);
        let ended = transaction::end_all(&inner.conn, inner.depth, keep);
        if !keep || ended.is_err() {
            // What was written and then taken back must not be read from memory.
            inner.packs.clear();
            inner.taken_back += 1;
        }
        Ok(ended?)
    }
}
