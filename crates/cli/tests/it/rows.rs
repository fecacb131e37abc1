//! Rows from the command line: shapes, exit codes, and what plans say of them.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, example};

fn with_core() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.json(&format!("import {}", example("contoso-core-1.0")));
    sandbox
}

fn id_of(answer: &Value) -> String {
    answer["id"].as_str().expect("an id").to_owned()
}

#[test]
fn d8_rows_are_made_read_changed_and_deleted() {
    let sandbox = with_core();
    let created = sandbox.json("row create contoso_order --set contoso_name=First contoso_total=12.50");
    assert_eq!(created.as_object().map(|keys| keys.len()), Some(1), "{created}");
    let id = id_of(&created);
    let row = sandbox.json(&format!("row get contoso_order {id}"));
    assert_eq!((&row["contoso_orderid"], &row["contoso_total"]), (&json!(id), &json!(12.5)));
    let text = sandbox.text(&format!("row get contoso_order {id}"));
    assert!(text.starts_with(&format!("contoso_orderid: {id}\ncontoso_name: First\n")), "{text}");
    sandbox.json(&format!("row update contoso_order {id} --set contoso_total=7 --set contoso_notes=n"));
    let listed = sandbox.json("row list contoso_order");
    assert_eq!((&listed[0]["contoso_total"], &listed[0]["contoso_notes"]), (&json!(7), &json!("n")));
    assert_eq!(sandbox.json("row count contoso_order"), json!({ "count": 1 }));
    let filtered = sandbox.run_words(&["row", "count", "contoso_order", "--filter", "contoso_total gt 7"]);
    assert_eq!((filtered.code, filtered.stdout.as_str()), (0, "0\n"));
    assert!(sandbox.text("row list contoso_order").starts_with("CONTOSO_ORDERID"));
    assert!(sandbox.text(&format!("row delete contoso_order {id}")).starts_with("Deleted 1 row of contoso_order"));
    assert_eq!(sandbox.json("row list contoso_order"), json!([]));
    assert_eq!(sandbox.text("row list contoso_order"), "No rows.\n");
}

#[test]
fn d8_wrong_rows_are_refused_by_name() {
    let sandbox = with_core();
    let error = sandbox.error("row create contoso_order --set contoso_nam=x", 1);
    assert_eq!((&error["name"], &error["code"], &error["rule"]), (&json!("UnknownColumn"), &Value::Null, &Value::Null));
    assert!(error["details"][0]["hints"][0].as_str().is_some_and(|hint| hint.contains("contoso_name")), "{error}");
    let error = sandbox.error("row create contoso_order --set contoso_total=x contoso_status=5", 1);
    assert_eq!((&error["name"], error["details"].as_array().map(Vec::len)), (&json!("InvalidValue"), Some(2)));
    assert_eq!(sandbox.error("row list contoso_ordr", 1)["name"], "ComponentNotExist");
    let absent = "row get account 1a2b3c4d-0000-4000-8000-00000000abcd";
    assert_eq!(sandbox.error(absent, 1)["code"], "0x80040217");
    assert_eq!(sandbox.error("row get account 7", 1)["code"], "0x80040217");
    assert_eq!(sandbox.error("row list account --filter name", 1)["name"], "InvalidFilter");
}

#[test]
fn d8_reading_makes_no_store_and_a_plan_changes_nothing() {
    let sandbox = Sandbox::new();
    for line in ["row list account", "row count account", "row get account x"] {
        assert_eq!(sandbox.run(line).code, 1, "{line}");
    }
    let planned = sandbox.json("row create account --set name=Ada --plan");
    assert_eq!((&planned["action"], &planned["count"]), (&json!("create"), &json!(1)));
    assert!(!sandbox.has_store());
    sandbox.text("row create account --set name=Ada");
    let account = sandbox.json("row list account")[0]["accountid"].clone();
    let account = account.as_str().expect("an id");
    for line in ["update account ID --set name=Bob --plan", "delete account ID --plan"] {
        sandbox.json(&format!("row {}", line.replace("ID", account)));
    }
    assert_eq!(sandbox.json(&format!("row get account {account}"))["name"], "Ada");
    assert_eq!(sandbox.json("history"), json!([]));
}

#[test]
fn d8_a_csv_file_is_imported_or_refused_with_its_place() {
    let sandbox = with_core();
    std::fs::write(sandbox.path("bad.csv"), "contoso_name,contoso_total\nA,1\nB,x\n").expect("a file");
    std::fs::write(sandbox.path("good.csv"), "contoso_name,contoso_total\nA,1\n\"B, C\",2\n").expect("a file");
    let error = sandbox.error("row import contoso_order --csv bad.csv", 1);
    assert_eq!((&error["part"], &error["line"], &error["column"]), (&json!("bad.csv"), &json!(3), &json!(2)));
    assert!(
        sandbox.run("row import contoso_order --csv bad.csv").stderr.contains("line 3, column 2: `x` does not fit")
    );
    assert_eq!(sandbox.error("row import contoso_order --csv none.csv", 4)["name"], "UnreadableFile");
    let text = sandbox.text("row import contoso_order --csv good.csv --plan");
    assert!(text.starts_with("Would create 2 rows of contoso_order"), "{text}");
    assert_eq!(sandbox.json("row import contoso_order --csv good.csv")["count"], 2);
    assert_eq!(sandbox.json("row count contoso_order"), json!({ "count": 2 }));
}

#[test]
fn l99_l82_plans_say_what_data_goes() {
    let sandbox = with_core();
    let line = id_of(&sandbox.json("row create contoso_orderline --set contoso_name=L contoso_discount=5"));
    let upgrade = format!("plan {} --action upgrade", example("contoso-core-1.1"));
    let plan = sandbox.json(&upgrade);
    assert_eq!(plan["summary"]["rows_lost"], 1);
    let text = sandbox.text(&upgrade);
    assert!(
        text.contains("column contoso_orderline.contoso_discount goes with its value in 1 row (rule L82)"),
        "{text}"
    );
    assert!(text.contains("values in 1 row lost"), "{text}");
    assert_eq!(sandbox.run(&format!("{upgrade} --fail-on dataloss")).code, 3);
    sandbox.text(&format!("import {} --action upgrade", example("contoso-core-1.1")));
    assert_eq!(sandbox.json(&format!("row get contoso_orderline {line}")).get("contoso_discount"), None);
    let then = sandbox.json(&format!("row get contoso_orderline {line} --at 1"));
    assert_eq!(then["contoso_discount"], 5);
    assert_eq!(sandbox.error("row list contoso_orderline --at 0", 1)["name"], "ComponentNotExist");
}
