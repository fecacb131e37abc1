//! New publishers and solutions, settings, and who may edit in which solution.

use strata_engine::create::{self, NewPublisher, NewSolution};
use strata_engine::maintain::{self, PublisherEdit, SolutionEdit};
use strata_engine::{active, restore};
use strata_model::history::{HistoryEntry, HistoryKind, NewHistoryEntry, Outcome};
use strata_model::id::Operation;
use strata_model::options::ImportOptions;
use strata_model::rules::Rules;
use strata_model::version::Version;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::refusal;

fn publisher(name: &str, prefix: &str) -> NewPublisher {
    NewPublisher {
        unique_name: name.to_owned(),
        prefix: prefix.to_owned(),
        friendly_name: None,
        option_value_prefix: None,
        id: None,
        details: Default::default(),
    }
}

fn solution(name: &str, publisher: &str) -> NewSolution {
    NewSolution {
        unique_name: name.to_owned(),
        publisher: publisher.to_owned(),
        version: Version::parse("1.0.0.0").expect("a version"),
        friendly_name: None,
        id: None,
    }
}

fn with_publisher() -> Simulated {
    let mut env = Simulated::default();
    let plan = create::publisher(&env.snapshot, &publisher("Contoso", "contoso"), &Rules::OURS);
    assert!(!plan.is_refused());
    env.apply(&plan);
    env
}

#[test]
fn l6_a_publisher_has_a_prefix_and_a_generated_option_prefix() {
    let env = with_publisher();
    let made = &env.snapshot.publishers[0];
    assert_eq!((made.prefix.as_str(), made.friendly_name.as_str()), ("contoso", "Contoso"));
    assert!((10_000..=99_999).contains(&made.option_value_prefix));
    for prefix in ["c", "1abc", "toolongprefix", "mscrmx", "a-b"] {
        let plan = create::publisher(&env.snapshot, &publisher("Other", prefix), &Rules::OURS);
        assert_eq!(refusal(&plan), "- InvalidPublisherPrefix L6", "{prefix}");
    }
    let endless = create::publisher(&env.snapshot, &publisher(&"x".repeat(257), "other"), &Rules::OURS);
    assert_eq!(refusal(&endless), "0x8004F002 InvalidSolutionUniqueName L6");
    assert!(endless.findings[0].message.len() < 200, "nobody reads such a name to its end");
    assert!(!create::publisher(&env.snapshot, &publisher(&"x".repeat(256), "other"), &Rules::OURS).is_refused());
    let twice = create::publisher(&env.snapshot, &publisher("contoso", "other"), &Rules::OURS);
    assert_eq!(refusal(&twice), "- AlreadyExists L6");
}

#[test]
fn l13_an_import_makes_the_publisher_it_names_once() {
    let mut env = Simulated::default();
    env.import(&package("package A 1.0 managed contoso\n attribute a.contoso_b <V>1</V>"));
    env.import(&package("package B 1.0 managed Contoso\n attribute a.contoso_c <V>1</V>"));
    assert_eq!(env.snapshot.publishers.len(), 1);
}

#[test]
fn l14_l15_names_of_solutions_are_checked() {
    let mut env = with_publisher();
    for name in ["", "1abc", "my solution", "a-b", &"x".repeat(66)] {
        let plan = create::solution(&env.snapshot, &solution(name, "Contoso"), &Rules::OURS);
        assert_eq!(refusal(&plan), "0x8004F002 InvalidSolutionUniqueName L14", "{name}");
    }
    let upgrade = create::solution(&env.snapshot, &solution("Core_Upgrade", "Contoso"), &Rules::OURS);
    assert_eq!(refusal(&upgrade), "0x8004F002 InvalidSolutionUniqueName L15");
    let nobody = create::solution(&env.snapshot, &solution("Core", "Nobody"), &Rules::OURS);
    assert_eq!(refusal(&nobody), "- NotFound L6");
    let made = create::solution(&env.snapshot, &solution("Core", "contoso"), &Rules::OURS);
    env.apply(&made);
    assert_eq!(env.solutions(), ["Core 1.0.0.0"]);
    for name in ["CORE", "Active", "default"] {
        let plan = create::solution(&env.snapshot, &solution(name, "Contoso"), &Rules::OURS);
        assert_eq!(refusal(&plan), "0x8004F023 SolutionUniqueNameViolation L14", "{name}");
    }
}

#[test]
fn l12_a_read_only_publisher_cannot_be_chosen() {
    let mut env = Simulated::default();
    let needy = "package Needy 1.0 managed contoso\n attribute a.contoso_b <V>1</V>\n needs optionset:x from Other 1.0";
    let assuming = ImportOptions { assume_missing: true, ..ImportOptions::pac() };
    assert!(!env.import_with(&package(needy), &assuming).is_refused());
    let plan = create::solution(&env.snapshot, &solution("Core", "assumed"), &Rules::OURS);
    assert_eq!(refusal(&plan), "0x8004F034 CannotSelectReadOnlyPublisher L12");
}

#[test]
fn l23_l26_l56_a_version_by_hand_fits_what_is_there() {
    use strata_engine::clone::NewClone;
    let mut env = with_publisher();
    let made = create::solution(&env.snapshot, &solution("Core", "contoso"), &Rules::OURS);
    env.apply(&made);
    let patch = env.clone_patch(&NewClone { solution: "Core".into(), version: None, friendly_name: None });
    let patch = patch.solution.expect("a solution").unique_name;
    let set = |env: &Simulated, name: &str, version: &str| {
        let version = Version::parse(version).expect("a version");
        create::version(&env.snapshot, name, &version, &Rules::OURS)
    };
    assert_eq!(refusal(&set(&env, "Core", "2.0")), "0x80048538 CannotModifyPatchedSolution L56");
    assert_eq!(refusal(&set(&env, &patch, "2.0")), "0x80048539 CloneSolutionException L26");
    assert!(!set(&env, &patch, "1.0.9.0").is_refused());
}

#[test]
fn l16_l17_an_edit_is_made_in_an_unmanaged_solution() {
    let mut env = with_publisher();
    env.import(&package("package Core 1.0 managed contoso\n attribute a.contoso_b <V>1</V>"));
    let made = create::solution(&env.snapshot, &solution("Mine", "Contoso"), &Rules::OURS);
    env.apply(&made);
    let column = key("attribute:a.contoso_b");
    let edit = [active::PropertyEdit { path: "V".to_owned(), value: "2".to_owned() }];
    let nothing = strata_model::plan::Plan::empty(strata_model::plan::OperationKind::Set, Operation(0), Rules::OURS);
    let managed = active::set(&env.snapshot, &column, &edit, Some("Core"), &Rules::OURS, &nothing);
    assert_eq!(refusal(&managed), "0x8004F024 CannotUpdateManagedSolution L16");
    let unknown = active::set(&env.snapshot, &column, &edit, Some("Nobody"), &Rules::OURS, &nothing);
    assert_eq!(refusal(&unknown), "- NotFound L17");
    env.set_in(&column, "V", "2", Some("Mine"));
    let state = &env.snapshot.components[&column];
    assert_eq!(state.members.len(), 2, "the edited component joins the solution");
}

#[test]
fn l1_settings_are_part_of_the_state() {
    let mut env = Simulated::default();
    let mut after = env.snapshot.environment.settings.clone();
    after.block_unmanaged = true;
    let plan = create::settings(&env.snapshot, after.clone(), &Rules::OURS);
    env.apply(&plan);
    assert_eq!(env.snapshot.environment.settings, after);
    assert!(!create::settings(&env.snapshot, after, &Rules::OURS).has_changes());
}

#[test]
fn r12_undo_walks_back_and_skips_undos_and_refusals() {
    let entry = |operation, kind, outcome, state_of: Option<i64>| HistoryEntry {
        operation: Operation(operation),
        what: NewHistoryEntry {
            time: 0,
            duration: 0,
            kind,
            solution: None,
            from_version: None,
            to_version: None,
            suboperation: None,
            outcome,
            changes: 0,
            job: None,
            state_of: state_of.map(Operation),
            options: None,
            findings: Vec::new(),
            facts: None,
            components: Vec::new(),
        },
    };
    let (import, undo) = (HistoryKind::Import, HistoryKind::Undo);
    let (done, failed) = (Outcome::Succeeded, Outcome::Failed);
    let mut history = vec![entry(3, import, failed, None), entry(2, import, done, None), entry(1, import, done, None)];
    assert_eq!(restore::undo_target(&history), Some(Operation(1)));
    history.insert(0, entry(4, undo, done, Some(1)));
    assert_eq!(restore::undo_target(&history), Some(Operation(0)));
    history.insert(0, entry(5, undo, done, Some(0)));
    assert_eq!(restore::undo_target(&history), None);
    history.insert(0, entry(6, HistoryKind::Restore, done, Some(2)));
    assert_eq!(restore::undo_target(&history), Some(Operation(0)), "a restore is undone like any operation");
}

fn with_solution() -> Simulated {
    let mut env = with_publisher();
    let plan = create::publisher(&env.snapshot, &publisher("Fabrikam", "fabrikam"), &Rules::OURS);
    env.apply(&plan);
    let plan = create::solution(&env.snapshot, &solution("Core", "Contoso"), &Rules::OURS);
    assert!(!plan.is_refused());
    env.apply(&plan);
    env
}

#[test]
fn l14_a_solution_changes_its_version_its_friendly_name_and_its_publisher() {
    let mut env = with_solution();
    let edit = SolutionEdit {
        version: Some(Version::parse("1.1").expect("a version")),
        friendly_name: Some("The Core".to_owned()),
        publisher: Some("fabrikam".to_owned()),
    };
    let plan = maintain::solution(&env.snapshot, "core", &edit, &Rules::OURS);
    assert!(!plan.is_refused());
    env.apply(&plan);
    let core = env.snapshot.solution_named("Core").expect("it").clone();
    assert_eq!((core.version.as_str(), core.friendly_name.as_str()), ("1.1", "The Core"));
    assert_eq!(env.snapshot.publisher(core.publisher).map(|own| own.unique_name.as_str()), Some("Fabrikam"));
    assert!(maintain::solution(&env.snapshot, "Core", &edit, &Rules::OURS).edits.is_empty(), "nothing is left to do");
    let refused =
        |name: &str, edit: SolutionEdit| refusal(&maintain::solution(&env.snapshot, name, &edit, &Rules::OURS));
    let long = SolutionEdit { friendly_name: Some("x".repeat(257)), ..SolutionEdit::default() };
    assert_eq!(refused("Core", long), "- InvalidValue L14");
    let nobody = SolutionEdit { publisher: Some("nobody".to_owned()), ..SolutionEdit::default() };
    assert_eq!(refused("Core", nobody), "- NotFound L6");
    assert_eq!(refused("Default", SolutionEdit::default()), "0x8004F009 CannotUpdateDefaultSolution L4");
    assert_eq!(refused("Nothing", SolutionEdit::default()), "- NotFound L14");
}

#[test]
fn l12_a_publisher_that_a_solution_has_stays_and_that_of_placeholders_does_not_change() {
    let mut env = with_solution();
    let rename = PublisherEdit { friendly_name: Some("Contoso Ltd".to_owned()), ..PublisherEdit::default() };
    let plan = maintain::publisher(&env.snapshot, "contoso", &rename, &Rules::OURS);
    assert!(!plan.is_refused());
    env.apply(&plan);
    assert!(env.snapshot.publishers.iter().any(|own| own.friendly_name == "Contoso Ltd"));
    let prefix = PublisherEdit { prefix: Some("1".to_owned()), ..PublisherEdit::default() };
    assert_eq!(
        refusal(&maintain::publisher(&env.snapshot, "Contoso", &prefix, &Rules::OURS)),
        "- InvalidPublisherPrefix L6"
    );
    let delete = |env: &Simulated, name: &str| maintain::delete_publisher(&env.snapshot, name, &Rules::OURS);
    assert_eq!(refusal(&delete(&env, "Contoso")), "0x80040227 CannotDeleteDueToAssociation L6");
    let plan = delete(&env, "Fabrikam");
    assert!(!plan.is_refused());
    env.apply(&plan);
    assert!(!env.snapshot.publishers.iter().any(|own| own.unique_name == "Fabrikam"));
    assert_eq!(refusal(&delete(&env, "Fabrikam")), "- NotFound L6");
}
