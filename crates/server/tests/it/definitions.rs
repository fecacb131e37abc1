//! Definitions of tables as clients read them.

use serde_json::Value;
use strata_server::answer::Answer;

use crate::service::Scratch;

pub(crate) fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&answer.body)))
}

fn read(scratch: &Scratch, url: &str) -> Value {
    let answer = scratch.get(url);
    let body = json(&answer);
    assert_eq!(answer.status, 200, "{url}: {body}");
    body
}

#[test]
fn w7_a_table_is_found_by_its_logical_name_before_its_first_use() {
    let scratch = Scratch::new();
    for (name, set, id) in [
        ("solution", "solutions", "solutionid"),
        ("publisher", "publishers", "publisherid"),
        ("importjob", "importjobs", "importjobid"),
        ("msdyn_componentlayer", "msdyn_componentlayers", "msdyn_componentlayerid"),
        ("solutioncomponentdefinition", "solutioncomponentdefinitions", "solutioncomponentdefinitionid"),
        ("webresource", "webresourceset", "webresourceid"),
    ] {
        let url = format!(
            "EntityDefinitions?%24select=LogicalName%2CEntitySetName%2CPrimaryIdAttribute&%24filter=LogicalName+eq+%27{name}%27"
        );
        let found = read(&scratch, &url);
        let row = &found["value"][0];
        assert_eq!(
            (row["EntitySetName"].as_str(), row["PrimaryIdAttribute"].as_str()),
            (Some(set), Some(id)),
            "{name}"
        );
        assert!(row["SchemaName"].is_null(), "{row}");
        assert!(row["MetadataId"].is_string());
    }
    assert_eq!(read(&scratch, "EntityDefinitions?$filter=LogicalName eq 'nothing'")["value"], serde_json::json!([]));
}

#[test]
fn w7_tables_are_listed_filtered_and_sorted() {
    let scratch = Scratch::new();
    let all = read(&scratch, "EntityDefinitions?$select=EntitySetName,LogicalName&$count=true");
    assert!(all["@odata.count"].as_u64() >= Some(648));
    let few = read(
        &scratch,
        "EntityDefinitions?$select=LogicalName&$filter=(LogicalName eq 'account' or ObjectTypeCode eq 2) and IsPrivate eq false&$orderby=LogicalName desc",
    );
    let names: Vec<_> =
        few["value"].as_array().expect("rows").iter().filter_map(|row| row["LogicalName"].as_str()).collect();
    assert_eq!(names, ["contact", "account"]);
    let wrong = scratch.get("EntityDefinitions?$select=Nonsense");
    assert_eq!((wrong.status, json(&wrong)["error"]["code"].as_str()), (400, Some("0x80060888")));
    let absent = scratch.get("EntityDefinitions(LogicalName='nothing')");
    assert_eq!((absent.status, json(&absent)["error"]["code"].as_str()), (404, Some("0x80040217")));
}

#[test]
fn w7_a_table_has_its_parts_below_it() {
    let scratch = Scratch::new();
    let account = read(&scratch, "EntityDefinitions(LogicalName='account')");
    assert_eq!(account["PrimaryNameAttribute"], "name");
    assert_eq!(account["DisplayName"]["UserLocalizedLabel"]["Label"], "Account");
    assert_eq!(account["IsCustomizable"]["ManagedPropertyLogicalName"], "iscustomizable");
    let id = account["MetadataId"].as_str().expect("an id");
    let by_id = read(
        &scratch,
        &format!(
            "EntityDefinitions({id})?$select=SchemaName&$expand=Attributes($select=LogicalName;$filter=LogicalName eq 'name')"
        ),
    );
    assert_eq!(by_id["SchemaName"], "Account");
    assert_eq!(by_id["Attributes"][0]["LogicalName"], "name");
    assert_eq!(by_id["Attributes"][0]["@odata.type"], "#Microsoft.Dynamics.CRM.StringAttributeMetadata");
    let column = read(&scratch, "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='parentaccountid')");
    assert_eq!(column["Targets"], serde_json::json!(["account"]));
    assert_eq!(column["AttributeTypeName"]["Value"], "LookupType");
    let property = read(&scratch, "EntityDefinitions(LogicalName='account')/SchemaName");
    assert_eq!(property["value"], "Account");
    let many = read(
        &scratch,
        "EntityDefinitions(LogicalName='account')/ManyToOneRelationships?$filter=ReferencingAttribute eq 'parentaccountid'",
    );
    assert_eq!(many["value"][0]["SchemaName"], "account_parent_account");
    let one = read(
        &scratch,
        "EntityDefinitions(LogicalName='publisher')/OneToManyRelationships(SchemaName='publisher_solution')",
    );
    assert_eq!(one["ReferencingEntityNavigationPropertyName"], "publisherid");
    let relation = read(&scratch, "RelationshipDefinitions?$filter=SchemaName eq 'publisher_solution'");
    assert_eq!(relation["value"][0]["ReferencedAttribute"], "publisherid");
}

#[test]
fn w7_choices_come_with_their_labels() {
    let scratch = Scratch::new();
    let url = "EntityDefinitions(LogicalName='workflow')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)";
    let found = read(&scratch, url);
    let category =
        found["value"].as_array().expect("rows").iter().find(|row| row["LogicalName"] == "category").expect("category");
    assert_eq!(category["OptionSet"]["Options"][5]["Label"]["UserLocalizedLabel"]["Label"], "Modern Flow");
    assert!(category["GlobalOptionSet"].is_null());
    let state = read(
        &scratch,
        "EntityDefinitions(LogicalName='workflow')/Attributes(LogicalName='statuscode')/Microsoft.Dynamics.CRM.StatusAttributeMetadata?$expand=OptionSet",
    );
    assert_eq!(state["OptionSet"]["Options"][1]["State"], 1);
    let none = read(
        &scratch,
        "EntityDefinitions(LogicalName='msdyn_componentlayer')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)",
    );
    assert_eq!(none["value"], serde_json::json!([]));
}

#[test]
fn w1_the_service_document_lists_every_set() {
    let scratch = Scratch::new();
    let document = read(&scratch, "");
    let sets = document["value"].as_array().expect("sets");
    assert!(sets.len() >= 650);
    let solutions = sets.iter().find(|set| set["name"] == "solutions").expect("solutions");
    assert_eq!((solutions["kind"].as_str(), solutions["url"].as_str()), (Some("EntitySet"), Some("solutions")));
}
