//! Write transactions: rolled back unless committed, and able to fail on demand.

use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::{CachedStatement, Connection, Params, ffi};

/// Lets a number of writes pass, then fails every further one, as a full or vanished disk would.
#[derive(Debug)]
pub(super) struct Failpoint(AtomicI64);

impl Failpoint {
    const NEVER: i64 = i64::MAX;

    pub(super) fn never() -> Self {
        Self(AtomicI64::new(Self::NEVER))
    }

    pub(super) fn after(&self, writes: i64) {
        self.0.store(writes, Ordering::Relaxed);
    }

    fn pass(&self) -> rusqlite::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            Self::NEVER => Ok(()),
            0 => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_WRITE), None)),
            left => {
                self.0.store(left - 1, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

/// A write transaction, or a part of one that [`begin_all`] began.
pub(super) struct Transaction<'c> {
    pub(super) conn: &'c Connection,
    failpoint: &'c Failpoint,
    is_open: bool,
    is_part: bool,
}

/// Begins a transaction that takes what follows on this connection for its parts.
pub(super) fn begin_all(conn: &Connection, depth: u32) -> rusqlite::Result<()> {
    conn.execute_batch(if depth == 0 { "BEGIN IMMEDIATE" } else { "SAVEPOINT whole" })
}

/// Ends such a transaction; nothing is there to end where SQLite has rolled it back itself. What cannot be kept is taken
/// back.
pub(super) fn end_all(conn: &Connection, depth: u32, keep: bool) -> rusqlite::Result<()> {
    if depth > 0 {
        return match (keep, conn.is_autocommit()) {
            (true, _) => conn.execute_batch("RELEASE whole"),
            (false, false) => conn.execute_batch("ROLLBACK TO whole; RELEASE whole"),
            (false, true) => Ok(()),
        };
    }
    match (keep, conn.is_autocommit()) {
        (true, _) => conn.execute_batch("COMMIT").inspect_err(|_| {
            // The error says it already, and SQLite may have rolled back itself.
            conn.execute_batch("ROLLBACK").ok();
        }),
        (false, false) => conn.execute_batch("ROLLBACK"),
        (false, true) => Ok(()),
    }
}

/// A prepared statement that writes.
pub(super) struct Writer<'c> {
    statement: CachedStatement<'c>,
    failpoint: &'c Failpoint,
}

impl<'c> Transaction<'c> {
    /// Begins, and waits for another writer at the busy timeout's length.
    pub(super) fn begin(conn: &'c Connection, failpoint: &'c Failpoint) -> rusqlite::Result<Self> {
        failpoint.pass()?;
        let is_part = !conn.is_autocommit();
        conn.execute_batch(if is_part { "SAVEPOINT part" } else { "BEGIN IMMEDIATE" })?;
        Ok(Self { conn, failpoint, is_open: true, is_part })
    }

    pub(super) fn writer(&self, sql: &str) -> rusqlite::Result<Writer<'c>> {
        Ok(Writer { statement: self.conn.prepare_cached(sql)?, failpoint: self.failpoint })
    }

    /// Runs one statement and returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.writer(sql)?.run(params)
    }

    pub(super) fn commit(mut self) -> rusqlite::Result<()> {
        self.failpoint.pass()?;
        self.conn.execute_batch(if self.is_part { "RELEASE part" } else { "COMMIT" })?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // An error that ended the transaction has been reported, and SQLite may have rolled back itself.
            self.conn.execute_batch(if self.is_part { "ROLLBACK TO part; RELEASE part" } else { "ROLLBACK" }).ok();
        }
    }
}

impl Writer<'_> {
    pub(super) fn run(&mut self, params: impl Params) -> rusqlite::Result<usize> {
        self.failpoint.pass()?;
        self.statement.execute(params)
    }
}
