//! Definitions that clients author.

use serde_json::{Value, json};
use strata_model::environment::Environment;
use strata_model::options::ImportOptions;
use strata_model::version::Version;
use strata_ops::environments::{self, SettingsChange};
use strata_ops::rows::{self, RowRequest};
use strata_ops::{ExportOptions, NewPublisher, NewSolution, PackageSource, Request, Workspace, carry_out, silent};
use strata_server::access::Caller;
use strata_server::answer::Answer;
use strata_server::ask::Verb;

use crate::definitions::json as body_of;
use crate::service::Scratch;

/// A service with the unmanaged solution `Fabrikam`, whose publisher's prefix is `fab`.
pub(crate) fn with_solution() -> Scratch {
    let scratch = Scratch::new();
    let workspace = scratch.service.workspace(None).expect("a store");
    let publisher = NewPublisher {
        unique_name: "fabrikam".to_owned(),
        prefix: "fab".to_owned(),
        friendly_name: None,
        option_value_prefix: Some(55_555),
        id: None,
        details: Default::default(),
    };
    let solution = NewSolution {
        unique_name: "Fabrikam".to_owned(),
        publisher: "fabrikam".to_owned(),
        version: Version::parse("1.0.0.0").expect("a version"),
        friendly_name: None,
        id: None,
    };
    for request in [Request::CreatePublisher(publisher), Request::CreateSolution(solution)] {
        let environment = workspace.environment().expect("the environment");
        carry_out(&workspace, &environment, &request, &silent).expect("it fits");
    }
    drop(workspace);
    scratch
}

pub(crate) fn label(text: &str) -> Value {
    json!({
        "@odata.type": "Microsoft.Dynamics.CRM.Label",
        "LocalizedLabels": [{
            "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel",
            "Label": text,
            "LanguageCode": 1033,
        }],
    })
}

pub(crate) fn send(scratch: &Scratch, verb: Verb, url: &str, body: &Value) -> Answer {
    scratch.send(verb, url, &[("MSCRM.SolutionUniqueName", "Fabrikam")], &body.to_string())
}

pub(crate) fn sent(scratch: &Scratch, verb: Verb, url: &str, body: &Value) -> Answer {
    let answer = send(scratch, verb, url, body);
    assert!(answer.status < 300, "{url}: {}", String::from_utf8_lossy(&answer.body));
    answer
}

pub(crate) fn read(scratch: &Scratch, url: &str) -> Value {
    let answer = scratch.get(url);
    let body = body_of(&answer);
    assert_eq!(answer.status, 200, "{url}: {body}");
    body
}

pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let found = answer.headers.iter().find(|(own, _)| *own == name);
    found.map(|(_, value)| value.as_str()).expect("the header")
}

/// A table as the Python client asks for it.
pub(crate) fn device() -> Value {
    let column = |name: &str, kind: &str, more: Value| {
        let mut made = json!({
            "@odata.type": format!("Microsoft.Dynamics.CRM.Complex{kind}AttributeMetadata"),
            "SchemaName": name,
            "DisplayName": label(name),
            "RequiredLevel": { "Value": "None" },
        });
        made.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        made
    };
    json!({ "Entities": [{
        "@odata.type": "Microsoft.Dynamics.CRM.ComplexEntityMetadata",
        "SchemaName": "fab_Device",
        "DisplayName": label("Device"),
        "DisplayCollectionName": label("Devices"),
        "Description": label("What is lent"),
        "OwnershipType": "UserOwned",
        "HasActivities": false,
        "HasNotes": true,
        "IsActivity": false,
        "Attributes": [
            column("fab_Name", "String", json!({ "MaxLength": 200, "FormatName": { "Value": "Text" }, "IsPrimaryName": true })),
            column("fab_Notes", "Memo", json!({ "MaxLength": 4000, "FormatName": { "Value": "Text" }, "ImeMode": "Auto" })),
            column("fab_Count", "Integer", json!({ "Format": "None", "MinValue": 0, "MaxValue": 100 })),
            column("fab_Price", "Decimal", json!({ "MinValue": -100000000000.0, "MaxValue": 100000000000.0, "Precision": 2 })),
            column("fab_Weight", "Double", json!({ "MinValue": 0.0, "MaxValue": 1000.5, "Precision": 5 })),
            column("fab_Bought", "DateTime", json!({ "Format": "DateOnly", "ImeMode": "Inactive" })),
            column("fab_Lent", "Boolean", json!({ "OptionSet": {
                "@odata.type": "Microsoft.Dynamics.CRM.ComplexBooleanOptionSetMetadata",
                "TrueOption": { "Value": 1, "Label": label("True") },
                "FalseOption": { "Value": 0, "Label": label("False") },
                "IsGlobal": false,
            } })),
            column("fab_Kind", "Picklist", json!({ "OptionSet": {
                "@odata.type": "Microsoft.Dynamics.CRM.ComplexOptionSetMetadata",
                "IsGlobal": false,
                "Options": [
                    { "@odata.type": "Microsoft.Dynamics.CRM.OptionMetadata", "Value": 1, "Label": label("Laptop") },
                    { "@odata.type": "Microsoft.Dynamics.CRM.OptionMetadata", "Value": 2, "Label": label("Phone") },
                ],
            } })),
            column("fab_Manual", "File", json!({})),
        ],
    }] })
}

pub(crate) fn with_device() -> Scratch {
    let scratch = with_solution();
    sent(&scratch, Verb::Post, "CreateEntities?SolutionUniqueName=Fabrikam", &device());
    scratch
}

#[test]
fn w7_create_entities_makes_a_table_with_its_columns() {
    let scratch = with_device();
    let table = read(&scratch, "EntityDefinitions?$filter=LogicalName eq 'fab_device'")["value"][0].clone();
    assert_eq!(
        (table["EntitySetName"].as_str(), table["PrimaryIdAttribute"].as_str()),
        (Some("fab_devices"), Some("fab_deviceid"))
    );
    assert_eq!((table["PrimaryNameAttribute"].as_str(), table["HasNotes"].as_bool()), (Some("fab_name"), Some(true)));
    assert_eq!(table["IsManaged"], false);
    let columns = read(&scratch, "EntityDefinitions(LogicalName='fab_device')/Attributes");
    let of = |name: &str| {
        columns["value"]
            .as_array()
            .expect("columns")
            .iter()
            .find(|own| own["LogicalName"] == name)
            .cloned()
            .expect(name)
    };
    assert_eq!(
        (of("fab_name")["MaxLength"].as_i64(), of("fab_name")["SchemaName"].as_str()),
        (Some(200), Some("fab_Name"))
    );
    assert_eq!(
        (of("fab_count")["MaxValue"].as_i64(), of("fab_weight")["MaxValue"].as_f64()),
        (Some(100), Some(1000.5))
    );
    assert_eq!(
        (of("fab_bought")["Format"].as_str(), of("fab_price")["Precision"].as_i64()),
        (Some("DateOnly"), Some(2))
    );
    assert_eq!(
        (of("fab_manual")["AttributeTypeName"]["Value"].as_str(), of("ownerid")["AttributeType"].as_str()),
        (Some("FileType"), Some("Owner"))
    );
    assert_eq!(
        (of("createdon")["IsCustomAttribute"].as_bool(), of("fab_lent")["IsCustomAttribute"].as_bool()),
        (Some(false), Some(true))
    );
    let choices = read(
        &scratch,
        "EntityDefinitions(LogicalName='fab_device')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)",
    );
    assert_eq!(choices["value"][0]["OptionSet"]["Options"][1]["Label"]["UserLocalizedLabel"]["Label"], "Phone");
}

#[test]
fn w7_rows_of_an_authored_table_are_stored_at_once() {
    let scratch = with_device();
    let workspace = scratch.service.workspace(None).expect("a store");
    let environment = workspace.environment().expect("the environment");
    let values = [("fab_name", "One"), ("fab_kind", "2"), ("fab_lent", "true"), ("fab_bought", "2026-01-31")];
    let values = values.map(|(column, value)| (column.to_owned(), value.to_owned())).to_vec();
    let request = RowRequest::Create { table: "fab_device".to_owned(), values };
    rows::carry_out(&workspace, &environment, &request).expect("a row");
    let found = rows::list(&workspace, None, "fab_device", Some("fab_kind eq 2")).expect("rows");
    assert_eq!((found.len(), &found[0]["statecode"], &found[0]["statuscode"]), (1, &json!(0), &json!(1)));
}

#[test]
fn w7_one_request_makes_all_or_nothing() {
    let scratch = with_solution();
    let mut two = device();
    let mut other = two["Entities"][0].clone();
    other["SchemaName"] = "foreign_Thing".into();
    two["Entities"].as_array_mut().expect("a list").push(other);
    let refused = send(&scratch, Verb::Post, "CreateEntities", &two);
    assert_eq!(
        (refused.status, body_of(&refused)["error"]["code"].as_str().map(str::to_lowercase)),
        (400, Some("0x80048062".to_owned()))
    );
    assert_eq!(scratch.get("EntityDefinitions(LogicalName='fab_device')").status, 404);
}

#[test]
fn w7_what_does_not_fit_is_named() {
    let scratch = with_device();
    let attributes = "EntityDefinitions(LogicalName='fab_device')/Attributes";
    let text = |more: Value| {
        let mut made = json!({ "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", "SchemaName": "fab_Text", "DisplayName": label("Text") });
        made.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        made
    };
    for (url, body, named) in [
        (attributes, text(json!({ "MaxLength": "long" })), "'MaxLength'"),
        (attributes, text(json!({ "MaxLength": 4001 })), "'MaxLength'"),
        (attributes, text(json!({ "DisplayName": "Text" })), "'DisplayName'"),
        (
            attributes,
            text(json!({ "@odata.type": "Microsoft.Dynamics.CRM.NothingAttributeMetadata" })),
            "'@odata.type'",
        ),
        (attributes, text(json!({ "SchemaName": null })), "'SchemaName'"),
        (attributes, text(json!({ "RequiredLevel": { "Value": "Sometimes" } })), "'RequiredLevel'"),
        ("EntityDefinitions", json!({ "SchemaName": "fab_Other", "DisplayName": label("Other") }), "'Attributes'"),
        ("CreateEntities", json!({ "Tables": [] }), "'Tables'"),
        ("RelationshipDefinitions", json!({ "SchemaName": "fab_r" }), "'@odata.type'"),
        ("GlobalOptionSetDefinitions", json!({ "DisplayName": label("x") }), "'Name'"),
    ] {
        let answer = send(&scratch, Verb::Post, url, &body);
        let error = body_of(&answer)["error"].clone();
        assert_eq!((answer.status, error["code"].as_str()), (400, Some("0x80048d19")), "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(named)), "{named}: {error}");
    }
    let again = send(&scratch, Verb::Post, attributes, &text(json!({ "SchemaName": "fab_Name" })));
    assert_eq!(again.status, 400, "{}", body_of(&again));
    let nowhere =
        scratch.send(Verb::Post, attributes, &[("MSCRM.SolutionUniqueName", "Nothing")], &text(json!({})).to_string());
    assert!(nowhere.status >= 400);
    assert_eq!(
        scratch.get("EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_text')").status,
        404
    );
}

#[test]
fn w7_columns_are_added_changed_and_deleted() {
    let scratch = with_device();
    let attributes = "EntityDefinitions(LogicalName='fab_device')/Attributes";
    let column = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "fab_Serial", "DisplayName": label("Serial"), "MaxLength": 40,
        "RequiredLevel": { "Value": "ApplicationRequired", "CanBeChanged": true, "ManagedPropertyLogicalName": "x" },
    });
    let made = sent(&scratch, Verb::Post, attributes, &column);
    assert_eq!(made.status, 204);
    let url = header(&made, "OData-EntityId").trim_start_matches("http://localhost/api/data/v9.2/").to_owned();
    let own = read(&scratch, &format!("{url}/Microsoft.Dynamics.CRM.StringAttributeMetadata"));
    assert_eq!(
        (own["LogicalName"].as_str(), own["MaxLength"].as_i64(), own["RequiredLevel"]["Value"].as_str()),
        (Some("fab_serial"), Some(40), Some("ApplicationRequired"))
    );
    // What is read goes back whole, with one property changed.
    let mut changed = own.clone();
    changed["MaxLength"] = 80.into();
    changed["@odata.type"] = "Microsoft.Dynamics.CRM.StringAttributeMetadata".into();
    assert_eq!(sent(&scratch, Verb::Put, &url, &changed).status, 204);
    publish(&scratch);
    assert_eq!(read(&scratch, &url)["MaxLength"], 80);
    assert_eq!(sent(&scratch, Verb::Delete, &url, &json!({})).status, 204);
    assert_eq!(scratch.get(&url).status, 404);
}

pub(crate) fn publish(scratch: &Scratch) {
    let workspace = scratch.service.workspace(None).expect("a store");
    let environment = workspace.environment().expect("the environment");
    carry_out(&workspace, &environment, &Request::Publish(strata_ops::PublishScope::All), &silent).expect("published");
}

#[test]
fn w7_relationships_keys_and_choices_are_made_and_deleted() {
    let scratch = with_device();
    let lookup = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": "fab_account_device",
        "ReferencedEntity": "account", "ReferencingEntity": "fab_device", "ReferencedAttribute": "accountid",
        "CascadeConfiguration": { "Assign": "NoCascade", "Delete": "Restrict", "Merge": "NoCascade", "Reparent": "NoCascade", "Share": "NoCascade", "Unshare": "NoCascade" },
        "Lookup": {
            "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
            "SchemaName": "fab_AccountId", "AttributeType": "Lookup", "AttributeTypeName": { "Value": "LookupType" },
            "DisplayName": label("Account"), "RequiredLevel": { "Value": "None" },
        },
    });
    let made = sent(&scratch, Verb::Post, "RelationshipDefinitions", &lookup);
    let url = header(&made, "OData-EntityId").trim_start_matches("http://localhost/api/data/v9.2/").to_owned();
    let relation = read(&scratch, &url);
    assert_eq!(relation["CascadeConfiguration"]["Delete"], "Restrict");
    assert_eq!(relation["ReferencingEntityNavigationPropertyName"], "fab_AccountId");
    let column = read(&scratch, "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_accountid')");
    assert_eq!(column["Targets"], json!(["account"]));

    let many = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata", "SchemaName": "fab_device_contact",
        "Entity1LogicalName": "fab_device", "Entity2LogicalName": "contact", "IntersectEntityName": "fab_device_contact",
    });
    sent(&scratch, Verb::Post, "RelationshipDefinitions", &many);
    let found = read(&scratch, "EntityDefinitions(LogicalName='contact')/ManyToManyRelationships");
    assert_eq!(found["value"][0]["Entity1IntersectAttribute"], "fab_deviceid");

    let keys = "EntityDefinitions(LogicalName='fab_device')/Keys";
    let key = json!({ "SchemaName": "fab_ByName", "KeyAttributes": ["fab_name"], "DisplayName": label("By name") });
    let made = sent(&scratch, Verb::Post, keys, &key);
    let key_url = header(&made, "OData-EntityId").trim_start_matches("http://localhost/api/data/v9.2/").to_owned();
    assert_eq!(read(&scratch, keys)["value"][0]["KeyAttributes"], json!(["fab_name"]));
    sent(&scratch, Verb::Delete, &key_url, &json!({}));
    assert_eq!(read(&scratch, keys)["value"], json!([]));

    let choice = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "Name": "fab_color", "DisplayName": label("Color"),
        "IsGlobal": true, "OptionSetType": "Picklist",
        "Options": [{ "Value": null, "Label": label("Red") }, { "Value": 555550007, "Label": label("Blue") }],
    });
    sent(&scratch, Verb::Post, "GlobalOptionSetDefinitions", &choice);
    let own = read(&scratch, "GlobalOptionSetDefinitions(Name='fab_color')");
    let values: Vec<_> =
        own["Options"].as_array().expect("options").iter().map(|option| option["Value"].clone()).collect();
    assert_eq!(values, [json!(555550008), json!(555550007)]);
    let shared = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.PicklistAttributeMetadata", "SchemaName": "fab_Color", "DisplayName": label("Color"),
        "GlobalOptionSet@odata.bind": format!("/GlobalOptionSetDefinitions({})", own["MetadataId"].as_str().expect("an id")),
    });
    sent(&scratch, Verb::Post, "EntityDefinitions(LogicalName='fab_device')/Attributes", &shared);
    let expanded = read(
        &scratch,
        "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_color')/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$expand=GlobalOptionSet($select=Name)",
    );
    assert_eq!(expanded["GlobalOptionSet"]["Name"], "fab_color");
    // What a column uses cannot be deleted.
    let refused = send(&scratch, Verb::Delete, "GlobalOptionSetDefinitions(Name='fab_color')", &json!({}));
    assert_eq!(body_of(&refused)["error"]["code"].as_str().map(str::to_lowercase).as_deref(), Some("0x8004f01f"));

    sent(&scratch, Verb::Delete, &url, &json!({}));
    assert_eq!(
        scratch.get("EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_accountid')").status,
        404
    );
    sent(&scratch, Verb::Delete, "EntityDefinitions(LogicalName='fab_device')", &json!({}));
    assert_eq!(scratch.get("EntityDefinitions(LogicalName='fab_device')").status, 404);
}

#[test]
fn w7_l54_an_authored_table_goes_managed_to_another_environment() {
    let scratch = with_device();
    let many = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata", "SchemaName": "fab_device_device",
        "ReferencedEntity": "fab_device", "ReferencingEntity": "fab_device",
        "Lookup": { "SchemaName": "fab_ParentId", "DisplayName": label("Parent") },
    });
    sent(&scratch, Verb::Post, "RelationshipDefinitions", &many);
    let workspace = scratch.service.workspace(None).expect("a store");
    environments::create(&workspace, "target", &SettingsChange::default()).expect("another environment");
    let package = exported(&workspace, &workspace.environment().expect("the environment"));
    let target = workspace.environment_named("target").expect("the other");
    let request = Request::Import {
        package: PackageSource::Bytes { name: "sent".to_owned(), bytes: std::sync::Arc::new(package) },
        options: ImportOptions::pac(),
    };
    carry_out(&workspace, &target, &request, &silent).expect("an import");
    drop(workspace);
    let answer = scratch.service.answer(&strata_server::service::Request {
        verb: Verb::Get,
        root: "http://localhost/target/api/data/v9.2/".to_owned(),
        environment: Some("target".to_owned()),
        path: "EntityDefinitions(LogicalName='fab_device')".to_owned(),
        query: "$select=EntitySetName,IsManaged,PrimaryNameAttribute&$expand=ManyToOneRelationships($select=SchemaName;$filter=ReferencingAttribute eq 'fab_parentid'),Attributes($select=LogicalName;$filter=LogicalName eq 'fab_kind')".to_owned(),
        headers: Vec::new(),
        body: Vec::new().into(),
        caller: Caller::anyone(),
    });
    let table = body_of(&answer);
    assert_eq!(answer.status, 200, "{table}");
    assert_eq!(
        (table["EntitySetName"].as_str(), table["IsManaged"].as_bool(), table["PrimaryNameAttribute"].as_str()),
        (Some("fab_devices"), Some(true), Some("fab_name"))
    );
    assert_eq!(table["ManyToOneRelationships"][0]["SchemaName"], "fab_device_device");
    assert_eq!(table["Attributes"][0]["@odata.type"], "#Microsoft.Dynamics.CRM.PicklistAttributeMetadata");
}

/// Exports the solution managed.
pub(crate) fn exported(workspace: &Workspace, environment: &Environment) -> Vec<u8> {
    let options = ExportOptions { solution: "Fabrikam".to_owned(), managed: true, version: None, only: None };
    strata_ops::export::export_bytes(workspace, environment, &options, &silent).expect("an export").1
}

#[test]
fn w7_an_option_is_renamed() {
    let scratch = with_device();
    let body = json!({
        "EntityLogicalName": "fab_device", "AttributeLogicalName": "fab_kind",
        "Value": 1, "Label": label("Notebook"), "MergeLabels": true,
    });
    sent(&scratch, Verb::Post, "UpdateOptionValue", &body);
    publish(&scratch);
    let column = "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_kind')/OptionSet";
    let options = read(&scratch, column)["Options"].clone();
    assert_eq!(options[0]["Label"]["UserLocalizedLabel"]["Label"], "Notebook", "{options}");
    assert_eq!(options[1]["Label"]["UserLocalizedLabel"]["Label"], "Phone", "{options}");
}

pub(crate) const KIND: &str = "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='fab_kind')";

/// The options of a choice, as `value label`.
pub(crate) fn options_of(choice: &Value) -> Vec<String> {
    let options = choice["Options"].as_array().expect("options");
    let shown = |option: &Value| {
        let label = option["Label"]["UserLocalizedLabel"]["Label"].as_str().unwrap_or_default().to_owned();
        format!("{} {label}", option["Value"])
    };
    options.iter().map(shown).collect()
}

#[test]
fn w7_a_column_takes_further_options_with_put() {
    let scratch = with_device();
    let cast = format!("{KIND}/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$expand=OptionSet");
    let mut more = read(&scratch, &cast);
    let options = more["OptionSet"]["Options"].as_array_mut().expect("options");
    options.push(json!({ "Value": 0, "Label": label("Camera") }));
    options.push(json!({ "Value": null, "Label": label("Drone") }));
    more["@odata.type"] = "Microsoft.Dynamics.CRM.PicklistAttributeMetadata".into();
    sent(&scratch, Verb::Put, KIND, &more);
    publish(&scratch);
    let shown = options_of(&read(&scratch, &format!("{KIND}/OptionSet")));
    assert_eq!(shown, ["1 Laptop", "2 Phone", "0 Camera", "555550000 Drone"], "new ones stand behind");
}

#[test]
fn w7_options_of_a_column_are_inserted_and_deleted() {
    let scratch = with_device();
    let of = |more: Value| {
        let mut body = json!({ "EntityLogicalName": "fab_device", "AttributeLogicalName": "fab_kind" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let insert =
        |more: Value| body_of(&sent(&scratch, Verb::Post, "InsertOptionValue", &of(more)))["NewOptionValue"].clone();
    assert_eq!(insert(json!({ "Value": 3, "Label": label("Camera") })), 3);
    assert_eq!(insert(json!({ "Label": label("Drone") })), 555_550_000);
    assert_eq!(insert(json!({ "Label": label("Radio"), "SolutionUniqueName": "Fabrikam" })), 555_550_001);
    let twice = send(&scratch, Verb::Post, "InsertOptionValue", &of(json!({ "Value": 3, "Label": label("Again") })));
    assert_eq!(twice.status, 400);
    sent(&scratch, Verb::Post, "UpdateOptionValue", &of(json!({ "Value": 3, "Label": label("Video") })));
    sent(&scratch, Verb::Post, "DeleteOptionValue", &of(json!({ "Value": 1 })));
    assert_eq!(send(&scratch, Verb::Post, "DeleteOptionValue", &of(json!({ "Value": 1 }))).status, 404);
    publish(&scratch);
    let shown = options_of(&read(&scratch, &format!("{KIND}/OptionSet")));
    assert_eq!(shown, ["2 Phone", "3 Video", "555550000 Drone", "555550001 Radio"]);
    let wrong = json!({ "EntityLogicalName": "fab_device", "AttributeLogicalName": "fab_lent", "Value": 7 });
    assert_eq!(send(&scratch, Verb::Post, "InsertOptionValue", &wrong).status, 400, "yes and no are all there is");
    let wrong = json!({ "EntityLogicalName": "fab_device", "AttributeLogicalName": "fab_name", "Value": 7 });
    assert_eq!(send(&scratch, Verb::Post, "InsertOptionValue", &wrong).status, 400, "a text has no options");
}

#[test]
fn w7_a_status_reason_is_inserted_and_deleted() {
    let scratch = with_device();
    let of = |more: Value| {
        let mut body = json!({ "EntityLogicalName": "fab_device", "AttributeLogicalName": "statuscode" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let made = sent(&scratch, Verb::Post, "InsertStatusValue", &of(json!({ "StateCode": 0, "Label": label("Lent") })));
    assert_eq!(body_of(&made)["NewOptionValue"], 555_550_000);
    publish(&scratch);
    let url = "EntityDefinitions(LogicalName='fab_device')/Attributes(LogicalName='statuscode')/OptionSet";
    let choice = read(&scratch, url);
    assert_eq!(options_of(&choice).last().map(String::as_str), Some("555550000 Lent"), "{choice}");
    assert_eq!(choice["Options"].as_array().and_then(|all| all.last()).map(|last| &last["State"]), Some(&json!(0)));
    let wrong = of(json!({ "StateCode": 9, "Label": label("Lost") }));
    assert_eq!(send(&scratch, Verb::Post, "InsertStatusValue", &wrong).status, 400);
    sent(&scratch, Verb::Post, "DeleteOptionValue", &of(json!({ "Value": 555_550_000 })));
    publish(&scratch);
    assert!(!options_of(&read(&scratch, url)).contains(&"555550000 Lent".to_owned()));
}

#[test]
fn w7_options_of_a_shared_choice_are_inserted_and_deleted() {
    let scratch = with_solution();
    let choice = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "Name": "fab_color", "DisplayName": label("Color"),
        "OptionSetType": "Picklist", "IsGlobal": true, "Options": [{ "Value": 1, "Label": label("Red") }],
    });
    sent(&scratch, Verb::Post, "GlobalOptionSetDefinitions", &choice);
    let url = "GlobalOptionSetDefinitions(Name='fab_color')";
    let mut more = choice;
    more["Options"].as_array_mut().expect("options").push(json!({ "Value": 2, "Label": label("Green") }));
    sent(&scratch, Verb::Put, url, &more);
    let body = json!({ "OptionSetName": "fab_color", "Value": 3, "Label": label("Blue"), "Color": "#0000ff" });
    sent(&scratch, Verb::Post, "InsertOptionValue", &body);
    sent(&scratch, Verb::Post, "DeleteOptionValue", &json!({ "OptionSetName": "fab_color", "Value": 1 }));
    publish(&scratch);
    let shown = read(&scratch, url);
    assert_eq!(options_of(&shown), ["2 Green", "3 Blue"]);
    assert_eq!(shown["Options"][1]["Color"], "#0000ff");
}

#[test]
fn w7_metadata_changes_are_retrieved_by_a_query() {
    let scratch = with_device();
    let query = json!({
        "Properties": { "PropertyNames": ["LogicalName", "Attributes"] },
        "Criteria": { "Conditions": [{
            "PropertyName": "LogicalName", "ConditionOperator": "Equals",
            "Value": { "Type": "System.String", "Value": "fab_device" },
        }] },
        "AttributeQuery": {
            "Properties": { "PropertyNames": ["LogicalName", "MaxLength"] },
            "Criteria": { "Conditions": [{
                "PropertyName": "LogicalName", "ConditionOperator": "Equals",
                "Value": { "Type": "System.String", "Value": "fab_name" },
            }] },
        },
    });
    let found = read(&scratch, &format!("RetrieveMetadataChanges(Query=@p1)?@p1={query}"));
    let tables = found["EntityMetadata"].as_array().expect("tables");
    assert_eq!(tables.len(), 1);
    assert_eq!(
        tables[0]["Attributes"],
        json!([{
            "@odata.type": "#Microsoft.Dynamics.CRM.StringAttributeMetadata",
            "LogicalName": "fab_name", "MaxLength": 200, "MetadataId": tables[0]["Attributes"][0]["MetadataId"],
        }])
    );
    let wrong = scratch.get("RetrieveMetadataChanges(Query=@p1)?@p1={");
    assert_eq!(wrong.status, 400);
}
