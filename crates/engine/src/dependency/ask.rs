//! Questions that more than one component has a part in: what stands against deleting a component or uninstalling a
//! solution, and what a solution needs from elsewhere (DP29).
//!
//! The answers are the edges that the operations themselves go by, so a question and a refusal never differ.

use std::collections::BTreeSet;

use strata_model::component::ComponentKey;
use strata_model::dependency::Dependency;
use strata_model::environment::{ComponentState, Footprint, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::plan::Bodies;
use strata_model::rules::Rules;

use super::blocks::{Block, blocks};
use super::risk::{along, quick_names};
use super::{View, World, to_find};
use crate::by_hand::delete;
use crate::catalogue;
use crate::effect::Lens;

/// Lists the edges that stand against deleting a component, and against deleting what would go along (DP5):
/// *Delete blocked by*. The snapshot holds what [`super::at_risk`] asks for.
pub fn blocking_deletion(
    snapshot: &Snapshot,
    key: &ComponentKey,
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Vec<Dependency> {
    let world = World::now(Lens::new(snapshot, rules, bodies));
    // A part that another solution brought stays, and holds what it stands on.
    let own = world.state(key).and_then(base_of);
    let mut going = along(&world, BTreeSet::from([key.clone()]));
    going.retain(|part| part == key || world.state(part).and_then(base_of) == own);
    going.extend(delete::going(&world.lens, key));
    edges(&world, &blocks(&world, &going))
}

/// Returns the solution of a component's lowest managed layer.
fn base_of(state: &ComponentState) -> Option<SolutionNo> {
    state.managed().next().map(|layer| layer.solution)
}

/// Returns the edges of which blocks consist.
pub(crate) fn edges(world: &World<'_>, blocks: &[Block]) -> Vec<Dependency> {
    // What goes has its names in the environment as it is.
    let before = World::now(world.lens);
    let mut edges: Vec<_> = blocks
        .iter()
        .filter_map(|block| Some((block, quick_names(&before, before.state(&block.required)?))))
        .flat_map(|(block, names)| {
            let dependents = block.dependents.iter().filter_map(|dependent| world.state(dependent));
            dependents.filter_map(|dependent| world.edge(dependent, &block.required, &names)).collect::<Vec<_>>()
        })
        .collect();
    edges.sort();
    edges
}

/// Returns what the snapshot must hold besides the components of a solution for [`missing`].
pub fn missing_footprint(seen: &Snapshot, solution: SolutionNo, rules: &Rules, bodies: &dyn Bodies) -> Footprint {
    let world = World::now(Lens::new(seen, rules, bodies));
    to_see_required(&world, seen.components.values().filter(|state| is_held(state, solution)))
}

/// Lists what the components of a solution need that neither it holds nor the platform brings (*missing*, DP29).
pub fn missing(snapshot: &Snapshot, solution: SolutionNo, rules: &Rules, bodies: &dyn Bodies) -> Vec<Dependency> {
    let world = World::now(Lens::new(snapshot, rules, bodies));
    let held = snapshot.components.values().filter(|state| is_held(state, solution));
    let needed = held.flat_map(|state| world.required(state));
    let is_missing = |edge: &Dependency| {
        let is_there = world.state(&edge.required).is_some_and(|state| is_held(state, solution));
        !is_there && !catalogue::contains(&edge.required, rules)
    };
    let mut missing: Vec<_> = needed.filter(is_missing).collect();
    missing.sort();
    missing
}

/// Returns what the snapshot must hold besides all components for [`all`].
pub fn all_footprint(seen: &Snapshot, rules: &Rules, bodies: &dyn Bodies) -> Footprint {
    let world = World::now(Lens::new(seen, rules, bodies));
    to_see_required(&world, seen.components.values().filter(|state| !state.layers.is_empty()))
}

/// Lists what each component of an environment needs.
pub fn all(snapshot: &Snapshot, rules: &Rules, bodies: &dyn Bodies) -> Vec<Dependency> {
    let world = World::now(Lens::new(snapshot, rules, bodies));
    let there = snapshot.components.values().filter(|state| !state.layers.is_empty());
    there.flat_map(|state| world.required(state)).collect()
}

fn is_held(state: &ComponentState, solution: SolutionNo) -> bool {
    state.is_member_of(solution) || state.layer_of(solution).is_some()
}

/// Returns what a snapshot must hold to find what some components require.
pub(crate) fn to_see_required<'s>(
    world: &World<'_>,
    states: impl Iterator<Item = &'s ComponentState> + Clone,
) -> Footprint {
    let read: Vec<_> = states
        .clone()
        .flat_map(|state| [View::Published, View::Drafts].map(|view| world.mentions(state, view)))
        .collect();
    let mut footprint = to_find(read.iter().flat_map(|mentions| mentions.iter()).map(|reference| &reference.target));
    footprint.keys.extend(states.filter_map(|state| state.component.parent()));
    footprint.keys.sort_unstable();
    footprint.keys.dedup();
    footprint
}
