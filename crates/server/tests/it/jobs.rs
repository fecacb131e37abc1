//! Asynchronous operations (web-api §10).

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use strata_model::id::Guid;
use strata_model::options::ImportOptions;
use strata_ops::{Location, PackageSource, Workspace, system_rows};
use strata_server::access::Role;
use strata_server::ask::Verb;
use strata_server::service::Service;
use strata_testkit::generator::{self, Recipe};

use crate::actions::{id_of, import};
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
    // Another one had come to its end, and only that was not written down.
    let known = "11111111-0000-4000-8000-000000000002";
    let options = ImportOptions { job: Guid::parse(known), ..ImportOptions::pac() };
    let sent = PackageSource::sent("orders.zip", strata_testkit::zipped::package(ORDERS));
    let environment = workspace.environment().expect("an environment");
    let request = strata_ops::Request::Import { package: sent, options };
    strata_ops::carry_out(&workspace, &environment, &request, &strata_ops::silent).expect("imported");
    let done = "22222222-0000-4000-8000-000000000002";
    put("asyncoperation", done, &json!({ "statecode": 2, "statuscode": 20, "correlationid": known }));
    put("importjob", known, &importing);
    drop(Service::new(location.clone()).expect("a service"));
    let row = system_rows::get(&workspace, "default", "asyncoperation", operation).expect("read").expect("a row");
    assert_eq!((row.values["statecode"].clone(), row.values["statuscode"].clone()), (json!(3), json!(31)));
    assert!(row.values["completedon"].is_string());
    assert!(row.values["message"].as_str().is_some_and(|text| text.contains("server was stopped")));
    let row = system_rows::get(&workspace, "default", "asyncoperation", done).expect("read").expect("a row");
    assert_eq!(row.values["statuscode"], 30, "history knows better");
    assert_eq!(system_rows::get(&workspace, "default", "importjob", known).expect("read"), None);
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

/// One change set, as a batch.
fn change_set(scratch: &Scratch, requests: &[(&str, Value)]) -> String {
    let part = |(number, (name, body)): (usize, &(&str, Value))| {
        format!(
            "--set\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {number}\r\n\r\n\
             POST http://localhost/api/data/v9.2/{name} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}\r\n"
        )
    };
    let parts: String = requests.iter().enumerate().map(part).collect();
    let body = format!("--all\r\nContent-Type: multipart/mixed;boundary=set\r\n\r\n{parts}--set--\r\n--all--\r\n");
    let answer = scratch.send(Verb::Post, "$batch", &[("Content-Type", "multipart/mixed; boundary=all")], &body);
    String::from_utf8(answer.body).expect("text")
}

#[test]
fn w6_a_change_set_holds_operations_that_can_be_taken_back_and_no_jobs() {
    let scratch = Scratch::new();
    let refused = change_set(&scratch, &[("ImportSolutionAsync", import(&package(ORDERS), JOB))]);
    assert!(refused.contains("HTTP/1.1 400") && refused.contains("change set"), "{refused}");
    assert_eq!(scratch.row(None, "importjob", JOB), None);
    // The second fails, so the first has not been.
    let failing = json!({ "ParentSolutionUniqueName": "Nobody", "DisplayName": "x", "VersionNumber": "1.0" });
    let refused = change_set(&scratch, &[("ImportSolution", import(&package(ORDERS), JOB)), ("CloneAsPatch", failing)]);
    assert!(refused.contains("HTTP/1.1 40"), "{refused}");
    assert_eq!(scratch.ask("solutions?$filter=uniquename eq 'Contoso'")["value"], json!([]), "{refused}");
    let kept = change_set(&scratch, &[("ImportSolution", import(&package(ORDERS), JOB)), ("PublishAllXml", json!({}))]);
    assert!(!kept.contains("HTTP/1.1 4"), "{kept}");
    assert_eq!(scratch.ask("solutions?$filter=uniquename eq 'Contoso'")["value"].as_array().map(Vec::len), Some(1));
}

#[test]
fn w10_progress_can_be_read_while_an_import_runs_and_only_rises() {
    let scratch = Scratch::new();
    let recipe = Recipe { components: 6_000, version: "1.0.0.0".into(), managed: true, seed: 7, changed_permille: 0 };
    let file = strata_ops::base64::encode(&generator::package(&recipe));
    let started = scratch.done("ImportSolutionAsync", &import(&file, JOB));
    let id = id(&started);
    let mut seen = Vec::new();
    loop {
        let (status, job) = scratch.as_role(Role::Reader, None, Verb::Get, &format!("importjobs({JOB})"), &Value::Null);
        assert_eq!(status, 200, "at any moment: {job}");
        seen.push(job["progress"].as_f64().expect("a number"));
        let row = scratch.row(None, "asyncoperation", &id).expect("a row");
        if row["statecode"] == 3 {
            assert_eq!(row["statuscode"], 30, "{row}");
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(seen.iter().any(|progress| (1.0..100.0).contains(progress)), "{seen:?}");
    assert_eq!(scratch.ask(&format!("importjobs({JOB})"))["progress"].as_f64(), Some(100.0));
}

#[test]
fn l95_uploads_are_forgotten_after_a_day() {
    let scratch = Scratch::new();
    let old = "33333333-0000-4000-8000-000000000001";
    let workspace = scratch.service.workspace(None).expect("a workspace");
    let environment = workspace.environment().expect("an environment");
    let values = [("name".to_owned(), "Old".into()), ("createdon".to_owned(), "2020-01-01T00:00:00Z".into())];
    system_rows::put(&workspace, &environment.name, "stagesolutionupload", old, &values.into()).expect("a row");
    workspace.store().blob_put(&environment, old, b"bytes").expect("kept");
    let staged = scratch.done("StageSolution", &json!({ "CustomizationFile": package(ORDERS) }));
    let new = staged["StageSolutionResults"]["StageSolutionUploadId"].as_str().expect("an id").to_owned();
    assert_eq!(scratch.row(None, "stagesolutionupload", old), None);
    assert_eq!(workspace.store().blob_get(&environment, old).expect("read"), None);
    assert!(workspace.store().blob_get(&environment, &new).expect("read").is_some());
    let listed = scratch.ask("stagesolutionuploads?$select=solutionuniquename");
    assert_eq!(listed["value"][0]["solutionuniquename"], "Contoso");
    let body = json!({
        "OverwriteUnmanagedCustomizations": false, "PublishWorkflows": false,
        "SolutionParameters": { "StageSolutionUploadId": old },
    });
    assert_eq!(scratch.act("ImportSolutionAsync", &body).0, 404);
}

#[test]
fn l19_components_are_added_to_a_list_as_a_job() {
    let scratch = Scratch::new();
    let two = "Contoso 1.0.0.0 unmanaged contoso\nentity contoso_order\nentity contoso_offer";
    scratch.done("ImportSolution", &import(&package(two), JOB));
    let other = package("Other 1.0.0.0 unmanaged contoso");
    scratch.done("ImportSolution", &import(&other, "11111111-0000-4000-8000-000000000002"));
    let [order, offer] = ["contoso_order", "contoso_offer"].map(|name| id_of(&scratch, &format!("entity:{name}")));
    let one =
        json!({ "LogicalName": "Entity", "Id": order, "SolutionUniqueName": "Other", "IncludeChildComponents": true });
    let started = scratch.done("AddComponentToSolutionAsync", &one);
    assert_eq!(scratch.polled(None, &id(&started))["statuscode"], 30);
    let listed = || {
        let rows = scratch.ask("solutioncomponents?$expand=solutionid($select=uniquename)&$filter=componenttype eq 1");
        let rows = rows["value"].as_array().expect("rows").clone();
        rows.iter().filter(|row| row["solutionid"]["uniquename"] == "Other").count()
    };
    assert_eq!(listed(), 1);
    let several = json!({
        "SolutionComponentParameters": {
            "ParameterCollection": [{ "LogicalName": "Entity", "Id": offer, "IncludeChildComponents": false }],
        },
        "SolutionUniqueName": "Other",
    });
    let started = scratch.done("AddComponentsToSolutionAsync", &several);
    assert_eq!((scratch.polled(None, &id(&started))["statuscode"].clone(), listed()), (json!(30), 2));
    let lacking = json!({ "SolutionComponentParameters": { "ParameterCollection": [{ "LogicalName": "Entity" }] }, "SolutionUniqueName": "Other" });
    assert_eq!(scratch.act("AddComponentsToSolutionAsync", &lacking).0, 400);
}

/// What the Python client sends to delete rows by their ids.
fn bulk_delete(table: &str, column: &str, ids: &[String]) -> Value {
    let values: Vec<_> = ids.iter().map(|id| json!({ "Value": id, "Type": "System.Guid" })).collect();
    json!({
        "JobName": "Bulk delete some", "SendEmailNotification": false, "ToRecipients": [], "CCRecipients": [],
        "RecurrencePattern": "", "StartDateTime": "2026-01-01T00:00:00Z",
        "QuerySet": [{
            "@odata.type": "Microsoft.Dynamics.CRM.QueryExpression", "EntityName": table,
            "ColumnSet": { "@odata.type": "Microsoft.Dynamics.CRM.ColumnSet", "AllColumns": false, "Columns": [] },
            "Criteria": {
                "@odata.type": "Microsoft.Dynamics.CRM.FilterExpression", "FilterOperator": "And",
                "Conditions": [{
                    "@odata.type": "Microsoft.Dynamics.CRM.ConditionExpression", "AttributeName": column,
                    "Operator": "In", "Values": values,
                }],
            },
        }],
    })
}

#[test]
fn w8_rows_are_deleted_by_a_job_as_a_query_finds_them() {
    let scratch = Scratch::new();
    let account = |name: &str, above: &str| {
        let row = json!({ "name": name, "parentaccountid@odata.bind": format!("accounts({above})") });
        crate::writes::create(&scratch, "accounts", &[], &row)
    };
    let targets: Vec<_> = (0..2_500).map(|at| json!({ "name": format!("Row {at}") })).collect();
    let made = scratch.as_role(
        Role::Maker,
        None,
        Verb::Post,
        "accounts/Microsoft.Dynamics.CRM.CreateMultiple",
        &json!({ "Targets": targets }),
    );
    let ids = made.1["Ids"].as_array().expect("ids").iter().map(|id| id.as_str().expect("an id").to_owned());
    let ids: Vec<_> = ids.collect();
    let left = || scratch.ask("accounts?$count=true&$top=1&$select=name")["@odata.count"].as_i64();
    // Two at once, and beside a solution operation.
    let first = scratch.done("BulkDelete", &bulk_delete("account", "accountid", &ids[..3]));
    let second = scratch.done("BulkDelete", &bulk_delete("account", "accountid", &ids[3..5]));
    for (job, deleted) in [(first, 3), (second, 2)] {
        let row = scratch.polled(None, job["JobId"].as_str().expect("an id"));
        assert_eq!((&row["statuscode"], &row["operationtype"]), (&json!(30), &json!(13)), "{row}");
        assert_eq!((&row["name"], &row["messagename"]), (&json!("Bulk delete some"), &json!("BulkDelete")));
        assert_eq!(row["message"], format!("deleted: {deleted}"));
    }
    assert_eq!(left(), Some(2_495));
    // Of those that a query lets through, the first in its order.
    let mut last = bulk_delete("account", "accountid", &[]);
    last["QuerySet"][0]["Criteria"] = Value::Null;
    last["QuerySet"][0]["TopCount"] = json!(2);
    last["QuerySet"][0]["Orders"] = json!([{ "AttributeName": "name", "OrderType": "Descending" }]);
    let job = scratch.done("BulkDelete", &last);
    scratch.polled(None, job["JobId"].as_str().expect("an id"));
    let named =
        |name: &str| scratch.ask(&format!("accounts?$select=name&$filter=name%20eq%20'{name}'"))["value"].clone();
    assert_eq!((named("Row 999"), named("Row 998")), (json!([]), json!([])));
    let back: Vec<_> = ["Row 998", "Row 999"].map(|name| json!({ "name": name })).into();
    scratch.done("accounts/Microsoft.Dynamics.CRM.CreateMultiple", &json!({ "Targets": back }));
    assert_eq!(left(), Some(2_495));
    // A row that another one needs stays, and so does that which nobody asked for.
    let child = account("Child", &ids[10]);
    let mut all = bulk_delete("account", "accountid", &[]);
    all["QuerySet"][0]["Criteria"]["Conditions"] = json!([{ "AttributeName": "name", "Operator": "BeginsWith", "Values": [{ "Value": "Row", "Type": "System.String" }] }]);
    let job = scratch.done("BulkDelete", &all);
    let row = scratch.polled(None, job["JobId"].as_str().expect("an id"));
    let message = row["message"].as_str().expect("a message");
    assert!(message.starts_with("deleted: 2494; not deleted: 1, the first because row"), "{message}");
    assert_eq!(left(), Some(2));
    // Both, the one before that it needs.
    let job = scratch.done("BulkDelete", &bulk_delete("account", "accountid", &[ids[10].clone(), child]));
    scratch.polled(None, job["JobId"].as_str().expect("an id"));
    assert_eq!(left(), Some(0));
}

#[test]
fn w8_a_bulk_delete_that_cannot_be_is_refused_before_it_begins() {
    let scratch = Scratch::new();
    let with = |name: &str, value: Value| {
        let mut body = bulk_delete("account", "accountid", &[]);
        body[name] = value;
        body
    };
    let query = |column: &str, operator: &str| json!([{ "EntityName": "account", "Criteria": { "Conditions": [{ "AttributeName": column, "Operator": operator, "Values": ["x"] }] } }]);
    for (body, status, word) in [
        (json!({}), 400, "QuerySet"),
        (with("QuerySet", json!([])), 400, "one at least"),
        (with("QuerySet", json!([{ "EntityName": "nothing" }])), 400, "nothing"),
        (with("QuerySet", json!([{ "EntityName": "solutioncomponent" }])), 400, "cannot be deleted"),
        (with("QuerySet", query("nothing", "Equal")), 400, "nothing"),
        (with("QuerySet", query("name", "Sounds")), 400, "Sounds"),
        (with("RecurrencePattern", json!("FREQ=DAILY;")), 501, "RecurrencePattern"),
        (with("StartDateTime", json!("2199-01-01T00:00:00Z")), 501, "StartDateTime"),
        (with("StartDateTime", json!("tomorrow")), 400, "StartDateTime"),
        (with("Nothing", json!(1)), 400, "Nothing"),
    ] {
        let (found, answer) = scratch.act("BulkDelete", &body);
        assert_eq!(found, status, "{answer}");
        let message = answer["error"]["message"].as_str().expect("a message").to_lowercase();
        assert!(message.contains(&word.to_lowercase()), "{word}: {message}");
    }
}

#[test]
fn w10_jobs_that_ended_long_ago_are_forgotten_and_others_can_be_deleted() {
    let scratch = Scratch::new();
    let ended = |at: u32, days: i64| {
        let id = format!("22222222-0000-4000-8000-{at:012}");
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
        let then = i64::try_from(now).expect("a time") - days * 24 * 60 * 60 * 1000;
        let values = json!({ "name": "Old", "statecode": 3, "statuscode": 30, "completedon": system_rows::time(then) });
        let Value::Object(values) = values else { unreachable!("it is one") };
        let workspace = scratch.service.workspace(None).expect("a workspace");
        let values = values.into_iter().collect();
        system_rows::put(&workspace, "default", "asyncoperation", &id, &values).expect("written");
        id
    };
    let (old, young) = (ended(1, 31), ended(2, 29));
    delay(&scratch, "PublishAll", 300);
    let started = scratch.done("PublishAllXmlAsync", &json!({}));
    let job = id(&started);
    assert_eq!(scratch.row(None, "asyncoperation", &old), None);
    assert!(scratch.row(None, "asyncoperation", &young).is_some());
    let delete =
        |id: &str| scratch.as_role(Role::Maker, None, Verb::Delete, &format!("asyncoperations({id})"), &Value::Null);
    let (status, answer) = delete(&job);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(status == 400 && message.contains("has not ended"), "{status} {answer}");
    scratch.polled(None, &job);
    assert_eq!((delete(&job).0, delete(&job).0, delete(&young).0), (204, 404, 204));
    assert_eq!(scratch.ask("asyncoperations")["value"], json!([]));
    // A start of the server looks, too.
    let old = ended(3, 31);
    let location = Location { store: scratch.store(), environment: None };
    drop(Service::new(location).expect("a service"));
    assert_eq!(scratch.row(None, "asyncoperation", &old), None);
}
