//! Exports of some of a solution's components (`ExportComponentsParams`): the others are taken for outside of it.
//!
//! What is named brings its parts as far as the solution lists them, and where that is asked for what it requires within
//! the solution. A table of which only parts go out goes along as a shell. What stays behind is declared missing like
//! everything else that a package needs and does not hold.

use std::collections::{BTreeMap, VecDeque};

use strata_model::code::ErrorCode;
use strata_model::component::ComponentKey;
use strata_model::environment::{Behavior, ComponentState, Snapshot};
use strata_model::id::SolutionNo;
use strata_model::plan::{Bodies, Finding, FindingKind};
use strata_model::rules::Rules;

use crate::dependency::{PART, World};
use crate::effect::Lens;
use crate::names;

/// A component that is to go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub key: ComponentKey,
    /// With what it requires.
    pub required: bool,
}

/// Takes the other components off the solution's list, in this snapshot only; refuses to export what it does not list.
pub fn keep_only(
    seen: &mut Snapshot,
    solution: SolutionNo,
    chosen: &[Chosen],
    rules: &Rules,
    bodies: &dyn Bodies,
) -> Result<(), Box<Finding>> {
    let is_listed = |key: &ComponentKey| seen.components.get(key).is_some_and(|state| state.is_member_of(solution));
    if chosen.is_empty() {
        return Err(refusal("no component is named that is to be exported".to_owned()));
    }
    if let Some(stranger) = chosen.iter().find(|chosen| !is_listed(&chosen.key)) {
        let name = names::solution(seen, solution);
        return Err(refusal(format!("{} is not in {name}", stranger.key)));
    }
    let kept = Search::new(seen, solution, rules, bodies).kept(chosen);
    for state in seen.components.values_mut() {
        let place = kept.get(&state.component.key);
        state.members.retain_mut(|member| match (member.solution == solution, place) {
            (false, _) => true,
            (true, None) => false,
            (true, Some(place)) => {
                let is_table = state.component.key.component_type.is("entity");
                member.behavior = place.behavior().filter(|_| is_table).or(member.behavior);
                true
            }
        });
    }
    Ok(())
}

fn refusal(message: String) -> Box<Finding> {
    let hint = "see what a solution holds with `strata solution show`";
    Box::new(Finding::error(FindingKind::Component, ErrorCode::COMPONENT_NOT_EXIST, "L53", message).hint(hint))
}

/// How a component goes out; each says more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// For the sake of its parts.
    Around,
    /// Without its other parts, since something requires it.
    Alone,
    Whole,
}

impl Place {
    /// What the manifest says of a table, where that is less than the solution's list does.
    fn behavior(self) -> Option<Behavior> {
        match self {
            Self::Around => Some(Behavior::IncludeAsShellOnly),
            Self::Alone => Some(Behavior::DoNotIncludeSubcomponents),
            Self::Whole => None,
        }
    }
}

struct Search<'a> {
    world: World<'a>,
    seen: &'a Snapshot,
    solution: SolutionNo,
    kept: BTreeMap<ComponentKey, Place>,
    open: VecDeque<(Chosen, Place)>,
}

impl<'a> Search<'a> {
    fn new(seen: &'a Snapshot, solution: SolutionNo, rules: &'a Rules, bodies: &'a dyn Bodies) -> Self {
        let world = World::now(Lens::new(seen, rules, bodies));
        Self { world, seen, solution, kept: BTreeMap::new(), open: VecDeque::new() }
    }

    fn kept(mut self, chosen: &[Chosen]) -> BTreeMap<ComponentKey, Place> {
        self.open.extend(chosen.iter().map(|chosen| (chosen.clone(), Place::Whole)));
        while let Some((next, place)) = self.open.pop_front() {
            self.keep(&next, place);
        }
        self.kept
    }

    fn listed(&self, key: &ComponentKey) -> Option<&'a ComponentState> {
        self.seen.components.get(key).filter(|state| state.is_member_of(self.solution))
    }

    fn keep(&mut self, next: &Chosen, place: Place) {
        let Some(state) = self.listed(&next.key) else { return };
        if self.kept.get(&next.key).is_some_and(|known| *known >= place) {
            return;
        }
        self.kept.insert(next.key.clone(), place);
        if let Some(whole) = state.component.parent().filter(|whole| self.listed(whole).is_some()) {
            self.kept.entry(whole).or_insert(Place::Around);
        }
        if place == Place::Whole {
            let is_part = |state: &&ComponentState| state.component.parent().as_ref() == Some(&next.key);
            let parts = self.seen.components.values().filter(is_part).map(|state| state.component.key.clone());
            let part = |key| (Chosen { key, required: next.required }, Place::Whole);
            self.open.extend(parts.map(part));
        }
        if next.required {
            let edges = self.world.required(state).into_iter().filter(|edge| edge.place != PART);
            let place_of = |key: &ComponentKey| match key.component_type.is("entity") {
                true => Place::Alone,
                false => Place::Whole,
            };
            let required = edges.map(|edge| (place_of(&edge.required), edge.required));
            self.open.extend(required.map(|(place, key)| (Chosen { key, required: true }, place)));
        }
    }
}
