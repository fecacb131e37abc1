//! What a new table brings along: forms, views, relationships (web-api §7).

use serde_json::{Value, json};
use strata_server::ask::Verb;

use crate::authoring::{exported, label, publish, read, send, sent, with_device, with_solution};
use crate::labels::import;
use crate::service::Scratch;

fn rows(scratch: &Scratch, url: &str) -> Vec<Value> {
    read(scratch, url)["value"].as_array().expect("rows").clone()
}

const VIEWS: &str = "savedqueries?$filter=returnedtypecode eq 'fab_device'&$orderby=name";
const FORMS: &str = "systemforms?$filter=objecttypecode eq 'fab_device'&$orderby=type";

fn views(scratch: &Scratch) -> Vec<(String, i64, bool)> {
    let of = |row: &Value| {
        (
            row["name"].as_str().unwrap_or_default().to_owned(),
            row["querytype"].as_i64().unwrap_or(-1),
            row["isdefault"].as_bool().unwrap_or(false),
        )
    };
    rows(scratch, VIEWS).iter().map(of).collect()
}

fn expected_views() -> Vec<(String, i64, bool)> {
    [
        ("Active Devices", 0, true),
        ("Device Advanced Find View", 1, true),
        ("Device Associated View", 2, true),
        ("Device Lookup View", 64, true),
        ("Inactive Devices", 0, false),
        ("My Devices", 8192, true),
        ("Quick Find Active Devices", 4, true),
    ]
    .map(|(name, kind, is_default)| (name.to_owned(), kind, is_default))
    .into()
}

#[test]
fn w7_a_new_table_has_forms_and_views_at_once() {
    let scratch = with_device();
    assert_eq!(views(&scratch), expected_views());
    let all = rows(&scratch, VIEWS);
    let active = &all[0];
    let fetch = active["fetchxml"].as_str().expect("a query");
    assert!(fetch.contains("<condition attribute=\"statecode\" operator=\"eq\" value=\"0\" />"), "{fetch}");
    let layout = active["layoutxml"].as_str().expect("a layout");
    assert!(layout.contains("<cell name=\"fab_name\" width=\"300\" />"), "{layout}");
    let quick = all.iter().filter(|row| row["isquickfindquery"] == true);
    assert_eq!(quick.map(|row| row["name"].clone()).collect::<Vec<_>>(), ["Quick Find Active Devices"]);
    let forms = rows(&scratch, FORMS);
    let shown: Vec<_> = forms.iter().map(|row| (row["name"].as_str(), row["type"].as_i64())).collect();
    // Main, quick view and card.
    assert_eq!(
        shown,
        [(Some("Information"), Some(2)), (Some("Information"), Some(6)), (Some("Information"), Some(11))]
    );
    let main = forms[0]["formxml"].as_str().expect("a form");
    assert!(main.contains("datafieldname=\"fab_name\"") && main.contains("datafieldname=\"ownerid\""), "{main}");
    let relationships = rows(&scratch, "EntityDefinitions(LogicalName='fab_device')/ManyToOneRelationships");
    let mut names: Vec<_> = relationships.iter().filter_map(|own| own["SchemaName"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "business_unit_fab_device",
            "lk_fab_device_createdby",
            "lk_fab_device_createdonbehalfby",
            "lk_fab_device_modifiedby",
            "lk_fab_device_modifiedonbehalfby",
            "owner_fab_device",
            "team_fab_device",
            "user_fab_device",
        ]
    );
}

#[test]
fn w7_a_table_of_the_organization_shows_no_owner() {
    let scratch = with_solution();
    let table = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata", "SchemaName": "fab_Device",
        "DisplayName": label("Device"), "DisplayCollectionName": label("Devices"), "OwnershipType": "OrganizationOwned",
        "Attributes": [{
            "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "fab_Name",
            "DisplayName": label("Name"), "IsPrimaryName": true, "MaxLength": 100,
        }],
    });
    sent(&scratch, Verb::Post, "EntityDefinitions", &table);
    let names: Vec<_> = views(&scratch).into_iter().map(|(name, ..)| name).collect();
    assert!(names.contains(&"Devices".to_owned()) && !names.contains(&"My Devices".to_owned()), "{names:?}");
    for form in rows(&scratch, FORMS) {
        assert!(!form["formxml"].as_str().is_some_and(|form| form.contains("\"ownerid\"")), "{form}");
    }
    let found = read(&scratch, "RelationshipDefinitions(SchemaName='organization_fab_device')");
    assert_eq!(found["ReferencedEntity"], "organization");
}

#[test]
fn w7_forms_and_views_go_with_the_solution_and_with_the_table() {
    let scratch = with_device();
    let id = rows(&scratch, "solutions?$select=solutionid&$filter=uniquename eq 'Fabrikam'")[0]["solutionid"].clone();
    let members = format!("solutioncomponents?$filter=_solutionid_value eq {}", id.as_str().expect("an id"));
    let of_type = |kind: u8| {
        let all = rows(&scratch, &format!("{members} and componenttype eq {kind}"));
        (all.len(), all.iter().all(|row| row["rootcomponentbehavior"].is_null()))
    };
    assert_eq!((of_type(60), of_type(26)), ((3, true), (7, true)), "subcomponents of the table");
    let workspace = scratch.service.workspace(None).expect("a store");
    let package = exported(&workspace, &workspace.environment().expect("the environment"));
    drop(workspace);
    let other = Scratch::new();
    import(&other, &package);
    assert_eq!(views(&other), expected_views());
    assert!(rows(&other, VIEWS).iter().all(|row| row["ismanaged"] == true));
    assert_eq!(rows(&other, FORMS).len(), 3);
    let answer = send(&scratch, Verb::Delete, "EntityDefinitions(LogicalName='fab_device')", &Value::Null);
    assert_eq!(answer.status, 204, "{}", String::from_utf8_lossy(&answer.body));
    assert!(rows(&scratch, VIEWS).is_empty() && rows(&scratch, FORMS).is_empty());
    assert_eq!(rows(&scratch, &members).len(), 0);
    // Nothing of the old one stands in the way of a new one.
    sent(&scratch, Verb::Post, "CreateEntities?SolutionUniqueName=Fabrikam", &crate::authoring::device());
    publish(&scratch);
    assert_eq!(views(&scratch), expected_views());
}

#[test]
fn w7_l102_what_the_platform_gave_a_table_goes_only_with_it() {
    let scratch = with_device();
    for url in [
        "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='ownerid')",
        "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_name')",
        "RelationshipDefinitions(SchemaName='owner_fab_device')",
        "RelationshipDefinitions(SchemaName='lk_fab_device_createdby')",
    ] {
        let answer = send(&scratch, Verb::Delete, url, &Value::Null);
        assert_eq!(answer.status, 400, "{url}: {}", String::from_utf8_lossy(&answer.body));
    }
}
