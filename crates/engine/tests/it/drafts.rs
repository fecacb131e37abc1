//! Drafts, pending deletions and publishing (L49–L52).

use strata_model::environment::ComponentState;
use strata_model::options::{ImportAction, ImportOptions};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::by_hand::{bare, made, maker, solution};
use crate::{changes, refusal};

const VIEW: &str = "savedquery:11111111-0000-4000-8000-000000000002";

/// An environment with a published view, chart, form and dashboard of its own.
fn published() -> Simulated {
    let mut env = maker();
    env.import(&package(
        "package Base 1.0 unmanaged contoso
         entity contoso_t <X>1</X>
         savedquery 11111111-0000-4000-8000-000000000002 of=contoso_t <querytype>0</querytype>
         savedqueryvisualization 11111111-0000-4000-8000-000000000003 of=contoso_t <isdefault>0</isdefault>
         systemform 11111111-0000-4000-8000-000000000004 of=contoso_t <form />
         systemform 11111111-0000-4000-8000-000000000005 <form />",
    ));
    env.publish();
    env
}

#[test]
fn l49_a_deletion_of_a_view_is_a_draft_until_it_is_published() {
    let mut env = published();
    let view = key(VIEW);
    let plan = env.delete(&view);
    assert_eq!(changes(&plan), ["delete savedquery:11111111-0000-4000-8000-000000000002 Active none"]);
    assert_eq!(env.layers(&view), ["Active", "[Active]"], "state 2, Deleted: what is published is in force");
    assert_eq!(env.resolved(&view), ["querytype=0 by Active"]);
    assert_eq!(refusal(&env.set(&view, "querytype", "1")), "0x8004F00F CannotUpdateUnpublishedDeleteInstance L49");
    assert_eq!(refusal(&env.delete(&view)), "0x8004F00F CannotUpdateUnpublishedDeleteInstance L49");
    let published = env.publish();
    assert_eq!(changes(&published), ["delete savedquery:11111111-0000-4000-8000-000000000002 Active visible"]);
    assert!(!env.components().contains(&VIEW.to_owned()));
}

#[test]
fn l49_a_draft_that_was_never_published_waits_too() {
    let mut env = maker();
    made(&mut env, "entity:Order");
    made(&mut env, "savedquery:contoso_order.Open");
    let is_open =
        |state: &ComponentState| state.layers.iter().any(|layer| layer.display_name.as_deref() == Some("Open"));
    let found = env.snapshot.components.values().find(|state| is_open(state)).expect("the view");
    let view = found.component.key.clone();
    env.delete(&view);
    assert_eq!(env.layers(&view), ["[Active]"], "state 3, Deleted Unpublished");
    env.publish();
    assert!(env.layers(&view).is_empty());
    let again = env.create(&bare("savedquery:contoso_order.Open", "Sales"));
    assert!(!again.is_refused(), "its place is free: {:?}", again.findings);
}

#[test]
fn l49_other_types_are_deleted_at_once() {
    let mut env = published();
    made(&mut env, "optionset:color");
    env.publish();
    env.delete(&key("optionset:contoso_color"));
    assert!(env.layers(&key("optionset:contoso_color")).is_empty());
}

#[test]
fn l50_l51_managed_arrives_published_and_publishing_covers_the_environment() {
    let mut env = maker();
    made(&mut env, "optionset:one");
    env.import(&package("package Core 1.0 managed contoso\n optionset contoso_three <V>1</V>"));
    assert_eq!(env.layers(&key("optionset:contoso_three")), ["Core"]);
    solution(&mut env, "Other", "contoso");
    env.create(&bare("optionset:two", "Other"));
    let plan = env.publish();
    assert_eq!(plan.changes.len(), 2, "every draft, whichever solution it was made in");
}

#[test]
fn l51_publishing_one_solution_leaves_the_others_drafts() {
    let mut env = maker();
    solution(&mut env, "Other", "contoso");
    made(&mut env, "optionset:one");
    env.create(&bare("optionset:two", "Other"));
    env.publish_in("Other");
    assert_eq!(env.layers(&key("optionset:contoso_one")), ["[Active]"]);
    assert_eq!(env.layers(&key("optionset:contoso_two")), ["Active"]);
}

#[test]
fn l52_an_import_fails_over_an_unpublished_deletion() {
    for (line, code) in [
        ("savedquery 11111111-0000-4000-8000-000000000002 of=contoso_t", "0x8004801B ImportSavedQueryDeletedError L52"),
        (
            "savedqueryvisualization 11111111-0000-4000-8000-000000000003 of=contoso_t",
            "0x8004E013 ImportVisualizationDeletedError L52",
        ),
        ("systemform 11111111-0000-4000-8000-000000000005", "0x8004E308 ImportDashboardDeletedError L52"),
    ] {
        let mut env = published();
        let component = key(&line.split(' ').take(2).collect::<Vec<_>>().join(":"));
        env.delete(&component);
        let again = package(&format!("package Again 1.0 unmanaged contoso\n {line} <X>2</X>"));
        assert_eq!(refusal(&env.import(&again)), code, "{line}");
        env.publish();
        assert!(!env.import(&again).is_refused(), "after a publish it is a new one");
    }
    // A form has no code of its own: the import takes the deletion back.
    let mut env = published();
    let form = key("systemform:11111111-0000-4000-8000-000000000004");
    env.delete(&form);
    let again =
        "package Again 1.0 unmanaged contoso\n systemform 11111111-0000-4000-8000-000000000004 of=contoso_t <Y>2</Y>";
    assert!(!env.import(&package(again)).is_refused());
    env.publish();
    assert_eq!(env.layers(&form), ["Active"]);
}

#[test]
fn l51_l82_what_an_upgrade_takes_away_is_not_published_with_it() {
    let mut env = maker();
    let one = "package Core 1.0 managed contoso
        savedquery 11111111-0000-4000-8000-000000000002 of=contoso_t <querytype>0</querytype>
        optionset contoso_s <V>1</V>";
    env.import(&package(one));
    env.set(&key(VIEW), "querytype", "1");
    env.set(&key("optionset:contoso_s"), "V", "2");
    let publishing = ImportOptions { publish_changes: true, ..ImportOptions::pac() };
    let upgrade = ImportOptions { action: Some(ImportAction::Upgrade), ..publishing };
    let plan = env.import_with(&package("package Core 2.0 managed contoso\n optionset contoso_s <V>3</V>"), &upgrade);
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert!(env.layers(&key(VIEW)).is_empty(), "the draft goes with the component");
    assert_eq!(env.layers(&key("optionset:contoso_s")), ["Core", "Active"]);
    assert_eq!(env.resolved(&key("optionset:contoso_s")), ["V=2 by Active"]);
}

#[test]
fn l51_l87_l94_a_draft_is_published_as_the_import_leaves_it() {
    let publishing = ImportOptions { publish_changes: true, ..ImportOptions::pac() };
    let choice = key("optionset:contoso_s");
    let managed = |version: &str| {
        package(&format!("package Core {version} managed contoso\n optionset contoso_s <V>{version}</V>"))
    };
    let mut env = maker();
    env.import(&managed("1.0"));
    env.set(&choice, "V", "mine");
    let overwriting = ImportOptions { overwrite_unmanaged_customizations: true, ..publishing.clone() };
    env.import_with(&managed("1.1"), &overwriting);
    assert_eq!(env.layers(&choice), ["Core", "Active"]);
    assert_eq!(env.resolved(&choice), ["V=1.1 by Active"]);
    let mut env = maker();
    env.import(&package("package Own 1.0 unmanaged contoso\n optionset contoso_s <V>mine</V>"));
    let converting = ImportOptions { convert_to_managed: true, ..publishing };
    let plan = env.import_with(&managed("1.0"), &converting);
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(env.layers(&choice), ["Core"], "the draft has become the solution's");
}
