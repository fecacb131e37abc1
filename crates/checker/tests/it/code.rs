//! STR701–STR705, and the official rules for steps and forms.

use strata_checker::Severity;

use crate::kit::{Sample, names, sample, severities};

const TYPE: &str = "55555555-0000-4000-8000-000000000001";
const STEP: &str = "66666666-0000-4000-8000-000000000001";
const NEXT: &str = "66666666-0000-4000-8000-000000000002";
const FORM: &str = "77777777-0000-4000-8000-000000000001";
const CLASS: &str = "Contoso.Plugins.Check, Contoso.Plugins, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null";
const DLL: &str = "<FileName>/PluginAssemblies/Contoso/Contoso.dll</FileName>";

fn assembly(package: Sample, file: &str) -> Sample {
    let xml = format!(
        "<SolutionPluginAssemblies><PluginAssembly FullName=\"Contoso.Plugins, Version=1.0.0.0\">{file}<PluginTypes><PluginType \
         AssemblyQualifiedName=\"{CLASS}\" PluginTypeId=\"{TYPE}\" Name=\"Contoso.Plugins.Check\" /></PluginTypes>\
         </PluginAssembly></SolutionPluginAssemblies>"
    );
    let package = package.section(&xml);
    if file.is_empty() { package } else { package.file("PluginAssemblies/Contoso/Contoso.dll", "MZ") }
}

/// One step of the given children.
fn step(id: &str, inside: &str) -> String {
    format!(
        "<SdkMessageProcessingStep SdkMessageProcessingStepId=\"{{{id}}}\" Name=\"Step {id}\">{inside}</SdkMessageProcessingStep>"
    )
}

fn steps(package: Sample, steps: &str) -> Sample {
    package.section(&format!("<SdkMessageProcessingSteps>{steps}</SdkMessageProcessingSteps>"))
}

fn runs_type() -> String {
    format!("<PluginTypeName>{CLASS}</PluginTypeName><EventHandlerTypeCode>4602</EventHandlerTypeCode>")
}

#[test]
fn str701_an_assembly_that_nothing_uses() {
    let unused = assembly(sample(), DLL);
    assert_eq!(unused.blames("STR701"), ["pluginassembly:Contoso.Plugins, Version=1.0.0.0"]);
    assert!(steps(unused.clone(), &step(STEP, &runs_type())).finds("STR701").is_empty(), "a step, by name");
    let api = format!(
        "<customapi uniquename=\"contoso_Do\"><plugintypeid><plugintypeexportkey>{TYPE}</plugintypeexportkey></plugintypeid></customapi>"
    );
    assert!(
        unused.clone().file("customapis/contoso_Do/customapi.xml", &api).finds("STR701").is_empty(),
        "an API, by id"
    );
    let process = format!("<Activity><ActivityReference AssemblyQualifiedName=\"{CLASS}\" /></Activity>");
    assert!(workflow(unused, &process).finds("STR701").is_empty(), "a process");
}

/// A process with this XAML.
fn workflow(package: Sample, xaml: &str) -> Sample {
    let xml = format!(
        "<Workflows><Workflow WorkflowId=\"{{{NEXT}}}\" Name=\"Old\"><XamlFileName>/Workflows/Old.xaml</XamlFileName>\
         <Category>0</Category><StateCode>1</StateCode></Workflow></Workflows>"
    );
    package.section(&xml).file("Workflows/Old.xaml", xaml)
}

#[test]
fn str702_a_plugin_type_that_nobody_has() {
    let fails = steps(sample(), &step(STEP, &runs_type()));
    let found = fails.finds("STR702");
    assert_eq!(
        (names(&found), severities(&found)),
        (vec![format!("sdkmessageprocessingstep:{STEP}")], vec![Severity::High])
    );
    assert!(assembly(fails.clone(), DLL).finds("STR702").is_empty(), "in the package");
    let declared = fails.missing(
        &format!("type=\"90\" schemaName=\"{CLASS}\" displayName=\"Check\" solution=\"Other (1.0.0.0)\""),
        "type=\"92\" displayName=\"Step\"",
    );
    assert!(declared.finds("STR702").is_empty(), "declared");
    let endpoint = step(STEP, &runs_type().replace("4602", "4618"));
    assert!(steps(sample(), &endpoint).finds("STR702").is_empty(), "a step that posts to an endpoint");
    let custom = format!("<Activity><ActivityReference AssemblyQualifiedName=\"{CLASS}\" /></Activity>");
    assert_eq!(workflow(sample(), &custom).blames("STR702"), [format!("workflow:{NEXT}")]);
    let own =
        custom.replace(CLASS, "Microsoft.Crm.Workflow.Activities.Composite, Microsoft.Crm.Workflow, Version=9.0.0.0");
    assert!(workflow(sample(), &own).finds("STR702").is_empty(), "an activity of the platform");
}

#[test]
fn str703_one_half_of_a_plugin_package() {
    let row = |package: Sample| {
        package.file(
            "pluginpackages/contoso_Plugins/pluginpackage.xml",
            "<pluginpackage uniquename=\"contoso_Plugins\" />",
        )
    };
    assert_eq!(row(sample()).blames("STR703"), ["pluginpackage:contoso_Plugins"]);
    let packaged = assembly(sample(), "");
    assert_eq!(packaged.finds("STR703").len(), 1);
    assert!(row(packaged).finds("STR703").is_empty(), "both");
    assert!(assembly(sample(), DLL).finds("STR703").is_empty(), "an assembly with its own file");
}

/// A form with a script on it, or not, and one event; and the script.
fn form(library: &str, event: &str, script: &str) -> Sample {
    let xml = format!(
        "<Entities><Entity><Name>contoso_order</Name><FormXml><forms type=\"main\"><systemform><formid>{{{FORM}}}</formid><form>\
         <tabs><control id=\"name\" datafieldname=\"contoso_name\" /></tabs>{library}<events>{event}</events></form></systemform>\
         </forms></FormXml></Entity></Entities><WebResources><WebResource><WebResourceId>{{{TYPE}}}</WebResourceId>\
         <Name>contoso_/order.js</Name><WebResourceType>3</WebResourceType><FileName>/WebResources/order.js</FileName></WebResource>\
         </WebResources>"
    );
    sample().section(&xml).file("WebResources/order.js", script)
}

const ON_FORM: &str = "<formLibraries><Library name=\"contoso_/order.js\" libraryUniqueId=\"{1}\" /></formLibraries>";
const ON_LOAD: &str = "<event name=\"onload\"><Handlers><Handler functionName=\"Contoso.Order.onLoad\" \
                       libraryName=\"contoso_/order.js\" enabled=\"true\" /></Handlers></event>";
const SCRIPT: &str = "var Contoso = { Order: { onLoad: function () {} } };";

#[test]
fn str704_a_function_that_the_library_does_not_define() {
    assert!(form(ON_FORM, ON_LOAD, SCRIPT).finds("STR704").is_empty());
    let undefined = form(ON_FORM, ON_LOAD, "var Contoso = { Order: { onLoaded: 1 } };").finds("STR704");
    assert_eq!((names(&undefined), undefined[0].line), (vec![format!("systemform:{FORM}")], Some(2)));
    assert!(undefined[0].message.contains("onLoad of contoso_/order.js"), "{}", undefined[0].message);
    assert_eq!(form("", ON_LOAD, SCRIPT).finds("STR704").len(), 1, "not on the form");
    let disabled = ON_LOAD.replace("enabled=\"true\"", "enabled=\"false\"");
    assert!(form("", &disabled, SCRIPT).finds("STR704").is_empty());
}

#[test]
fn meta_remove_invalid_form_handler_of_a_library_that_is_not_on_the_form() {
    let found = |library: &str| form(library, ON_LOAD, SCRIPT).finds("meta-remove-invalid-form-handler").len();
    assert_eq!((found(""), found(ON_FORM)), (1, 0));
}

#[test]
fn meta_remove_orphaned_form_element_of_a_column_that_is_gone() {
    let found = |column: &str| {
        let event = ON_LOAD.replace("name=\"onload\"", &format!("name=\"onchange\" attribute=\"{column}\""));
        form(ON_FORM, &event, SCRIPT).finds("meta-remove-orphaned-form-element").len()
    };
    assert_eq!((found("contoso_gone"), found("contoso_name")), (1, 0));
}

#[test]
fn str705_a_bundle_of_development_mode() {
    let control = |bundle: &str| {
        sample()
            .section("<CustomControls><CustomControl><Name>contoso_Stars</Name><FileName>/Controls/contoso_Stars/ControlManifest.xml</FileName></CustomControl></CustomControls>")
            .file("Controls/contoso_Stars/ControlManifest.xml", "<manifest />")
            .file("Controls/contoso_Stars/bundle.js", bundle)
    };
    let debug = "/* \"eval\" devtool */\neval(\"var a = 1;//# sourceURL=webpack://stars/./index.ts?\");";
    let found = control(debug).finds("STR705");
    assert_eq!(names(&found), ["customcontrol:contoso_Stars"]);
    assert_eq!((found[0].part.as_deref(), found[0].line), (Some("Controls/contoso_Stars/bundle.js"), Some(2)));
    assert!(control("!function(){var a=1}();").finds("STR705").is_empty());
}

/// Settings of a step on a message, by name.
fn on(message: &str, table: &str, filter: &str) -> String {
    format!(
        "{}<PrimaryEntity>{table}</PrimaryEntity><SdkMessageName>{message}</SdkMessageName><FilteringAttributes>{filter}\
         </FilteringAttributes><Mode>0</Mode><Stage>40</Stage>",
        runs_type()
    )
}

fn one(inside: &str, rule: &str) -> usize {
    steps(sample(), &step(STEP, inside)).finds(rule).len()
}

#[test]
fn meta_remove_dup_reg_of_two_steps_that_overlap() {
    let both = |first: &str, second: &str| {
        steps(sample(), &(step(STEP, first) + &step(NEXT, second))).finds("meta-remove-dup-reg")
    };
    let found = both(&on("Update", "account", "name,fax"), &on("Update", "account", "fax"));
    assert_eq!(
        (names(&found), severities(&found)),
        (vec![format!("sdkmessageprocessingstep:{NEXT}")], vec![Severity::Critical])
    );
    assert_eq!(
        both(&on("Update", "account", "name"), &on("Update", "account", "")).len(),
        1,
        "no filter is every column"
    );
    assert!(both(&on("Update", "account", "name"), &on("Update", "account", "fax")).is_empty());
    assert!(both(&on("Create", "account", ""), &on("Create", "contact", "")).is_empty());
    assert_eq!(both(&on("Create", "account", ""), &on("Create", "account", "")).len(), 1);
    assert!(both(&on("Create", "account", ""), &on("Create", "account", "").replace(">40<", ">20<")).is_empty());
    let by_id = on("Create", "account", "").replace(
        "<SdkMessageName>Create</SdkMessageName>",
        "<SdkMessageId>{9ebdbb1b-ea3e-db11-86a7-000a3a5473e8}</SdkMessageId>",
    );
    assert_eq!(both(&on("Create", "account", ""), &by_id).len(), 1, "the message by its id");
}

#[test]
fn meta_avoid_reg_no_attribute_on_update() {
    assert_eq!(one(&on("Update", "account", ""), "meta-avoid-reg-no-attribute"), 1);
    assert_eq!(one(&on("Update", "account", "name"), "meta-avoid-reg-no-attribute"), 0);
    assert_eq!(one(&on("Create", "account", ""), "meta-avoid-reg-no-attribute"), 0);
}

#[test]
fn meta_avoid_reg_retrieve_of_one_or_many() {
    for message in ["Retrieve", "RetrieveMultiple"] {
        assert_eq!(one(&on(message, "account", ""), "meta-avoid-reg-retrieve"), 1, "{message}");
    }
    assert_eq!(one(&on("Create", "account", ""), "meta-avoid-reg-retrieve"), 0);
}

#[test]
fn meta_avoid_retrievemultiple_annotation() {
    assert_eq!(one(&on("RetrieveMultiple", "annotation", ""), "meta-avoid-retrievemultiple-annotation"), 1);
    assert_eq!(one(&on("RetrieveMultiple", "account", ""), "meta-avoid-retrievemultiple-annotation"), 0);
    assert_eq!(one(&on("Retrieve", "annotation", ""), "meta-avoid-retrievemultiple-annotation"), 0);
}

#[test]
fn meta_avoid_crm4_event_of_stage_50() {
    let old = on("Create", "account", "").replace(">40<", ">50<");
    assert_eq!(one(&old, "meta-avoid-crm4-event"), 1);
    assert_eq!(one(&on("Create", "account", ""), "meta-avoid-crm4-event"), 0);
}

#[test]
fn meta_remove_inactive_steps_and_processes() {
    assert_eq!(one(&(on("Create", "account", "") + "<StateCode>1</StateCode>"), "meta-remove-inactive"), 1);
    assert_eq!(one(&(on("Create", "account", "") + "<StateCode>0</StateCode>"), "meta-remove-inactive"), 0);
    let process = |state: u8| {
        let xml = format!(
            "<Workflows><Workflow WorkflowId=\"{{{NEXT}}}\" Name=\"A\"><Category>2</Category><StateCode>{state}</StateCode></Workflow></Workflows>"
        );
        sample().section(&xml).finds("meta-remove-inactive").len()
    };
    assert_eq!((process(0), process(1)), (1, 0));
}
