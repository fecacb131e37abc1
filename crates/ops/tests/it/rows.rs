//! Rows of tables: what they may hold, what becomes of them when tables and columns go, and how they come back.

use serde_json::{Value, json};
use strata_model::id::Operation;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{FindingKind, Plan};
use strata_ops::rows::{self, Row, RowRequest};
use strata_ops::{OpsError, PropertyEdit, PublishScope, Request, components, plan_file, prepare, silent};
use strata_testkit::examples;

use crate::{Scratch, import};

const ORDER: &str = "contoso_order";
const LINE: &str = "contoso_orderline";

fn pac() -> ImportOptions {
    ImportOptions::pac()
}

fn by(action: ImportAction) -> ImportOptions {
    ImportOptions { action: Some(action), ..pac() }
}

fn with_core() -> Scratch {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &pac()).expect("core");
    scratch
}

fn values(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn change(scratch: &Scratch, request: &RowRequest) -> Result<Vec<String>, OpsError> {
    let environment = scratch.workspace.environment().expect("the default environment");
    rows::carry_out(&scratch.workspace, &environment, request).map(|changes| changes.ids)
}

fn try_create(scratch: &Scratch, table: &str, pairs: &[(&str, &str)]) -> Result<String, OpsError> {
    let request = RowRequest::Create { table: table.to_owned(), values: values(pairs) };
    change(scratch, &request).map(|ids| ids[0].clone())
}

fn create(scratch: &Scratch, table: &str, pairs: &[(&str, &str)]) -> String {
    try_create(scratch, table, pairs).expect("values that fit")
}

fn try_update(scratch: &Scratch, table: &str, id: &str, pairs: &[(&str, &str)]) -> Result<Vec<String>, OpsError> {
    change(scratch, &RowRequest::Update { table: table.to_owned(), id: id.to_owned(), values: values(pairs) })
}

fn update(scratch: &Scratch, table: &str, id: &str, pairs: &[(&str, &str)]) {
    try_update(scratch, table, id, pairs).expect("values that fit");
}

fn delete(scratch: &Scratch, table: &str, id: &str) -> Result<Vec<String>, OpsError> {
    change(scratch, &RowRequest::Delete { table: table.to_owned(), id: id.to_owned() })
}

fn get(scratch: &Scratch, table: &str, id: &str) -> Row {
    rows::get(&scratch.workspace, None, table, id).expect("a row")
}

fn list(scratch: &Scratch, table: &str, filter: &str) -> Result<Vec<Row>, OpsError> {
    rows::list(&scratch.workspace, None, table, Some(filter))
}

pub(crate) fn count(scratch: &Scratch, table: &str) -> u64 {
    rows::count(&scratch.workspace, None, table, None).expect("a count")
}

/// `component rows` of each change that loses data.
fn losses(plan: &Plan) -> Vec<String> {
    let lost = plan.changes.iter().filter(|change| change.rows_lost > 0);
    lost.map(|change| format!("{} {}", change.component.name.to_lowercase(), change.rows_lost)).collect()
}

fn refusal(error: &OpsError) -> (String, Vec<String>) {
    let report = error.report();
    (report.name, report.details.into_iter().map(|finding| finding.message).collect())
}

#[test]
fn d8_a_row_holds_what_its_tables_columns_allow() {
    let scratch = with_core();
    let account = create(&scratch, "Account", &[("Name", "Ada Ltd"), ("contoso_tier", "100000001")]);
    let pairs = [("contoso_name", "Order 1"), ("contoso_total", "12.50"), ("contoso_customer", account.as_str())];
    let id = create(&scratch, ORDER, &pairs);
    let mut row = get(&scratch, ORDER, &format!("{{{}}}", id.to_uppercase()));
    assert!(row.remove("createdon").is_some() && row.remove("modifiedon").is_some());
    let expected = json!({
        "contoso_orderid": id, "contoso_customer": format!("account({account})"), "contoso_name": "Order 1",
        "contoso_total": 12.5, "statecode": 0, "statuscode": 1,
    });
    assert_eq!(Value::Object(row), expected);
    update(&scratch, ORDER, &id, &[("contoso_total", ""), ("statecode", "1")]);
    let row = get(&scratch, ORDER, &id);
    assert_eq!((row.get("contoso_total"), &row["statuscode"]), (None, &json!(2)), "the first reason of the status");
    assert_eq!(count(&scratch, ORDER), 1);
    delete(&scratch, ORDER, &id).expect("a row that nobody refers to");
    assert_eq!(rows::get(&scratch.workspace, None, ORDER, &id).expect_err("gone").report().name, "ObjectDoesNotExist");
}

#[test]
fn d8_everything_that_does_not_fit_is_said_at_once() {
    let scratch = with_core();
    let wrong = [
        ("contoso_name", "x".repeat(101)),
        ("contoso_total", "a lot".to_owned()),
        ("contoso_status", "7".to_owned()),
        ("contoso_nots", "?".to_owned()),
        ("createdon", "2026-01-01".to_owned()),
        ("contoso_customer", "contact(1a2b3c4d-0000-4000-8000-00000000abcd)".to_owned()),
        ("statuscode", "2".to_owned()),
        ("statecode", "0".to_owned()),
    ];
    let pairs: Vec<_> = wrong.iter().map(|(column, text)| (*column, text.as_str())).collect();
    let error = try_create(&scratch, ORDER, &pairs).expect_err("nothing fits");
    assert_eq!(error.exit_code(), 1);
    let (name, messages) = refusal(&error);
    assert_eq!(name, "InvalidValue");
    assert!(messages[0].starts_with("`xxxxx") && messages[0].contains("…` does not fit"), "{messages:#?}");
    for (message, part) in messages.iter().zip([
        "at most 100",
        "a number such as",
        "100000000, 100000001, 100000002 can be chosen",
        "no column `contoso_nots`",
        "set by the platform",
        "rows of account, not of contact",
        "statuscode 2 does not belong to statecode 0",
    ]) {
        assert!(message.contains(part), "{message} / {part}");
    }
    assert_eq!(count(&scratch, ORDER), 0);
    let unknown = try_create(&scratch, "contoso_ordr", &[]).expect_err("no such table").report();
    assert_eq!(unknown.name, "ComponentNotExist");
    assert!(unknown.hints[0].starts_with("did you mean contoso_order"), "{:?}", unknown.hints);
    let column = try_create(&scratch, ORDER, &[("contoso_nots", "")]).expect_err("no such column").report();
    assert_eq!(column.name, "UnknownColumn");
    assert!(column.details[0].hints[0].starts_with("did you mean contoso_notes"), "{:?}", column.details);
    let twice = try_create(&scratch, ORDER, &[("contoso_name", "a"), ("Contoso_Name", "b")]).expect_err("twice");
    assert!(twice.to_string().contains("given twice"));
}

#[test]
fn r7_columns_that_the_catalogue_does_not_know_are_texts_where_it_lists_none() {
    let scratch = Scratch::new();
    let id = create(&scratch, "position", &[("name", "Clerk"), ("shoesize", "42")]);
    assert_eq!(get(&scratch, "position", &id)["shoesize"], "42");
    let error = try_create(&scratch, "account", &[("nam", "Ada")]).expect_err("account's columns are listed").report();
    assert_eq!(error.name, "UnknownColumn");
}

#[test]
fn d4_ids_are_the_same_in_every_run() {
    let scratch = with_core();
    let first: Vec<_> = (0..3).map(|_| create(&scratch, ORDER, &[("contoso_name", "same")])).collect();
    assert!(first[0] != first[1] && first[1] != first[2]);
    let again = with_core();
    assert_eq!((0..3).map(|_| create(&again, ORDER, &[("contoso_name", "same")])).collect::<Vec<_>>(), first);
    let own = "1a2b3c4d-0000-4000-8000-00000000abcd";
    let given = [("contoso_orderid", "{1A2B3C4D-0000-4000-8000-00000000ABCD}")];
    assert_eq!(create(&again, ORDER, &given), own);
    assert_eq!(try_create(&again, ORDER, &given).expect_err("it is in use").report().name, "DuplicateRecord");
    let changed = try_update(&again, ORDER, own, &[("contoso_orderid", &first[0])]).expect_err("ids do not change");
    assert_eq!(changed.report().name, "InvalidValue");
    update(&again, ORDER, own, &[("contoso_orderid", own), ("contoso_name", "n")]);
}

#[test]
fn d8_edits_of_rows_stand_in_no_history_and_make_no_plan_stale() {
    let scratch = with_core();
    let environment = scratch.workspace.environment().expect("an environment");
    let request = import(&examples::path("contoso-core-1.1"), &pac());
    let prepared = prepare(&scratch.workspace, &environment, &request, &silent).expect("a plan");
    let file = scratch.folder.path().join("plan.json");
    plan_file::save(&file, &environment.name, &request, &prepared, false).expect("saved");
    let id = create(&scratch, ORDER, &[("contoso_name", "between")]);
    update(&scratch, ORDER, &id, &[("contoso_name", "after")]);
    assert_eq!(scratch.workspace.environment().expect("an environment"), environment);
    plan_file::apply(&scratch.workspace, &file, &silent).expect("the plan still fits");
    let history = strata_ops::history::list(&scratch.workspace, None).expect("history");
    assert_eq!(history.len(), 2);
    assert_eq!(get(&scratch, ORDER, &id)["contoso_name"], "after");
}

#[test]
fn dp15_a_row_that_others_refer_to_stays() {
    let scratch = with_core();
    let order = create(&scratch, ORDER, &[("contoso_name", "Order 1")]);
    let line = create(&scratch, LINE, &[("contoso_name", "Line 1"), ("contoso_order", &order)]);
    let report = delete(&scratch, ORDER, &order).expect_err("a line refers to it").report();
    assert_eq!((report.code.as_deref(), report.rule.as_deref()), (Some("0x80040227"), Some("DP15")));
    assert!(report.message.contains(&format!("row {line} of table contoso_orderline refers to it")), "{report:?}");
    update(&scratch, LINE, &line, &[("contoso_order", "")]);
    delete(&scratch, ORDER, &order).expect("nobody refers to it now");
    let gone = try_update(&scratch, LINE, &line, &[("contoso_order", &order)]).expect_err("it is gone");
    assert_eq!(gone.report().name, "ObjectDoesNotExist");
}

#[test]
fn d8_filters_find_by_index_and_by_looking() {
    let scratch = with_core();
    let account = create(&scratch, "account", &[("name", "Ada")]);
    for (name, total) in [("Alpha", "1"), ("Beta", "20"), ("beta two", "3")] {
        create(&scratch, ORDER, &[("contoso_name", name), ("contoso_total", total), ("contoso_customer", &account)]);
    }
    create(&scratch, ORDER, &[]);
    let names = |filter: &str| -> Vec<String> {
        let found = list(&scratch, ORDER, filter).expect(filter);
        let mut names: Vec<_> =
            found.iter().map(|row| row.get("contoso_name").map_or("-".into(), |name| name.to_string())).collect();
        names.sort();
        names.into_iter().map(|name| name.replace('"', "")).collect()
    };
    assert_eq!(names("contoso_name eq 'BETA'"), ["Beta"]);
    assert_eq!(names("contoso_total gt 2 and contoso_total le 20"), ["Beta", "beta two"]);
    assert_eq!(names("startswith(contoso_name,'beta') and not (contoso_total eq 20.0)"), ["beta two"]);
    assert_eq!(names("contoso_name eq null or contoso_name eq 'Alpha'"), ["Alpha", "-"]);
    assert_eq!(names(&format!("contoso_customer eq {account} and contoso_total lt 2")), ["Alpha"]);
    assert_eq!(names(&format!("contoso_customer ne {account}")), ["-"]);
    assert_eq!(names("statecode eq 0").len(), 4);
    assert_eq!(names("contoso_status eq 5").len(), 0, "no option, and so no row");
    assert_eq!(names("contoso_name in ('alpha','BETA') and contoso_total in (20, 3)"), ["Beta"]);
    assert_eq!(names("1 eq contoso_total or contoso_total in ()"), ["Alpha"]);
    let id = list(&scratch, ORDER, "contoso_name eq 'Alpha'").expect("a row")[0]["contoso_orderid"].clone();
    assert_eq!(names(&format!("contoso_orderid eq {}", id.as_str().expect("an id"))), ["Alpha"]);
    let counted = rows::count(&scratch.workspace, None, ORDER, Some("createdon ge 2020-01-01"));
    assert_eq!(counted.expect("a count"), 4);
    for (filter, name) in [
        ("contoso_total gt 'much'", "InvalidFilter"),
        ("contoso_customer gt 'x'", "InvalidFilter"),
        ("contains(contoso_total,'1')", "InvalidFilter"),
        ("contoso_nam eq 'x'", "UnknownColumn"),
        ("contoso_name =", "InvalidFilter"),
        ("contoso_customer/name eq 'Ada'", "InvalidFilter"),
        ("Microsoft.Dynamics.CRM.Today(PropertyName='createdon')", "InvalidFilter"),
        ("contoso_lines/any()", "InvalidFilter"),
        ("contoso_total eq @p1", "InvalidFilter"),
    ] {
        assert_eq!(list(&scratch, ORDER, filter).expect_err(filter).report().name, name, "{filter}");
    }
}

#[test]
fn l99_l97_an_uninstall_counts_what_goes_and_an_undo_brings_it_back() {
    let scratch = with_core();
    let account = create(&scratch, "account", &[("name", "Ada"), ("contoso_tier", "100000000")]);
    create(&scratch, "account", &[("name", "Bob")]);
    let order = create(&scratch, ORDER, &[("contoso_name", "Order 1"), ("contoso_customer", &account)]);
    let before = scratch.state();
    let uninstall = Request::Uninstall { solution: "ContosoCore".to_owned() };
    let plan = scratch.plan(&uninstall);
    assert_eq!(losses(&plan), ["contoso_order 1", "account.contoso_tier 1"]);
    let said = plan.findings.iter().filter(|finding| finding.kind == FindingKind::Dataloss && finding.rule == "L99");
    assert_eq!(said.count(), 3, "two tables and a column of another");
    scratch.run(&uninstall).expect("uninstalled");
    assert_eq!(list(&scratch, ORDER, "contoso_name eq null").expect_err("no table").report().name, "ComponentNotExist");
    assert_eq!(get(&scratch, "account", &account).get("contoso_tier"), None);
    let then = rows::get(&scratch.workspace, Some(Operation(1)), ORDER, &order).expect("the row of then");
    assert_eq!(then["contoso_name"], "Order 1");
    scratch.run(&Request::Undo).expect("undone");
    assert_eq!(scratch.state(), before);
    scratch.run(&uninstall).expect("uninstalled again");
    // What was edited in between stays as it is.
    update(&scratch, "account", &account, &[("name", "Ada Ltd")]);
    scratch.run(&Request::Undo).expect("undone");
    assert_eq!(get(&scratch, ORDER, &order)["contoso_customer"], format!("account({account})"));
    let row = get(&scratch, "account", &account);
    assert_eq!((&row["name"], &row["contoso_tier"]), (&json!("Ada Ltd"), &json!(100_000_000)));
    // Reinstalling is no way back: the rows stay gone until the uninstall is undone.
    scratch.run(&uninstall).expect("uninstalled once more");
    scratch.import(&examples::path("contoso-core-1.0"), &pac()).expect("installed again");
    assert_eq!(count(&scratch, ORDER), 0);
}

#[test]
fn r12_an_undo_counts_the_rows_it_takes_and_a_restore_returns_them() {
    let scratch = with_core();
    let order = create(&scratch, ORDER, &[("contoso_name", "Order 1")]);
    scratch.import(&examples::path("contoso-sales-1.0"), &pac()).expect("sales");
    create(&scratch, ORDER, &[("contoso_name", "Order 2")]);
    let restore = Request::Restore(Operation(0));
    let plan = scratch.plan(&restore);
    assert_eq!(losses(&plan), ["contoso_order 2"]);
    assert!(plan.findings.iter().any(|finding| finding.kind == FindingKind::Dataloss && finding.rule == "R12"));
    scratch.run(&restore).expect("an empty environment");
    scratch.run(&Request::Restore(Operation(1))).expect("core alone");
    assert_eq!(count(&scratch, ORDER), 2, "a row that was made later comes back too: nobody has deleted it");
    assert_eq!(get(&scratch, ORDER, &order)["contoso_name"], "Order 1");
}

#[test]
fn l82_l41_values_move_between_staged_columns_before_the_old_ones_go() {
    let scratch = with_core();
    let moved =
        create(&scratch, LINE, &[("contoso_name", "Line 1"), ("contoso_price", "10"), ("contoso_discount", "4")]);
    let left = create(&scratch, LINE, &[("contoso_name", "Line 2"), ("contoso_discount", "2")]);
    let order = create(&scratch, ORDER, &[("contoso_name", "Order 1")]);
    let refused = try_update(&scratch, ORDER, &order, &[("contoso_duedate", "2026-01-31")]).expect_err("not there yet");
    assert_eq!(refused.report().name, "UnknownColumn");
    scratch.import(&examples::path("contoso-core-1.1"), &by(ImportAction::Stage)).expect("staged");
    // Both versions' columns are there.
    update(&scratch, ORDER, &order, &[("contoso_duedate", "2026-01-31")]);
    update(&scratch, LINE, &moved, &[("contoso_price", "6"), ("contoso_discount", "")]);
    let apply = Request::ApplyUpgrade { solution: "ContosoCore".to_owned() };
    let plan = scratch.plan(&apply);
    assert_eq!(losses(&plan), ["contoso_orderline.contoso_discount 1"]);
    assert!(plan.findings.iter().any(|finding| finding.kind == FindingKind::Dataloss && finding.rule == "L82"));
    scratch.run(&apply).expect("applied");
    assert_eq!(get(&scratch, LINE, &left).get("contoso_discount"), None);
    assert_eq!(get(&scratch, LINE, &moved)["contoso_price"], 6);
    assert_eq!(get(&scratch, ORDER, &order)["contoso_duedate"], "2026-01-31", "L82: what both versions have is kept");
    scratch.run(&Request::Undo).expect("undone");
    assert_eq!(get(&scratch, LINE, &left)["contoso_discount"], 2);
    assert_eq!(get(&scratch, LINE, &moved).get("contoso_discount"), None);
}

#[test]
fn l79_deleting_the_holding_solution_loses_the_data_of_what_only_it_brought() {
    let scratch = with_core();
    scratch.import(&examples::path("contoso-core-1.1"), &by(ImportAction::Stage)).expect("staged");
    let order = create(&scratch, ORDER, &[("contoso_name", "Order 1"), ("contoso_duedate", "2026-01-31")]);
    let delete = Request::Uninstall { solution: "ContosoCore_Upgrade".to_owned() };
    assert_eq!(losses(&scratch.plan(&delete)), ["contoso_order.contoso_duedate 1"]);
    scratch.run(&delete).expect("deleted");
    let row = get(&scratch, ORDER, &order);
    assert_eq!((row.get("contoso_duedate"), &row["contoso_name"]), (None, &json!("Order 1")));
}

#[test]
fn l103_removing_the_unmanaged_layer_loses_no_data() {
    let scratch = with_core();
    let environment = scratch.workspace.environment().expect("an environment");
    let notes = "attribute:contoso_order.contoso_notes";
    let component = components::find(&scratch.workspace, &environment, None, notes).expect("a column");
    let edits = vec![PropertyEdit { path: "MaxLength".to_owned(), value: "300".to_owned() }];
    scratch.run(&Request::Set { component: component.clone(), edits, solution: None }).expect("an edit");
    let long = "n".repeat(200);
    assert!(try_create(&scratch, ORDER, &[("contoso_notes", &long)]).is_err(), "a draft is not in force");
    scratch.run(&Request::Publish(PublishScope::All)).expect("published");
    let order = create(&scratch, ORDER, &[("contoso_notes", &long)]);
    let remove = Request::RemoveActive { component };
    assert!(losses(&scratch.plan(&remove)).is_empty());
    scratch.run(&remove).expect("removed");
    assert_eq!(get(&scratch, ORDER, &order)["contoso_notes"], long, "what is longer than allowed now stays");
    update(&scratch, ORDER, &order, &[("contoso_name", "Order 1")]);
    assert!(try_update(&scratch, ORDER, &order, &[("contoso_notes", &long)]).is_err());
}

#[test]
fn d8_rows_belong_to_their_environment() {
    let scratch = with_core();
    create(&scratch, ORDER, &[("contoso_name", "Order 1")]);
    let environment = scratch.workspace.environment().expect("an environment");
    let copy = scratch.workspace.store().environment_copy(environment.no, "copy").expect("a copy");
    let request = RowRequest::Create { table: ORDER.to_owned(), values: values(&[("contoso_name", "Order 2")]) };
    rows::carry_out(&scratch.workspace, &copy, &request).expect("a row of the copy");
    assert_eq!(count(&scratch, ORDER), 1);
    assert_eq!(scratch.workspace.store().record_count(&copy, None, ORDER).expect("a count"), 2);
}
