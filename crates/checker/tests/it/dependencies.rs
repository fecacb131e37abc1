//! STR101–STR109.

use strata_checker::{Checked, Options, check};

use crate::kit::{names, only, sample};

const FLOW: &str = "11111111-0000-4000-8000-000000000001";
const OTHER: &str = "11111111-0000-4000-8000-000000000002";
const DEPENDENT: &str = "type=\"29\" id=\"{11111111-0000-4000-8000-000000000001}\"";

#[test]
fn str101_what_was_unmanaged_in_the_source() {
    let active = "type=\"1\" schemaName=\"contoso_rate\" displayName=\"Rate\" solution=\"Active\"";
    let found = sample().missing(active, DEPENDENT).missing(active, "type=\"62\" schemaName=\"x\"").finds("STR101");
    assert_eq!(names(&found), ["entity:contoso_rate"], "once for each component");
    assert_eq!((found[0].part.as_deref(), found[0].line), (Some("solution.xml"), Some(3)));
    let managed = "type=\"1\" schemaName=\"contoso_rate\" solution=\"ContosoBase (1.0)\"";
    assert!(sample().missing(managed, DEPENDENT).finds("STR101").is_empty());
    let column = |table: &str, column: &str| {
        format!("type=\"2\" schemaName=\"{column}\" parentSchemaName=\"{table}\" solution=\"Active\"")
    };
    assert!(
        sample().missing(&column("contoso_rate", "ownerid"), DEPENDENT).finds("STR101").is_empty(),
        "every table's"
    );
    let brought = "<attributes><attribute PhysicalName=\"contoso_a\"><LogicalName>contoso_a</LogicalName></attribute></attributes>";
    let own = sample().table("contoso_order", brought).missing(&column("contoso_order", "contoso_a"), DEPENDENT);
    assert!(own.finds("STR101").is_empty(), "the package brings it");
    assert_eq!(own.blames("STR104"), ["attribute:contoso_order.contoso_a"]);
}

#[test]
fn str101_columns_are_named_and_placed_with_their_table() {
    let column =
        |table: &str| format!("type=\"2\" schemaName=\"contoso_a\" parentSchemaName=\"{table}\" solution=\"Active\"");
    let package = sample().missing(&column("contoso_one"), DEPENDENT).missing(&column("contoso_two"), DEPENDENT);
    for rule in ["STR101", "meta-include-missingunmanageddependencies"] {
        let found = package.finds(rule);
        assert_eq!(names(&found), ["attribute:contoso_one.contoso_a", "attribute:contoso_two.contoso_a"], "{rule}");
        assert!(found[0].column < found[1].column, "{rule}: each at its own place");
        assert_ne!(found[0].fingerprint, found[1].fingerprint, "{rule}");
    }
}

#[test]
fn str102_solutions_to_install_first() {
    let of = |name: &str| format!("type=\"1\" schemaName=\"{name}\" solution=\"ContosoBase (1.2.0.0)\"");
    let package = sample().missing(&of("contoso_a"), DEPENDENT).missing(&of("contoso_b"), DEPENDENT);
    assert_eq!(package.says("STR102"), ["needs solution ContosoBase 1.2.0.0, for 2 components"]);
    let system = "type=\"1\" schemaName=\"account\" solution=\"System (5.0)\"";
    assert!(sample().missing(system, DEPENDENT).finds("STR102").is_empty());
}

/// A form of `contoso_order` with this inside.
fn with_form(inside: &str) -> crate::kit::Sample {
    let form = format!(
        "<FormXml><forms type=\"main\"><systemform><formid>{{{OTHER}}}</formid><form>{inside}</form></systemform></forms></FormXml>"
    );
    let xml = format!(
        "<Entities><Entity><Name>contoso_order</Name><EntityInfo><entity Name=\"contoso_order\"><EntitySetName>contoso_orders\
         </EntitySetName><attributes><attribute PhysicalName=\"contoso_total\"><LogicalName>contoso_total</LogicalName>\
         </attribute></attributes></entity></EntityInfo>{form}</Entity></Entities>"
    );
    sample().root("1", "contoso_order", 0).section(&xml)
}

#[test]
fn str103_what_is_needed_and_nobody_brings() {
    let grid = |table: &str| {
        with_form(&format!(
            "<control id=\"grid\" classid=\"{{E7A81278-8635-4D9E-8D4D-59480B391C5B}}\"><parameters><TargetEntityType>{table}\
             </TargetEntityType></parameters></control>"
        ))
    };
    let found = grid("fabrikam_rate").finds("STR103");
    assert_eq!((names(&found), found[0].path.as_str()), (vec![format!("systemform:{OTHER}")], "entity:fabrikam_rate"));
    assert!(grid("contact").finds("STR103").is_empty(), "the system's");
    assert!(grid("contoso_order").finds("STR103").is_empty(), "its own");
    assert!(grid("msdyn_workorder").finds("STR103").is_empty(), "comes with an application");
    let declared = "type=\"1\" schemaName=\"fabrikam_rate\" solution=\"Fabrikam (1.0)\"";
    assert!(grid("fabrikam_rate").missing(declared, DEPENDENT).finds("STR103").is_empty());
}

#[test]
fn str105_web_resources_that_nobody_has() {
    let form = |name: &str| with_form(&format!("<formLibraries><Library name=\"{name}\" /></formLibraries>"));
    let found = form("contoso_/order.js").finds("STR105");
    assert_eq!(
        (names(&found), found[0].path.as_str()),
        (vec![format!("systemform:{OTHER}")], "webresource:contoso_/order.js")
    );
    assert!(found[0].column > Some(100), "the place of the library");
    assert!(form("msdyn_/App.js").finds("STR105").is_empty());
    let declared = "type=\"61\" schemaName=\"contoso_/order.js\" solution=\"ContosoScripts (1.0)\"";
    assert!(form("contoso_/order.js").missing(declared, DEPENDENT).finds("STR105").is_empty());
    let resource = "<WebResources><WebResource><WebResourceId>{11111111-0000-4000-8000-000000000003}</WebResourceId>\
                    <Name>contoso_/order.js</Name></WebResource></WebResources>";
    assert!(form("contoso_/order.js").section(resource).finds("STR105").is_empty());
}

#[test]
fn str106_columns_that_the_table_does_not_have() {
    let form = |column: &str| with_form(&format!("<control id=\"{column}\" datafieldname=\"{column}\" />"));
    let found = form("contoso_gone").finds("STR106");
    assert_eq!(found[0].path, "attribute:contoso_order.contoso_gone");
    for column in ["contoso_total", "createdon", "statecode", "ownerid"] {
        assert!(form(column).finds("STR106").is_empty(), "{column}");
    }
    assert!(form("contoso_gone").finds("STR103").is_empty(), "said once");
}

#[test]
fn str104_declarations_that_are_stale() {
    let own = "type=\"1\" schemaName=\"contoso_order\" solution=\"Active\"";
    let table = sample().table("contoso_order", "").flow("Check", FLOW, "{}");
    assert_eq!(table.clone().missing(own, DEPENDENT).blames("STR104"), ["entity:contoso_order"]);
    let other = "type=\"1\" schemaName=\"contoso_rate\" solution=\"Active\"";
    assert!(table.clone().missing(other, DEPENDENT).finds("STR104").is_empty());
    assert!(table.finds("STR104").is_empty());
    let gone = format!("type=\"29\" id=\"{{{OTHER}}}\" displayName=\"Removed\"");
    let stale = table.clone().missing(other, &gone);
    assert_eq!(stale.blames("STR104"), ["entity:contoso_rate"], "what needed it has left the package");
    assert!(stale.missing(other, DEPENDENT).finds("STR104").is_empty(), "something else needs it");
    let unseen = "type=\"2\" schemaName=\"x\" parentSchemaName=\"contoso_order\"";
    assert!(table.missing(other, unseen).finds("STR104").is_empty(), "columns come along unseen");
}

#[test]
fn str107_calls_of_what_is_nowhere() {
    let call = |id: &str| {
        let json = format!(
            "{{\"actions\": {{\"Run\": {{\"inputs\": {{\"host\": {{\n\"workflowReferenceName\": \"{id}\"}}}}}}}}}}"
        );
        sample().flow("Parent", FLOW, &json)
    };
    let found = call(OTHER).finds("STR107");
    assert_eq!((names(&found), found[0].line), (vec![format!("workflow:{FLOW}")], Some(2)));
    assert_eq!(found[0].path, format!("workflow:{OTHER}"));
    assert!(call(FLOW).finds("STR107").is_empty(), "itself");
    let app = |hints: &str| {
        let references = format!("{{\"1\": {{\"id\": \"/apis/shared_logicflows\", \"parameterHints\": {{{hints}}}}}}}");
        let xml = format!(
            "<CanvasApps><CanvasApp><Name>contoso_app</Name><ConnectionReferences>{references}</ConnectionReferences></CanvasApp></CanvasApps>"
        );
        sample().flow("Called", FLOW, "{}").section(&xml).finds("STR107")
    };
    let runs_as = format!("\"workflowName\": {{\"value\": \"{OTHER}\"}}");
    assert_eq!(names(&app(&runs_as)), ["canvasapp:contoso_app"], "a flow outside of solutions");
    assert!(app(&format!("{runs_as}, \"workflowEntityId\": {{\"value\": \"{FLOW}\"}}")).is_empty());
    let declared = format!("type=\"29\" id=\"{{{OTHER}}}\" solution=\"ContosoBase (1.0)\"");
    assert!(call(OTHER).missing(&declared, DEPENDENT).finds("STR107").is_empty());
    let connector = |api: &str| {
        let json = format!("{{\"api\": {{\"apiId\": \"/providers/Microsoft.PowerApps/apis/{api}\"}}}}");
        sample().flow("Caller", FLOW, &json)
    };
    let custom = "shared_contoso-5frates-20api-5f21dec655d73f3a8c";
    assert_eq!(connector(custom).finds("STR107")[0].path, "connector:contoso_rates api");
    assert!(connector("shared_office365").finds("STR107").is_empty());
    let section = format!(
        "<Connectors><Connector><connectorid>{OTHER}</connectorid><name>contoso_rates-20api</name></Connector></Connectors>"
    );
    assert!(connector(custom).section(&section).finds("STR107").is_empty());
}

#[test]
fn str108_values_and_rows_of_nothing() {
    let value = "{\"environmentvariablevalues\": {\"environmentvariablevalue\": {\"value\": \"x\"}}}";
    let path = "environmentvariabledefinitions/contoso_Url/environmentvariablevalues.json";
    let alone = sample().file(path, value);
    assert_eq!(alone.blames("STR108"), ["environmentvariablevalue:contoso_Url"]);
    let definition = "environmentvariabledefinitions/contoso_Url/environmentvariabledefinition.xml";
    let both = alone.clone().file(definition, "<environmentvariabledefinition schemaname=\"contoso_Url\" />");
    assert!(both.finds("STR108").is_empty());
    let declared = "type=\"380\" schemaName=\"contoso_Url\" solution=\"ContosoBase (1.0)\"";
    assert!(alone.missing(declared, DEPENDENT).finds("STR108").is_empty());
    let part = "customapis/contoso_Do/customapirequestparameters/In/customapirequestparameter.xml";
    let orphan = sample().file(part, "<customapirequestparameter uniquename=\"In\" />");
    assert_eq!(orphan.finds("STR108").len(), 1);
    let whole = orphan.file("customapis/contoso_Do/customapi.xml", "<customapi uniquename=\"contoso_Do\" />");
    assert!(whole.finds("STR108").is_empty());
}

#[test]
fn str109_packages_that_need_each_other() {
    let needs = |name: &str, other: &str| {
        let required = format!("type=\"1\" schemaName=\"{other}_t\" solution=\"{other} (1.0)\"");
        sample().named(name).missing(&required, DEPENDENT).package()
    };
    let (one, two, third) = (needs("Aaa", "Bbb"), needs("Bbb", "Aaa"), needs("Ccc", "Aaa"));
    let options = Options { rules: Some(only("STR109")), ..Options::plain() };
    let of = |packages: &[&strata_model::package::Package]| {
        let checked: Vec<_> = packages
            .iter()
            .map(|package| Checked { package, name: Some(&package.manifest.unique_name), size: 1, against: None })
            .collect();
        check(&checked, &options).findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(&[&one, &two, &third]), ["Aaa and Bbb need each other"]);
    assert!(of(&[&one, &third]).is_empty());
    assert!(of(&[&one]).is_empty());
}
