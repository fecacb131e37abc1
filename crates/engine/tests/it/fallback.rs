//! Each table keeps a fallback form (L48).

use strata_model::component::ComponentKey;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::Package;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::refusal;

const ONE: &str = "11111111-0000-4000-8000-000000000001";
const TWO: &str = "11111111-0000-4000-8000-000000000002";

fn form(id: &str, conditions: &str) -> String {
    format!("systemform {id} of=contoso_t/main <form><tabs />{conditions}</form>")
}

const FALLBACK: &str = "<DisplayConditions FallbackForm=\"true\" Order=\"0\"><Everyone /></DisplayConditions>";
const ROLES: &str = "<DisplayConditions Order=\"1\"><Role Id=\"{r}\" /></DisplayConditions>";

fn form_key(id: &str) -> ComponentKey {
    key(&format!("systemform:{id}"))
}

fn solution(header: &str, lines: &[String]) -> Package {
    package(&format!("package {header}\n{}", lines.join("\n")))
}

fn table() -> String {
    "entity contoso_t <IsAuditEnabled>1</IsAuditEnabled>".to_owned()
}

fn fallbacks(env: &Simulated) -> Vec<String> {
    let says = |id: &str| {
        let lines = env.resolved(&form_key(id)).into_iter();
        lines.filter(|line| line.contains("@FallbackForm=true")).map(|line| format!("{} {line}", &id[35..])).collect()
    };
    let found: Vec<Vec<String>> = [ONE, TWO].into_iter().map(says).collect();
    found.concat()
}

#[test]
fn l48_an_import_that_leaves_no_fallback_form_marks_one_in_the_unmanaged_layer() {
    let mut env = Simulated::default();
    let late = ROLES.replace("Order=\"1\"", "Order=\"5\"");
    let plan = env.import(&solution("A 1.0 managed contoso", &[table(), form(ONE, &late), form(TWO, ROLES)]));
    assert_eq!(env.layers(&form_key(ONE)), ["A"]);
    assert_eq!(env.layers(&form_key(TWO)), ["A", "Active"], "the first in the forms' own order");
    assert_eq!(fallbacks(&env), ["2 form/DisplayConditions@FallbackForm=true by Active"]);
    assert_eq!(plan.findings.iter().filter(|finding| finding.rule == "L48").count(), 1);
    let again = env.import(&solution("A 1.1 managed contoso", &[table(), form(ONE, &late), form(TWO, ROLES)]));
    assert!(again.findings.iter().all(|finding| finding.rule != "L48"));
    assert_eq!(again.summary().unchanged, 3);
}

#[test]
fn l48_nothing_is_marked_where_a_fallback_form_is() {
    let mut env = Simulated::default();
    env.import(&solution("A 1.0 managed contoso", &[table(), form(ONE, FALLBACK)]));
    env.import(&solution("B 1.0 managed other", &[form(TWO, ROLES)]));
    assert_eq!(env.layers(&form_key(TWO)), ["B"], "another solution's form is one");
    let mut env = Simulated::default();
    let quick = form(ONE, ROLES).replace("/main", "/quick");
    env.import(&solution("A 1.0 managed contoso", &[table(), quick]));
    assert_eq!(env.layers(&form_key(ONE)), ["A"], "quick view forms do not fall back");
    let mut env = Simulated::default();
    env.import(&solution("A 1.0 managed contoso", &[form(ONE, ROLES).replace("contoso_t", "account")]));
    assert_eq!(env.layers(&form_key(ONE)), ["A"], "the platform brings forms of its own tables");
}

#[test]
fn l48_a_form_without_conditions_is_a_fallback_form_by_our_reading() {
    let package = solution("A 1.0 managed contoso", &[table(), form(ONE, "")]);
    let mut env = Simulated::default();
    env.import(&package);
    assert_eq!(env.layers(&form_key(ONE)), ["A"]);
    let mut env = Simulated::default();
    env.rules.form_without_conditions_is_fallback = false;
    env.import(&package);
    assert_eq!(env.layers(&form_key(ONE)), ["A", "Active"]);
}

#[test]
fn l48_r2_removing_the_last_fallback_form_of_a_table_that_stays_is_refused() {
    let mut env = Simulated::default();
    env.import(&solution("A 1.0 managed contoso", &[table()]));
    env.import(&solution("B 1.0 managed other", &[form(ONE, FALLBACK)]));
    let plan = env.uninstall("B");
    assert_eq!(refusal(&plan), "- FallbackFormRequired L48");
    let error = plan.first_error().expect("a refusal");
    assert_eq!(error.component.as_ref().map(|component| component.name.as_str()), Some(ONE));
    assert!(!error.hints.is_empty() && plan.edits.is_empty());
    env.import(&solution("C 1.0 managed third", &[form(TWO, FALLBACK)]));
    assert!(!env.uninstall("B").is_refused(), "C's form is one");
    // With the table its forms may go.
    let mut env = Simulated::default();
    env.import(&solution("A 1.0 managed contoso", &[table(), form(ONE, FALLBACK)]));
    assert!(!env.uninstall("A").is_refused());
}

#[test]
fn l48_l83_an_upgrade_that_drops_the_last_fallback_form_is_refused() {
    let mut env = Simulated::default();
    env.import(&solution("A 1.0 managed contoso", &[table(), form(ONE, FALLBACK)]));
    let drops = solution("A 2.0 managed contoso", &[table()]);
    let plan = env.import_as(&drops, ImportAction::Upgrade);
    assert_eq!(refusal(&plan), "0x8004F046 SolutionUpgradeFailed L83");
    assert!(plan.findings.iter().any(|finding| finding.name.as_deref() == Some("FallbackFormRequired")));
    let mut staged = Simulated::default();
    staged.import(&solution("A 1.0 managed contoso", &[table(), form(ONE, FALLBACK)]));
    staged.import_as(&drops, ImportAction::Stage);
    assert_eq!(refusal(&staged.apply_upgrade("A")), "- FallbackFormRequired L48");
    let replaces = solution("A 2.0 managed contoso", &[table(), form(TWO, FALLBACK)]);
    let mut env = Simulated::default();
    env.import(&solution("A 1.0 managed contoso", &[table(), form(ONE, FALLBACK)]));
    assert!(!env.import_as(&replaces, ImportAction::Upgrade).is_refused());
}

#[test]
fn l48_l83_what_people_see_of_the_new_forms_decides_in_one_step_and_in_two() {
    // The next version drops the fallback form and brings another, which the unmanaged layer restricts to a role.
    let one = solution("A 1.0 managed contoso", &[table(), form(ONE, FALLBACK), form(TWO, FALLBACK)]);
    let two = solution("A 2.0 managed contoso", &[table(), form(TWO, FALLBACK)]);
    let mut env = Simulated::default();
    env.import(&one);
    env.set(&form_key(TWO), "form/DisplayConditions@FallbackForm", "false");
    env.publish();
    assert_eq!(refusal(&env.clone().import_as(&two, ImportAction::Upgrade)), "0x8004F046 SolutionUpgradeFailed L83");
    env.import_as(&two, ImportAction::Stage);
    assert_eq!(refusal(&env.apply_upgrade("A")), "- FallbackFormRequired L48");
}

#[test]
fn l48_l43_a_form_that_the_next_version_only_refers_to_is_still_there() {
    let one = solution("A 1.0 managed contoso", &[table(), form(ONE, FALLBACK), form(TWO, FALLBACK)]);
    let unchanged = form(TWO, FALLBACK).replace("of=", "reference of=");
    let two = solution("A 2.0 managed contoso", &[table(), unchanged]);
    for is_staged in [false, true] {
        let mut env = Simulated::default();
        env.import(&one);
        let plan = if is_staged {
            env.import_as(&two, ImportAction::Stage);
            env.apply_upgrade("A")
        } else {
            env.import_as(&two, ImportAction::Upgrade)
        };
        assert!(!plan.is_refused(), "staged: {is_staged}, {:?}", plan.findings);
        assert_eq!((env.layers(&form_key(ONE)), env.layers(&form_key(TWO))), (vec![], vec!["A".to_owned()]));
    }
}

#[test]
fn l48_l94_a_converted_form_is_marked_in_a_new_unmanaged_layer() {
    let mut env = Simulated::default();
    env.import(&solution("Own 1.0 unmanaged contoso", &[table(), form(ONE, ROLES)]));
    env.publish();
    let options = ImportOptions { convert_to_managed: true, ..ImportOptions::pac() };
    let plan = env.import_with(&solution("A 1.0 managed contoso", &[table(), form(ONE, ROLES)]), &options);
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(env.layers(&form_key(ONE)), ["A", "Active"]);
    assert_eq!(fallbacks(&env), ["1 form/DisplayConditions@FallbackForm=true by Active"]);
}
