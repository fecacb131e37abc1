//! The same package from different callers (`--as`): actions, versions, what is offered.

use strata_model::options::{Caller, ImportAction, ImportOptions};
use strata_model::plan::{FindingKind, OperationKind, Plan, Severity};
use strata_testkit::fixture::package;
use strata_testkit::simulated::Simulated;

use crate::refusal;

const ONE: &str = "package Core 1.0 managed contoso\n attribute a.contoso_b <V>1</V>";
const TWO: &str = "package Core 2.0 managed contoso\n attribute a.contoso_b <V>2</V>";

fn options(caller: &str) -> ImportOptions {
    ImportOptions::of(Caller::named(caller).expect("a caller"))
}

/// Plans `package` over Core 1.0.
fn over_one(text: &str, options: &ImportOptions) -> Plan {
    let mut env = Simulated::default();
    env.import(&package(ONE));
    env.import_with(&package(text), options)
}

#[test]
fn l60_the_default_action_is_the_callers_and_the_plan_says_so() {
    let action = |caller: &str| {
        let plan = over_one(TWO, &options(caller));
        let options = plan.options.expect("an import has options");
        assert_eq!(options.caller, caller);
        (plan.operation, options.action)
    };
    for caller in ["pac", "api", "build-tools", "txc"] {
        assert_eq!(action(caller), (OperationKind::Update, None), "{caller}");
    }
    for caller in ["portal", "pipelines", "terraform", "import-dataversesolution"] {
        assert_eq!(action(caller), (OperationKind::Upgrade, Some(ImportAction::Upgrade)), "{caller}");
    }
}

#[test]
fn l60_what_is_named_goes_before_the_callers_default() {
    let named = ImportOptions { action: Some(ImportAction::Update), ..options("portal") };
    assert_eq!(over_one(TWO, &named).operation, OperationKind::Update);
}

#[test]
fn r15_oq20_a_default_upgrade_installs_plainly_where_nothing_is_installed() {
    let plan = Simulated::default().import_with(&package(ONE), &options("portal"));
    assert!(!plan.is_refused());
    assert_eq!(plan.operation, OperationKind::New);
}

#[test]
fn l126_a_default_upgrade_leaves_unmanaged_imports_an_update() {
    let unmanaged = |version: &str| {
        package(&format!("package Core {version} unmanaged contoso\n attribute a.contoso_b <V>{version}</V>"))
    };
    let mut env = Simulated::default();
    env.import_with(&unmanaged("1.0"), &options("portal"));
    let plan = env.import_with(&unmanaged("1.1"), &options("portal"));
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(plan.operation, OperationKind::Update);
}

#[test]
fn oq38_the_portal_refuses_the_installed_version_and_the_api_takes_it() {
    let update = |caller: &str| ImportOptions { action: Some(ImportAction::Update), ..options(caller) };
    assert_eq!(refusal(&over_one(ONE, &update("portal"))), "- VersionNotHigher L24");
    assert!(!over_one(ONE, &update("api")).is_refused());
    assert!(!over_one(ONE, &options("pac")).is_refused());
}

#[test]
fn oq3_terraform_has_nothing_to_do_with_the_installed_version_and_refuses_a_lower_one() {
    let same = over_one(ONE, &options("terraform"));
    assert_eq!((same.operation, same.is_refused()), (OperationKind::Skip, false));
    let lower = "package Core 0.9 managed contoso\n attribute a.contoso_b <V>1</V>";
    assert!(over_one(lower, &options("terraform")).is_refused());
}

#[test]
fn l89_overwriting_from_the_portal_is_done_and_remarked() {
    let is_remark = |plan: &Plan| {
        let mut findings = plan.findings.iter();
        findings.any(|finding| finding.kind == FindingKind::Caller && finding.severity == Severity::Warning)
    };
    let overwriting = ImportOptions { overwrite_unmanaged_customizations: true, ..options("portal") };
    assert!(is_remark(&over_one(TWO, &overwriting)));
    assert!(!is_remark(&over_one(TWO, &options("ppds"))));
    assert!(!is_remark(&over_one(TWO, &options("portal"))));
}

#[test]
fn oq0_the_same_action_does_the_same_whoever_asks() {
    let update = |caller: &str| ImportOptions { action: Some(ImportAction::Update), ..options(caller) };
    let (portal, api) = (over_one(TWO, &update("portal")), over_one(TWO, &update("api")));
    assert_eq!((portal.edits, portal.changes), (api.edits, api.changes));
    assert!(!format!("{:?}", portal.findings).contains("recommend"), "no action is called better than another");
}
