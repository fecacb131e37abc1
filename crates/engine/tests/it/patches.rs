//! Patches: cloned, imported, rolled up, uninstalled.

use strata_engine::clone::NewClone;
use strata_model::component::ComponentKey;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::{OperationKind, Plan};
use strata_model::version::Version;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::{changes, refusal};

const BASE: &str = "package Core 1.0.0.0 managed contoso
    attribute contoso_t.contoso_a <V>30</V>";

fn patch(version: &str, content: &str) -> strata_model::package::Package {
    let name = version.replace('.', "");
    package(&format!("package Core_Patch_{name} {version} managed contoso\n patch-of Core 1.0.0.0\n {content}"))
}

fn a() -> ComponentKey {
    key("attribute:contoso_t.contoso_a")
}

fn with(packages: &[&str]) -> Simulated {
    let mut env = Simulated::default();
    for text in packages {
        let plan = env.import(&package(text));
        assert!(!plan.is_refused(), "{:#?}", plan.findings);
    }
    env
}

fn clone_of(solution: &str, version: Option<&str>) -> NewClone {
    let version = version.map(|text| Version::parse(text).expect("a version"));
    NewClone { solution: solution.to_owned(), version, friendly_name: None }
}

#[test]
fn l32_a_patch_stays_in_its_parents_slot() {
    let mut env = with(&[BASE, "package Over 1.0 managed contoso\n attribute contoso_t.contoso_a <V>50</V>"]);
    let plan = env.import(&patch("1.0.1.0", "attribute contoso_t.contoso_a <V>35</V>"));
    assert_eq!(plan.operation, OperationKind::Patch);
    assert_eq!(env.layers(&a()), ["Core", "Core_Patch_1010", "Over"]);
    assert_eq!(env.resolved(&a()), ["V=50 by Over"]);
    env.uninstall("Over");
    assert_eq!(env.resolved(&a()), ["V=35 by Core_Patch_1010"]);
}

#[test]
fn l31_patches_lie_by_rising_version() {
    let mut env = with(&[BASE]);
    env.import(&patch("1.0.1.0", "attribute contoso_t.contoso_a <V>31</V>"));
    env.import(&patch("1.0.10.0", "attribute contoso_t.contoso_a <V>32</V>"));
    assert_eq!(env.layers(&a()), ["Core", "Core_Patch_1010", "Core_Patch_10100"]);
    env.uninstall("Core_Patch_10100");
    assert_eq!(env.resolved(&a()), ["V=31 by Core_Patch_1010"]);
}

#[test]
fn l132_patches_add_up_and_one_can_go_alone() {
    let mut env = with(&["package Core 1.0.0.0 managed contoso
        entity contoso_t1 <x>1</x>
        attribute contoso_t1.contoso_c1 <V>1</V>
        attribute contoso_t1.contoso_c2 <V>1</V>"]);
    env.import(&patch(
        "1.0.1.0",
        "attribute contoso_t1.contoso_c1 <V>2</V>
         entity contoso_t2 <x>1</x>
         attribute contoso_t2.contoso_d <V>1</V>",
    ));
    env.import(&patch("1.0.2.0", "entity contoso_t3 <x>1</x>"));
    assert_eq!(env.resolved(&key("attribute:contoso_t1.contoso_c1")), ["V=2 by Core_Patch_1010"]);
    assert_eq!(env.components().len(), 6);
    let plan = env.uninstall("Core_Patch_1010");
    assert_eq!(
        changes(&plan),
        [
            "delete entity:contoso_t2 Core_Patch_1010 visible",
            "detach attribute:contoso_t1.contoso_c1 Core_Patch_1010 visible",
            "delete attribute:contoso_t2.contoso_d Core_Patch_1010 visible"
        ]
    );
    assert_eq!(env.resolved(&key("attribute:contoso_t1.contoso_c1")), ["V=1 by Core"]);
    assert!(env.components().contains(&"entity:contoso_t3".to_owned()));
}

#[test]
fn l106_a_patch_removes_nothing() {
    let mut env = with(&["package Core 1.0.0.0 managed contoso
        attribute contoso_t.contoso_a <V>1</V><W>1</W>
        attribute contoso_t.contoso_b <V>1</V>"]);
    let plan = env.import(&patch("1.0.1.0", "attribute contoso_t.contoso_a <V>2</V>"));
    assert_eq!(changes(&plan), ["modify attribute:contoso_t.contoso_a Core_Patch_1010 visible"]);
    assert_eq!(env.resolved(&a()), ["V=2 by Core_Patch_1010", "W=1 by Core"]);
}

#[test]
fn l107_a_patch_needs_its_parent_and_a_version_that_fits() {
    let mut env = Simulated::default();
    let one = patch("1.0.1.0", "attribute contoso_t.contoso_a <V>2</V>");
    assert_eq!(refusal(&env.import(&one)), "0x80048540 PatchMissingBase L107");
    env.import(&package(BASE));
    for version in ["1.1.0.0", "2.0.1.0", "1.0.0.0"] {
        let unfit = patch(version, "attribute contoso_t.contoso_a <V>2</V>");
        assert_eq!(refusal(&env.import(&unfit)), "0x80048539 CloneSolutionException L107", "{version}");
    }
    assert!(!env.import(&one).is_refused());
}

#[test]
fn l108_an_installed_patch_that_is_equal_or_higher_refuses() {
    let mut env = with(&[BASE]);
    env.import(&patch("1.0.2.0", "attribute contoso_t.contoso_a <V>2</V>"));
    let equal = env.import(&patch("1.0.2.0", "attribute contoso_t.contoso_a <V>3</V>"));
    assert_eq!(refusal(&equal), "0x8004F042 CannotUpdateSolutionPatch L108");
    let lower = patch("1.0.1.0", "attribute contoso_t.contoso_a <V>3</V>");
    assert_eq!(refusal(&env.import(&lower)), "0x80061771 CloneSolutionPatchException L108");
    let skip = ImportOptions { skip_lower_version: true, ..ImportOptions::pac() };
    assert_eq!(env.import_with(&lower, &skip).operation, OperationKind::Skip, "R15");
}

#[test]
fn l109_modes_of_patch_and_parent_must_match() {
    let mut env = with(&[BASE]);
    let unmanaged = package(
        "package Core_Patch_1 1.0.1.0 unmanaged contoso\n patch-of Core 1.0.0.0\n attribute contoso_t.contoso_a <V>2</V>",
    );
    assert_eq!(refusal(&env.import(&unmanaged)), "0x80048041 ImportSolutionUnmanagedToManagedMismatch L61");
    let mut env = with(&[&BASE.replace("managed", "unmanaged")]);
    assert!(!env.import(&unmanaged).is_refused());
    let managed = patch("1.0.2.0", "attribute contoso_t.contoso_a <V>2</V>");
    assert_eq!(refusal(&env.import(&managed)), "0x80048040 ImportSolutionManagedToUnmanagedMismatch L61");
}

#[test]
fn l56_oq6_an_update_over_patches_is_refused_and_an_upgrade_rolls_them_up() {
    let mut env = with(&[BASE]);
    env.import(&patch(
        "1.0.1.0",
        "attribute contoso_t.contoso_a <V>35</V>
         attribute contoso_t.contoso_new <V>1</V>
         attribute contoso_t.contoso_gone <V>1</V>",
    ));
    let next = package(
        "package Core 1.1.0.0 managed contoso
         attribute contoso_t.contoso_a <V>40</V>
         attribute contoso_t.contoso_new <V>1</V>",
    );
    assert_eq!(refusal(&env.import(&next)), "0x80048538 CannotModifyPatchedSolution L56");
    let mut staged = env.clone();
    let plan = env.import_as(&next, ImportAction::Upgrade);
    assert_eq!(
        changes(&plan),
        [
            "modify attribute:contoso_t.contoso_a Core visible",
            "delete attribute:contoso_t.contoso_gone Core_Patch_1010 visible"
        ]
    );
    assert_eq!(plan.additive, Some(false));
    assert_eq!(env.solutions(), ["Core 1.1.0.0"]);
    assert_eq!(env.layers(&key("attribute:contoso_t.contoso_new")), ["Core"]);
    staged.import_as(&next, ImportAction::Stage);
    assert_eq!(staged.layers(&a()), ["Core", "Core_Patch_1010", "Core_Upgrade"]);
    staged.apply_upgrade("Core");
    assert_eq!(staged.solutions(), env.solutions());
    assert_eq!(staged.layers(&a()), env.layers(&a()));
}

#[test]
fn l100_uninstalling_the_base_takes_its_patches_along() {
    let mut env = with(&[BASE]);
    env.import(&patch("1.0.1.0", "attribute contoso_t.contoso_b <V>1</V>"));
    env.import(&patch("1.0.2.0", "attribute contoso_t.contoso_c <V>1</V>"));
    let plan = env.uninstall("Core");
    assert!(
        plan.findings.iter().any(|f| f.rule == "L100" && f.message.contains("Core_Patch_1020, then Core_Patch_1010"))
    );
    assert!(env.solutions().is_empty() && env.components().is_empty());
}

fn source() -> Simulated {
    with(&["package Core 3.1.5.7 unmanaged contoso
        attribute contoso_t.contoso_a <V>1</V>
        attribute contoso_t.contoso_b <V>1</V>"])
}

#[test]
fn l105_a_patch_is_cloned_from_an_unmanaged_parent_that_is_no_patch() {
    let mut env = source();
    let plan = env.clone_patch(&clone_of("Core", None));
    let name = plan.solution.expect("a solution").unique_name;
    assert!(name.starts_with("Core_Patch_") && name.len() == "Core_Patch_".len() + 8, "{name}");
    assert_eq!(env.solutions(), ["Core 3.1.5.7".to_owned(), format!("{name} 3.1.6.0")]);
    let again = env.clone_patch(&clone_of(&name, None));
    assert_eq!(refusal(&again), "0x80048539 CloneSolutionException L105");
    let mut managed = with(&[BASE]);
    assert_eq!(refusal(&managed.clone_patch(&clone_of("Core", None))), "0x80048539 CloneSolutionException L105");
    let second = env.clone_patch(&clone_of("Core", None));
    assert_eq!(second.solution.expect("a solution").to.as_deref(), Some("3.1.7.0"), "a parent has many patches");
}

#[test]
fn l26_a_patch_version_shares_major_and_minor_and_is_higher() {
    let versions = |versions: &[&str]| -> Vec<bool> {
        let mut env = source();
        versions.iter().map(|version| !env.clone_patch(&clone_of("Core", Some(version))).is_refused()).collect()
    };
    assert_eq!(versions(&["3.1.5.8", "3.1.7.0"]), [true, true]);
    assert_eq!(versions(&["3.2.0.0"]), [false]);
    assert_eq!(versions(&["3.1.5.7"]), [false]);
    assert_eq!(versions(&["3.1.7.0", "3.1.6.0", "3.1.7.0"]), [true, false, false]);
    let plan = source().clone_patch(&clone_of("Core", Some("3.2.0.0")));
    assert_eq!(refusal(&plan), "0x80048539 CloneSolutionException L26");
}

#[test]
fn l101_an_unmanaged_parent_goes_after_its_patches() {
    let mut env = source();
    let name = env.clone_patch(&clone_of("Core", None)).solution.expect("a solution").unique_name;
    let refused = env.uninstall("Core");
    assert_eq!(refusal(&refused), "0x80048538 CannotModifyPatchedSolution L101");
    assert!(refused.first_error().expect("a refusal").hints[0].contains(&name));
    assert!(!env.uninstall(&name).is_refused());
    let last = env.uninstall("Core");
    assert!(!last.is_refused() && last.findings[0].message.contains("stay in the environment"), "{:?}", last.findings);
    assert_eq!(env.components().len(), 2, "only the containers go");
}

#[test]
fn l110_l111_rolling_up_gives_one_unlocked_version() {
    let mut env = source();
    env.clone_patch(&clone_of("Core", Some("3.1.6.0")));
    let fix = package(
        "package Core_Patch_x 3.1.7.0 unmanaged contoso\n patch-of Core 3.1.5.7\n attribute contoso_t.contoso_c <V>1</V>",
    );
    assert!(!env.import(&fix).is_refused());
    let plan = env.clone_solution(&clone_of("Core", None));
    assert!(!plan.is_refused());
    assert_eq!(env.solutions(), ["Core 3.2.0.0"]);
    let core = env.snapshot.solution_named("Core").expect("the solution").no;
    let listed = env.snapshot.components.values().filter(|state| state.is_member_of(core)).count();
    assert_eq!(listed, 3, "what the patches listed is the solution's");
    assert!(
        !env.import(&package("package Core 3.3 unmanaged contoso\n attribute contoso_t.contoso_a <V>2</V>"))
            .is_refused()
    );
}

#[test]
fn l27_oq6_a_rolled_up_version_is_not_lower() {
    let mut env = source();
    let warned = |plan: &Plan| plan.findings.iter().any(|finding| finding.rule == "L27");
    assert_eq!(refusal(&env.clone_solution(&clone_of("Core", Some("3.0")))), "0x80048539 CloneSolutionException L27");
    assert!(
        warned(&env.clone().clone_solution(&clone_of("Core", Some("3.1.5.7")))),
        "equal is accepted, with a warning"
    );
    let plan = env.clone_solution(&clone_of("Core", Some("4.0.0.0")));
    assert!(!plan.is_refused() && !warned(&plan));
}

#[test]
fn r15_skipping_comes_before_what_patches_and_pending_upgrades_forbid() {
    let skip = |action| ImportOptions { skip_lower_version: true, action, ..ImportOptions::pac() };
    let actions = [
        None,
        Some(ImportAction::Update),
        Some(ImportAction::New),
        Some(ImportAction::Upgrade),
        Some(ImportAction::Stage),
    ];
    let mut patched = with(&[BASE]);
    patched.import(&patch("1.0.1.0", "attribute contoso_t.contoso_a <V>31</V>"));
    let mut pending = with(&[BASE]);
    pending.import_as(&package(&BASE.replace("1.0.0.0", "2.0.0.0")), ImportAction::Stage);
    for mut env in [patched, pending] {
        for action in actions {
            let plan = env.import_with(&package(BASE), &skip(action));
            assert_eq!((plan.operation, plan.is_refused()), (OperationKind::Skip, false), "{action:?}");
        }
    }
}

#[test]
fn l31_oq11_an_heir_takes_its_patches_and_pending_upgrade_along() {
    let mut env = with(&[
        "package X 1.0 managed contoso\n attribute contoso_t.contoso_a <V>1</V>",
        "package Y 1.0 managed other\n attribute contoso_t.contoso_a <V>2</V>",
        BASE,
    ]);
    env.import(&patch("1.0.1.0", "attribute contoso_t.contoso_a <V>35</V>"));
    let next = package(&BASE.replace("1.0.0.0", "2.0.0.0").replace("30", "40"));
    env.import_as(&next, ImportAction::Stage);
    assert_eq!(env.layers(&a()), ["X", "Y", "Core", "Core_Patch_1010", "Core_Upgrade"]);
    let plan = env.uninstall("X");
    assert_eq!(changes(&plan), ["detach attribute:contoso_t.contoso_a X visible"]);
    assert_eq!(env.layers(&a()), ["Core", "Core_Patch_1010", "Core_Upgrade", "Y"], "one slot for all of them");
    assert_eq!(env.resolved(&a()), ["V=2 by Y"]);
    env.apply_upgrade("Core");
    assert_eq!(env.layers(&a()), ["Core", "Y"]);
    env.uninstall("Y");
    assert_eq!(env.resolved(&a()), ["V=40 by Core"]);
}

#[test]
fn l110_l20_rolling_up_takes_the_widest_behavior() {
    let mut env = with(&["package Core 1.0.0.0 unmanaged contoso
        root entity:contoso_t 2
        entity contoso_t <X>1</X>
        attribute contoso_t.contoso_a <V>1</V>"]);
    let fix = "package Core_Patch_1 1.0.1.0 unmanaged contoso
        patch-of Core 1.0.0.0
        root entity:contoso_t 0
        entity contoso_t <X>1</X>
        attribute contoso_t.contoso_b <V>1</V>";
    assert!(!env.import(&package(fix)).is_refused());
    assert!(!env.clone_solution(&clone_of("Core", None)).is_refused());
    let listed = ["entity:contoso_t 0", "attribute:contoso_t.contoso_a -", "attribute:contoso_t.contoso_b -"];
    assert_eq!(env.listed("Core"), listed);
}

#[test]
fn r4_a_placeholder_of_a_patch_goes_with_the_solution_it_was_rolled_up_into() {
    let assuming = ImportOptions { assume_missing: true, ..ImportOptions::pac() };
    let more = "attribute contoso_t.contoso_b <V>1</V>\n needs entity:other_t from Other 1.0";
    let next = package(&format!("{}\n attribute contoso_t.contoso_b <V>1</V>", BASE.replace("1.0.0.0", "1.1.0.0")));
    for is_staged in [false, true] {
        let mut env = with(&[BASE]);
        env.import_with(&patch("1.0.1.0", more), &assuming);
        if is_staged {
            env.import_as(&next, ImportAction::Stage);
            env.apply_upgrade("Core");
        } else {
            env.import_as(&next, ImportAction::Upgrade);
        }
        assert_eq!(env.solutions(), ["Core 1.1.0.0", "Other 1.0"], "staged: {is_staged}");
        env.uninstall("Core");
        assert!(env.solutions().is_empty() && env.components().is_empty(), "{:?}", env.solutions());
    }
}
