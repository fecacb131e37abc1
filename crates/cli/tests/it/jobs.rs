//! Import jobs, their logs, solution history, concurrency, versions (L113–L116, OQ 35, R3, R14).

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use strata_model::options::ImportOptions;
use strata_ops::{Location, Request, Workspace, carry_out, silent};

use crate::sandbox::{Sandbox, example};

fn import(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.json(&format!("import {}", example(name)))
}

fn results(log: &Value) -> Vec<(String, Option<String>)> {
    let components = log["components"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    components
        .iter()
        .map(|entry| (text(&entry["component"]["name"]).expect("a name"), text(&entry["result"])))
        .collect()
}

#[test]
fn l113_an_import_has_a_job_with_a_result_for_each_component() {
    let sandbox = Sandbox::new();
    let done = import(&sandbox, "contoso-core-1.0");
    let job = done["job"].as_str().expect("a job");
    let log = sandbox.json(&format!("solution log --job {job}"));
    assert_eq!(
        (&log["job"], &log["solution"], &log["result"]),
        (&done["job"], &json!("ContosoCore"), &json!("success"))
    );
    let results = results(&log);
    let shown = sandbox.json(&format!("solution show --path {}", example("contoso-core-1.0")));
    assert_eq!(results.len(), shown["components"].as_array().expect("a list").len());
    assert!(results.iter().all(|(_, result)| result.as_deref() == Some("success")), "{results:?}");
    // An import that changes nothing has a log too, and the last one is meant when none is named.
    let again = import(&sandbox, "contoso-core-1.0");
    assert_ne!(again["job"], done["job"]);
    let last = sandbox.json("solution log");
    assert_eq!((&last["job"], last["components"].as_array().map(Vec::len)), (&again["job"], Some(results.len())));
    assert_eq!(sandbox.json("solution log --at 1")["job"], done["job"]);
    let text = sandbox.text("solution log --job last");
    assert!(text.contains("Import of ContosoCore 1.0.0.0: success") && text.contains("success\n"), "{text}");
    assert_eq!(sandbox.error("solution log --job 11111111-0000-4000-8000-000000000001", 1)["name"], "NotFound");
    assert_eq!(sandbox.run("solution log --job never").code, 64);
}

#[test]
fn l114_a_finished_job_has_the_platforms_state_and_status() {
    let sandbox = Sandbox::new();
    sandbox.error(&format!("import {}", example("contoso-sales-1.0")), 1);
    let log = sandbox.json("solution log");
    assert_eq!((&log["statecode"], &log["statuscode"]), (&json!(3), &json!(31)));
    import(&sandbox, "contoso-core-1.0");
    let log = sandbox.json("solution log");
    assert_eq!((&log["statecode"], &log["statuscode"]), (&json!(3), &json!(30)));
}

#[test]
fn l113_a_job_id_that_was_given_is_used_once() {
    let sandbox = Sandbox::new();
    let store = sandbox.path("strata.db").display().to_string();
    let workspace = Workspace::open_or_create(&Location { store, environment: None }).expect("a store");
    let environment = workspace.environment_to_write().expect("the environment");
    let id = strata_model::id::Guid::parse("11111111-0000-4000-8000-000000000001").expect("a GUID");
    let options = ImportOptions { job: Some(id), ..ImportOptions::pac() };
    let request = Request::Import { package: PathBuf::from(example("contoso-core-1.0")).into(), options };
    let applied = carry_out(&workspace, &environment, &request, &silent).expect("imported");
    assert_eq!(applied.job, Some(id));
    let environment = workspace.environment().expect("the environment");
    let error = carry_out(&workspace, &environment, &request, &silent).expect_err("used").report();
    assert_eq!((error.code.as_deref(), error.name.as_str()), (Some("0x80071152"), "DuplicatedJobId"));
    assert_eq!(sandbox.json("history").as_array().map(Vec::len), Some(1));
    assert_eq!(sandbox.json(&format!("solution log --job {id}"))["result"], "success");
}

#[test]
fn r14_a_refused_import_leaves_a_failed_job_and_an_unreadable_package_none() {
    let sandbox = Sandbox::new();
    let error = sandbox.error(&format!("import {}", example("contoso-sales-1.0")), 1);
    let log = sandbox.json("solution log --job last");
    assert_eq!(log["result"], "failure");
    assert_eq!((&log["errorcode"], &log["errorname"]), (&error["code"], &error["name"]));
    let results = results(&log);
    assert!(results.iter().any(|(_, result)| result.as_deref() == Some("failure")), "{results:?}");
    assert!(results.iter().all(|(_, result)| result.as_deref() != Some("success")), "nothing was imported");
    let at_fault = log["components"].as_array().and_then(|list| list.iter().find(|entry| entry["result"] == "failure"));
    assert_eq!(at_fault.map(|entry| entry["errorcode"].clone()), Some(json!("0x8004801D")));
    let before = sandbox.json("history");
    sandbox.write("broken.zip", "PK");
    assert_eq!(sandbox.run("import broken.zip").code, 4);
    assert_eq!(sandbox.json("history"), before);
}

#[test]
fn oq35_l70_a_component_is_warned_of_while_the_whole_succeeds() {
    let sandbox = Sandbox::new();
    sandbox.write_settings_package("ops", "1.0.0.0");
    let customizations = "<ImportExportXml><optionsets><optionset Name=\"contoso_c\" localizedName=\"C\"><displaynames>\
         <displayname description=\"C\" languagecode=\"1031\" /></displaynames></optionset></optionsets><Languages>\
         <Language>1033</Language><Language>1031</Language></Languages></ImportExportXml>";
    sandbox.write("ops/Other/Customizations.xml", customizations);
    let manifest = std::fs::read_to_string(sandbox.path("ops/Other/Solution.xml")).expect("the manifest");
    let root = "<RootComponents><RootComponent type=\"9\" schemaName=\"contoso_c\" behavior=\"0\" /></RootComponents>";
    sandbox.write("ops/Other/Solution.xml", &manifest.replace("<RootComponents />", root));
    sandbox.json("import ops");
    let log = sandbox.json("solution log");
    assert_eq!(log["result"], "success");
    let warned: Vec<_> = results(&log).into_iter().filter(|(_, result)| result.as_deref() == Some("warning")).collect();
    assert_eq!(warned.len(), 1, "{log}");
    assert_eq!(warned[0].0, "contoso_c");
    let entry = log["components"].as_array().and_then(|list| list.iter().find(|entry| entry["result"] == "warning"));
    assert_eq!(entry.map(|entry| entry["errorcode"].clone()), Some(json!("0x80048026")));
}

#[test]
fn l113_the_log_is_a_workbook_that_a_spreadsheet_opens() {
    let sandbox = Sandbox::new();
    // Names as they may come: markup, quotes, commas.
    sandbox.write_settings_package("ops", "1.0.0.0");
    sandbox.json("import ops");
    sandbox.run(&format!("import {}", example("contoso-sales-1.0")));
    sandbox.text("solution log --out failed.xml");
    let job = sandbox.json("history")[1]["job"].as_str().expect("a job").to_owned();
    sandbox.text(&format!("solution log --job {job} --out done.xml"));
    let xml = std::fs::read_to_string(sandbox.path("failed.xml")).expect("the workbook");
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<?mso-application progid=\"Excel.Sheet\"?>"));
    let Some(mut office) = office(&sandbox) else { return };
    let filter = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";
    let output = office.args(["--convert-to", filter, "failed.xml", "done.xml"]).output().expect("soffice runs");
    let read = |name: &str| {
        let text = std::fs::read_to_string(sandbox.path(name));
        text.unwrap_or_else(|error| panic!("{name}: {error}: {}", String::from_utf8_lossy(&output.stderr)))
    };
    let done = read("done-Solution.csv");
    assert!(done.contains("Solution,Ops\n") && done.contains("Version,1.0.0.0\n") && done.contains("Result,success\n"));
    let components = read("done-Components.csv");
    assert_eq!(components.lines().count(), 1 + 6, "{components}");
    assert!(components.starts_with("Type,Name,Display name,Id,Result,Error code,Error name,Text\n"), "{components}");
    let url = components.lines().find(|line| line.contains("contoso_Url")).expect("a row");
    assert!(url.starts_with("environmentvariabledefinition,contoso_Url,,") && url.contains(",success,"), "{url}");
    let failed = read("failed-Solution.csv");
    assert!(failed.contains("Result,failure\n") && failed.contains("Error code,0x8004801D\n"), "{failed}");
    assert!(read("failed-Components.csv").lines().any(|line| line.contains(",failure,0x8004801D,")));
}

#[expect(clippy::print_stderr, reason = "a skipped test should say so")]
fn report_skip() {
    eprintln!("skipped: there is no soffice to open the workbook with");
}

/// LibreOffice without a window; `None` where there is none, which is an error on a build machine.
fn office(sandbox: &Sandbox) -> Option<Command> {
    let is_there = Command::new("soffice").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "soffice is needed: `cargo xtask test` installs it where it can");
        report_skip();
        return None;
    }
    let mut command = Command::new("soffice");
    let profile = format!("-env:UserInstallation=file://{}", sandbox.path("office").display());
    command.args([profile.as_str(), "--headless"]).current_dir(sandbox.path("."));
    Some(command)
}

#[test]
fn l115_solution_history_has_every_column_and_no_unmanaged_edits() {
    let sandbox = Sandbox::new();
    import(&sandbox, "contoso-core-1.0");
    sandbox.text("component set attribute:contoso_order.contoso_notes --property MaxLength=400");
    sandbox.text("solution publish");
    import(&sandbox, "contoso-core-1.1");
    sandbox.run(&format!("import {} --allow-lower-version --action new", example("contoso-core-1.0")));
    sandbox.text("solution delete ContosoCore");
    sandbox.text("undo");
    let history = sandbox.json("solution history");
    let rows = history.as_array().expect("a list");
    let numbers: Vec<_> = rows
        .iter()
        .map(|row| {
            [&row["operation"], &row["suboperation"], &row["status"]].map(|number| number.as_u64().expect("a number"))
        })
        .collect();
    assert_eq!(numbers, [[1, 4, 1], [0, 3, 1], [0, 3, 1], [4, 0, 1], [0, 1, 1]], "newest first");
    let update = &rows[2];
    assert_eq!(
        [&update["name"], &update["solutionversion"], &update["publishername"], &update["packagename"]],
        ["ContosoCore", "1.1.0.0", "contoso", "contoso-core-1.1"]
    );
    assert_eq!(
        [&update["ismanaged"], &update["ispatch"], &update["overwritecustomizations"], &update["result"]],
        [true, false, false, true]
    );
    assert_eq!(update["packageversion"], "1.1.0.0");
    assert!(update["errorcode"].is_null() && update["exceptionmessage"].is_null());
    assert!(update["totaltime"].as_f64().is_some_and(|seconds| seconds >= 0.0));
    assert!(update["starttime"].as_str() <= update["endtime"].as_str());
    let ids: std::collections::BTreeSet<_> = rows
        .iter()
        .flat_map(|row| [&row["solutionhistoryid"], &row["correlationid"]].map(|id| id.as_str().map(str::to_owned)))
        .collect();
    assert_eq!(ids.len(), 2 * rows.len(), "ids are there and differ");
    assert_eq!(rows[1]["result"], false);
    assert_eq!(rows[1]["errorcode"], "0x8004F023");
    assert_eq!(rows[0]["solutionversion"], "1.1.0.0");
    assert_eq!(sandbox.json("solution history"), history, "ids are minted the same each time");
    let text = sandbox.text("solution history");
    assert!(text.contains("import, update") && text.contains("uninstall, delete"), "{text}");
    assert_eq!(sandbox.json("solution history --at 1").as_array().map(Vec::len), Some(1));
}

#[test]
fn l116_r3_a_second_operation_is_refused_and_names_the_one_that_runs() {
    let sandbox = Sandbox::new();
    import(&sandbox, "contoso-core-1.0");
    let store = sandbox.path("strata.db").display().to_string();
    let workspace = Workspace::open(&Location { store, environment: None }).expect("the store");
    let environment = workspace.environment().expect("the environment");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    let now = i64::try_from(now).expect("a time");
    let lease = workspace.store().lease(&environment, "Uninstall", now).expect("a lease");
    let before = sandbox.json("history");
    let error = sandbox.error(&format!("import {}", example("contoso-core-1.1")), 1);
    assert_eq!((&error["code"], &error["name"]), (&json!("0x80071151"), &json!("SolutionConcurrencyFailure")));
    assert_eq!(error["rule"], "L116");
    let message = error["message"].as_str().expect("a message");
    assert!(
        message.starts_with("cannot start another [Import] because there is a previous [Uninstall] running"),
        "{message}"
    );
    assert_eq!(sandbox.json("history"), before, "refused, not queued");
    assert_eq!(
        sandbox.json(&format!("plan {}", example("contoso-core-1.1")))["outcome"],
        "succeed",
        "plans need no lease"
    );
    workspace.store().release(&lease).expect("released");
    import(&sandbox, "contoso-core-1.1");
}

#[test]
fn l14_l16_l23_the_version_of_an_unmanaged_solution_is_set_and_undone() {
    let sandbox = Sandbox::new();
    sandbox.text("publisher create --name contoso --prefix contoso");
    sandbox.text("solution create --name Own --publisher contoso");
    let set = "solution online-version --solution-name Own --solution-version";
    let would = sandbox.json(&format!("{set} 1.2.3.4 --plan"));
    assert_eq!((&would["solution"]["from"], &would["solution"]["to"]), (&json!("1.0.0.0"), &json!("1.2.3.4")));
    sandbox.text(&format!("{set} 1.2.3.4"));
    let version = || sandbox.json("solution list")[0]["version"].clone();
    assert_eq!(version(), "1.2.3.4");
    assert_eq!(sandbox.json("history")[0]["kind"], "online-version");
    let error = sandbox.error(&format!("{set} one"), 1);
    assert_eq!((&error["code"], &error["name"]), (&json!("0x8004F01E"), &json!("InvalidSolutionVersion")));
    sandbox.text("undo");
    assert_eq!(version(), "1.0.0.0");
    import(&sandbox, "contoso-core-1.0");
    let managed = sandbox.error("solution online-version --solution-name ContosoCore --solution-version 2.0", 1);
    assert_eq!((&managed["code"], &managed["rule"]), (&json!("0x8004F024"), &json!("L16")));
    let own = sandbox.error("solution online-version --solution-name Default --solution-version 2.0", 1);
    assert_eq!((&own["code"], &own["rule"]), (&json!("0x8004F009"), &json!("L4")));
    assert_eq!(
        sandbox.error("solution online-version --solution-name No --solution-version 2.0", 1)["name"],
        "NotFound"
    );
}
