//! Columns of every type: made, read back, exported and imported (web-api §7).

use serde_json::{Value, json};
use strata_server::ask::Verb;

use crate::authoring::{exported, header, label, publish, read, send, sent, with_device};
use crate::labels::import;
use crate::service::Scratch;

const COLUMNS: &str = "EntityDefinitions(LogicalName='fab_device')/Attributes";

/// A type, and what is said of a column of it; it is read back as it was said.
fn types() -> Vec<(&'static str, &'static str, Value)> {
    let mut all = vec![
        ("String", "fab_Auto", json!({ "MaxLength": 50, "AutoNumberFormat": "D-{SEQNUM:5}" })),
        ("Memo", "fab_Long", json!({ "MaxLength": 5000, "FormatName": { "Value": "RichText" } })),
        ("Integer", "fab_Whole", json!({ "Format": "None", "MinValue": -5, "MaxValue": 5 })),
        ("Integer", "fab_Took", json!({ "Format": "Duration", "MinValue": 0, "MaxValue": 1000 })),
        ("Integer", "fab_Zone", json!({ "Format": "TimeZone" })),
        ("Integer", "fab_Tongue", json!({ "Format": "Language" })),
        ("BigInt", "fab_Big", json!({})),
        ("Decimal", "fab_Exact", json!({ "MinValue": -1.5, "MaxValue": 1.5, "Precision": 4 })),
        ("Double", "fab_Rough", json!({ "MinValue": 0.0, "MaxValue": 9.75, "Precision": 3 })),
        ("Money", "fab_Price2", json!({ "MinValue": 0.0, "MaxValue": 1000.0, "Precision": 3, "PrecisionSource": 1 })),
        ("Boolean", "fab_Broken", json!({ "DefaultValue": true })),
        ("DateTime", "fab_Day", json!({ "Format": "DateOnly", "DateTimeBehavior": { "Value": "DateOnly" } })),
        (
            "DateTime",
            "fab_Hour",
            json!({ "Format": "DateAndTime", "DateTimeBehavior": { "Value": "TimeZoneIndependent" } }),
        ),
        ("DateTime", "fab_Seen", json!({ "Format": "DateAndTime", "DateTimeBehavior": { "Value": "UserLocal" } })),
        ("Picklist", "fab_One", json!({ "DefaultFormValue": 2 })),
        ("MultiSelectPicklist", "fab_Many", json!({ "DefaultFormValue": -1 })),
        ("Image", "fab_Photo", json!({ "MaxSizeInKB": 2048, "IsPrimaryImage": true })),
        ("File", "fab_Paper", json!({ "MaxSizeInKB": 4096 })),
    ];
    let formats = [
        "Text",
        "TextArea",
        "Email",
        "Url",
        "TickerSymbol",
        "PhoneticGuide",
        "VersionNumber",
        "Phone",
        "Json",
        "RichText",
    ];
    let texts = ["fab_F0", "fab_F1", "fab_F2", "fab_F3", "fab_F4", "fab_F5", "fab_F6", "fab_F7", "fab_F8", "fab_F9"];
    for (format, name) in formats.into_iter().zip(texts) {
        all.push(("String", name, json!({ "MaxLength": 200, "FormatName": { "Value": format } })));
    }
    all
}

fn body(kind: &str, name: &str, said: &Value) -> Value {
    let mut body = json!({
        "@odata.type": format!("Microsoft.Dynamics.CRM.{kind}AttributeMetadata"), "SchemaName": name,
        "DisplayName": label(name), "Description": label("What it is"), "RequiredLevel": { "Value": "Recommended" },
    });
    body.as_object_mut().expect("an object").extend(said.as_object().expect("an object").clone());
    let option = |value: u8, text: &str| json!({ "Value": value, "Label": label(text) });
    match kind {
        "Picklist" | "MultiSelectPicklist" => {
            body["OptionSet"] = json!({ "IsGlobal": false, "Options": [option(1, "First"), option(2, "Second")] });
        }
        "Boolean" => {
            body["OptionSet"] = json!({ "TrueOption": option(1, "Broken"), "FalseOption": option(0, "Whole") });
        }
        _ => {}
    }
    body
}

/// A column with its choice, without what each environment says for itself.
fn shown(scratch: &Scratch, kind: &str, name: &str) -> Value {
    let cast =
        format!("{COLUMNS}(LogicalName='{}')/Microsoft.Dynamics.CRM.{kind}AttributeMetadata", name.to_lowercase());
    let has_choice = matches!(kind, "Picklist" | "MultiSelectPicklist" | "Boolean");
    let mut made = read(scratch, &format!("{cast}{}", if has_choice { "?$expand=OptionSet" } else { "" }));
    fn plain(value: &mut Value) {
        if let Value::Object(object) = value {
            for name in ["MetadataId", "IsManaged", "@odata.context", "CanBeChanged", "ColumnNumber"] {
                object.remove(name);
            }
            object.values_mut().for_each(plain);
        } else if let Value::Array(items) = value {
            items.iter_mut().for_each(plain);
        }
    }
    plain(&mut made);
    made
}

#[test]
fn w7_columns_of_every_type_are_made_read_and_brought_elsewhere() {
    let scratch = with_device();
    for (kind, name, said) in types() {
        sent(&scratch, Verb::Post, COLUMNS, &body(kind, name, &said));
        let made = shown(&scratch, kind, name);
        for (property, value) in said.as_object().expect("an object") {
            assert_eq!(made[property], *value, "{kind} {name}: {property}");
        }
        assert_eq!((&made["SchemaName"], &made["RequiredLevel"]["Value"]), (&json!(name), &json!("Recommended")));
        assert_eq!(made["Description"]["UserLocalizedLabel"]["Label"], "What it is");
    }
    let workspace = scratch.service.workspace(None).expect("a store");
    let package = exported(&workspace, &workspace.environment().expect("the environment"));
    drop(workspace);
    let other = Scratch::new();
    import(&other, &package);
    for (kind, name, _) in types() {
        assert_eq!(shown(&other, kind, name), shown(&scratch, kind, name), "{kind} {name}");
    }
    let image = read(&other, "EntityDefinitions(LogicalName='fab_device')?$select=PrimaryImageAttribute");
    assert_eq!(image["PrimaryImageAttribute"], "fab_photo");
}

#[test]
fn w7_an_amount_comes_with_a_currency_its_rate_and_itself_in_base_currency() {
    let scratch = with_device();
    for name in ["fab_Price2", "fab_Price3"] {
        sent(&scratch, Verb::Post, COLUMNS, &body("Money", name, &json!({ "Precision": 3 })));
    }
    let base = shown(&scratch, "Money", "fab_price2_base");
    assert_eq!((&base["CalculationOf"], &base["IsBaseCurrency"]), (&json!("fab_price2"), &json!(true)));
    assert_eq!((&base["IsValidForCreate"], &base["IsValidForUpdate"]), (&json!(false), &json!(false)));
    assert_eq!(base["DisplayName"]["UserLocalizedLabel"]["Label"], "fab_Price2 (Base)");
    assert_eq!(shown(&scratch, "Lookup", "transactioncurrencyid")["Targets"], json!(["transactioncurrency"]));
    assert_eq!(shown(&scratch, "Decimal", "exchangerate")["IsValidForUpdate"], false);
    let link = read(&scratch, "RelationshipDefinitions(SchemaName='TransactionCurrency_fab_device')");
    assert_eq!(
        (&link["ReferencedEntity"], &link["CascadeConfiguration"]["Delete"]),
        (&json!("transactioncurrency"), &json!("Restrict"))
    );
    let base = format!("{COLUMNS}(LogicalName='fab_price2_base')");
    assert_eq!(send(&scratch, Verb::Delete, &base, &Value::Null).status, 400, "it goes with the amount");
    sent(&scratch, Verb::Delete, &format!("{COLUMNS}(LogicalName='fab_price2')"), &Value::Null);
    assert_eq!(scratch.get(&base).status, 404);
    assert_eq!(scratch.get(&format!("{COLUMNS}(LogicalName='fab_price3_base')")).status, 200);
}

#[test]
fn w7_a_column_is_put_back_as_it_was_read() {
    let scratch = with_device();
    for (kind, name, said) in types() {
        let made = sent(&scratch, Verb::Post, COLUMNS, &body(kind, name, &said));
        let url = header(&made, "OData-EntityId").trim_start_matches("http://localhost/api/data/v9.2/").to_owned();
        let before = read(&scratch, &url);
        sent(&scratch, Verb::Put, &url, &before);
        publish(&scratch);
        assert_eq!(read(&scratch, &url), before, "{kind} {name}");
    }
}

#[test]
fn w7_columns_that_are_computed_are_left_out() {
    let scratch = with_device();
    let computed = body("String", "fab_Sum", &json!({ "SourceType": 1, "FormulaDefinition": "<Activity/>" }));
    assert_eq!(send(&scratch, Verb::Post, COLUMNS, &computed).status, 501);
    let large = body("Image", "fab_Photo", &json!({ "MaxSizeInKB": 99_999 }));
    assert_eq!(send(&scratch, Verb::Post, COLUMNS, &large).status, 400);
}
