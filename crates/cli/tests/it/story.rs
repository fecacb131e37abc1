//! The example solutions, from the first import to the last undo.

use serde_json::Value;

use crate::sandbox::{Sandbox, example};

const NOTES: &str = "attribute:contoso_order.contoso_notes";

fn import(sandbox: &Sandbox, name: &str) -> Value {
    sandbox.json(&format!("import {}", example(name)))
}

/// Core, Sales, Fabrikam and the published hotfix.
fn full() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["contoso-core-1.0", "contoso-sales-1.0", "fabrikam-addon-1.0", "contoso-hotfix"] {
        import(&sandbox, name);
    }
    sandbox.text("solution publish");
    sandbox
}

#[test]
fn planning_needs_no_store_and_makes_none() {
    let sandbox = Sandbox::new();
    let core = example("contoso-core-1.0");
    let plan = sandbox.json(&format!("plan {core}"));
    assert_eq!(plan["operation"], "new");
    assert_eq!(plan["outcome"], "succeed");
    assert_eq!(plan["options"]["caller"], "pac");
    assert!(plan.get("job").is_none());
    assert_eq!(sandbox.json(&format!("solution show --path {core}"))["container"], "folder");
    assert!(sandbox.text(&format!("plan {core}")).contains("Plan: install ContosoCore 1.0.0.0 (managed)"));
    assert!(!sandbox.has_store());
}

#[test]
fn an_unreadable_package_makes_no_store() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.error("import nowhere.zip", 4)["name"], "UnreadableFile");
    std::fs::write(sandbox.path("broken.zip"), b"PK\x03\x04 and no more").expect("a file");
    assert_eq!(sandbox.run("import broken.zip").code, 4);
    assert_eq!(sandbox.run("plan broken.zip").code, 4);
    assert_eq!(sandbox.run("solution show --path broken.zip").code, 4);
    assert_eq!(sandbox.run("solution apply broken.zip").code, 4);
    assert!(!sandbox.has_store());
}

#[test]
fn a_refusal_is_one_error_object_and_a_failed_entry() {
    let sandbox = Sandbox::new();
    let sales = example("contoso-sales-1.0");
    let error = sandbox.error(&format!("import {sales}"), 1);
    assert_eq!(error["code"], "0x8004801D");
    assert_eq!(error["name"], "ImportMissingDependenciesError");
    assert_eq!(error["rule"], "L64");
    assert_eq!(error["details"][0]["kind"], "missing-dependency");
    assert_eq!(sandbox.json("history")[0]["result"], "failed");
    let text = sandbox.run(&format!("import {sales}")).stderr;
    assert!(text.contains("error: ") && text.contains("code: 0x8004801D ImportMissingDependenciesError (rule L64)"));
    assert!(text.contains("1 missing from ContosoCore 1.0.0.0"), "{text}");
    // A plan of it is a successful plan, unless a gate asks.
    assert_eq!(sandbox.json(&format!("plan {sales}"))["outcome"], "fail");
    assert_eq!(sandbox.run(&format!("plan {sales} --detailed-exitcode")).code, 0);
    assert_eq!(sandbox.run(&format!("plan {sales} --fail-on failure")).code, 3);
}

#[test]
fn an_import_answers_with_plan_job_and_operation() {
    let sandbox = Sandbox::new();
    let done = import(&sandbox, "contoso-core-1.0");
    assert_eq!(done["applied_as"], 1);
    assert!(done["job"].is_string());
    assert!(done["summary"]["create"].as_u64().is_some_and(|created| created > 30));
    let again = sandbox.run(&format!("import {} --skip-lower-version", example("contoso-core-1.0")));
    assert_eq!(again.code, 0);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    let hinted = sandbox.run(&format!("import --path {}", example("contoso-sales-1.0")));
    assert!(hinted.stderr.contains(&format!("hint: see its layers with `strata layers {NOTES}`")), "{}", hinted.stderr);
    assert!(hinted.stdout.contains("MaxLength: 100 → 250"), "{}", hinted.stdout);
}

#[test]
fn layers_tell_who_decides_now_and_then() {
    let sandbox = full();
    let view = sandbox.json(&format!("layers {NOTES}"));
    let names: Vec<_> =
        view["layers"].as_array().expect("layers").iter().map(|layer| layer["solution"].clone()).collect();
    assert_eq!(names, ["ContosoCore", "ContosoSales", "FabrikamAddon", "Active"]);
    assert_eq!(view["decidedby"]["MaxLength"], "Active");
    assert_eq!(view["resolved"]["MaxLength"], "500");
    let then = sandbox.json(&format!("component layers {NOTES} --at 2"));
    assert_eq!(then["resolved"]["MaxLength"], "250");
    let text = sandbox.text(&format!("layers {NOTES}"));
    assert!(text.contains("┌ 4 Active") && text.contains("● MaxLength: 100 → 500"), "{text}");
    let shown = sandbox.json(&format!("component show {NOTES}"));
    assert_eq!(shown["state"], "published");
    let lost = sandbox.error("layers attribute:contoso_order.contoso_note", 1);
    assert!(lost["hints"][0].as_str().is_some_and(|hint| hint.starts_with("did you mean")), "{lost}");
}

#[test]
fn gates_and_exit_codes_of_a_plan() {
    let sandbox = full();
    let next = example("contoso-core-1.1");
    let text = sandbox.text(&format!("plan {next}"));
    assert!(text.contains("MaxLength: 100 → 400  (hidden: stays 500, Active decides)"), "{text}");
    assert!(text.contains("1 masked"), "{text}");
    for (flags, code) in [
        ("--detailed-exitcode", 2),
        ("--fail-on masked", 3),
        ("--fail-on delete,masked --detailed-exitcode", 3),
        ("--fail-on delete --detailed-exitcode", 2),
        ("--fail-on delete --fail-on failure", 0),
    ] {
        assert_eq!(sandbox.run(&format!("plan {next} {flags}")).code, code, "{flags}");
    }
    let same = sandbox.run(&format!("plan {} --detailed-exitcode", example("contoso-core-1.0")));
    assert_eq!(same.code, 0, "{}", same.stdout);
    let unchanged = sandbox.json(&format!("plan {next} --verbose"));
    let is_unchanged = |change: &Value| change["action"] == "unchanged";
    assert!(unchanged["changes"].as_array().is_some_and(|changes| changes.iter().any(is_unchanged)));
}

#[test]
fn a_saved_plan_is_applied_once() {
    let sandbox = full();
    let printed = sandbox.json(&format!("plan {} --out core.plan", example("contoso-core-1.1")));
    assert_eq!(printed["operation"], "update");
    assert_eq!(sandbox.json("solution apply core.plan --plan"), printed);
    assert_eq!(sandbox.error("solution apply core.plan -e other", 1)["name"], "StalePlan");
    let done = sandbox.json("solution apply core.plan");
    assert_eq!(done["changes"], printed["changes"]);
    assert_eq!(sandbox.error("solution apply core.plan", 1)["name"], "StalePlan");
}

#[test]
fn a_saved_plan_of_a_new_store_makes_it() {
    let sandbox = Sandbox::new();
    sandbox.text(&format!("plan {} --out core.plan", example("contoso-core-1.0")));
    assert!(!sandbox.has_store());
    assert_eq!(sandbox.json("solution apply core.plan")["applied_as"], 1);
}

#[test]
fn uninstall_is_refused_while_others_stand_on_it_and_undone_after() {
    let sandbox = full();
    let error = sandbox.error("solution delete --name ContosoCore", 1);
    assert_eq!(error["code"], "0x8004F01D");
    let commands: Vec<_> = (0..2).map(|step| error["details"][0]["recipe"][step]["command"].clone()).collect();
    let delete = |name: &str| format!("strata solution delete --solution-name {name}");
    assert_eq!(commands, [delete("FabrikamAddon"), delete("ContosoSales")]);
    assert_eq!(sandbox.json("plan --uninstall ContosoCore")["operation"], "uninstall");
    let names = |sandbox: &Sandbox| {
        let list = sandbox.json("solution list");
        let names = list.as_array().expect("a list").iter().map(|entry| entry["uniquename"].clone());
        names.map(|name| name.as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let gone = sandbox.run("solution delete ContosoSales --yes");
    assert_eq!(gone.code, 0, "{}", gone.stderr);
    assert!(!names(&sandbox).contains(&"ContosoSales".to_owned()));
    assert_eq!(sandbox.json("undo")["operation"], "undo");
    assert!(names(&sandbox).contains(&"ContosoSales".to_owned()));
    sandbox.text("restore 1");
    assert_eq!(names(&sandbox), ["ContosoCore"]);
    let history = sandbox.json("history");
    assert_eq!(history[0]["kind"], "restore");
    assert_eq!(history[0]["stateof"], 1);
    assert!(sandbox.text("history show 1").contains("import (new) ContosoCore"));
}

#[test]
fn edits_are_drafts_until_they_are_published() {
    let sandbox = Sandbox::new();
    import(&sandbox, "contoso-core-1.0");
    let words = ["component", "set", "--property", "MaxLength=321", NOTES, "--format", "json"];
    let set = sandbox.run_words(&words);
    assert_eq!(set.code, 0, "{}", set.stderr);
    assert_eq!(sandbox.json(&format!("component show {NOTES}"))["properties"]["MaxLength"], "100");
    assert_eq!(sandbox.json(&format!("component show {NOTES} --unpublished"))["properties"]["MaxLength"], "321");
    assert!(sandbox.text(&format!("layers {NOTES}")).contains("draft, not published"));
    sandbox.text("solution publish");
    assert_eq!(sandbox.json(&format!("component show {NOTES}"))["properties"]["MaxLength"], "321");
    assert_eq!(sandbox.json("component list --unmanaged-layer").as_array().map(Vec::len), Some(1));
    let removed = sandbox.text(&format!("component remove-active {NOTES}"));
    assert!(removed.contains("MaxLength: 321 → 100"), "{removed}");
    assert_eq!(sandbox.json(&format!("component show {NOTES}"))["properties"]["MaxLength"], "100");
}
