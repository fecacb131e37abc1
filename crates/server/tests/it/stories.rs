//! Flows of real tools, request by request.

use serde_json::{Value, json};
use strata_testkit::corpus::Corpus;

use crate::actions::import;
use crate::packages::example;
use crate::service::Scratch;

fn id(answer: &Value) -> String {
    answer["AsyncOperationId"].as_str().expect("an id").to_owned()
}

/// Terraform's managed solution: look, stage, import what was staged, poll, ask for the result, upgrade.
#[test]
fn w8_terraform_stages_imports_polls_and_upgrades() {
    let scratch = Scratch::new();
    assert!(scratch.ask("RetrieveVersion()")["Version"].is_string());
    assert!(scratch.ask("WhoAmI()")["UserId"].is_string());
    let stage = |name: &str| {
        let staged = scratch.done("StageSolution", &json!({ "CustomizationFile": example(name) }));
        assert_eq!(staged["StageSolutionResults"]["StageSolutionStatus"], "Passed", "{name}");
        staged["StageSolutionResults"]["StageSolutionUploadId"].as_str().expect("an id").to_owned()
    };
    let body = |upload: &str| {
        json!({
            "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": true, "ComponentParameters": [],
            "SolutionParameters": { "StageSolutionUploadId": upload },
        })
    };
    let passed = |started: &Value| {
        assert_eq!(scratch.polled(None, &id(started))["statuscode"], 30);
        let job = started["ImportJobKey"].as_str().expect("a job");
        let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={job})"));
        assert_eq!(result["SolutionOperationResult"]["Status"], "Passed", "{result}");
    };
    passed(&scratch.done("ImportSolutionAsync", &body(&stage("contoso-core-1.0"))));
    let details = scratch.done("StageSolution", &json!({ "CustomizationFile": example("contoso-core-1.1") }));
    assert_eq!(details["StageSolutionResults"]["SolutionDetails"]["PreviousSolutionVersion"], "1.0.0.0");
    passed(&scratch.done("StageAndUpgradeAsync", &body(&stage("contoso-core-1.1"))));
    let gone = scratch.done("UninstallSolutionAsync", &json!({ "SolutionUniqueName": "ContosoCore" }));
    assert_eq!(scratch.polled(None, &id(&gone))["statuscode"], 30);
}

/// The build tools: import as holding, poll, promote; export, fetch, publish.
#[test]
fn w8_build_tools_import_promote_export_and_publish() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&example("contoso-core-1.0"), "11111111-0000-4000-8000-000000000001"));
    let mut holding = import(&example("contoso-core-1.1"), "11111111-0000-4000-8000-000000000002");
    holding["HoldingSolution"] = true.into();
    let started = scratch.done("ImportSolutionAsync", &holding);
    assert_eq!(scratch.polled(None, &id(&started))["statuscode"], 30);
    let promoted = scratch.done("DeleteAndPromoteAsync", &json!({ "UniqueName": "ContosoCore" }));
    assert_eq!(scratch.polled(None, &id(&promoted))["statuscode"], 30);
    let unmanaged = crate::packages::package("Contoso 1.0.0.0 unmanaged contoso\nentity contoso_own");
    scratch.done("ImportSolution", &import(&unmanaged, "11111111-0000-4000-8000-000000000003"));
    assert_eq!(scratch.act("PublishAllXml", &Value::Null).0, 204);
    let started = scratch.done("ExportSolutionAsync", &json!({ "SolutionName": "Contoso", "Managed": true }));
    assert_eq!(scratch.polled(None, &id(&started))["statuscode"], 30);
    let file = scratch.done("DownloadSolutionExportData", &json!({ "ExportJobId": started["ExportJobId"] }));
    let other = Scratch::new();
    other.done(
        "ImportSolution",
        &import(file["ExportSolutionFile"].as_str().expect("a file"), "11111111-0000-4000-8000-000000000001"),
    );
}

/// Of real packages, staging says what importing then does.
#[test]
fn l95_staging_and_importing_agree_on_packages_of_the_corpus() {
    let Some(corpus) = Corpus::find() else { return };
    let small = corpus.packages().filter(|sample| sample.bytes.len() < 400_000).take(12);
    let mut seen = 0;
    for sample in small {
        let scratch = Scratch::new();
        let file = strata_ops::base64::encode(&sample.bytes);
        let (status, staged) = scratch.act("StageSolution", &json!({ "CustomizationFile": file }));
        let body =
            json!({ "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": false, "CustomizationFile": file });
        let started = scratch.done("ImportSolutionAsync", &body);
        let ended = scratch.polled(None, &id(&started));
        let passes = status == 200 && staged["StageSolutionResults"]["StageSolutionStatus"] == "Passed";
        assert_eq!(ended["statuscode"], if passes { 30 } else { 31 }, "{}: {staged} {ended}", sample.path);
        if status != 200 {
            continue;
        }
        let job = started["ImportJobKey"].as_str().expect("a job");
        let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={job})"));
        assert_eq!(result["SolutionOperationResult"]["Status"], staged["StageSolutionResults"]["StageSolutionStatus"]);
        let shown = scratch.ask(&format!("importjobs({job})?$select=solutionname,data"));
        assert_eq!(
            shown["solutionname"], staged["StageSolutionResults"]["SolutionDetails"]["SolutionUniqueName"],
            "{}",
            sample.path
        );
        seen += 1;
    }
    assert!(seen > 3, "{seen}");
}
