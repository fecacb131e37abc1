//! Switching on and off, what an import does to it, and what the environment refuses (L68, L69, L92, L104).

use strata_engine::activation::Switch;
use strata_model::options::ImportOptions;
use strata_model::package::Package;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::by_hand::{addition, bare, made, maker, solution};
use crate::refusal;

const FLOWS: &str = "
    workflow 11111111-0000-4000-8000-000000000001 <Category>5</Category><StateCode>1</StateCode>
    workflow 11111111-0000-4000-8000-000000000002 <Category>5</Category><StateCode>0</StateCode>
    sdkmessageprocessingstep 11111111-0000-4000-8000-000000000003 <Rank>1</Rank>";

fn on(env: &Simulated) -> Vec<char> {
    let states = env.snapshot.components.values().filter(|state| state.is_on);
    states.filter_map(|state| state.component.key.as_str().chars().last()).collect()
}

/// Gives the process of a fixture a name, which stands in an attribute.
fn named(package: &mut Package, name: &str) {
    let part = &mut package.parts[0];
    let text = String::from_utf8(part.bytes.clone()).expect("text");
    let renamed = text.replacen("<workflow>", &format!("<workflow Name=\"{name}\">"), 1);
    part.bytes = renamed.into_bytes();
    let length = part.bytes.len();
    for component in &mut package.components {
        component.definition.slices[0].range = 0..length;
        component.digest = strata_model::id::Digest::of(&part.bytes);
    }
}

#[test]
fn l92_activating_restores_the_state_that_the_package_records() {
    for mode in ["managed", "unmanaged"] {
        let activate = ImportOptions { publish_workflows: true, ..ImportOptions::pac() };
        let flows = package(&format!("package Flows 1.0 {mode} contoso{FLOWS}"));
        let mut env = Simulated::default();
        env.import_with(&flows, &activate);
        assert_eq!(on(&env), ['1', '3'], "what is a draft in the package stays one");
        let mut quiet = Simulated::default();
        let plan = quiet.import(&flows);
        assert!(on(&quiet).is_empty(), "new ones arrive switched off");
        let arrivals = plan.findings.iter().find(|finding| finding.rule == "L92").expect("a remark");
        assert_eq!(arrivals.related.len(), 2);
    }
}

#[test]
fn l92_without_activating_existing_ones_keep_their_state() {
    let mut env = Simulated::default();
    let flows =
        |version: &str, value: u8| package(&format!("package Flows {version} managed contoso{FLOWS}<V>{value}</V>"));
    env.import(&flows("1.0", 1));
    env.switch(&key("workflow:11111111-0000-4000-8000-000000000002"), Switch::On);
    env.import(&flows("1.1", 2));
    assert_eq!(on(&env), ['2']);
    let activate = ImportOptions { publish_workflows: true, ..ImportOptions::pac() };
    env.import_with(&flows("1.2", 3), &activate);
    assert_eq!(on(&env), ['1', '2', '3']);
    env.uninstall("Flows");
    assert!(on(&env).is_empty(), "what goes is not on");
}

#[test]
fn l69_oq24_an_active_rule_set_cannot_be_edited() {
    let rules = |package_name: &str, state: u8, value: u8| {
        package(&format!(
            "package {package_name} 1.{value} managed contoso
             routingrule 11111111-0000-4000-8000-000000000001 <StateCode>{state}</StateCode><V>{value}</V>"
        ))
    };
    let rule = key("routingrule:11111111-0000-4000-8000-000000000001");
    let mut env = Simulated::default();
    assert!(!env.import(&rules("Core", 1, 1)).is_refused(), "new");
    assert!(!env.clone().import(&rules("Core", 1, 2)).is_refused(), "the environment's is off");
    let mut strict = env.clone();
    strict.rules.inactive_routing_rule_is_replaced = false;
    assert_eq!(refusal(&strict.import(&rules("Core", 1, 2))), "0x8004F851 CannotEditActiveRule L69");
    env.switch(&rule, Switch::On);
    assert_eq!(refusal(&env.import(&rules("Core", 1, 2))), "0x8004F851 CannotEditActiveRule L69");
    assert!(!env.clone().import(&rules("Core", 0, 3)).is_refused(), "the package's is a draft");
    env.switch(&rule, Switch::Off);
    assert!(!env.import(&rules("Core", 1, 2)).is_refused());
}

#[test]
fn l68_roles_of_one_name_are_kept_and_classic_processes_are_not() {
    let mut env = Simulated::default();
    env.import(&package("package A 1.0 managed contoso\n role 11111111-0000-4000-8000-000000000001 <N>Clerk</N>"));
    let other = "package B 1.0 managed fabrikam\n role 11111111-0000-4000-8000-000000000002 <N>Clerk</N>";
    assert!(!env.import(&package(other)).is_refused());
    assert_eq!(env.components().len(), 2);

    let process = |package_name: &str, id: u8, category: u8, table: &str| {
        let mut made = package(&format!(
            "package {package_name} 1.0 unmanaged contoso
             workflow 11111111-0000-4000-8000-00000000001{id} <Category>{category}</Category><PrimaryEntity>{table}</PrimaryEntity>"
        ));
        named(&mut made, "Escalate");
        made
    };
    env.import(&process("C", 1, 0, "account"));
    let twin = process("D", 2, 0, "account");
    assert_eq!(refusal(&env.clone().import(&twin)), "0x80048027 ImportWorkflowNameConflictError L68");
    assert!(!env.clone().import(&process("D", 1, 0, "account")).is_refused(), "the same one");
    assert!(!env.clone().import(&process("D", 2, 0, "contact")).is_refused(), "another table");
    assert!(!env.clone().import(&process("D", 2, 3, "account")).is_refused(), "another category");
    env.import(&process("E", 3, 5, "none"));
    assert!(!env.import(&process("F", 4, 5, "none")).is_refused(), "flows may share a name");
}

#[test]
fn l104_creation_and_changes_of_managed_components_are_blocked_and_the_rest_is_not() {
    let mut env = maker();
    env.import(&package(
        "package Core 1.0 managed contoso
         optionset contoso_managed <V>1</V>
         environmentvariabledefinition contoso_url <type>1</type>
         environmentvariablevalue contoso_url <value>x</value>
         workflow 11111111-0000-4000-8000-000000000001 <Category>5</Category>
         workflow 11111111-0000-4000-8000-000000000002 <Category>0</Category>",
    ));
    let managed = key("optionset:contoso_managed");
    env.set(&managed, "V", "2");
    env.publish();
    made(&mut env, "optionset:own");
    env.snapshot.environment.settings.block_unmanaged = true;
    let blocked = "- UnmanagedCustomizationsBlocked L104";
    let unmanaged = package("package Mine 1.0 unmanaged contoso\n optionset contoso_mine <V>1</V>");
    assert_eq!(refusal(&env.import(&unmanaged)), blocked, "unmanaged imports");
    assert_eq!(refusal(&env.create(&bare("optionset:new", "Sales"))), blocked, "creation of components");
    assert_eq!(refusal(&env.set(&managed, "V", "3")), blocked, "changes of managed components");
    assert_eq!(refusal(&env.set(&key("entity:account"), "IsAuditEnabled", "1")), blocked, "and of the platform's");
    let legacy = key("workflow:11111111-0000-4000-8000-000000000002");
    assert_eq!(refusal(&env.switch(&legacy, Switch::On)), blocked, "switching legacy workflows");
    // Still allowed.
    assert!(!env.set(&key("environmentvariablevalue:contoso_url"), "value", "y").is_refused());
    assert!(!env.switch(&key("workflow:11111111-0000-4000-8000-000000000001"), Switch::On).is_refused());
    assert!(!env.remove_active(&managed).is_refused());
    solution(&mut env, "Later", "contoso");
    assert!(!env.list_in(&managed, &addition("Later", None)).is_refused());
    assert!(
        !env.set(&key("optionset:contoso_own"), "IsCustomizable", "0").is_refused(),
        "what is unmanaged may change"
    );
    assert!(!env.import(&package("package More 1.0 managed contoso\n optionset contoso_more <V>1</V>")).is_refused());
}
