//! Queries of definitions as the documentation shows them (web-api §7).

use serde_json::{Value, json};

use crate::authoring::{read, with_device};
use crate::service::Scratch;

const TABLE: &str = "EntityDefinitions(LogicalName='fab_device')";

/// The logical or schema names that a query finds.
fn names(scratch: &Scratch, url: &str) -> Vec<String> {
    let name = |own: &Value| {
        let found = ["LogicalName", "SchemaName", "Name"].iter().find_map(|name| own[*name].as_str());
        found.unwrap_or_default().to_owned()
    };
    read(scratch, url)["value"].as_array().expect("a list").iter().map(name).collect()
}

#[test]
fn w7_tables_are_found_by_documented_filters() {
    let scratch = with_device();
    for (filter, expected) in [
        ("SchemaName eq 'fab_Device'", &["fab_device"][..]),
        ("IsCustomEntity eq true and IsCustomizable/Value eq true", &["fab_device"]),
        ("LogicalName in ('account','fab_device')", &["account", "fab_device"]),
        (
            "Microsoft.Dynamics.CRM.In(PropertyName='LogicalName',PropertyValues=['account','fab_device'])",
            &["account", "fab_device"],
        ),
        (
            "Microsoft.Dynamics.CRM.NotIn(PropertyName='LogicalName',PropertyValues=['account']) and ObjectTypeCode lt 3",
            &["contact"],
        ),
        ("ObjectTypeCode eq 1", &["account"]),
        ("DisplayName/UserLocalizedLabel/Label eq 'Device'", &["fab_device"]),
        (
            "startswith(LogicalName,'fab_') and OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'",
            &["fab_device"],
        ),
        ("PrimaryNameAttribute eq 'fab_name'", &["fab_device"]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='PrimaryNameAttribute',PropertyValues=['fab_name'])", &["fab_device"]),
    ] {
        let found = names(&scratch, &format!("EntityDefinitions?$select=LogicalName&$filter={filter}"));
        assert_eq!(found, expected, "{filter}");
    }
    for filter in [
        "Microsoft.Dynamics.CRM.In(PropertyName='LogicalName')",
        "Microsoft.Dynamics.CRM.Today(PropertyName='CreatedOn')",
        "Nonsense eq 1",
    ] {
        assert_eq!(scratch.get(&format!("EntityDefinitions?$filter={filter}")).status, 400, "{filter}");
    }
}

fn counted(scratch: &Scratch, url: &str) -> usize {
    let answer = scratch.get(url);
    assert_eq!(answer.status, 200, "{url}");
    String::from_utf8(answer.body.clone()).expect("a number").parse().expect("a number")
}

#[test]
fn w7_definitions_are_counted() {
    let scratch = with_device();
    let all = counted(&scratch, "EntityDefinitions/$count");
    assert!(all > 100, "{all}");
    assert_eq!(counted(&scratch, "EntityDefinitions/$count?$filter=startswith(LogicalName,'fab_')"), 1);
    for below in ["Attributes", "ManyToOneRelationships", "OneToManyRelationships", "ManyToManyRelationships", "Keys"] {
        let listed = names(&scratch, &format!("{TABLE}/{below}")).len();
        assert_eq!(counted(&scratch, &format!("{TABLE}/{below}/$count")), listed, "{below}");
    }
    let strings = "Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata/$count";
    assert_eq!(counted(&scratch, &format!("{TABLE}/{strings}")), 1);
    assert!(counted(&scratch, "RelationshipDefinitions/$count?$filter=SchemaName eq 'owner_fab_device'") == 1);
    assert_eq!(counted(&scratch, "GlobalOptionSetDefinitions/$count"), 0);
    assert_eq!(scratch.get(&format!("{TABLE}/Attributes/$counts")).status, 404);
}

#[test]
fn w7_properties_of_definitions_are_reached_by_their_path() {
    let scratch = with_device();
    for (path, expected) in [
        ("DisplayName/UserLocalizedLabel/Label", json!("Device")),
        ("IsCustomizable/Value", json!(true)),
        ("Attributes(LogicalName='fab_name')/RequiredLevel/Value", json!("None")),
        ("Attributes(LogicalName='fab_lent')/OptionSet/TrueOption/Value", json!(1)),
    ] {
        assert_eq!(read(&scratch, &format!("{TABLE}/{path}"))["value"], expected, "{path}");
    }
    let cast = "Attributes(LogicalName='fab_kind')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata/OptionSet/Options";
    assert_eq!(read(&scratch, &format!("{TABLE}/{cast}"))["value"].as_array().map(Vec::len), Some(2));
    let raw = scratch.get(&format!("{TABLE}/DisplayName/UserLocalizedLabel/Label/$value"));
    assert_eq!(raw.body, b"Device");
    assert_eq!(scratch.get(&format!("{TABLE}/DisplayName/Nothing")).status, 404);
}

#[test]
fn w7_labels_come_in_the_languages_that_are_asked_for() {
    let scratch = with_device();
    let label = |languages: &str| {
        read(&scratch, &format!("{TABLE}?$select=DisplayName&LabelLanguages={languages}"))["DisplayName"].clone()
    };
    assert_eq!(label("1033,1031")["UserLocalizedLabel"]["Label"], "Device");
    assert_eq!(label("1031"), json!({ "LocalizedLabels": [], "UserLocalizedLabel": null }));
    let listed =
        read(&scratch, "EntityDefinitions?$filter=LogicalName eq 'fab_device'&$select=DisplayName&LabelLanguages=1031");
    assert_eq!(listed["value"][0]["DisplayName"]["LocalizedLabels"], json!([]));
}

#[test]
fn w7_columns_and_relationships_are_found_by_type() {
    let scratch = with_device();
    let column = |query: &str| names(&scratch, &format!("{TABLE}/Attributes{query}"));
    assert_eq!(
        column("?$filter=AttributeType eq Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'&$select=LogicalName"),
        ["fab_kind"]
    );
    assert_eq!(column("?$filter=AttributeTypeName/Value eq 'FileType'&$select=LogicalName"), ["fab_manual"]);
    let kinds = column("/Microsoft.Dynamics.CRM.EnumAttributeMetadata?$select=LogicalName&$expand=OptionSet");
    assert_eq!(kinds, ["fab_kind", "statecode", "statuscode"]);
    let one = names(
        &scratch,
        "RelationshipDefinitions/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata?$select=SchemaName&$filter=ReferencingEntity eq 'fab_device' and ReferencedEntity eq 'team'",
    );
    assert_eq!(one, ["team_fab_device"]);
}
