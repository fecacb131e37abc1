//! Edits, drafts, undo, saved plans, leases and broken input through the shell.

use strata_engine::active::PropertyEdit;
use strata_model::history::{HistoryKind, Outcome};
use strata_model::id::Operation;
use strata_model::options::ImportOptions;
use strata_ops::view::ComponentWord;
use strata_ops::{OpsError, PublishScope, Request, components, plan_file, prepare, silent};
use strata_testkit::examples;

use crate::{Scratch, import};

const NOTES: &str = "attribute:contoso_order.contoso_notes";

fn with_core() -> Scratch {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    scratch
}

fn set(scratch: &Scratch, component: &str, path: &str, value: &str) -> Request {
    let environment = scratch.workspace.environment().expect("an environment");
    let component = components::find(&scratch.workspace, &environment, None, component).expect("a component");
    let edits = vec![PropertyEdit { path: path.to_owned(), value: value.to_owned() }];
    Request::Set { component, edits, solution: None }
}

#[test]
fn l49_r1_an_edit_is_a_draft_until_it_is_published() {
    let scratch = with_core();
    scratch.run(&set(&scratch, NOTES, "MaxLength", "321")).expect("an edit");
    assert_eq!(scratch.resolved(NOTES, "MaxLength"), Some(("100".into(), "ContosoCore".into())));
    let draft = components::layers(&scratch.workspace, None, NOTES, false).expect("layers");
    assert_eq!(draft.layers.last().map(|layer| layer.state), Some(ComponentWord::Unpublished));
    let seen = components::show(&scratch.workspace, None, NOTES, true).expect("the makers' view");
    assert_eq!(seen.properties.get("MaxLength").map(String::as_str), Some("321"));
    assert_eq!(seen.state, ComponentWord::Unpublished);
    scratch.run(&Request::Publish(PublishScope::All)).expect("published");
    assert_eq!(scratch.resolved(NOTES, "MaxLength"), Some(("321".into(), "Active".into())));
    let environment = scratch.workspace.environment().expect("an environment");
    let component = components::find(&scratch.workspace, &environment, None, NOTES).expect("a component");
    scratch.run(&Request::RemoveActive { component }).expect("removed");
    assert_eq!(scratch.resolved(NOTES, "MaxLength"), Some(("100".into(), "ContosoCore".into())));
}

#[test]
fn r12_undo_walks_back_and_restore_goes_anywhere() {
    let scratch = Scratch::new();
    let mut states = vec![scratch.state()];
    for example in ["contoso-core-1.0", "contoso-sales-1.0", "contoso-core-1.1"] {
        scratch.import(&examples::path(example), &ImportOptions::pac()).expect(example);
        states.push(scratch.state());
    }
    for expected in [2, 1] {
        scratch.run(&Request::Undo).expect("undo");
        assert_eq!(scratch.state(), states[expected]);
    }
    scratch.run(&Request::Restore(Operation(3))).expect("restore");
    assert_eq!(scratch.state(), states[3]);
    scratch.run(&Request::Undo).expect("undo of the restore");
    assert_eq!(scratch.state(), states[1]);
    scratch.run(&Request::Undo).expect("undo");
    assert_eq!(scratch.state(), states[0]);
    let nothing = scratch.run(&Request::Undo).expect_err("nothing left").report();
    assert_eq!(nothing.name, "NothingToUndo");
    let history = strata_ops::history::list(&scratch.workspace, None).expect("history");
    assert_eq!(history.iter().filter(|entry| entry.kind == HistoryKind::Undo).count(), 4);
}

#[test]
fn at_shows_the_state_after_an_operation() {
    let scratch = with_core();
    scratch.uninstall("ContosoCore").expect("gone");
    assert!(scratch.components().is_empty());
    let filter = components::Filter::default();
    let then = components::list(&scratch.workspace, Some(Operation(1)), &filter).expect("a list");
    assert!(!then.is_empty());
    let solutions = strata_ops::solutions::list(&scratch.workspace, Some(Operation(1)), false).expect("a list");
    assert_eq!(solutions.len(), 1);
    assert!(solutions[0].installed_on.is_some());
}

#[test]
fn r13_a_saved_plan_applies_to_the_same_package_and_revision_only() {
    let scratch = with_core();
    let environment = scratch.workspace.environment().expect("an environment");
    let request = import(&examples::path("contoso-core-1.1"), &ImportOptions::pac());
    let prepared = prepare(&scratch.workspace, &environment, &request, &silent).expect("a plan");
    let file = scratch.folder.path().join("plan.json");
    plan_file::save(&file, &environment.name, &request, &prepared, false).expect("saved");
    let mut moved = scratch.folder.path().join("moved.json");
    std::fs::copy(&file, &moved).expect("a copy");
    let applied = plan_file::apply(&scratch.workspace, &file, &silent).expect("applied");
    assert_eq!(applied.plan, prepared.plan);
    let stale = plan_file::apply(&scratch.workspace, &moved, &silent).expect_err("the environment has moved");
    assert_eq!((stale.exit_code(), stale.report().name.as_str()), (1, "StalePlan"));
    moved.set_file_name("broken.json");
    std::fs::write(&moved, "{").expect("a file");
    let broken = plan_file::apply(&scratch.workspace, &moved, &silent).expect_err("no plan");
    assert_eq!(broken.exit_code(), 4);
}

#[test]
fn r3_l116_a_second_operation_is_refused_not_queued() {
    let scratch = with_core();
    let environment = scratch.workspace.environment().expect("an environment");
    let now = i64::try_from(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis(),
    )
    .expect("a small number");
    let lease = scratch.workspace.store().lease(&environment, "Import", now).expect("a lease");
    let refused = scratch.uninstall("ContosoCore").expect_err("busy");
    assert_eq!(refused.exit_code(), 1);
    let report = refused.report();
    assert_eq!((report.code.as_deref(), report.name.as_str()), (Some("0x80071151"), "SolutionConcurrencyFailure"));
    scratch.workspace.store().release(&lease).expect("released");
    scratch.uninstall("ContosoCore").expect("free again");
}

#[test]
fn l58_what_is_no_package_leaves_no_trace() {
    let scratch = Scratch::new();
    let file = scratch.file("broken.zip", b"PK\x03\x04 but no more");
    let error = scratch.import(&file, &ImportOptions::pac()).expect_err("no package");
    assert_eq!(error.exit_code(), 4);
    assert_eq!(error.report().code.as_deref(), Some("0x80048060"));
    let absent = scratch.folder.path().join("absent.zip");
    let error = scratch.import(&absent, &ImportOptions::pac()).expect_err("no file");
    assert_eq!(error.exit_code(), 4);
    assert!(strata_ops::history::list(&scratch.workspace, None).expect("history").is_empty(), "R14");
}

#[test]
fn l73_a_refusal_is_a_failed_entry_in_history_and_nothing_else() {
    let scratch = with_core();
    let before = scratch.state();
    let older = ImportOptions::pac();
    scratch.import(&examples::path("contoso-core-1.1"), &older).expect("1.1");
    let after = scratch.state();
    assert_ne!(before, after);
    let refused = scratch.import(&examples::path("contoso-core-1.0"), &older).expect_err("lower");
    assert!(matches!(refused, OpsError::Refused(_)));
    assert_eq!(scratch.state(), after);
    let newest = strata_ops::history::show(&scratch.workspace, Operation(3)).expect("the entry");
    assert_eq!(newest.entry.result, Outcome::Failed);
    assert_eq!(newest.findings[0].name.as_deref(), Some("VersionNotHigher"));
    let target = scratch.run(&Request::Undo).expect("undo skips what failed");
    assert_eq!(scratch.state(), before, "{:?}", target.operation);
}

#[test]
fn names_are_found_by_schema_name_id_and_display_name_and_guessed() {
    let scratch = with_core();
    let environment = scratch.workspace.environment().expect("an environment");
    let find = |text: &str| components::find(&scratch.workspace, &environment, None, text);
    let by_name = find("role:Contoso Clerk").expect("by display name");
    let by_id = find(&format!("role:{{{}}}", by_name.as_str().to_uppercase())).expect("by id");
    assert_eq!(by_name, by_id);
    assert_eq!(find("2:CONTOSO_ORDER.contoso_notes").expect("by number"), find(NOTES).expect("by name"));
    let listed = components::list(&scratch.workspace, None, &components::Filter::default()).expect("a list");
    let column = listed.iter().find(|entry| entry.component.type_name == "attribute").expect("a column");
    let minted = find(&format!("attribute:{}", column.component.id)).expect("by the id that lists show");
    assert_eq!(minted.as_str(), column.component.name.to_lowercase());
    let guess = find("attribute:contoso_order.contoso_note").expect_err("unknown").report();
    assert!(guess.hints.iter().any(|hint| hint.contains("contoso_notes")), "{:?}", guess.hints);
}
