//! Placeholders (`--assume-missing`, R4).

use strata_model::options::ImportOptions;
use strata_model::plan::FindingKind;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

fn assuming() -> ImportOptions {
    ImportOptions { assume_missing: true, ..ImportOptions::pac() }
}

const NEEDY: &str = "package Needy 1.0 managed contoso
    root entity:fabrikam_t 1
    root optionset:contoso_absent
    attribute fabrikam_t.contoso_b <V>1</V>
    systemform 11111111-0000-4000-8000-000000000001 diff <form />
    savedquery 11111111-0000-4000-8000-000000000002 reference <q />
    needs attribute:fabrikam_t.fabrikam_x from Fabrikam 2.1.0.0
    needs entity:fabrikam_t from Fabrikam 2.3.0.0
    needs optionset:lost_y from Active";

#[test]
fn r4_placeholders_complete_the_target_and_go_with_who_needed_them() {
    let mut env = Simulated::default();
    assert!(env.clone().import(&package(NEEDY)).is_refused());
    let plan = env.import_with(&package(NEEDY), &assuming());
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(env.solutions(), ["Fabrikam 2.3.0.0", "AssumedActive 1.0.0.0", "AssumedBase 1.0.0.0", "Needy 1.0"]);
    let assumed = plan.findings.iter().filter(|finding| finding.kind == FindingKind::Assumed);
    assert_eq!(assumed.map(|finding| finding.related.len()).sum::<usize>(), 6);
    assert_eq!(env.layers(&key("systemform:11111111-0000-4000-8000-000000000001")), ["AssumedBase", "Needy"]);
    assert_eq!(env.layers(&key("optionset:lost_y")), ["Active"]);
    assert_eq!(env.layers(&key("entity:fabrikam_t")), ["Fabrikam"]);
    let gone = env.uninstall("Needy");
    assert!(!gone.is_refused(), "{:?}", gone.findings);
    assert!(env.solutions().is_empty());
    assert!(env.components().is_empty());
}

#[test]
fn r4_a_placeholder_stays_while_another_solution_needs_it() {
    let mut env = Simulated::default();
    env.import_with(&package(NEEDY), &assuming());
    let second = package(
        "package Second 1.0 managed contoso\n attribute a.contoso_c <V>1</V>\n needs entity:fabrikam_t from Fabrikam 2.3.0.0",
    );
    assert!(!env.import(&second).is_refused());
    env.uninstall("Needy");
    assert_eq!(env.solutions(), ["Fabrikam 2.3.0.0", "Second 1.0"]);
    env.uninstall("Second");
    assert!(env.components().is_empty());
}

#[test]
fn r4_the_real_package_replaces_its_placeholder_below_who_needed_it() {
    let mut env = Simulated::default();
    env.import_with(
        &package(
            "package Top 1.0 managed contoso
        optionset fabrikam_o <V>9</V>
        systemform 11111111-0000-4000-8000-000000000001 diff <form />
        needs systemform:11111111-0000-4000-8000-000000000001 from Fabrikam 1.0
        needs attribute:b.fabrikam_gone from Fabrikam 1.0",
        ),
        &assuming(),
    );
    let real = env.import(&package(
        "package Fabrikam 3.0 managed fabrikam
        systemform 11111111-0000-4000-8000-000000000001 <form />",
    ));
    assert!(!real.is_refused(), "L11 does not apply: {:?}", real.findings);
    assert_eq!(env.layers(&key("systemform:11111111-0000-4000-8000-000000000001")), ["Fabrikam", "Top"]);
    assert!(!env.snapshot.solution_named("Fabrikam").expect("installed").assumed);
    assert!(env.layers(&key("attribute:b.fabrikam_gone")).is_empty());
    env.uninstall("Top");
    assert_eq!(env.solutions(), ["Fabrikam 3.0"]);
}

#[test]
fn r4_l17_an_unmanaged_solution_takes_over_from_its_placeholder_without_layers_of_its_own() {
    let mut env = Simulated::default();
    let assuming = ImportOptions { assume_missing: true, ..ImportOptions::pac() };
    let needs = "attribute other_t.contoso_a <V>1</V>\n needs entity:other_t from Other 1.0";
    env.import_with(&package(&format!("package Core 1.0 unmanaged contoso\n {needs}")), &assuming);
    assert_eq!(env.layers(&key("entity:other_t")), ["Other"]);
    let real = env.import(&package("package Other 1.0 unmanaged contoso\n entity other_t <X>1</X>"));
    assert!(!real.is_refused(), "{:?}", real.findings);
    assert_eq!(env.layers(&key("entity:other_t")), ["[Active]"]);
}

#[test]
fn r4_l48_an_assumed_form_stands_on_its_table_all_the_same() {
    let mut env = Simulated::default();
    let assuming = ImportOptions { assume_missing: true, ..ImportOptions::pac() };
    let form = "systemform 11111111-0000-4000-8000-000000000001 diff of=contoso_t/main <form />";
    env.import_with(&package(&format!("package Core 1.0 managed contoso\n {form}")), &assuming);
    let state = &env.snapshot.components[&key("systemform:11111111-0000-4000-8000-000000000001")];
    assert_eq!(state.component.parent(), Some(key("entity:contoso_t")));
}

#[test]
fn r4_a_form_that_is_only_needed_is_known_by_its_table() {
    let mut env = Simulated::default();
    let assuming = ImportOptions { assume_missing: true, ..ImportOptions::pac() };
    let form = "systemform:11111111-0000-4000-8000-000000000001";
    let mut needing =
        package(&format!("package Core 1.0 managed contoso\n optionset a <V>1</V>\n needs {form} from Other 1.0"));
    needing.manifest.missing_dependencies[0].required.parent_schema_name = Some("Contoso_T".to_owned());
    env.import_with(&needing, &assuming);
    assert_eq!(env.snapshot.components[&key(form)].component.parent(), Some(key("entity:contoso_t")));
}
