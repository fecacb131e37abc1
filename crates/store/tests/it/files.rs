//! Files that are no store, are too new, or are in use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use strata_store::sqlite::SqliteStore;
use strata_store::{Store, StoreError};
use tempfile::TempDir;

use strata_model::id::ComponentNo;
use strata_model::plan::Edit;

use crate::fixture::{Shelf, apply, create, current, digest, import, whole};

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("strata.db");
    (folder, path)
}

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_waiting(path, Duration::from_millis(20))
}

#[test]
fn a_store_is_found_again() {
    let (_folder, path) = folder();
    assert!(matches!(open(&path), Err(StoreError::Absent { .. })));
    let store = SqliteStore::open_or_create(&path).expect("a new store");
    create(&store, "dev");
    let mut shelf = Shelf::default();
    apply(&store, "dev", import(&mut shelf, 1, 1, &["a"]), &shelf);
    let environment = current(&store, "dev");
    let state = digest(&store, &environment, None);
    let second = open(&path).expect("a second connection");
    assert_eq!(digest(&second, &environment, None), state);
    drop((store, second));
    let store = SqliteStore::open_or_create(&path).expect("an old store");
    assert_eq!(current(&store, "dev"), environment);
    assert_eq!(digest(&store, &environment, None), state);
}

#[test]
fn other_files_are_left_alone() {
    let (folder, path) = folder();
    for bytes in [b"PK\x03\x04".as_slice(), b"SQLite format 3\0 and then something else that is none"] {
        fs::write(&path, bytes).expect("a scratch file");
        let error = SqliteStore::open_or_create(&path).expect_err("no store");
        assert!(matches!(error, StoreError::NotAStore { .. }), "{error:?}");
        assert_eq!(fs::read(&path).expect("a scratch file"), bytes);
    }
    let other = folder.path().join("other.db");
    Connection::open(&other).and_then(|conn| conn.execute_batch("CREATE TABLE t (x)")).expect("a database");
    let bytes = fs::read(&other).expect("a database");
    assert!(matches!(SqliteStore::open_or_create(&other), Err(StoreError::NotAStore { .. })));
    assert_eq!(fs::read(&other).expect("a database"), bytes);
    assert!(matches!(open(folder.path()), Err(StoreError::NotAStore { .. } | StoreError::Unreachable { .. })));
    let below_a_file = other.join("strata.db");
    assert!(matches!(SqliteStore::open_or_create(&below_a_file), Err(StoreError::Unreachable { .. })));
    let nowhere = folder.path().join("missing").join("strata.db");
    assert!(matches!(SqliteStore::open_or_create(&nowhere), Err(StoreError::Unreachable { .. })));
}

#[test]
fn empty_files_become_stores() {
    let (_folder, path) = folder();
    fs::write(&path, b"").expect("a scratch file");
    assert!(matches!(open(&path), Err(StoreError::NotAStore { .. })));
    create(&SqliteStore::open_or_create(&path).expect("a new store"), "dev");
    current(&open(&path).expect("a store"), "dev");
}

#[test]
fn newer_formats_are_named() {
    let (_folder, path) = folder();
    drop(SqliteStore::open_or_create(&path).expect("a new store"));
    Connection::open(&path).and_then(|conn| conn.pragma_update(None, "user_version", 7)).expect("a database");
    let error = open(&path).expect_err("a newer format");
    assert!(matches!(error, StoreError::Newer { found: 7, supported: 2, .. }), "{error:?}");
}

/// Columns and indexes of a store's tables.
fn schema(path: &Path) -> BTreeSet<String> {
    let conn = Connection::open(path).expect("a database");
    let columns = "SELECT t.name || '.' || c.name || ' ' || c.type || c.\"notnull\" || c.pk FROM sqlite_schema t \
         JOIN pragma_table_info(t.name) c WHERE t.type = 'table'";
    let indexes = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let ask = |sql: &str| {
        let mut statement = conn.prepare(sql).expect("a schema");
        let found = statement.query_map([], |row| row.get::<_, String>(0)).expect("a schema");
        found.collect::<Result<Vec<_>, _>>().expect("texts")
    };
    ask(columns).into_iter().chain(ask(indexes)).collect()
}

#[test]
fn stores_of_format_1_are_migrated() {
    let (folder, path) = folder();
    let conn = Connection::open(&path).expect("a database");
    conn.execute_batch(include_str!("format_1.sql")).expect("the schema of format 1");
    conn.pragma_update(None, "application_id", 0x5354_5241).expect("a pragma");
    conn.pragma_update(None, "user_version", 1).expect("a pragma");
    conn.execute_batch(
        "INSERT INTO environment VALUES (1, '11111111-0000-4000-8000-000000000001', 'dev', 'dev', 0, 0, 0, 1, 1, 2, \
         NULL, NULL, NULL, NULL); \
         INSERT INTO setting VALUES (1, 0, 9223372036854775807, '{\"display_name\":\"Dev\",\
         \"platform_version\":\"9.2.1.1\",\"desktop_flow_schema\":\"v2\",\"block_unmanaged\":false,\
         \"languages\":[1033]}'); \
         INSERT INTO component VALUES (1, 1, 'workflow', 'w', 'W', NULL, NULL);",
    )
    .expect("an environment");
    drop(conn);

    let store = open(&path).expect("a migrated store");
    let environment = current(&store, "dev");
    assert_eq!(environment.settings.display_name, "Dev");
    apply(&store, "dev", vec![Edit::ActivationOpen(ComponentNo(1))], &Shelf::default());
    assert!(whole(&store, &environment, None).components.values().any(|state| state.is_on));
    drop(store);
    let fresh = folder.path().join("fresh.db");
    drop(SqliteStore::open_or_create(&fresh).expect("a new store"));
    assert_eq!(schema(&path), schema(&fresh));
    open(&path).expect("a store that needs no more");
}

#[test]
fn locked_files_are_reported_not_waited_for_forever() {
    let (_folder, path) = folder();
    let store = SqliteStore::open_or_create(&path).expect("a new store");
    create(&store, "dev");
    let waiting = open(&path).expect("a second connection");
    let writer = Connection::open(&path).expect("a database");
    writer.execute_batch("BEGIN IMMEDIATE").expect("a write transaction");
    assert!(matches!(waiting.select("dev"), Err(StoreError::Locked)));
    current(&waiting, "dev");
    writer.execute_batch("ROLLBACK").expect("a transaction");
    drop((store, waiting));

    writer.pragma_update(None, "locking_mode", "EXCLUSIVE").expect("a pragma");
    writer.execute_batch("BEGIN EXCLUSIVE; UPDATE meta SET value = value; COMMIT").expect("a write");
    assert!(matches!(open(&path), Err(StoreError::Locked)));
}
