//! Labels in several languages: what a change of one leaves of the others (web-api §2).

use serde_json::{Value, json};
use strata_model::options::ImportOptions;
use strata_ops::{PackageSource, Request, carry_out, silent};
use strata_server::ask::Verb;

use crate::authoring::{KIND, exported, label, publish, read, sent, with_device};
use crate::service::Scratch;

/// Imports a package into the environment of a service.
pub(crate) fn import(scratch: &Scratch, package: &[u8]) {
    let workspace = scratch.service.workspace(None).expect("a store");
    let environment = workspace.environment().expect("the environment");
    let request = Request::Import {
        package: PackageSource::Bytes { name: "sent".to_owned(), bytes: std::sync::Arc::new(package.to_vec()) },
        options: ImportOptions::pac(),
    };
    carry_out(&workspace, &environment, &request, &silent).expect("an import");
}

/// A label in several languages.
fn labels(texts: &[(u32, &str)]) -> Value {
    let texts: Vec<_> =
        texts.iter().map(|(language, text)| json!({ "Label": text, "LanguageCode": language })).collect();
    json!({ "LocalizedLabels": texts })
}

/// The texts of a label, by language.
fn texts_of(label: &Value) -> Vec<String> {
    let texts = label["LocalizedLabels"].as_array().expect("labels");
    texts.iter().map(|own| format!("{} {}", own["LanguageCode"], own["Label"].as_str().unwrap_or_default())).collect()
}

#[test]
fn w2_labels_are_replaced_unless_they_are_merged() {
    let scratch = with_device();
    scratch.done("strata.ChangeSettings", &json!({ "Languages": [1033, 1031] }));
    let put = |url: &str, headers: &[(&str, &str)], body: &Value| {
        let answer = scratch.send(Verb::Put, url, headers, &body.to_string());
        assert_eq!(answer.status, 204, "{url}: {}", String::from_utf8_lossy(&answer.body));
        publish(&scratch);
    };
    let merged = [("MSCRM.MergeLabels", "true")];
    let table = "EntityDefinitions(LogicalName='fab_device')";
    let column = format!("{table}/Attributes(LogicalName='fab_count')");
    for (url, property) in [(table, "DisplayCollectionName"), (column.as_str(), "DisplayName")] {
        let of = |texts: &[(u32, &str)]| json!({ property: labels(texts), "MetadataId": null });
        let shown = || texts_of(&read(&scratch, url)[property]);
        put(url, &merged, &of(&[(1031, "Geräte")]));
        assert_eq!(shown().len(), 2, "{:?}", shown());
        put(url, &merged, &of(&[(1033, "Things")]));
        assert_eq!(shown(), ["1031 Geräte", "1033 Things"]);
        put(url, &[("MSCRM.MergeLabels", "false")], &of(&[(1033, "Things")]));
        assert_eq!(shown(), ["1033 Things"]);
        put(url, &[], &of(&[(1031, "Dinge")]));
        assert_eq!(shown(), ["1031 Dinge"]);
        put(url, &[], &json!({ "MetadataId": null }));
        assert_eq!(shown(), ["1031 Dinge"], "what is not said stays");
    }
    let of = |texts: &[(u32, &str)], merge: bool| {
        json!({ "EntityLogicalName": "fab_device", "AttributeLogicalName": "fab_kind", "Value": 1,
            "Label": labels(texts), "MergeLabels": merge })
    };
    let option = || texts_of(&read(&scratch, &format!("{KIND}/OptionSet"))["Options"][0]["Label"]);
    for (texts, merge, expected) in [
        (&[(1031, "Rechner")], true, &["1031 Rechner", "1033 Laptop"][..]),
        (&[(1033, "Notebook")], false, &["1033 Notebook"]),
    ] {
        sent(&scratch, Verb::Post, "UpdateOptionValue", &of(texts, merge));
        publish(&scratch);
        assert_eq!(option(), expected);
    }
}

#[test]
fn w2_a_label_of_a_managed_layer_shows_through() {
    let scratch = with_device();
    scratch.done("strata.ChangeSettings", &json!({ "Languages": [1033, 1031] }));
    let table = "EntityDefinitions(LogicalName='fab_device')";
    let body = json!({ "DisplayName": labels(&[(1033, "Device"), (1031, "Gerät")]) });
    sent(&scratch, Verb::Put, table, &body);
    publish(&scratch);
    let workspace = scratch.service.workspace(None).expect("a store");
    let package = exported(&workspace, &workspace.environment().expect("the environment"));
    drop(workspace);
    let other = Scratch::new();
    other.done("strata.ChangeSettings", &json!({ "Languages": [1033, 1031] }));
    import(&other, &package);
    assert_eq!(texts_of(&read(&other, table)["DisplayName"]), ["1031 Gerät", "1033 Device"]);
    let body = json!({ "DisplayName": labels(&[(1033, "Thing")]) });
    let answer = other.send(Verb::Put, table, &[], &body.to_string());
    assert_eq!(answer.status, 204, "{}", String::from_utf8_lossy(&answer.body));
    publish(&other);
    assert_eq!(texts_of(&read(&other, table)["DisplayName"]), ["1031 Gerät", "1033 Thing"]);
    other.done(
        "RemoveActiveCustomizations",
        &json!({
            "SolutionComponentName": "Entity", "ComponentId": read(&other, table)["MetadataId"],
        }),
    );
    assert_eq!(texts_of(&read(&other, table)["DisplayName"]), ["1031 Gerät", "1033 Device"]);
}

#[test]
fn w7_menus_of_relationships_are_changed_with_put() {
    let scratch = with_device();
    let many = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata", "SchemaName": "fab_device_users",
        "Entity1LogicalName": "fab_device", "Entity2LogicalName": "systemuser",
    });
    sent(&scratch, Verb::Post, "RelationshipDefinitions", &many);
    let url = "RelationshipDefinitions(SchemaName='fab_device_users')";
    let mut whole = read(&scratch, url);
    whole["Entity2AssociatedMenuConfiguration"]["Behavior"] = "UseLabel".into();
    whole["Entity2AssociatedMenuConfiguration"]["Label"] = label("Devices of mine");
    sent(&scratch, Verb::Put, url, &whole);
    publish(&scratch);
    let shown = read(&scratch, url);
    assert_eq!(shown["Entity1AssociatedMenuConfiguration"]["Behavior"], "UseCollectionName", "{shown}");
    assert_eq!(shown["Entity2AssociatedMenuConfiguration"]["Behavior"], "UseLabel");
    assert_eq!(texts_of(&shown["Entity2AssociatedMenuConfiguration"]["Label"]), ["1033 Devices of mine"]);
}
