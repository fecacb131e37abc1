//! Baselines bring rows and history back.

use strata_model::environment::Settings;
use strata_ops::rows::{self, RowRequest};
use strata_ops::{Request, Workspace, baseline, carry_out, silent};

fn rename(workspace: &Workspace, name: &str) {
    let environment = workspace.environment().expect("an environment");
    let settings = Settings { display_name: name.to_owned(), ..environment.settings.clone() };
    carry_out(workspace, &environment, &Request::Settings(settings), &silent).expect("new settings");
}

fn account(workspace: &Workspace, name: &str) {
    let environment = workspace.environment().expect("an environment");
    let values = vec![("name".to_owned(), name.to_owned())];
    rows::carry_out(workspace, &environment, &RowRequest::Create { table: "account".to_owned(), values })
        .expect("a row");
}

#[test]
fn a_baseline_brings_rows_and_history_back() {
    let workspace = Workspace::in_memory().expect("a store");
    let environment = workspace.environment_to_write().expect("an environment");
    rename(&workspace, "first");
    account(&workspace, "kept");
    baseline::save(&workspace, &environment, "clean").expect("a baseline");
    rename(&workspace, "second");
    account(&workspace, "gone");
    let later = workspace.environment().expect("an environment");

    baseline::reset(&workspace, &later, "CLEAN").expect("a way back");
    let back = workspace.environment().expect("an environment");
    assert_eq!(back.settings.display_name, "first");
    assert_eq!(back.id, environment.id);
    assert_eq!(rows::count(&workspace, None, "account", None).expect("a number"), 1);
    assert_eq!(baseline::list(&workspace, &back).expect("a list"), ["clean"]);

    let error = baseline::reset(&workspace, &back, "clan").expect_err("no such baseline");
    assert!(error.report().hints[0].contains("clean"), "{:?}", error.report());
}
