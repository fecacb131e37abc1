//! STR401–STR406.

use strata_checker::{Finding, Severity};

use crate::kit::{Sample, sample, severities};

const FLOW: &str = "11111111-0000-4000-8000-000000000001";
const STEP: &str = "11111111-0000-4000-8000-000000000002";

fn variable(name: &str, kind: &str, default: &str) -> Sample {
    let default = if default.is_empty() { String::new() } else { format!("<defaultvalue>{default}</defaultvalue>") };
    let xml = format!(
        "<environmentvariabledefinition schemaname=\"{name}\">{default}<type>{kind}</type></environmentvariabledefinition>"
    );
    let path = format!("environmentvariabledefinitions/{name}/environmentvariabledefinition.xml");
    sample().file(&path, &xml)
}

fn with_value(variable: Sample, name: &str, value: &str) -> Sample {
    let json = format!(
        "{{\"environmentvariablevalues\": {{\n  \"environmentvariablevalue\": {{\"@environmentvariablevalueid\": \
         \"11111111-0000-4000-8000-000000000009\", \"value\": \"{value}\"}}}}}}"
    );
    variable.file(&format!("environmentvariabledefinitions/{name}/environmentvariablevalues.json"), &json)
}

fn step(inside: &str) -> Sample {
    let xml = format!(
        "<SdkMessageProcessingSteps><SdkMessageProcessingStep SdkMessageProcessingStepId=\"{{{STEP}}}\" Name=\"Check\">\
         {inside}</SdkMessageProcessingStep></SdkMessageProcessingSteps>"
    );
    sample().root_id("92", STEP).section(&xml)
}

/// A text that is random enough, made up here.
const RANDOM: &str = "x7Gq2Lw9Zr4Tn8Vb1Kc5";

fn assert_silent(findings: &[Finding], text: &str) {
    for finding in findings {
        assert!(!format!("{finding:?}").contains(text), "the text of a secret is shown: {}", finding.message);
    }
}

#[test]
fn str401_current_values_travel() {
    let text = "100000000";
    let with = with_value(variable("contoso_Url", text, "a"), "contoso_Url", "b");
    let found = with.finds("STR401");
    assert_eq!(with.blames("STR401"), ["environmentvariablevalue:contoso_Url"]);
    assert_eq!((found[0].line, found[0].path.as_str()), (Some(2), "value"));
    assert!(variable("contoso_Url", text, "a").finds("STR401").is_empty());
    let empty = with_value(variable("contoso_Url", text, "a"), "contoso_Url", "");
    assert!(empty.finds("STR401").is_empty());
}

#[test]
fn str402_secrets_are_found_and_never_shown() {
    let flow = |field: &str, text: &str| {
        let json = format!(
            "{{\"properties\": {{\"definition\": {{\"actions\": {{\"Get\": {{\"{field}\": \"{text}\"}}}}}}}}}}"
        );
        sample().flow("Get", FLOW, &json).finds("STR402")
    };
    let found = flow("clientSecret", RANDOM);
    assert_eq!(severities(&found), [Severity::Critical]);
    assert_eq!(found[0].path, "/properties/definition/actions/Get/clientSecret");
    assert_silent(&found, RANDOM);
    assert!(flow("clientSecret", "@body('Read_secret')?['value']").is_empty(), "an expression");
    assert!(flow("secretName", RANDOM).is_empty(), "the name of a secret");
    assert!(flow("output", RANDOM).is_empty());
    let default = variable("contoso_ApiKey", "100000000", RANDOM).finds("STR402");
    assert_eq!((default.len(), default[0].path.as_str()), (1, "defaultvalue"));
    assert_silent(&default, RANDOM);
    let vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/ApiKey1";
    assert!(variable("contoso_ApiKey", "100000005", vault).finds("STR402").is_empty(), "a Key Vault path");
    let configured = format!("<Configuration>url=x;password={RANDOM}</Configuration>");
    assert_eq!(step(&configured).finds("STR402").len(), 1);
    assert!(step("<Configuration>url=x;password=changeme</Configuration>").finds("STR402").is_empty());
    let script = |text: &str| {
        let xml = format!(
            "<WebResources><WebResource><WebResourceId>{{{FLOW}}}</WebResourceId><Name>contoso_a.js</Name>\
             <WebResourceType>3</WebResourceType><FileName>/WebResources/contoso_a</FileName></WebResource></WebResources>"
        );
        sample().section(&xml).file("WebResources/contoso_a", text).finds("STR402")
    };
    let found = script(&format!("var a = 1;\nconst apiKey = '{RANDOM}';"));
    assert_eq!((found.len(), found[0].line), (1, Some(2)));
    assert_silent(&found, RANDOM);
    assert!(script("const apiKey = getKey('contoso_ApiKeyName1');").is_empty());
    let token = format!("x = 'ghp_{}'", "aB3dE6gH9j".repeat(4).get(..36).unwrap_or_default());
    assert_eq!(script(&token).len(), 1, "known by its shape");
    let connector = format!("{{\"oauth\": {{\"clientSecret\": \"{RANDOM}\"}}}}");
    let xml = "<Connectors><Connector><connectorid>11111111-0000-4000-8000-000000000003</connectorid><name>contoso_c</name>\
               <connectionparameters>/Connector/contoso_c_connectionparameters.json</connectionparameters></Connector></Connectors>";
    let found = sample().section(xml).file("Connector/contoso_c_connectionparameters.json", &connector).finds("STR402");
    assert_eq!(found.len(), 1);
}

#[test]
fn str403_addresses_of_one_environment() {
    let flow = |text: &str| sample().flow("Get", FLOW, &format!("{{\"a\": \"{text}\"}}")).finds("STR403");
    let found = flow("https://contoso-dev.crm4.dynamics.com/main.aspx");
    assert_eq!((found.len(), found[0].path.as_str()), (1, "contoso-dev.crm4.dynamics.com"));
    assert!(flow("https://admin.powerplatform.microsoft.com").is_empty());
    let guid = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    assert_eq!(flow(&format!("https://login.microsoftonline.com/{guid}/oauth2")).len(), 1);
    assert_eq!(flow(&format!("https://make.powerapps.com/environments/Default-{guid}/home")).len(), 1);
    assert!(flow(&format!("some {guid} of a row")).is_empty());
    assert!(variable("contoso_Url", "100000000", "https://contoso.crm.dynamics.com").finds("STR403").is_empty());
    let host = "contoso-dev.crm4.dynamics.com";
    let cloud = |parameters: &str, action: &str| {
        let definition = format!("{{\"parameters\": {{{parameters}}}, \"triggers\": {{}}, \"actions\": {{{action}}}}}");
        sample().flow("Get", FLOW, &format!("{{\"properties\": {{\"definition\": {definition}}}}}"))
    };
    let of_variable = format!(
        "\"Url (contoso_Url)\": {{\"defaultValue\": \"https://{host}/\", \"metadata\": {{\"schemaName\": \"contoso_Url\"}}}}"
    );
    assert!(cloud(&of_variable, "").finds("STR403").is_empty(), "the value of a variable");
    let of_its_own = format!("\"Url\": {{\"defaultValue\": \"https://{host}/\"}}");
    assert_eq!(cloud(&of_its_own, "").finds("STR403").len(), 1);
    let written = cloud("", &format!("\"Call\": {{\"inputs\": \"https://{host}/api\"}}"));
    assert_eq!((written.finds("STR403").len(), written.finds("STR506").len()), (0, 1), "said once");
    let inside = "<Configuration>https://contoso.crm.dynamics.com</Configuration>";
    assert_eq!(step(inside).blames("STR403"), [format!("sdkmessageprocessingstep:{STEP}")]);
}

#[test]
fn str404_secret_variables_name_a_vault() {
    let vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/Key";
    assert!(variable("contoso_Key", "100000005", vault).finds("STR404").is_empty());
    assert_eq!(variable("contoso_Key", "100000005", "abc").finds("STR404")[0].path, "defaultvalue");
    assert!(variable("contoso_Key", "100000000", "abc").finds("STR404").is_empty(), "no secret");
    let value = with_value(variable("contoso_Key", "100000005", vault), "contoso_Key", "abc");
    assert_eq!(value.blames("STR404"), ["environmentvariablevalue:contoso_Key"]);
}

#[test]
fn str405_variables_that_the_import_asks_for() {
    let found = variable("contoso_Url", "100000000", "").finds("STR405");
    assert_eq!(severities(&found), [Severity::Informational]);
    assert!(variable("contoso_Url", "100000000", "x").finds("STR405").is_empty());
    assert!(with_value(variable("contoso_Url", "100000000", ""), "contoso_Url", "x").finds("STR405").is_empty());
}

#[test]
fn str406_named_users_and_addresses() {
    let user = format!("<ImpersonatingUserId>{{{FLOW}}}</ImpersonatingUserId>");
    assert_eq!(step(&user).finds("STR406")[0].path, "ImpersonatingUserId");
    let nobody = "<ImpersonatingUserId>{00000000-0000-0000-0000-000000000000}</ImpersonatingUserId>";
    assert!(step(nobody).finds("STR406").is_empty());
    let action = |inputs: &str| {
        let definition = format!("{{\"triggers\": {{}}, \"actions\": {{\"Send\": {{\"inputs\": {inputs}}}}}}}");
        sample().flow("Mail", FLOW, &format!("{{\"properties\": {{\"definition\": {definition}}}}}")).finds("STR406")
    };
    let flow = |text: &str| action(&format!("{{\"To\": \"{text}\"}}"));
    assert!(action("{\"schema\": {\"x-hint\": \"ada@contoso.com\"}}").is_empty(), "describes, is never sent");
    assert_eq!(flow("ada@contoso.com;bob@contoso.com").len(), 2);
    assert!(flow("@{triggerOutputs()?['body/owner@odata.bind']}").is_empty());
}
