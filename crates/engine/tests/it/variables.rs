//! Environment variables, connection references, deployment settings (L117–L121, OQ 12).

use strata_model::deployment_settings::{ConnectionSetting, DeploymentSettings, SettingsFile, VariableSetting};
use strata_model::id::Digest;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{Action, Effect, FindingKind, HIDDEN, Plan, Severity, VariableSource};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{changes, refusal};

const URL: &str = "environmentvariablevalue:contoso_Url";

fn url_package(version: &str, default: &str, value: Option<&str>) -> strata_model::package::Package {
    let value = value.map(|value| format!("\n environmentvariablevalue contoso_Url <value>{value}</value>"));
    package(&format!(
        "package Core {version} managed contoso
        environmentvariabledefinition contoso_Url <type>100000000</type><defaultvalue>{default}</defaultvalue>{}",
        value.unwrap_or_default()
    ))
}

fn with(variables: &[(&str, &str)], connections: &[(&str, &str)]) -> ImportOptions {
    let settings = DeploymentSettings {
        environment_variables: variables
            .iter()
            .map(|(name, value)| VariableSetting { schema_name: (*name).into(), value: (*value).into() })
            .collect(),
        connection_references: connections
            .iter()
            .map(|(name, connection)| ConnectionSetting {
                logical_name: (*name).into(),
                connection_id: (*connection).into(),
                connector_id: String::new(),
            })
            .collect(),
        others: Vec::new(),
    };
    let file = SettingsFile { path: "settings.json".to_owned(), digest: Digest::of(b""), settings };
    ImportOptions { settings: Some(Box::new(file)), ..ImportOptions::pac() }
}

/// `name=value from decider` of every variable that a plan reports.
fn outcomes(plan: &Plan) -> Vec<String> {
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let line = |variable: &strata_model::plan::VariableOutcome| {
        let source = match variable.from {
            VariableSource::Value => "value",
            VariableSource::Default => "default",
            VariableSource::None => "none",
        };
        format!("{}={} {source} {}", variable.schema_name, shown(&variable.value), shown(&variable.decided_by))
    };
    plan.variables.iter().map(line).collect()
}

fn notices(plan: &Plan) -> Vec<&str> {
    let of_settings = plan.findings.iter().filter(|finding| finding.kind == FindingKind::Settings);
    of_settings.map(|finding| finding.rule.as_str()).collect()
}

#[test]
fn l117_a_value_wins_over_the_default_and_may_come_later() {
    let mut env = Simulated::default();
    assert_eq!(outcomes(&env.import(&url_package("1.0", "d1", None))), ["contoso_Url=d1 default Core"]);
    assert_eq!(outcomes(&env.import(&url_package("1.1", "d2", Some("v"))))[0], "contoso_Url=v value Core");
}

#[test]
fn l118_oq12_a_given_value_goes_into_active_and_later_updates_leave_it() {
    let mut env = Simulated::default();
    let plan = env.import_with(&url_package("1.0", "d1", None), &with(&[("CONTOSO_url", "given")], &[]));
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(outcomes(&plan), ["contoso_Url=given value Active"]);
    assert_eq!(env.layers(&key(URL)), ["Active"]);
    assert!(changes(&plan).contains(&"create environmentvariablevalue:contoso_Url Active visible".to_owned()));
    let plan = env.import(&url_package("1.1", "d2", Some("packaged")));
    assert_eq!(outcomes(&plan), ["contoso_Url=given value Active"]);
    assert_eq!(env.layers(&key(URL)), ["Core", "Active"]);
    let packaged =
        plan.changes.iter().find(|change| change.layer == "Core" && change.component.type_name.ends_with("value"));
    assert_eq!(packaged.map(|change| change.effect), Some(Effect::Masked));
}

#[test]
fn l118_giving_the_same_value_again_changes_nothing() {
    let mut env = Simulated::default();
    let given = with(&[("contoso_Url", "given")], &[]);
    env.import_with(&url_package("1.0", "d1", None), &given);
    let before = env.layers(&key(URL));
    let plan = env.import_with(&url_package("1.0", "d1", None), &given);
    assert_eq!(env.layers(&key(URL)), before);
    assert!(!plan.changes.iter().any(|change| change.action != Action::Unchanged), "{:?}", plan.changes);
}

#[test]
fn oq12_l95_a_given_value_stands_above_the_packages_own() {
    let mut env = Simulated::default();
    let plan = env.import_with(&url_package("1.0", "d1", Some("packaged")), &with(&[("contoso_Url", "given")], &[]));
    assert_eq!(outcomes(&plan), ["contoso_Url=given value Active"]);
    assert_eq!(env.layers(&key(URL)), ["Core", "Active"]);
    assert_eq!(
        changes(&plan),
        [
            "create environmentvariabledefinition:contoso_Url Core visible",
            "create environmentvariablevalue:contoso_Url Core visible",
            "modify environmentvariablevalue:contoso_Url Active visible",
        ]
    );
    assert!(env.resolved(&key(URL)).contains(&"value=given by Active".to_owned()));
}

#[test]
fn oq12_a_packages_new_value_is_masked_by_one_that_is_given_with_it() {
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d1", Some("one")));
    let plan = env.import_with(&url_package("1.1", "d1", Some("two")), &with(&[("contoso_Url", "given")], &[]));
    assert_eq!(
        changes(&plan),
        [
            "modify environmentvariablevalue:contoso_Url Core masked",
            "modify environmentvariablevalue:contoso_Url Active visible",
        ]
    );
}

#[test]
fn oq12_an_unmanaged_import_writes_into_active_and_what_is_given_goes_before_it() {
    let unmanaged = "package Own 1.0 unmanaged contoso
        environmentvariabledefinition contoso_Url <type>100000000</type>
        environmentvariablevalue contoso_Url <value>packaged</value>";
    let mut env = Simulated::default();
    assert_eq!(outcomes(&env.import(&package(unmanaged))), ["contoso_Url=packaged value Active"]);
    let mut env = Simulated::default();
    let plan = env.import_with(&package(unmanaged), &with(&[("contoso_Url", "given")], &[]));
    assert_eq!(outcomes(&plan), ["contoso_Url=given value Active"]);
    assert_eq!(env.layers(&key(URL)), ["Active"]);
}

#[test]
fn l118_without_any_value_the_import_succeeds_with_a_notice() {
    let bare = "package Core 1.0 managed contoso
        environmentvariabledefinition contoso_Url <type>100000000</type>
        environmentvariabledefinition contoso_Days <type>100000001</type><defaultvalue>5</defaultvalue>";
    let plan = Simulated::default().import(&package(bare));
    assert!(!plan.is_refused());
    assert_eq!(outcomes(&plan), ["contoso_Days=5 default Core", "contoso_Url=- none -"]);
    assert_eq!(notices(&plan), ["L118"]);
    let empty = Simulated::default().import_with(&package(bare), &with(&[("contoso_Url", "")], &[]));
    assert_eq!(notices(&empty), ["L118"], "an empty entry gives nothing");
    assert!(plan.findings.iter().all(|finding| finding.severity == Severity::Info));
}

#[test]
fn l119_a_value_left_out_of_the_package_keeps_the_targets() {
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d1", Some("packaged")));
    assert_eq!(outcomes(&env.import(&url_package("1.1", "d2", None))), ["contoso_Url=packaged value Core"]);
    assert_eq!(env.layers(&key(URL)), ["Core"], "OQ 18: an update deletes nothing");
}

#[test]
fn l117_a_value_needs_a_definition() {
    let lone = "package Core 1.0 managed contoso\n environmentvariablevalue contoso_Url <value>v</value>";
    let plan = Simulated::default().import(&package(lone));
    assert_eq!(refusal(&plan), "0x8004801D ImportMissingDependenciesError L117");
    assert!(plan.first_error().is_some_and(|error| error.related.len() == 1 && !error.hints.is_empty()));
    let mut env = Simulated::default();
    let base = "package Base 1.0 managed contoso\n environmentvariabledefinition contoso_Url <type>100000000</type>";
    env.import(&package(base));
    assert_eq!(outcomes(&env.import(&package(lone))), ["contoso_Url=v value Core"]);
}

#[test]
fn l117_settings_for_a_variable_that_does_not_exist_are_refused() {
    let plan = Simulated::default().import_with(&url_package("1.0", "d", None), &with(&[("contoso_No", "v")], &[]));
    assert_eq!(refusal(&plan), "0x80090457 ComponentNotExist L117");
    assert!(plan.edits.is_empty());
}

#[test]
fn l117_settings_reach_a_variable_of_the_environment() {
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d", None));
    let other = "package Other 1.0 managed contoso\n optionset contoso_c <V>1</V>";
    let plan = env.import_with(&package(other), &with(&[("contoso_url", "given")], &[]));
    assert_eq!(outcomes(&plan), ["contoso_Url=given value Active"]);
}

#[test]
fn l121_an_entry_that_stands_twice_is_refused_and_an_unfit_value_is_warned_of() {
    let twice = with(&[("contoso_Url", "a"), ("contoso_url", "b")], &[]);
    let plan = Simulated::default().import_with(&url_package("1.0", "d", None), &twice);
    assert_eq!(refusal(&plan), "- InvalidDeploymentSettings L121");
    let number = "package Core 1.0 managed contoso\n environmentvariabledefinition contoso_N <type>100000001</type>";
    let plan = Simulated::default().import_with(&package(number), &with(&[("contoso_N", "many")], &[]));
    assert!(!plan.is_refused());
    assert!(plan.findings.iter().any(|finding| finding.rule == "L117" && finding.severity == Severity::Warning));
}

const REFERENCE: &str = "package Core 1.0 managed contoso
    connectionreference contoso_sql <connectorid>/apis/shared_sql</connectorid><name>SQL</name>";

#[test]
fn l120_a_connection_is_given_per_reference_and_kept() {
    let mut env = Simulated::default();
    let plan = env.import_with(&package(REFERENCE), &with(&[], &[("contoso_SQL", "c0ffee")]));
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(notices(&plan), Vec::<&str>::new());
    let reference = key("connectionreference:contoso_sql");
    assert_eq!(env.layers(&reference), ["Core", "Active"]);
    assert!(env.resolved(&reference).contains(&"connectionid=c0ffee by Active".to_owned()));
    let again = env.import(&package(&REFERENCE.replace("1.0", "1.1")));
    assert_eq!(notices(&again), Vec::<&str>::new(), "the connection is still there");
}

#[test]
fn l120_a_reference_without_connection_is_noticed_and_an_unknown_one_refused() {
    let plan = Simulated::default().import(&package(REFERENCE));
    assert!(!plan.is_refused());
    assert_eq!(notices(&plan), ["L120"]);
    let plan = Simulated::default().import_with(&package(REFERENCE), &with(&[], &[("contoso_No", "1")]));
    assert_eq!(refusal(&plan), "0x80095005 ConnectionReferenceNotFound L120");
}

#[test]
fn l118_what_a_secret_names_is_hidden_in_plans() {
    let vault = "/subscriptions/1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/s";
    let secret = "package Core 1.0 managed contoso\n environmentvariabledefinition contoso_S <type>100000005</type>";
    let mut env = Simulated::default();
    let plan = env.import_with(&package(secret), &with(&[("contoso_S", vault)], &[]));
    assert_eq!(outcomes(&plan), [format!("contoso_S={HIDDEN} value Active")]);
    let other = vault.replace("secrets/s", "secrets/t");
    let plan = env.import_with(&package(secret), &with(&[("contoso_S", &other)], &[]));
    let shown = format!("{:?} {:?}", plan.changes, plan.findings);
    assert!(shown.contains(HIDDEN) && !shown.contains("KeyVault"), "{shown}");
    let value = key("environmentvariablevalue:contoso_S");
    assert!(env.resolved(&value).contains(&format!("value={other} by Active")));
    let by_hand = format!("{:?}", env.set(&value, "value", vault).changes);
    assert!(by_hand.contains(HIDDEN) && !by_hand.contains("KeyVault"), "{by_hand}");
}

#[test]
fn l118_l104_a_first_value_can_be_set_by_hand_even_where_customizations_are_blocked() {
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d", None));
    env.snapshot.environment.settings.block_unmanaged = true;
    let plan = env.set(&key(URL), "value", "by hand");
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(changes(&plan), ["create environmentvariablevalue:contoso_Url Active visible"]);
    assert_eq!(env.resolved(&key(URL)), ["iscustomizable=1 by Active", "value=by hand by Active"]);
    assert!(!env.set(&key(URL), "value", "again").is_refused());
    assert!(env.resolved(&key(URL)).contains(&"value=again by Active".to_owned()));
    assert!(env.set(&key("environmentvariablevalue:contoso_No"), "value", "x").is_refused());
    let given = env.import_with(&url_package("1.1", "d", None), &with(&[("contoso_Url", "given")], &[]));
    assert!(!given.is_refused(), "L104 lets values in");
}

#[test]
fn oq12_overwriting_copies_the_packages_value_into_active_and_what_is_given_goes_before_it() {
    let mut env = Simulated::default();
    env.import_with(&url_package("1.0", "d", Some("one")), &with(&[("contoso_Url", "given")], &[]));
    let overwriting = |options: ImportOptions| ImportOptions { overwrite_unmanaged_customizations: true, ..options };
    let plan = env.import_with(&url_package("1.1", "d", Some("two")), &overwriting(ImportOptions::pac()));
    assert_eq!(outcomes(&plan), ["contoso_Url=two value Active"]);
    assert_eq!(env.layers(&key(URL)), ["Core", "Active"]);
    let both = overwriting(with(&[("contoso_Url", "third")], &[]));
    let plan = env.import_with(&url_package("1.2", "d", Some("two and a half")), &both);
    assert_eq!(outcomes(&plan), ["contoso_Url=third value Active"]);
    assert_eq!(env.layers(&key(URL)), ["Core", "Active"]);
}

#[test]
fn l82_l118_an_upgrade_that_drops_the_value_keeps_what_is_given_with_it() {
    for given in ["given", "other"] {
        let mut env = Simulated::default();
        env.import_with(&url_package("1.0", "d", Some("one")), &with(&[("contoso_Url", "given")], &[]));
        let upgrade = ImportOptions { action: Some(ImportAction::Upgrade), ..with(&[("contoso_Url", given)], &[]) };
        let plan = env.import_with(&url_package("2.0", "d", None), &upgrade);
        assert!(!plan.is_refused(), "{:?}", plan.findings);
        assert_eq!(outcomes(&plan), [format!("contoso_Url={given} value Active")]);
        assert_eq!(env.layers(&key(URL)), ["Active"], "{given}");
        assert!(!changes(&plan).iter().any(|change| change.starts_with("delete")), "{:?}", changes(&plan));
    }
}

#[test]
fn l97_l117_a_value_that_was_given_goes_with_the_definition() {
    let mut env = Simulated::default();
    let before = env.components();
    env.import_with(&url_package("1.0", "d", None), &with(&[("contoso_Url", "given")], &[]));
    let plan = env.uninstall("Core");
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert!(changes(&plan).iter().any(|change| change.starts_with("delete environmentvariablevalue:contoso_Url")));
    assert_eq!(env.components(), before);
}

#[test]
fn l41_l118_a_staged_value_is_what_the_plan_says_the_variable_has() {
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d", Some("one")));
    let stage = ImportOptions { action: Some(ImportAction::Stage), ..ImportOptions::pac() };
    let plan = env.import_with(&url_package("2.0", "d", Some("two")), &stage);
    assert_eq!(outcomes(&plan), ["contoso_Url=two value Core_Upgrade"]);
    assert!(env.resolved(&key(URL)).contains(&"value=two by Core_Upgrade".to_owned()));
}

#[test]
fn l82_l121_settings_for_a_variable_that_the_upgrade_drops_have_no_effect() {
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d", None));
    let upgrade = ImportOptions { action: Some(ImportAction::Upgrade), ..with(&[("contoso_Url", "given")], &[]) };
    let next = "package Core 2.0 managed contoso\n optionset contoso_s <V>1</V>";
    let plan = env.import_with(&package(next), &upgrade);
    assert!(!plan.is_refused(), "{:?}", plan.findings);
    assert_eq!(env.components(), ["optionset:contoso_s"]);
    assert_eq!((notices(&plan), outcomes(&plan)), (vec!["L121"], Vec::new()));
}

#[test]
fn oq12_l118_l119_a_value_of_the_target_outlives_the_packages_own() {
    for is_staged in [false, true] {
        let mut env = Simulated::default();
        env.import_with(&url_package("1.0", "d", Some("one")), &with(&[("contoso_Url", "given")], &[]));
        let next = url_package("2.0", "d", None);
        if is_staged {
            env.import_as(&next, ImportAction::Stage);
            env.apply_upgrade("Core");
        } else {
            env.import_as(&next, ImportAction::Upgrade);
        }
        assert_eq!(env.layers(&key(URL)), ["Active"], "staged: {is_staged}");
        assert!(env.resolved(&key(URL)).contains(&"value=given by Active".to_owned()));
    }
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d", Some("one")));
    env.import_as(&url_package("2.0", "d", None), ImportAction::Upgrade);
    assert!(env.layers(&key(URL)).is_empty(), "the package's own goes");
}

#[test]
fn l98_l117_a_value_that_stays_holds_its_variable() {
    let mut env = Simulated::default();
    env.import(&url_package("1.0", "d", None));
    let value = "environmentvariablevalue contoso_Url <value>v</value>";
    env.import(&package(&format!("package Values 1.0 managed contoso\n {value}")));
    let held = "0x8004F01D CannotUninstallWithDependencies L98";
    assert_eq!(refusal(&env.uninstall("Core")), held);
    assert!(!env.uninstall("Values").is_refused());
    // The same where the next version itself brings the value, and not the variable.
    let next = package(&format!("package Core 2.0 managed contoso\n {value}"));
    let plan = env.clone().import_as(&next, ImportAction::Upgrade);
    assert_eq!(refusal(&plan), "0x8004F046 SolutionUpgradeFailed L83");
    assert!(!env.import_as(&next, ImportAction::Stage).is_refused());
    assert_eq!(refusal(&env.apply_upgrade("Core")), held);
}

#[test]
fn oq12_l97_the_other_reading_lets_the_targets_value_go_with_the_packages_own() {
    let given = |action| ImportOptions { action: Some(action), ..with(&[("contoso_Url", "again")], &[]) };
    let next = url_package("2.0", "d", None);
    let mut env = Simulated::default();
    env.rules.values_of_the_target_stay = false;
    env.import_with(&url_package("1.0", "d", Some("one")), &with(&[("contoso_Url", "given")], &[]));
    let mut staged = env.clone();
    env.import_with(&next, &given(ImportAction::Upgrade));
    assert!(env.layers(&key(URL)).is_empty(), "what is given goes, too");
    staged.import_with(&next, &given(ImportAction::Stage));
    staged.apply_upgrade("Core");
    assert_eq!(staged.facts(), env.facts());
}
