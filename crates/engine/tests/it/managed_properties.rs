//! Managed properties: what others may change in what arrived managed (MP2–MP17).

use strata_engine::activation::Switch;
use strata_engine::managed_property;
use strata_engine::membership::Addition;
use strata_model::component::ComponentKey;
use strata_model::options::ImportAction;
use strata_model::plan::{Plan, Severity};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::by_hand::{bare, solution};
use crate::refusal;

const FAILURE: &str = "0x8004F027 CombinedManagedPropertyFailure";

fn table() -> ComponentKey {
    key("entity:contoso_t")
}

/// An environment into which a managed table with these settings came.
fn with_table(settings: &str) -> Simulated {
    let mut env = Simulated::default();
    let text = format!("package Core 1.0 managed contoso\n entity contoso_t {settings}");
    assert!(!env.import(&package(&text)).is_refused());
    env
}

/// A table of which everything can be touched.
const SETTINGS: &str = "<LocalizedNames><LocalizedName description='T' languagecode='1033' /></LocalizedNames>\
    <IsAuditEnabled>0</IsAuditEnabled><ChangeTrackingEnabled>0</ChangeTrackingEnabled>\
    <SyncToExternalSearchIndex>0</SyncToExternalSearchIndex><IsHierarchyUsed>0</IsHierarchyUsed>";

fn is_customizable(env: &Simulated, key: &ComponentKey) -> bool {
    managed_property::is_customizable(&env.snapshot, key, &env.rules, &env.bodies())
}

fn message(plan: &Plan) -> &str {
    &plan.first_error().expect("a refusal").message
}

#[test]
fn mp2_the_same_edit_succeeds_where_the_component_is_made_and_fails_in_the_target() {
    let locked = "entity contoso_t <IsCustomizable>0</IsCustomizable><IsAuditEnabled>0</IsAuditEnabled>";
    let mut source = Simulated::default();
    source.import(&package(&format!("package Core 1.0 unmanaged contoso\n {locked}")));
    assert!(!source.set(&table(), "IsAuditEnabled", "1").is_refused());
    assert!(is_customizable(&source, &table()), "the switch has no effect there");
    assert!(!source.set(&table(), "IsCustomizable", "1").is_refused(), "MP3: it is the maker's to write");
    let mut target = Simulated::default();
    target.import(&package(&format!("package Core 1.0 managed contoso\n {locked}")));
    assert_eq!(refusal(&target.set(&table(), "IsAuditEnabled", "1")), format!("{FAILURE} MP6"));
    assert!(!is_customizable(&target, &table()));
}

#[test]
fn mp6_a_refusal_names_component_operation_and_evaluation() {
    let mut env = with_table(&format!("{SETTINGS}<IsRenameable>0</IsRenameable>"));
    let plan = env.set(&table(), "LocalizedNames/LocalizedName[1033]@description", "U");
    assert_eq!(refusal(&plan), format!("{FAILURE} MP6"));
    let expected = "table contoso_t is managed and it is not allowed to rename it: IsCustomizable is true, \
        IsRenameable is false";
    assert_eq!(message(&plan), expected);
    let error = plan.first_error().expect("a refusal");
    assert_eq!(error.component.as_ref().map(|component| component.name.as_str()), Some("contoso_t"));
    assert!(error.hints.iter().any(|hint| hint.contains("publisher contoso")), "{:?}", error.hints);
    assert!(!env.set(&table(), "IsAuditEnabled", "1").is_refused(), "the others are free");
}

#[test]
fn mp5_the_master_makes_every_other_switch_false() {
    let paths = [
        "LocalizedNames/LocalizedName[1033]@description",
        "IsAuditEnabled",
        "ChangeTrackingEnabled",
        "SyncToExternalSearchIndex",
        "IsHierarchyUsed",
    ];
    let single = "<IsRenameable>0</IsRenameable><CanModifyAdditionalSettings>0</CanModifyAdditionalSettings>\
        <CanChangeTrackingBeEnabled>0</CanChangeTrackingBeEnabled>\
        <CanEnableSyncToExternalSearchIndex>0</CanEnableSyncToExternalSearchIndex>\
        <CanChangeHierarchicalRelationship>0</CanChangeHierarchicalRelationship>";
    let free = "<IsCustomizable>1</IsCustomizable>";
    for (switches, allowed) in [("<IsCustomizable>0</IsCustomizable>", false), (single, false), (free, true)] {
        for path in paths {
            let plan = with_table(&format!("{SETTINGS}{switches}")).set(&table(), path, "1");
            assert_eq!(!plan.is_refused(), allowed, "{path} under {switches}");
        }
    }
    let all_granted = format!("{SETTINGS}<IsCustomizable>0</IsCustomizable><IsRenameable>1</IsRenameable>");
    assert!(with_table(&all_granted).set(&table(), paths[0], "1").is_refused());
}

#[test]
fn mp17_each_change_of_a_table_needs_its_own_switch() {
    for (flag, path) in [
        ("IsRenameable", "LocalizedNames/LocalizedName[1033]@description"),
        ("CanModifyAdditionalSettings", "IsAuditEnabled"),
        ("CanChangeTrackingBeEnabled", "ChangeTrackingEnabled"),
        ("CanEnableSyncToExternalSearchIndex", "SyncToExternalSearchIndex"),
        ("CanChangeHierarchicalRelationship", "IsHierarchyUsed"),
    ] {
        let mut env = with_table(&format!("{SETTINGS}<{flag}>0</{flag}>"));
        let plan = env.set(&table(), path, "1");
        assert_eq!(refusal(&plan), format!("{FAILURE} MP6"), "{flag}");
        assert!(message(&plan).ends_with(&format!("{flag} is false")), "{}", message(&plan));
        assert!(!with_table(SETTINGS).set(&table(), path, "1").is_refused(), "MP15: nothing locked, nothing refused");
    }
}

#[test]
fn mp17_new_parts_need_the_tables_switches() {
    for (flag, part) in [
        ("IsCustomizable", "attribute:contoso_t.tier"),
        ("CanCreateForms", "systemform:contoso_t.Main"),
        ("CanCreateViews", "savedquery:contoso_t.All"),
        ("CanCreateCharts", "savedqueryvisualization:contoso_t.By tier"),
    ] {
        let mut env = with_table(&format!("<{flag}>0</{flag}>"));
        solution(&mut env, "Mine", "contoso");
        let plan = env.create(&bare(part, "Mine"));
        assert_eq!(refusal(&plan), format!("{FAILURE} MP6"), "{part}");
        let mut free = with_table("<X>1</X>");
        solution(&mut free, "Mine", "contoso");
        assert!(!free.create(&bare(part, "Mine")).is_refused(), "{part}");
    }
}

#[test]
fn mp17_parts_that_an_import_brings_need_them_too() {
    let parts = [
        ("CanCreateForms", "systemform 11111111-0000-4000-8000-000000000001 of=contoso_t <form />"),
        ("CanCreateViews", "savedquery 11111111-0000-4000-8000-000000000002 of=contoso_t <fetchxml />"),
        ("CanCreateCharts", "savedqueryvisualization 11111111-0000-4000-8000-000000000003 of=contoso_t <x />"),
        ("IsCustomizable", "attribute contoso_t.fabrikam_x <V>1</V>"),
    ];
    for (flag, part) in parts {
        let mut env = with_table(&format!("<{flag}>0</{flag}>"));
        for (mode, rule) in [("managed", "MP7"), ("unmanaged", "MP6")] {
            let addon = package(&format!("package Addon 1.0 {mode} fabrikam\n {part}"));
            assert_eq!(refusal(&env.clone().import(&addon)), format!("{FAILURE} {rule}"), "{part}");
        }
        let own = package(&format!("package More 1.0 managed contoso\n {part}"));
        assert!(!env.import(&own).is_refused(), "MP7: the owner passes, {part}");
    }
}

#[test]
fn mp17_other_types_need_their_own_master() {
    for (line, path) in [
        ("savedquery 11111111-0000-4000-8000-000000000002 <querytype>0</querytype>", "querytype"),
        ("webresource contoso_/a.js <DisplayName>A</DisplayName>", "DisplayName"),
        ("workflow 11111111-0000-4000-8000-000000000004 <Category>5</Category><Mode>0</Mode>", "Mode"),
        ("desktopflowbinary 11111111-0000-4000-8000-000000000005 <type>ManifestFile</type>", "type"),
        ("workflow 11111111-0000-4000-8000-000000000006 <Category>6</Category><Mode>0</Mode>", "Mode"),
    ] {
        let component = key(&line.split(' ').take(2).collect::<Vec<_>>().join(":"));
        for (switch, allowed) in [("<IsCustomizable>0</IsCustomizable>", false), ("", true)] {
            let mut env = Simulated::default();
            assert!(!env.import(&package(&format!("package Core 1.0 managed contoso\n {line}{switch}"))).is_refused());
            let plan = env.set(&component, path, "1");
            assert_eq!(!plan.is_refused(), allowed, "{line}: {:?}", plan.findings);
        }
    }
}

#[test]
fn mp14_one_switch_covers_every_change_of_a_relationship() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         entityrelationship contoso_t_account <IsHierarchical>0</IsHierarchical><IsCustomizable>0</IsCustomizable>
         entityrelationship contoso_t_contact <IsHierarchical>0</IsHierarchical><IsRenameable>0</IsRenameable>",
    ));
    let plan = env.set(&key("entityrelationship:contoso_t_account"), "IsHierarchical", "1");
    assert_eq!(refusal(&plan), format!("{FAILURE} MP6"));
    assert!(!env.set(&key("entityrelationship:contoso_t_contact"), "IsHierarchical", "1").is_refused());
}

#[test]
fn mp13_oq14_columns_have_three_switches_and_no_more() {
    let column = key("attribute:contoso_t.contoso_c");
    let with = |switches: &str| {
        let mut env = Simulated::default();
        env.import(&package(&format!(
            "package Core 1.0 managed contoso\n attribute contoso_t.contoso_c <MaxLength>1</MaxLength>\
             <Behavior>1</Behavior><displaynames><displayname description='C' languagecode='1033' /></displaynames>{switches}"
        )));
        env
    };
    for (flag, path) in [
        ("IsRenameable", "displaynames/displayname[1033]@description"),
        ("CanModifyAdditionalSettings", "MaxLength"),
        ("CanChangeDateTimeBehavior", "Behavior"),
    ] {
        let mut env = with(&format!("<{flag}>0</{flag}>"));
        assert_eq!(refusal(&env.set(&column, path, "2")), format!("{FAILURE} MP6"), "{flag}");
        let others = ["displaynames/displayname[1033]@description", "MaxLength", "Behavior"];
        for other in others.into_iter().filter(|other| *other != path) {
            assert!(!with(&format!("<{flag}>0</{flag}>")).set(&column, other, "2").is_refused(), "{flag} and {other}");
        }
    }
    let mut env = with("<CanCreateForms>0</CanCreateForms><CanChangeTrackingBeEnabled>0</CanChangeTrackingBeEnabled>");
    assert!(!env.set(&column, "MaxLength", "2").is_refused());
}

#[test]
fn mp7_another_publishers_layer_is_bound_and_the_owners_is_not() {
    let env = with_table("<IsCustomizable>0</IsCustomizable><IsAuditEnabled>0</IsAuditEnabled>");
    let layer = |name: &str, publisher: &str, value: &str| {
        package(&format!(
            "package {name} 1.0 managed {publisher}\n entity contoso_t <IsAuditEnabled>{value}</IsAuditEnabled>"
        ))
    };
    assert_eq!(refusal(&env.clone().import(&layer("Addon", "fabrikam", "1"))), format!("{FAILURE} MP7"));
    assert!(!env.clone().import(&layer("Addon", "fabrikam", "0")).is_refused(), "it changes nothing");
    assert!(!env.clone().import(&layer("More", "contoso", "1")).is_refused());
    let unmanaged = package("package Mine 1.0 unmanaged contoso\n entity contoso_t <IsAuditEnabled>1</IsAuditEnabled>");
    assert_eq!(refusal(&env.clone().import(&unmanaged)), format!("{FAILURE} MP6"), "also of the same publisher");
}

#[test]
fn mp7_an_update_of_a_layer_that_is_there_needs_the_switch_for_what_changes() {
    let mut env = with_table("<IsAuditEnabled>0</IsAuditEnabled>");
    let addon = |version: &str, value: &str| {
        package(&format!(
            "package Addon {version} managed fabrikam\n entity contoso_t <IsAuditEnabled>{value}</IsAuditEnabled>"
        ))
    };
    assert!(!env.import(&addon("1.0", "1")).is_refused());
    env.import(&package(
        "package Core 1.1 managed contoso\n entity contoso_t <IsAuditEnabled>0</IsAuditEnabled><IsCustomizable>0</IsCustomizable>",
    ));
    assert!(!env.import(&addon("1.1", "1")).is_refused(), "what it said before it may say again");
    assert_eq!(refusal(&env.import(&addon("1.2", "2"))), format!("{FAILURE} MP7"));
}

#[test]
fn mp3_mp4_switches_are_the_base_layers_and_only_its_owner_writes_them() {
    let mut env = with_table("<IsAuditEnabled>0</IsAuditEnabled><IsCustomizable>0</IsCustomizable>");
    assert_eq!(refusal(&env.set(&table(), "IsCustomizable", "1")), format!("{FAILURE} MP3"));
    let loosening = "package Addon 1.0 managed fabrikam\n entity contoso_t <IsCustomizable>1</IsCustomizable>";
    let plan = env.import(&package(loosening));
    assert!(!plan.is_refused());
    let unheard = plan.findings.iter().find(|finding| finding.rule == "MP3").expect("a remark");
    assert_eq!((unheard.severity, unheard.related.len()), (Severity::Info, 1));
    assert!(env.set(&table(), "IsAuditEnabled", "1").is_refused(), "what lies above is not read");
    env.import(&package(
        "package Core 1.1 managed contoso\n entity contoso_t <IsAuditEnabled>0</IsAuditEnabled><IsCustomizable>1</IsCustomizable>",
    ));
    assert!(!env.set(&table(), "IsAuditEnabled", "1").is_refused(), "the owner has opened it");
}

#[test]
fn mp8_l102_what_is_managed_is_never_deleted_by_hand() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         entity contoso_t <X>1</X>
         workflow 11111111-0000-4000-8000-000000000004 <Category>0</Category>
         workflow 11111111-0000-4000-8000-000000000005 <Category>4</Category>",
    ));
    let plan = env.delete(&table());
    assert_eq!(refusal(&plan), "0x8004F032 CannotDeleteMetadata MP8");
    let hints = &plan.first_error().expect("a refusal").hints;
    assert!(hints.iter().any(|hint| hint.contains("strata solution delete --solution-name Core")), "{hints:?}");
    let process = key("workflow:11111111-0000-4000-8000-000000000004");
    assert_eq!(refusal(&env.delete(&process)), "0x80072457 ManagedProcessDeletionError L102");
    let process = key("workflow:11111111-0000-4000-8000-000000000005");
    assert_eq!(refusal(&env.delete(&process)), "0x80060383 ManagedBpfDeletionInvalid L102");
    assert_eq!(refusal(&env.delete(&key("entity:account"))), "0x8004F032 CannotDeleteMetadata MP8");
}

#[test]
fn mp9_a_managed_component_can_always_be_added_to_an_unmanaged_solution() {
    let mut env = with_table("<IsCustomizable>0</IsCustomizable><IsAuditEnabled>0</IsAuditEnabled>");
    solution(&mut env, "Mine", "fabrikam");
    let addition = Addition { solution: "Mine".to_owned(), behavior: None, required_components: false };
    assert!(!env.list_in(&table(), &addition).is_refused());
    assert_eq!(env.listed("Mine"), ["entity:contoso_t 0"]);
    assert_eq!(env.layers(&table()), ["Core"], "the list changes, the stack does not");
    let plan = env.set_in(&table(), "IsAuditEnabled", "1", Some("Mine"));
    assert_eq!(refusal(&plan), format!("{FAILURE} MP6"), "whether it can be changed is for its switches to say");
}

#[test]
fn mp10_mp11_oq13_tightening_keeps_edits_and_stops_new_ones() {
    let mut env = with_table("<IsAuditEnabled>0</IsAuditEnabled>");
    env.set(&table(), "IsAuditEnabled", "1");
    env.publish();
    env.import(&package(
        "package Core 1.1 managed contoso\n entity contoso_t <IsAuditEnabled>0</IsAuditEnabled><IsCustomizable>0</IsCustomizable>",
    ));
    assert_eq!(env.layers(&table()), ["Core", "Active"], "MP11");
    assert!(env.resolved(&table()).contains(&"IsAuditEnabled=1 by Active".to_owned()));
    assert_eq!(refusal(&env.set(&table(), "IsAuditEnabled", "2")), format!("{FAILURE} MP6"));
    assert!(!env.remove_active(&table()).is_refused(), "MP10");
    assert_eq!(env.layers(&table()), ["Core"]);
}

#[test]
fn mp6_oq17_a_managed_desktop_flow_of_the_newer_schema_takes_no_change() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         workflow 11111111-0000-4000-8000-000000000004 <Category>6</Category><Mode>0</Mode><Definition>x</Definition>
         workflow 11111111-0000-4000-8000-000000000005 <Category>6</Category><Mode>0</Mode>",
    ));
    let plan = env.set(&key("workflow:11111111-0000-4000-8000-000000000004"), "Mode", "1");
    assert_eq!(refusal(&plan), "0x8004F012 InvalidUpdateOnProtectedComponent MP6");
    assert!(!env.set(&key("workflow:11111111-0000-4000-8000-000000000005"), "Mode", "1").is_refused(), "DF12");
}

#[test]
fn mp17_switching_and_setting_values_need_nothing() {
    let mut env = Simulated::default();
    env.import(&package(
        "package Core 1.0 managed contoso
         workflow 11111111-0000-4000-8000-000000000004 <Category>5</Category><IsCustomizable>0</IsCustomizable>
         environmentvariabledefinition contoso_Url <type>1</type>
         environmentvariablevalue contoso_Url <value>x</value><iscustomizable>0</iscustomizable>",
    ));
    let flow = key("workflow:11111111-0000-4000-8000-000000000004");
    assert!(!env.switch(&flow, Switch::On).is_refused());
    assert!(!env.set(&key("environmentvariablevalue:contoso_Url"), "value", "y").is_refused());
}

#[test]
fn mp12_the_permission_for_search_and_its_use_do_not_contradict() {
    let permission = "CanEnableSyncToExternalSearchIndex";
    let mut env = with_table("<SyncToExternalSearchIndex>1</SyncToExternalSearchIndex>");
    let forbidding = format!("package Core 1.1 managed contoso\n entity contoso_t <{permission}>0</{permission}>");
    let plan = env.import(&package(&forbidding));
    assert_eq!(plan.first_error().and_then(|error| error.code.as_deref()), Some("0x80060303"));
    assert_eq!(plan.first_error().map(|error| error.rule.as_str()), Some("MP12"));
    let both = format!(
        "package Other 1.0 managed contoso\n entity contoso_u <{permission}>0</{permission}>\
         <SyncToExternalSearchIndex>1</SyncToExternalSearchIndex>"
    );
    let plan = env.import(&package(&both));
    assert_eq!(plan.first_error().and_then(|error| error.code.as_deref()), Some("0x80060302"));
    let quiet = forbidding.replace("contoso_t", "contoso_v").replace("Core 1.1", "Third 1.0");
    assert!(!env.import(&package(&quiet)).is_refused());
}

#[test]
fn mp16_the_effective_value_of_customizable() {
    let env = with_table("<IsCustomizable>false</IsCustomizable>");
    assert!(!is_customizable(&env, &table()));
    assert!(is_customizable(&with_table("<X>1</X>"), &table()), "MP15");
    assert!(is_customizable(&env, &key("entity:account")), "the platform's own");
}

#[test]
fn mp7_l31_a_patch_and_its_base_count_as_one_in_one_step_and_in_two() {
    let owner = |version: &str, switch: u8| {
        package(&format!(
            "package Own {version} managed contoso
             attribute contoso_t.contoso_a <V>1</V><IsCustomizable>{switch}</IsCustomizable>"
        ))
    };
    let other =
        |head: &str, value: u8| package(&format!("package {head}\n attribute contoso_t.contoso_a <V>{value}</V>"));
    let mut env = Simulated::default();
    env.import(&owner("1.0", 1));
    env.import(&other("Add 1.0.0.0 managed fabrikam", 2));
    env.import(&other("Add_Patch_1 1.0.1.0 managed fabrikam\n patch-of Add", 3));
    env.import(&owner("1.1", 0));
    for action in [ImportAction::Upgrade, ImportAction::Stage] {
        let repeated = env.clone().import_as(&other("Add 1.1 managed fabrikam", 3), action);
        assert!(!repeated.is_refused(), "OQ 13, {action:?}: {:?}", repeated.findings);
        let changed = env.clone().import_as(&other("Add 1.1 managed fabrikam", 2), action);
        assert_eq!(refusal(&changed), "0x8004F027 CombinedManagedPropertyFailure MP7", "{action:?}");
    }
}
