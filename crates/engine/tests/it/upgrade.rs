//! Upgrades: in one step, staged, applied, refused, given up.

use strata_model::component::ComponentKey;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{FindingKind, OperationKind};
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{changes, refusal};

const ONE: &str = "package Core 1.0 managed contoso
    attribute contoso_t.contoso_a <V>1</V>
    attribute contoso_t.contoso_b <V>1</V>";
const TWO: &str = "package Core 2.0 managed contoso
    attribute contoso_t.contoso_a <V>2</V>
    attribute contoso_t.contoso_c <V>1</V>";

fn column(name: &str) -> ComponentKey {
    key(&format!("attribute:contoso_t.contoso_{name}"))
}

fn with(packages: &[&str]) -> Simulated {
    let mut env = Simulated::default();
    for text in packages {
        let plan = env.import(&package(text));
        assert!(!plan.is_refused(), "{:#?}", plan.findings);
    }
    env
}

#[test]
fn l76_l82_l133_an_upgrade_in_one_step_deletes_what_was_dropped() {
    let mut env = with(&[ONE]);
    let plan = env.import_as(&package(TWO), ImportAction::Upgrade);
    assert_eq!(plan.operation, OperationKind::Upgrade);
    assert_eq!(
        changes(&plan),
        [
            "modify attribute:contoso_t.contoso_a Core visible",
            "delete attribute:contoso_t.contoso_b Core visible",
            "create attribute:contoso_t.contoso_c Core visible"
        ]
    );
    assert_eq!(env.solutions(), ["Core 2.0"]);
    assert_eq!(env.components(), ["attribute:contoso_t.contoso_a", "attribute:contoso_t.contoso_c"]);
    assert!(plan.findings.iter().any(|finding| finding.kind == FindingKind::Dataloss && finding.rule == "L82"));
}

#[test]
fn l77_l80_l84_l133_staging_keeps_both_and_applying_flattens() {
    let mut env = with(&[ONE]);
    let staged = env.import_as(&package(TWO), ImportAction::Stage);
    assert_eq!(staged.operation, OperationKind::Stage);
    assert_eq!(env.solutions(), ["Core 1.0", "Core_Upgrade 2.0"]);
    assert_eq!(env.components().len(), 3, "a, b and c");
    assert_eq!(env.layers(&column("a")), ["Core", "Core_Upgrade"]);
    let applied = env.apply_upgrade("core");
    assert_eq!(applied.operation, OperationKind::ApplyUpgrade);
    assert_eq!(
        changes(&applied),
        ["modify attribute:contoso_t.contoso_a Core none", "delete attribute:contoso_t.contoso_b Core visible"],
        "what the holding solution brought is in force already"
    );
    assert_eq!(env.solutions(), ["Core 2.0"]);
    assert_eq!(env.layers(&column("a")), ["Core"]);
    assert_eq!(env.components(), ["attribute:contoso_t.contoso_a", "attribute:contoso_t.contoso_c"]);
}

#[test]
fn l41_a_pending_upgrade_is_effective_at_once() {
    let mut env =
        with(&["package Core 1.0 managed contoso\n attribute contoso_t.contoso_a <MaxLength>100</MaxLength>"]);
    let next = package("package Core 1.1 managed contoso\n attribute contoso_t.contoso_a <MaxLength>150</MaxLength>");
    env.import_as(&next, ImportAction::Stage);
    assert_eq!(env.resolved(&column("a")), ["MaxLength=150 by Core_Upgrade"]);
}

#[test]
fn l31_l32_a_holding_layer_stays_in_its_solutions_slot() {
    let mut env = with(&[ONE, "package Over 1.0 managed contoso\n attribute contoso_t.contoso_a <V>9</V>"]);
    let plan = env.import_as(&package(TWO), ImportAction::Stage);
    assert_eq!(env.layers(&column("a")), ["Core", "Core_Upgrade", "Over"]);
    assert!(changes(&plan).contains(&"modify attribute:contoso_t.contoso_a Core_Upgrade masked".to_owned()));
    env.apply_upgrade("Core");
    assert_eq!(env.layers(&column("a")), ["Core", "Over"]);
    assert_eq!(env.resolved(&column("a")), ["V=9 by Over"]);
}

#[test]
fn oq19_what_an_upgrade_first_touches_goes_on_top() {
    let mut env = with(&[ONE, "package Over 1.0 managed contoso\n attribute contoso_t.contoso_x <V>9</V>"]);
    let next = "package Core 2.0 managed contoso
        attribute contoso_t.contoso_a <V>1</V>
        attribute contoso_t.contoso_b <V>1</V>
        attribute contoso_t.contoso_x <V>2</V>";
    env.import_as(&package(next), ImportAction::Upgrade);
    assert_eq!(env.layers(&column("x")), ["Over", "Core"]);
    let again = next.replace("2.0", "3.0").replace("<V>2", "<V>3");
    env.import_as(&package(&again), ImportAction::Upgrade);
    assert_eq!(env.layers(&column("x")), ["Over", "Core"], "its own slot from then on");
    assert_eq!(env.resolved(&column("x")), ["V=3 by Core"]);
}

#[test]
fn l135_oq18_what_an_update_left_is_deleted_by_a_later_upgrade() {
    let mut env = with(&[ONE, TWO]);
    assert_eq!(env.components().len(), 3);
    let three = package("package Core 3.0 managed contoso\n attribute contoso_t.contoso_a <V>2</V>");
    let plan = env.import_as(&three, ImportAction::Upgrade);
    assert_eq!(
        changes(&plan),
        ["delete attribute:contoso_t.contoso_b Core visible", "delete attribute:contoso_t.contoso_c Core visible"]
    );
}

#[test]
fn l82_a_dropped_component_that_is_not_the_solutions_own_is_detached() {
    let mut env = with(&[
        "package Below 1.0 managed other\n attribute contoso_t.contoso_b <V>0</V>",
        "package Core 1.0 managed contoso\n attribute contoso_t.contoso_a <V>1</V>\n attribute contoso_t.contoso_b <V>1</V>",
    ]);
    let plan = env.import_as(&package(TWO), ImportAction::Upgrade);
    assert!(changes(&plan).contains(&"detach attribute:contoso_t.contoso_b Core visible".to_owned()));
    assert_eq!(env.resolved(&column("b")), ["V=0 by Below"]);
}

#[test]
fn l83_r2_a_refused_apply_in_one_step_carries_the_inner_error() {
    let mut env = with(&[ONE, "package Over 1.0 managed fabrikam\n attribute contoso_t.contoso_b <V>9</V>"]);
    let before = env.snapshot.clone();
    let plan = env.import_as(&package(TWO), ImportAction::Upgrade);
    assert_eq!(refusal(&plan), "0x8004F046 SolutionUpgradeFailed L83");
    let first = plan.first_error().expect("a refusal");
    assert!(first.message.contains("layers of other publishers are over it: Over"), "{}", first.message);
    assert!(plan.findings.iter().any(|f| f.name.as_deref() == Some("OtherPublisherLayerAbove") && f.rule == "L97"));
    assert!(plan.edits.is_empty());
    assert_eq!(env.snapshot, before);
}

#[test]
fn l83_a_refused_staged_apply_has_the_inner_code_and_leaves_both() {
    let mut env = with(&[ONE, "package Over 1.0 managed fabrikam\n attribute contoso_t.contoso_b <V>9</V>"]);
    env.import_as(&package(TWO), ImportAction::Stage);
    let plan = env.apply_upgrade("Core");
    assert_eq!(refusal(&plan), "- OtherPublisherLayerAbove L97");
    assert_eq!(env.solutions(), ["Core 1.0", "Over 1.0", "Core_Upgrade 2.0"]);
    env.uninstall("Over");
    assert!(!env.apply_upgrade("Core").is_refused(), "the cause is gone: apply again");
    assert_eq!(env.solutions(), ["Core 2.0"]);
}

#[test]
fn l79_oq23_a_pending_upgrade_can_be_given_up() {
    let mut env = with(&[ONE]);
    let before = env.snapshot.clone();
    env.import_as(&package(TWO), ImportAction::Stage);
    let plan = env.uninstall("Core_Upgrade");
    assert_eq!(
        changes(&plan),
        [
            "detach attribute:contoso_t.contoso_a Core_Upgrade visible",
            "delete attribute:contoso_t.contoso_c Core_Upgrade visible"
        ]
    );
    assert_eq!(env.solutions(), ["Core 1.0"]);
    assert_eq!(env.resolved(&column("a")), ["V=1 by Core"]);
    assert_eq!(env.components().len(), before.components.len());
}

#[test]
fn l79_while_an_upgrade_is_pending_the_solution_takes_nothing_else() {
    let mut env = with(&[ONE]);
    env.import_as(&package(TWO), ImportAction::Stage);
    let three = package(&TWO.replace("2.0", "3.0"));
    for action in [ImportAction::Update, ImportAction::Upgrade, ImportAction::Stage] {
        let plan = env.import_as(&three, action);
        assert_eq!(refusal(&plan), "0x8004F086 PendingUpgradeExists L79", "{action:?}");
        let hints = &plan.first_error().expect("a refusal").hints;
        assert!(hints[0].contains("solution upgrade") && hints[1].contains("Core_Upgrade"), "both ways out: {hints:?}");
    }
    let patch =
        "package Core_Patch_1 1.0.1.0 managed contoso\n patch-of Core 1.0\n attribute contoso_t.contoso_a <V>5</V>";
    assert_eq!(refusal(&env.import(&package(patch))), "0x8004F086 PendingUpgradeExists L79");
}

#[test]
fn oq22_a_pending_upgrade_blocks_no_other_solution() {
    let mut env = with(&[ONE, "package Other 1.0 managed contoso\n attribute contoso_t.contoso_x <V>1</V>"]);
    env.import_as(&package(TWO), ImportAction::Stage);
    let other = package("package Other 1.1 managed contoso\n attribute contoso_t.contoso_x <V>2</V>");
    assert!(!env.import_as(&other, ImportAction::Upgrade).is_refused());
}

#[test]
fn l81_what_cannot_be_applied_says_why() {
    let mut env = with(&[ONE]);
    assert_eq!(refusal(&env.apply_upgrade("Core")), "0x8004853B SolutionUpgradeNotAvailable L81");
    env.import_as(&package(TWO), ImportAction::Stage);
    assert_eq!(refusal(&env.apply_upgrade("Core_Upgrade")), "0x8004853C SolutionUpgradeWrongSolutionSelected L81");
    env.uninstall("Core");
    assert_eq!(env.solutions(), ["Core_Upgrade 2.0"]);
    assert_eq!(refusal(&env.apply_upgrade("Core")), "0x8004F083 CannotFindBaseFromUpgrade L81");
    assert_eq!(refusal(&env.apply_upgrade("Core_Upgrade")), "0x8004F083 CannotFindBaseFromUpgrade L81");
}

#[test]
fn l79_a_holding_solution_without_its_base_still_stands_in_the_way() {
    let mut env = with(&[ONE]);
    env.import_as(&package(TWO), ImportAction::Stage);
    env.uninstall("Core");
    let again = env.import(&package(ONE));
    assert_eq!(refusal(&again), "0x8004F086 PendingUpgradeExists L79");
    let hints = &again.first_error().expect("a refusal").hints;
    assert_eq!(hints, &["give it up with `strata solution delete --solution-name Core_Upgrade`"]);
    env.uninstall("Core_Upgrade");
    assert!(!env.import(&package(ONE)).is_refused());
}

#[test]
fn l78_l126_holding_needs_both_managed() {
    let mut env = with(&["package Core 1.0 unmanaged contoso\n attribute contoso_t.contoso_a <V>1</V>"]);
    let next = package("package Core 2.0 unmanaged contoso\n attribute contoso_t.contoso_a <V>2</V>");
    for action in [ImportAction::Upgrade, ImportAction::Stage] {
        assert_eq!(refusal(&env.import_as(&next, action)), "- UpgradeNeedsManagedBase L78", "{action:?}");
    }
    assert!(!env.import(&next).is_refused(), "an update it is");
    let mut empty = Simulated::default();
    assert_eq!(refusal(&empty.import_as(&package(TWO), ImportAction::Stage)), "- UpgradeNeedsManagedBase L78");
    assert_eq!(empty.import_as(&package(TWO), ImportAction::Upgrade).operation, OperationKind::New, "OQ 20, R15");
}

#[test]
fn l24_oq3_an_upgrade_needs_a_higher_version() {
    let mut env = with(&[ONE]);
    for action in [ImportAction::Upgrade, ImportAction::Stage] {
        assert_eq!(refusal(&env.import_as(&package(ONE), action)), "- VersionNotHigher L24", "{action:?}");
        let options = ImportOptions { action: Some(action), allow_lower_version: true, ..ImportOptions::pac() };
        let lower = package(&TWO.replace("2.0", "0.9"));
        assert_eq!(refusal(&env.import_with(&lower, &options)), "- VersionNotHigher L24", "{action:?}");
    }
}

#[test]
fn l15_a_package_may_not_bear_the_reserved_suffix() {
    let plan = Simulated::default().import(&package(&ONE.replace("Core", "Core_Upgrade")));
    assert_eq!(refusal(&plan), "0x8004F002 InvalidSolutionUniqueName L15");
}

#[test]
fn l75_l82_an_upgrade_drops_options_that_an_update_keeps() {
    let one = "package Core 1.0 managed contoso
        optionset contoso_s <options><option value='1' /><option value='2' /></options>";
    let two = "package Core 2.0 managed contoso
        optionset contoso_s <options><option value='1' /></options>";
    let mut env = with(&[one]);
    let plan = env.import_as(&package(two), ImportAction::Upgrade);
    assert_eq!(env.resolved(&key("optionset:contoso_s")), ["options/option[1]@value=1 by Core"]);
    assert_eq!(plan.additive, Some(false));
}

#[test]
fn l60_l125_who_asks_does_not_change_what_an_action_does() {
    use strata_model::options::{CALLERS, Caller};
    let mut done: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for caller in CALLERS {
        let mut env = with(&[ONE]);
        let defaults = ImportOptions::of(Caller::named(caller.name).expect("a caller"));
        let options = ImportOptions { action: Some(ImportAction::Upgrade), publish_workflows: false, ..defaults };
        let plan = env.import_with(&package(TWO), &options);
        done.push((changes(&plan), env.facts()));
    }
    assert!(done.windows(2).all(|pair| pair[0] == pair[1]), "{done:#?}");
}

#[test]
fn p8_the_adviser_tells_additive_upgrades_from_others() {
    let mut env = with(&[ONE]);
    let more = format!("{}\n attribute contoso_t.contoso_c <V>1</V>", ONE.replace("1.0", "1.1"));
    let plan = env.import_as(&package(&more), ImportAction::Upgrade);
    assert_eq!(plan.additive, Some(true));
    let advice = |plan: &strata_model::plan::Plan| {
        let advice = plan.findings.iter().find(|finding| finding.kind == FindingKind::Advice).expect("advice");
        (advice.message.clone(), advice.related.len())
    };
    assert_eq!(advice(&plan).1, 0);
    let plan = env.import_as(&package(TWO), ImportAction::Upgrade);
    assert_eq!(plan.additive, Some(false));
    assert_eq!(advice(&plan), ("an update would not give the same result: 1 component is dropped".to_owned(), 1));
}

#[test]
fn l82_a_reference_in_the_new_version_keeps_what_the_old_one_said() {
    let one = "package Core 1.0 managed contoso\n savedquery 11111111-0000-4000-8000-000000000001 <name>Open</name>";
    let two = "package Core 2.0 managed contoso\n savedquery 11111111-0000-4000-8000-000000000001 reference <x />";
    let view = key("savedquery:11111111-0000-4000-8000-000000000001");
    for staged in [false, true] {
        let mut env = with(&[one]);
        if staged {
            env.import_as(&package(two), ImportAction::Stage);
            env.apply_upgrade("Core");
        } else {
            env.import_as(&package(two), ImportAction::Upgrade);
        }
        assert_eq!(env.resolved(&view), ["name=Open by Core"]);
    }
}

#[test]
fn l98_l83_what_the_new_version_builds_on_a_table_that_it_drops_holds_the_table() {
    let one = "package Core 1.0 managed contoso\n entity contoso_t <X>1</X>\n attribute contoso_t.contoso_a <V>1</V>";
    // Two says that another solution brings the table, which is not so here.
    let two = "package Core 2.0 managed contoso
        attribute contoso_t.contoso_a <V>1</V>
        attribute contoso_t.contoso_b <V>1</V>
        needs entity:contoso_t from Tables 1.0";
    let mut env = with(&[one]);
    assert_eq!(
        refusal(&env.clone().import_as(&package(two), ImportAction::Upgrade)),
        "0x8004F046 SolutionUpgradeFailed L83"
    );
    assert!(!env.import_as(&package(two), ImportAction::Stage).is_refused());
    assert_eq!(refusal(&env.apply_upgrade("Core")), "0x8004F01D CannotUninstallWithDependencies L98");
}
