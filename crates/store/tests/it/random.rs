//! The store against a plain model, under random operations.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use strata_model::environment::{Behavior, Environment, Footprint, Membership, Snapshot, stack_key};
use strata_model::id::{ComponentNo, Digest, Operation, SolutionNo};
use strata_model::layer::{Layer, LayerState};
use strata_model::plan::Edit;
use strata_model::reference::{DefinitionNames, Mention, TargetId};
use strata_model::solution::Solution;
use strata_store::Store;
use strata_store::sqlite::SqliteStore;

use crate::fixture::{
    Shelf, apply, column, component, create, current, digest, layer, layer_close, names, solution, try_apply_with,
    whole,
};

const COMPONENTS: i64 = 5;
const SOLUTIONS: i64 = 3;

/// What an operation touches, each thing at most once.
#[derive(Debug, Clone)]
enum Step {
    Edit(BTreeMap<Thing, u8>),
    /// Goes back to one of the operations so far.
    Restore(prop::sample::Index),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Solution(i64),
    Layer(i64, i64),
    Draft(i64),
    Member(i64, i64),
    Activation(i64),
}

/// The state of an environment as plain maps.
#[derive(Debug, Clone, Default)]
struct Plain {
    solutions: BTreeMap<i64, Solution>,
    layers: BTreeMap<(i64, i64, LayerState), Layer>,
    members: BTreeMap<(i64, i64), Membership>,
    on: BTreeSet<i64>,
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        1 => (1..=SOLUTIONS).prop_map(Thing::Solution),
        4 => (1..=COMPONENTS, 0..=SOLUTIONS).prop_map(|(component, solution)| Thing::Layer(component, solution)),
        1 => (1..=COMPONENTS).prop_map(Thing::Draft),
        2 => (1..=COMPONENTS, 1..=SOLUTIONS).prop_map(|(component, solution)| Thing::Member(component, solution)),
        1 => (1..=COMPONENTS).prop_map(Thing::Activation),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::btree_map(thing(), 0..3u8, 0..8).prop_map(Step::Edit),
        1 => any::<prop::sample::Index>().prop_map(Step::Restore),
    ]
}

impl Plain {
    /// Changes one thing and says so in edits: what is there goes when asked for again, else it is replaced.
    fn touch(&mut self, thing: Thing, value: u8, operation: Operation, shelf: &mut Shelf) -> Vec<Edit> {
        match thing {
            Thing::Solution(no) => {
                let new = solution(no, &format!("1.{value}"));
                let old = self.solutions.remove(&no);
                let new = (old.as_ref() != Some(&new)).then_some(new);
                self.solutions.extend(new.clone().map(|new| (no, new)));
                old.map(Edit::SolutionClose).into_iter().chain(new.map(Edit::SolutionOpen)).collect()
            }
            Thing::Layer(component, of) => {
                self.touch_layer(component, of, LayerState::Published, value, operation, shelf)
            }
            Thing::Draft(component) => self.touch_layer(component, 0, LayerState::Unpublished, value, operation, shelf),
            Thing::Member(component, of) => {
                let behavior = Behavior::try_from(value).ok().filter(|_| component % 2 == 0);
                let new = Membership { component: ComponentNo(component), solution: SolutionNo(of), behavior };
                let old = self.members.remove(&(component, of));
                let new = (old.as_ref() != Some(&new)).then_some(new);
                self.members.extend(new.clone().map(|new| ((component, of), new)));
                old.map(Edit::MemberClose).into_iter().chain(new.map(Edit::MemberOpen)).collect()
            }
            Thing::Activation(component) if self.on.remove(&component) => {
                vec![Edit::ActivationClose(ComponentNo(component))]
            }
            Thing::Activation(component) => {
                self.on.insert(component);
                vec![Edit::ActivationOpen(ComponentNo(component))]
            }
        }
    }

    fn touch_layer(
        &mut self,
        component: i64,
        of: i64,
        state: LayerState,
        value: u8,
        from: Operation,
        shelf: &mut Shelf,
    ) -> Vec<Edit> {
        let digest = shelf.put(&format!("{component} {of} {state:?} {value}"));
        let new = Layer { state, from, slot: i64::from(value), ..layer(component, of, digest) };
        let old = self.layers.remove(&(component, of, state));
        let new = (old.as_ref().map(|old| old.digest) != Some(digest)).then_some(new);
        self.layers.extend(new.clone().map(|new| ((component, of, state), new)));
        old.iter().map(layer_close).chain(new.map(Edit::LayerOpen)).collect()
    }

    /// Compares everything, but for the operations that opened layers where `exact` is not asked.
    fn assert_is(&self, snapshot: &Snapshot, exact: bool) {
        let solutions: Vec<_> = self.solutions.values().cloned().collect();
        assert_eq!(snapshot.solutions, solutions);
        for no in 1..=COMPONENTS {
            let mut layers: Vec<_> = self.layers.values().filter(|layer| layer.component.0 == no).cloned().collect();
            layers.sort_by_key(|layer| stack_key(&solutions, layer));
            let members: Vec<_> = self.members.values().filter(|member| member.component.0 == no).cloned().collect();
            let state = snapshot.components.values().find(|state| state.component.no.0 == no);
            let (mut found, found_members) =
                state.map_or_else(Default::default, |state| (state.layers.clone(), state.members.clone()));
            if !exact {
                let blank = |layers: &mut Vec<Layer>| layers.iter_mut().for_each(|layer| layer.from = Operation(0));
                blank(&mut found);
                blank(&mut layers);
            }
            assert_eq!(found, layers);
            assert_eq!(found_members, members);
            assert_eq!(state.is_some_and(|state| state.is_on), self.on.contains(&no));
        }
    }

    /// Checks that each footprint holds the components it should.
    fn assert_cuts(&self, store: &dyn Store, environment: &Environment, at: Option<Operation>) {
        for no in 1..=SOLUTIONS {
            let of_layers = self.layers.keys().filter(|key| key.1 == no).map(|key| key.0);
            let expected: BTreeSet<_> =
                of_layers.chain(self.members.keys().filter(|key| key.1 == no).map(|key| key.0)).collect();
            let footprint = Footprint { solutions: vec![SolutionNo(no)], ..Footprint::default() };
            assert_eq!(cut(store, environment, at, &footprint), expected);
        }
        let drafts = self.layers.keys().filter(|key| key.2 == LayerState::Unpublished).map(|key| key.0).collect();
        let footprint = Footprint { drafts: true, ..Footprint::default() };
        assert_eq!(cut(store, environment, at, &footprint), drafts);
    }
}

fn cut(store: &dyn Store, environment: &Environment, at: Option<Operation>, footprint: &Footprint) -> BTreeSet<i64> {
    let snapshot = store.snapshot(environment, at, footprint).expect("a snapshot");
    snapshot.components.values().map(|state| state.component.no.0).collect()
}

/// Returns the names in the definitions that some edits bring: a few numbers, so that many share one.
fn names_in(edits: &[Edit]) -> Vec<DefinitionNames> {
    let read = |edit: &Edit| match edit {
        Edit::LayerOpen(layer) => {
            Some(names(layer.component.0, layer.digest, &[layer.digest.prefix() % 7], &[layer.component.0 % 2]))
        }
        _ => None,
    };
    edits.iter().filter_map(read).collect()
}

/// Checks that the indexes hold what was ever written, and lead to its components.
fn assert_names(store: &dyn Store, environment: &Environment, written: &[DefinitionNames]) {
    let all: Vec<_> = (-7..7).map(TargetId).collect();
    let footprint = Footprint { mentioning: all.clone(), answering: all, ..Footprint::default() };
    let snapshot = store.snapshot(environment, None, &footprint).expect("a snapshot");
    let rows = |targets: fn(&DefinitionNames) -> &[TargetId]| -> Vec<Mention> {
        let of = |names: &DefinitionNames| {
            let (component, definition) = (names.component, names.definition.prefix());
            let row = move |target: &TargetId| Mention { target: *target, component, definition };
            targets(names).iter().map(row).collect::<Vec<_>>()
        };
        BTreeSet::from_iter(written.iter().flat_map(of)).into_iter().collect()
    };
    assert_eq!(snapshot.mentions, rows(|names| &names.mentions));
    assert_eq!(snapshot.answers, rows(|names| &names.answers));
    let components: BTreeSet<_> = written.iter().map(|names| names.component.0).collect();
    let found: BTreeSet<_> = snapshot.components.values().map(|state| state.component.no.0).collect();
    assert_eq!(found, components);
}

/// The first operation: every component exists from then on.
fn components() -> Vec<Edit> {
    (1..=COMPONENTS).map(|no| Edit::ComponentAdd(component(no, column(&format!("t.c{no}"))))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_agrees_with_a_plain_model(steps in prop::collection::vec(step(), 1..12)) {
        let store = SqliteStore::in_memory().expect("a store in memory");
        let environment = create(&store, "dev");
        let mut shelf = Shelf::default();
        apply(&store, "dev", components(), &shelf);
        let mut states = vec![Plain::default(); 2];
        let mut written = Vec::new();
        let mut digests: Vec<Digest> = (0..2).map(|at| digest(&store, &environment, Some(Operation(at)))).collect();

        for step in steps {
            let operation = Operation(states.len() as i64);
            let mut state = states[states.len() - 1].clone();
            let edits = match &step {
                Step::Edit(things) => {
                    let touch = |(thing, value): (&Thing, &u8)| state.touch(*thing, *value, operation, &mut shelf);
                    things.iter().flat_map(touch).collect()
                }
                Step::Restore(index) => {
                    let target = index.index(states.len());
                    let edits = store.edits_back_to(&environment, Operation(target as i64)).expect("a way back");
                    state = states[target].clone();
                    edits
                }
            };
            // The way back brings no definitions that were not there before.
            let named = if matches!(step, Step::Edit(_)) { names_in(&edits) } else { Vec::new() };
            written.extend(named.clone());
            let applied = try_apply_with(&store, "dev", edits, named, &shelf).expect("a plan that applies");
            prop_assert_eq!(applied, operation);
            assert_names(&store, &environment, &written);
            let snapshot = whole(&store, &current(&store, "dev"), None);
            if let Step::Restore(index) = &step {
                prop_assert_eq!(digest(&store, &environment, None), digests[index.index(states.len())]);
                state.assert_is(&snapshot, false);
                // From here on the store's own openings count.
                state.layers = snapshot.components.values().flat_map(|state| &state.layers)
                    .map(|layer| ((layer.component.0, layer.solution.0, layer.state), layer.clone())).collect();
            }
            state.assert_is(&snapshot, true);
            state.assert_cuts(&store, &environment, None);
            states.push(state);
            digests.push(digest(&store, &environment, None));
        }

        for (at, (state, expected)) in states.iter().zip(&digests).enumerate() {
            let at = Some(Operation(at as i64));
            prop_assert_eq!(digest(&store, &environment, at), *expected);
            state.assert_is(&whole(&store, &environment, at), true);
            state.assert_cuts(&store, &environment, at);
        }
    }
}
