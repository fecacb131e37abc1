//! Upgrades over a store: one step, staged, refused half-way, undone; over the examples and over real packages.

use strata_model::history::{HistoryKind, Outcome};
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::plan::OperationKind;
use strata_ops::{NewClone, OpsError, Request, plan_file, prepare, silent};
use strata_testkit::corpus::Corpus;
use strata_testkit::examples;

use crate::{Scratch, assuming, import};

fn by(action: ImportAction) -> ImportOptions {
    ImportOptions { action: Some(action), ..ImportOptions::pac() }
}

fn apply(solution: &str) -> Request {
    Request::ApplyUpgrade { solution: solution.to_owned() }
}

fn solutions(scratch: &Scratch) -> Vec<String> {
    let listed = strata_ops::solutions::list(&scratch.workspace, None, false).expect("a list");
    listed.iter().map(|entry| format!("{} {}", entry.unique_name, entry.version)).collect()
}

/// A package with one table and the columns that are named.
fn made(scratch: &Scratch, solution: &str, version: &str, publisher: &str, columns: &[&str]) -> std::path::PathBuf {
    let attributes: String = columns
        .iter()
        .map(|name| {
            format!(
                "<attribute PhysicalName='{name}'><Type>nvarchar</Type><Name>{name}</Name>\
                 <LogicalName>{name}</LogicalName><MaxLength>100</MaxLength></attribute>"
            )
        })
        .collect();
    let entity = format!(
        "<Entity><Name>contoso_t</Name><EntityInfo><entity Name='contoso_t'><EntitySetName>contoso_ts</EntitySetName>\
         <attributes>{attributes}</attributes></entity></EntityInfo></Entity>"
    );
    let folder = format!("{solution}-{version}");
    let manifest = format!(
        "<ImportExportXml version='9.2.0.0' SolutionPackageVersion='9.2' languagecode='1033'><SolutionManifest>\
         <UniqueName>{solution}</UniqueName><Version>{version}</Version><Managed>1</Managed><Publisher>\
         <UniqueName>{publisher}</UniqueName><CustomizationPrefix>{publisher}</CustomizationPrefix>\
         <CustomizationOptionValuePrefix>10000</CustomizationOptionValuePrefix></Publisher><RootComponents>\
         <RootComponent type='1' schemaName='contoso_t' behavior='0' /></RootComponents></SolutionManifest></ImportExportXml>"
    );
    let customizations =
        "<ImportExportXml><Entities /><Languages><Language>1033</Language></Languages></ImportExportXml>";
    scratch.file(&format!("{folder}/Other/Solution.xml"), manifest.as_bytes());
    scratch.file(&format!("{folder}/Other/Customizations.xml"), customizations.as_bytes());
    scratch.file(&format!("{folder}/Entities/contoso_t/Entity.xml"), entity.as_bytes());
    scratch.folder.path().join(folder)
}

#[test]
fn l76_l80_oq9_one_step_and_two_come_to_the_same_state() {
    let (one, two) = (Scratch::new(), Scratch::new());
    for scratch in [&one, &two] {
        scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
        scratch.import(&examples::path("contoso-sales-1.0"), &ImportOptions::pac()).expect("sales");
    }
    let before = one.state();
    let next = examples::path("contoso-core-1.1");
    let upgraded = one.import(&next, &by(ImportAction::Upgrade)).expect("an upgrade");
    assert_eq!(upgraded.plan.operation, OperationKind::Upgrade);
    two.import(&next, &by(ImportAction::Stage)).expect("staged");
    assert_eq!(solutions(&two).len(), 3);
    let planned = two.plan(&apply("ContosoCore"));
    let applied = two.run(&apply("ContosoCore")).expect("applied");
    assert_eq!(planned, applied.plan, "what was planned is what happened");
    assert_eq!(one.state(), two.state());
    two.run(&Request::Undo).expect("undo of the apply");
    two.run(&Request::Undo).expect("undo of the staging");
    assert_eq!(two.state(), before);
    one.run(&Request::Undo).expect("undo of the upgrade");
    assert_eq!(one.state(), before);
}

#[test]
fn l83_l84_a_refused_one_step_upgrade_leaves_the_holding_solution() {
    let scratch = Scratch::new();
    let one = made(&scratch, "Core", "1.0", "contoso", &["contoso_a", "contoso_b"]);
    let over = made(&scratch, "Over", "1.0", "fabrikam", &["contoso_b"]);
    let two = made(&scratch, "Core", "2.0", "contoso", &["contoso_a"]);
    for file in [&one, &over] {
        scratch.import(file, &ImportOptions::pac()).expect("installed");
    }
    let before = scratch.state();
    let refused = scratch.import(&two, &by(ImportAction::Upgrade)).expect_err("blocked");
    assert_eq!(refused.exit_code(), 1);
    let report = refused.report();
    assert_eq!((report.code.as_deref(), report.name.as_str()), (Some("0x8004F046"), "SolutionUpgradeFailed"));
    assert!(report.details.iter().any(|finding| finding.name.as_deref() == Some("OtherPublisherLayerAbove")));
    assert_eq!(solutions(&scratch), ["Core 1.0", "Over 1.0", "Core_Upgrade 2.0"], "as after staging");
    let history = strata_ops::history::list(&scratch.workspace, None).expect("history");
    assert_eq!((history[0].suboperation, history[0].result), (Some(OperationKind::Upgrade), Outcome::Failed));
    assert_eq!((history[1].suboperation, history[1].result), (Some(OperationKind::Stage), Outcome::Succeeded));
    // Both ways out: apply when the cause is gone, or give it up.
    let staged = scratch.state();
    assert!(matches!(scratch.run(&apply("Core")), Err(OpsError::Refused(_))));
    assert_eq!(scratch.state(), staged, "a refusal changes nothing");
    scratch.uninstall("Core_Upgrade").expect("given up");
    assert_eq!(scratch.state(), before);
    scratch.run(&Request::Undo).expect("pending again");
    scratch.uninstall("Over").expect("the cause is gone");
    scratch.run(&apply("Core")).expect("applied");
    assert_eq!(solutions(&scratch), ["Core 2.0"]);
    let history = strata_ops::history::list(&scratch.workspace, None).expect("history");
    assert_eq!(history[0].kind, HistoryKind::ApplyUpgrade);
}

#[test]
fn r12_an_operation_that_changed_nothing_is_walked_back_too() {
    let scratch = Scratch::new();
    let empty = scratch.state();
    for _ in 0..2 {
        scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    }
    scratch.run(&Request::Undo).expect("undo of the second import");
    scratch.run(&Request::Undo).expect("undo of the first");
    assert_eq!(scratch.state(), empty);
}

#[test]
fn r13_an_apply_can_be_saved_and_carried_out_once() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    scratch.import(&examples::path("contoso-core-1.1"), &by(ImportAction::Stage)).expect("staged");
    let environment = scratch.workspace.environment().expect("an environment");
    let prepared = prepare(&scratch.workspace, &environment, &apply("ContosoCore"), &silent).expect("a plan");
    let file = scratch.folder.path().join("apply.json");
    plan_file::save(&file, &environment.name, &apply("ContosoCore"), &prepared, false).expect("saved");
    let applied = plan_file::apply(&scratch.workspace, &file, &silent).expect("applied");
    assert_eq!(applied.plan, prepared.plan);
    assert_eq!(plan_file::apply(&scratch.workspace, &file, &silent).expect_err("stale").report().name, "StalePlan");
}

#[test]
fn l105_l110_a_patch_is_cloned_and_rolled_up() {
    let scratch = Scratch::new();
    scratch.import(&examples::path("contoso-core-1.0"), &ImportOptions::pac()).expect("core");
    scratch.import(&examples::path("contoso-hotfix"), &ImportOptions::pac()).expect("unmanaged");
    let name = "ContosoHotfix".to_owned();
    let before = scratch.state();
    let clone = NewClone { solution: name.clone(), version: None, friendly_name: None };
    let patch = scratch.run(&Request::ClonePatch(clone.clone())).expect("a patch");
    let patch = patch.plan.solution.expect("a solution").unique_name;
    assert!(patch.starts_with(&format!("{name}_Patch_")));
    scratch.run(&Request::CloneSolution(clone)).expect("rolled up");
    assert_eq!(solutions(&scratch).len(), 2);
    scratch.run(&Request::Undo).expect("undo");
    scratch.run(&Request::Undo).expect("undo");
    assert_eq!(scratch.state(), before);
}

#[test]
fn p8_update_upgrade_and_stage_are_planned_side_by_side() {
    let scratch = Scratch::new();
    let one = made(&scratch, "Core", "1.0", "contoso", &["contoso_a", "contoso_b"]);
    let two = made(&scratch, "Core", "2.0", "contoso", &["contoso_a"]);
    scratch.import(&one, &ImportOptions::pac()).expect("installed");
    let before = scratch.state();
    let environment = scratch.workspace.environment().expect("an environment");
    let compared =
        strata_ops::compare(&scratch.workspace, &environment, &two.as_path().into(), &ImportOptions::pac(), &silent)
            .expect("plans");
    assert!(!compared.additive);
    let deleted = [&compared.update, &compared.upgrade, &compared.stage].map(|view| view.summary.delete);
    assert_eq!(deleted, [0, 1, 0]);
    assert_eq!(scratch.state(), before);
}

/// Chains of managed packages, oldest first.
const CHAINS: [(&str, &[&str]); 4] = [
    ("agent-inventory-usage", &["1_0_0_5_managed", "1_0_0_17_managed", "20260130_0_managed", "20260312_0_managed"]),
    ("k12-model-apps", &["4_0_3_0", "5_0_3_0"]),
    ("connection-roles", &["4_0_3_0", "5_0_3_0"]),
    ("xrm-ci", &["Success_1_0_0_0_managed", "Success_1_1_0_0_managed"]),
];

#[test]
fn l76_l80_real_chains_upgrade_both_ways_and_come_back() {
    let Some(corpus) = Corpus::find() else { return };
    let samples: Vec<_> = corpus.packages().collect();
    for (folder, versions) in CHAINS {
        let (one, two) = (Scratch::new(), Scratch::new());
        let mut states = vec![one.state()];
        for (index, version) in versions.iter().enumerate() {
            let sample = samples.iter().find(|s| s.path.starts_with(folder) && s.path.contains(version));
            let sample = sample.unwrap_or_else(|| panic!("{folder} {version}"));
            let told = |error: OpsError| panic!("{}: {:#?}", sample.path, error.report());
            let upgrade = ImportOptions { action: Some(ImportAction::Upgrade), ..assuming() };
            let file = one.file(&format!("{index}.zip"), &sample.bytes);
            let planned = one.plan(&import(&file, &upgrade));
            let upgraded = one.import(&file, &upgrade).unwrap_or_else(told);
            assert_eq!(planned, upgraded.plan, "{}", sample.path);
            let file = two.file(&format!("{index}.zip"), &sample.bytes);
            if index == 0 {
                two.import(&file, &assuming()).unwrap_or_else(told);
            } else {
                let stage = ImportOptions { action: Some(ImportAction::Stage), ..assuming() };
                two.import(&file, &stage).unwrap_or_else(told);
                let solution = upgraded.plan.solution.as_ref().expect("a solution");
                let applied = two.run(&apply(&solution.unique_name)).unwrap_or_else(told);
                let drops = |plan: &strata_model::plan::Plan| plan.summary().delete;
                assert_eq!(drops(&applied.plan), drops(&upgraded.plan), "{}", sample.path);
            }
            assert_eq!(one.state(), two.state(), "{}: one step and two", sample.path);
            states.push(one.state());
        }
        for expected in states.iter().rev().skip(1) {
            one.run(&Request::Undo).unwrap_or_else(|error| panic!("{folder}: {error}"));
            assert_eq!(one.state(), *expected, "{folder}");
        }
    }
}
