//! Files that are no store, are too new, or are in use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use strata_store::sqlite::SqliteStore;
use strata_store::{Store, StoreError};
use tempfile::TempDir;

use strata_model::component::Component;
use strata_model::id::{ComponentNo, Digest};
use strata_model::layer::Layer;
use strata_model::plan::Edit;
use strata_model::reference::DefinitionNames;

use crate::fixture::{Shelf, apply, create, current, digest, import, layer, names, try_apply_with, whole};

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
    assert!(matches!(error, StoreError::Newer { found: 7, supported: 5, .. }), "{error:?}");
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

/// Turns a store into one of format 2, which had no names.
fn forget_names(path: &Path) {
    let conn = Connection::open(path).expect("a database");
    conn.execute_batch("DROP TABLE mention; DROP TABLE answer; DROP TABLE projection; DROP TABLE projected; DROP TABLE projection_indexed; DROP TABLE projection_index; DROP TABLE blob; ALTER TABLE environment DROP COLUMN next_version; ALTER TABLE record DROP COLUMN version; ALTER TABLE record_indexed DROP COLUMN is_total; ALTER TABLE publisher DROP COLUMN details; PRAGMA user_version = 2").expect("a store");
}

/// Says that a definition mentions a number that depends on component and bytes, and answers to its component's.
fn read(component: &Component, digest: &Digest) -> DefinitionNames {
    names(component.no.0, *digest, &[component.no.0 + 1000 * (digest.prefix() % 1000)], &[component.no.0])
}

/// Returns all rows of both indexes, by environment.
fn indexes(path: &Path) -> Vec<(String, [i64; 4])> {
    let conn = Connection::open(path).expect("a database");
    let mut rows = Vec::new();
    for table in ["mention", "answer"] {
        let sql = format!("SELECT environment_id, target, component_no, definition FROM {table} ORDER BY 1, 2, 3, 4");
        let mut statement = conn.prepare(&sql).expect("a table");
        let found = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]));
        rows.extend(found.expect("rows").map(|row| (table.to_owned(), row.expect("a row"))));
    }
    rows
}

#[test]
fn definitions_of_a_migrated_store_are_named_once() {
    let (_folder, path) = folder();
    let store = SqliteStore::open_or_create(&path).expect("a new store");
    let dev = create(&store, "dev");
    let mut shelf = Shelf::default();
    // More than fit into one transaction, and some with two layers.
    let columns: Vec<_> = (0..10_050).map(|no| format!("c{no}")).collect();
    let columns: Vec<_> = columns.iter().map(String::as_str).collect();
    let digest = shelf.put("<same/>");
    let edits = import(&mut shelf, 1, 1, &columns).into_iter().map(|edit| match edit {
        Edit::LayerOpen(layer) => Edit::LayerOpen(Layer { digest, ..layer }),
        other => other,
    });
    apply(&store, "dev", edits.collect(), &shelf);
    let over = [1, 10_000, 10_001].map(|no| Edit::LayerOpen(layer(no, 0, shelf.put(&format!("over {no}")))));
    apply(&store, "dev", over.to_vec(), &shelf);
    store.environment_copy(dev.no, "copy").expect("a new name");
    drop(store);
    forget_names(&path);

    // Reading fails in the second batch of the first environment, then a write does, then all goes well.
    let store = open(&path).expect("a migrated store");
    let fails = |component: &Component, digest: &Digest| match component.no.0 {
        10_020 => Err(StoreError::Locked),
        _ => Ok(read(component, digest)),
    };
    assert!(matches!(store.name_definitions(&fails), Err(StoreError::Locked)));
    let first = indexes(&path);
    assert!(first.len() >= 20_000 && first.len() < 20_100, "one batch of {}", first.len());
    store.fail_after(30);
    store.name_definitions(&|component, digest| Ok(read(component, digest))).expect_err("a write that fails");
    assert_eq!(indexes(&path), first);
    drop(store);
    let store = open(&path).expect("a store");
    // What an operation brings meanwhile has its names already, and they stay.
    let new = shelf.put("new");
    try_apply_with(
        &store,
        "dev",
        vec![Edit::LayerOpen(layer(10_040, 0, new))],
        vec![names(10_040, new, &[3], &[])],
        &shelf,
    )
    .expect("a plan that applies");
    let rest = store.name_definitions(&|component, digest| Ok(read(component, digest))).expect("all are named");
    assert_eq!(rest, 2 * 10_053 + 1 - first.len() as u64 / 2);
    let again = store.name_definitions(&|component, _| panic!("{component:?} has its names"));
    assert_eq!(again.expect("nothing to do"), 0);
    drop(store);

    let all = indexes(&path);
    let of = |index: &str, environment: i64| {
        all.iter().filter(|(table, row)| table == index && row[0] == environment).count()
    };
    assert_eq!((of("mention", 1), of("answer", 1)), (10_055, 10_054));
    assert_eq!((of("mention", 2), of("answer", 2)), (10_053, 10_053));
    open(&path).expect("a store that needs no more");
    assert_eq!(indexes(&path), all);
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
