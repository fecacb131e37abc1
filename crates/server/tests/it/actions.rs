//! Actions (web-api §8).

use serde_json::{Value, json};
use strata_model::id::Guid;

use crate::packages::{example, package};
use crate::service::Scratch;

pub(crate) const JOB: &str = "11111111-0000-4000-8000-000000000001";
pub(crate) const ORDERS: &str = "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_notes <MaxLength>100</MaxLength>";

pub(crate) fn import(file: &str, job: &str) -> Value {
    json!({
        "OverwriteUnmanagedCustomizations": false,
        "PublishWorkflows": true,
        "CustomizationFile": file,
        "ImportJobId": job,
    })
}

pub(crate) fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_default()
}

pub(crate) fn message(answer: &Value) -> &str {
    answer["error"]["message"].as_str().unwrap_or_default()
}

/// The id of a component, as the API knows it.
pub(crate) fn id_of(scratch: &Scratch, component: &str) -> String {
    let layers = scratch.ask(&format!("strata.Layers(Component='{component}')"));
    layers["component"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn w8_import_solution_answers_204_when_it_is_done() {
    let scratch = Scratch::new();
    let (status, answer) = scratch.act("ImportSolution", &import(&example("contoso-core-1.0"), JOB));
    assert_eq!((status, answer), (204, Value::Null));
    let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={JOB})"));
    assert_eq!(result["SolutionOperationResult"]["Status"], "Passed");
    let (status, answer) = scratch.act("ImportSolution", &import(&example("contoso-core-1.0"), JOB));
    assert_eq!((status, code(&answer)), (400, "0x80071152"), "an id is used once (L113)");
}

#[test]
fn r14_a_refused_import_is_a_400_that_leaves_a_failed_job_and_an_unreadable_package_none() {
    let scratch = Scratch::new();
    let (status, answer) = scratch.act("ImportSolution", &import(&example("contoso-sales-1.0"), JOB));
    assert_eq!((status, code(&answer)), (400, "0x8004801D"), "{answer}");
    let result =
        scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={JOB})"))["SolutionOperationResult"].clone();
    assert_eq!(result["Status"], "Failed");
    assert!(result["ErrorMessages"].as_array().is_some_and(|list| !list.is_empty()), "{result}");
    let other = "11111111-0000-4000-8000-000000000002";
    let (status, answer) = scratch.act("ImportSolution", &import("bm8gemlw", other));
    assert_eq!(status, 400, "{answer}");
    let url = format!("RetrieveSolutionImportResult(ImportJobId={other})");
    assert_eq!(scratch.get(&url).status, 404);
}

#[test]
fn w8_parameters_are_read_by_name_and_type() {
    let scratch = Scratch::new();
    let with = |name: &str, value: Value| {
        let mut body = import("UEs=", JOB);
        body[name] = value;
        body
    };
    for (body, expected) in [
        (
            with("Extra", json!(1)),
            "'Extra' in the request payload is not a valid parameter for the operation 'ImportSolution'",
        ),
        (
            with("PublishWorkflows", json!("yes")),
            "parameter 'PublishWorkflows': true or false is expected, not \"yes\"",
        ),
        (with("PublishWorkflows", Value::Null), "parameter 'PublishWorkflows' is required and missing"),
        (
            with("CustomizationFile", json!("UEs*AA")),
            "parameter 'CustomizationFile': Base64 is expected; the character at position 4",
        ),
        (with("ImportJobId", json!("12")), "parameter 'ImportJobId': a GUID is expected, not \"12\""),
        (
            with("ComponentParameters", json!([{}, 3])),
            "parameter 'ComponentParameters': an object is expected at position 2",
        ),
        (with("publishWorkflows", json!(true)), "'publishWorkflows' in the request payload"),
    ] {
        let (status, answer) = scratch.act("ImportSolution", &body);
        assert_eq!((status, code(&answer)), (400, "0x80048d19"), "{answer}");
        assert!(message(&answer).contains(expected), "{answer}");
    }
    // What a client leaves unset it may send as null.
    let (status, answer) = scratch.act("ImportSolution", &with("HoldingSolution", Value::Null));
    assert_eq!(status, 400);
    assert_ne!(code(&answer), "0x80048d19", "the package is at fault now: {answer}");
}

#[test]
fn w8_what_the_platform_does_not_have_is_a_404() {
    let scratch = Scratch::new();
    for name in ["ApplySolutionUpgrade", "ExportSolutionAsManaged", "ExportSolutionUpgrade", "importsolution"] {
        let (status, answer) = scratch.act(name, &json!({}));
        assert_eq!(status, 404, "{name}");
        assert_eq!(message(&answer), format!("Resource not found for the segment '{name}'."));
    }
    assert_eq!(scratch.get("PublishAllXml").status, 405);
    assert_eq!(scratch.act("Microsoft.Dynamics.CRM.PublishAllXml", &Value::Null).0, 204);
}

#[test]
fn w8_stage_solution_says_what_an_import_would_meet_and_keeps_the_package() {
    let scratch = Scratch::new();
    let staged = scratch.done("StageSolution", &json!({ "CustomizationFile": example("contoso-sales-1.0") }));
    let results = &staged["StageSolutionResults"];
    assert_eq!(results["StageSolutionStatus"], "Failed");
    let missing = &results["MissingDependencies"][0];
    assert!(
        missing["RequiredComponentSchemaName"].is_string() && missing["RequiredComponentType"].is_string(),
        "{missing}"
    );
    assert_eq!(results["SolutionValidationResults"][0]["ErrorCode"], 0x8004_801D_u32.cast_signed());
    let staged = scratch.done("StageSolution", &json!({ "CustomizationFile": example("contoso-core-1.0") }));
    let results = &staged["StageSolutionResults"];
    assert_eq!(results["StageSolutionStatus"], "Passed");
    let details = &results["SolutionDetails"];
    assert_eq!((&details["SolutionUniqueName"], &details["IsManaged"]), (&json!("ContosoCore"), &json!(true)));
    assert_eq!((&details["PreviousSolutionVersion"], &details["HasPendingUpgrade"]), (&Value::Null, &json!(false)));
    let listed = results["SolutionComponentsDetails"].as_array().expect("a list");
    assert_eq!((&listed[0]["ComponentTypeName"], &listed[0]["IsPresentInOrg"]), (&json!("solution"), &json!("False")));
    let upload = results["StageSolutionUploadId"].as_str().expect("an id");
    let row = scratch.row(None, "stagesolutionupload", upload).expect("a row");
    assert_eq!(row["solutionuniquename"], "ContosoCore");
    let started = scratch.done(
        "ImportSolutionAsync",
        &json!({
            "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": true,
            "SolutionParameters": { "StageSolutionUploadId": upload },
        }),
    );
    assert_eq!(scratch.polled(None, started["AsyncOperationId"].as_str().expect("an id"))["statuscode"], 30);
    let neither = json!({ "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": true });
    let (status, answer) = scratch.act("ImportSolutionAsync", &neither);
    assert_eq!((status, code(&answer)), (400, "0x8004F066"), "neither file nor upload (L95)");
}

#[test]
fn w8_l118_component_parameters_are_the_settings_of_an_import() {
    let scratch = Scratch::new();
    let mut body = import(&package(ORDERS), JOB);
    body["ComponentParameters"] = json!([
        { "@odata.type": "Microsoft.Dynamics.CRM.environmentvariablevalue", "schemaname": "contoso_Address", "value": "x" }
    ]);
    body["Operation"] = "ImportSolution".into();
    let plan = scratch.done("strata.Plan", &body);
    let named = plan["findings"].to_string();
    assert!(named.contains("contoso_Address"), "the settings are looked at: {named}");
    let mut core = import(&example("contoso-core-1.0"), JOB);
    core["ComponentParameters"] = json!([
        { "@odata.type": "Microsoft.Dynamics.CRM.environmentvariablevalue", "schemaname": "contoso_ApiUrl", "value": "https://orders.contoso.example" }
    ]);
    scratch.done("ImportSolution", &core);
    let value = scratch.ask("strata.Layers(Component='environmentvariablevalue:contoso_ApiUrl')");
    assert_eq!(
        (&value["resolved"]["value"], &value["layers"][0]["kind"]),
        (&json!("https://orders.contoso.example"), &json!("active")),
        "L118: {value}"
    );
    body["ComponentParameters"] = json!([{ "@odata.type": "Microsoft.Dynamics.CRM.account" }]);
    let (status, answer) = scratch.act("strata.Plan", &body);
    assert_eq!(status, 400);
    assert!(message(&answer).contains("position 1"), "{answer}");
}

#[test]
fn l81_l82_holding_then_promote_replaces_the_solution() {
    let scratch = Scratch::new();
    let version = |number: &str| package(&format!("Contoso {number} managed contoso\nentity contoso_order"));
    scratch.done("ImportSolution", &import(&version("1.0.0.0"), JOB));
    let mut holding = import(&version("2.0.0.0"), "11111111-0000-4000-8000-000000000002");
    holding["HoldingSolution"] = true.into();
    scratch.done("ImportSolution", &holding);
    let promoted = scratch.done("DeleteAndPromote", &json!({ "UniqueName": "Contoso" }));
    let id = promoted["SolutionId"].as_str().and_then(Guid::parse);
    assert!(id.is_some(), "{promoted}");
    assert!(
        promoted["@odata.context"]
            .as_str()
            .is_some_and(|text| text.ends_with("#Microsoft.Dynamics.CRM.DeleteAndPromoteResponse"))
    );
    let mut upgrade = import(&version("3.0.0.0"), "11111111-0000-4000-8000-000000000003");
    let upgraded = scratch.done("StageAndUpgrade", &upgrade);
    assert_eq!(upgraded["SolutionId"], promoted["SolutionId"]);
    upgrade["HoldingSolution"] = true.into();
    assert_eq!(code(&scratch.act("StageAndUpgrade", &upgrade).1), "0x80048d19", "an upgrade has no such parameter");
    let (status, answer) = scratch.act("DeleteAndPromote", &json!({ "UniqueName": "Contoso" }));
    assert_eq!((status, code(&answer)), (400, "0x8004853B"), "nothing to apply (L81)");
}

#[test]
fn w8_components_are_listed_and_taken_off_the_list() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(ORDERS), JOB));
    let solution = "Other 1.0.0.0 unmanaged contoso";
    scratch.done("ImportSolution", &import(&package(solution), "11111111-0000-4000-8000-000000000002"));
    let table = id_of(&scratch, "entity:contoso_order");
    let add = json!({
        "ComponentId": table, "ComponentType": 1, "SolutionUniqueName": "Other", "AddRequiredComponents": false,
        "DoNotIncludeSubcomponents": null, "IncludedComponentSettingsValues": [],
    });
    let added = scratch.done("AddSolutionComponent", &add);
    assert_eq!(scratch.done("AddSolutionComponent", &add)["id"], added["id"], "repeating is no error");
    let update = json!({ "ComponentId": table, "ComponentType": 1, "SolutionUniqueName": "Other" });
    assert_eq!(scratch.done("UpdateSolutionComponent", &update)["id"], added["id"]);
    let remove = |id: &Value| {
        json!({
            "SolutionComponent": { "@odata.type": "Microsoft.Dynamics.CRM.solutioncomponent", "solutioncomponentid": id },
            "ComponentType": 1, "SolutionUniqueName": "Other",
        })
    };
    assert_eq!(scratch.done("RemoveSolutionComponent", &remove(&json!(table)))["id"], added["id"]);
    scratch.done("AddSolutionComponent", &add);
    scratch.done("RemoveSolutionComponent", &remove(&added["id"]));
    let (status, answer) = scratch.act("RemoveSolutionComponent", &remove(&json!(table)));
    assert_eq!((status, code(&answer)), (400, "0x8004F021"), "it is not in the solution any more");
    let by_sdk = json!({ "ComponentId": table, "ComponentType": 1, "SolutionUniqueName": "Other" });
    assert_eq!(code(&scratch.act("RemoveSolutionComponent", &by_sdk).1), "0x80048d19");
    let column = id_of(&scratch, "attribute:contoso_order.contoso_notes");
    let alone = json!({
        "ComponentId": column, "ComponentType": 2, "SolutionUniqueName": "Other", "AddRequiredComponents": false,
        "DoNotIncludeSubcomponents": true,
    });
    assert_eq!(scratch.act("AddSolutionComponent", &alone).0, 400, "only tables have parts to leave out");
}

#[test]
fn w8_publish_xml_publishes_what_it_names_and_nothing_else() {
    let scratch = Scratch::new();
    let two = "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\nattribute contoso_order.contoso_notes <MaxLength>100</MaxLength>\noptionset contoso_status <options><option value=\"1\" /></options>";
    scratch.done("ImportSolution", &import(&package(two), JOB));
    let drafts = |name: &str| {
        let layers = scratch.ask(&format!("strata.Layers(Component='{name}',Unpublished=true)"));
        let layers = layers["layers"].as_array().expect("layers").clone();
        layers.iter().filter(|layer| layer["state"] == "unpublished").count()
    };
    let both = || [drafts("attribute:contoso_order.contoso_notes"), drafts("optionset:contoso_status")];
    assert_eq!(both(), [1, 1], "what is imported unmanaged arrives as a draft (L50)");
    let xml = "<importexportxml><entities><entity>contoso_order</entity></entities><nodes/><securityroles/></importexportxml>";
    let (status, _) = scratch.act("PublishXml", &json!({ "ParameterXml": xml }));
    assert_eq!((status, both()), (204, [0, 1]));
    for (xml, expected) in [
        ("<importexportxml><plants><plant>x</plant></plants></importexportxml>", "<plants> is no section"),
        ("<importexportxml><entities>", "line 1"),
        ("<importexportxml><entities><entity>contoso_nothing</entity></entities></importexportxml>", "contoso_nothing"),
        ("<other/>", "<importexportxml> is expected"),
    ] {
        let (status, answer) = scratch.act("PublishXml", &json!({ "ParameterXml": xml }));
        assert_eq!(status, 400);
        assert!(message(&answer).contains(expected), "{answer}");
    }
    assert_eq!(scratch.act("PublishAllXml", &Value::Null).0, 204);
    assert_eq!(both(), [0, 0]);
}

#[test]
fn l103_the_active_layer_of_a_component_is_removed_by_name_and_id() {
    let scratch = Scratch::new();
    let column = |length: u32| {
        format!("entity contoso_order\nattribute contoso_order.contoso_notes <MaxLength>{length}</MaxLength>")
    };
    let managed = format!("Base 1.0.0.0 managed contoso\n{}", column(100));
    scratch.done("ImportSolution", &import(&package(&managed), JOB));
    let unmanaged = format!("Contoso 1.0.0.0 unmanaged contoso\n{}", column(200));
    scratch.done("ImportSolution", &import(&package(&unmanaged), "11111111-0000-4000-8000-000000000002"));
    scratch.done("PublishAllXml", &json!({}));
    let notes = "attribute:contoso_order.contoso_notes";
    let length = || scratch.ask(&format!("strata.Layers(Component='{notes}')"))["resolved"]["MaxLength"].clone();
    assert_eq!(length(), "200");
    let id = id_of(&scratch, notes);
    let wish = |name: &str| json!({ "SolutionComponentName": name, "ComponentId": id });
    assert_eq!(scratch.act("RemoveActiveCustomizations", &wish("Entity")).0, 400, "it is no table");
    let (status, answer) = scratch.act("RemoveActiveCustomizations", &wish("Attribute"));
    assert_eq!((status, length()), (204, json!("100")), "{answer}");
}

#[test]
fn l105_l110_a_patch_is_cloned_and_rolled_up() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(ORDERS), JOB));
    let clone = |version: &str| json!({ "ParentSolutionUniqueName": "Contoso", "DisplayName": "Contoso", "VersionNumber": version });
    let patch = scratch.done("CloneAsPatch", &clone("1.0.1.0"));
    let rolled = scratch.done("CloneAsSolution", &clone("1.1.0.0"));
    assert!(patch["SolutionId"].is_string() && rolled["SolutionId"].is_string());
    let (status, answer) = scratch.act("CloneAsPatch", &clone("one"));
    assert_eq!((status, code(&answer)), (400, "0x8004F01E"));
}

#[test]
fn w8_export_gives_the_package() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(ORDERS), JOB));
    scratch.done("PublishAllXml", &json!({}));
    let exported =
        scratch.done("ExportSolution", &json!({ "SolutionName": "Contoso", "Managed": true, "ExportSales": false }));
    let other = Scratch::new();
    let file = exported["ExportSolutionFile"].as_str().expect("a file");
    other.done("ImportSolution", &import(file, JOB));
    assert_eq!(other.ask("strata.Layers(Component='entity:contoso_order')")["layers"][0]["solution"], "Contoso");
    let (status, answer) = other.act("ExportSolution", &json!({ "SolutionName": "Contoso", "Managed": false }));
    assert_eq!((status, code(&answer)), (400, "0x80048036"), "managed does not export (L53)");
}
