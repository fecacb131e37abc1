//! Asynchronous operations (web-api §10).

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use strata_ops::{Location, Workspace, system_rows};
use strata_server::access::Role;
use strata_server::ask::Verb;
use strata_server::service::Service;

use crate::actions::import;
use crate::packages::package;
use crate::service::Scratch;

const JOB: &str = "11111111-0000-4000-8000-000000000001";
const ORDERS: &str = "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order";

fn id(answer: &Value) -> String {
    answer["AsyncOperationId"].as_str().expect("an id").to_owned()
}

/// The jobs of an operation begin later than they would.
fn delay(scratch: &Scratch, name: &str, millis: u64) {
    scratch.done(
        "strata.SetFault",
        &json!({ "Operation": format!("Job.{name}"), "Kind": "delay", "Milliseconds": millis }),
    );
}

#[test]
fn l114_an_import_passes_through_its_states_and_its_job_can_be_read_at_once() {
    let scratch = Scratch::new();
    delay(&scratch, "ImportSolution", 300);
    let started = scratch.done("ImportSolutionAsync", &import(&package(ORDERS), JOB));
    assert_eq!(started["ImportJobKey"], JOB);
    let running = scratch.row(None, "importjob", JOB).expect("at once");
    assert_eq!((&running["progress"], &running["completedon"]), (&json!(0), &Value::Null));
    let shown = scratch.ask(&format!("importjobs({JOB})"));
    assert_eq!((&shown["progress"], &shown["completedon"]), (&json!(0), &Value::Null), "{shown}");
    let ended = scratch.polled(None, &id(&started));
    let operation = scratch.ask(&format!("asyncoperations({})", id(&started)));
    assert_eq!((&operation["statuscode"], &operation["asyncoperationid"]), (&json!(30), &started["AsyncOperationId"]));
    let shown = scratch.ask(&format!("importjobs({JOB})"));
    assert_eq!((shown["progress"].as_f64(), &shown["solutionname"]), (Some(100.0), &json!("Contoso")), "{shown}");
    let done = scratch.ask("asyncoperations?$filter=statecode eq 3 and name eq 'ImportSolution'&$select=statuscode");
    assert_eq!(done["value"].as_array().map(Vec::len), Some(1), "{done}");
    assert_eq!(
        (&ended["statuscode"], &ended["operationtype"], &ended["name"]),
        (&json!(30), &json!(203), &json!("ImportSolution"))
    );
    assert!(ended["completedon"].as_str().is_some_and(|time| time.ends_with('Z') && !time.contains('.')), "{ended}");
    assert!(ended["dependencytoken"].as_str().is_some_and(|token| token.starts_with("SolutionOperation_")));
    assert_eq!(scratch.row(None, "importjob", JOB), None, "history says what came of it");
    let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={JOB})"));
    assert_eq!(result["SolutionOperationResult"]["Status"], "Passed");
    let (status, answer) = scratch.act("ImportSolutionAsync", &import(&package(ORDERS), JOB));
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("0x80071152")), "an id is used once (L113)");
}

#[test]
fn w10_a_failed_import_says_why() {
    let scratch = Scratch::new();
    let held = "Sales 1.0.0.0 managed contoso\nneeds attribute:contoso_order.contoso_x from Core 1.0.0.0\nentity contoso_offer";
    let started = scratch.done("ImportSolutionAsync", &import(&package(held), JOB));
    let ended = scratch.polled(None, &id(&started));
    assert_eq!((&ended["statecode"], &ended["statuscode"]), (&json!(3), &json!(31)));
    assert_eq!(ended["errorcode"], 0x8004_801D_u32.cast_signed());
    assert!(ended["message"].is_string() && ended["friendlymessage"].is_string(), "{ended}");
    let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={JOB})"));
    assert_eq!(result["SolutionOperationResult"]["Status"], "Failed");
    // A package that cannot be read leaves no import job (R14); who asks is told all the same.
    let other = "11111111-0000-4000-8000-000000000002";
    let started = scratch.done("ImportSolutionAsync", &import("bm8gemlw", other));
    assert_eq!(scratch.polled(None, &id(&started))["statuscode"], 31);
    assert_eq!(scratch.row(None, "importjob", other), None);
    let result = scratch.ask(&format!("RetrieveSolutionImportResult(ImportJobId={other})"));
    assert_eq!(result["SolutionOperationResult"]["Status"], "Failed");
}

#[test]
fn l116_r3_a_second_solution_operation_is_refused_and_not_queued() {
    let scratch = Scratch::new();
    delay(&scratch, "ImportSolution", 400);
    let started = scratch.done("ImportSolutionAsync", &import(&package(ORDERS), JOB));
    let (status, answer) = scratch.act("UninstallSolutionAsync", &json!({ "SolutionUniqueName": "Contoso" }));
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("0x80071151")), "{answer}");
    assert_eq!(scratch.polled(None, &id(&started))["statuscode"], 30);
    let next = scratch.done("UninstallSolutionAsync", &json!({ "SolutionUniqueName": "Contoso" }));
    assert_eq!(
        scratch.polled(None, &id(&next))["statuscode"],
        30,
        "the environment is free as soon as the end can be read"
    );
}

#[test]
fn w10_an_export_is_fetched_when_it_has_ended() {
    let scratch = Scratch::new();
    scratch.done("ImportSolution", &import(&package(ORDERS), JOB));
    scratch.done("PublishAllXml", &json!({}));
    delay(&scratch, "ExportSolution", 300);
    let started = scratch.done("ExportSolutionAsync", &json!({ "SolutionName": "Contoso", "Managed": false }));
    let fetch = json!({ "ExportJobId": started["ExportJobId"] });
    let (status, answer) = scratch.act("DownloadSolutionExportData", &fetch);
    assert_eq!(status, 400, "it has not ended: {answer}");
    let ended = scratch.polled(None, &id(&started));
    assert_eq!((&ended["statuscode"], &ended["operationtype"]), (&json!(30), &json!(202)));
    let file = scratch.done("DownloadSolutionExportData", &fetch)["ExportSolutionFile"].clone();
    assert!(file.as_str().is_some_and(|text| text.starts_with("UEsD")), "a zip");
    let unknown = json!({ "ExportJobId": "11111111-0000-4000-8000-000000000009" });
    assert_eq!(scratch.act("DownloadSolutionExportData", &unknown).0, 404);
    scratch.done("strata.ClearFaults", &json!({}));
    let failed = scratch.done("ExportSolutionAsync", &json!({ "SolutionName": "Nobody", "Managed": false }));
    assert_eq!(scratch.polled(None, &id(&failed))["statuscode"], 31);
    let (status, answer) = scratch.act("DownloadSolutionExportData", &json!({ "ExportJobId": failed["ExportJobId"] }));
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("the export failed")), "{answer}");
}

#[test]
fn w10_jobs_beyond_the_limit_wait_and_can_be_canceled() {
    let scratch = Scratch::new();
    delay(&scratch, "ImportSolution", 1500);
    let names: Vec<_> = (0..6).map(|number| format!("env{number}")).collect();
    let started: Vec<_> = names
        .iter()
        .map(|name| {
            scratch.done("strata.CreateEnvironment", &json!({ "Name": name }));
            let body = json!({ "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": true, "CustomizationFile": package(ORDERS) });
            let (status, answer) = scratch.as_role(Role::Maker, Some(name), Verb::Post, "ImportSolutionAsync", &body);
            assert_eq!(status, 200, "{answer}");
            id(&answer)
        })
        .collect();
    thread::sleep(Duration::from_millis(200));
    let state =
        |at: usize| scratch.row(Some(&names[at]), "asyncoperation", &started[at]).expect("a row")["statecode"].clone();
    assert_eq!((state(0), state(5)), (json!(2), json!(0)), "four run, the others wait");
    let cancel = |at: usize, body: Value| {
        scratch.as_role(Role::Maker, Some(&names[at]), Verb::Patch, &format!("asyncoperations({})", started[at]), &body)
    };
    let (status, answer) = cancel(0, json!({ "statecode": 3, "statuscode": 32 }));
    assert_eq!(status, 400, "{answer}");
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("runs")), "{answer}");
    assert_eq!(cancel(5, json!({ "statecode": 1 })).0, 400);
    assert_eq!(cancel(5, json!({ "statecode": 3, "statuscode": 32 })).0, 204);
    let canceled = scratch.polled(Some(&names[5]), &started[5]);
    assert_eq!(canceled["statuscode"], 32);
    for at in 0..5 {
        assert_eq!(scratch.polled(Some(&names[at]), &started[at])["statuscode"], 30, "{at}");
    }
    assert_eq!(cancel(0, json!({ "statecode": 3, "statuscode": 32 })).0, 400, "it has ended");
}

#[test]
fn w10_what_a_restart_cut_off_has_failed_with_a_clear_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("strata.db").display().to_string();
    let location = Location { store, environment: None };
    let workspace = Workspace::open_or_create(&location).expect("a store");
    workspace.environment_to_write().expect("an environment");
    let running = json!({ "name": "ImportSolution", "statecode": 2, "statuscode": 20, "correlationid": JOB });
    let importing = json!({ "progress": 42.0, "startedon": "2026-01-01T00:00:00Z" });
    let put = |table: &str, id: &str, row: &Value| {
        let values = row.as_object().expect("an object").clone().into_iter().collect();
        system_rows::put(&workspace, "default", table, id, &values).expect("written");
    };
    let operation = "22222222-0000-4000-8000-000000000001";
    put("asyncoperation", operation, &running);
    put("importjob", JOB, &importing);
    drop(Service::new(location.clone()).expect("a service"));
    let row = system_rows::get(&workspace, "default", "asyncoperation", operation).expect("read").expect("a row");
    assert_eq!((row.values["statecode"].clone(), row.values["statuscode"].clone()), (json!(3), json!(31)));
    assert!(row.values["completedon"].is_string());
    assert!(row.values["message"].as_str().is_some_and(|text| text.contains("server was stopped")));
    let job = system_rows::get(&workspace, "default", "importjob", JOB).expect("read").expect("it stays");
    assert_eq!(job.values["progress"], 42.0);
    assert!(
        job.values["completedon"].is_string()
            && job.values["data"].as_str().is_some_and(|data| data.contains("failure"))
    );
}

#[test]
fn w10_closing_waits_for_what_runs_and_takes_nothing_new() {
    let scratch = Scratch::new();
    delay(&scratch, "ImportSolution", 300);
    let started = scratch.done("ImportSolutionAsync", &import(&package(ORDERS), JOB));
    thread::sleep(Duration::from_millis(50));
    scratch.service.close();
    let row = scratch.row(None, "asyncoperation", &id(&started)).expect("a row");
    assert_eq!(row["statuscode"], 30, "it ran to its end: {row}");
    let (status, answer) = scratch.act("UninstallSolutionAsync", &json!({ "SolutionUniqueName": "Contoso" }));
    assert_eq!(status, 400, "{answer}");
}

#[test]
fn w10_a_job_fails_on_demand_and_a_copied_environment_has_none_that_run() {
    let scratch = Scratch::new();
    scratch.done("strata.SetFault", &json!({ "Operation": "Job.DeleteAndPromote", "Kind": "fail", "Times": 1 }));
    let started = scratch.done("DeleteAndPromoteAsync", &json!({ "UniqueName": "Contoso" }));
    assert_eq!(scratch.polled(None, &id(&started))["errorcode"], 0x8004_F046_u32.cast_signed());
    delay(&scratch, "ImportSolution", 800);
    let started = scratch.done("ImportSolutionAsync", &import(&package(ORDERS), JOB));
    thread::sleep(Duration::from_millis(100));
    scratch.done("strata.CopyEnvironment", &json!({ "From": "default", "To": "copy" }));
    let copied = scratch.row(Some("copy"), "asyncoperation", &id(&started)).expect("a row");
    assert_eq!((&copied["statecode"], &copied["statuscode"]), (&json!(3), &json!(31)), "{copied}");
    assert_eq!(scratch.polled(None, &id(&started))["statuscode"], 30);
}

#[test]
fn w10_other_jobs_end_as_imports_do() {
    let scratch = Scratch::new();
    let version = |number: &str| package(&format!("Contoso {number} managed contoso\nentity contoso_order"));
    let body = |number: &str| json!({ "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": true, "CustomizationFile": version(number) });
    let ended = |answer: &Value| scratch.polled(None, &id(answer))["statuscode"].clone();
    assert_eq!(ended(&scratch.done("ImportSolutionAsync", &body("1.0.0.0"))), 30);
    assert_eq!(ended(&scratch.done("StageAndUpgradeAsync", &body("2.0.0.0"))), 30);
    let mut holding = body("3.0.0.0");
    holding["HoldingSolution"] = true.into();
    assert_eq!(ended(&scratch.done("ImportSolutionAsync", &holding)), 30);
    assert_eq!(ended(&scratch.done("DeleteAndPromoteAsync", &json!({ "UniqueName": "Contoso" }))), 30);
    assert_eq!(ended(&scratch.done("DeleteAndPromoteAsync", &json!({ "UniqueName": "Contoso" }))), 31);
    assert_eq!(ended(&scratch.done("PublishAllXmlAsync", &Value::Null)), 30);
    assert_eq!(ended(&scratch.done("UninstallSolutionAsync", &json!({ "SolutionUniqueName": "Contoso" }))), 30);
    assert_eq!(ended(&scratch.done("UninstallSolutionAsync", &json!({ "SolutionUniqueName": "Contoso" }))), 31);
}
