//! Questions about rows: the same answers as a plain evaluation gives, and only the rows read that are in question.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use strata_model::environment::Environment;
use strata_model::id::Operation;
use strata_model::plan::Edit;
use strata_store::query::{
    Field, FieldKind, Figure, FigureQuery, Filter, Join, Lineage, Operator, Relation, RowQuery, Sort, TextTest,
};
use strata_store::sqlite::SqliteStore;
use strata_store::{Record, RecordEdit, RecordIndex, RecordWrite, Store, StoreError, Values};

use crate::fixture::{Shelf, apply, create, current};

const TABLE: &str = "new_order";

fn field(column: &str) -> Field {
    let kind = match column {
        "id" => FieldKind::Id,
        "name" => FieldKind::Text,
        "total" => FieldKind::Number,
        "open" => FieldKind::Boolean,
        "made" => FieldKind::Time,
        "of" => FieldKind::Reference,
        "tags" => FieldKind::Choices,
        other => panic!("no column {other}"),
    };
    Field { source: 0, column: column.to_owned(), kind }
}

fn compare(column: &str, operator: Operator, value: impl Into<Value>) -> Filter {
    Filter::Compare { field: field(column), operator, value: value.into() }
}

fn text(test: TextTest, text: &str) -> Filter {
    Filter::Text { field: field("name"), test, text: text.to_owned() }
}

fn write_to(store: &dyn Store, table: &str, rows: &[Record], indexes: &[RecordIndex]) -> Environment {
    let edits = rows.iter().cloned().map(RecordEdit::Insert).collect();
    let write = RecordWrite { table: table.to_owned(), indexes: indexes.to_vec(), edits, ..RecordWrite::default() };
    store.record_write(&current(store, "dev"), &write).expect("rows");
    current(store, "dev")
}

fn query(filter: Option<Filter>) -> RowQuery {
    RowQuery { filter, ..RowQuery::all(Relation::Records(TABLE.to_owned())) }
}

fn sorted(column: &str, is_descending: bool) -> Sort {
    Sort { field: field(column), is_descending }
}

/// Reads all pages.
fn ids(store: &dyn Store, environment: &Environment, query: &RowQuery) -> Vec<String> {
    let (mut query, mut ids) = (query.clone(), Vec::new());
    loop {
        let page = store.query(environment, None, &query).expect("an answer");
        ids.extend(page.rows.into_iter().map(|row| row.id));
        assert!(ids.len() < 10_000, "pages come to an end");
        match page.next {
            Some(next) => query.after = Some(next),
            None => return ids,
        }
    }
}

// What a filter means, said plainly.

fn held<'r>(row: &'r Record, field: &Field) -> Option<&'r Value> {
    row.values.get(&field.column)
}

fn folded(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| text.to_lowercase().into())
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (folded(left), folded(right)) {
        (Value::String(left), Value::String(right)) => left.cmp(&right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(&right),
        (left, right) => left.as_f64().partial_cmp(&right.as_f64()).expect("numbers"),
    }
}

fn passes(row: &Record, filter: &Filter) -> bool {
    match filter {
        Filter::Always(truth) => *truth,
        Filter::And(parts) => parts.iter().all(|part| passes(row, part)),
        Filter::Or(parts) => parts.iter().any(|part| passes(row, part)),
        Filter::Not(inner) => !passes(row, inner),
        Filter::IsNull(field) => held(row, field).is_none(),
        Filter::Compare { field, operator, value } => {
            let ordering = held(row, field).map(|held| order(held, value));
            match operator {
                Operator::Eq => ordering == Some(Ordering::Equal),
                Operator::Ne => ordering != Some(Ordering::Equal),
                Operator::Gt => ordering == Some(Ordering::Greater),
                Operator::Ge => ordering.is_some_and(Ordering::is_ge),
                Operator::Lt => ordering == Some(Ordering::Less),
                Operator::Le => ordering.is_some_and(Ordering::is_le),
            }
        }
        Filter::In { field, values } => {
            held(row, field).is_some_and(|held| values.iter().any(|value| order(held, value).is_eq()))
        }
        Filter::Text { field, test, text } => {
            let text = text.to_lowercase();
            held(row, field).and_then(Value::as_str).is_some_and(|held| {
                let held = held.to_lowercase();
                match test {
                    TextTest::Contains => held.contains(&text),
                    TextTest::StartsWith => held.starts_with(&text),
                    TextTest::EndsWith => held.ends_with(&text),
                    TextTest::Like => unreachable!("not drawn"),
                }
            })
        }
        Filter::Holds { field, options } => held(row, field)
            .and_then(Value::as_array)
            .is_some_and(|held| held.iter().any(|one| options.iter().any(|option| one == option))),
        Filter::Refers { field, id } => {
            held(row, field).and_then(Value::as_str).is_some_and(|held| held.contains(&format!("({id})")))
        }
        Filter::Columns { .. } | Filter::Exists { .. } | Filter::Lineage { .. } => unreachable!("not drawn"),
    }
}

fn sort(rows: &mut [Record], by: &[Sort]) {
    rows.sort_by(|left, right| {
        let columns = by.iter().map(|sort| {
            let ordering = match (held(left, &sort.field), held(right, &sort.field)) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(left), Some(right)) => order(left, right),
            };
            if sort.is_descending { ordering.reverse() } else { ordering }
        });
        let is_descending = by.last().is_some_and(|sort| sort.is_descending);
        let ids = left.id.cmp(&right.id);
        let ids = if is_descending { ids.reverse() } else { ids };
        columns.fold(Ordering::Equal, Ordering::then).then(ids)
    });
}

// What is drawn.

const COLUMNS: [&str; 5] = ["name", "total", "open", "made", "of"];

fn drawn_value(column: &'static str) -> BoxedStrategy<Value> {
    match column {
        "name" => prop::sample::select(vec!["", "a", "A", "ab", "Ab%", "b_", "\u{c4}b", "\u{e4}B", "it's", "z*"])
            .prop_map(Value::from)
            .boxed(),
        "total" => prop::sample::select(vec![
            json!(-2),
            json!(0),
            json!(1),
            json!(1.5),
            json!(2),
            json!(9_007_199_254_740_993_i64),
        ])
        .boxed(),
        "open" => any::<bool>().prop_map(Value::from).boxed(),
        "made" => (1..4).prop_map(|day| json!(format!("2026-01-0{day}T08:00:00Z"))).boxed(),
        "of" => prop::sample::select(vec!["account(1)", "account(2)", "contact(1)"]).prop_map(Value::from).boxed(),
        other => panic!("no column {other}"),
    }
}

fn drawn_row() -> impl Strategy<Value = Values> {
    let columns = COLUMNS.map(|column| prop::option::of(drawn_value(column)).prop_map(move |value| (column, value)));
    let tags = prop::option::of(prop::collection::btree_set(1..4_i64, 1..3));
    (columns, tags).prop_map(|(columns, tags)| {
        let held = columns.into_iter().filter_map(|(column, value)| Some((column.to_owned(), value?)));
        held.chain(tags.map(|tags| ("tags".to_owned(), json!(tags)))).collect()
    })
}

fn drawn_filter() -> impl Strategy<Value = Filter> {
    let operators = vec![Operator::Eq, Operator::Ne, Operator::Gt, Operator::Ge, Operator::Lt, Operator::Le];
    let column = || prop::sample::select(COLUMNS.to_vec());
    let comparison = (column(), prop::sample::select(operators)).prop_flat_map(|(column, operator)| {
        drawn_value(column).prop_map(move |value| compare(column, operator, value))
    });
    let among = column().prop_flat_map(|column| {
        prop::collection::vec(drawn_value(column), 0..4)
            .prop_map(move |values| Filter::In { field: field(column), values })
    });
    let tests = vec![TextTest::Contains, TextTest::StartsWith, TextTest::EndsWith];
    let texts = prop::sample::select(vec!["", "a", "B", "\u{c4}", "%", "_", "*", "'s"]);
    let leaf = prop_oneof![
        4 => comparison,
        1 => among,
        1 => column().prop_map(|column| Filter::IsNull(field(column))),
        2 => (prop::sample::select(tests), texts).prop_map(|(test, part)| text(test, part)),
        1 => prop::collection::vec(1..5_i64, 0..3).prop_map(|options| Filter::Holds { field: field("tags"), options }),
        1 => (1..3_i64).prop_map(|id| Filter::Refers { field: field("of"), id: id.to_string() }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

fn drawn_order() -> impl Strategy<Value = Vec<Sort>> {
    prop::collection::vec((prop::sample::select(COLUMNS.to_vec()), any::<bool>()), 0..3).prop_map(|columns| {
        let mut seen = BTreeMap::new();
        columns
            .into_iter()
            .filter(|(column, _)| seen.insert(*column, ()).is_none())
            .map(|(column, is_descending)| sorted(column, is_descending))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn w4_queries_find_what_a_plain_evaluation_finds(
        rows in prop::collection::vec(drawn_row(), 0..25),
        filter in drawn_filter(),
        order in drawn_order(),
        indexed in prop::collection::btree_map(prop::sample::select(COLUMNS.to_vec()), any::<bool>(), 0..4),
        page in 1..6_u64,
    ) {
        let store = SqliteStore::in_memory().expect("a store");
        create(&store, "dev");
        let rows: Vec<_> =
            rows.into_iter().enumerate().map(|(at, values)| Record::new(format!("id{at:02}"), values)).collect();
        let indexes: Vec<_> = indexed.into_iter()
            .map(|(column, is_total)| if is_total { RecordIndex::sorted(column) } else { RecordIndex::found(column) })
            .collect();
        let environment = write_to(&store, TABLE, &rows, &indexes);
        let mut expected: Vec<_> = rows.iter().filter(|row| passes(row, &filter)).cloned().collect();
        sort(&mut expected, &order);
        let names = |rows: &[Record]| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
        let asked = RowQuery { order: order.clone(), limit: Some(page), ..query(Some(filter)) };
        let mut found = ids(&store, &environment, &asked);
        let given = RowQuery { from: Relation::Given(rows), ..asked.clone() };
        let mut of_given = ids(&store, &environment, &given);
        if order.is_empty() {
            // The store sorts as it likes, and leaves none out.
            found.sort();
            of_given.sort();
        }
        prop_assert_eq!(&found, &names(&expected));
        prop_assert_eq!(&of_given, &found);
        prop_assert_eq!(store.query_count(&environment, None, &asked, None).expect("a count"), expected.len() as u64);
        prop_assert_eq!(
            store.query_count(&environment, None, &asked, Some(2)).expect("a count"),
            expected.len().min(2) as u64
        );
        // The past is looked at without indexes.
        let before = RowQuery { limit: None, ..asked };
        let past = store.query(&environment, Some(Operation::START), &before).expect("an answer");
        let mut past = names(&past.rows);
        if order.is_empty() {
            past.sort();
        }
        prop_assert_eq!(past, found);
    }
}

fn numbered(count: usize) -> Vec<Record> {
    let row = |at: usize| {
        let values = json!({
            "name": format!("Order {:04}", at * 7919 % count), "total": at % 10,
            "of": format!("account({})", at % 50), "made": "2026-01-01T00:00:00Z",
        });
        Record::new(format!("id{at:05}"), serde_json::from_value(values).expect("an object"))
    };
    (0..count).map(row).collect()
}

fn big() -> (SqliteStore, Environment) {
    let store = SqliteStore::in_memory().expect("a store");
    create(&store, "dev");
    let indexes = [RecordIndex::sorted("name"), RecordIndex::found("of")];
    let environment = write_to(&store, TABLE, &numbered(5_000), &indexes);
    (store, environment)
}

#[test]
fn w4_indexed_conditions_and_orders_walk_along_indexes() {
    let (store, environment) = big();
    let explain = |query: &RowQuery| store.explain(&environment, query).expect("a plan").join("; ");
    let of = |id: &str| compare("of", Operator::Eq, format!("account({id})"));
    let then_row = "SEARCH r0 USING PRIMARY KEY (environment_id=? AND table_name=? AND id=?)";
    for (filter, order, bound, is_sorted) in [
        (Some(compare("name", Operator::Eq, "order 0001")), vec![], "value=?", false),
        (Some(of("7")), vec![], "value=?", false),
        (Some(text(TextTest::StartsWith, "ORDER 00")), vec![], "AND value>? AND value<?)", false),
        (Some(compare("name", Operator::Gt, "order 4")), vec![sorted("name", true)], "AND value>? AND value<?)", false),
        (
            Some(Filter::In { field: field("of"), values: vec![json!("account(1)"), json!("account(2)")] }),
            vec![],
            "value=?",
            true,
        ),
        (None, vec![sorted("name", false)], "AND column_name=?)", false),
        (Some(compare("total", Operator::Eq, 3)), vec![sorted("name", true)], "AND column_name=?)", false),
        // Few rows: finding and sorting them beats walking the order.
        (Some(of("7")), vec![sorted("name", false)], "value=?", true),
    ] {
        let asked = RowQuery { order, limit: Some(10), ..query(filter) };
        let plan = explain(&asked);
        assert!(plan.contains("SEARCH i0 USING") && plan.contains(bound), "{asked:?}: {plan}");
        assert!(plan.contains(then_row), "{asked:?}: {plan}");
        assert_eq!(plan.contains("TEMP B-TREE FOR ORDER BY"), is_sorted, "{asked:?}: {plan}");
        // The next page begins where the first ended.
        let next = store.query(&environment, None, &asked).expect("a page").next;
        if asked.order.len() == 1 && !is_sorted {
            let plan = explain(&RowQuery { after: next, ..asked });
            let from = [") > (?,?)", "(value,id)", "value>", "value<"];
            assert!(from.iter().any(|sign| plan.contains(sign)), "{plan}");
        }
    }
    let plan = explain(&query(Some(compare("id", Operator::Eq, "id00001"))));
    assert!(plan.contains(then_row) && !plan.contains("i0"), "{plan}");
    let plan = explain(&query(Some(compare("total", Operator::Eq, 1))));
    assert!(!plan.contains("TEMP B-TREE"), "rows lie in the order of their ids: {plan}");
}

#[test]
fn w4_many_rows_under_one_value_are_read_in_the_order_asked() {
    let store = SqliteStore::in_memory().expect("a store");
    create(&store, "dev");
    let rows: Vec<_> = numbered(5_000)
        .into_iter()
        .map(|mut row| {
            row.values.insert("of".to_owned(), "account(1)".into());
            row
        })
        .collect();
    let indexes = [RecordIndex::sorted("name"), RecordIndex::found("of")];
    let environment = write_to(&store, TABLE, &rows, &indexes);
    let filter = compare("of", Operator::Eq, "account(1)");
    let asked = RowQuery { order: vec![sorted("name", false)], limit: Some(3), ..query(Some(filter)) };
    let plan = store.explain(&environment, &asked).expect("a plan").join("; ");
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    let page = store.query(&environment, None, &asked).expect("a page");
    let names: Vec<_> = page.rows.iter().map(|row| row.values["name"].clone()).collect();
    assert_eq!(names, ["Order 0000", "Order 0001", "Order 0002"]);
}

#[test]
fn w4_pages_stay_apart_when_rows_come_in_between() {
    let (store, environment) = big();
    let mut asked = RowQuery { order: vec![sorted("name", false)], limit: Some(100), ..query(None) };
    let first = store.query(&environment, None, &asked).expect("a page");
    let early = Record::new("early", Values::from([("name".to_owned(), json!("Order 0000a"))]));
    let late = Record::new("late", Values::from([("name".to_owned(), json!("order 0100A"))]));
    write_to(&store, TABLE, &[early, late], &[RecordIndex::sorted("name"), RecordIndex::found("of")]);
    asked.after = first.next;
    let second = store.query(&environment, None, &asked).expect("a page");
    assert_eq!(second.rows[0].values["name"], "Order 0100");
    assert_eq!(second.rows[1].id, "late");
    for wrong in ["", "[]", "[[\"0.total\"],[1],\"x\"]", "[[\"0.name\"],[{}],\"x\"]", "[[],[],\"x\"]"] {
        asked.after = Some(wrong.to_owned());
        let error = store.query(&environment, None, &asked).expect_err(wrong);
        assert!(matches!(error, StoreError::NoPlace), "{wrong}: {error:?}");
    }
}

#[test]
fn w4_long_chains_and_deep_nests_are_answered() {
    let (store, environment) = big();
    let one = |at: usize| match at % 2 {
        0 => compare("name", Operator::Eq, format!("order {at:04}")),
        _ => compare("total", Operator::Eq, 100 + at),
    };
    let chain = Filter::Or((0..4_000).map(one).collect());
    assert_eq!(ids(&store, &environment, &query(Some(chain))).len(), 2_000);
    let list = Filter::Or((0..4_000).map(|at| compare("name", Operator::Eq, format!("order {at:04}"))).collect());
    let plan = store.explain(&environment, &query(Some(list.clone()))).expect("a plan").join("; ");
    assert!(plan.contains("SEARCH i0") && plan.contains("value=?"), "a chain about one column is a list: {plan}");
    assert_eq!(ids(&store, &environment, &query(Some(list))).len(), 4_000);
    let deep = (0..100).fold(compare("total", Operator::Eq, 3), |inner, _| {
        Filter::Not(Box::new(Filter::Or(vec![Filter::And(vec![inner, Filter::Always(true)]), Filter::Always(false)])))
    });
    assert_eq!(ids(&store, &environment, &query(Some(deep))).len(), 500);
}

fn customers(store: &SqliteStore, indexes: &[RecordIndex]) -> Environment {
    create(store, "dev");
    let row = |id: &str, values: Value| Record::new(id, serde_json::from_value(values).expect("an object"));
    let accounts = [row("1", json!({"name": "Blue"})), row("2", json!({"name": "Red", "of": "account(1)"}))];
    write_to(store, "account", &accounts, indexes);
    let orders = [
        row("a", json!({"name": "one", "total": 5, "of": "account(1)"})),
        row("b", json!({"name": "two", "total": 7, "of": "account(1)"})),
        row("c", json!({"name": "three", "of": "contact(1)"})),
        row("d", json!({"name": "Four", "total": 1, "of": "account(2)"})),
        row("e", json!({"name": "four"})),
    ];
    write_to(store, TABLE, &orders, indexes)
}

fn at(source: u32, column: &str) -> Field {
    Field { source, ..field(column) }
}

#[test]
fn w4_rows_of_other_tables_stand_beside_and_decide() {
    for indexes in [vec![], vec![RecordIndex::found("of"), RecordIndex::sorted("name")]] {
        let store = SqliteStore::in_memory().expect("a store");
        let environment = customers(&store, &indexes);
        let to_account = |is_outer| Join {
            source: 1,
            relation: Relation::Records("account".to_owned()),
            left: field("of"),
            right: at(1, "id"),
            is_outer,
            filter: None,
        };
        let blue = Filter::Compare { field: at(1, "name"), operator: Operator::Ne, value: json!("BLUE") };
        let asked = RowQuery {
            joins: vec![to_account(true)],
            order: vec![Sort { field: at(1, "name"), is_descending: true }],
            limit: Some(1),
            ..query(Some(blue))
        };
        assert_eq!(ids(&store, &environment, &asked), ["d", "e", "c"]);
        let asked = RowQuery { joins: vec![to_account(false)], ..query(None) };
        let mut seen = Vec::new();
        let next = store.query_each(&environment, None, &asked, &mut |found| {
            let account = found.joined[0].expect("an account");
            seen.push(format!("{} {} {}", found.id, account.id, account.json));
            Ok(())
        });
        assert_eq!(next.expect("an answer"), None);
        let (first, second) = (r#"{"name":"Blue"}"#, r#"{"name":"Red","of":"account(1)"}"#);
        assert_eq!(seen, [format!("a 1 {first}"), format!("b 1 {first}"), format!("d 2 {second}")]);

        // Accounts with an order beyond 6, and those with none.
        let orders = |filter| Filter::Exists {
            source: 1,
            relation: Relation::Records(TABLE.to_owned()),
            left: field("id"),
            right: at(1, "of"),
            filter,
        };
        let beyond = Filter::Compare { field: at(1, "total"), operator: Operator::Gt, value: json!(6) };
        let of_accounts = |filter| {
            let asked = RowQuery { filter: Some(filter), ..RowQuery::all(Relation::Records("account".to_owned())) };
            ids(&store, &environment, &asked)
        };
        assert_eq!(of_accounts(orders(Some(Box::new(beyond.clone())))), ["1"]);
        assert_eq!(of_accounts(Filter::Not(Box::new(orders(Some(Box::new(beyond)))))), ["2"]);
        assert_eq!(of_accounts(orders(None)), ["1", "2"]);
        // A row with two that go with it stands twice, one without them beside nothing.
        let from_account = Join {
            source: 1,
            relation: Relation::Records("account".to_owned()),
            left: field("id"),
            right: at(1, "of"),
            is_outer: true,
            filter: None,
        };
        let asked = RowQuery { joins: vec![from_account], ..RowQuery::all(Relation::Records("account".to_owned())) };
        assert_eq!(ids(&store, &environment, &asked), ["1", "2"]);
    }
}

#[test]
fn w4_figures_are_counted_by_groups() {
    let store = SqliteStore::in_memory().expect("a store");
    let environment = customers(&store, &[]);
    let figures = |figures, order| {
        let asked = FigureQuery { rows: query(None), figures, order };
        store.query_figures(&environment, None, &asked).expect("figures")
    };
    let all = vec![
        Figure::Count,
        Figure::CountColumn(field("total")),
        Figure::Sum(field("total")),
        Figure::Average(field("total")),
        Figure::Max(field("total")),
        Figure::CountDistinct(field("name")),
    ];
    let average = 13.0 / 3.0;
    let expected = [5.into(), 3.into(), 13.into(), json!(average), 7.into(), json!(4)];
    assert_eq!(figures(all, vec![]), [expected]);
    let by_account = figures(vec![Figure::Key(field("of")), Figure::Count], vec![(1, true)]);
    let expected = [("account(1)", 2), ("account(2)", 1), ("contact(1)", 1)];
    let expected = expected.map(|(of, count)| vec![json!(of), json!(count)]);
    assert_eq!(by_account[0], expected[0]);
    assert_eq!(by_account.len(), 4);
    assert!(expected.iter().all(|row| by_account.contains(row)) && by_account.contains(&vec![Value::Null, 1.into()]));
    assert_eq!(figures(vec![Figure::Key(field("name"))], vec![]).len(), 4, "texts are equal without case");
}

#[test]
fn d5_the_past_can_be_asked() {
    let store = SqliteStore::in_memory().expect("a store");
    customers(&store, &[RecordIndex::sorted("name")]);
    let before = current(&store, "dev").operation;
    apply(&store, "dev", vec![Edit::RowsClose { table: TABLE.to_owned() }], &Shelf::default());
    let environment = current(&store, "dev");
    let asked = query(Some(compare("name", Operator::Eq, "FOUR")));
    let names = |at| {
        let page = store.query(&environment, at, &asked).expect("an answer");
        page.rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!((names(None), names(Some(before))), (vec![], vec!["d".to_owned(), "e".to_owned()]));
}

/// A tree in which row n is under row n / 2, and a ring of two beside it.
fn tree(indexes: &[RecordIndex]) -> (SqliteStore, Environment) {
    let store = SqliteStore::in_memory().expect("a store");
    create(&store, "dev");
    let row = |at: usize, above: Option<usize>| {
        let above = above.map(|above| ("of".to_owned(), json!(format!("{TABLE}(id{above:05})"))));
        Record::new(format!("id{at:05}"), above.into_iter().collect::<Values>())
    };
    let mut rows: Vec<_> = (1..4_000).map(|at| row(at, (at > 1).then_some(at / 2))).collect();
    rows.extend([row(9_001, Some(9_002)), row(9_002, Some(9_001))]);
    let environment = write_to(&store, TABLE, &rows, indexes);
    (store, environment)
}

fn lineage(column: &str, id: usize, goes_up: bool, has_self: bool) -> Filter {
    let lineage = Lineage {
        relation: Relation::Records(TABLE.to_owned()),
        table: TABLE.to_owned(),
        column: "of".to_owned(),
        id: format!("id{id:05}"),
        goes_up,
        has_self,
    };
    Filter::Lineage { field: field(column), lineage: Box::new(lineage) }
}

#[test]
fn w4_hierarchies_are_gone_along_by_the_index_of_their_lookup_and_rings_end() {
    for indexes in [vec![RecordIndex::found("of")], vec![]] {
        let (store, environment) = tree(&indexes);
        let found = |filter: Filter| ids(&store, &environment, &query(Some(filter)));
        let numbers = |filter: Filter| {
            found(filter).iter().map(|id| id[2..].parse::<usize>().expect("a number")).collect::<Vec<_>>()
        };
        assert_eq!(numbers(lineage("id", 500, false, false)), [1000, 1001, 2000, 2001, 2002, 2003]);
        assert_eq!(numbers(lineage("id", 1000, false, true)), [1000, 2000, 2001]);
        assert_eq!(numbers(lineage("id", 2001, true, false)), [1, 3, 7, 15, 31, 62, 125, 250, 500, 1000]);
        assert_eq!(numbers(lineage("id", 3, true, true)), [1, 3]);
        assert_eq!(numbers(lineage("id", 9_001, false, false)), [9_002], "a ring");
        assert_eq!(numbers(lineage("id", 9_001, true, true)), [9_001, 9_002], "a ring");
        assert_eq!(found(lineage("id", 1, false, true)).len(), 3_999);
        assert_eq!(found(Filter::Not(Box::new(lineage("id", 1, false, true)))), ["id09001", "id09002"]);
        // Those whose lookup names one of them.
        let mut under: Vec<_> = numbers(lineage("of", 1000, false, true));
        under.sort_unstable();
        assert_eq!(under, [2000, 2001]);
        assert_eq!(found(lineage("id", 8_000, false, false)), Vec::<String>::new());
        let plan = store.explain(&environment, &query(Some(lineage("id", 500, false, false)))).expect("a plan");
        let plan = plan.join("; ");
        assert!(plan.contains("SEARCH r0 USING PRIMARY KEY (environment_id=? AND table_name=? AND id=?)"), "{plan}");
        assert_eq!(plan.contains("SEARCH i USING"), !indexes.is_empty(), "{plan}");
        assert!(!plan.contains("SCAN r"), "{plan}");
    }
}
