//! Rows of tables (D8): what every back end must do with them.

use serde_json::{Value, json};
use strata_model::environment::Environment;
use strata_model::id::Operation;
use strata_model::plan::Edit;
use strata_store::sqlite::SqliteStore;
use strata_store::{
    Record, RecordEdit, RecordError, RecordIndex, RecordWrite, Reference, Store, Values, Violation, ViolationKind,
};

use crate::fixture::{Shelf, apply, back_to, create, current, digest};

mod sqlite {
    use super::SqliteStore;

    conformance! {
        d8_edits_of_rows_are_no_operations
        d8_an_edit_says_what_it_expects
        d8_a_write_is_all_or_nothing
        d8_edits_need_the_revision_that_the_columns_were_read_at
        d5_the_past_of_a_row_can_be_seen
        d8_rows_of_a_deleted_table_come_back
        d8_rows_and_edits_in_between_survive_the_way_back
        d8_values_of_a_deleted_column_go_and_come_back
        d8_what_was_made_anew_is_not_what_was_there
        d8_rows_and_values_lost_one_after_the_other_come_back_together
        d8_unique_indexes_refuse_and_find
        d8_indexes_are_built_when_they_are_asked_for_and_dropped_with_data
        d8_references_are_checked_when_all_edits_are_made
        d8_rows_that_others_refer_to_stay
        d8_a_trial_changes_nothing
        d8_a_copy_has_its_own_rows
        d8_prune_forgets_versions_and_keeps_the_way_back
    }
}

const ORDERS: &str = "new_order";

fn values(json: Value) -> Values {
    serde_json::from_value(json).expect("an object")
}

fn record(id: &str, json: Value) -> Record {
    Record::new(id, values(json))
}

fn insertion(id: &str, json: Value) -> RecordEdit {
    RecordEdit::Insert(record(id, json))
}

fn deletion(id: &str) -> RecordEdit {
    RecordEdit::Delete { id: id.to_owned() }
}

/// Replaces what a row holds now.
fn replacement(store: &dyn Store, table: &str, id: &str, json: Value) -> RecordEdit {
    let now = store.record_get(&current(store, "dev"), None, table, id).expect("an answer").expect("a row");
    RecordEdit::Replace { id: id.to_owned(), before: now.values, after: values(json) }
}

fn try_write(store: &dyn Store, table: &str, edits: Vec<RecordEdit>) -> Result<(), RecordError> {
    let write = RecordWrite { table: table.to_owned(), edits, ..RecordWrite::default() };
    store.record_write(&current(store, "dev"), &write)
}

fn write(store: &dyn Store, table: &str, edits: Vec<RecordEdit>) {
    try_write(store, table, edits).expect("edits that can be made");
}

fn refused(outcome: Result<(), RecordError>) -> Vec<(usize, ViolationKind)> {
    match outcome {
        Err(RecordError::Refused(found)) => found.into_iter().map(|Violation { edit, kind }| (edit, kind)).collect(),
        other => panic!("a refusal is expected, not {other:?}"),
    }
}

fn rows(store: &dyn Store, table: &str, at: Option<i64>) -> Vec<(String, String)> {
    let found = store.records(&current(store, "dev"), at.map(Operation), table).expect("a list");
    found.into_iter().map(|record| (record.id, serde_json::to_string(&record.values).expect("JSON"))).collect()
}

fn ids(store: &dyn Store, table: &str, at: Option<i64>) -> Vec<String> {
    rows(store, table, at).into_iter().map(|(id, _)| id).collect()
}

fn close(table: &str) -> Vec<Edit> {
    vec![Edit::RowsClose { table: table.to_owned() }]
}

fn close_column(table: &str, column: &str) -> Vec<Edit> {
    vec![Edit::ColumnClose { table: table.to_owned(), column: column.to_owned() }]
}

fn operate(store: &dyn Store, edits: Vec<Edit>) -> Operation {
    apply(store, "dev", edits, &Shelf::default())
}

/// Goes back as a planner does: the data of what did not exist then is closed.
fn back_without(store: &dyn Store, target: Operation, closings: Vec<Edit>) -> Operation {
    let mut edits = store.edits_back_to(&current(store, "dev"), target).expect("a way back");
    edits.extend(closings);
    operate(store, edits)
}

fn dev(store: &dyn Store) -> Environment {
    create(store, "dev")
}

fn d8_edits_of_rows_are_no_operations(store: &dyn Store) {
    let environment = dev(store);
    write(store, "New_Order", vec![insertion("1", json!({"name": "a"})), insertion("2", json!({}))]);
    write(store, ORDERS, vec![replacement(store, ORDERS, "1", json!({"name": "b"}))]);
    assert_eq!(store.record_count(&environment, None, "NEW_ORDER").expect("a count"), 2);
    assert_eq!(rows(store, ORDERS, None)[0], ("1".to_owned(), r#"{"name":"b"}"#.to_owned()));
    assert_eq!(store.record_get(&environment, None, ORDERS, "3").expect("an answer"), None);
    write(store, ORDERS, vec![deletion("2"), insertion("2", json!({"name": "again"})), deletion("1")]);
    assert_eq!(ids(store, ORDERS, None), ["2"]);
    assert_eq!(current(store, "dev"), environment);
    assert!(store.history(&environment, None).expect("a list").is_empty());
}

fn d8_an_edit_says_what_it_expects(store: &dyn Store) {
    dev(store);
    write(store, ORDERS, vec![insertion("1", json!({"name": "a"}))]);
    assert_eq!(refused(try_write(store, ORDERS, vec![insertion("1", json!({}))])), [(0, ViolationKind::Exists)]);
    assert_eq!(refused(try_write(store, ORDERS, vec![deletion("2")])), [(0, ViolationKind::Missing)]);
    let stale = replacement(store, ORDERS, "1", json!({"name": "mine"}));
    write(store, ORDERS, vec![replacement(store, ORDERS, "1", json!({"name": "theirs"}))]);
    assert_eq!(refused(try_write(store, ORDERS, vec![stale])), [(0, ViolationKind::Changed)]);
}

fn d8_a_write_is_all_or_nothing(store: &dyn Store) {
    dev(store);
    write(store, ORDERS, vec![insertion("1", json!({}))]);
    let edits = vec![insertion("2", json!({})), insertion("1", json!({})), deletion("1"), deletion("9")];
    let found = refused(try_write(store, ORDERS, edits));
    assert_eq!(found, [(1, ViolationKind::Exists), (3, ViolationKind::Missing)]);
    assert_eq!(ids(store, ORDERS, None), ["1"]);
}

fn d8_edits_need_the_revision_that_the_columns_were_read_at(store: &dyn Store) {
    let before = dev(store);
    operate(store, close("other"));
    let write = RecordWrite { table: ORDERS.to_owned(), ..RecordWrite::default() };
    let (expected, revision) = (Operation(0), Operation(1));
    let moved = store.record_write(&before, &write);
    assert!(matches!(moved, Err(RecordError::Moved { expected: e, revision: r }) if (e, r) == (expected, revision)));
    store.record_write(&current(store, "dev"), &write).expect("the revision of now");
}

fn d5_the_past_of_a_row_can_be_seen(store: &dyn Store) {
    dev(store);
    write(store, ORDERS, vec![insertion("1", json!({"n": 1})), insertion("2", json!({}))]);
    operate(store, close("other"));
    write(store, ORDERS, vec![replacement(store, ORDERS, "1", json!({"n": 2})), deletion("2")]);
    write(store, ORDERS, vec![replacement(store, ORDERS, "1", json!({"n": 3})), insertion("3", json!({}))]);
    operate(store, close("other"));
    let environment = current(store, "dev");
    let then = digest(store, &environment, Some(Operation(1)));
    write(store, ORDERS, vec![replacement(store, ORDERS, "1", json!({"n": 4}))]);
    let n = |at: Option<i64>| rows(store, ORDERS, at)[0].1.clone();
    assert_eq!((n(Some(0)), n(Some(1)), n(Some(2))), (r#"{"n":1}"#.into(), r#"{"n":3}"#.into(), r#"{"n":4}"#.into()));
    assert_eq!(
        (ids(store, ORDERS, Some(0)), ids(store, ORDERS, Some(1))),
        (vec!["1".into(), "2".into()], vec!["1".into(), "3".into()])
    );
    assert_eq!(store.record_count(&environment, Some(Operation(0)), ORDERS).expect("a count"), 2);
    let old = store.record_get(&environment, Some(Operation(0)), ORDERS, "2").expect("an answer");
    assert_eq!(old, Some(record("2", json!({}))));
    assert_eq!(digest(store, &environment, Some(Operation(1))), then, "the past does not change");
}

fn d8_rows_of_a_deleted_table_come_back(store: &dyn Store) {
    let environment = dev(store);
    write(store, ORDERS, vec![insertion("1", json!({}))]);
    write(store, "account", vec![insertion("9", json!({}))]);
    let before = digest(store, &environment, None);
    let one = operate(store, close(ORDERS));
    let without = digest(store, &environment, None);
    assert_eq!((ids(store, ORDERS, None).len(), ids(store, "account", None).len()), (0, 1));
    assert_eq!(ids(store, ORDERS, Some(0)), ["1"]);
    let reopen = Edit::RowsReopen { table: ORDERS.to_owned(), closed_at: one };
    assert_eq!(store.edits_back_to(&environment, Operation(0)).expect("a way back"), [reopen]);
    back_to(store, "dev", Operation(0));
    assert_eq!(digest(store, &environment, None), before);
    assert_eq!(store.edits_back_to(&environment, Operation(0)).expect("a way back"), []);
    let again = back_without(store, one, close(ORDERS));
    assert_eq!(digest(store, &environment, None), without);
    assert_eq!(store.edits_back_to(&environment, one).expect("a way back"), []);
    back_to(store, "dev", Operation(again.0 - 1));
    assert_eq!(digest(store, &environment, None), before);
}

fn d8_rows_and_edits_in_between_survive_the_way_back(store: &dyn Store) {
    dev(store);
    write(store, ORDERS, vec![insertion("1", json!({"n": 1})), insertion("2", json!({}))]);
    operate(store, close("other"));
    // Edits between two operations are undone by none.
    write(
        store,
        ORDERS,
        vec![replacement(store, ORDERS, "1", json!({"n": 2})), deletion("2"), insertion("3", json!({}))],
    );
    operate(store, close(ORDERS));
    // The table is made anew, and an id is used again.
    write(store, ORDERS, vec![insertion("3", json!({"new": true})), insertion("4", json!({}))]);
    back_to(store, "dev", Operation(0));
    assert_eq!(ids(store, ORDERS, None), ["1", "3", "4"]);
    assert_eq!(rows(store, ORDERS, None)[0].1, r#"{"n":2}"#);
    assert_eq!(rows(store, ORDERS, None)[1].1, r#"{"new":true}"#);
    // A row that is deleted after it came back stays deleted.
    write(store, ORDERS, vec![deletion("1")]);
    operate(store, close(ORDERS));
    back_to(store, "dev", Operation(0));
    assert_eq!(ids(store, ORDERS, None), ["3", "4"]);
}

fn d8_values_of_a_deleted_column_go_and_come_back(store: &dyn Store) {
    let environment = dev(store);
    let three = [("1", json!({"name": "a", "tier": 7})), ("2", json!({"name": "b"})), ("3", json!({"tier": 9}))];
    write(store, "account", three.into_iter().map(|(id, json)| insertion(id, json)).collect());
    let before = digest(store, &environment, None);
    let counts = store.value_counts(&environment, "ACCOUNT").expect("counts");
    assert_eq!(counts, [("name".to_owned(), 2), ("tier".to_owned(), 2)].into());
    let one = operate(store, close_column("account", "Tier"));
    let without = digest(store, &environment, None);
    let texts = |at| rows(store, "account", at).into_iter().map(|(_, json)| json).collect::<Vec<_>>();
    assert_eq!(texts(None), [r#"{"name":"a"}"#, r#"{"name":"b"}"#, "{}"]);
    assert_eq!(texts(Some(0))[0], r#"{"name":"a","tier":7}"#);
    back_to(store, "dev", Operation(0));
    assert_eq!(digest(store, &environment, None), before);
    back_without(store, one, close_column("account", "tier"));
    assert_eq!(digest(store, &environment, None), without);
    // Edits in between stay: another column of one row, the same column of another; a deleted row stays deleted.
    write(
        store,
        "account",
        vec![
            replacement(store, "account", "1", json!({"name": "new"})),
            replacement(store, "account", "3", json!({"tier": 1})),
            insertion("4", json!({})),
        ],
    );
    back_to(store, "dev", Operation(0));
    assert_eq!(texts(None), [r#"{"name":"new","tier":7}"#, r#"{"name":"b"}"#, r#"{"tier":1}"#, "{}"]);
    operate(store, close_column("account", "tier"));
    write(store, "account", vec![deletion("1")]);
    back_to(store, "dev", Operation(0));
    assert_eq!(ids(store, "account", None), ["2", "3", "4"]);
}

fn d8_what_was_made_anew_is_not_what_was_there(store: &dyn Store) {
    dev(store);
    write(store, ORDERS, vec![insertion("old", json!({}))]);
    let one = operate(store, close(ORDERS));
    // Made anew by an import, which concerns no rows.
    write(store, ORDERS, vec![insertion("new", json!({}))]);
    operate(store, close(ORDERS));
    back_to(store, "dev", Operation(0));
    assert_eq!(ids(store, ORDERS, None), ["old"]);
    back_to(store, "dev", one);
    assert_eq!(ids(store, ORDERS, None), ["new", "old"], "what is there stays");
    back_to(store, "dev", Operation(0));
    assert_eq!(ids(store, ORDERS, None), ["new", "old"]);
}

fn d8_rows_and_values_lost_one_after_the_other_come_back_together(store: &dyn Store) {
    let environment = dev(store);
    write(store, ORDERS, vec![insertion("1", json!({"a": 1, "b": 2})), insertion("2", json!({"b": 3}))]);
    let before = digest(store, &environment, None);
    operate(store, [close_column(ORDERS, "a"), close_column(ORDERS, "b")].concat());
    let middle = digest(store, &environment, None);
    operate(store, close(ORDERS));
    back_to(store, "dev", Operation(1));
    assert_eq!(digest(store, &environment, None), middle);
    back_to(store, "dev", Operation(0));
    assert_eq!(digest(store, &environment, None), before);
    // The table goes while its rows hold values, and comes back from a time when they held none.
    let four = operate(store, close(ORDERS));
    back_without(store, Operation(2), Vec::new());
    back_to(store, "dev", Operation(1));
    assert_eq!(digest(store, &environment, None), middle);
    back_to(store, "dev", Operation(four.0 - 1));
    assert_eq!(digest(store, &environment, None), before);
}

fn code(is_unique: bool) -> RecordIndex {
    RecordIndex { columns: vec!["code".to_owned(), "area".to_owned()], is_unique, is_total: false }
}

fn indexed(edits: Vec<RecordEdit>, indexes: Vec<RecordIndex>) -> RecordWrite {
    RecordWrite { table: ORDERS.to_owned(), indexes, edits, ..RecordWrite::default() }
}

fn found(store: &dyn Store, values: &[Value]) -> Option<Vec<String>> {
    let found = store.records_by(&current(store, "dev"), ORDERS, &code(true).columns, values).expect("an answer");
    found.map(|records| records.into_iter().map(|record| record.id).collect())
}

fn d8_unique_indexes_refuse_and_find(store: &dyn Store) {
    let environment = dev(store);
    let key = || vec![code(true)];
    let at = |code: &str, area: u8| json!({"code": code, "area": area});
    let first = vec![insertion("1", at("A", 1)), insertion("2", at("a", 2)), insertion("3", json!({"code": "A"}))];
    store.record_write(&environment, &indexed(first, key())).expect("different keys");
    assert_eq!(found(store, &[json!("a"), json!(1)]), Some(vec!["1".to_owned()]));
    assert_eq!(found(store, &[json!("b"), json!(1)]), Some(Vec::new()));
    let twice = indexed(vec![insertion("4", at("a", 1)), insertion("5", json!({"code": "A"}))], key());
    let duplicate = |id: &str| ViolationKind::Duplicate { columns: code(true).columns, id: id.to_owned() };
    assert_eq!(refused(store.record_write(&environment, &twice)), [(0, duplicate("1"))]);
    let exchange = ["1", "2"].map(|id| replacement(store, ORDERS, id, at("A", if id == "1" { 2 } else { 1 })));
    store.record_write(&environment, &indexed(exchange.to_vec(), key())).expect("an exchange");
    assert_eq!(found(store, &[json!("A"), json!(1)]), Some(vec!["2".to_owned()]));
    store.record_write(&environment, &indexed(vec![deletion("2"), insertion("6", at("A", 1))], key())).expect("freed");
    assert_eq!(found(store, &[json!("A"), json!(1)]), Some(vec!["6".to_owned()]));
}

fn d8_indexes_are_built_when_they_are_asked_for_and_dropped_with_data(store: &dyn Store) {
    dev(store);
    let same = json!({"code": "A", "area": 1});
    write(store, ORDERS, vec![insertion("1", same.clone()), insertion("2", same.clone())]);
    assert_eq!(found(store, &[json!("A"), json!(1)]), None, "there is no index");
    let now = || current(store, "dev");
    store.record_write(&now(), &indexed(Vec::new(), vec![code(true)])).expect("rows that were there may agree");
    assert_eq!(found(store, &[json!("A"), json!(1)]).map(|ids| ids.len()), Some(2));
    let third = indexed(vec![insertion("3", same)], vec![code(true)]);
    assert_eq!(refused(store.record_write(&now(), &third)).len(), 1);
    for edits in [close_column(ORDERS, "code"), close(ORDERS)] {
        operate(store, edits);
        assert_eq!(found(store, &[json!("A"), json!(1)]), None);
        store.record_write(&now(), &indexed(Vec::new(), vec![code(true)])).expect("an index of what is left");
        assert_eq!(found(store, &[json!("A"), json!(1)]), Some(Vec::new()));
    }
    back_to(store, "dev", Operation(0));
    assert_eq!(found(store, &[json!("A"), json!(1)]), None);
    store.record_write(&now(), &indexed(Vec::new(), vec![code(true)])).expect("an index of what came back");
    assert_eq!(found(store, &[json!("A"), json!(1)]).map(|ids| ids.len()), Some(2));
    store.record_write(&now(), &indexed(Vec::new(), Vec::new())).expect("no index is wanted");
    assert_eq!(found(store, &[json!("A"), json!(1)]), None);
}

fn d8_references_are_checked_when_all_edits_are_made(store: &dyn Store) {
    let environment = dev(store);
    write(store, "account", vec![insertion("a", json!({}))]);
    let to = |edit: usize, table: &str, id: &str| Reference {
        edit,
        column: "parent".to_owned(),
        table: table.to_owned(),
        id: id.to_owned(),
    };
    let with = |references: Vec<Reference>| RecordWrite {
        references,
        ..indexed(vec![insertion("1", json!({})), insertion("2", json!({}))], Vec::new())
    };
    let broken = with(vec![to(0, "account", "a"), to(0, ORDERS, "2"), to(1, "account", "b")]);
    let kind = ViolationKind::NoTarget { column: "parent".into(), table: "account".into(), id: "b".into() };
    assert_eq!(refused(store.record_write(&environment, &broken)), [(1, kind)]);
    store.record_write(&environment, &with(vec![to(0, "Account", "a"), to(0, ORDERS, "2")])).expect("targets");
}

fn d8_rows_that_others_refer_to_stay(store: &dyn Store) {
    dev(store);
    let parent = || vec![RecordIndex::found("parent")];
    write(store, "account", vec![insertion("A", json!({})), insertion("b", json!({}))]);
    let to = json!({"parent": "Account(a)"});
    let lines = vec![insertion("1", to.clone()), insertion("2", json!({})), insertion("3", to)];
    store.record_write(&current(store, "dev"), &indexed(lines, parent())).expect("rows");
    let deleted = || try_write(store, "account", vec![deletion("b"), deletion("A")]);
    let by = |id: &str| (1, ViolationKind::Referenced { table: ORDERS.to_owned(), id: id.to_owned() });
    assert_eq!(refused(deleted()), [by("1"), by("3")]);
    // Without an index, which an operation drops, the rows are looked at.
    operate(store, close_column(ORDERS, "other"));
    assert_eq!(refused(deleted()), [by("1"), by("3")]);
    let lines = vec![deletion("1"), deletion("3")];
    store.record_write(&current(store, "dev"), &indexed(lines, parent())).expect("rows");
    deleted().expect("nobody refers to them");
}

fn d8_a_trial_changes_nothing(store: &dyn Store) {
    let environment = dev(store);
    let trial = |id: &str| RecordWrite { is_trial: true, ..indexed(vec![insertion(id, json!({}))], vec![code(true)]) };
    store.record_write(&environment, &trial("1")).expect("an edit that could be made");
    assert_eq!((ids(store, ORDERS, None).len(), found(store, &[json!("a"), json!(1)])), (0, None));
    write(store, ORDERS, vec![insertion("1", json!({}))]);
    assert_eq!(refused(store.record_write(&environment, &trial("1"))), [(0, ViolationKind::Exists)]);
}

fn d8_a_copy_has_its_own_rows(store: &dyn Store) {
    let environment = dev(store);
    let row = insertion("1", json!({"code": "A", "area": 1}));
    store.record_write(&environment, &indexed(vec![row], vec![code(true)])).expect("a row");
    let before = digest(store, &environment, None);
    operate(store, close_column(ORDERS, "code"));
    store.record_write(&current(store, "dev"), &indexed(Vec::new(), vec![code(true)])).expect("an index");
    let copy = store.environment_copy(environment.no, "copy").expect("a new name");
    assert_eq!(digest(store, &copy, None), digest(store, &environment, None));
    write(store, ORDERS, vec![deletion("1")]);
    assert_eq!(store.record_count(&copy, None, ORDERS).expect("a count"), 1);
    let by_code = store.records_by(&copy, ORDERS, &code(true).columns, &[json!("A"), json!(1)]);
    assert_eq!(by_code.expect("an answer"), Some(Vec::new()));
    back_to(store, "copy", Operation(0));
    assert_eq!(digest(store, &copy, None), before);
    store.environment_delete(copy.no).expect("an environment");
    assert_eq!(store.record_count(&copy, None, ORDERS).expect("a count"), 0);
    assert_eq!(ids(store, ORDERS, Some(0)), ["1"]);
}

fn d8_prune_forgets_versions_and_keeps_the_way_back(store: &dyn Store) {
    let environment = dev(store);
    write(store, ORDERS, vec![insertion("1", json!({"n": 1})), insertion("2", json!({"n": 1}))]);
    operate(store, close("other"));
    write(store, ORDERS, vec![replacement(store, ORDERS, "1", json!({"n": 2}))]);
    operate(store, close_column(ORDERS, "n"));
    operate(store, close(ORDERS));
    let states = [1, 2, 3].map(|at| digest(store, &environment, Some(Operation(at))));
    let pruned = store.prune(&environment, Operation(1)).expect("an operation");
    assert_eq!((pruned.operations, pruned.rows), (0, 2), "one version, and the closing of a table without rows");
    for (at, closings) in [(2, Vec::new()), (1, Vec::new()), (3, close(ORDERS))] {
        back_without(store, Operation(at), closings);
        assert_eq!(digest(store, &environment, None), states[at as usize - 1], "back to {at}");
    }
}
