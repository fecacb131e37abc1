//! STR801–STR803, STR901, STR902, and the official rules for what a solution takes in.

use strata_checker::Severity;

use crate::kit::{Sample, names, sample, severities};

const ROLE: &str = "88888888-0000-4000-8000-000000000001";
const OTHER: &str = "88888888-0000-4000-8000-000000000002";

fn role(privileges: &[(&str, &str)]) -> String {
    let privileges: String =
        privileges.iter().map(|(name, level)| format!("<RolePrivilege name=\"{name}\" level=\"{level}\" />")).collect();
    format!(
        "<Roles><Role id=\"{{{ROLE}}}\" name=\"Clerk\"><RolePrivileges>{privileges}</RolePrivileges></Role></Roles>"
    )
}

/// A role that writes five tables of the system, that many of them in the whole organization.
fn wide(many: usize) -> Sample {
    let tables = ["prvWriteAccount", "prvDeleteContact", "prvAssignTask", "prvWriteTeam", "prvReadPhoneCall"];
    let level = |index: usize| if index < many { "Global" } else { "Basic" };
    let privileges: Vec<_> = tables.iter().enumerate().map(|(index, name)| (*name, level(index))).collect();
    sample().section(&role(&privileges))
}

#[test]
fn str801_a_role_that_may_change_everything() {
    let found = wide(4).finds("STR801");
    assert_eq!((names(&found), severities(&found)), (vec![format!("role:{ROLE}")], vec![Severity::High]));
    assert!(wide(3).finds("STR801").is_empty());
    assert!(wide(5).finds("STR801").len() == 1, "reading does not count, and does not excuse");
    let of_organization = [
        ("prvWritePublisher", "Global"),
        ("prvWriteSolution", "Global"),
        ("prvWriteOrganization", "Global"),
        ("prvWriteTransactionCurrency", "Global"),
        ("prvWriteWebResource", "Global"),
    ];
    assert!(sample().section(&role(&of_organization)).finds("STR801").is_empty(), "no smaller depth is possible");
    let few = [("prvWriteAccount", "Global")];
    assert!(sample().section(&role(&few)).finds("STR801").is_empty(), "a role for one table");
}

#[test]
fn str801_counts_from_fifty_tables_on() {
    let names: Vec<_> = (0..100).map(|number| format!("prvWritecontoso_table{number}")).collect();
    let privileges = |wide: usize| {
        let level = |index: usize| if index < wide { "Global" } else { "Local" };
        names.iter().enumerate().map(|(index, name)| (name.as_str(), level(index))).collect::<Vec<_>>()
    };
    assert_eq!(sample().section(&role(&privileges(50))).finds("STR801").len(), 1);
    assert!(sample().section(&role(&privileges(49))).finds("STR801").is_empty());
}

#[test]
fn str802_a_table_that_no_role_names() {
    let table = sample().table("contoso_order", "");
    let read = |name: &str| role(&[(name, "Basic")]);
    assert_eq!(table.clone().section(&read("prvReadAccount")).blames("STR802"), ["entity:contoso_order"]);
    assert!(table.clone().section(&read("prvReadcontoso_Order")).finds("STR802").is_empty());
    assert!(table.finds("STR802").is_empty(), "a package without roles leaves them to others");
}

#[test]
fn str802_a_secured_column_without_a_profile() {
    let table = |secured: u8| {
        sample().table(
            "contoso_order",
            &format!(
                "<attributes><attribute PhysicalName=\"contoso_iban\"><LogicalName>contoso_iban</LogicalName><IsSecured>{secured}\
                 </IsSecured></attribute></attributes>"
            ),
        )
    };
    assert_eq!(table(1).blames("STR802"), ["attribute:contoso_order.contoso_iban"]);
    assert!(table(0).finds("STR802").is_empty());
    let profile = format!(
        "<FieldSecurityProfiles><FieldSecurityProfile name=\"P\" fieldsecurityprofileid=\"{{{OTHER}}}\"><FieldPermissions>\
         <FieldPermission><EntityName>contoso_order</EntityName><AttributeName>contoso_iban</AttributeName></FieldPermission>\
         </FieldPermissions></FieldSecurityProfile></FieldSecurityProfiles>"
    );
    assert!(table(1).section(&profile).finds("STR802").is_empty());
}

#[test]
fn str803_a_privilege_on_a_table_that_nobody_has() {
    let with = |name: &str, level: &str| sample().section(&role(&[(name, level)]));
    let found = with("prvReadfabrikam_Bill", "Basic").finds("STR803");
    assert_eq!(names(&found), [format!("role:{ROLE}")]);
    assert!(found[0].message.contains("fabrikam_bill"), "{}", found[0].message);
    assert!(with("prvReadAccount", "Basic").finds("STR803").is_empty(), "of the system");
    assert!(
        with("prvReadcontoso_Order", "Basic").table("contoso_order", "").finds("STR803").is_empty(),
        "in the package"
    );
    let declared = with("prvReadfabrikam_Bill", "Basic").missing(
        "type=\"1\" schemaName=\"fabrikam_bill\" displayName=\"Bill\" solution=\"Bills (1.0.0.0)\"",
        "type=\"20\" displayName=\"Clerk\"",
    );
    assert!(declared.finds("STR803").is_empty(), "declared");
    assert!(with("prvExportToExcel", "Global").finds("STR803").is_empty(), "on no table");
}

#[test]
fn str803_a_depth_that_a_table_does_not_have() {
    let with = |level: &str| {
        let table = "<OwnershipTypeMask>OrgOwned</OwnershipTypeMask>";
        sample().section(&role(&[("prvReadcontoso_Rate", level)])).table("contoso_rate", table)
    };
    assert!(with("Basic").says("STR803")[0].contains("only Global"));
    assert!(with("Global").finds("STR803").is_empty());
}

fn routing(state: u8) -> Sample {
    sample().section(&format!(
        "<RoutingRules><RoutingRule RoutingRuleId=\"{{{OTHER}}}\" Name=\"Cases\"><StateCode>{state}</StateCode></RoutingRule></RoutingRules>"
    ))
}

#[test]
fn str901_an_active_routing_rule_set() {
    assert_eq!(names(&routing(1).finds("STR901")), [format!("routingrule:{OTHER}")]);
    assert!(routing(0).finds("STR901").is_empty());
}

fn process(inside: &str) -> Sample {
    sample()
        .section(&format!("<Workflows><Workflow WorkflowId=\"{{{OTHER}}}\" Name=\"P\">{inside}</Workflow></Workflows>"))
}

#[test]
fn str902_processes_that_are_retired() {
    assert!(process("<Category>1</Category>").says("STR902")[0].contains("dialog"));
    assert!(process("<Category>0</Category>").finds("STR902").is_empty());
    let task_flow = "<Category>4</Category><StateCode>1</StateCode><BusinessProcessType>1</BusinessProcessType>";
    assert!(process(task_flow).says("STR902")[0].contains("task flow"));
    let draft = "<Category>4</Category><StateCode>0</StateCode><UniqueName>contoso_flow</UniqueName>";
    assert!(process(draft).says("STR902")[0].contains("draft business process flow"));
    assert!(process(draft).table("contoso_flow", "").finds("STR902").is_empty());
    assert!(process(&draft.replace(">0<", ">1<")).finds("STR902").is_empty(), "active");
}

fn resource(kind: u8) -> Sample {
    sample().section(&format!(
        "<WebResources><WebResource><WebResourceId>{{{OTHER}}}</WebResourceId><Name>contoso_x</Name><WebResourceType>{kind}\
         </WebResourceType></WebResource></WebResources>"
    ))
}

#[test]
fn str902_silverlight_and_old_stages() {
    assert_eq!(resource(8).blames("STR902"), ["webresource:contoso_x"]);
    assert!(resource(3).finds("STR902").is_empty());
    let step = |stage: u8| {
        sample().section(&format!(
            "<SdkMessageProcessingSteps><SdkMessageProcessingStep SdkMessageProcessingStepId=\"{{{OTHER}}}\" Name=\"S\"><Stage>{stage}\
             </Stage></SdkMessageProcessingStep></SdkMessageProcessingSteps>"
        ))
    };
    assert_eq!((step(50).finds("STR902").len(), step(40).finds("STR902").len()), (1, 0));
    let form = |kind: &str| {
        sample().section(&format!(
            "<Entities><Entity><Name>contoso_order</Name><FormXml><forms type=\"{kind}\"><systemform><formid>{{{ROLE}}}</formid>\
             <form /></systemform></forms></FormXml></Entity></Entities>"
        ))
    };
    assert_eq!((form("taskBasedForm").finds("STR902").len(), form("main").finds("STR902").len()), (1, 0));
}

#[test]
fn meta_avoid_silverlight_in_web_resources() {
    assert_eq!(severities(&resource(8).finds("meta-avoid-silverlight")), [Severity::Medium]);
    assert!(resource(3).finds("meta-avoid-silverlight").is_empty());
}

#[test]
fn meta_include_missingunmanageddependencies_of_the_source() {
    let needs = |solution: &str| {
        sample().missing(
            &format!("type=\"1\" schemaName=\"contoso_bill\" displayName=\"Bill\" solution=\"{solution}\""),
            "type=\"1\" schemaName=\"contoso_order\" displayName=\"Order\"",
        )
    };
    let found = needs("Active").finds("meta-include-missingunmanageddependencies");
    assert_eq!(
        (names(&found), found[0].part.as_deref()),
        (vec!["entity:contoso_bill".to_owned()], Some("solution.xml"))
    );
    assert_eq!(found[0].line, Some(3));
    assert!(needs("Bills (1.0.0.0)").finds("meta-include-missingunmanageddependencies").is_empty());
}

#[test]
fn meta_avoid_managed_entity_assets_of_a_whole_foreign_table() {
    let whole = |name: &str| sample().table(name, "").finds("meta-avoid-managed-entity-assets").len();
    assert_eq!((whole("account"), whole("contoso_order")), (1, 0));
    let declared = sample().table("contoso_bill", "").missing(
        "type=\"1\" schemaName=\"contoso_bill\" displayName=\"Bill\" solution=\"Bills (1.0.0.0)\"",
        "type=\"1\" schemaName=\"contoso_bill\" displayName=\"Bill\"",
    );
    assert_eq!(declared.finds("meta-avoid-managed-entity-assets").len(), 1, "it says itself whose table it is");
}

#[test]
fn meta_include_unmanaged_entity_assets_of_ones_own_table() {
    let entity = "<Entities><Entity><Name>contoso_order</Name><EntityInfo><entity Name=\"contoso_order\" /></EntityInfo></Entity></Entities>";
    let with = |behavior: u8| sample().root("1", "contoso_order", behavior).section(entity);
    let found = |package: Sample| package.finds("meta-include-unmanaged-entity-assets").len();
    assert_eq!((found(with(1)), found(with(2)), found(with(0))), (1, 1, 0));
    assert_eq!(found(with(1).managed()), 0, "only the source can tell");
    let brought = with(1).missing(
        "type=\"1\" schemaName=\"contoso_order\" displayName=\"Order\" solution=\"Base (1.0.0.0)\"",
        "type=\"1\" schemaName=\"contoso_order\" displayName=\"Order\"",
    );
    assert_eq!(found(brought), 0, "another solution brings it");
}
