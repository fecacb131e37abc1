//! Several writes that are kept or taken back as a whole.

use std::collections::BTreeMap;

use serde_json::json;
use strata_model::plan::Edit;
use strata_store::sqlite::SqliteStore;
use strata_store::{Record, RecordEdit, RecordWrite, Store};

use crate::fixture::{Shelf, apply, create, current, digest};

mod sqlite {
    use super::SqliteStore;

    conformance! {
        what_was_begun_is_taken_back_with_its_history
        what_was_begun_is_kept
        an_inner_whole_is_taken_back_alone
        a_refused_part_leaves_the_others
        a_mark_is_another_after_every_change
        a_state_is_held_until_something_is_written
    }
}

fn row(store: &dyn Store, id: &str) -> Result<(), strata_store::RecordError> {
    let values = BTreeMap::from([("name".to_owned(), json!("x"))]);
    let edits = vec![RecordEdit::Insert(Record::new(id, values))];
    store.record_write(&current(store, "dev"), &RecordWrite { table: "t".to_owned(), edits, ..RecordWrite::default() })
}

fn operate(store: &dyn Store) {
    apply(store, "dev", vec![Edit::RowsClose { table: "u".to_owned() }], &Shelf::default());
}

fn rows(store: &dyn Store) -> u64 {
    store.record_count(&current(store, "dev"), None, "t").expect("a number")
}

fn what_was_begun_is_taken_back_with_its_history(store: &dyn Store) {
    create(store, "dev");
    let before = digest(store, &current(store, "dev"), None);
    store.begin().expect("a beginning");
    row(store, "1").expect("a row");
    operate(store);
    assert_eq!(rows(store), 1);
    store.end(false).expect("an end");
    assert_eq!(digest(store, &current(store, "dev"), None), before);
    assert_eq!(rows(store), 0);
    assert!(store.history(&current(store, "dev"), None).expect("a history").is_empty());
}

fn what_was_begun_is_kept(store: &dyn Store) {
    create(store, "dev");
    store.begin().expect("a beginning");
    row(store, "1").expect("a row");
    operate(store);
    store.end(true).expect("an end");
    assert_eq!(rows(store), 1);
    assert_eq!(store.history(&current(store, "dev"), None).expect("a history").len(), 1);
}

fn a_refused_part_leaves_the_others(store: &dyn Store) {
    create(store, "dev");
    store.begin().expect("a beginning");
    row(store, "1").expect("a row");
    row(store, "1").expect_err("the id is taken");
    row(store, "2").expect("a row");
    store.end(true).expect("an end");
    assert_eq!(rows(store), 2);
}

fn an_inner_whole_is_taken_back_alone(store: &dyn Store) {
    create(store, "dev");
    store.begin().expect("a beginning");
    row(store, "1").expect("a row");
    store.begin().expect("an inner beginning");
    row(store, "2").expect("a row");
    store.end(false).expect("an inner end");
    assert_eq!(rows(store), 1);
    store.begin().expect("another");
    row(store, "3").expect("a row");
    store.end(true).expect("its end");
    store.end(true).expect("an end");
    assert_eq!(rows(store), 2);
}

fn a_mark_is_another_after_every_change(store: &dyn Store) {
    create(store, "dev");
    let first = store.mark().expect("a mark");
    assert_eq!(store.mark().expect("a mark"), first, "nothing has changed");
    store.begin().expect("a beginning");
    row(store, "1").expect("a row");
    let inside = store.mark().expect("a mark");
    store.end(false).expect("an end");
    let after = store.mark().expect("a mark");
    assert!(inside != first && after != inside && after != first);
}

fn a_state_is_held_until_something_is_written(store: &dyn Store) {
    create(store, "dev");
    store.hold().expect("a state");
    store.hold().expect("the same state");
    assert_eq!(rows(store), 0);
    row(store, "1").expect("a row");
    assert_eq!(rows(store), 1);
    store.hold().expect("a state");
    store.begin().expect("a beginning");
    row(store, "2").expect("a row");
    store.end(false).expect("an end");
    assert_eq!(rows(store), 1);
    store.let_go();
}
