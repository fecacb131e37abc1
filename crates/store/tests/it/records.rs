//! Rows of tables (D8).

use strata_model::environment::Environment;
use strata_model::id::Operation;
use strata_model::plan::Edit;
use strata_store::sqlite::SqliteStore;
use strata_store::{Record, Store};

use crate::fixture::{Shelf, apply, back_to, create, current, digest};

fn insert(store: &dyn Store, environment: &Environment, table: &str, id: &str) {
    let record = Record { id: id.to_owned(), json: format!("{{\"name\":\"{id}\"}}") };
    store.record_insert(environment, table, &record).expect("an environment");
}

fn ids(store: &dyn Store, environment: &Environment, table: &str, at: Option<Operation>) -> Vec<String> {
    store.records(environment, at, table).expect("a list").into_iter().map(|record| record.id).collect()
}

fn close(table: &str) -> Vec<Edit> {
    vec![Edit::RowsClose { table: table.to_owned() }]
}

#[test]
fn rows_are_no_operations_and_can_be_replaced() {
    let store = SqliteStore::in_memory().expect("a store in memory");
    let environment = create(&store, "dev");
    insert(&store, &environment, "New_Order", "1");
    insert(&store, &environment, "new_order", "2");
    let new = Record { id: "1".to_owned(), json: "{}".to_owned() };
    store.record_insert(&environment, "new_order", &new).expect("an environment");
    assert_eq!(store.record_count(&environment, "NEW_ORDER").expect("a count"), 2);
    assert_eq!(store.records(&environment, None, "new_order").expect("a list")[0], new);
    assert_eq!(current(&store, "dev"), environment);
}

#[test]
fn rows_of_a_deleted_table_come_back() {
    let store = SqliteStore::in_memory().expect("a store in memory");
    let environment = create(&store, "dev");
    insert(&store, &environment, "new_order", "1");
    insert(&store, &environment, "account", "9");
    let before = digest(&store, &environment, None);
    let shelf = Shelf::default();
    let one = apply(&store, "dev", close("new_order"), &shelf);
    let without = digest(&store, &environment, None);
    assert_eq!(store.record_count(&environment, "new_order").expect("a count"), 0);
    assert_eq!(store.record_count(&environment, "account").expect("a count"), 1);
    assert_eq!(ids(&store, &environment, "new_order", Some(Operation(0))), ["1"]);

    let reopen = Edit::RowsReopen { table: "new_order".to_owned(), closed_at: one };
    assert_eq!(store.edits_back_to(&environment, Operation(0)).expect("a way back"), [reopen]);
    back_to(&store, "dev", Operation(0));
    assert_eq!(digest(&store, &environment, None), before);
    assert_eq!(store.edits_back_to(&environment, Operation(0)).expect("a way back"), []);
    let again = back_to(&store, "dev", one);
    assert_eq!(digest(&store, &environment, None), without);
    assert_eq!(store.edits_back_to(&environment, one).expect("a way back"), []);
    back_to(&store, "dev", Operation(again.0 - 1));
    assert_eq!(digest(&store, &environment, None), before);
}

#[test]
fn rows_added_since_survive_the_way_back() {
    let store = SqliteStore::in_memory().expect("a store in memory");
    let environment = create(&store, "dev");
    insert(&store, &environment, "new_order", "1");
    apply(&store, "dev", close("other"), &Shelf::default());
    insert(&store, &environment, "new_order", "2");
    apply(&store, "dev", close("new_order"), &Shelf::default());
    // The table is made anew, and an id is used again.
    let new = Record { id: "2".to_owned(), json: "{}".to_owned() };
    store.record_insert(&environment, "new_order", &new).expect("an environment");
    insert(&store, &environment, "new_order", "3");
    back_to(&store, "dev", Operation(0));
    assert_eq!(ids(&store, &environment, "new_order", None), ["1", "2", "3"]);
    assert_eq!(store.records(&environment, None, "new_order").expect("a list")[1], new);
}

#[test]
fn values_of_a_deleted_column_go_and_come_back() {
    let store = SqliteStore::in_memory().expect("a store in memory");
    let environment = create(&store, "dev");
    let put = |id: &str, json: &str| {
        let record = Record { id: id.to_owned(), json: json.to_owned() };
        store.record_insert(&environment, "account", &record).expect("an environment");
    };
    let jsons = |at| -> Vec<String> {
        store.records(&environment, at, "account").expect("a list").into_iter().map(|record| record.json).collect()
    };
    put("1", r#"{"name":"a","tier":7}"#);
    put("2", r#"{"name":"b","tier":null}"#);
    put("3", r#"{"tier":9}"#);
    let counts = store.value_counts(&environment, "ACCOUNT").expect("counts");
    assert_eq!(counts, [("name".to_owned(), 2), ("tier".to_owned(), 2)].into());
    let gone = Edit::ColumnClose { table: "account".to_owned(), column: "Tier".to_owned() };
    let one = apply(&store, "dev", vec![gone], &Shelf::default());
    assert_eq!(jsons(None), [r#"{"name":"a"}"#, r#"{"name":"b","tier":null}"#, "{}"]);
    assert_eq!(jsons(Some(Operation(0)))[0], r#"{"name":"a","tier":7}"#);
    // Edits in between stay: another column of one row, the same column of another.
    put("1", r#"{"name":"new"}"#);
    put("3", r#"{"tier":1}"#);
    let back = Edit::ColumnReopen { table: "account".to_owned(), column: "tier".to_owned(), closed_at: one };
    apply(&store, "dev", vec![back], &Shelf::default());
    assert_eq!(jsons(None), [r#"{"name":"new","tier":7}"#, r#"{"name":"b","tier":null}"#, r#"{"tier":1}"#]);
}
