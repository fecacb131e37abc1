//! What a publisher says of itself besides: it is part of the publisher, of packages and of an undo.

use serde_json::{Value, json};
use strata_server::ask::Verb;

use crate::actions::{JOB, import};
use crate::packages::package;
use crate::service::Scratch;

const ASKED: &str = "publishers?$filter=uniquename eq 'contoso'&$select=publisherid,description,emailaddress,\
    supportingwebsiteurl,address1_city,address1_utcoffset,address1_latitude,address2_line1,pinpointpublisherdefaultlocale";

fn row(scratch: &Scratch) -> Value {
    scratch.ask(ASKED)["value"][0].clone()
}

fn change(scratch: &Scratch, body: &Value) {
    let id = row(scratch)["publisherid"].as_str().expect("an id").to_owned();
    let answer = scratch.send(Verb::Patch, &format!("publishers({id})"), &[], &body.to_string());
    assert_eq!(answer.status, 204, "{}", String::from_utf8_lossy(&answer.body));
}

fn exported(scratch: &Scratch) -> String {
    scratch.done("PublishAllXml", &json!({}));
    let exported = scratch.done("ExportSolution", &json!({ "SolutionName": "Contoso", "Managed": true }));
    exported["ExportSolutionFile"].as_str().expect("a package").to_owned()
}

#[test]
fn w11_details_of_a_publisher_are_written_taken_back_and_exported() {
    let scratch = Scratch::new();
    let own = package("Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order");
    scratch.done("ImportSolution", &import(&own, JOB));
    let before = row(&scratch);
    assert_eq!((&before["emailaddress"], &before["address1_city"]), (&Value::Null, &Value::Null));
    let wanted = json!({
        "description": "Trucks & vans", "emailaddress": "info@contoso.example", "address1_city": "Zürich <west>",
        "address1_utcoffset": 60, "address1_latitude": 47.5, "address2_line1": "Gate 2",
        "pinpointpublisherdefaultlocale": "en",
    });
    change(&scratch, &wanted);
    let after = row(&scratch);
    for (column, value) in wanted.as_object().expect("columns") {
        assert_eq!(&after[column], value, "{column}");
    }
    scratch.done("strata.Undo", &json!({}));
    assert_eq!(row(&scratch)["emailaddress"], Value::Null, "an undo takes it back");
    change(&scratch, &wanted);
    // It travels.
    let other = Scratch::new();
    other.done("ImportSolution", &import(&exported(&scratch), JOB));
    let there = row(&other);
    for column in
        ["description", "emailaddress", "address1_city", "address1_utcoffset", "address1_latitude", "address2_line1"]
    {
        assert_eq!(there[column], after[column], "{column}");
    }
    assert_eq!(there["supportingwebsiteurl"], Value::Null);
    // What is taken away does not.
    change(&scratch, &json!({ "emailaddress": null, "address1_city": "Bern" }));
    assert_eq!(row(&scratch)["emailaddress"], Value::Null);
    let other = Scratch::new();
    other.done("ImportSolution", &import(&exported(&scratch), JOB));
    assert_eq!((&row(&other)["emailaddress"], &row(&other)["address1_city"]), (&Value::Null, &json!("Bern")));
    let id = row(&scratch)["publisherid"].as_str().expect("an id").to_owned();
    let unfit = json!({ "address1_utcoffset": "soon" });
    let answer = scratch.send(Verb::Patch, &format!("publishers({id})"), &[], &unfit.to_string());
    assert_eq!(answer.status, 400);
    let plan = json!({ "Operation": format!("PATCH publishers({id})"), "Body": { "address1_city": "Genf" } });
    assert_eq!(scratch.done("strata.Plan", &plan)["operation"], "edit-publisher");
    assert_eq!(row(&scratch)["address1_city"], "Bern");
}

#[test]
fn w11_a_solution_made_here_goes_out_with_the_details_of_its_publisher() {
    let scratch = Scratch::new();
    let publisher = json!({
        "uniquename": "contoso", "friendlyname": "Contoso", "customizationprefix": "contoso",
        "customizationoptionvalueprefix": 12345, "supportingwebsiteurl": "https://contoso.example?a=1&b=2",
        "address2_line1": "Gate 2",
    });
    let made = scratch.send(Verb::Post, "publishers", &[], &publisher.to_string());
    assert_eq!(made.status, 204, "{}", String::from_utf8_lossy(&made.body));
    let id = row(&scratch)["publisherid"].as_str().expect("an id").to_owned();
    let solution = json!({
        "uniquename": "Contoso", "friendlyname": "Contoso", "version": "1.0.0.0",
        "publisherid@odata.bind": format!("/publishers({id})"),
    });
    assert_eq!(scratch.send(Verb::Post, "solutions", &[], &solution.to_string()).status, 204);
    let other = Scratch::new();
    other.done("ImportSolution", &import(&exported(&scratch), JOB));
    let there = row(&other);
    assert_eq!(
        (&there["supportingwebsiteurl"], &there["address2_line1"], &there["address1_city"]),
        (&json!("https://contoso.example?a=1&b=2"), &json!("Gate 2"), &Value::Null)
    );
}
