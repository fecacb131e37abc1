//! Random operations through the shell, beside an environment of plain values.
//!
//! The shell plans on a snapshot cut to the operation's footprint, the plain environment on everything there is: equal
//! plans show that footprints hold what planning needs, and equal states that the store does what plans say.

use proptest::prelude::*;
use strata_engine::active::PropertyEdit;
use strata_model::component::ComponentKey;
use strata_model::environment::Footprint;
use strata_model::options::{ImportAction, ImportOptions};
use strata_model::package::Package;
use strata_model::plan::Plan;
use strata_ops::{OpsError, PublishScope, Request, Workspace, carry_out, silent};
use strata_package::Limits;
use strata_testkit::fixture::key;
use strata_testkit::simulated::Simulated;
use strata_testkit::zipped;

use crate::schema::Renewed;

#[derive(Debug, Clone)]
enum Step {
    Import { made: Made, action: Option<ImportAction>, overwrite: bool },
    Apply(u8),
    Uninstall(u8),
    Set(u8, u8),
    Publish,
    RemoveActive(u8),
}

/// A package: of a solution, in a version, with columns and their lengths.
#[derive(Debug, Clone)]
struct Made {
    solution: u8,
    minor: u8,
    /// Of a patch.
    build: Option<u8>,
    columns: Vec<(u8, u8)>,
    managed: bool,
}

impl Made {
    /// Solutions 0 and 1 are of publisher A, the others of B; solution 0 brings the table.
    fn bytes(&self) -> Vec<u8> {
        let Self { solution, minor, build, columns, managed } = self;
        let publisher = if *solution < 2 { "abc" } else { "xyz" };
        let mode = if *managed { "managed" } else { "unmanaged" };
        let mut text = match build {
            Some(build) => {
                format!("S{solution}_Patch_{minor}{build} 1.{minor}.{build} {mode} {publisher}\npatch-of S{solution}\n")
            }
            None => format!("S{solution} 1.{minor} {mode} {publisher}\n"),
        };
        if *solution == 0 {
            text.push_str("entity abc_t\n");
        }
        let mut seen = Vec::new();
        for (column, length) in columns {
            if !seen.contains(column) {
                text.push_str(&format!("attribute abc_t.abc_c{column} <MaxLength>{length}</MaxLength>\n"));
            }
            seen.push(*column);
        }
        zipped::package(&text)
    }

    fn package(&self) -> Package {
        strata_package::read(self.bytes(), &Limits::default()).expect("a package")
    }
}

fn made() -> impl Strategy<Value = Made> {
    let columns = proptest::collection::vec((0..4_u8, 1..5_u8), 1..4);
    let build = prop_oneof![4 => Just(None), 1 => (1..4_u8).prop_map(Some)];
    (0..4_u8, 0..5_u8, build, columns, prop_oneof![4 => Just(true), 1 => Just(false)])
        .prop_map(|(solution, minor, build, columns, managed)| Made { solution, minor, build, columns, managed })
}

fn step() -> impl Strategy<Value = Step> {
    let action = prop_oneof![
        2 => Just(None),
        2 => Just(Some(ImportAction::Upgrade)),
        1 => Just(Some(ImportAction::Stage))
    ];
    prop_oneof![
        8 => (made(), action, any::<bool>())
            .prop_map(|(made, action, overwrite)| Step::Import { made, action, overwrite }),
        2 => (0..4_u8).prop_map(Step::Apply),
        2 => (0..4_u8).prop_map(Step::Uninstall),
        2 => (0..4_u8, 1..5_u8).prop_map(|(column, length)| Step::Set(column, length)),
        1 => Just(Step::Publish),
        1 => (0..4_u8).prop_map(Step::RemoveActive),
    ]
}

fn column(number: u8) -> ComponentKey {
    key(&format!("attribute:abc_t.abc_c{number}"))
}

/// Carries a step out in both; returns both plans, `None` where the shell has nothing of that name.
fn both(scratch: &Scratch, plain: &mut Simulated, step: &Step) -> Option<(Plan, Plan)> {
    let solution = |number: &u8| format!("S{number}");
    let (request, expected) = match step {
        Step::Import { made, action, overwrite } => {
            let package = made.package();
            let options = ImportOptions {
                action: *action,
                overwrite_unmanaged_customizations: *overwrite,
                ..ImportOptions::pac()
            };
            let path = scratch.file(&made.bytes());
            (Request::Import { package: path.into(), options: options.clone() }, plain.import_with(&package, &options))
        }
        Step::Apply(number) => {
            let pending = format!("S{number}_Upgrade");
            plain.snapshot.solution_named(&pending)?;
            (Request::ApplyUpgrade { solution: solution(number) }, plain.apply_upgrade(&solution(number)))
        }
        Step::Uninstall(number) => {
            plain.snapshot.solution_named(&solution(number))?;
            (Request::Uninstall { solution: solution(number) }, plain.uninstall(&solution(number)))
        }
        Step::Set(number, length) => {
            let edits = vec![PropertyEdit { path: "MaxLength".to_owned(), value: length.to_string() }];
            let request = Request::Set { component: column(*number), edits, solution: None };
            (request, plain.set(&column(*number), "MaxLength", &length.to_string()))
        }
        Step::Publish => (Request::Publish(PublishScope::All), plain.publish()),
        Step::RemoveActive(number) => {
            (Request::RemoveActive { component: column(*number) }, plain.remove_active(&column(*number)))
        }
    };
    let environment = scratch.workspace.environment().expect("an environment");
    let planned = match carry_out(&scratch.workspace, &environment, &request, &silent) {
        Ok(applied) => applied.plan,
        Err(OpsError::Refused(plan)) => *plan,
        Err(error) => panic!("{step:?}: {error}"),
    };
    // An upgrade in one step that is refused half-way leaves the holding solution (L83).
    if planned.first_error().is_some_and(|error| error.name.as_deref() == Some("SolutionUpgradeFailed")) {
        let Step::Import { made, overwrite, .. } = step else { panic!("{step:?} is no upgrade") };
        let options = ImportOptions {
            action: Some(ImportAction::Stage),
            overwrite_unmanaged_customizations: *overwrite,
            ..ImportOptions::pac()
        };
        assert!(!plain.import_with(&made.package(), &options).is_refused());
    }
    plain.snapshot.environment = scratch.workspace.environment().expect("an environment");
    Some((planned, expected))
}

struct Scratch {
    folder: tempfile::TempDir,
    workspace: Workspace,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let workspace = Workspace::in_memory().expect("a store");
        workspace.environment_to_write().expect("the default environment");
        Self { folder, workspace }
    }

    fn file(&self, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.folder.path().join("package.zip");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    fn state(&self) -> strata_model::id::Digest {
        let environment = self.workspace.environment().expect("an environment");
        self.workspace.store().state_digest(&environment, None).expect("a digest")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn d1_d2_the_shell_agrees_with_a_plain_model_and_undo_brings_each_state_back(
        steps in proptest::collection::vec(step(), 1..12),
    ) {
        let scratch = Scratch::new();
        let mut plain = Simulated::default();
        plain.snapshot.environment = scratch.workspace.environment().expect("an environment");
        let mut states = vec![scratch.state()];
        let mut schema = Renewed::new(&scratch.workspace);
        for step in &steps {
            let Some((planned, expected)) = both(&scratch, &mut plain, step) else { continue };
            prop_assert_eq!(&planned, &expected, "{:?}", step);
            let environment = scratch.workspace.environment().expect("an environment");
            let everything = Footprint { everything: true, ..Footprint::default() };
            let stored = scratch.workspace.store().snapshot(&environment, None, &everything).expect("a snapshot");
            let mut beside = plain.clone();
            beside.snapshot = stored;
            prop_assert_eq!(beside.facts(), plain.facts(), "{:?}", step);
            schema.follow(&scratch.workspace, &["abc_t", "account", "systemuser"]);
            let state = scratch.state();
            if states.last() != Some(&state) {
                states.push(state);
            }
        }
        for expected in states.iter().rev().skip(1) {
            let environment = scratch.workspace.environment().expect("an environment");
            // An operation that leaves the state as it was, a repeated import for example, is walked back too.
            let is_back = |_: &usize| {
                let undone = carry_out(&scratch.workspace, &environment, &Request::Undo, &silent);
                undone.is_ok() && scratch.state() == *expected
            };
            prop_assert!((0..=steps.len()).find(is_back).is_some(), "undo does not come back");
            schema.follow(&scratch.workspace, &["abc_t"]);
        }
    }
}
