//! Every refusal of an import: code, name and rule, and nothing changed.

use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{OperationKind, Severity};
use strata_model::version::Version;
use strata_testkit::fixture::package;
use strata_testkit::simulated::Simulated;

use crate::refusal;

/// Imports packages in order; all but the last must go through, the last must be refused and change nothing.
fn check(packages: &[&str], options: &ImportOptions, expected: &str) {
    let mut env = Simulated::default();
    let (last, first) = packages.split_last().expect("at least one package");
    for text in first {
        let plan = env.import(&package(text));
        assert!(!plan.is_refused(), "{:?}", plan.findings);
    }
    let before = env.snapshot.clone();
    let plan = env.import_with(&package(last), options);
    assert_eq!(refusal(&plan), expected);
    assert_eq!(env.snapshot, before, "L73");
    assert!(plan.edits.is_empty());
}

fn pac() -> ImportOptions {
    ImportOptions::pac()
}

const MANAGED: &str = "package Core 1.0 managed contoso\n attribute a.contoso_b <V>1</V>";
const UNMANAGED: &str = "package Core 1.0 unmanaged contoso\n attribute a.contoso_b <V>1</V>";

#[test]
fn oq30_l61_modes_must_match_mind_the_names() {
    check(&[UNMANAGED, MANAGED], &pac(), "0x80048040 ImportSolutionManagedToUnmanagedMismatch L61");
    check(&[MANAGED, UNMANAGED], &pac(), "0x80048041 ImportSolutionUnmanagedToManagedMismatch L61");
}

#[test]
fn l11_the_publisher_must_not_change() {
    let other = "package Core 1.1 managed fabrikam\n attribute a.contoso_b <V>1</V>";
    check(&[MANAGED, other], &pac(), "0x8004801C ImportWrongPublisherError L11");
}

#[test]
fn l24_oq38_a_lower_version_needs_the_flag() {
    let newer = "package Core 2.0 managed contoso\n attribute a.contoso_b <V>1</V>";
    check(&[newer, MANAGED], &pac(), "- VersionNotHigher L24");
    let mut env = Simulated::default();
    env.import(&package(newer));
    let plan = env.import_with(&package(MANAGED), &ImportOptions { allow_lower_version: true, ..pac() });
    assert!(!plan.is_refused());
    assert_eq!(env.solutions(), ["Core 1.0"]);
}

#[test]
fn r15_skip_lower_version_does_nothing_when_equal_or_higher_is_installed() {
    let mut env = Simulated::default();
    env.import(&package(MANAGED));
    let before = env.snapshot.clone();
    let plan = env.import_with(&package(MANAGED), &ImportOptions { skip_lower_version: true, ..pac() });
    assert_eq!(plan.operation, OperationKind::Skip);
    assert!(!plan.is_refused());
    assert_eq!(env.snapshot, before);
}

#[test]
fn oq34_the_publisher_is_reported_before_the_version() {
    let newer = "package Core 2.0 managed contoso\n attribute a.contoso_b <V>1</V>";
    let other = "package Core 1.0 managed fabrikam\n attribute a.contoso_b <V>1</V>";
    check(&[newer, other], &pac(), "0x8004801C ImportWrongPublisherError L11");
}

#[test]
fn oq7_l96_a_package_for_a_newer_platform_is_refused() {
    let newer = "package Core 1.0 managed contoso\n platform 9.3\n attribute a.contoso_b <V>1</V>";
    check(&[newer], &pac(), "0x80048068 ImportSolutionPackageInvalidSolutionPackageVersion L96");
    let older = "package Old 1.0 managed contoso\n platform 9.0\n attribute a.contoso_o <V>1</V>";
    let plan = Simulated::default().import(&package(older));
    assert!(!plan.is_refused());
    assert_eq!(plan.findings[0].code.as_deref(), Some("0x80048067"));
    let mut env = Simulated::default();
    let mut newer_build = package(MANAGED);
    newer_build.manifest.build = Version::parse("9.2.99999.1").ok();
    let plan = env.import(&newer_build);
    assert!(!plan.is_refused());
    assert!(plan.findings.iter().any(|finding| finding.rule == "L96" && finding.severity == Severity::Warning));
}

#[test]
fn l63_a_managed_import_over_an_unmanaged_base_is_refused() {
    let original = "package Origin 1.0 unmanaged contoso\n attribute a.contoso_b <V>1</V>";
    check(&[original, MANAGED], &pac(), "0x8004F016 CannotOverwriteActiveComponent L63");
}

#[test]
fn l64_declared_missing_dependencies_refuse_with_provider() {
    let needy = "package Needy 1.0 managed contoso
        attribute a.contoso_b <V>1</V>
        needs attribute:account.fabrikam_x from Fabrikam 2.1.0.0
        needs optionset:fabrikam_y from Fabrikam 2.1.0.0
        needs entity:account from System";
    check(&[needy], &pac(), "0x8004801D ImportMissingDependenciesError L64");
    let plan = Simulated::default().import(&package(needy));
    assert_eq!(plan.findings.len(), 2, "all of them, and the system's count as present");
    let provider = plan.findings[0].provider.as_ref().expect("a provider");
    assert_eq!((provider.solution.as_str(), provider.version.as_deref()), ("Fabrikam", Some("2.1.0.0")));
    assert_eq!(plan.findings[0].related.len(), 1);
}

#[test]
fn l65_an_unmanaged_component_does_not_satisfy_a_managed_import() {
    let original = "package Origin 1.0 unmanaged contoso\n optionset contoso_y <V>1</V>";
    let needy = "package Needy 1.0 managed contoso
        attribute a.contoso_b <V>1</V>
        needs optionset:contoso_y from Other 1.0";
    check(&[original, needy], &pac(), "0x8004803B UnmanagedComponentParentsManagedComponent L65");
}

#[test]
fn l93_oq10_r6_the_version_counts_only_where_an_application_is_named() {
    let base = "package Base 1.0 managed contoso\n optionset contoso_y <V>1</V>";
    let without =
        "package N 1.0 managed contoso\n attribute a.contoso_b <V>1</V>\n needs optionset:contoso_y from Base 2.0";
    let with = "package N 1.0 managed contoso\n attribute a.contoso_b <V>1</V>\n needs optionset:contoso_y from Base 2.0 BaseApp";
    let mut env = Simulated::default();
    env.import(&package(base));
    assert!(!env.clone().import(&package(without)).is_refused());
    check(&[base, with], &pac(), "0x8004801D ImportMissingDependenciesError L64");
    let skip = ImportOptions { skip_product_update_dependencies: true, ..pac() };
    assert!(!env.import_with(&package(with), &skip).is_refused(), "L93");
}

#[test]
fn l66_roots_and_definitions_must_match() {
    let undeclared = "package A 1.0 managed contoso rootless\n optionset contoso_y <V>1</V>";
    check(&[undeclared], &pac(), "0x8004803A ImportMissingRootComponentEntry L66");
    let absent = "package A 1.0 managed contoso\n root optionset:contoso_y";
    check(&[absent], &pac(), "0x8004801F ImportMissingComponent L66");
    let extends = "package A 1.0 managed contoso\n root entity:contoso_t 1\n attribute contoso_t.contoso_b <V>1</V>";
    check(&[extends], &pac(), "0x8004801D ImportMissingDependenciesError L66");
    let twice = "package A 1.0 managed contoso\n optionset contoso_y <V>1</V>\n root optionset:contoso_y";
    check(&[twice], &pac(), "0x80071153 DuplicateComponentInSolutionXml L66");
}

#[test]
fn l43_a_diff_form_needs_its_base() {
    let diff = "package A 1.0 managed contoso\n systemform 11111111-0000-4000-8000-000000000001 diff <form />";
    check(&[diff], &pac(), "- FormBaseMissing L43");
}

#[test]
fn l8_a_custom_column_needs_a_prefix() {
    let bare = "package A 1.0 managed contoso
        entity contoso_t <X>1</X>
        attribute contoso_t.createdon <IsCustomField>0</IsCustomField>
        attribute contoso_t.total <IsCustomField>1</IsCustomField>";
    check(&[bare], &pac(), "0x80048062 ImportAttributeNameError L8");
}

#[test]
fn l68_another_table_of_the_same_name_is_refused() {
    let one = "package A 1.0 managed contoso\n entity contoso_t <OwnershipTypeMask>UserOwned</OwnershipTypeMask>";
    let two = "package B 1.0 managed contoso\n entity contoso_t <OwnershipTypeMask>OrgOwned</OwnershipTypeMask>";
    check(&[one, two], &pac(), "0x8004810C ImportDuplicateEntity L68");
}

#[test]
fn l4_names_of_the_platforms_own_solutions_are_refused() {
    let system = "package System 1.0 managed contoso\n attribute a.contoso_b <V>1</V>";
    check(&[system], &pac(), "0x80048046 ImportSystemSolutionError L4");
    let default = "package Default 1.0 managed contoso\n attribute a.contoso_b <V>1</V>";
    check(&[default], &pac(), "0x80048049 ImportDefaultAsPackageError L4");
}

#[test]
fn l59_new_over_an_installed_solution_is_refused() {
    let options = ImportOptions { action: Some(ImportAction::New), ..pac() };
    check(&[MANAGED, MANAGED], &options, "0x8004F023 SolutionUniqueNameViolation L59");
}

#[test]
fn l65_a_managed_package_extends_no_unmanaged_table() {
    let mut env = Simulated::default();
    env.import(&package("package Own 1.0 unmanaged contoso\n entity contoso_t <X>1</X>"));
    let lines = "root entity:contoso_t 2\n attribute contoso_t.fab_a <V>1</V>";
    let plan = env.import(&package(&format!("package Ext 1.0 managed fab\n {lines}")));
    assert_eq!(refusal(&plan), "0x8004803B UnmanagedComponentParentsManagedComponent L65");
    assert!(!env.import(&package(&format!("package Ext 1.0 unmanaged fab\n {lines}"))).is_refused());
}
