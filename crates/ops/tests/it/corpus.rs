//! Every real package: imported, planned, removed, undone.

use strata_model::package::Package;
use strata_model::plan::{Action, OperationKind};
use strata_ops::view::PlanView;
use strata_ops::{OpsError, Request};
use strata_package::Limits;
use strata_testkit::corpus::Corpus;

use crate::{Scratch, assuming, import};

/// Calls a function with each zip of the corpus: its path there, its bytes, the package. Tells whether there is one.
pub(crate) fn each_package(mut check: impl FnMut(&str, &[u8], Package)) -> bool {
    let Some(corpus) = Corpus::find() else { return false };
    for sample in corpus.packages() {
        let package = strata_package::read(sample.bytes.clone(), &Limits::default())
            .unwrap_or_else(|error| panic!("{}: {error}", sample.path));
        check(&sample.path, &sample.bytes, package);
    }
    true
}

#[test]
fn r4_l97_r12_every_managed_package_comes_goes_and_comes_back() {
    each_package(|path, bytes, package| {
        if !package.is_managed() {
            return;
        }
        let scratch = Scratch::new();
        let empty = scratch.state();
        let file = scratch.file("package.zip", bytes);
        let imported =
            scratch.import(&file, &assuming()).unwrap_or_else(|error| panic!("{path}: {:#?}", error.report()));
        assert_eq!(imported.plan.operation, OperationKind::New, "{path}");
        let installed = scratch.state();
        let components = scratch.components();
        assert!(!components.is_empty(), "{path}");
        scratch
            .uninstall(&package.manifest.unique_name)
            .unwrap_or_else(|error| panic!("{path}: {:#?}", error.report()));
        assert_eq!(scratch.components(), Vec::<String>::new(), "{path}");
        scratch.run(&Request::Undo).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(scratch.state(), installed, "{path}: undo of the uninstall");
        assert_eq!(scratch.components(), components, "{path}");
        scratch.run(&Request::Undo).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(scratch.state(), empty, "{path}: undo of the import");
    });
}

#[test]
fn l64_declared_missing_dependencies_refuse_with_the_full_list() {
    each_package(|path, bytes, package| {
        let scratch = Scratch::new();
        let file = scratch.file("package.zip", bytes);
        let before = scratch.state();
        let declared = package.manifest.missing_dependencies.iter();
        let is_foreign = |missing: &&strata_model::dependency::MissingDependency| {
            let is_held = package.components.iter().any(|component| component.key == missing.required.key);
            missing.provider != strata_model::dependency::Provider::System && !is_held
        };
        let foreign = declared.filter(is_foreign).count();
        match scratch.import(&file, &strata_model::options::ImportOptions::pac()) {
            Ok(_) => assert_eq!(foreign, 0, "{path}"),
            Err(OpsError::Refused(plan)) => {
                assert!(plan.edits.is_empty(), "{path}");
                assert_eq!(scratch.state(), before, "{path}: L73");
                if foreign > 0 {
                    let codes: Vec<_> = plan.findings.iter().filter_map(|finding| finding.code.as_deref()).collect();
                    assert!(codes.contains(&"0x8004801D"), "{path}: {codes:?}");
                    let without = plan.findings.iter().filter(|finding| finding.rule == "L64");
                    assert!(without.clone().all(|finding| !finding.related.is_empty()), "{path}");
                    assert!(without.clone().all(|finding| finding.provider.is_some()), "{path}");
                }
            }
            Err(error) => panic!("{path}: {error}"),
        }
    });
}

#[test]
fn d1_the_plan_is_deterministic_and_is_what_happens() {
    each_package(|path, bytes, _| {
        let scratch = Scratch::new();
        let file = scratch.file("package.zip", bytes);
        let request = import(&file, &assuming());
        let first = scratch.plan(&request);
        let second = scratch.plan(&request);
        let json = |plan| serde_json::to_vec(&PlanView::of(plan, true)).expect("a plan is JSON");
        assert_eq!(json(&first), json(&second), "{path}");
        let applied = scratch.run(&request).unwrap_or_else(|error| panic!("{path}: {:#?}", error.report()));
        assert_eq!(first, applied.plan, "{path}");
        // What the plan counted is what the environment now holds, and what history says was changed.
        let created = first.changes.iter().filter(|change| change.action == Action::Create).count();
        assert_eq!(scratch.components().len(), created + modified_system(&first), "{path}");
        let detail = strata_ops::history::show(&scratch.workspace, applied.operation).expect("the entry");
        let touched: std::collections::BTreeSet<_> =
            detail.layer_changes.iter().map(|change| change.component.id).collect();
        let planned: std::collections::BTreeSet<_> = first
            .changes
            .iter()
            .filter(|change| change.action != Action::Unchanged)
            .map(|change| change.component.id)
            .collect();
        assert_eq!(touched, planned, "{path}");
    });
}

/// Layers over components of the system layer, which exist without being created.
fn modified_system(plan: &strata_model::plan::Plan) -> usize {
    let mut ids: Vec<_> = plan
        .changes
        .iter()
        .filter(|change| change.action == Action::Modify)
        .map(|change| change.component.id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let created: Vec<_> =
        plan.changes.iter().filter(|change| change.action == Action::Create).map(|c| c.component.id).collect();
    ids.retain(|id| !created.contains(id));
    ids.len()
}

#[test]
fn l22_the_same_package_twice_changes_nothing() {
    each_package(|path, bytes, _| {
        let scratch = Scratch::new();
        let file = scratch.file("package.zip", bytes);
        let request = import(&file, &assuming());
        scratch.run(&request).unwrap_or_else(|error| panic!("{path}: {:#?}", error.report()));
        let state = scratch.state();
        let again = scratch.run(&request).unwrap_or_else(|error| panic!("{path}: {:#?}", error.report()));
        assert_eq!(scratch.state(), state, "{path}");
        assert!(again.plan.changes.iter().all(|change| change.action == Action::Unchanged), "{path}");
    });
}

#[test]
fn l75_l126_update_chains_run_in_order() {
    let chains: [(&str, &[&str]); 8] = [
        ("agent-inventory-usage", &["1_0_0_5_managed", "1_0_0_17_managed", "20260130_0_managed", "20260312_0_managed"]),
        ("agent-inventory-usage", &["20260130_0.zip", "20260312_0.zip"]),
        ("pad-framework", &["02407_1937", "12408_191", "12408_192", "02411_2210"]),
        ("chit-chat", &["1_1.zip", "1_2.zip", "1_3.zip"]),
        ("higher-education", &["1_0_1_5.zip", "1_0_1_6.zip"]),
        ("k12-model-apps", &["4_0_3_0", "5_0_3_0"]),
        ("connection-roles", &["4_0_3_0", "5_0_3_0"]),
        ("xrm-ci", &["Success_1_0_0_0_managed", "Success_1_1_0_0_managed"]),
    ];
    let Some(corpus) = Corpus::find() else { return };
    let samples: Vec<_> = corpus.packages().collect();
    for (folder, versions) in chains {
        let scratch = Scratch::new();
        let empty = scratch.state();
        for (index, version) in versions.iter().enumerate() {
            let sample = samples
                .iter()
                .find(|sample| sample.path.starts_with(folder) && sample.path.contains(version))
                .unwrap_or_else(|| panic!("{folder} {version}"));
            let file = scratch.file(&format!("{index}.zip"), &sample.bytes);
            let request = import(&file, &assuming());
            let planned = scratch.plan(&request);
            let applied =
                scratch.run(&request).unwrap_or_else(|error| panic!("{}: {:#?}", sample.path, error.report()));
            assert_eq!(planned, applied.plan, "{}", sample.path);
            let expected = if index == 0 { OperationKind::New } else { OperationKind::Update };
            assert_eq!(applied.plan.operation, expected, "{}", sample.path);
            assert!(applied.plan.changes.iter().all(|change| change.action != Action::Delete), "{}", sample.path);
        }
        for _ in versions {
            scratch.run(&Request::Undo).unwrap_or_else(|error| panic!("{folder}: {error}"));
        }
        assert_eq!(scratch.state(), empty, "{folder}");
    }
}

#[test]
fn every_tree_is_imported_and_taken_back() {
    let Some(corpus) = Corpus::find() else { return };
    for tree in corpus.trees() {
        let scratch = Scratch::new();
        let empty = scratch.state();
        for (path, bytes) in &tree.files {
            scratch.file(&format!("tree/{path}"), bytes);
        }
        let folder = scratch.folder.path().join("tree");
        let applied =
            scratch.import(&folder, &assuming()).unwrap_or_else(|error| panic!("{}: {:#?}", tree.path, error.report()));
        assert!(applied.plan.summary().create > 0, "{}", tree.path);
        scratch.run(&Request::Undo).unwrap_or_else(|error| panic!("{}: {error}", tree.path));
        assert_eq!(scratch.state(), empty, "{}", tree.path);
    }
}

#[test]
fn l121_settings_made_from_a_real_package_fit_it_and_all_are_empty() {
    let mut variables = 0;
    each_package(|path, bytes, package| {
        let scratch = Scratch::new();
        let file = scratch.file("package.zip", bytes);
        let made = strata_ops::deployment::create(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
        let of_type =
            |name: &str| package.components.iter().filter(|component| component.key.component_type.is(name)).count();
        assert_eq!(made.environment_variables.len(), of_type("environmentvariabledefinition"), "{path}");
        assert_eq!(made.connection_references.len(), of_type("connectionreference"), "{path}");
        let settings = scratch.file("settings.json", &serde_json::to_vec(&made).expect("JSON"));
        let problems = strata_ops::deployment::check(None, &file, &settings).expect("a check");
        assert_eq!(problems.len(), made.environment_variables.len() + made.connection_references.len(), "{path}");
        assert!(problems.iter().all(|problem| problem.problem == "empty"), "{path}: {problems:?}");
        variables += made.environment_variables.len();
    });
    assert!(Corpus::find().is_none() || variables > 0, "the corpus has variables");
}
