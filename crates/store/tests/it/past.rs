//! What every back end must do with time: the past, the way back, history, prune.

use strata_model::code::ErrorCode;
use strata_model::environment::{Behavior, Footprint, Membership, Settings};
use strata_model::history::{HistoryKind, NewHistoryEntry, Outcome};
use strata_model::id::{Digest, Guid, Operation};
use strata_model::layer::Layer;
use strata_model::plan::{Edit, Finding, FindingKind};
use strata_store::sqlite::SqliteStore;
use strata_store::{Store, StoreError};

use crate::fixture::{
    Shelf, apply, back_to, column, component, create, current, digest, entry, import, layer, layer_close, member,
    solution, whole,
};

mod sqlite {
    use super::SqliteStore;

    conformance! {
        the_past_can_be_seen
        history_is_kept_newest_first
        changes_of_an_operation_name_both_sides
        undo_brings_the_state_back
        what_came_back_by_itself_needs_no_edit
        prune_forgets_and_collects
    }
}

fn the_past_can_be_seen(store: &dyn Store) {
    let environment = create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a"]), &shelf);
    let before = environment.settings.clone();
    let after = Settings { block_unmanaged: true, ..before.clone() };
    apply(store, "dev", vec![Edit::SettingsReplace { before, after }], &shelf);
    let upgraded = solution(1, "2.0.0.0");
    let edits = vec![Edit::SolutionClose(solution(1, "1.0.0.0")), Edit::SolutionOpen(upgraded.clone())];
    apply(store, "dev", edits, &shelf);

    let at = |operation| whole(store, &environment, Some(Operation(operation)));
    assert!(at(0).solutions.is_empty());
    assert_eq!(at(0).components.values().map(|state| state.layers.len()).sum::<usize>(), 0);
    assert_eq!(at(1).solutions, [solution(1, "1.0.0.0")]);
    assert_eq!(at(1).components.values().map(|state| state.layers.len()).sum::<usize>(), 1);
    assert!(!at(1).environment.settings.block_unmanaged);
    assert!(at(2).environment.settings.block_unmanaged);
    assert_eq!(at(2).solutions, [solution(1, "1.0.0.0")]);
    assert_eq!(whole(store, &environment, None).solutions, [upgraded]);
    let future = store.snapshot(&environment, Some(Operation(4)), &Footprint::default());
    assert!(matches!(future, Err(StoreError::MissingOperation { newest: Operation(3), .. })));
}

fn history_is_kept_newest_first(store: &dyn Store) {
    let environment = create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a"]), &shelf);
    let finding = Finding::error(FindingKind::Version, ErrorCode::IMPORT_INVALID_FILE, "L24", "lower than installed")
        .hint("raise it");
    let refused = NewHistoryEntry {
        outcome: Outcome::Failed,
        findings: vec![finding.clone()],
        state_of: Some(Operation(1)),
        ..entry(HistoryKind::RemoveActive)
    };
    assert_eq!(store.record(&environment, refused).expect("an environment"), Operation(2));
    let history = store.history(&environment, None).expect("a list");
    assert_eq!(history.iter().map(|entry| entry.operation.0).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(history[0].findings, [finding]);
    assert_eq!((history[0].outcome, history[0].kind), (Outcome::Failed, HistoryKind::RemoveActive));
    assert_eq!(history[0].state_of, Some(Operation(1)));
    assert_eq!(history[1].job, Some(Guid::of_environment("job")));
    assert_eq!(store.history(&environment, Some(Operation(1))).expect("a list"), history[1..]);
    assert_eq!(store.history_entry(&environment, Operation(2)).expect("an answer").as_ref(), history.first());
    assert_eq!(store.history_entry(&environment, Operation(3)).expect("an answer"), None);
}

fn changes_of_an_operation_name_both_sides(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["b", "a"]), &shelf);
    let [old_b, old_a] =
        [(1, "b"), (2, "a")].map(|(no, name)| layer(no, 1, shelf.put(&format!("<attribute name='{name}' of='1'/>"))));
    let new_b = layer(1, 1, shelf.put("new b"));
    let c = layer(3, 1, shelf.put("c"));
    let edits = vec![
        layer_close(&old_b),
        layer_close(&old_a),
        Edit::LayerOpen(new_b.clone()),
        Edit::ComponentAdd(component(3, column("new_order.c"))),
        Edit::LayerOpen(c.clone()),
    ];
    let operation = apply(store, "dev", edits, &shelf);
    let changes = store.changes_of(&current(store, "dev"), operation).expect("a list");
    let from = |layer: &Layer, from| Some(Layer { from: Operation(from), ..layer.clone() });
    let names: Vec<_> = changes.iter().map(|change| change.component.key.as_str()).collect();
    assert_eq!(names, ["new_order.a", "new_order.b", "new_order.c"]);
    assert_eq!((&changes[0].closed, &changes[0].opened), (&from(&old_a, 1), &None));
    assert_eq!((changes[0].existed_before, changes[0].exists_after), (true, false));
    assert_eq!((&changes[1].closed, &changes[1].opened), (&from(&old_b, 1), &from(&new_b, 2)));
    assert_eq!((changes[1].existed_before, changes[1].exists_after), (true, true));
    assert_eq!((&changes[2].closed, &changes[2].opened), (&None, &from(&c, 2)));
    assert_eq!((changes[2].existed_before, changes[2].exists_after), (false, true));
}

fn undo_brings_the_state_back(store: &dyn Store) {
    let environment = create(store, "dev");
    let mut shelf = Shelf::default();
    apply(store, "dev", import(&mut shelf, 1, 1, &["a", "b", "c"]), &shelf);
    apply(store, "dev", import(&mut shelf, 2, 4, &["d"]), &shelf);
    let old = layer(1, 1, shelf.put("<attribute name='a' of='1'/>"));
    let shell = Membership { behavior: Some(Behavior::IncludeAsShellOnly), ..member(1, 1) };
    let settings = environment.settings.clone();
    let edits = vec![
        layer_close(&old),
        Edit::LayerOpen(Layer { slot: 9, ..old }),
        Edit::MemberClose(member(1, 1)),
        Edit::MemberOpen(shell),
        Edit::SolutionClose(solution(1, "1.0.0.0")),
        Edit::SolutionOpen(solution(1, "1.0")),
        Edit::SettingsReplace { before: settings.clone(), after: Settings { languages: vec![1031], ..settings } },
    ];
    apply(store, "dev", edits, &shelf);
    let states: Vec<_> = (0..=3).map(|at| digest(store, &environment, Some(Operation(at)))).collect();
    for target in [2, 0, 3, 1, 3] {
        back_to(store, "dev", Operation(target));
        assert_eq!(digest(store, &environment, None), states[target as usize], "back to {target}");
    }
    assert!(store.edits_back_to(&environment, Operation(99)).is_err());
}

fn what_came_back_by_itself_needs_no_edit(store: &dyn Store) {
    create(store, "dev");
    let mut shelf = Shelf::default();
    let one = apply(store, "dev", import(&mut shelf, 1, 1, &["a", "b"]), &shelf);
    back_to(store, "dev", Operation(0));
    back_to(store, "dev", one);
    assert_eq!(store.edits_back_to(&current(store, "dev"), one).expect("a way back"), []);
}

fn prune_forgets_and_collects(store: &dyn Store) {
    let environment = create(store, "dev");
    create(store, "other");
    let mut shelf = Shelf::default();
    let shared = import(&mut shelf, 1, 1, &["a"]);
    apply(store, "other", shared.clone(), &shelf);
    apply(store, "dev", shared, &shelf);
    let names: Vec<_> = (0..200).map(|index| format!("n{index}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    apply(store, "dev", import(&mut shelf, 2, 2, &names), &shelf);
    let gone = Digest::of(b"<attribute name='n7' of='2'/>");
    let kept = Digest::of(b"<attribute name='a' of='1'/>");
    back_to(store, "dev", Operation(0));
    let state = digest(store, &environment, None);
    let two = digest(store, &environment, Some(Operation(2)));

    let pruned = store.prune(&environment, Operation(2)).expect("an operation");
    assert_eq!((pruned.operations, pruned.bodies), (1, 0));
    assert_eq!(digest(store, &environment, Some(Operation(2))), two);
    assert!(matches!(
        store.state_digest(&environment, Some(Operation(1))),
        Err(StoreError::MissingOperation { oldest: Operation(2), .. })
    ));

    let pruned = store.prune(&environment, Operation(3)).expect("an operation");
    assert_eq!((pruned.operations, pruned.bodies), (1, 200));
    assert!(pruned.packs > 0 && pruned.rows > 400);
    assert_eq!(digest(store, &environment, None), state);
    assert_eq!(store.definition(&gone).expect("an answer"), None);
    assert!(store.definition(&kept).expect("an answer").is_some(), "another environment has it");
    assert_eq!(store.history(&environment, None).expect("a list").len(), 1);
    apply(store, "dev", vec![Edit::LayerOpen(layer(9, 1, gone))], &shelf);
    assert!(store.definition(&gone).expect("an answer").is_some());
}
