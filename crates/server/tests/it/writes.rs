//! Writing rows of tables and of the sets that show solutions, publishers and components (web-api §2, §3, §5).

use serde_json::{Value, json};
use strata_model::id::Guid;
use strata_server::answer::Answer;
use strata_server::ask::Verb;
use strata_store::Record;

use crate::service::Scratch;

const NONE: &[(&str, &str)] = &[];
const MUST: &[(&str, &str)] = &[("If-Match", "*")];

pub(crate) fn send(scratch: &Scratch, verb: Verb, url: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    scratch.send(verb, url, headers, &body)
}

/// Sends what must succeed, and returns the id in `OData-EntityId`.
pub(crate) fn create(scratch: &Scratch, set: &str, headers: &[(&str, &str)], body: &Value) -> String {
    let answer = send(scratch, Verb::Post, set, headers, body);
    assert_eq!(answer.status, 204, "{set}: {}", text(&answer));
    id_of(&answer)
}

fn id_of(answer: &Answer) -> String {
    let url = answer.headers.iter().find(|(name, _)| *name == "OData-EntityId").map(|(_, url)| url.clone());
    let url = url.expect("the answer says where the row is");
    let id = url.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).expect("a key");
    Guid::parse(id).expect("an id").to_string()
}

pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Asserts a refusal: its status, its code, and a word of its text.
pub(crate) fn refused(answer: &Answer, status: u16, code: &str, word: &str) {
    let body: Value = serde_json::from_slice(&answer.body).expect("an error body");
    let error = &body["error"];
    let message = error["message"].as_str().expect("a message");
    assert_eq!((answer.status, error["code"].as_str()), (status, Some(code)), "{message}");
    assert!(message.contains(word), "{message}");
}

/// A row as the store keeps it.
pub(crate) fn row(scratch: &Scratch, table: &str, id: &str) -> Option<Record> {
    let workspace = scratch.service.workspace(None).expect("a connection");
    let environment = workspace.environment().expect("the environment");
    workspace.store().record_get(&environment, None, table, id).expect("the store answers")
}

fn value(scratch: &Scratch, table: &str, id: &str, column: &str) -> Value {
    row(scratch, table, id).expect("the row").values.get(column).cloned().unwrap_or(Value::Null)
}

#[test]
fn w3_a_created_row_is_where_both_headers_say() {
    let scratch = Scratch::new();
    let answer = send(&scratch, Verb::Post, "accounts", NONE, &json!({ "name": "Contoso", "numberofemployees": 7 }));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let id = id_of(&answer);
    let url = format!("http://localhost/api/data/v9.2/accounts({id})");
    for header in ["OData-EntityId", "Location"] {
        assert!(answer.headers.iter().any(|(name, value)| *name == header && *value == url), "{header}");
    }
    let row = row(&scratch, "account", &id).expect("the row");
    assert_eq!(row.values["name"], "Contoso");
    assert_eq!(row.values["numberofemployees"], 7);
    for column in ["createdon", "modifiedon", "createdby", "modifiedby", "ownerid", "owninguser", "owningbusinessunit"]
    {
        assert!(row.values.contains_key(column), "{column}: {:?}", row.values);
    }
}

#[test]
fn w3_an_id_that_the_client_gives_is_kept() {
    let scratch = Scratch::new();
    let id = "1a2b3c4d-0000-4000-8000-00000000abcd";
    let made = create(&scratch, "accounts", NONE, &json!({ "accountid": id.to_uppercase(), "name": "A" }));
    assert_eq!(made, id);
    let again = send(&scratch, Verb::Post, "accounts", NONE, &json!({ "accountid": id, "name": "B" }));
    refused(&again, 412, "0x80040237", id);
}

#[test]
fn w3_what_does_not_fit_is_named() {
    let scratch = Scratch::new();
    let try_create = |body: Value| send(&scratch, Verb::Post, "accounts", NONE, &body);
    refused(&try_create(json!({ "Nothing_here": 1 })), 400, "0x80048d19", "Nothing_here");
    refused(&try_create(json!({ "name": 5 })), 400, "0x80048d19", "name");
    refused(&try_create(json!({ "numberofemployees": "many" })), 400, "0x80048d19", "numberofemployees");
    refused(&try_create(json!({ "_parentaccountid_value": "x" })), 400, "0x80048d19", "_parentaccountid_value");
    refused(&try_create(json!({ "parentaccountid@odata.bind": "/nothings(1)" })), 400, "0x80048d19", "nothings");
    let missing = "/accounts(1a2b3c4d-0000-4000-8000-00000000abcd)";
    refused(&try_create(json!({ "parentaccountid@odata.bind": missing })), 404, "0x80040217", "parentaccountid");
    let no_json = scratch.send(Verb::Post, "accounts", NONE, "{\"name\":");
    refused(&no_json, 400, "0x80048d19", "JSON");
    assert_eq!(send(&scratch, Verb::Post, "nothings", NONE, &json!({})).status, 404);
}

#[test]
fn w3_references_come_in_every_spelling_and_null_clears_them() {
    let scratch = Scratch::new();
    let parent = create(&scratch, "accounts", NONE, &json!({ "name": "Parent" }));
    let kept = json!(format!("account({parent})"));
    for url in [
        format!("/accounts({parent})"),
        format!("accounts({parent})"),
        format!("http://localhost/api/data/v9.2/accounts({parent})"),
        format!("https://other/api/data/v9.0/accounts({{{parent}}})"),
        format!("accounts(accountid={parent})"),
    ] {
        let body = json!({ "name": "Child", "parentaccountid@odata.bind": url });
        let child = create(&scratch, "accounts", NONE, &body);
        assert_eq!(value(&scratch, "account", &child, "parentaccountid"), kept, "{url}");
        for cleared in [json!({ "parentaccountid@odata.bind": null }), json!({ "parentaccountid": null })] {
            let bound = json!({ "parentaccountid@odata.bind": format!("/accounts({parent})") });
            assert_eq!(send(&scratch, Verb::Patch, &format!("accounts({child})"), NONE, &bound).status, 204);
            assert_eq!(send(&scratch, Verb::Patch, &format!("accounts({child})"), NONE, &cleared).status, 204);
            assert_eq!(value(&scratch, "account", &child, "parentaccountid"), Value::Null, "{cleared}");
        }
    }
    let owner = json!({ "ownerid@odata.bind": format!("/accounts({parent})") });
    refused(&send(&scratch, Verb::Post, "accounts", NONE, &owner), 400, "0x80048d19", "ownerid");
}

#[test]
fn w2_conditions_decide_whether_a_patch_creates() {
    let scratch = Scratch::new();
    let id = "1a2b3c4d-0000-4000-8000-00000000abcd";
    let url = format!("accounts({id})");
    let patch = |headers, name: &str| send(&scratch, Verb::Patch, &url, headers, &json!({ "name": name }));
    refused(&patch(MUST, "A"), 404, "0x80040217", "Does Not Exist");
    assert!(row(&scratch, "account", id).is_none());
    let made = patch(&[("If-None-Match", "*")], "A");
    assert_eq!((made.status, id_of(&made)), (204, id.to_owned()));
    let text = "A record with matching key values already exists.";
    refused(&patch(&[("If-None-Match", "*")], "B"), 412, "0x80040237", text);
    assert_eq!(patch(MUST, "C").status, 204);
    assert_eq!(patch(&[("If-None-Match", "null")], "D").status, 204);
    assert_eq!(value(&scratch, "account", id, "name"), "D");
}

#[test]
fn w2_a_stale_version_is_refused() {
    let scratch = Scratch::new();
    let id = create(&scratch, "accounts", NONE, &json!({ "name": "A" }));
    let url = format!("accounts({id})");
    let tag = || format!("W/\"{}\"", row(&scratch, "account", &id).expect("the row").version);
    let first = tag();
    let patch =
        |tag: &str, name: &str| send(&scratch, Verb::Patch, &url, &[("If-Match", tag)], &json!({ "name": name }));
    assert_eq!(patch(&first, "B").status, 204);
    let text = "The version of the existing record doesn't match the RowVersion property provided.";
    refused(&patch(&first, "C"), 412, "0x80060882", text);
    refused(&patch("W/\"x\"", "C"), 412, "0x80060882", text);
    let delete = |tag: &str| send(&scratch, Verb::Delete, &url, &[("If-Match", tag)], &Value::Null);
    refused(&delete(&first), 412, "0x80060882", text);
    assert_eq!(delete(&tag()).status, 204);
    refused(&send(&scratch, Verb::Delete, &url, NONE, &Value::Null), 404, "0x80040217", &id);
}

#[test]
fn w5_a_row_that_another_needs_is_not_deleted() {
    let scratch = Scratch::new();
    let parent = create(&scratch, "accounts", NONE, &json!({ "name": "Parent" }));
    let bound = json!({ "parentaccountid@odata.bind": format!("/accounts({parent})") });
    create(&scratch, "accounts", NONE, &bound);
    let answer = send(&scratch, Verb::Delete, &format!("accounts({parent})"), NONE, &Value::Null);
    refused(&answer, 405, "0x80040227", &parent);
}

#[test]
fn w3_one_property_is_set_and_emptied() {
    let scratch = Scratch::new();
    let id = create(&scratch, "accounts", NONE, &json!({ "name": "A" }));
    let put = |column: &str, value: Value| {
        send(&scratch, Verb::Put, &format!("accounts({id})/{column}"), MUST, &json!({ "value": value }))
    };
    assert_eq!(put("numberofemployees", json!(9)).status, 204);
    assert_eq!(value(&scratch, "account", &id, "numberofemployees"), 9);
    refused(&put("numberofemployees", json!("x")), 400, "0x80048d19", "numberofemployees");
    assert_eq!(put("nothing_here", json!(1)).status, 404);
    let answer = send(&scratch, Verb::Delete, &format!("accounts({id})/numberofemployees"), NONE, &Value::Null);
    assert_eq!(answer.status, 204);
    assert_eq!(value(&scratch, "account", &id, "numberofemployees"), Value::Null);
}

#[test]
fn w3_many_rows_are_written_or_none() {
    let scratch = Scratch::new();
    let multiple = |action: &str, targets: Value| {
        let url = format!("accounts/Microsoft.Dynamics.CRM.{action}");
        send(&scratch, Verb::Post, &url, NONE, &json!({ "Targets": targets }))
    };
    let kind = "Microsoft.Dynamics.CRM.account";
    let rows: Vec<_> = (0..30).map(|n| json!({ "@odata.type": kind, "name": format!("A{n}") })).collect();
    let answer = multiple("CreateMultiple", json!(rows));
    assert_eq!(answer.status, 200, "{}", text(&answer));
    let body: Value = serde_json::from_slice(&answer.body).expect("a body");
    let ids: Vec<String> = serde_json::from_value(body["Ids"].clone()).expect("ids");
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 30);
    assert_eq!(value(&scratch, "account", &ids[29], "name"), "A29");
    let wrong = json!([{ "accountid": ids[0], "name": "changed" }, { "accountid": ids[1], "numberofemployees": "x" }]);
    refused(&multiple("UpdateMultiple", wrong), 400, "0x80048d19", "numberofemployees");
    let absent = "1a2b3c4d-0000-4000-8000-00000000abcd";
    let changes = json!([{ "accountid": ids[0], "name": "changed" }, { "accountid": absent, "name": "new" }]);
    refused(&multiple("UpdateMultiple", changes.clone()), 404, "0x80040217", absent);
    assert_eq!(value(&scratch, "account", &ids[0], "name"), "A0");
    assert_eq!(multiple("UpsertMultiple", changes).status, 204);
    assert_eq!(value(&scratch, "account", &ids[0], "name"), "changed");
    assert_eq!(value(&scratch, "account", absent, "name"), "new");
    let answer =
        multiple("DeleteMultiple", json!([{ "accountid": absent }, { "@odata.id": format!("accounts({})", ids[3]) }]));
    assert_eq!(answer.status, 204, "{}", text(&answer));
    assert!(row(&scratch, "account", absent).is_none() && row(&scratch, "account", &ids[3]).is_none());
    assert_eq!(multiple("ForgetMultiple", json!([])).status, 404);
    refused(&multiple("CreateMultiple", json!([1])), 400, "0x80048d19", "Targets[0]");
}

#[test]
fn w3_rows_are_linked_and_unlinked() {
    let scratch = Scratch::new();
    let parent = create(&scratch, "accounts", NONE, &json!({ "name": "Parent" }));
    let child = create(&scratch, "accounts", NONE, &json!({ "name": "Child" }));
    let reference = json!({ "@odata.id": format!("http://localhost/api/data/v9.2/accounts({parent})") });
    let url = format!("accounts({child})/parentaccountid/$ref");
    assert_eq!(send(&scratch, Verb::Put, &url, NONE, &reference).status, 204);
    assert_eq!(value(&scratch, "account", &child, "parentaccountid"), json!(format!("account({parent})")));
    assert_eq!(send(&scratch, Verb::Delete, &url, NONE, &Value::Null).status, 204);
    assert_eq!(value(&scratch, "account", &child, "parentaccountid"), Value::Null);
    let collection = format!("accounts({parent})/account_parent_account");
    let far = json!({ "@odata.id": format!("accounts({child})") });
    let answer = send(&scratch, Verb::Post, &format!("{collection}/$ref"), NONE, &far);
    assert_eq!(answer.status, 204, "{}", text(&answer));
    assert_eq!(value(&scratch, "account", &child, "parentaccountid"), json!(format!("account({parent})")));
    let answer = send(&scratch, Verb::Delete, &format!("{collection}({child})/$ref"), NONE, &Value::Null);
    assert_eq!(answer.status, 204, "{}", text(&answer));
    assert_eq!(value(&scratch, "account", &child, "parentaccountid"), Value::Null);
    assert_eq!(send(&scratch, Verb::Post, &format!("accounts({parent})/nothing/$ref"), NONE, &far).status, 404);
}

#[test]
fn w3_sets_that_only_show_are_not_written() {
    let scratch = Scratch::new();
    for set in ["solutioncomponents", "importjobs", "msdyn_componentlayers", "msdyn_solutionhistories"] {
        let answer = send(&scratch, Verb::Post, set, NONE, &json!({}));
        assert_eq!(answer.status, 405, "{set}: {}", text(&answer));
    }
}
