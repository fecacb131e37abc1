//! Overwrite and maintain, conversion to managed.

use strata_model::component::ComponentKey;
use strata_model::options::ImportOptions;
use strata_model::rules::{Rules, UnmanagedBase};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{changes, refusal};

fn a() -> ComponentKey {
    key("attribute:contoso_t.contoso_a")
}

fn managed(solution: &str, version: &str, value: &str) -> strata_model::package::Package {
    package(&format!(
        "package {solution} {version} managed contoso\n attribute contoso_t.contoso_a <V>{value}</V><W>w</W>"
    ))
}

fn overwriting() -> ImportOptions {
    ImportOptions { overwrite_unmanaged_customizations: true, ..ImportOptions::pac() }
}

/// Bottom to top: A of one solution, B of another, Active C.
fn stack() -> Simulated {
    let mut env = Simulated::default();
    env.import(&managed("Low", "1.0", "A"));
    env.import(&managed("High", "1.0", "B"));
    env.set(&a(), "V", "C");
    env.publish();
    env
}

#[test]
fn l87_l88_l136_maintaining_leaves_active_on_top() {
    let mut env = stack();
    let plan = env.import(&managed("High", "1.1", "D"));
    assert_eq!(changes(&plan), ["modify attribute:contoso_t.contoso_a High masked"]);
    assert!(env.resolved(&a()).contains(&"V=C by Active".to_owned()));
    env.remove_active(&a());
    assert!(env.resolved(&a()).contains(&"V=D by High".to_owned()), "without Active the update shows");
}

#[test]
fn oq4_l87_l88_overwriting_copies_into_active_which_stays() {
    let mut env = stack();
    let plan = env.import_with(&managed("High", "1.1", "D"), &overwriting());
    assert_eq!(
        changes(&plan),
        ["modify attribute:contoso_t.contoso_a Active visible", "modify attribute:contoso_t.contoso_a High visible"]
    );
    assert_eq!(env.layers(&a()), ["Low", "High", "Active"]);
    assert!(env.resolved(&a()).contains(&"V=D by Active".to_owned()));
    env.import(&managed("High", "1.2", "E"));
    assert!(env.resolved(&a()).contains(&"V=D by Active".to_owned()), "OQ 4: later updates are hidden again");
}

#[test]
fn l88_other_managed_layers_above_stay_above() {
    for options in [ImportOptions::pac(), overwriting()] {
        let mut env = Simulated::default();
        env.import(&managed("Low", "1.0", "A"));
        env.import(&managed("High", "1.0", "B"));
        env.import(&managed("Top", "1.0", "C"));
        env.import_with(&managed("High", "1.1", "D"), &options);
        assert!(env.resolved(&a()).contains(&"V=C by Top".to_owned()));
    }
}

#[test]
fn l90_components_that_the_package_lacks_are_left_alone() {
    let mut env = stack();
    let b = key("attribute:contoso_t.contoso_b");
    env.import(&package("package More 1.0 managed contoso\n attribute contoso_t.contoso_b <V>1</V>"));
    env.set(&b, "V", "mine");
    env.publish();
    env.import_with(&managed("High", "1.1", "D"), &overwriting());
    assert_eq!(env.resolved(&b), ["V=mine by Active"]);
}

#[test]
fn l87_drafts_are_overwritten_as_drafts() {
    let mut env = Simulated::default();
    env.import(&managed("High", "1.0", "B"));
    env.set(&a(), "V", "draft");
    env.import_with(&managed("High", "1.1", "D"), &overwriting());
    assert_eq!(env.layers(&a()), ["High", "[Active]"]);
    env.publish();
    assert!(env.resolved(&a()).contains(&"V=D by Active".to_owned()));
}

#[test]
fn l63_l94_oq8_an_unmanaged_base_passes_to_the_solution_on_request() {
    let unmanaged = package("package Dev 1.0 unmanaged contoso\n attribute contoso_t.contoso_a <V>dev</V>");
    let with_dev = || {
        let mut env = Simulated::default();
        env.import(&unmanaged);
        env.publish();
        env.uninstall("Dev");
        env
    };
    let mut env = with_dev();
    assert_eq!(refusal(&env.import(&managed("Prod", "1.0", "A"))), "0x8004F016 CannotOverwriteActiveComponent L63");
    let converting = ImportOptions { convert_to_managed: true, ..ImportOptions::pac() };
    let plan = env.import_with(&managed("Prod", "1.0", "A"), &converting);
    assert_eq!(changes(&plan), ["modify attribute:contoso_t.contoso_a Prod visible"]);
    assert_eq!(env.layers(&a()), ["Prod"]);
    let mut automatic = with_dev();
    automatic.rules = Rules { unmanaged_base: UnmanagedBase::ConvertsByItself, ..Rules::OURS };
    assert!(!automatic.import(&managed("Prod", "1.0", "A")).is_refused());
}

#[test]
fn l94_a_form_needs_a_full_definition_to_be_converted() {
    let form = "11111111-0000-4000-8000-000000000001";
    let mut env = Simulated::default();
    env.import(&package(&format!("package Dev 1.0 unmanaged contoso\n systemform {form} <form />")));
    env.uninstall("Dev");
    let converting = ImportOptions { convert_to_managed: true, ..ImportOptions::pac() };
    let diff = package(&format!("package Prod 1.0 managed contoso\n systemform {form} diff <form />"));
    assert_eq!(refusal(&env.import_with(&diff, &converting)), "- FormBaseMissing L94");
    let full = package(&format!("package Prod 1.0 managed contoso\n systemform {form} <form />"));
    assert!(!env.import_with(&full, &converting).is_refused());
}

#[test]
fn l62_l94_conversion_does_not_lift_the_mode_mismatch() {
    let mut env = Simulated::default();
    env.import(&package("package Same 1.0 unmanaged contoso\n attribute contoso_t.contoso_a <V>1</V>"));
    let converting = ImportOptions { convert_to_managed: true, ..ImportOptions::pac() };
    let plan = env.import_with(&managed("Same", "1.1", "A"), &converting);
    assert_eq!(refusal(&plan), "0x80048040 ImportSolutionManagedToUnmanagedMismatch L61");
}
