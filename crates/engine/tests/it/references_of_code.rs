//! Whom processes, plug-ins, rows and roles name, and what components answer to.

use strata_engine::reference::{Definition, answers, has_answers, names_of_system, of_system, system_lookup};
use strata_model::component::{ComponentKey, ComponentType};
use strata_model::id::Guid;
use strata_model::plan::Body;
use strata_model::reference::Target;
use strata_testkit::fixture::key;

use crate::references::{A, B, File, read_with, targets, targets_with};

#[test]
fn dp12_a_cloud_flow_needs_tables_trigger_columns_references_and_variables() {
    let flow = r#"{"properties":{"connectionReferences":{"shared_x":{"connection":{"connectionReferenceLogicalName":"contoso_dataverse"}}},
        "definition":{"parameters":{"Site (contoso_Site)":{"defaultValue":"x","metadata":{"schemaName":"contoso_Site"}}},
        "triggers":{"t":{"inputs":{"parameters":{"subscriptionRequest/filteringattributes":"contoso_sum, contoso_tier","subscriptionRequest/entityname":"contoso_order",
        "subscriptionRequest/filterexpression":"contoso_due ne null"}}}},
        "actions":{"a":{"inputs":{"parameters":{"entityName":"contoso_Orders","item/contoso_name":"x","$select":"contoso_a"}}},
        "b":{"inputs":{"parameters":{"entityName":"@variables('x')","table":"contoso_other"}}},
        "c":{"type":"Workflow","inputs":{"host":{"workflowReferenceName":"aaaaaaaa-0000-4000-8000-000000000001"}}}}}}}"#;
    assert_eq!(
        targets_with(
            &format!("workflow:{B}"),
            "<Workflow><Category>5</Category></Workflow>",
            ("Workflows/f.json", flow)
        ),
        [
            "connectionreference:contoso_dataverse",
            "environmentvariabledefinition:contoso_site",
            "entity:contoso_order",
            "attribute:contoso_order.contoso_sum",
            "attribute:contoso_order.contoso_tier",
            "entity set contoso_orders",
        ]
    );
}

#[test]
fn dp12_r16_a_desktop_flow_needs_child_flows_binaries_queues_and_references() {
    let flow = format!(
        r#"<Workflow><Category>6</Category><Dependencies>{{"childFlows":["{A}"],"workQueues":["{B}"],"environmentVariables":["contoso_Site"],"requiredBinaries":["{B}"]}}</Dependencies>
        <ConnectionReferences>[{{"connectionReferenceLogicalName":"contoso_sp"}}]</ConnectionReferences></Workflow>"#
    );
    assert_eq!(
        targets("workflow:cccccccc-0000-4000-8000-000000000003", &flow),
        [
            format!("workflow:{A}"),
            format!("workqueue:{B}"),
            "environmentvariabledefinition:contoso_site".to_owned(),
            format!("desktopflowbinary:{B}"),
            "connectionreference:contoso_sp".to_owned(),
        ]
    );
}

#[test]
fn dp12_a_classic_process_needs_its_table_and_what_its_steps_name() {
    let process = "<Workflow><Category>0</Category><PrimaryEntity>contoso_order</PrimaryEntity>\
        <TriggerOnUpdateAttributeList>contoso_sum,contoso_tier</TriggerOnUpdateAttributeList></Workflow>";
    let xaml = r#"<Activity><mxswa:GetEntityProperty Attribute="contoso_due" Entity="[x]" EntityName="contoso_order" />
        <mcwc:SetVisibility ControlId="contoso_rank" EntityName="contoso_order" IsVisible="False" />
        <mxswa:CreateEntity EntityName="task" /></Activity>"#;
    assert_eq!(
        targets_with(&format!("workflow:{A}"), process, ("Workflows/p.xaml", xaml)),
        [
            "entity:contoso_order",
            "primary columns of contoso_order",
            "attribute:contoso_order.contoso_sum",
            "attribute:contoso_order.contoso_tier",
            "attribute:contoso_order.contoso_due",
            "attribute:contoso_order.contoso_rank",
            "entity:task",
        ]
    );
}

#[test]
fn dp12_the_stages_of_a_business_process_flow_are_about_their_own_table() {
    let process = "<Workflow><Category>4</Category><PrimaryEntity>lead</PrimaryEntity></Workflow>";
    let xaml = r#"<Activity><mxswa:ActivityReference AssemblyQualifiedName="Microsoft.Crm.Workflow.Activities.EntityComposite, M" DisplayName="EntityStep9: opportunity">
        <mcwb:Control DataFieldName="budgetamount" /></mxswa:ActivityReference>
        <mcwb:StageRelationship RelationshipName="opportunity_originating_lead" /></Activity>"#;
    let found = targets_with(&format!("workflow:{A}"), process, ("Workflows/p.xaml", xaml));
    assert!(found.contains(&"attribute:opportunity.budgetamount".to_owned()), "{found:?}");
    assert!(found.contains(&"entity:opportunity".to_owned()), "{found:?}");
    assert!(found.contains(&"primary columns of opportunity".to_owned()), "{found:?}");
    assert!(!found.iter().any(|target| target.starts_with("attribute:lead")), "{found:?}");
    assert!(found.contains(&"entityrelationship:opportunity_originating_lead".to_owned()), "{found:?}");
}

#[test]
fn dp12_a_canvas_app_needs_what_it_lists() {
    let app = format!(
        r#"<CanvasApp><CdsDependencies>{{"cdsdependencies":[{{"logicalname":"contoso_order","componenttype":1}},{{"logicalname":"Contoso.Star","componenttype":66}},
        {{"logicalname":"contoso_library","componenttype":300}},{{"dependencyid":"{A}","componenttype":29}},{{"logicalname":"contoso_x.js","componenttype":61}}]}}</CdsDependencies>
        <AppComponentDependencies>[{{"appComponentLibraryLogicalName":"contoso_more"}}]</AppComponentDependencies></CanvasApp>"#
    );
    assert_eq!(
        targets("canvasapp:contoso_canvas", &app),
        [
            "entity:contoso_order".to_owned(),
            "customcontrol:contoso.star".to_owned(),
            "canvasapp:contoso_library".to_owned(),
            format!("workflow:{A}"),
            "canvasapp:contoso_more".to_owned(),
        ]
    );
}

#[test]
fn dp12_a_step_needs_its_table_its_columns_and_its_plug_in() {
    let step = format!(
        "<SdkMessageProcessingStep><PluginTypeName>Contoso.Plugins.Order, Contoso.Plugins, Version=1.0.0.0</PluginTypeName><PluginTypeId>{{{A}}}</PluginTypeId>
        <PrimaryEntity>contoso_order</PrimaryEntity><FilteringAttributes>contoso_sum,contoso_tier</FilteringAttributes>
        <SdkMessageProcessingStepImages><SdkMessageProcessingStepImage><Attributes>contoso_due</Attributes></SdkMessageProcessingStepImage></SdkMessageProcessingStepImages></SdkMessageProcessingStep>"
    );
    assert_eq!(
        targets(&format!("sdkmessageprocessingstep:{B}"), &step),
        [
            "entity:contoso_order".to_owned(),
            "attribute:contoso_order.contoso_sum".to_owned(),
            "attribute:contoso_order.contoso_tier".to_owned(),
            "attribute:contoso_order.contoso_due".to_owned(),
            format!("plugintype:{A}"),
            "plugintype:contoso.plugins.order, contoso.plugins".to_owned(),
        ]
    );
    assert!(targets(&format!("sdkmessageprocessingstep:{B}"), "<S><PrimaryEntity>none</PrimaryEntity></S>").is_empty());
}

#[test]
fn dp12_rows_need_what_their_lookups_lead_to() {
    let api = format!(
        "<customapi uniquename='contoso_Do'><boundentitylogicalname>account</boundentitylogicalname><plugintypeid><plugintypeexportkey>{A}</plugintypeexportkey></plugintypeid></customapi>"
    );
    assert_eq!(targets("customapi:contoso_do", &api), ["entity:account".to_owned(), format!("plugintype:{A}")]);
    let binary = format!(
        "<desktopflowbinary desktopflowbinaryid='{B}'><process><workflowid>{A}</workflowid></process></desktopflowbinary>"
    );
    assert_eq!(targets(&format!("desktopflowbinary:{B}"), &binary), [format!("workflow:{A}!")]);
    let reference = format!(
        "<connectionreference connectionreferencelogicalname='contoso_x'><connectorid>/providers/x</connectorid><customconnectorid><connectorid>{A}</connectorid></customconnectorid></connectionreference>"
    );
    assert_eq!(targets("connectionreference:contoso_x", &reference), [format!("connector:{A}")]);
    let masking = "<attributemaskingrule uniquename='x'><attributelogicalname>contoso_ssn</attributelogicalname><entityname>contoso_order</entityname></attributemaskingrule>";
    assert_eq!(targets("attributemaskingrule:x", masking), ["attribute:contoso_order.contoso_ssn"]);
    let setting = "<organizationsetting settingdefinitionid.uniquename='Theme'><value>1</value></organizationsetting>";
    assert_eq!(targets("organizationsetting:theme", setting), ["settingdefinition:theme"]);
    assert_eq!(targets("environmentvariablevalue:contoso_Site", "{}"), ["environmentvariabledefinition:contoso_site!"]);
}

#[test]
fn dp12_agents_reach_flows_through_their_components() {
    let component = "<botcomponent schemaname='contoso_bot.topic.a'><parentbotid><schemaname>contoso_bot</schemaname></parentbotid></botcomponent>";
    let topic = format!("kind: AdaptiveDialog\nactions:\n  - kind: InvokeFlowAction\n    flowId: {A}\n");
    assert_eq!(
        targets_with("botcomponent:contoso_bot.topic.a", component, ("botcomponents/a/data", &topic)),
        ["bot:contoso_bot!".to_owned(), format!("workflow:{A}")]
    );
}

#[test]
fn dp12_profiles_roles_and_web_resources_name_what_they_are_about() {
    let profile = "<FieldSecurityProfile><FieldPermissions><FieldPermission><EntityName>contoso_order</EntityName><AttributeName>contoso_ssn</AttributeName></FieldPermission></FieldPermissions></FieldSecurityProfile>";
    assert_eq!(targets(&format!("fieldsecurityprofile:{A}"), profile), ["attribute:contoso_order.contoso_ssn"]);
    let role = "<ConnectionRole><ConnectionRoleObjectTypeCode><associatedobjecttypecode>contact</associatedobjecttypecode></ConnectionRoleObjectTypeCode></ConnectionRole>";
    assert_eq!(targets(&format!("connectionrole:{A}"), role), ["entity:contact"]);
    let script = "<WebResource><DependencyXml>&lt;Dependencies&gt;&lt;Dependency componentType=\"WebResource\"&gt;&lt;Library name=\"contoso_/base.js\" /&gt;&lt;/Dependency&gt;&lt;/Dependencies&gt;</DependencyXml></WebResource>";
    assert_eq!(targets("webresource:contoso_/order.js", script), ["webresource:contoso_/base.js"]);
}

#[test]
fn dp12_a_report_needs_the_tables_and_columns_it_reads_and_a_template_its_table() {
    let rdl = "<Report><CommandText>&lt;fetch&gt;&lt;entity name=\"contoso_order\"&gt;&lt;attribute name=\"contoso_sum\" /&gt;&lt;/entity&gt;&lt;/fetch&gt;</CommandText></Report>";
    assert_eq!(
        targets_with(
            &format!("report:{A}"),
            &format!("<Report><parentreportid>{B}</parentreportid></Report>"),
            ("Reports/r.wdl", rdl)
        ),
        [format!("report:{B}"), "entity:contoso_order".to_owned(), "attribute:contoso_order.contoso_sum".to_owned()]
    );
    assert_eq!(targets(&format!("template:{A}"), "<t><templatetypecode>2</templatetypecode></t>"), ["entity:contact!"]);
}

#[test]
fn dp12_a_component_answers_to_its_id_and_a_table_to_its_entity_set() {
    let of = |component: &str, xml: &str| read_with(component, xml, ("", ""), answers);
    let table =
        "<Entity><EntityInfo><entity><EntitySetName>contoso_Orders</EntitySetName></entity></EntityInfo></Entity>";
    assert_eq!(of("entity:contoso_order", table), [Target::EntitySet("contoso_orders".to_owned())]);
    let primary = [Target::PrimaryColumns(key("entity:contoso_order"))];
    assert_eq!(
        of("attribute:contoso_order.contoso_orderid", "<attribute><Type>primarykey</Type></attribute>"),
        primary
    );
    let name = "<attribute><Type>nvarchar</Type><DisplayMask>PrimaryName|ValidForGrid</DisplayMask></attribute>";
    assert_eq!(of("attribute:contoso_order.contoso_name", name), primary);
    assert!(of("attribute:contoso_order.contoso_sum", "<attribute><Type>money</Type></attribute>").is_empty());
    let lookup = "<EntityRelationship><ReferencingEntityName>Contoso_Order</ReferencingEntityName><ReferencingAttributeName>contoso_BuyerId</ReferencingAttributeName></EntityRelationship>";
    assert_eq!(
        of("entityrelationship:contoso_buyer", lookup),
        [Target::LookupRelationship(key("attribute:contoso_order.contoso_buyerid"))]
    );
    assert!(of("entityrelationship:owner_contoso_order", lookup).is_empty());
    let (own, body) = (key("webresource:contoso_/order.js"), Body::default());
    let definition =
        Definition { key: &own, parent: None, category: None, id: Guid::parse(A), body: &body, files: &File(b"") };
    let by_id = ComponentKey::new(ComponentType::named("webresource"), A);
    assert_eq!(answers(&definition), [Target::Component(by_id)]);
}

#[test]
fn dp12_the_system_answers_for_its_tables() {
    let shown = |target: &Target| of_system(target).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&Target::EntitySet("accounts".to_owned())), ["entity:account"]);
    let primary = Target::PrimaryColumns(key("entity:contact"));
    assert_eq!(shown(&primary), ["attribute:contact.contactid", "attribute:contact.fullname"]);
    assert!(shown(&Target::Component(key("attribute:account.contoso_x"))).is_empty());
    assert_eq!(system_lookup(&key("attribute:account.primarycontactid")), [key("entity:contact")]);
    let (column, table) = (key("attribute:contact.fullname"), key("entity:account"));
    assert_eq!(names_of_system(&column), [Target::Component(column.clone()), primary]);
    let set = Target::EntitySet("accounts".to_owned());
    assert_eq!(names_of_system(&table), [Target::Component(table.clone()), set]);
    assert!(has_answers(&table.component_type) && !has_answers(&key("webresource:x").component_type));
}

#[test]
fn broken_definitions_end_the_reading_and_nothing_else() {
    for xml in [
        "",
        "<",
        "<systemform><control datafieldname=",
        "<a>&bad;",
        "<QuickForms>&lt;QuickFormId ",
        "\u{feff}",
        "<fetch><entity name='a'><link-entity",
        "{\"a\":[{\"b\":\"\\",
        "<Dependencies>{[[[</Dependencies>",
    ] {
        for component in [
            "systemform:x of a",
            "savedquery:x of a",
            "entity:x",
            "attribute:a.b",
            "workflow:x",
            "sitemap:x",
            "appmodule:x",
            "canvasapp:x",
            "botcomponent:x",
            "entityrelationship:x",
            "ribboncustomization:x",
            "report:x",
            "role:x",
            "whatever:x",
        ] {
            for path in ["", "f.json", "f.xaml", "f.rdl", "f/data"] {
                drop(targets_with(component, xml, (path, xml)));
            }
        }
    }
}
