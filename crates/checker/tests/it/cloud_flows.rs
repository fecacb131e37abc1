//! STR501–STR507 and the official rules for cloud flows.

use strata_checker::Severity;
use strata_package::{Limits, read};
use strata_testkit::corpus::Corpus;

use crate::kit::{Sample, finds, names, sample, severities};

const FLOW: &str = "11111111-0000-4000-8000-000000000001";
const CHILD: &str = "11111111-0000-4000-8000-000000000002";
const ROW: &str = "22222222-0000-4000-8000-000000000001";

/// A flow's file: its connections, triggers and actions.
fn definition(connections: &str, triggers: &str, actions: &str) -> String {
    format!(
        "{{\n\"properties\": {{\"connectionReferences\": {{{connections}}},\n\"definition\": {{\"triggers\": {{{triggers}}},\n\
         \"actions\": {{{actions}}}}}}}}}"
    )
}

fn with_connections(connections: &str) -> Sample {
    sample().flow("Sync", FLOW, &definition(connections, "", ""))
}

fn with_actions(actions: &str) -> Sample {
    sample().flow("Sync", FLOW, &definition("", "", actions))
}

fn reference(name: &str, inside: &str) -> String {
    format!(
        "<connectionreferences><connectionreference connectionreferencelogicalname=\"{name}\">{inside}\
         </connectionreference></connectionreferences>"
    )
}

const CONNECTOR: &str = "<connectorid>/providers/Microsoft.PowerApps/apis/shared_office365</connectorid>";

#[test]
fn str501_a_connection_reference_without_a_connector() {
    let without = sample().section(&reference("contoso_mail", "<statecode>0</statecode>"));
    assert_eq!(without.blames("STR501"), ["connectionreference:contoso_mail"]);
    assert!(sample().section(&reference("contoso_mail", CONNECTOR)).finds("STR501").is_empty());
    let custom = "<connectorid /><customconnectorid><connectorid>x</connectorid></customconnectorid>";
    assert!(sample().section(&reference("contoso_mail", custom)).finds("STR501").is_empty());
}

/// Entries of `connectionReferences`.
const OWN: &str = r#""mail": {"runtimeSource": "embedded", "connection": {"name": "shared-office365-1"}, "api": {"name": "shared_office365"}}"#;
const BY_REFERENCE: &str =
    r#""mail": {"runtimeSource": "embedded", "connection": {"connectionReferenceLogicalName": "contoso_mail"}}"#;
const BY_CALLER: &str =
    r#""mail": {"runtimeSource": "invoker", "connection": {}, "api": {"name": "shared_office365"}}"#;

#[test]
fn str502_a_flow_with_a_connection_of_its_own() {
    let found = with_connections(OWN).finds("STR502");
    assert_eq!(names(&found), [format!("workflow:{FLOW}")]);
    assert!(found[0].message.contains("shared_office365"), "{}", found[0].message);
    assert_eq!((found[0].line, found[0].path.as_str()), (Some(2), "/properties/connectionReferences/mail"));
    assert!(found[0].part.as_ref().is_some_and(|part| part.starts_with("Workflows/Sync-")));
    assert!(with_connections(BY_REFERENCE).finds("STR502").is_empty());
    assert_eq!(with_connections(BY_CALLER).finds("STR502").len(), 1, "whoever runs it needs a connection each time");
}

#[test]
fn flow_avoid_connection_mode_is_reported_under_its_official_id_too() {
    assert_eq!(severities(&with_connections(OWN).finds("flow-avoid-connection-mode")), [Severity::Medium]);
    assert!(with_connections(BY_REFERENCE).finds("flow-avoid-connection-mode").is_empty());
}

#[test]
fn str503_a_connection_reference_that_nobody_has() {
    let fails = with_connections(BY_REFERENCE);
    assert_eq!(fails.says("STR503").len(), 1);
    assert!(fails.clone().section(&reference("Contoso_Mail", CONNECTOR)).finds("STR503").is_empty(), "in the package");
    let declared = fails.missing(
        "type=\"connectionreference\" displayName=\"Mail\" solution=\"Other (1.0.0.0)\" \
         id.connectionreferencelogicalname=\"contoso_mail\"",
        "type=\"29\" displayName=\"Sync\"",
    );
    assert!(declared.finds("STR503").is_empty(), "declared");
    let app = |name: &str| {
        let json = format!("{{&quot;1&quot;: {{&quot;xrmConnectionReferenceLogicalName&quot;: &quot;{name}&quot;}}}}");
        sample().section(&format!(
            "<CanvasApps><CanvasApp><Name>contoso_app</Name><ConnectionReferences>{json}</ConnectionReferences></CanvasApp></CanvasApps>"
        ))
    };
    assert_eq!(app("contoso_mail").blames("STR503"), ["canvasapp:contoso_app"]);
    assert!(app("").finds("STR503").is_empty());
}

#[test]
fn str504_the_id_of_a_connection() {
    let row = |inside: &str| sample().section(&reference("contoso_mail", &format!("{CONNECTOR}{inside}")));
    let found = row("<connectionid>4f7c6f2a0b1c4d5e8f90a1b2c3d4e5f6</connectionid>").finds("STR504");
    assert_eq!((severities(&found), found[0].path.as_str()), (vec![Severity::High], "connectionid"));
    assert!(row("").finds("STR504").is_empty());
    assert_eq!(severities(&with_connections(OWN).finds("STR504")), [Severity::High]);
    assert!(with_connections(BY_REFERENCE).finds("STR504").is_empty());
    let both = BY_REFERENCE.replace("\"connection\": {", "\"connection\": {\"name\": \"shared-office365-1\", ");
    assert_eq!(severities(&with_connections(&both).finds("STR504")), [Severity::Low], "the reference is what counts");
}

fn get(parameters: &str) -> String {
    format!(
        "\"Get\": {{\"type\": \"OpenApiConnection\", \"metadata\": {{\"operationMetadataId\": \"{ROW}\"}}, \"inputs\": \
         {{\"host\": {{\"apiId\": \"/providers/Microsoft.PowerApps/apis/shared_commondataserviceforapps\", \"operationId\": \
         \"GetItem\"}}, \"parameters\": {{{parameters}}}}}}}"
    )
}

#[test]
fn str505_a_guid_in_a_flow() {
    let with = |id: &str| with_actions(&get(&format!("\"recordId\": \"{id}\"")));
    let found = with(&ROW.to_uppercase()).finds("STR505");
    assert_eq!(names(&found), [format!("workflow:{FLOW}")]);
    assert_eq!((found[0].line, found[0].path.as_str()), (Some(4), ROW));
    assert!(with("@triggerBody()['id']").finds("STR505").is_empty());
    assert!(with(FLOW).finds("STR505").is_empty(), "the id of a component of the package");
    assert!(with("fd140aaf-4df4-11dd-bd17-0019b9312238").finds("STR505").is_empty(), "the same everywhere");
    let child =
        with_actions(&format!("\"Run\": {{\"inputs\": {{\"host\": {{\"workflowReferenceName\": \"{ROW}\"}}}}}}"));
    assert!(child.finds("STR505").is_empty(), "the id of a flow");
}

#[test]
fn str506_the_host_of_a_site_or_an_organization_in_a_flow() {
    let with = |site: &str| with_actions(&get(&format!("\"dataset\": \"{site}\"")));
    let found = with("https://contoso.sharepoint.com/sites/Sales").says("STR506");
    assert!(found.len() == 1 && found[0].contains("contoso.sharepoint.com"), "{found:?}");
    assert_eq!(with("https://contoso.crm4.dynamics.com").finds("STR506").len(), 1);
    assert!(with("@parameters('Site (contoso_Site)')").finds("STR506").is_empty());
    assert!(with("https://make.powerautomate.com/").finds("STR506").is_empty());
}

/// Two flows; the first calls the second.
fn parent_and_child(child_is_on: u8) -> Sample {
    let call = format!(
        "\"Run\": {{\"type\": \"Workflow\", \"inputs\": {{\"host\": {{\"workflowReferenceName\": \"{CHILD}\"}}}}}}"
    );
    let child = format!(
        "<Workflows><Workflow WorkflowId=\"{{{CHILD}}}\" Name=\"Child\"><Category>5</Category><StateCode>{child_is_on}</StateCode>\
         </Workflow></Workflows>"
    );
    with_actions(&call).section(&child)
}

#[test]
fn str507_a_process_that_is_shipped_off() {
    let found = parent_and_child(0).finds("STR507");
    assert_eq!(names(&found), [format!("workflow:{FLOW}"), format!("workflow:{CHILD}")]);
    assert_eq!(severities(&found), [Severity::Low, Severity::Low]);
    assert!(parent_and_child(1).finds("STR507").is_empty());
}

#[test]
fn flow_avoid_invalid_reference_to_an_action_that_is_not_there() {
    let use_of = |name: &str| {
        with_actions(&format!(
            "\"Get row\": {{\"type\": \"Compose\", \"inputs\": 1}},\n\"Use\": {{\"type\": \"Compose\", \"inputs\": \
             \"@{{outputs('{name}')?['body/x']}}\", \"runAfter\": {{\"Get row\": [\"Succeeded\"]}}}}"
        ))
    };
    let found = use_of("Get_rows").finds("flow-avoid-invalid-reference");
    assert_eq!((severities(&found), found[0].line), (vec![Severity::High], Some(5)));
    assert!(found[0].message.contains("Use refers to Get_rows"), "{}", found[0].message);
    assert!(use_of("Get_row").finds("flow-avoid-invalid-reference").is_empty());
    let after =
        with_actions("\"Use\": {\"type\": \"Compose\", \"inputs\": 1, \"runAfter\": {\"Lost\": [\"Succeeded\"]}}");
    assert_eq!(after.finds("flow-avoid-invalid-reference").len(), 1);
}

fn dataverse(operation: &str, parameters: &str) -> String {
    format!(
        "{{\"inputs\": {{\"host\": {{\"apiId\": \"/providers/Microsoft.PowerApps/apis/shared_commondataserviceforapps\", \
         \"operationId\": \"{operation}\"}}, \"parameters\": {{{parameters}}}}}}}"
    )
}

/// A flow that waits for updates of accounts and does something itself.
fn loops(filter: &str, operation: &str, parameters: &str) -> usize {
    let on = format!("\"subscriptionRequest/message\": 3, \"subscriptionRequest/entityname\": \"account\"{filter}");
    let trigger = format!("\"When\": {}", dataverse("SubscribeWebhookTrigger", &on));
    let action = format!("\"Do\": {}", dataverse(operation, parameters));
    sample().flow("Sync", FLOW, &definition("", &trigger, &action)).finds("flow-avoid-recursive-loop").len()
}

#[test]
fn flow_avoid_recursive_loop_through_its_own_trigger() {
    let update = "\"entityName\": \"accounts\", \"item/name\": \"x\"";
    assert_eq!(loops("", "UpdateRecord", update), 1);
    assert_eq!(loops("", "UpdateRecord", "\"entityName\": \"contacts\", \"item/firstname\": \"x\""), 0);
    assert_eq!(loops("", "CreateRecord", update), 0, "creating is not updating");
    assert_eq!(loops("", "GetItem", update), 0);
    assert_eq!(loops(", \"subscriptionRequest/filteringattributes\": \"name,fax\"", "UpdateRecord", update), 1);
    assert_eq!(loops(", \"subscriptionRequest/filteringattributes\": \"fax\"", "UpdateRecord", update), 0);
    assert_eq!(loops(", \"subscriptionRequest/filterexpression\": \"name ne 'x'\"", "UpdateRecord", update), 0);
}

#[test]
fn flow_avoid_recursive_loop_on_a_list() {
    let sharepoint = |operation: &str, list: &str| {
        format!(
            "{{\"inputs\": {{\"host\": {{\"apiId\": \"/providers/Microsoft.PowerApps/apis/shared_sharepointonline\", \
             \"operationId\": \"{operation}\"}}, \"parameters\": {{\"dataset\": \"site\", \"table\": \"{list}\"}}}}}}"
        )
    };
    let found = |list: &str| {
        let trigger = format!("\"When\": {}", sharepoint("GetOnUpdatedItems", "orders"));
        let action = format!("\"Do\": {}", sharepoint("PatchItem", list));
        sample().flow("Sync", FLOW, &definition("", &trigger, &action)).finds("flow-avoid-recursive-loop").len()
    };
    assert_eq!((found("orders"), found("bills")), (1, 0));
}

#[test]
fn flow_outlook_attachment_missing_info() {
    let mail = |attachments: &str| {
        with_actions(&format!(
            "\"Send\": {{\"inputs\": {{\"host\": {{\"apiId\": \"/providers/Microsoft.PowerApps/apis/shared_office365\", \
             \"operationId\": \"SendEmailV2\"}}, \"parameters\": {{\"emailMessage/Attachments\": {attachments}}}}}}}"
        ))
    };
    let says = |attachments: &str| mail(attachments).says("flow-outlook-attachment-missing-info");
    let lacking = says("[{\"Name\": \"a\", \"ContentBytes\": \"@body('x')\"}, {\"Name\": \"\"}]");
    assert_eq!(lacking.len(), 1);
    assert!(lacking[0].contains("attachment 2 of Send has no content and no name"), "{lacking:?}");
    assert_eq!(says("[{\"Name\": \"a\", \"ContentBytes\": \"@body('x')\"}]"), Vec::<String>::new());
    assert_eq!(says("\"@variables('files')\""), Vec::<String>::new());
}

#[test]
fn odd_flows_are_no_reason_to_panic() {
    let odd = [
        "",
        "{",
        "[]",
        "{\"properties\": 1}",
        "{\"properties\": {\"definition\": {\"actions\": {\"a\": 1}, \"triggers\": {}}}}",
        "{\"properties\": {\"connectionReferences\": {\"a\": []}, \"definition\": {\"actions\": {\"a\": {\"inputs\": {\"host\": \
         [], \"parameters\": 7}, \"cases\": {\"c\": null}}}, \"triggers\": {\"t\": {}}}}}",
    ];
    let deep = format!("{}1{}", "{\"properties\":".repeat(5_000), "}".repeat(5_000));
    for text in odd.into_iter().chain([deep.as_str()]) {
        let package = sample().flow("Sync", FLOW, text);
        for rules in ["STR5*", "flow-*"] {
            assert_eq!(package.says(rules), Vec::<String>::new(), "{rules} {text}");
        }
    }
}

/// Gives an action of every real flow another name where an expression uses it, which must then be found.
#[test]
fn flow_avoid_invalid_reference_finds_what_is_renamed_in_real_flows() {
    let Some(corpus) = Corpus::find() else { return };
    let mut renamed = 0;
    for sample in corpus.packages() {
        let mut package = read(sample.bytes, &Limits::default()).expect("it is read elsewhere too");
        for index in 0..package.parts.len() {
            let part = &package.parts[index];
            let Some(text) = std::str::from_utf8(&part.bytes).ok().filter(|_| part.path.starts_with("Workflows/"))
            else {
                continue;
            };
            let used = text.split("outputs('").skip(1).filter_map(|rest| rest.split('\'').next());
            let Some(name) = used.filter(|name| text.contains(&format!("\"{name}\":"))).last() else { continue };
            let changed = text.replace(&format!("\"{name}\":"), "\"Another\":").into_bytes();
            let wanted = format!("refers to {name},");
            let original = std::mem::replace(&mut package.parts[index].bytes, changed);
            let found = finds(&package, "flow-avoid-invalid-reference", None);
            assert!(found.iter().any(|finding| finding.message.contains(&wanted)), "{}: {wanted}", sample.path);
            package.parts[index].bytes = original;
            renamed += 1;
        }
        assert!(finds(&package, "flow-avoid-invalid-reference", None).is_empty(), "{}", sample.path);
    }
    assert!(renamed > 10, "{renamed}");
}

#[test]
fn str902_a_connection_of_a_retired_connector() {
    let with = |api: &str| with_connections(&format!("\"a\": {{\"api\": {{\"name\": \"{api}\"}}}}"));
    assert_eq!(with("shared_commondataservice").blames("STR902"), [format!("workflow:{FLOW}")]);
    assert!(with("shared_commondataserviceforapps").finds("STR902").is_empty());
    let old = CONNECTOR.replace("shared_office365", "shared_dynamicscrmonline");
    assert_eq!(sample().section(&reference("contoso_crm", &old)).blames("STR902"), ["connectionreference:contoso_crm"]);
    assert!(sample().section(&reference("contoso_mail", CONNECTOR)).finds("STR902").is_empty());
}
