//! Plans of everything that changes something (`strata.Plan`).

use serde_json::{Value, json};
use strata_server::access::Role;
use strata_server::ask::Verb;

use crate::actions::{JOB, ORDERS, code, id_of, import, message};
use crate::packages::package;
use crate::service::Scratch;

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(ORDERS), JOB));
    let other = package("Other 1.0.0.0 unmanaged contoso");
    scratch.done("ImportSolution", &import(&other, "11111111-0000-4000-8000-000000000002"));
    scratch.done("PublishAllXml", &json!({}));
    scratch
}

fn operations(scratch: &Scratch) -> usize {
    scratch.ask("strata.History()")["value"].as_array().expect("a list").len()
}

fn asked(operation: &str, mut body: Value) -> Value {
    body["Operation"] = operation.into();
    body
}

#[test]
fn w8_every_action_that_changes_something_is_planned() {
    let scratch = scratch();
    let before = operations(&scratch);
    let table = id_of(&scratch, "entity:contoso_order");
    let clone = json!({ "ParentSolutionUniqueName": "Contoso", "DisplayName": "Contoso", "VersionNumber": "1.0.1.0" });
    let listed = json!({ "ComponentId": table, "ComponentType": 1, "SolutionUniqueName": "Contoso" });
    for (name, body, operation) in [
        (
            "AddSolutionComponent",
            json!({ "ComponentId": table, "ComponentType": 1, "SolutionUniqueName": "Other", "AddRequiredComponents": false }),
            "add-component",
        ),
        (
            "RemoveSolutionComponent",
            json!({
                "SolutionComponent": { "solutioncomponentid": table }, "ComponentType": 1,
                "SolutionUniqueName": "Contoso",
            }),
            "remove-component",
        ),
        ("UpdateSolutionComponent", listed, "add-component"),
        (
            "AddComponentToSolutionAsync",
            json!({ "LogicalName": "Entity", "Id": table, "SolutionUniqueName": "Other" }),
            "add-component",
        ),
        ("CloneAsPatch", clone.clone(), "clone-patch"),
        (
            "PublishXml",
            json!({ "ParameterXml": "<importexportxml><entities><entity>contoso_order</entity></entities></importexportxml>" }),
            "publish",
        ),
        ("PublishAllXmlAsync", json!({}), "publish"),
        ("DeleteAndPromote", json!({ "UniqueName": "Contoso" }), "apply-upgrade"),
        (
            "RemoveActiveCustomizations",
            json!({ "SolutionComponentName": "Entity", "ComponentId": table }),
            "remove-active",
        ),
        ("strata.Restore", json!({ "To": 1 }), "restore"),
    ] {
        let plan = scratch.done("strata.Plan", &asked(name, body));
        assert_eq!(plan["operation"], operation, "{name}: {plan}");
        assert!(plan["outcome"].is_string() && plan["findings"].is_array(), "{name}: {plan}");
    }
    assert_eq!(operations(&scratch), before, "nothing was done");
    for (name, body) in [("strata.ClearFaults", json!({})), ("StageSolution", json!({ "CustomizationFile": "" }))] {
        let (status, answer) = scratch.act("strata.Plan", &asked(name, body));
        assert_eq!(status, 400);
        assert!(message(&answer).contains("changes nothing that a plan speaks of"), "{answer}");
    }
}

#[test]
fn w8_several_additions_are_planned_one_on_the_other() {
    let scratch = scratch();
    let before = operations(&scratch);
    let [table, column] =
        ["entity:contoso_order", "attribute:contoso_order.contoso_notes"].map(|name| id_of(&scratch, name));
    let component = |name: &str, id: &str| json!({ "LogicalName": name, "Id": id, "IncludeChildComponents": false });
    let mut body = json!({
        "SolutionUniqueName": "Other",
        "SolutionComponentParameters": {
            "ParameterCollection": [component("Entity", &table), component("Attribute", &column)],
        },
    });
    let outcomes = |body: &Value| {
        let plan = scratch.done("strata.Plan", &asked("AddComponentsToSolutionAsync", body.clone()));
        let plans = plan["plans"].as_array().expect("plans").clone();
        plans.iter().map(|plan| plan["outcome"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&body), ["succeed", "succeed"], "the column joins the table that joined before it");
    body["SolutionComponentParameters"]["ParameterCollection"] =
        json!([component("Attribute", &column), component("Entity", &table)]);
    assert_eq!(outcomes(&body), ["fail"], "a column without its table (L19)");
    body["ContinueOnError"] = true.into();
    assert_eq!(outcomes(&body), ["fail", "succeed"]);
    assert_eq!(operations(&scratch), before, "nothing was done");
}

#[test]
fn w3_what_writes_sets_and_definitions_is_planned_and_taken_back() {
    let scratch = scratch();
    let before = operations(&scratch);
    let publisher = scratch.ask("publishers?$filter=uniquename eq 'contoso'&$select=publisherid");
    let publisher = publisher["value"][0]["publisherid"].as_str().expect("an id").to_owned();
    let solution = scratch.ask("solutions?$filter=uniquename eq 'Other'&$select=solutionid");
    let solution = solution["value"][0]["solutionid"].as_str().expect("an id").to_owned();
    let new = json!({
        "uniquename": "New", "friendlyname": "New", "version": "1.0.0.0",
        "publisherid@odata.bind": format!("/publishers({publisher})"),
    });
    let resource = json!({ "name": "contoso_/a.js", "webresourcetype": 3, "content": "YQ==", "displayname": "a" });
    let choice = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "Name": "contoso_kind", "IsGlobal": true,
        "OptionSetType": "Picklist", "DisplayName": label("Kind"),
        "Options": [{ "Value": 100_000_000, "Label": label("One") }],
    });
    for (operation, body, expected) in [
        ("POST solutions".to_owned(), new.clone(), "create-solution"),
        (format!("PATCH /solutions({solution})"), json!({ "friendlyname": "Another" }), "edit-solution"),
        (format!("DELETE solutions({solution})"), Value::Null, "uninstall"),
        ("POST webresourceset".to_owned(), resource, "create-component"),
        ("POST GlobalOptionSetDefinitions".to_owned(), choice, "create-component"),
    ] {
        let plan = scratch.done("strata.Plan", &asked(&operation, json!({ "Body": body })));
        assert_eq!((&plan["operation"], &plan["outcome"]), (&json!(expected), &json!("succeed")), "{operation}");
    }
    assert_eq!(operations(&scratch), before, "nothing was done");
    assert_eq!(scratch.get("GlobalOptionSetDefinitions(Name='contoso_kind')").status, 404);
    // What a rule refuses is planned as refused, and a reader may ask.
    let taken = json!({ "Operation": "POST solutions", "Body": { "uniquename": "Contoso", "friendlyname": "x",
        "version": "1.0.0.0", "publisherid@odata.bind": format!("/publishers({publisher})") } });
    let (status, plan) = scratch.as_role(Role::Reader, None, Verb::Post, "strata.Plan", &taken);
    assert_eq!((status, &plan["outcome"]), (200, &json!("fail")), "{plan}");
    // It is the same as what happens then.
    let (status, _) = scratch.act("solutions", &new);
    assert_eq!(status, 204);
    assert_eq!(operations(&scratch), before + 1);
}

fn label(text: &str) -> Value {
    json!({ "LocalizedLabels": [{ "Label": text, "LanguageCode": 1033 }] })
}

#[test]
fn w3_what_has_no_plan_says_so() {
    let scratch = scratch();
    for (operation, expected) in [
        ("POST accounts", "no plan speaks of rows"),
        ("GET solutions", "POST, PATCH, PUT or DELETE is expected"),
        ("POST PublishAllXml", "actions go by name"),
        ("POST strata.Undo", "actions go by name"),
        ("POST $batch", "actions go by name"),
        ("PATCH asyncoperations(11111111-0000-4000-8000-000000000001)", "actions go by name"),
        ("POST ", "actions go by name"),
    ] {
        let (status, answer) = scratch.act("strata.Plan", &asked(operation, json!({ "Body": { "name": "x" } })));
        assert_eq!(status, 400, "{operation}: {answer}");
        assert!(message(&answer).contains(expected), "{operation}: {answer}");
    }
    let (status, answer) = scratch.act("strata.Plan", &asked("POST nothings", json!({})));
    assert_eq!((status, code(&answer)), (404, "0x8006088a"), "{answer}");
    let (_, answer) = scratch.act("strata.Plan", &asked("POST solutions", json!({ "uniquename": "x" })));
    assert!(message(&answer).contains("'uniquename': what a request writes stands in 'Body'"), "{answer}");
}

#[test]
fn w8_l18_settings_of_a_listed_table_are_all_or_none() {
    let scratch = scratch();
    let table = id_of(&scratch, "entity:contoso_order");
    let behavior = |solution: &str| {
        let url = "solutioncomponents?$expand=solutionid($select=uniquename)&$filter=componenttype eq 1";
        let rows = scratch.ask(url)["value"].as_array().expect("rows").clone();
        let row = rows.iter().find(|row| row["solutionid"]["uniquename"] == solution);
        row.expect("a row")["rootcomponentbehavior"].clone()
    };
    let shell = json!({
        "ComponentId": table, "ComponentType": 1, "SolutionUniqueName": "Other", "AddRequiredComponents": false,
        "DoNotIncludeSubcomponents": true, "IncludedComponentSettingsValues": [],
    });
    scratch.done("AddSolutionComponent", &shell);
    assert_eq!(behavior("Other"), 2);
    let update = |solution: &str, settings: Value| {
        let body = json!({
            "ComponentId": table, "ComponentType": 1, "SolutionUniqueName": solution,
            "IncludedComponentSettingsValues": settings,
        });
        scratch.done("UpdateSolutionComponent", &body);
        behavior(solution)
    };
    assert_eq!(update("Other", Value::Null), 1);
    assert_eq!(update("Other", json!([])), 2);
    assert_eq!(update("Other", json!(["x"])), 1, "settings that are named are all of them");
    assert_eq!(update("Contoso", json!([])), 0, "a table with all its parts stays as it is");
    let before = operations(&scratch);
    assert_eq!(update("Other", Value::Null), 1);
    assert_eq!(operations(&scratch), before, "nothing to do leaves no entry");
    let strange = json!({ "ComponentId": id_of(&scratch, "attribute:contoso_order.contoso_notes"), "ComponentType": 2,
        "SolutionUniqueName": "Other" });
    let (status, answer) = scratch.act("UpdateSolutionComponent", &strange);
    assert_eq!((status, code(&answer)), (400, "0x8004F021"), "it is not in the solution (L19)");
}
