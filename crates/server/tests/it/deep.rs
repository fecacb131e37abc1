//! Rows that are made together with others (web-api §3, §6).

use serde_json::{Value, json};
use strata_server::ask::Verb;

use crate::definitions::json as body;
use crate::reading::read;
use crate::service::Scratch;
use crate::set_writes::with_table;
use crate::writes::{create, refused, send, text};

const NONE: &[(&str, &str)] = &[];

fn count(scratch: &Scratch, set: &str) -> Option<i64> {
    read(scratch, &format!("{set}?$count=true&$top=1"))["@odata.count"].as_i64()
}

#[test]
fn w3_rows_are_made_with_those_that_they_lead_to_and_those_that_lead_to_them() {
    let scratch = Scratch::new();
    let row = json!({
        "name": "Parent",
        "primarycontactid": { "lastname": "First", "parentcustomerid_account": { "name": "Elsewhere" } },
        "account_parent_account": [
            { "name": "Child", "contact_customer_accounts": [{ "lastname": "Deep" }] },
            { "name": "Other" },
        ],
        "contact_customer_accounts": [],
    });
    let headers = [("Prefer", "return=representation")];
    let made =
        send(&scratch, Verb::Post, "accounts?$select=name&$expand=primarycontactid($select=lastname)", &headers, &row);
    let shown = body(&made);
    assert_eq!((made.status, &shown["primarycontactid"]["lastname"]), (201, &json!("First")), "{shown}");
    let id = shown["accountid"].as_str().expect("an id");
    let children = read(&scratch, &format!("accounts({id})/account_parent_account?$select=name&$orderby=name"));
    assert_eq!((&children["value"][0]["name"], &children["value"][1]["name"]), (&json!("Child"), &json!("Other")));
    let child = children["value"][0]["accountid"].as_str().expect("an id");
    let contacts = read(&scratch, &format!("accounts({child})/contact_customer_accounts?$select=lastname"));
    assert_eq!(contacts["value"][0]["lastname"], "Deep");
    let elsewhere = read(&scratch, &format!("accounts({id})/primarycontactid/parentcustomerid_account?$select=name"));
    assert_eq!(elsewhere["name"], "Elsewhere");
    assert_eq!((count(&scratch, "accounts"), count(&scratch, "contacts")), (Some(4), Some(2)));
}

#[test]
fn w3_of_rows_that_are_made_together_all_are_made_or_none() {
    let scratch = Scratch::new();
    for (row, word) in [
        (json!({ "name": "A", "account_parent_account": [{ "name": "B" }, { "name": 7 }] }), "name"),
        (json!({ "name": "A", "account_parent_account": [{ "nothing": "B" }] }), "account_parent_account"),
        (json!({ "name": "A", "account_parent_account": ["B"] }), "an object"),
        (json!({ "accountid": "no", "primarycontactid": { "lastname": "B" } }), "accountid"),
        (
            json!({ "name": "A", "parentaccountid": { "name": "B" }, "parentaccountid@odata.bind": null }),
            "parentaccountid",
        ),
    ] {
        refused(&send(&scratch, Verb::Post, "accounts", NONE, &row), 400, "0x80048d19", word);
    }
    let absent = "accounts(1a2b3c4d-0000-4000-8000-00000000abcd)";
    let row = json!({ "name": "A", "account_parent_account@odata.bind": [absent] });
    assert_eq!(send(&scratch, Verb::Post, "accounts", NONE, &row).status, 404);
    assert_eq!((count(&scratch, "accounts"), count(&scratch, "contacts")), (Some(0), Some(0)));
    let id = create(&scratch, "accounts", NONE, &json!({ "name": "A" }));
    let change = json!({ "primarycontactid": { "lastname": "B" } });
    let changed = send(&scratch, Verb::Patch, &format!("accounts({id})"), NONE, &change);
    refused(&changed, 400, "0x80048d19", "created");
    let deep = (0..40).fold(json!({ "name": "end" }), |row, _| json!({ "name": "x", "parentaccountid": row }));
    refused(&send(&scratch, Verb::Post, "accounts", NONE, &deep), 400, "0x80048d19", "nested deeper");
    let many = json!({ "Targets": [{ "name": "B", "parentaccountid": { "name": "C" } }, { "name": "D" }] });
    let made = send(&scratch, Verb::Post, "accounts/Microsoft.Dynamics.CRM.CreateMultiple", NONE, &many);
    assert_eq!(made.status, 200, "{}", text(&made));
    assert_eq!(body(&made)["Ids"].as_array().map(Vec::len), Some(2));
    assert_eq!(count(&scratch, "accounts"), Some(4));
}

#[test]
fn w3_rows_that_are_there_are_linked_with_a_new_one() {
    let scratch = with_table();
    let contacts = ["A", "B"].map(|name| create(&scratch, "contacts", NONE, &json!({ "lastname": name })));
    let urls: Vec<_> = contacts.iter().map(|id| format!("contacts({id})")).collect();
    let row = json!({ "name": "Both", "contact_customer_accounts@odata.bind": urls });
    let account = create(&scratch, "accounts", NONE, &row);
    let of = |set: &str| read(&scratch, &format!("{set}?$count=true"))["@odata.count"].as_i64();
    assert_eq!(of(&format!("accounts({account})/contact_customer_accounts")), Some(2));
    // Many with many, of both kinds at once.
    let row = json!({
        "contoso_code": "1",
        "contoso_part_account@odata.bind": [format!("/accounts({account})")],
        "contoso_part_account": [{ "name": "New" }],
    });
    let part = create(&scratch, "contoso_parts", NONE, &row);
    assert_eq!(of(&format!("contoso_parts({part})/contoso_part_account")), Some(2));
    let wrong =
        json!({ "contoso_code": "2", "contoso_part_account@odata.bind": [format!("contacts({})", contacts[0])] });
    refused(&send(&scratch, Verb::Post, "contoso_parts", NONE, &wrong), 400, "0x80048d19", "contoso_part_account");
}

#[test]
fn w3_a_row_is_made_through_a_collection() {
    let scratch = with_table();
    let account = create(&scratch, "accounts", NONE, &json!({ "name": "A" }));
    let contact =
        create(&scratch, &format!("accounts({account})/contact_customer_accounts"), NONE, &json!({ "lastname": "B" }));
    let row = read(&scratch, &format!("contacts({contact})?$select=_parentcustomerid_value"));
    assert_eq!(row["_parentcustomerid_value"], json!(account));
    let part = create(&scratch, "contoso_parts", NONE, &json!({ "contoso_code": "1" }));
    let url = format!("contoso_parts({part})/contoso_part_account");
    let other = create(&scratch, &url, NONE, &json!({ "name": "C" }));
    assert_eq!(read(&scratch, &url)["value"][0]["accountid"], json!(other));
    let absent = "accounts(1a2b3c4d-0000-4000-8000-00000000abcd)/contact_customer_accounts";
    assert_eq!(send(&scratch, Verb::Post, absent, NONE, &json!({ "lastname": "B" })).status, 404);
    assert_eq!(send(&scratch, Verb::Post, &format!("accounts({account})/nothing"), NONE, &json!({})).status, 404);
    assert_eq!(count(&scratch, "contacts"), Some(1));
}

#[test]
fn w6_rows_of_a_change_set_are_made_together_with_others() {
    let scratch = Scratch::new();
    let part = |id: u32, body: &Value| {
        format!(
            "--set\r\nContent-Type: application/http\r\nContent-ID: {id}\r\n\r\nPOST /api/data/v9.2/accounts HTTP/1.1\r\n\
             Content-Type: application/json\r\n\r\n{body}\r\n"
        )
    };
    let batch = |second: &Value| {
        let first = json!({ "name": "A", "primarycontactid": { "lastname": "B" } });
        let parts = format!("{}{}--set--\r\n", part(1, &first), part(2, second));
        let whole = format!("--outer\r\nContent-Type: multipart/mixed;boundary=set\r\n\r\n{parts}--outer--\r\n");
        let headers = [("Content-Type", "multipart/mixed;boundary=outer")];
        String::from_utf8(scratch.send(Verb::Post, "$batch", &headers, &whole).body).expect("text")
    };
    let failed = batch(&json!({ "name": "C", "account_parent_account": [{ "name": 7 }] }));
    assert!(failed.contains("HTTP/1.1 400"), "{failed}");
    assert_eq!((count(&scratch, "accounts"), count(&scratch, "contacts")), (Some(0), Some(0)));
    let kept =
        batch(&json!({ "name": "C", "parentaccountid@odata.bind": "$1", "account_parent_account": [{ "name": "D" }] }));
    assert!(!kept.contains("HTTP/1.1 4"), "{kept}");
    assert_eq!((count(&scratch, "accounts"), count(&scratch, "contacts")), (Some(3), Some(1)));
}
