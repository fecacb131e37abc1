//! The order of options, and what a status is called (web-api §7).

use serde_json::{Value, json};
use strata_server::ask::Verb;

use crate::authoring::{KIND, exported, label, options_of, publish, read, send, sent, with_device, with_solution};
use crate::labels::import;
use crate::service::Scratch;

fn of_kind(more: Value) -> Value {
    let mut body = json!({ "EntityLogicalName": "fab_device", "AttributeLogicalName": "fab_kind" });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

#[test]
fn w7_options_are_put_in_order() {
    let scratch = with_device();
    sent(&scratch, Verb::Post, "InsertOptionValue", &of_kind(json!({ "Value": 3, "Label": label("Camera") })));
    sent(&scratch, Verb::Post, "OrderOption", &of_kind(json!({ "Values": [3, 1, 2] })));
    let url = format!("{KIND}/OptionSet");
    assert_eq!(options_of(&read(&scratch, &url)), ["1 Laptop", "2 Phone"], "a draft until it is published");
    publish(&scratch);
    assert_eq!(options_of(&read(&scratch, &url)), ["3 Camera", "1 Laptop", "2 Phone"]);
    sent(&scratch, Verb::Post, "OrderOption", &of_kind(json!({ "Values": [2] })));
    publish(&scratch);
    let ordered = ["2 Phone", "3 Camera", "1 Laptop"];
    assert_eq!(options_of(&read(&scratch, &url)), ordered, "those that are not named stand behind");
    for wrong in [json!({}), json!({ "Values": [] }), json!({ "Values": [1, 1] }), json!({ "Values": [9] })] {
        assert_eq!(send(&scratch, Verb::Post, "OrderOption", &of_kind(wrong.clone())).status, 400, "{wrong}");
    }
    let workspace = scratch.service.workspace(None).expect("a store");
    let package = exported(&workspace, &workspace.environment().expect("the environment"));
    drop(workspace);
    let other = Scratch::new();
    import(&other, &package);
    assert_eq!(options_of(&read(&other, &url)), ordered);
    let managed = other.send(Verb::Post, "OrderOption", &[], &of_kind(json!({ "Values": [1, 2, 3] })).to_string());
    assert_eq!(managed.status, 400, "a managed layer says where its options stand");
}

#[test]
fn w7_options_of_a_shared_choice_are_put_in_order() {
    let scratch = with_solution();
    let option = |value: u8, text: &str| json!({ "Value": value, "Label": label(text) });
    let choice = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "Name": "fab_color", "DisplayName": label("Color"),
        "OptionSetType": "Picklist", "IsGlobal": true,
        "Options": [option(1, "Red"), option(2, "Green"), option(3, "Blue")],
    });
    sent(&scratch, Verb::Post, "GlobalOptionSetDefinitions", &choice);
    sent(&scratch, Verb::Post, "OrderOption", &json!({ "OptionSetName": "fab_color", "Values": [2, 3, 1] }));
    publish(&scratch);
    let shown = read(&scratch, "GlobalOptionSetDefinitions(Name='fab_color')");
    assert_eq!(options_of(&shown), ["2 Green", "3 Blue", "1 Red"]);
}

#[test]
fn w7_a_status_gets_another_name_and_reason() {
    let scratch = with_device();
    let of = |column: &str, more: Value| {
        let mut body = of_kind(more);
        body["AttributeLogicalName"] = column.into();
        body
    };
    let reason = of("statuscode", json!({ "StateCode": 1, "Value": 7, "Label": label("Lost") }));
    sent(&scratch, Verb::Post, "InsertStatusValue", &reason);
    let lent = json!({ "Value": 1, "Label": label("Gone"), "MergeLabels": true, "DefaultStatusCode": 7 });
    sent(&scratch, Verb::Post, "UpdateStateValue", &of("statecode", lent));
    publish(&scratch);
    let choice =
        read(&scratch, "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='statecode')/OptionSet");
    assert_eq!(options_of(&choice), ["0 Active", "1 Gone"]);
    assert_eq!(choice["Options"][1]["DefaultStatus"], 7);
    for (column, wrong) in [
        ("statecode", json!({ "Value": 1, "Label": label("x"), "MergeLabels": true, "DefaultStatusCode": 1 })),
        ("statuscode", json!({ "Value": 1, "Label": label("x"), "MergeLabels": true })),
        ("statecode", json!({ "Label": label("x"), "MergeLabels": true })),
        ("statecode", json!({ "Value": 1, "Color": "#000000" })),
    ] {
        let answer = send(&scratch, Verb::Post, "UpdateStateValue", &of(column, wrong.clone()));
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let unknown = of("statecode", json!({ "Value": 5, "Label": label("x"), "MergeLabels": true }));
    assert_eq!(send(&scratch, Verb::Post, "UpdateStateValue", &unknown).status, 404);
}
