//! The official rules for custom connectors.

use crate::kit::{Sample, finds, names, sample};

const DEFINITION: &str = r#"{"swagger": "2.0", "info": {"title": "Bills", "version": "1.0"},
"paths": {"/bills": {"get": {"operationId": "List", "responses": {"200": {"description": "ok"}}}}}}"#;

fn connector(colour: &str, definition: &str, parameters: &str) -> Sample {
    let xml = format!(
        "<Connectors><Connector><connectorid>99999999-0000-4000-8000-000000000001</connectorid><displayname>Bills</displayname>\
         <iconbrandcolor>{colour}</iconbrandcolor><name>contoso_bills</name><openapidefinition>/Connector/d.json</openapidefinition>\
         <connectionparameters>/Connector/p.json</connectionparameters></Connector></Connectors>"
    );
    sample().section(&xml).file("Connector/d.json", definition).file("Connector/p.json", parameters)
}

/// A connector in which everything is right.
fn good() -> Sample {
    connector("#123abc", DEFINITION, "{\"key\": {\"type\": \"securestring\"}}")
}

#[test]
fn connector_validate_rules_find_nothing_where_all_is_right() {
    assert_eq!(good().says("connector-*"), Vec::<String>::new());
    assert_eq!(connector("#123abc", DEFINITION, "").says("connector-*"), Vec::<String>::new(), "no parameters");
    assert_eq!(connector("#123abc", DEFINITION, "{}").says("connector-*"), Vec::<String>::new());
}

#[test]
fn connector_validate_swagger_isproperjson() {
    let broken = connector("#123abc", "{\"swagger\": \"2.0\",\n \"info\": }", "{}");
    let found = broken.finds("connector-validate-swagger-isproperjson");
    assert_eq!(names(&found), ["connector:contoso_bills"]);
    assert_eq!(
        (found[0].part.as_deref(), found[0].line, found[0].column),
        (Some("Connector/d.json"), Some(2), Some(10))
    );
    assert!(broken.finds("connector-validate-swagger").is_empty(), "one fault, one rule");
    assert!(good().finds("connector-validate-swagger-isproperjson").is_empty());
}

#[test]
fn connector_validate_connectionparam_isproperjson() {
    let rule = "connector-validate-connectionparam-isproperjson";
    assert_eq!(connector("#123abc", DEFINITION, "{'key': 1}").finds(rule).len(), 1);
    assert!(good().finds(rule).is_empty());
}

#[test]
fn connector_validate_swagger_follows_openapi_2() {
    let rule = "connector-validate-swagger";
    let found = connector("#123abc", &DEFINITION.replace("\"responses\"", "\"answers\""), "{}").finds(rule);
    assert_eq!((found.len(), found[0].line, found[0].path.as_str()), (1, Some(2), "/paths/~1bills/get"));
    assert!(good().finds(rule).is_empty());
}

#[test]
fn connector_validate_connectionparameters_say_their_type() {
    let rule = "connector-validate-connectionparameters";
    let found = connector("#123abc", DEFINITION, "{\"key\": {\"ui\": 1}, \"ok\": {\"type\": \"string\"}}").finds(rule);
    assert_eq!(found.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), ["/key"]);
    assert_eq!(connector("#123abc", DEFINITION, "[]").finds(rule).len(), 1);
    assert!(good().finds(rule).is_empty());
}

#[test]
fn connector_validate_brandcolor_and_connector_validate_hexadecimalbrandcolor() {
    let found = |colour: &str| {
        let package = connector(colour, DEFINITION, "{}");
        let count = |rule: &str| package.finds(rule).len();
        (count("connector-validate-brandcolor"), count("connector-validate-hexadecimalbrandcolor"))
    };
    assert_eq!(found("#123abc"), (0, 0));
    assert_eq!(found("#FFFFFF"), (1, 0));
    assert_eq!(found("#007ee5"), (1, 0));
    assert_eq!(found("blue"), (1, 1));
    assert_eq!(found("#12345g"), (1, 1));
}

/// How many findings three rules have for an icon of these bytes.
fn icon(bytes: &[u8]) -> [usize; 3] {
    let xml = "<Connectors><Connector><name>contoso_bills</name><iconblob>/Connector/i.Png</iconblob></Connector></Connectors>";
    let mut package = sample().section(xml).file("Connector/i.Png", "x").package();
    let part = package.parts.iter_mut().find(|part| part.path == "Connector/i.Png").expect("the icon");
    part.bytes = bytes.to_vec();
    ["connector-validate-pngiconimage", "connector-validate-iconsize", "connector-validate-iconimage"]
        .map(|rule| finds(&package, rule, None).len())
}

/// The beginning of a PNG of that size, and as many bytes in all.
fn png(width: u32, height: u32, length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.resize(length.max(bytes.len()), 0);
    bytes
}

#[test]
fn connector_validate_pngiconimage_and_connector_validate_iconimage() {
    assert_eq!(icon(b"GIF89a"), [1, 0, 1]);
    assert_eq!(icon(b"\x89PNG\r\n\x1a\n\0\0"), [1, 0, 1], "cut off");
    assert_eq!(icon(&png(132, 132, 0)), [0, 0, 0]);
    assert_eq!(icon(&png(132, 132, 1 << 20)), [0, 0, 1], "1 MB");
}

#[test]
fn connector_validate_iconsize_of_100_to_230_pixels() {
    for (size, expect) in [((100, 100), 0), ((230, 230), 0), ((99, 99), 1), ((231, 231), 1), ((120, 121), 1)] {
        assert_eq!(icon(&png(size.0, size.1, 0)), [0, expect, expect], "{size:?}");
    }
}
