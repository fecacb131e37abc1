//! The indexes of names: who mentions a name, who answers to it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use strata_model::environment::{Environment, Footprint, Snapshot};
use strata_model::id::{ComponentNo, Digest, Operation};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::Edit;
use strata_model::reference::{Mention, TargetId};
use strata_store::sqlite::SqliteStore;
use strata_store::{ApplyError, Store};

use crate::fixture::{
    Shelf, apply, back_to, column, component, create, current, digest, import, layer, layer_close, names,
    try_apply_with,
};

mod sqlite {
    use super::SqliteStore;

    conformance! {
        components_are_found_by_the_names_they_mention_and_answer_to
        names_do_not_count_as_state_and_need_no_way_back
        what_is_refused_leaves_no_names
        a_copy_has_the_names_and_a_deleted_environment_none
        prune_forgets_the_names_of_definitions_that_no_layer_bears
        nothing_is_to_be_named_in_a_new_store
    }
}

fn of(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn ask(
    store: &dyn Store,
    environment: &Environment,
    at: Option<i64>,
    mentioning: &[i64],
    answering: &[i64],
) -> Snapshot {
    let targets = |numbers: &[i64]| numbers.iter().copied().map(TargetId).collect();
    let footprint =
        Footprint { mentioning: targets(mentioning), answering: targets(answering), ..Footprint::default() };
    store.snapshot(environment, at.map(Operation), &footprint).expect("a snapshot")
}

fn mention(target: i64, component: i64, definition: Digest) -> Mention {
    Mention { target: TargetId(target), component: ComponentNo(component), definition: definition.prefix() }
}

fn numbers(snapshot: &Snapshot) -> Vec<i64> {
    snapshot.components.values().map(|state| state.component.no.0).collect()
}

/// The definition that `import` gives the column.
fn text_of(solution: i64, name: &str) -> String {
    format!("<attribute name='{name}' of='{solution}'/>")
}

/// Imports solution 1 with columns a, b and c; a mentions 7 and 9, b mentions 9 and answers to 5.
fn start(store: &dyn Store, shelf: &mut Shelf) -> (Environment, [Digest; 3]) {
    create(store, "dev");
    let edits = import(shelf, 1, 1, &["a", "b", "c"]);
    let [a, b, c] = ["a", "b", "c"].map(|name| of(&text_of(1, name)));
    let named = vec![names(1, a, &[7, 9], &[]), names(2, b, &[9], &[5]), names(3, c, &[], &[])];
    try_apply_with(store, "dev", edits, named, shelf).expect("a plan that applies");
    (current(store, "dev"), [a, b, c])
}

fn components_are_found_by_the_names_they_mention_and_answer_to(store: &dyn Store) {
    let mut shelf = Shelf::default();
    let (dev, [a, b, _]) = start(store, &mut shelf);
    let nine = ask(store, &dev, None, &[9, 8, 9], &[]);
    assert_eq!(nine.mentions, [mention(9, 1, a), mention(9, 2, b)]);
    assert_eq!(nine.answers, []);
    assert_eq!(numbers(&nine), [1, 2]);
    assert!(nine.components.values().all(|state| state.layers.len() == 1 && state.members.len() == 1));
    let five = ask(store, &dev, None, &[5], &[5, 7]);
    assert_eq!((five.mentions.as_slice(), five.answers.as_slice()), ([].as_slice(), [mention(5, 2, b)].as_slice()));
    assert_eq!(numbers(&five), [2]);

    // Another definition of a: the index has both, the layers say which holds.
    let old = layer(1, 1, a);
    let new = shelf.put("new");
    let edits = vec![layer_close(&old), Edit::LayerOpen(layer(1, 1, new))];
    try_apply_with(store, "dev", edits, vec![names(1, new, &[7], &[5])], &shelf).expect("a plan that applies");
    let both = ask(store, &dev, None, &[7, 9], &[5]);
    let mut expected = [mention(7, 1, a), mention(7, 1, new), mention(9, 1, a), mention(9, 2, b)];
    expected.sort();
    assert_eq!(both.mentions, expected);
    assert_eq!(both.answers, [mention(5, 1, new), mention(5, 2, b)]);
    assert_eq!(both.components[&column("new_order.a")].layers[0].digest, new);
    let before = ask(store, &dev, Some(1), &[7], &[]);
    assert_eq!(before.components[&column("new_order.a")].layers[0].digest, a);

    // With other wishes of the same footprint, each component is there once; without any, there are no names.
    let footprint = Footprint { mentioning: vec![TargetId(9)], everything: true, ..Footprint::default() };
    let all = store.snapshot(&dev, None, &footprint).expect("a snapshot");
    assert_eq!((all.mentions.len(), all.components.len()), (2, 3));
    let keys = Footprint { mentioning: vec![TargetId(9)], keys: vec![column("new_order.a")], ..Footprint::default() };
    assert_eq!(numbers(&store.snapshot(&dev, None, &keys).expect("a snapshot")), [1, 2]);
    assert_eq!(ask(store, &dev, None, &[], &[]).mentions, []);
}

fn names_do_not_count_as_state_and_need_no_way_back(store: &dyn Store) {
    let mut shelf = Shelf::default();
    let (dev, [a, b, _]) = start(store, &mut shelf);
    let state = digest(store, &dev, None);
    back_to(store, "dev", Operation(0));
    assert_eq!(ask(store, &dev, None, &[7], &[]).mentions, [mention(7, 1, a)]);
    assert!(ask(store, &dev, None, &[7], &[]).components.values().all(|state| state.layers.is_empty()));
    back_to(store, "dev", Operation(1));
    assert_eq!(digest(store, &dev, None), state);
    let found = ask(store, &dev, None, &[9], &[]);
    assert_eq!(found.mentions, [mention(9, 1, a), mention(9, 2, b)]);
    assert_eq!(found.components.values().map(|state| state.layers.len()).sum::<usize>(), 2);
    // The same names again change nothing.
    let named = vec![names(1, a, &[7, 9, 11], &[])];
    try_apply_with(store, "dev", Vec::new(), named, &shelf).expect("a plan that applies");
    assert_eq!(digest(store, &dev, None), state);
    assert_eq!(ask(store, &dev, None, &[11, 7], &[]).mentions, [mention(7, 1, a), mention(11, 1, a)]);
}

fn what_is_refused_leaves_no_names(store: &dyn Store) {
    let mut shelf = Shelf::default();
    let (dev, _) = start(store, &mut shelf);
    let same = shelf.put("<same/>");
    let add = |name: &str| {
        vec![Edit::ComponentAdd(component(4, column(&format!("new_order.{name}")))), Edit::LayerOpen(layer(4, 1, same))]
    };
    let mut conflict = add("x");
    conflict.push(Edit::LayerOpen(layer(1, 1, same)));
    let refused = try_apply_with(store, "dev", conflict, vec![names(4, same, &[7], &[5])], &shelf);
    assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");
    // Another component takes the number, with the same bytes, which mean something else there.
    try_apply_with(store, "dev", add("y"), vec![names(4, same, &[8], &[])], &shelf).expect("a plan that applies");
    let found = ask(store, &dev, None, &[7, 8], &[5]);
    assert!(found.mentions.iter().all(|found| *found != mention(7, 4, same)), "{:?}", found.mentions);
    assert!(found.mentions.contains(&mention(8, 4, same)));
    assert!(found.answers.iter().all(|found| found.component != ComponentNo(4)));
}

fn a_copy_has_the_names_and_a_deleted_environment_none(store: &dyn Store) {
    let mut shelf = Shelf::default();
    let (dev, [a, b, _]) = start(store, &mut shelf);
    let other = create(store, "other");
    assert_eq!(ask(store, &other, None, &[7, 9], &[5]).mentions, []);
    let copy = store.environment_copy(dev.no, "copy").expect("a new name");
    store.environment_delete(dev.no).expect("an environment");
    let found = ask(store, &copy, None, &[9], &[5]);
    assert_eq!(found.mentions, [mention(9, 1, a), mention(9, 2, b)]);
    assert_eq!((found.answers.as_slice(), numbers(&found)), ([mention(5, 2, b)].as_slice(), vec![1, 2]));
    assert!(store.snapshot(&dev, None, &Footprint::default()).is_err());
}

fn prune_forgets_the_names_of_definitions_that_no_layer_bears(store: &dyn Store) {
    let mut shelf = Shelf::default();
    let (dev, [a, b, _]) = start(store, &mut shelf);
    let new = shelf.put("new");
    let old = layer(1, 1, a);
    let draft = Layer { state: LayerState::Unpublished, ..layer(2, 0, new) };
    let edits = vec![layer_close(&old), Edit::LayerOpen(layer(1, 1, new)), Edit::LayerOpen(draft.clone())];
    let named = vec![names(1, new, &[7], &[5]), names(2, new, &[7], &[])];
    let two = try_apply_with(store, "dev", edits, named, &shelf).expect("a plan that applies");
    let three = apply(store, "dev", vec![layer_close(&draft)], &shelf);

    store.prune(&dev, two).expect("an operation");
    let found = ask(store, &dev, None, &[7, 9], &[5]);
    // What a kept moment shows stays, and so does what is there still.
    let mut expected = [mention(7, 1, new), mention(7, 2, new), mention(9, 2, b)];
    expected.sort();
    assert_eq!(found.mentions, expected);
    assert_eq!(found.answers, [mention(5, 1, new), mention(5, 2, b)]);
    store.prune(&dev, three).expect("an operation");
    assert_eq!(ask(store, &dev, None, &[7, 9], &[]).mentions, [mention(7, 1, new), mention(9, 2, b)]);
}

fn nothing_is_to_be_named_in_a_new_store(store: &dyn Store) {
    let mut shelf = Shelf::default();
    start(store, &mut shelf);
    let named = store.name_definitions(&|component, _| panic!("{component:?} has its names"));
    assert_eq!(named.expect("an answer"), 0);
}

/// Names near each other, far apart, and at the ends.
fn target() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -40..40_i64, 2 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names_are_found_however_many_are_asked_for(
        rows in prop::collection::vec((target(), 1..20_i64, 0..3_u8), 0..400),
        asked in prop::collection::vec(target(), 0..60),
        picked in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let store = SqliteStore::in_memory().expect("a store in memory");
        let dev = create(&store, "dev");
        let (first, second) = rows.split_at(rows.len() / 2);
        let add = |no| Edit::ComponentAdd(component(no, column(&format!("t.c{no}"))));
        for (part, edits) in [(first, (1..20).map(add).collect()), (second, Vec::new())] {
            let named = part.iter().map(|(target, no, text)| names(*no, Digest::of(&[*text]), &[*target], &[*target]));
            try_apply_with(&store, "dev", edits, named.collect(), &Shelf::default()).expect("a plan that applies");
        }
        let picked = picked.iter().filter(|_| !rows.is_empty()).map(|index| index.get(&rows).0);
        let asked: Vec<i64> = asked.iter().copied().chain(picked).collect();
        let expected: BTreeSet<_> = rows.iter().filter(|(target, ..)| asked.contains(target))
            .map(|(target, no, text)| mention(*target, *no, Digest::of(&[*text]))).collect();
        let found = ask(&store, &dev, None, &asked, &asked);
        prop_assert_eq!(&found.mentions, &Vec::from_iter(expected));
        prop_assert_eq!(&found.answers, &found.mentions);
        let components: BTreeSet<_> = found.mentions.iter().map(|found| found.component.0).collect();
        prop_assert_eq!(BTreeSet::from_iter(numbers(&found)), components);
    }
}
