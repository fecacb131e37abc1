//! Messages about definitions: lookups of several tables, who may be related, whole tables, changes (web-api §7–§9).

use serde_json::{Value, json};
use strata_server::ask::Verb;

use crate::authoring::{exported, label, publish, read, send, sent, with_device};
use crate::definitions::json as body_of;
use crate::labels::import;
use crate::service::Scratch;

fn relationship(name: &str, to: &str) -> Value {
    json!({ "SchemaName": name, "ReferencedEntity": to, "ReferencingEntity": "fab_device" })
}

fn lookup(name: &str) -> Value {
    json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ComplexLookupAttributeMetadata", "SchemaName": name,
        "DisplayName": label("Of whom"), "RequiredLevel": { "Value": "None" },
        "AttributeTypeName": { "Value": "LookupType" },
    })
}

fn customer() -> Value {
    json!({
        "Lookup": lookup("fab_CustomerId"),
        "OneToManyRelationships": [
            relationship("fab_device_account", "account"), relationship("fab_device_contact", "contact"),
        ],
        "SolutionUniqueName": "Fabrikam",
    })
}

const LENT_TO: &str = "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_customerid')";

fn targets(scratch: &Scratch, column: &str) -> Vec<String> {
    let url = format!("{column}/Microsoft.Dynamics.CRM.LookupAttributeMetadata?$select=Targets");
    let mut targets: Vec<_> = read(scratch, &url)["Targets"]
        .as_array()
        .expect("targets")
        .iter()
        .filter_map(|target| target.as_str().map(str::to_owned))
        .collect();
    targets.sort();
    targets
}

#[test]
fn w7_a_lookup_of_customers_leads_to_accounts_and_contacts() {
    let scratch = with_device();
    let made = body_of(&sent(&scratch, Verb::Post, "CreateCustomerRelationships", &customer()));
    let column = read(&scratch, LENT_TO);
    assert_eq!((&made["AttributeId"], &column["AttributeType"]), (&column["MetadataId"], &json!("Customer")));
    assert_eq!(made["RelationshipIds"].as_array().map(Vec::len), Some(2));
    let one =
        read(&scratch, &format!("RelationshipDefinitions({})", made["RelationshipIds"][0].as_str().expect("an id")));
    assert_eq!(one["SchemaName"], "fab_device_account");
    assert_eq!(targets(&scratch, LENT_TO), ["account", "contact"]);

    let account = json!({ "name": "Contoso" });
    let made = sent(&scratch, Verb::Post, "accounts", &account);
    let url = crate::authoring::header(&made, "OData-EntityId").to_owned();
    let row = json!({ "fab_name": "Laptop", "fab_CustomerId_account@odata.bind": url });
    sent(&scratch, Verb::Post, "fab_devices", &row);
    let answer = scratch.send(
        Verb::Get,
        "fab_devices?$select=fab_name,_fab_customerid_value&$expand=fab_CustomerId_account($select=name)",
        &[("Prefer", "odata.include-annotations=\"*\"")],
        "",
    );
    let row = &body_of(&answer)["value"][0];
    assert_eq!(row["_fab_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account", "{row}");
    assert_eq!(row["fab_CustomerId_account"]["name"], "Contoso");

    let workspace = scratch.service.workspace(None).expect("a store");
    let package = exported(&workspace, &workspace.environment().expect("the environment"));
    drop(workspace);
    let other = Scratch::new();
    import(&other, &package);
    assert_eq!(targets(&other, LENT_TO), ["account", "contact"]);
    let mut wrong = customer();
    wrong["OneToManyRelationships"].as_array_mut().expect("a list").pop();
    assert_eq!(send(&scratch, Verb::Post, "CreateCustomerRelationships", &wrong).status, 400);
    let mut unknown = customer();
    unknown["OneToMany"] = json!([]);
    assert_eq!(send(&scratch, Verb::Post, "CreateCustomerRelationships", &unknown).status, 400);
}

#[test]
fn w7_a_lookup_leads_to_several_tables_and_to_one_more() {
    let scratch = with_device();
    let body = json!({
        "Lookup": lookup("fab_PlaceId"),
        "OneToManyRelationships": [
            relationship("fab_device_place_account", "account"), relationship("fab_device_place_device", "fab_device"),
        ],
    });
    let made = body_of(&sent(&scratch, Verb::Post, "CreatePolymorphicLookupAttribute", &body));
    let url = "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_placeid')";
    assert_eq!(read(&scratch, url)["MetadataId"], made["AttributeId"]);
    assert_eq!(targets(&scratch, url), ["account", "fab_device"]);
    let mut more = relationship("fab_device_place_contact", "contact");
    more["@odata.type"] = "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata".into();
    more["Lookup"] = lookup("fab_PlaceId");
    sent(&scratch, Verb::Post, "RelationshipDefinitions", &more);
    assert_eq!(targets(&scratch, url), ["account", "contact", "fab_device"]);
}

#[test]
fn w8_w9_tables_say_what_they_may_be_in_relationships() {
    let scratch = with_device();
    for (action, table, expected) in [
        ("CanBeReferenced", "fab_device", true),
        ("CanBeReferencing", "account", true),
        ("CanManyToMany", "fab_device", true),
        ("CanManyToMany", "dependency", false),
    ] {
        let answer = body_of(&sent(&scratch, Verb::Post, action, &json!({ "EntityName": table })));
        assert_eq!(answer[action], expected, "{action} {table}");
    }
    assert_eq!(send(&scratch, Verb::Post, "CanBeReferenced", &json!({ "EntityName": "fab_nothing" })).status, 404);
    for url in [
        "GetValidManyToMany()",
        "GetValidReferencedEntities(ReferencingEntityName='fab_device')",
        "GetValidReferencingEntities(ReferencedEntityName=@p1)?@p1='account'",
    ] {
        let names = read(&scratch, url)["EntityNames"].clone();
        assert!(names.as_array().is_some_and(|names| names.contains(&json!("fab_device"))), "{url}: {names}");
    }
    let none = read(&scratch, "GetValidReferencingEntities(ReferencedEntityName='dependency')");
    assert_eq!(none["EntityNames"], json!([]));
}

#[test]
fn w9_a_table_is_retrieved_whole() {
    let scratch = with_device();
    let url = "RetrieveEntity(EntityFilters=Microsoft.Dynamics.CRM.EntityFilters'Attributes',LogicalName='fab_device',RetrieveAsIfPublished=false)";
    let table = read(&scratch, url)["EntityMetadata"].clone();
    assert_eq!(table["SchemaName"], "fab_Device");
    assert!(table["Attributes"].as_array().is_some_and(|all| all.len() > 20), "{table}");
    assert_eq!(table.get("Keys"), None);
    let id = table["MetadataId"].as_str().expect("an id");
    let by_id =
        format!("RetrieveEntity(EntityFilters=@f,MetadataId={id})?@f=Microsoft.Dynamics.CRM.EntityFilters'All'");
    let table = read(&scratch, &by_id)["EntityMetadata"].clone();
    assert!(table["ManyToOneRelationships"].as_array().is_some_and(|all| !all.is_empty()));
    let all = read(&scratch, "RetrieveAllEntities(EntityFilters='Entity',RetrieveAsIfPublished=false)");
    assert!(
        all["EntityMetadata"].as_array().is_some_and(|all| all.iter().any(|own| own["LogicalName"] == "fab_device"))
    );
    assert!(all["Timestamp"].is_string());
    for (url, status) in [
        ("RetrieveEntity(EntityFilters='Entity',LogicalName='fab_nothing')", 404),
        ("RetrieveEntity(EntityFilters='Nonsense',LogicalName='fab_device')", 400),
        ("RetrieveEntity(EntityFilters='Entity',LogicalName='fab_device',RetrieveAsIfPublished=true)", 501),
        ("RetrieveAllEntities(RetrieveAsIfPublished=false)", 400),
    ] {
        assert_eq!(scratch.get(url).status, status, "{url}");
    }
}

#[test]
fn w5_messages_of_the_sdk_that_the_web_api_lacks_are_unknown_segments() {
    let scratch = Scratch::new();
    for name in ["CreateEntity", "CreateAttribute", "CreateOneToMany", "CreateManyToMany", "UpdateEntity"] {
        let (status, body) = scratch.act(name, &json!({}));
        assert_eq!(status, 404, "{name}");
        assert_eq!(body["error"]["message"], format!("Resource not found for the segment '{name}'."));
    }
}

fn changes(scratch: &Scratch, query: &Value, more: &str) -> Value {
    let names = if more.is_empty() { "" } else { ",ClientVersionStamp=@s,DeletedMetadataFilters=@d" };
    read(scratch, &format!("RetrieveMetadataChanges(Query=@p1{names})?@p1={query}{more}"))
}

#[test]
fn w7_metadata_changes_tell_what_is_new_and_what_is_gone() {
    let scratch = with_device();
    let names = |names: &[&str]| json!({ "AllProperties": false, "PropertyNames": names });
    let query = json!({
        "Criteria": { "FilterOperator": "And", "Conditions": [{
            "PropertyName": "LogicalName", "ConditionOperator": "In",
            "Value": { "Type": "System.String[]", "Value": "['fab_device','account']" },
        }] },
        "Properties": names(&["LogicalName", "Attributes", "HasChanged"]),
        "AttributeQuery": { "Properties": names(&["LogicalName", "HasChanged"]) },
        "LabelQuery": { "FilterLanguages": [1033] },
    });
    let first = changes(&scratch, &query, "");
    assert_eq!(first["EntityMetadata"].as_array().map(Vec::len), Some(2));
    let stamp = first["ServerVersionStamp"].as_str().expect("a stamp").to_owned();
    let since = |stamp: &str| {
        changes(&scratch, &query, &format!("&@s='{stamp}'&@d=Microsoft.Dynamics.CRM.DeletedMetadataFilters'All'"))
    };
    let none = since(&stamp);
    assert_eq!(none["EntityMetadata"], json!([]), "nothing has happened");

    let gone = read(&scratch, "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_weight')");
    sent(
        &scratch,
        Verb::Delete,
        "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_weight')",
        &Value::Null,
    );
    let column = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "fab_Serial",
        "DisplayName": label("Serial"), "MaxLength": 50,
    });
    sent(&scratch, Verb::Post, "EntityDefinitions(LogicalName='fab_device')/Attributes", &column);
    let later = since(&stamp);
    let tables = later["EntityMetadata"].as_array().expect("tables");
    assert_eq!(tables.len(), 1);
    let shown: Vec<_> =
        tables[0]["Attributes"].as_array().expect("columns").iter().map(|own| &own["LogicalName"]).collect();
    assert_eq!(shown, [&json!("fab_serial")]);
    assert_eq!((&tables[0]["HasChanged"], &tables[0]["Attributes"][0]["HasChanged"]), (&json!(false), &json!(true)));
    let deleted = &later["DeletedMetadata"];
    let place =
        deleted["Keys"].as_array().expect("kinds").iter().position(|kind| kind == "Attribute").expect("columns");
    assert_eq!(deleted["Values"][place]["Items"], json!([gone["MetadataId"]]));
    publish(&scratch);
    for wrong in ["'99999999'", "'nonsense'"] {
        let answer =
            scratch.get(&format!("RetrieveMetadataChanges(Query=@p1,ClientVersionStamp=@s)?@p1={{}}&@s={wrong}"));
        assert_eq!((answer.status, body_of(&answer)["error"]["code"].as_str()), (400, Some("0x80044352")), "{wrong}");
    }
    assert_eq!(scratch.get("RetrieveMetadataChanges(Other=1)").status, 400);
}
