//! New and update of managed solutions.

use strata_model::plan::{Action, Effect, OperationKind};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::changes;

const CORE: &str = "package Core 1.0.0.0 managed contoso
    attribute contoso_order.contoso_notes <MaxLength>100</MaxLength><Format>text</Format>
    attribute contoso_order.contoso_total <Precision>2</Precision>";

fn notes() -> strata_model::component::ComponentKey {
    key("attribute:contoso_order.contoso_notes")
}

#[test]
fn l59_l74_a_new_managed_solution_gives_each_component_a_base_layer() {
    let mut env = Simulated::default();
    let plan = env.import(&package(CORE));
    assert_eq!(plan.operation, OperationKind::New);
    assert_eq!(env.layers(&notes()), ["Core"]);
    assert_eq!(plan.summary().create, 2);
    assert_eq!(env.resolved(&notes()), ["Format=text by Core", "MaxLength=100 by Core"]);
}

#[test]
fn l30_a_later_managed_solution_is_above_and_below_active() {
    let mut env = Simulated::default();
    env.import(&package(CORE));
    env.set(&notes(), "MaxLength", "500");
    env.publish();
    let plan = env.import(&package(
        "package Sales 1.0.0.0 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>250</MaxLength>",
    ));
    assert_eq!(env.layers(&notes()), ["Core", "Sales", "Active"]);
    assert_eq!(changes(&plan), ["modify attribute:contoso_order.contoso_notes Sales masked"]);
    let change = &plan.changes[0];
    assert_eq!(change.masked_by, ["Active"]);
    assert_eq!(change.properties.len(), 1);
    assert_eq!(change.properties[0].before.as_deref(), Some("500"));
    assert_eq!(change.properties[0].resolved_after.as_deref(), Some("500"));
    assert!(env.resolved(&notes()).contains(&"MaxLength=500 by Active".to_owned()));
}

#[test]
fn l32_an_update_stays_in_its_solutions_slot() {
    let mut env = Simulated::default();
    env.import(&package(CORE));
    env.import(&package(
        "package Sales 1.0.0.0 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>50</MaxLength>",
    ));
    let plan = env.import(&package(
        "package Core 1.1.0.0 managed contoso
         attribute contoso_order.contoso_notes <MaxLength>35</MaxLength><Format>text</Format>
         attribute contoso_order.contoso_total <Precision>2</Precision>",
    ));
    assert_eq!(plan.operation, OperationKind::Update);
    assert_eq!(env.layers(&notes()), ["Core", "Sales"]);
    assert!(env.resolved(&notes()).contains(&"MaxLength=50 by Sales".to_owned()));
    assert_eq!(changes(&plan), ["modify attribute:contoso_order.contoso_notes Core masked"]);
    assert_eq!(plan.summary().unchanged, 1);
    env.uninstall("Sales");
    assert!(env.resolved(&notes()).contains(&"MaxLength=35 by Core".to_owned()));
}

#[test]
fn l75_l133_an_update_deletes_nothing_and_keeps_membership() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         attribute contoso_order.a <V>1</V>
         attribute contoso_order.b <V>1</V>",
    ));
    let plan = env.import(&package(
        "package Core 2.0 managed contoso
         attribute contoso_order.a <V>2</V>
         attribute contoso_order.c <V>1</V>",
    ));
    assert_eq!(env.solutions(), ["Core 2.0"]);
    assert_eq!(
        changes(&plan),
        ["modify attribute:contoso_order.a Core visible", "create attribute:contoso_order.c Core visible"]
    );
    let kept = &env.snapshot.components[&key("attribute:contoso_order.b")];
    assert_eq!(kept.layers.len(), 1, "OQ 18: the dropped component keeps its layer");
    assert_eq!(kept.members.len(), 1, "OQ 18: and its membership");
}

#[test]
fn l75_options_that_the_update_no_longer_mentions_stay() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         optionset contoso_status <options><option value='1' /><option value='2' /></options>",
    ));
    env.import(&package(
        "package Core 1.1 managed contoso
         optionset contoso_status <options><option value='1' /><option value='3' /></options>",
    ));
    let values: Vec<_> = env.resolved(&key("optionset:contoso_status"));
    assert_eq!(
        values,
        ["options/option[1]@value=1 by Core", "options/option[2]@value=2 by Core", "options/option[3]@value=3 by Core"]
    );
    let again = env.import(&package(
        "package Core 1.2 managed contoso
         optionset contoso_status <options><option value='1' /><option value='3' /></options>",
    ));
    assert_eq!(again.summary().unchanged, 1);
}

#[test]
fn l22_l38_the_same_package_twice_changes_nothing() {
    let mut env = Simulated::default();
    env.import(&package(CORE));
    let before = env.snapshot.clone();
    let plan = env.import(&package(CORE));
    assert!(!plan.has_changes());
    assert!(plan.changes.iter().all(|change| change.action == Action::Unchanged && change.effect == Effect::None));
    assert_eq!(env.snapshot, before);
}

#[test]
fn d3_other_bytes_that_say_the_same_are_unchanged() {
    let mut env = Simulated::default();
    env.import(&package("package Core 1.0 managed contoso\n attribute a.contoso_b <X>1</X><Y>2</Y>"));
    let plan = env.import(&package("package Core 1.1 managed contoso\n attribute a.contoso_b <Y>2</Y> <X>1</X>"));
    assert_eq!(plan.summary().unchanged, 1);
}

#[test]
fn l20_roots_without_definition_become_members_of_what_is_there() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Tier 1.0 managed contoso
         root entity:account 2
         attribute account.contoso_tier <MaxLength>10</MaxLength>",
    ));
    let account = &env.snapshot.components[&key("entity:account")];
    assert!(account.layers.is_empty());
    assert_eq!(account.members.len(), 1);
    assert_eq!(env.components(), ["attribute:account.contoso_tier"]);
}

#[test]
fn l43_unmodified_definitions_make_no_layer() {
    let mut env = Simulated::default();
    let view = "11111111-0000-4000-8000-000000000001";
    env.import(&package(&format!("package Core 1.0 managed contoso\n savedquery {view} <isdefault>1</isdefault>")));
    env.import(&package(&format!(
        "package Top 1.0 managed contoso\n savedquery {view} reference <isdefault>0</isdefault>"
    )));
    assert_eq!(env.layers(&key(&format!("savedquery:{view}"))), ["Core"]);
}

#[test]
fn l2_a_layer_over_a_system_component_modifies_it() {
    let mut env = Simulated::default();
    let plan = env.import(&package(
        "package Names 1.0 managed contoso
         root entity:account 1
         attribute account.name <MaxLength>200</MaxLength>",
    ));
    assert_eq!(changes(&plan), ["modify attribute:account.name Names visible"]);
    assert!(env.resolved(&key("attribute:account.name")).contains(&"MaxLength=200 by Names".to_owned()));
    env.uninstall("Names");
    assert!(env.resolved(&key("attribute:account.name")).contains(&"MaxLength=160 by System".to_owned()));
}

#[test]
fn l70_languages_that_are_not_enabled_are_a_warning() {
    let mut bilingual = package(
        "package Core 1.0 managed contoso
         attribute a.contoso_b <displaynames><displayname description='B' languagecode='1033' /><displayname description='Be' languagecode='1031' /></displaynames>",
    );
    bilingual.manifest.languages = vec![1033, 1031];
    let plan = Simulated::default().import(&bilingual);
    assert!(!plan.is_refused());
    assert_eq!(plan.findings[0].code.as_deref(), Some("0x80048026"));
    assert!(plan.findings[0].hints[0].contains("--language 1033 --language 1031"));
    let mut env = Simulated::default();
    env.snapshot.environment.settings.languages = vec![1033, 1031];
    assert!(env.import(&bilingual).findings.is_empty());
}
