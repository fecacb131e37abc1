//! STR601–STR605.

use strata_checker::Severity;

use crate::kit::{Sample, names, sample, severities};

const FLOW: &str = "33333333-0000-4000-8000-000000000001";
const OTHER: &str = "33333333-0000-4000-8000-000000000002";
const FIRST: &str = "44444444-0000-4000-8000-000000000001";
const SECOND: &str = "44444444-0000-4000-8000-000000000002";

/// A desktop flow with its root, further elements, and the `package` of its file.
fn flow(inside: &str, package: &str) -> Sample {
    let file = format!("Workflows/Robot-{}.json", FLOW.to_uppercase());
    let xml = format!(
        "<Workflows><Workflow WorkflowId=\"{{{FLOW}}}\" Name=\"Robot\"><JsonFileName>/{file}</JsonFileName><Category>6</Category>\
         <StateCode>1</StateCode>{inside}</Workflow></Workflows>"
    );
    let json =
        format!("{{\"properties\": {{\"definition\": {{\"package\": \"{package}\"}}}}, \"schemaversion\": \"x\"}}");
    sample().root_id("29", FLOW).section(&xml).file(&file, &json)
}

fn dependencies(list: &str, id: &str) -> String {
    format!("<Dependencies>{{\"{list}\":[\"{id}\"]}}</Dependencies>")
}

/// A binary, with a data file where it names one that is given.
fn binary(package: Sample, id: &str, of: &str, kind: &str, data: Option<&str>) -> Sample {
    let named = data.map(|name| format!("<data mimetype=\"application/json\">{name}</data>")).unwrap_or_default();
    let xml = format!(
        "<desktopflowbinary desktopflowbinaryid=\"{id}\">{named}<process><workflowid>{of}</workflowid></process>\
         <reference>flow.manifest</reference><type>{kind}</type></desktopflowbinary>"
    );
    package.file(&format!("desktopflowbinaries/{id}/desktopflowbinary.xml"), &xml)
}

fn with_data(package: Sample, id: &str, of: &str) -> Sample {
    binary(package, id, of, "ManifestFile", Some("m.json")).file(&format!("desktopflowbinaries/{id}/data/m.json"), "{}")
}

#[test]
fn str601_df17_a_flow_without_a_binary_that_it_requires() {
    let fails = flow(&dependencies("requiredBinaries", FIRST), "");
    assert_eq!(names(&fails.finds("STR601")), [format!("workflow:{FLOW}")]);
    assert!(with_data(fails.clone(), FIRST, FLOW).finds("STR601").is_empty());
    let declared = fails.missing(
        &format!(
            "type=\"desktopflowbinary\" displayName=\"x\" solution=\"A (1.0)\" id.desktopflowbinaryid=\"{FIRST}\""
        ),
        "type=\"29\" displayName=\"Robot\"",
    );
    assert!(declared.finds("STR601").is_empty(), "declared");
    assert!(flow("<Dependencies>{odd</Dependencies>", "").finds("STR601").is_empty());
}

#[test]
fn str602_a_binary_without_its_flow_or_its_data() {
    let stray = with_data(sample(), FIRST, FLOW);
    assert_eq!(stray.blames("STR602"), [format!("desktopflowbinary:{FIRST}")]);
    assert!(with_data(flow("", ""), FIRST, FLOW).finds("STR602").is_empty());
    let without = |kind: &str, data: Option<&str>| binary(flow("", ""), FIRST, FLOW, kind, data).says("STR602");
    assert!(without("ManifestFile", Some("m.json"))[0].contains("lacks its data file m.json"));
    assert_eq!(without("ManifestFile", None).len(), 1);
    assert_eq!(without("ConnectorDefinition", None).len(), 0, "connector definitions may have none");
    assert_eq!(without("ConnectorDefinition", Some("c.json")).len(), 1);
}

#[test]
fn str603_two_binaries_that_answer_for_one_reference() {
    let one = with_data(flow("", ""), FIRST, FLOW);
    assert!(one.finds("STR603").is_empty());
    let two = with_data(one.clone(), SECOND, FLOW);
    let found = two.finds("STR603");
    assert_eq!((names(&found), severities(&found)), (vec![format!("workflow:{FLOW}")], vec![Severity::High]));
    assert!(found[0].message.contains(FIRST) && found[0].message.contains(SECOND), "{}", found[0].message);
    assert!(with_data(one, SECOND, OTHER).finds("STR603").is_empty(), "of another flow");
}

#[test]
fn str604_a_flow_of_the_first_schema() {
    assert_eq!(severities(&flow("", "UEsDBA==").finds("STR604")), [Severity::Informational]);
    assert!(flow("", "").finds("STR604").is_empty());
}

#[test]
fn str605_what_a_desktop_flow_uses_and_the_package_lacks() {
    let references =
        "<ConnectionReferences>[{\"connectionReferenceLogicalName\":\"contoso_mail\"}]</ConnectionReferences>";
    let mail = "<connectionreferences><connectionreference connectionreferencelogicalname=\"contoso_mail\" /></connectionreferences>";
    assert_eq!(flow(references, "").finds("STR605").len(), 1);
    assert!(flow(references, "").section(mail).finds("STR605").is_empty());
    let child = flow(&dependencies("childFlows", OTHER), "");
    assert!(child.says("STR605")[0].contains("child flow"));
    assert!(flow(&dependencies("childFlows", FLOW), "").finds("STR605").is_empty());
    let queue = flow(&dependencies("workQueues", OTHER), "");
    assert!(queue.says("STR605")[0].contains("work queue"));
    let queues = format!("<workqueues><workqueue workqueueid=\"{OTHER}\" /></workqueues>");
    assert!(queue.section(&queues).finds("STR605").is_empty());
}
