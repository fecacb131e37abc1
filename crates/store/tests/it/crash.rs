//! Death at every write: the state is the one before or the one after, and trying again works.

use std::fs;
use std::path::Path;

use strata_model::environment::Footprint;
use strata_model::history::HistoryKind;
use strata_model::id::{Digest, Operation};
use strata_model::layer::Layer;
use strata_model::plan::{Bodies, Body, Edit, Plan};
use strata_model::reference::{Mention, TargetId};
use strata_store::sqlite::SqliteStore;
use strata_store::{ApplyError, LEASE_MS, Record, RecordEdit, RecordWrite, Store, Values};

use crate::fixture::{
    Shelf, apply, column, component, create, current, digest, entry, import, layer, layer_close, names, plan, solution,
};

/// A time at which the lease of a first try has expired, however often it was renewed.
const LATER: i64 = 10 * LEASE_MS;

/// Copies a store as a crash would leave it: the file and its log, without what only memory knows.
fn crashed(from: &Path, to: &Path) {
    fs::copy(from, to).expect("a store file");
    let log = |path: &Path| path.with_extension("db-wal");
    if log(from).exists() {
        fs::copy(log(from), log(to)).expect("a log");
    }
}

/// An upgrade that opens and closes some of everything, with bodies for several packs.
fn upgrade(shelf: &mut Shelf, base: Operation) -> Plan {
    let mut edits = vec![Edit::SolutionClose(solution(1, "1.0.0.0")), Edit::SolutionOpen(solution(1, "2.0.0.0"))];
    let mut named = Vec::new();
    let old = layer(1, 1, shelf.put("<attribute name='a' of='1'/>"));
    let file = shelf.put_file(&[5; 300_000]);
    for no in 3..6 {
        let body = Body {
            bytes: format!("{no}").repeat(150_000).into_bytes().into(),
            home: Some("home".to_owned()),
            files: vec![("f".to_owned(), file)],
        };
        edits.push(Edit::ComponentAdd(component(no, column(&format!("new_order.n{no}")))));
        let digest = shelf.put_body(body);
        edits.push(Edit::LayerOpen(layer(no, 1, digest)));
        named.push(names(no, digest, &[100, 100 + no], &[200 + no]));
    }
    edits.push(layer_close(&old));
    edits.push(Edit::LayerOpen(Layer { slot: 5, ..old }));
    edits.push(Edit::RowsClose { table: "new_order".to_owned() });
    edits.push(Edit::ColumnClose { table: "account".to_owned(), column: "tier".to_owned() });
    Plan { names: named, ..plan(base, edits) }
}

/// Returns the rows of both indexes of names.
fn named(store: &SqliteStore) -> (Vec<Mention>, Vec<Mention>) {
    let all: Vec<_> = (0..300).map(TargetId).collect();
    let footprint = Footprint { mentioning: all.clone(), answering: all, ..Footprint::default() };
    let snapshot = store.snapshot(&current(store, "dev"), None, &footprint).expect("a snapshot");
    (snapshot.mentions, snapshot.answers)
}

fn run(store: &SqliteStore, plan: &Plan, now: i64, bodies: &dyn Bodies) -> Result<Operation, ApplyError> {
    let lease = store.lease(&current(store, "dev"), "import", now)?;
    store.apply(&lease, plan, entry(HistoryKind::Import), bodies, &|_| {})
}

fn state(store: &SqliteStore) -> Digest {
    digest(store, &current(store, "dev"), None)
}

#[test]
fn a_crash_at_any_write_leaves_the_state_before_or_after() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = |name: &str| folder.path().join(name).with_extension("db");
    let mut shelf = Shelf::default();
    let (before, plan) = {
        let store = SqliteStore::open_or_create(&path("origin")).expect("a new store");
        create(&store, "dev");
        let one = apply(&store, "dev", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
        for table in ["new_order", "account"] {
            let values = Values::from([("tier".to_owned(), 7.into())]);
            let row = RecordEdit::Insert(Record::new("1", values));
            let write = RecordWrite { table: table.to_owned(), edits: vec![row], ..RecordWrite::default() };
            store.record_write(&current(&store, "dev"), &write).expect("a row");
        }
        (state(&store), upgrade(&mut shelf, one))
    };
    let (after, names_after) = {
        crashed(&path("origin"), &path("after"));
        let store = SqliteStore::open(&path("after")).expect("a store");
        run(&store, &plan, 0, &shelf).expect("a plan that applies");
        (state(&store), named(&store))
    };
    assert_ne!(before, after);
    assert_eq!((names_after.0.len(), names_after.1.len()), (6, 3));

    let mut crashes = 0;
    for writes in 0.. {
        assert!(writes < 1_000, "the plan never applies");
        let (live, dead) = (path(&format!("live{writes}")), path(&format!("dead{writes}")));
        crashed(&path("origin"), &live);
        let store = SqliteStore::open(&live).expect("a store");
        store.fail_after(writes);
        let outcome = run(&store, &plan, 0, &shelf);
        crashed(&live, &dead);
        drop(store);

        let store = SqliteStore::open(&dead).expect("a store after a crash");
        let environment = current(&store, "dev");
        if outcome.is_ok() {
            assert_eq!(state(&store), after);
            assert_eq!(named(&store), names_after);
            assert!(crashes > 20, "a plan of this size takes more writes");
            break;
        }
        assert_eq!(state(&store), before, "after {writes} writes");
        assert_eq!(named(&store), (Vec::new(), Vec::new()), "after {writes} writes");
        assert_eq!(environment.operation, Operation(1));
        assert_eq!(store.history(&environment, None).expect("a list").len(), 1);
        // Only the lease may still be there, and it expires.
        run(&store, &plan, LATER, &shelf).expect("the same plan applies again");
        assert_eq!(state(&store), after, "after {writes} writes and a second try");
        assert_eq!(named(&store), names_after, "after {writes} writes and a second try");
        for edit in &plan.edits {
            let Edit::LayerOpen(layer) = edit else { continue };
            let found = store.definition(&layer.digest).expect("a readable pack").expect("a body");
            assert_eq!(found.digest(), layer.digest);
            for (_, file) in &found.files {
                assert_eq!(store.file(file).expect("a readable pack").map(|bytes| Digest::of(&bytes)), Some(*file));
            }
        }
        crashes += 1;
    }
}

#[test]
fn bodies_of_a_crashed_operation_are_collected() {
    let store = SqliteStore::in_memory().expect("a store in memory");
    let environment = create(&store, "dev");
    let mut shelf = Shelf::default();
    apply(&store, "dev", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
    let mut plan = upgrade(&mut shelf, Operation(1));
    plan.edits.push(Edit::SolutionClose(solution(7, "1.0")));
    run(&store, &plan, 0, &shelf).expect_err("a conflict after staging");
    let pruned = store.prune(&environment, Operation(1)).expect("an operation");
    assert_eq!((pruned.operations, pruned.bodies), (0, 4), "three definitions and a file");
    assert!(pruned.packs >= 2);
    plan.edits.pop();
    run(&store, &plan, LATER, &shelf).expect("the bodies are staged again");
}

#[test]
fn a_prune_while_bodies_are_staged_takes_nothing_away() {
    let store = SqliteStore::in_memory().expect("a store in memory");
    create(&store, "dev");
    let other = create(&store, "other");
    let mut shelf = Shelf::default();
    apply(&store, "dev", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
    let plan = upgrade(&mut shelf, Operation(1));
    let pruned = std::cell::Cell::new(0);
    let lease = store.lease(&current(&store, "dev"), "import", 0).expect("a free environment");
    let prune_once = |progress: strata_store::Progress| {
        if progress.stage == strata_store::Stage::Bodies && progress.done == progress.total && pruned.get() == 0 {
            pruned.set(store.prune(&other, Operation(0)).expect("an operation").bodies);
        }
    };
    store.apply(&lease, &plan, entry(HistoryKind::Import), &shelf, &prune_once).expect("a plan that applies");
    assert_eq!(pruned.get(), 4);
    for edit in &plan.edits {
        let Edit::LayerOpen(layer) = edit else { continue };
        assert!(store.definition(&layer.digest).expect("an answer").is_some());
    }
}
