//! Opening store files: is it there, is it ours, is it of a format we know.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::StoreError;

/// Marks a SQLite file as a store (`STRA`).
const APPLICATION_ID: i64 = 0x5354_5241;
/// The format this build writes, and the newest it reads.
const FORMAT: i64 = 5;
const SCHEMA: &str = include_str!("schema.sql");
/// What turns a store of the format before into one of the index's next: the first entry leads from 1 to 2.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrate_2.sql"),
    include_str!("migrate_3.sql"),
    include_str!("migrate_4.sql"),
    include_str!("migrate_5.sql"),
];
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Opens a store file, which must exist unless `create` is given.
pub(super) fn file(path: &Path, create: bool, busy_timeout: Duration) -> Result<Connection, StoreError> {
    let is_new = look_at(path, create)?;
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if is_new {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let conn = Connection::open_with_flags(path, flags).map_err(|error| named(error, path))?;
    prepare(conn, Some(path), is_new, busy_timeout)
}

/// Opens an empty store in memory.
pub(super) fn memory() -> Result<Connection, StoreError> {
    prepare(Connection::open_in_memory()?, None, true, Duration::ZERO)
}

/// Looks at a file without SQLite, whose answers to "is this a database?" come late; tells whether it is empty.
fn look_at(path: &Path, create: bool) -> Result<bool, StoreError> {
    let unreachable = |source| StoreError::Unreachable { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound && create => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::Absent { path: path.to_owned() });
        }
        Err(error) => return Err(unreachable(error)),
    };
    let mut start = Vec::new();
    file.by_ref().take(16).read_to_end(&mut start).map_err(unreachable)?;
    if start.is_empty() && create {
        return Ok(true);
    }
    if start != MAGIC { Err(StoreError::NotAStore { path: path.to_owned() }) } else { Ok(false) }
}

fn prepare(
    mut conn: Connection,
    path: Option<&Path>,
    is_new: bool,
    busy_timeout: Duration,
) -> Result<Connection, StoreError> {
    let at = path.unwrap_or(Path::new(":memory:"));
    let named = |error| named(error, at);
    conn.busy_timeout(busy_timeout).map_err(named)?;
    conn.set_prepared_statement_cache_capacity(128);
    // Else SQLite compiles a statement anew whenever a bound value might have led to another plan.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(named)?;
    super::query_filter::teach(&conn).map_err(named)?;
    if is_new {
        conn.pragma_update(None, "page_size", 8192).map_err(named)?;
    }
    // Nothing is written to a file before it is known to be ours.
    if !is_ours(&conn, at)? {
        if path.is_some() {
            journal(&conn).map_err(named)?;
        }
        create(&mut conn).map_err(named)?;
        if !is_ours(&conn, at)? {
            return Err(StoreError::NotAStore { path: at.to_owned() });
        }
    } else {
        journal(&conn).map_err(named)?;
        migrate(&mut conn).map_err(named)?;
    }
    conn.pragma_update(None, "synchronous", "FULL").map_err(named)?;
    conn.pragma_update(None, "cache_size", -64_000).map_err(named)?;
    Ok(conn)
}

fn journal(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
}

/// Tells a store of a known format from an empty database; anything else is an error.
fn is_ours(conn: &Connection, path: &Path) -> Result<bool, StoreError> {
    let ask = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| named(error, path));
    let application = ask("PRAGMA application_id")?;
    let found = ask("PRAGMA user_version")?;
    match application {
        APPLICATION_ID if found > FORMAT => Err(StoreError::Newer { path: path.to_owned(), found, supported: FORMAT }),
        APPLICATION_ID => Ok(true),
        0 if found == 0 && ask("SELECT COUNT(*) FROM sqlite_schema")? == 0 => Ok(false),
        _ => Err(StoreError::NotAStore { path: path.to_owned() }),
    }
}

/// Makes the tables, unless another process has done so in the meantime.
fn create(conn: &mut Connection) -> rusqlite::Result<()> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables: i64 = transaction.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()
}

/// Brings a store of an older format to this one, in one transaction.
fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    let format = |conn: &Connection| conn.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    if format(conn)? >= FORMAT {
        return Ok(());
    }
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done so in the meantime.
    for (step, from) in MIGRATIONS.iter().zip(1..) {
        if format(&transaction)? == from {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", from + 1)?;
        }
    }
    transaction.commit()
}

/// Gives an error of opening the file's name.
fn named(error: rusqlite::Error, path: &Path) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NotAStore { path: path.to_owned() },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            StoreError::Unreachable { path: path.to_owned(), source: io::Error::other(error) }
        }
        _ => error.into(),
    }
}
