//! Laws of planning, on random sequences of operations.

use proptest::prelude::*;
use strata_model::options::ImportAction;
use strata_model::package::Package;
use strata_model::plan::OperationKind;
use strata_testkit::fixture::{key, package};
use strata_testkit::simulated::Simulated;

use crate::by_hand::bare;
use crate::value_of;

#[derive(Debug, Clone)]
enum Step {
    Import {
        solution: u8,
        version: u8,
        columns: Vec<(u8, u8)>,
        managed: bool,
    },
    Uninstall(u8),
    /// Of solution, version and content; staged or in one step.
    Upgrade {
        solution: u8,
        version: u8,
        columns: Vec<(u8, u8)>,
        staged: bool,
    },
    Apply(u8),
    Patch {
        solution: u8,
        build: u8,
        columns: Vec<(u8, u8)>,
    },
    Set(u8, u8),
    Publish,
    RemoveActive(u8),
    Create(u8),
    Delete(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let columns = || proptest::collection::vec((0..5_u8, 0..4_u8), 1..5);
    prop_oneof![
        3 => (0..4_u8, 1..5_u8, columns(), any::<bool>())
            .prop_map(|(solution, version, columns, staged)| Step::Upgrade { solution, version, columns, staged }),
        2 => (0..4_u8).prop_map(Step::Apply),
        2 => (0..4_u8, 1..4_u8, columns())
            .prop_map(|(solution, build, columns)| Step::Patch { solution, build, columns }),
        4 => (0..4_u8, 0..3_u8, columns(), any::<bool>())
            .prop_map(|(solution, version, columns, managed)| Step::Import { solution, version, columns, managed }),
        2 => (0..4_u8).prop_map(Step::Uninstall),
        2 => (0..5_u8, 0..4_u8).prop_map(|(column, value)| Step::Set(column, value)),
        1 => Just(Step::Publish),
        1 => (0..5_u8).prop_map(Step::RemoveActive),
        1 => (0..5_u8).prop_map(Step::Create),
        1 => (0..5_u8).prop_map(Step::Delete),
    ]
}

fn column(number: u8) -> strata_model::component::ComponentKey {
    key(&format!("attribute:account.contoso_c{number}"))
}

/// Solutions 0 and 1 are of publisher A, the others of B.
fn made(solution: u8, version: u8, columns: &[(u8, u8)], managed: bool) -> Package {
    made_as(&format!("S{solution} 1.{version}"), "", solution, columns, managed)
}

/// A patch of a managed solution.
fn patch(solution: u8, minor: u8, build: u8, columns: &[(u8, u8)]) -> Package {
    let head = format!("S{solution}_Patch_{minor}{build} 1.{minor}.{build}");
    made_as(&head, &format!("patch-of S{solution}\n"), solution, columns, true)
}

fn made_as(head: &str, lines: &str, solution: u8, columns: &[(u8, u8)], managed: bool) -> Package {
    let publisher = if solution < 2 { "A" } else { "B" };
    let mode = if managed { "managed" } else { "unmanaged" };
    let mut text = format!("package {head} {mode} {publisher}\n{lines}");
    let mut seen = Vec::new();
    for (column, value) in columns {
        if !seen.contains(column) {
            seen.push(*column);
            let lock = if *value == 3 { "<IsCustomizable>0</IsCustomizable>" } else { "" };
            text.push_str(&format!("attribute account.contoso_c{column} <V>{value}</V><W>{}</W>{lock}\n", head.len()));
        }
    }
    package(&text)
}

fn run(env: &mut Simulated, step: &Step) -> strata_model::plan::Plan {
    match step {
        Step::Import { solution, version, columns, managed } => {
            env.import(&made(*solution, *version, columns, *managed))
        }
        Step::Upgrade { solution, version, columns, staged } => {
            let action = if *staged { ImportAction::Stage } else { ImportAction::Upgrade };
            env.import_as(&made(*solution, *version, columns, true), action)
        }
        Step::Apply(solution) => env.apply_upgrade(&format!("S{solution}")),
        Step::Patch { solution, build, columns } => {
            let minor = env.snapshot.solution_named(&format!("S{solution}")).map_or(0, |s| s.version.parts()[1]);
            env.import(&patch(*solution, u8::try_from(minor).unwrap_or(0), *build, columns))
        }
        Step::Uninstall(solution) => env.uninstall(&format!("S{solution}")),
        Step::Set(number, value) => env.set(&column(*number), "V", &value.to_string()),
        Step::Publish => env.publish(),
        Step::RemoveActive(number) => env.remove_active(&column(*number)),
        Step::Create(number) => env.create(&bare(&format!("attribute:account.contoso_c{number}"), "")),
        Step::Delete(number) => env.delete(&column(*number)),
    }
}

/// A random definition of a choice column: row properties, labels, options with labels.
fn definition() -> impl Strategy<Value = String> {
    let labels = || proptest::collection::btree_map(1031..1034_u32, 0..3_u8, 0..3);
    let options = proptest::collection::btree_map(0..3_u8, (0..3_u8, labels()), 0..3);
    let row = proptest::collection::btree_map(0..4_u8, 0..3_u8, 0..4);
    (row, labels(), options).prop_map(|(row, labels, options)| {
        let labelled = |labels: &std::collections::BTreeMap<u32, u8>, name: &str| {
            let one =
                |(language, text): (&u32, &u8)| format!("<{name} description='t{text}' languagecode='{language}' />");
            labels.iter().map(one).collect::<String>()
        };
        let row: String = row.iter().map(|(name, value)| format!("<P{name}>{value}</P{name}>")).collect();
        let options: String = options
            .iter()
            .map(|(value, (color, labels))| {
                format!(
                    "<option value='{value}' Color='{color}'><labels>{}</labels></option>",
                    labelled(labels, "label")
                )
            })
            .collect();
        let names = labelled(&labels, "displayname");
        format!("<optionset Name='c'>{row}<displaynames>{names}</displaynames><options>{options}</options></optionset>")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Invariants hold after every step (`Simulated::apply` checks them), refused steps change nothing, and
    /// planning the same twice gives the same plan.
    #[test]
    fn d1_planning_is_deterministic_and_refusals_change_nothing(steps in proptest::collection::vec(step(), 1..14)) {
        let mut env = Simulated::default();
        for step in &steps {
            let before = env.clone();
            let plan = run(&mut env, step);
            prop_assert_eq!(&plan, &run(&mut before.clone(), step));
            if plan.is_refused() {
                prop_assert_eq!(&env.snapshot, &before.snapshot);
                let is_import = matches!(step, Step::Import { .. });
                prop_assert!(plan.edits.is_empty() || !is_import);
            }
        }
    }

    /// What a plan says of a property is what is seen afterwards.
    #[test]
    fn d1_what_was_predicted_is_what_happened(steps in proptest::collection::vec(step(), 1..14)) {
        let mut env = Simulated::default();
        for step in &steps {
            let plan = run(&mut env, step);
            if plan.is_refused() {
                continue;
            }
            for change in &plan.changes {
                let resolved = env.resolved(&key(&format!("{}:{}", change.component.type_name, change.component.name)));
                let is_draft = change.layer == "Active" && matches!(step, Step::Import { .. } | Step::Set(..));
                for property in change.properties.iter().filter(|_| !is_draft) {
                    let value = value_of(&resolved, &property.path);
                    prop_assert_eq!(value, property.resolved_after.as_deref(), "{:?}", change);
                }
            }
        }
    }

    /// Staging and applying come to what an upgrade in one step comes to; each is refused where the other is. And an
    /// update differs from an upgrade only by what the upgrade removes: where that is nothing, not at all.
    #[test]
    fn l76_l80_stage_and_apply_equal_an_upgrade(
        steps in proptest::collection::vec(step(), 0..14),
        solution in 0..4_u8,
        columns in proptest::collection::vec((0..5_u8, 0..4_u8), 1..5),
    ) {
        let mut env = Simulated::default();
        for step in &steps {
            run(&mut env, step);
        }
        let next = made(solution, 9, &columns, true);
        let (mut in_one, mut staged, mut updated) = (env.clone(), env.clone(), env);
        let upgrade = in_one.import_as(&next, ImportAction::Upgrade);
        if staged.import_as(&next, ImportAction::Stage).is_refused() {
            // Refused for its own sake, or there is nothing to stage over (OQ 20).
            prop_assert!(upgrade.is_refused() || upgrade.operation == OperationKind::New);
            return Ok(());
        }
        let applied = staged.apply_upgrade(&format!("S{solution}"));
        prop_assert_eq!(applied.is_refused(), upgrade.is_refused());
        if applied.is_refused() {
            return Ok(());
        }
        prop_assert_eq!(staged.facts(), in_one.facts());
        let update = updated.import_as(&next, ImportAction::Update);
        if upgrade.additive == Some(true) {
            prop_assert_eq!(updated.facts(), in_one.facts());
        } else if !update.is_refused() {
            let kept = updated.components();
            prop_assert!(in_one.components().iter().all(|component| kept.contains(component)));
        }
    }

    /// Import then uninstall of a new managed solution restores every stack.
    #[test]
    fn l97_import_then_uninstall_restores_the_layers(
        steps in proptest::collection::vec(step(), 0..10),
        columns in proptest::collection::vec((0..5_u8, 0..4_u8), 1..5),
    ) {
        let mut env = Simulated::default();
        for step in &steps {
            run(&mut env, step);
        }
        let stacks = |env: &Simulated| (0..5).map(|n| (env.layers(&column(n)), env.resolved(&column(n)))).collect::<Vec<_>>();
        let before = stacks(&env);
        if env.snapshot.solution_named("S9").is_none() && !env.import(&made(9, 0, &columns, true)).is_refused() {
            prop_assert!(!env.uninstall("S9").is_refused());
            prop_assert_eq!(stacks(&env), before);
        }
    }

    /// Solutions that share no component may come in any order: only their numbers differ, since slots are of a stack.
    #[test]
    fn l30_the_order_of_independent_solutions_changes_no_stack(
        steps in proptest::collection::vec(step(), 0..10),
        one in proptest::collection::vec((5..8_u8, 0..4_u8), 1..4),
        two in proptest::collection::vec((8..11_u8, 0..4_u8), 1..4),
    ) {
        let mut env = Simulated::default();
        for step in &steps {
            run(&mut env, step);
        }
        let (one, two) = (made(8, 0, &one, true), made(9, 0, &two, true));
        let (mut forth, mut back) = (env.clone(), env);
        for (first, second) in [(forth.import(&one), back.import(&two)), (forth.import(&two), back.import(&one))] {
            prop_assert!(!first.is_refused() && !second.is_refused());
        }
        prop_assert_eq!(forth.facts(), back.facts());
        for number in 0..11 {
            prop_assert_eq!(forth.resolved(&column(number)), back.resolved(&column(number)));
        }
    }

    /// Laying trees over each other says the same as resolving their leaves.
    #[test]
    fn l38_overlaid_trees_and_resolved_leaves_agree(layers in proptest::collection::vec(definition(), 1..5)) {
        use strata_engine::definition::tree_leaves;
        use strata_engine::layering::{StackedLayer, overlay, resolve};
        let choice = strata_model::component::ComponentType::named("optionset");
        let trees: Vec<_> = layers.iter().map(|xml| strata_xml::parse(xml.as_bytes()).expect("well formed")).collect();
        let mut laid = trees[0].clone();
        trees[1..].iter().for_each(|tree| overlay(&choice, &mut laid, tree));
        let stack: Vec<_> = trees
            .iter()
            .map(|tree| StackedLayer { name: String::new(), leaves: tree_leaves(&choice, tree), tree: None, is_diff: false })
            .collect();
        let rules = strata_model::rules::Rules::OURS;
        let resolved: std::collections::BTreeMap<_, _> =
            resolve(&choice, &stack, &rules).into_iter().map(|(path, leaf)| (path, leaf.value)).collect();
        let overlaid: std::collections::BTreeMap<_, _> =
            tree_leaves(&choice, &laid).into_iter().map(|leaf| (leaf.path, leaf.value)).collect();
        prop_assert_eq!(resolved, overlaid);
    }
}
