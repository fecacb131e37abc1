//! Versions of rows, computed sets and bytes beside rows: what every back end must do with them.

use std::collections::BTreeMap;

use serde_json::json;
use strata_model::id::Operation;
use strata_model::plan::Edit;
use strata_store::sqlite::SqliteStore;
use strata_store::{Projection, Record, RecordEdit, RecordIndex, RecordWrite, Store, Values};

use crate::fixture::{Shelf, apply, create, current, digest};

mod sqlite {
    use super::SqliteStore;

    conformance! {
        d8_each_write_raises_the_version_of_its_rows
        d8_operations_that_bring_rows_back_give_them_new_versions
        a_projection_changes_what_has_changed
        an_older_projection_does_not_replace_a_later_one
        projections_and_bytes_go_with_their_environment
    }
}

fn values(code: i64) -> Values {
    Values::from([("code".to_owned(), json!(code))])
}

fn write(store: &dyn Store, edits: Vec<RecordEdit>) {
    let write = RecordWrite { table: "new_order".to_owned(), edits, ..RecordWrite::default() };
    store.record_write(&current(store, "dev"), &write).expect("edits that can be made");
}

fn versions(store: &dyn Store) -> BTreeMap<String, i64> {
    let rows = store.records(&current(store, "dev"), None, "new_order").expect("a list");
    rows.into_iter().map(|row| (row.id, row.version)).collect()
}

fn d8_each_write_raises_the_version_of_its_rows(store: &dyn Store) {
    create(store, "dev");
    let before = digest(store, &current(store, "dev"), None);
    write(
        store,
        vec![RecordEdit::Insert(Record::new("a", values(1))), RecordEdit::Insert(Record::new("b", values(1)))],
    );
    let first = versions(store);
    assert!(first["a"] > 0);
    write(store, vec![RecordEdit::Replace { id: "a".to_owned(), before: values(1), after: values(2) }]);
    let second = versions(store);
    assert!(second["a"] > first["a"].max(first["b"]) && second["b"] == first["b"]);
    let row = store.record_get(&current(store, "dev"), None, "new_order", "a").expect("an answer").expect("a row");
    assert_eq!((row.version, row), (second["a"], Record::new("a", values(2))));
    for id in ["a", "b"] {
        write(store, vec![RecordEdit::Delete { id: id.to_owned() }]);
    }
    write(store, vec![RecordEdit::Insert(Record::new("a", values(2)))]);
    assert!(versions(store)["a"] > second["a"], "a row made anew is another one");
    write(store, vec![RecordEdit::Delete { id: "a".to_owned() }]);
    assert_eq!(digest(store, &current(store, "dev"), None), before);
}

fn d8_operations_that_bring_rows_back_give_them_new_versions(store: &dyn Store) {
    create(store, "dev");
    write(store, vec![RecordEdit::Insert(Record::new("a", values(1)))]);
    let first = versions(store)["a"];
    let (table, column) = (|| "new_order".to_owned(), || "code".to_owned());
    let taken = apply(store, "dev", vec![Edit::RowsClose { table: table() }], &Shelf::default());
    apply(store, "dev", vec![Edit::RowsReopen { table: table(), closed_at: taken }], &Shelf::default());
    let second = versions(store)["a"];
    assert!(second > first);
    apply(store, "dev", vec![Edit::ColumnClose { table: table(), column: column() }], &Shelf::default());
    assert!(versions(store)["a"] > second);
}

fn projection(revision: i64, rows: &[(&str, i64)]) -> Projection {
    Projection {
        set: "solution".to_owned(),
        revision: Operation(revision),
        replaces_all: true,
        rows: rows.iter().map(|(id, code)| Record::new(*id, values(*code))).collect(),
        removed: Vec::new(),
        indexes: vec![RecordIndex::sorted("code")],
    }
}

fn shown(store: &dyn Store, environment: &str) -> Vec<(String, i64, i64)> {
    use strata_store::query::{Relation, RowQuery};
    let query = RowQuery::all(Relation::Projection("solution".to_owned()));
    let page = store.query(&current(store, environment), None, &query).expect("an answer");
    page.rows.into_iter().map(|row| (row.id, row.values["code"].as_i64().expect("a number"), row.version)).collect()
}

fn a_projection_changes_what_has_changed(store: &dyn Store) {
    let environment = create(store, "dev");
    assert_eq!(store.projected(&environment, "solution").expect("an answer"), None);
    store.project(&environment, &projection(1, &[("a", 1), ("b", 2)])).expect("a projection");
    assert_eq!(store.projected(&environment, "Solution").expect("an answer"), Some(Operation(1)));
    let first = shown(store, "dev");
    store.project(&environment, &projection(2, &[("b", 2), ("c", 3)])).expect("a projection");
    let second = shown(store, "dev");
    assert_eq!(second.iter().map(|row| (row.0.as_str(), row.1)).collect::<Vec<_>>(), [("b", 2), ("c", 3)]);
    assert_eq!(second[0].2, first[1].2, "it holds what it held");
    assert!(second[1].2 > first[1].2);
    let part = Projection { replaces_all: false, removed: vec!["b".to_owned()], ..projection(3, &[("c", 4)]) };
    store.project(&environment, &part).expect("a projection");
    let third = shown(store, "dev");
    assert_eq!(third.iter().map(|row| (row.0.as_str(), row.1)).collect::<Vec<_>>(), [("c", 4)]);
    assert!(third[0].2 > second[1].2);
}

fn an_older_projection_does_not_replace_a_later_one(store: &dyn Store) {
    let environment = create(store, "dev");
    store.project(&environment, &projection(2, &[("a", 2)])).expect("a projection");
    store.project(&environment, &projection(1, &[("a", 1)])).expect("a projection");
    assert_eq!(store.projected(&environment, "solution").expect("an answer"), Some(Operation(2)));
    assert_eq!(shown(store, "dev")[0].1, 2);
}

fn projections_and_bytes_go_with_their_environment(store: &dyn Store) {
    let environment = create(store, "dev");
    let before = digest(store, &environment, None);
    store.project(&environment, &projection(1, &[("a", 2)])).expect("a projection");
    store.blob_put(&environment, "one", b"first").expect("bytes");
    store.blob_put(&environment, "one", b"second").expect("bytes");
    assert_eq!(digest(store, &environment, None), before);
    let copy = store.environment_copy(environment.no, "copy").expect("a new name");
    assert_eq!(store.blob_get(&copy, "one").expect("an answer").as_deref(), Some(b"second".as_slice()));
    assert_eq!(store.projected(&copy, "solution").expect("an answer"), None, "its rows may have other ids");
    assert_eq!(shown(store, "copy"), []);
    store.blob_delete(&environment, "one").expect("no error");
    store.blob_delete(&environment, "one").expect("no error");
    assert_eq!(store.blob_get(&environment, "one").expect("an answer"), None);
    store.environment_delete(environment.no).expect("an environment");
    let anew = create(store, "dev");
    assert_eq!(store.projected(&anew, "solution").expect("an answer"), None);
    assert_eq!(store.blob_get(&copy, "one").expect("an answer").as_deref(), Some(b"second".as_slice()));
}
